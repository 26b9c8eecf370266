"""Catalogs as other tools' files and back: Apache Ossie, Databricks metric views, dbt. Nothing is lost or changed silently."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from datatrust.cli import main
from datatrust.core.errors import UserError
from datatrust.core.yaml import parse_yaml
from semantic.dbt.importer import import_dbt
from semantic.interchange.databricks import EXTENSION, export_databricks, import_databricks
from semantic.interchange.dbt import FILE, export_dbt
from semantic.interchange.exported import Exported
from semantic.interchange.imported import Imported
from semantic.interchange.ossie import export_ossie, import_ossie
from semantic.interchange.ossie_form import VERSIONS, form_faults
from semantic.interchange.plain import PlainCatalog, plain_catalog
from semantic.loader import load_catalog
from semantic.model import Catalog, Metric, Model
from tests.golden.test_sql import CATALOG as GOLDEN
from tests.support import hospital, logistics
from tests.support.two_engines import MORE
from tests.unit.semantic._catalogs import FORMS, SAMPLE, catalog_of

ROOT = Path(__file__).parents[3]
FOLDERS = {
    "sample": SAMPLE,
    "online_retail": ROOT / "examples" / "online_retail" / "semantic" / "catalog",
    "adventureworks": ROOT / "examples" / "adventureworks" / "semantic" / "catalog",
    "broker": ROOT / "tests" / "golden" / "broker" / "catalog",
    "forms": FORMS,
}
TEXTS = {
    "golden": {**GOLDEN, "more.yml": MORE},
    "hospital": {name: text.replace(", better: null", "") for name, text in hospital.CATALOG.items()},
    "logistics": dict(logistics.CATALOG),
}


def catalogs() -> dict[str, Catalog]:
    """Every catalog of the project and its tests."""
    found = {name: load_catalog(folder) for name, folder in FOLDERS.items()}
    for name, texts in TEXTS.items():
        read = {file if file.endswith(".yml") else f"{file}.yml": text for file, text in texts.items()}
        found[name] = load_catalog(Path(name), texts=read)
    return found


CATALOGS = catalogs()
SMALL = {"golden", "forms", "hospital"}  # the others take seconds


def through_ossie(version: str) -> Callable[..., tuple[Exported, Imported]]:
    def through(catalog: Catalog, *, extensions: bool = True) -> tuple[Exported, Imported]:
        made = export_ossie(catalog, name="all", version=version)
        document = parse_yaml(made.texts["all.ossie.yml"], file="all.ossie.yml")
        assert not form_faults(document)
        return made, import_ossie(document, extensions=extensions)

    return through


def through_databricks(catalog: Catalog, *, extensions: bool = True) -> tuple[Exported, Imported]:
    made = export_databricks(catalog)
    documents = {name: parse_yaml(text, file=name) for name, text in made.texts.items()}
    return made, import_databricks(documents, extensions=extensions)


@pytest.fixture
def through_dbt(tmp_path: Path) -> Callable[..., tuple[Exported, Imported]]:
    def through(catalog: Catalog, *, extensions: bool = True) -> tuple[Exported, Imported]:
        made = export_dbt(catalog)
        (tmp_path / FILE).write_text(made.texts[FILE])
        return made, import_dbt(tmp_path, extensions=extensions)

    return through


def read_back(made: Imported) -> tuple[PlainCatalog, Catalog]:
    catalog = load_catalog(Path("back"), texts=made.texts)
    return plain_catalog(catalog), catalog


def assert_same(name: str, catalog: Catalog, made: Imported) -> None:
    plain, back = read_back(made)
    wanted = plain_catalog(catalog)
    for part in ("models", "metrics"):
        ours, theirs = getattr(wanted, part), getattr(plain, part)
        assert set(ours) == set(theirs), f"{name}: {part}"
        for each in ours:
            assert ours[each] == theirs[each], f"{name}: {each}"
    assert wanted.settings == plain.settings, name
    for each, metric in catalog.metrics.items():
        assert metric.definition_hash == back.metrics[each].definition_hash, f"{name}: {each}"


@pytest.mark.parametrize("version", VERSIONS)
def test_ossie_and_back_is_the_same_catalog(version: str) -> None:
    for name in SMALL:
        assert_same(name, CATALOGS[name], through_ossie(version)(CATALOGS[name])[1])


def test_databricks_and_back_is_the_same_catalog() -> None:
    for name in SMALL:
        assert_same(name, CATALOGS[name], through_databricks(CATALOGS[name])[1])


def test_dbt_and_back_is_the_same_catalog(through_dbt: Callable[..., tuple[Exported, Imported]]) -> None:
    for name in SMALL:
        assert_same(name, CATALOGS[name], through_dbt(CATALOGS[name])[1])


def test_what_dbt_gets_passes_dbts_own_validation() -> None:
    parsing = pytest.importorskip("dbt_semantic_interfaces.parsing.dir_to_model")
    objects = pytest.importorskip("dbt_semantic_interfaces.parsing.objects")
    rules = pytest.importorskip("dbt_semantic_interfaces.validations.semantic_manifest_validator")
    days = {"node_relation": {"alias": "days", "schema_name": "gold"}}
    spine = {**days, "primary_column": {"name": "ds", "time_granularity": "day"}}
    for name in ("sample", "broker", "golden"):
        made = parse_yaml(export_dbt(CATALOGS[name]).texts[FILE], file=FILE).data
        documents = [{"project_configuration": {"time_spines": [spine]}}]
        for model in made["semantic_models"]:
            table = model.pop("model").removeprefix("ref('").removesuffix("')")  # dbt itself resolves it
            documents.append(
                {"semantic_model": {**model, "node_relation": {"alias": table, "schema_name": "gold"}}}
            )
        documents += [{"metric": metric} for metric in made.get("metrics", ())]
        file = objects.YamlConfigFile(
            filepath="a.yml", contents="\n---\n".join(json.dumps(each) for each in documents)
        )
        built = parsing.parse_yaml_files_to_validation_ready_semantic_manifest([file])
        assert not built.issues.errors
        checked = rules.SemanticManifestValidator().validate_semantic_manifest(built.semantic_manifest)
        assert not checked.errors, f"{name}: {checked.errors[0]}"


@pytest.mark.slow
def test_every_catalog_comes_back_from_every_format(
    through_dbt: Callable[..., tuple[Exported, Imported]],
) -> None:
    for back in (through_ossie(VERSIONS[0]), through_ossie(VERSIONS[1]), through_databricks, through_dbt):
        for name in CATALOGS.keys() - SMALL:
            assert_same(name, CATALOGS[name], back(CATALOGS[name])[1])


def test_every_field_of_the_catalog_is_in_its_plain_form() -> None:
    """A field that the language gains must be carried, or be named here with a reason."""
    elsewhere = {
        "position", "positions",  # where things stood
        "kind", "inputs", "own_inputs", "formula", "rolling", "rolling_days", "to_date", "take", "lifecycle",  # in the entry of the kind
        "currency_from", "currency_rate", "currency_column", "certified_by", "certified_since", "certified_definition",  # in currency, certified
        "lapsed", "definition_words", "definition_hash",  # computed
    }  # fmt: skip
    said = {
        key
        for catalog in CATALOGS.values()
        for entry in plain_catalog(catalog).metrics.values()
        for key in entry
    }
    assert set(Metric.__dataclass_fields__) - elsewhere - said <= {
        "deprecated",
        "tags",
        "every_period",
        "fill",
    }
    of_viewers = {"rows", "rows_paths", "closed", "position", "positions", "name"}
    said = {
        key
        for catalog in CATALOGS.values()
        for entry in plain_catalog(catalog).models.values()
        for key in entry
    }
    assert set(Model.__dataclass_fields__) - of_viewers - said <= {"via", "where"}


def test_rare_fields_survive_too(through_dbt: Callable[..., tuple[Exported, Imported]]) -> None:
    catalog = catalog_of(
        """
        model: visits
        table: gold.visits
        time: day
        where: not is_test
        dimensions: [{name: day, type: time}, {name: is_test, type: flag}, {name: code, values: {'12e5': ['1e3', 'NO'], 'null': []}}]
        metrics:
          - {name: visits, agg: count, fill: 0, every_period: true, tags: [web, '007']}
          - {name: old, agg: count, deprecated: use visits, description: 'a {{ brace }} and {% more %}'}
        """
    )
    for back in (through_ossie(VERSIONS[0]), through_ossie(VERSIONS[1]), through_databricks, through_dbt):
        assert_same("rare", catalog, back(catalog)[1])


@pytest.mark.slow
def test_without_the_extension_each_loss_is_named(
    through_dbt: Callable[..., tuple[Exported, Imported]],
) -> None:
    for back in (through_ossie(VERSIONS[0]), through_ossie(VERSIONS[1]), through_databricks, through_dbt):
        for name, catalog in CATALOGS.items():
            made, bare = back(catalog, extensions=False)
            plain, _ = read_back(bare)
            ours = plain_catalog(catalog)
            named = {(each.kind, each.name): each.message for each in made.losses}
            for part, kind in (("models", "model"), ("metrics", "metric")):
                for each, entry in getattr(ours, part).items():
                    theirs = getattr(plain, part).get(each)
                    if theirs != entry:
                        message = named.pop((kind, each))
                        if theirs is not None:
                            changed = {
                                key for key in {**entry, **theirs} if entry.get(key) != theirs.get(key)
                            }
                            for key in changed - {"dimensions", "joins", "segments"}:
                                assert key in message, f"{name} {each}: {key}"
            named.pop(("file", "settings of the catalog"), None)
            assert not named, f"{name}: named, and not lost"


def test_what_is_not_portable_is_no_metric_of_theirs() -> None:
    made, bare = through_databricks(CATALOGS["sample"], extensions=False)
    reasons = {each.name: each.message for each in made.losses if each.kind == "metric"}
    assert reasons["cash"] == "a balance is taken on a day of each period, not added up"
    assert reasons["lost_customers"] == "it follows members from period to period"
    assert reasons["revenue_from_currencies"] == "its rows are converted from currencies by a table of rates"
    assert reasons["leavers"] == "it adds up by a day of its own, leaving_date"
    assert "operating_profit" in reasons
    assert "joins expenses and sales" in reasons["operating_profit"]
    metrics = read_back(bare)[0].metrics
    assert not {"cash", "lost_customers", "revenue_from_currencies", "leavers", "operating_profit"} & set(
        metrics
    )
    assert {"revenue", "gross_margin_pct", "orders"} <= set(metrics)


# ------------------------------------------------------------------------------------- changed by another tool


def test_a_changed_definition_wins_over_the_extension_and_is_no_longer_certified() -> None:
    text = export_ossie(CATALOGS["sample"], name="all").texts["all.ossie.yml"]
    document = parse_yaml(text, file="all.yml")
    revenue = next(each for each in document.data["metrics"] if each["name"] == "revenue")
    was = "SUM(CASE WHEN sales.status IN ('completed', 'refunded') THEN sales.net_amount END)"
    assert revenue["expression"]["dialects"][0]["expression"] == was
    revenue["expression"]["dialects"][0]["expression"] = "SUM(sales.net_amount)"
    made = import_ossie(document)
    _, back = read_back(made)
    assert (back.metrics["revenue"].where, back.metrics["revenue"].certified_by) == (None, None)
    assert back.metrics["revenue"].label == "Net revenue"
    assert back.metrics["revenue"].better == "higher"
    assert any(each.name == "revenue" and each.reason == "changed_since_the_export" for each in made.losses)


def test_a_changed_word_wins_and_what_was_added_or_taken_out_counts() -> None:
    texts = dict(export_databricks(CATALOGS["sample"]).texts)
    view = parse_yaml(texts["sales.metric_view.yml"], file="v.yml").data
    view["measures"] = [each for each in view["measures"] if each["name"] != "failed_sales"]
    view["dimensions"] = [each for each in view["dimensions"] if each["name"] != "status"]
    view["dimensions"].append({"name": "channel", "expr": "channel", "display_name": "Channel"})
    view["measures"][0]["comment"] = "Another description."
    texts["sales.metric_view.yml"] = json.dumps(view)
    made = import_databricks({name: parse_yaml(text, file=name) for name, text in texts.items()})
    _, back = read_back(made)
    assert "failed_sales" not in back.metrics
    assert "channel" in back.models["sales"].dimensions
    assert "status" not in back.models["sales"].dimensions
    assert back.metrics["revenue"].description == "Another description."
    assert any(each.name == "failed_sales" for each in made.losses)


# --------------------------------------------------------------------------------------------- others' own files

OSSIE = """
version: 0.2.0.dev0
semantic_model:
  - name: shop
    datasets:
      - name: orders
        source: {kind: table, object: main.orders}
        primary_key: [order_id]
        fields:
          - {name: order_id, expression: {dialects: [{dialect: ANSI_SQL, expression: order_id}]}}
          - {name: ordered_on, datatype: Date, expression: {dialects: [{dialect: ANSI_SQL, expression: orders.ordered_on}]}}
          - {name: net, expression: {dialects: [{dialect: SNOWFLAKE, expression: "a::int"}, {dialect: ANSI_SQL, expression: amount - discount}]}}
          - {name: month_name, dimension: {is_time: false}, expression: {dialects: [{dialect: SNOWFLAKE, expression: "MONTHNAME(d)"}]}}
        metrics:
          - {name: total_tax, expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(tax)}]}}
      - name: customers
        source: main.customers
        primary_key: [id]
        fields: [{name: country, expression: {dialects: [{dialect: ANSI_SQL, expression: country}]}}]
    relationships:
      - {name: orders_to_customers, from: orders, to: customers, from_columns: [customer_id], to_columns: [id]}
    metrics:
      - name: net_sales
        description: Net of
          discounts.
        ai_context: {synonyms: [turnover], examples: [Net sales last month]}
        expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(orders.net)}]}
      - {name: german_sales, expression: {dialects: [{dialect: ANSI_SQL, expression: "SUM(CASE WHEN customers.country = 'DE' THEN orders.net END)"}]}}
      - {name: average_order, expression: {dialects: [{dialect: ANSI_SQL, expression: "SUM(orders.net) / COUNT(DISTINCT orders.order_id)"}]}}
      - {name: odd, expression: {dialects: [{dialect: ANSI_SQL, expression: "SUM(orders.net) OVER (PARTITION BY orders.order_id)"}]}}
      - {name: unknown, expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(invoices.net)}]}}
      - {name: no_sql, expression: {dialects: [{dialect: MDX, expression: "[Measures].[x]"}]}}
