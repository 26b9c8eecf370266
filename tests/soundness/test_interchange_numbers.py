"""What another tool computes from an exported file is our number: the printed SQL and DAX are run on awkward rows."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from deltalake import DeltaTable
from sqlglot import exp

from datatrust.core.release import load_release
from datatrust.core.yaml import parse_yaml
from semantic.engine import SemanticLayer
from semantic.interchange.databricks import export_databricks, import_databricks
from semantic.interchange.ossie import export_ossie, import_ossie
from semantic.interchange.tmdl import export_tmdl
from semantic.loader import load_catalog
from semantic.query import EVERYONE, MetricQuery
from tests.support.books import write_file_project
from tests.support.dax_evaluator import Dax
from tests.support.gold_double import make_gold_double
from tests.support.tmdl_parser import NAME, TmdlObject, parse_tmdl
from tests.support.two_engines import make_golden_project


class Company:
    """A layer, its rows in a database of their own, and both asked."""

    def __init__(self, layer: SemanticLayer) -> None:
        self.layer = layer
        self.rows: dict[str, list[dict[str, Any]]] = {}
        connection = layer.project.config.serving.connection
        if connection is not None:
            file = layer.project.root / connection.removeprefix("duckdb:///")
            self.database = duckdb.connect(str(file), read_only=True)
        else:
            self.database = duckdb.connect()
            self._load(layer)
        for model in layer.catalog.models.values():
            found = self.database.execute(f"select * from {model.table}")
            names = [each[0] for each in found.description]
            self.rows[model.table] = [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _load(self, layer: SemanticLayer) -> None:
        root = layer.project.warehouse
        for table, pin in load_release(root).tables.items():
            arrow = DeltaTable(str(root / pin.path), version=pin.version).to_pyarrow_table()
            self.database.register("arriving", arrow)
            schema = table.split(".")[0]
            self.database.execute(
                f"create schema if not exists {schema}; create table {table} as from arriving"
            )
            self.database.unregister("arriving")

    def ours(self, metric: str, by: str | None = None, layer: SemanticLayer | None = None) -> dict[Any, Any]:
        query = MetricQuery(metrics=(metric,), group_by=(by,) if by else ())
        rows = (layer or self.layer).query(query, viewer=EVERYONE).rows
        return {(row[0] if by else None): row[-1] for row in rows}


TRAPS = """
create schema gold; create table gold.items as select * from (values
  (1, date '2026-01-05', 'a', 10.50::decimal(12,2), 3, true, date '2026-02-01', 'x'),
  (2, date '2026-01-06', 'A', 1.25, 0, false, null, 'x'),
  (3, date '2026-01-07', null, 7.00, null, null, date '2026-03-09', 'y'),
  (4, date '2026-02-01', 'b', null, 2, true, date '2026-01-31', 'y'),
  (5, date '2026-02-02', 'b', -4.75, 0, null, date '2026-02-01', null),
  (6, date '2026-02-03', 'say "x", ok', 0.00, 7, false, date '2027-01-01', 'y')
) t(id, day, status, amount, qty, is_open, due, side);
"""
TRAP_CATALOG = {
    "items": """
model: items
table: gold.items
key: [id]
time: day
currency: EUR
segments: {open: is_open, paid: "status = 'b' and not open"}
dimensions: [{name: day, type: time}, {name: due, type: time}, {name: status}, {name: is_open, type: flag}, {name: side}, {name: qty, type: number}]
metrics:
  - {name: total, agg: sum, expr: amount}
  - {name: not_a, agg: sum, expr: amount, where: status != 'a'}
  - {name: of_two, agg: sum, expr: amount, where: "status in ('a', 'b')"}
  - {name: of_others, agg: sum, expr: amount, where: "status not in ('a', 'b')"}
  - {name: not_both, agg: count, where: "not (status = 'a' or status = 'b')"}
  - name: quoted
    agg: count
    where: status = 'say "x", ok'
  - {name: small, agg: count, where: amount < 5}
  - {name: zero, agg: count, where: qty = 0}
  - {name: not_zero, agg: count, where: qty <> 0}
  - {name: middling, agg: sum, expr: qty, where: amount between -5 and 5}
  - {name: outside, agg: count, where: not (amount between -5 and 5)}
  - {name: unknown, agg: count, where: status is null}
  - {name: known, agg: count, where: status is not null}
  - {name: opened, agg: count, where: open}
  - {name: closed, agg: count, where: not is_open}
  - {name: paid_sum, agg: sum, expr: amount, where: paid}
  - {name: late, agg: count, where: due >= date '2026-02-01'}
  - {name: not_late, agg: count, where: not due >= date '2026-02-01'}
  - {name: nobody, agg: sum, expr: amount, where: status = 'c'}
  - {name: none_counted, agg: count, where: status = 'c'}
  - {name: sizes, agg: count, expr: qty}
  - {name: kinds, agg: count_distinct, expr: status}
  - {name: mean, agg: average, expr: qty}
  - {name: mean_amount, agg: average, expr: amount, where: status is not null}
  - {name: least, agg: min, expr: amount}
  - {name: last_due, agg: max, expr: due, where: qty = 0}
  - {name: share, ratio: {numerator: zero, denominator: known}, on_zero: undefined}
  - {name: no_share, ratio: {numerator: total, denominator: none_counted}, on_zero: undefined}
  - {name: less, derived: total - nobody}
  - {name: more, derived: (total - of_two) * 2 - zero}
  - {name: each, derived: total / sizes * 100, on_zero: undefined}
  - {name: added, derived: total / sizes + 1, on_zero: undefined}