"""


def test_anothers_ossie_file_is_read_and_what_is_not_is_named() -> None:
    made = import_ossie(parse_yaml(OSSIE, file="shop.yml"))
    plain, _ = read_back(made)
    assert plain.models["orders"]["time"] == "ordered_on"
    assert plain.models["orders"]["table"] == "main.orders"
    assert plain.models["orders"]["joins"] == [{"to": "customers", "key": ["customer_id"], "to_key": ["id"]}]
    assert plain.metrics["net_sales"]["expr"] == "net"
    assert plain.metrics["net_sales"]["description"] == "Net of discounts."
    assert plain.metrics["net_sales"]["synonyms"] == ["turnover"]
    assert plain.metrics["german_sales"]["where"] == "customers.country = 'DE'"
    assert plain.metrics["total_tax"]["model"] == "orders"
    assert plain.metrics["average_order"]["ratio"] == {
        "numerator": "net_sales",
        "denominator": "average_order_part_1",
    }
    losses = {each.name: (each.reason.value, str(each.at)) for each in made.refused}
    assert losses["odd"] == ("formula_not_read", "shop.yml:30:9")
    assert losses["unknown"][0] == "unknown_name"
    assert losses["no_sql"][0] == "formula_not_read"
    assert [each.name for each in made.losses if each.kind == "dimension"] == ["orders.month_name"]
    assert made.metrics == 4
    assert made.asked == 7


def test_a_json_file_with_its_model_at_the_root_is_read_too() -> None:
    inner = parse_yaml(OSSIE, file="shop.yml").data["semantic_model"][0]
    text = json.dumps({"version": "0.2.0.dev0", **inner}, indent=1)
    made = import_ossie(parse_yaml(text, file="shop.json"))
    assert made.texts == import_ossie(parse_yaml(OSSIE, file="shop.yml")).texts


VIEW = """
version: "1.1"
comment: Orders of the shop.
source: main.shop.orders
filter: o_status <> 'cancelled'
joins:
  - name: customer
    source: main.shop.customers
    'on': source.customer_id = customer.id
    joins:
      - {name: nation, source: main.shop.nations, using: [nation_id]}
dimensions:
  - {name: Order Date, expr: o_date, format: {type: date}}
  - {name: "Status", expr: upper(o_status), comment: What became of it., synonyms: [state]}
  - {name: Country, expr: customer.country, display_name: Country of the customer}
  - {name: nation_name, expr: customer.nation.name}
measures:
  - {name: Total Revenue, expr: SUM(price * quantity), format: {type: currency, currency_code: USD}}
  - {name: orders, expr: COUNT(*)}
  - {name: big, expr: COUNT(DISTINCT o_id) FILTER (WHERE price > 100 and customer.country = 'DE')}
  - {name: per_order, expr: "MEASURE(`Total Revenue`) / NULLIF(MEASURE(orders), 0)"}
  - {name: share, expr: "CAST(SUM(price) AS DOUBLE) / SUM(quantity)", format: {type: percentage}}
  - {name: rolling, expr: SUM(price), window: [{order: Order Date, range: trailing 7 day}]}
"""


def test_anothers_metric_view_is_read_and_what_is_not_is_named() -> None:
    made = import_databricks({"shop_orders.yml": parse_yaml(VIEW, file="shop_orders.yml")})
    plain, _ = read_back(made)
    orders = plain.models["shop_orders"]
    assert (orders["table"], orders["where"], orders["time"]) == (
        "main.shop.orders",
        "o_status <> 'cancelled'",
        "order_date",
    )
    assert {each["name"]: each.get("expr") for each in orders["dimensions"]} == {
        "order_date": "o_date",
        "Status": "UPPER(o_status)",
    }
    assert plain.models["customer"]["joins"][0]["to"] == "nation"
    assert plain.models["customer"]["dimensions"][0]["label"] == "Country of the customer"
    assert plain.metrics["total_revenue"]["label"] == "Total Revenue"
    assert plain.metrics["total_revenue"]["currency"] == "USD"
    assert plain.metrics["big"]["where"] == "price > 100 and customer.country = 'DE'"
    assert plain.metrics["per_order"]["ratio"] == {"numerator": "total_revenue", "denominator": "orders"}
    assert plain.metrics["share"]["unit"] == "percent"
    assert [(each.name, each.message) for each in made.refused] == [
        ("rolling", "a window is not read; write it as `cumulative` or `balance`")
    ]


def test_a_filter_that_is_not_read_stops_the_view() -> None:
    text = VIEW.replace("o_status <> 'cancelled'", "o_id in (select id from open_orders)")
    with pytest.raises(UserError, match="filter of shop_orders is not read"):
        import_databricks({"shop_orders.yml": parse_yaml(text, file="shop_orders.yml")})


def test_a_query_as_a_source_becomes_no_model() -> None:
    text = OSSIE.replace("source: main.customers", "source: select id from main.customers")
    made = import_ossie(parse_yaml(text, file="shop.yml"))
    assert [(each.name, each.reason.value) for each in made.losses if each.kind == "model"] == [
        ("customers", "shape_not_read")
    ]
    assert "select id" not in "".join(made.texts.values())
    assert "german_sales" in {each.name for each in made.refused}
    view = VIEW.replace("source: main.shop.orders", "source: select * from main.shop.orders")
    with pytest.raises(UserError, match="is a query; a model stands on a table"):
        import_databricks({"shop_orders.yml": parse_yaml(view, file="shop_orders.yml")})
    view = VIEW.replace("source: main.shop.customers", "source: select * from c")
    made = import_databricks({"shop_orders.yml": parse_yaml(view, file="shop_orders.yml")})
    assert "select" not in "".join(made.texts.values())
    assert "big" in {each.name for each in made.refused}


# ------------------------------------------------------------------------------------------------------ bad input


def faults(text: str) -> list[str]:
    return [each.render() for each in form_faults(parse_yaml(dedent(text), file="f.yml"))]


def test_what_is_not_of_the_form_is_named_with_its_place_all_at_once() -> None:
    found = faults(
        """
        version: 0.1.1
        semantic_model:
          - name: x
            datasets:
              - {name: a, source: t, primary_key: id, fieldz: []}
            relationships: [{name: r, from: a, to: a, from_columns: [], to_columns: [1]}]
            metrics:
              - {name: m, expression: {dialects: [{dialect: ANSI, expression: SUM(x)}]}, datatype: Decimal}
        """
    )
    assert [each.split("\n")[0].split("  ", 1)[0] for each in found] == [
        "f.yml:6:47", "f.yml:6:43", "f.yml:7:61", "f.yml:7:78", "f.yml:9:82", "f.yml:9:53",
    ]  # fmt: skip
    assert "did you mean: fields?" in found[0]
    assert any("did you mean: ANSI_SQL?" in each for each in found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version: 0.1.2\nsemantic_model: []", 'version "0.1.2" is not read'),
        ("metrics: []", '"version" is missing: this is no Ossie file'),
        ("- 1", "an Ossie file is a mapping"),
        ("version: 0.1.1\nsemantic_model: [{name: x, datasets: []}]", "must not be empty"),
        ("version: 0.2.0.dev0\nname: x", '"datasets" is missing'),
    ],
)
def test_a_file_of_another_form_is_refused(text: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        import_ossie(parse_yaml(text, file="f.yml"))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version: '2.0'\nsource: a.b.c\nmeasures: []", "is not read"),
        ("semantic_models: []", '"version" is missing: this is no metric view'),
        ("version: '1.1'\nsource: a\nmeasures: [{name: x}]", 'measures[0]: "expr" is missing'),
        ("version: '1.1'\nsource: a\ndimensions: x", '"dimensions" must be a list'),
    ],
)
def test_a_file_that_is_no_metric_view_is_refused(text: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        import_databricks({"f.yml": parse_yaml(text, file="f.yml")})
    assert says in str(caught.value)


def test_a_broken_extension_says_so_and_anothers_is_left_alone() -> None:
    text = export_ossie(CATALOGS["hospital"], name="all").texts["all.ossie.yml"]
    other = text.replace("vendor_name: DATATRUST360", "vendor_name: SNOWFLAKE")
    assert import_ossie(parse_yaml(other, file="f.yml")).metrics > 0
    document = parse_yaml(text, file="f.yml")
    document.data["metrics"][0]["custom_extensions"][0]["data"] = "{"
    with pytest.raises(UserError, match="no JSON any more"):
        import_ossie(document)


@pytest.mark.parametrize(
    "edited",
    [{"models": [{"label": "x"}]}, {"metrics": ["x"]}, {"settings": 3}, {"models": "x"}],
)
def test_an_extension_that_somebody_edited_is_one_message(edited: dict[str, object]) -> None:
    texts = export_databricks(CATALOGS["hospital"]).texts
    documents = {name: parse_yaml(text, file=name) for name, text in texts.items()}
    documents[EXTENSION].data["rest"] = edited
    with pytest.raises(UserError, match="not as an export writes it"):
        import_databricks(documents)
    documents[EXTENSION].data |= {"rest": {}, "models": {"wards": {"parts": {"dimensions": {"each": 3}}}}}
    with pytest.raises(UserError, match="not as an export writes it"):
        import_databricks(documents)


def test_the_command_writes_reads_and_replaces_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for to in ("ossie", "databricks", "dbt"):
        out, back = tmp_path / to, tmp_path / f"{to}_back"
        assert (
            main(
                [
                    "--project",
                    str(ROOT),
                    "semantic",
                    "export",
                    "--to",
                    to,
                    "--name",
                    "acme",
                    "--into",
                    str(out),
                ]
            )
            == 0
        )
        assert "metrics as" in capsys.readouterr().out
        file = out if to != "ossie" else out / "acme.ossie.yml"
        assert main(["semantic", "import", "--from", to, str(file), "--into", str(back), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["metrics"]["read"] == told["metrics"]["of"] == len(CATALOGS["sample"].metrics)
        assert load_catalog(back).metrics.keys() == CATALOGS["sample"].metrics.keys()
    (tmp_path / "databricks" / EXTENSION).write_text("changed")
    assert (
        main(
            [
                "--project",
                str(ROOT),
                "semantic",
                "export",
                "--to",
                "databricks",
                "--into",
                str(tmp_path / "databricks"),
            ]
        )
        == 2
    )
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "databricks" / EXTENSION).read_text() == "changed"


def test_without_a_folder_the_files_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--project", str(ROOT), "semantic", "export", "--to", "ossie", "--name", "acme"]) == 0
    assert import_ossie(parse_yaml(capsys.readouterr().out, file="out.yml")).metrics == len(
        CATALOGS["sample"].metrics
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("export", "--to", "osi"), "did you mean: ossie?"),
        (("export", "--to", "ossie", "--version", "0.2"), "versions: 0.1.1, 0.2.0.dev0"),
        (("export", "--to", "dbt", "--version", "1"), "leave --version out"),
        (("import", "--from", "tmdl", "x", "--into", "y"), "tmdl is not read"),
        (("import", "--from", "databrick", "x", "--into", "y"), "did you mean: databricks?"),
        (("import", "--from", "ossie", "none.yml", "--into", "y"), "no such file"),
        (("import", "--from", "databricks", "none", "--into", "y"), "no such file or folder: none"),
        (("import", "--from", "ossie", "x", "--into", "y", "--schema", "z"), "--schema is for --from dbt"),
    ],
)
def test_a_request_that_cannot_be_met_is_one_message(
    words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--project", str(ROOT), "semantic", *words]) == 2
    assert says in capsys.readouterr().err