"""
}


@pytest.fixture(scope="module", params=["traps", "golden", pytest.param("sample", marks=pytest.mark.slow)])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    root = tmp_path_factory.mktemp(request.param)
    if request.param == "traps":
        project = write_file_project(root, TRAPS, TRAP_CATALOG)
    else:
        project = make_golden_project(root) if request.param == "golden" else make_gold_double(root)
    layer = SemanticLayer.open(project)
    yield Company(layer)
    layer.close()


def same(ours: Any, theirs: Any) -> bool:
    if ours is None or theirs is None or isinstance(ours, dt.date):
        return bool(ours == theirs)
    digits = Decimal(str(theirs)) if not isinstance(theirs, float) else theirs
    return math.isclose(float(ours), float(digits), rel_tol=1e-9, abs_tol=1e-9)


def unrounded(company: Company, metric: str) -> bool:
    """Whether the metric and all that it is made of are shown with every digit."""
    found = company.layer.catalog.metrics[metric]
    return found.decimals is None and all(unrounded(company, each) for each in found.inputs)


def test_the_sql_of_an_ossie_file_gives_our_numbers(company: Company) -> None:
    document = parse_yaml(
        export_ossie(company.layer.catalog, name="a").texts["a.ossie.yml"], file="a.yml"
    ).data
    sources = {each["name"]: each["source"] for each in document["datasets"]}
    checked = 0
    for each in document["metrics"]:
        text = each["expression"]["dialects"][0]["expression"]
        dataset = next(iter({column.table for column in sqlglot.parse_one(text).find_all(exp.Column)}))
        theirs = company.database.execute(f'select {text} from {sources[dataset]} as "{dataset}"').fetchone()
        assert theirs is not None
        if unrounded(company, each["name"]):
            assert same(company.ours(each["name"])[None], theirs[0]), each["name"]
            checked += 1
    assert checked >= 8


def test_the_sql_of_metric_views_gives_our_numbers_by_each_dimension(company: Company) -> None:
    checked = 0
    for name, text in export_databricks(company.layer.catalog).texts.items():
        view = parse_yaml(text, file=name).data
        measures = {
            each["name"]: sqlglot.parse_one(each["expr"], dialect="databricks")
            for each in view.get("measures", ())
        }
        wanted = [each for each in measures if unrounded(company, each)]
        plain = [each for each in view.get("dimensions", ()) if "." not in each["expr"]] if measures else []
        for dimension in [None, *plain[:4]]:
            for measure in wanted:
                if dimension and dimension["name"] not in company.layer.reachable(measure):
                    continue  # hidden
                checked += 1
                tree = written_out(measures[measure], measures).sql(dialect="duckdb")
                key = sqlglot.parse_one(dimension["expr"]).sql(dialect="duckdb") if dimension else "null"
                where = f" where {view['filter']}" if "filter" in view else ""
                rows = company.database.execute(
                    f"select {key}, {tree} from {view['source']} source{where} group by all"
                ).fetchall()
                theirs = {row[0]: row[1] for row in rows if row[1] not in (None, 0)}
                ours = company.ours(measure, dimension and dimension["name"])
                ours = {group: value for group, value in ours.items() if value not in (None, 0)}
                assert ours.keys() == theirs.keys(), (name, measure, dimension)
                for group, value in ours.items():
                    assert same(value, theirs[group]), (name, measure, dimension, group)
    assert checked > 30


def written_out(tree: exp.Expr, measures: dict[str, exp.Expr]) -> exp.Expr:
    """A measure with the measures that it names in their places."""

    def inner(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Anonymous) and node.name.upper() == "MEASURE":
            return exp.Paren(this=written_out(measures[node.expressions[0].name], measures))
        return node

    return tree.copy().transform(inner)


def test_read_back_without_the_extension_every_metric_gives_the_same_number(company: Company) -> None:
    catalog = company.layer.catalog
    ossie = parse_yaml(export_ossie(catalog, name="a").texts["a.ossie.yml"], file="a.yml")
    views = {name: parse_yaml(text, file=name) for name, text in export_databricks(catalog).texts.items()}
    for made in (import_ossie(ossie, extensions=False), import_databricks(views, extensions=False)):
        back = load_catalog(Path("back"), texts=made.texts)
        layer = SemanticLayer.open(company.layer.project, catalog=back)
        for name in back.metrics:
            if unrounded(company, name):
                assert same(company.ours(name)[None], company.ours(name, layer=layer)[None]), name
        layer.close()


def test_dax_gives_our_numbers_by_each_dimension(company: Company) -> None:
    """An evaluator of DAX, written from what is published of it, runs every measure on the rows."""
    catalog = company.layer.catalog
    made = export_tmdl(catalog, company.layer.schema, name="a")
    tables, models = {}, {model.name: model for model in catalog.models.values()}
    measures: dict[str, str] = {}
    metrics: dict[str, tuple[str, str]] = {}  # metric -> table, measure
    columns: dict[str, dict[str, str]] = {}
    for path, text in made.texts.items():
        if "/tables/" not in path:
            continue
        table: TmdlObject = parse_tmdl(text)[0]
        model = models[path.rpartition("/")[2].removesuffix(".tmdl")]
        called = {each.name: each.properties["sourceColumn"] for each in table.of("column")}
        columns[model.name] = called
        tables[table.name] = [
            {name: row[column] for name, column in called.items()} for row in company.rows[model.table]
        ]
        for measure in table.of("measure"):
            measures[measure.name] = measure.expression
            metrics[measure.of("annotation")[0].expression] = (model.name, measure.name)
    dax = Dax(tables, measures)
    checked = 0
    for metric, (model_name, measure) in metrics.items():
        model = models[model_name]
        if not unrounded(company, metric):
            continue
        assert same(company.ours(metric)[None], dax.value(measure)), metric
        for called, column in columns[model_name].items():
            known = model.dimensions.get(column)
            if known is None or known.hidden or known.type in ("time", "identifier") or known.expr:
                continue
            for group, value in list(company.ours(metric, column).items())[:3]:
                theirs = dax.value(measure, lambda row, called=called, group=group: row[called] == group)  # type: ignore[misc]
                assert same(value, theirs), (metric, column, group)
                checked += 1
    assert checked > 20
    assert len(metrics) == made.metrics


def test_the_power_bi_model_is_of_tmdl_and_whole(company: Company) -> None:
    """Every file parses; measures, columns and tables have names of their own; relationships join what is there."""
    made = export_tmdl(company.layer.catalog, company.layer.schema, name="a")
    objects = {path: parse_tmdl(text) for path, text in made.texts.items() if path.endswith(".tmdl")}
    tables = {each.name: each for path, found in objects.items() if "/tables/" in path for each in found}
    model = objects["a.SemanticModel/definition/model.tmdl"]
    assert [
        each.name for each in model[0].of("ref") + [each for each in model if each.kind == "ref"]
    ] == list(tables)
    names = [each.name.lower() for table in tables.values() for each in table.of("measure")]
    assert len(names) == len(set(names)) == made.metrics
    for table in tables.values():
        inside = [each.name.lower() for each in table.of("column") + table.of("measure")]
        assert len(inside) == len(set(inside))
        assert sum("isKey" in each.properties for each in table.of("column")) <= 1
        partition = table.of("partition")[0]
        for column in table.of("column"):
            assert column.properties["dataType"] in {"int64", "decimal", "dateTime", "boolean", "string"}
            assert f'"{column.properties["sourceColumn"]}"' in partition.properties["source"]
    active: set[tuple[str, str]] = set()
    for each in objects.get("a.SemanticModel/definition/relationships.tmdl", []):
        ends = []
        for side in ("fromColumn", "toColumn"):
            table, column = (part.strip("'") for part in re.findall(NAME, each.properties[side]))
            assert column in {known.name for known in tables[table].of("column")}
            ends.append(table)
        if "isActive" not in each.properties:
            assert (ends[0], ends[1]) not in active, "two active ways between two tables"
            active.add((ends[0], ends[1]))
    project = json.loads(made.texts["a.pbip"])
    assert json.loads(made.texts[f"{project['artifacts'][0]['report']['path']}/definition.pbir"])[
        "datasetReference"
    ]
    named = {each.name for each in made.losses if each.kind == "metric" and each.reason == "not_exported"}
    assert len(named) + made.metrics == made.of


def test_what_dax_would_compute_otherwise_is_named(tmp_path: Path) -> None:
    layer = SemanticLayer.open(write_file_project(tmp_path, TRAPS, TRAP_CATALOG))
    reasons = {each.name: each.message for each in export_tmdl(layer.catalog, layer.schema, name="a").losses}
    layer.close()
    assert reasons == {"added": "it adds a quotient, which is nothing where it divides by zero"}
