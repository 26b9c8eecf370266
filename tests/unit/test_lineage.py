"""Where columns come from: hand-made SQL of every shape that the sample's models use, and the page about it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from datatrust.core.errors import OutcomeError, UnknownName
from datatrust.core.masking import MaskAction, MaskingPolicy
from datatrust.core.release import Quality, Release, TablePin
from pipeline.contracts.model import ColumnSpec, ColumnType, SourceSpec
from pipeline.documents import load_lineage, origin_words, write_documents
from pipeline.gold import ColumnTest, GoldResult, ModelText
from pipeline.lineage import Origin, TableLineage, find_lineage, make_lineage

TEXT = ColumnType(kind="string")
POLICY = MaskingPolicy(
    classes={
        "email": MaskAction(action="token", normalise="lower"),
        "street": MaskAction(action="drop"),
        "birth_date": MaskAction(action="generalise", to="band", width=10),
    },
    key_variable="K",
    file="masking.yml",
    hash="",
)


def column(name: str, pii: str | None = None, header: str | None = None) -> ColumnSpec:
    return ColumnSpec(name=name, header=header or name, type=TEXT, pii_class=pii)


def source(name: str, *columns: ColumnSpec) -> SourceSpec:
    return SourceSpec(
        name=name,
        version="1.0.0",
        title=name,
        owner=None,
        file=f"contracts/{name}.yml",
        hash="",
        glob="*",
        reader="csv",
        reader_options={},
        columns=columns,
        key=(columns[0].name,),
        sequence=None,
        load_mode="upsert",
        duplicates="drop",
        silver_table=f"silver.{name}",
        quarantine_table=None,
        rules=(),
        foreign_keys=(),
    )


PEOPLE = source(
    "people",
    column("person_id", header="Person No"),
    column("mail", "email", header="E-Mail"),
    column("born", "birth_date"),
    column("road", "street"),
)
ORDERS = source("orders", column("order_id"), column("person_id"), column("status"), column("amount"))

FACT = """
with lines as (
    select orders.*, line_type, case when line_type = 'refund' then -amount else amount end as net
    from silver.orders as orders
    lateral view explode(case when status = 'refunded' then array('sale', 'refund') else array('sale') end)
        as line_type
)
select
    coalesce(sold.line_id, built.line_id) as line_id,
    sold.* except (line_id)
from (
    select concat(order_id, '-', line_type) as line_id, person_id, net, 'EUR' as currency from lines
) as sold
full outer join (select line_id from gold.fct) as built on built.line_id = sold.line_id
"""
MART = """
select people.mail, people.born, max(people._sequence) as file, sum(fct.net) as net, count(*) as lines,
    lag(sum(fct.net)) over (order by people.mail) as net_before
from gold.fct as fct
left join silver.people as people on people.person_id = fct.person_id
group by 1, 2
union all
select 'none', 'none', 0, 0, 0, 0
"""
MODELS = {
    "gold.fct": FACT,
    "gold.mart": MART,
    "gold.broken": "select from where",
    "gold.star": "select * from elsewhere.t",
    "gold.within": "select x from (select * from elsewhere.t) as t",
}


def pin(name: str, *columns: str) -> TablePin:
    return TablePin(
        path=name.replace(".", "/"), version=0, columns=tuple((c, "string") for c in columns), rows=1
    )


PINS = {
    "silver.people": pin("silver.people", "person_id", "mail", "born", "_sequence"),
    "silver.orders": pin("silver.orders", "order_id", "person_id", "status", "amount"),
    "gold.fct": pin("gold.fct", "line_id", "person_id", "net", "currency"),
    "gold.mart": pin("gold.mart", "mail", "born", "file", "net", "lines", "net_before"),
    "gold.broken": pin("gold.broken", "x"),
    "gold.star": pin("gold.star", "x"),
    "gold.within": pin("gold.within", "x"),
    "gold.business_metrics": pin("gold.business_metrics", "metric"),
}


@pytest.fixture(scope="module")
def tables() -> tuple[TableLineage, ...]:
    return make_lineage((PEOPLE, ORDERS), POLICY, MODELS, PINS)


@pytest.mark.parametrize(
    ("wanted", "made_of", "origins"),
    [
        ("gold.fct.net", ["silver.orders.amount", "silver.orders.status"], ["orders.amount", "orders.status"]),
        # an incremental model reads its own rows: they are no origin
        ("gold.fct.line_id", ["silver.orders.order_id", "silver.orders.status"], ["orders.order_id", "orders.status"]),
        ("fct.person_id", ["silver.orders.person_id"], ["orders.person_id"]),
        ("gold.mart.mail", ["silver.people.mail"], ["people.mail (header E-Mail; keyed token)"]),
        ("gold.mart.born", ["silver.people.born"], ["people.born (generalised: bands of 10)"]),
        ("gold.mart.net", ["gold.fct.net"], ["orders.amount", "orders.status"]),
        (
            "gold.mart.net_before",
            ["gold.fct.net", "silver.people.mail"],
            ["orders.amount", "orders.status", "people.mail (header E-Mail; keyed token)"],
        ),
        ("silver.people.person_id", [], ["people.person_id (header Person No)"]),
    ],
)  # fmt: skip
def test_a_column_leads_back_to_the_headers_of_the_raw_files(
    tables: tuple[TableLineage, ...], wanted: str, made_of: list[str], origins: list[str]
) -> None:
    _, found = find_lineage(tables, wanted)
    assert found is not None
    assert list(found.made_of) == made_of
    assert [origin_words(origin) for origin in found.origins] == origins
    assert found.reason is None


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("gold.mart.file", "number of the raw file in the ledger"),
        ("gold.fct.currency", "a constant of the model's SQL"),
        ("gold.mart.lines", "counts rows of gold.fct, silver.people"),
        ("gold.broken.x", "its SQL could not be analysed"),
        ("gold.star.x", "not among the columns of the model's SQL"),
        ("gold.within.x", "its SQL takes every column of a table whose columns are not known"),
        ("gold.business_metrics.metric", "computed from the catalog's metrics on this release"),
        ("silver.people._sequence", "number of the raw file in the ledger"),
    ],
)
def test_a_column_of_no_column_says_why(tables: tuple[TableLineage, ...], wanted: str, reason: str) -> None:
    _, found = find_lineage(tables, wanted)
    assert found is not None
    assert found.origins == ()
    assert (found.reason or "").startswith(reason)


def test_what_the_policy_drops_is_named_where_it_would_stand(tables: tuple[TableLineage, ...]) -> None:
    table, column = find_lineage(tables, "people")
    assert column is None
    assert [origin_words(origin) for origin in table.withheld] == ["people.road (dropped)"]


@pytest.mark.parametrize(
    ("wanted", "message", "suggestion"),
    [
        ("gold.fcts", 'no table "gold.fcts"', "gold.fct"),
        ("fcts", 'no table "fcts"', "fct"),
        ("gold.fct.nett", 'gold.fct has no column "nett"', "net"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(
    tables: tuple[TableLineage, ...], wanted: str, message: str, suggestion: str
) -> None:
    with pytest.raises(UnknownName) as caught:
        find_lineage(tables, wanted)
    assert message in caught.value.issues[0].message
    assert caught.value.issues[0].suggestion == suggestion


def documented(warehouse: Path) -> Release:
    release = Release(
        number=1, created_at=dt.datetime(2026, 7, 1, tzinfo=dt.UTC), tables=PINS, quality=Quality(status="passed")
    )  # fmt: skip
    built = GoldResult(
        tables=tuple(MODELS),
        seconds={},
        lineage={},
        column_tests=(
            ColumnTest(table="gold.fct", kind="unique", columns=("line_id",)),
            ColumnTest(table="gold.fct", kind="unique_together", columns=("person_id", "net")),
            ColumnTest(
                table="gold.fct", kind="accepted_values", columns=("currency",), values=("EUR", "<b>")
            ),
        ),
        texts={
            name: ModelText(sql=sql, description=f"About <{name}>", columns={"net": "Net & more"})
            for name, sql in MODELS.items()
        },
        tests=0,
    )
    return write_documents(warehouse, release, (PEOPLE, ORDERS), POLICY, built, title="Tiny & Co")


def test_a_release_holds_its_documents_by_their_hash(
    tmp_path: Path, tables: tuple[TableLineage, ...]
) -> None:
    release = documented(tmp_path)
    assert sorted(release.documents) == ["docs/000001/index.html", "docs/000001/lineage.json"]
    assert load_lineage(tmp_path, release) == tables
    with pytest.raises(UnknownName, match="without column lineage"):
        load_lineage(tmp_path, replace(release, documents={}))
    (tmp_path / "docs/000001/lineage.json").write_text("{}")
    with pytest.raises(OutcomeError, match="not the file that was published"):
        load_lineage(tmp_path, release)
    (tmp_path / "docs/000001/lineage.json").unlink()
    with pytest.raises(OutcomeError, match="is gone"):
        load_lineage(tmp_path, release)


def test_the_page_needs_no_network_and_its_texts_are_texts(tmp_path: Path) -> None:
    documented(tmp_path)
    page = (tmp_path / "docs/000001/index.html").read_text()
    for words in ("About &lt;gold.fct&gt;", "Net &amp; more", "one of EUR, &lt;b&gt;", "unique with person_id, net", "Tiny &amp; Co",
                  "Not stored here: people.road (dropped)", "people.mail (header E-Mail; keyed token)"):  # fmt: skip
        assert words in page
    for outside in ("http://", "https://", "<script", "<link", "src=", "@import", "<b>"):
        assert outside not in page


def test_an_origin_in_words() -> None:
    plain = Origin(source="s", column="c", header="c", contract="c.yml")
    assert origin_words(plain) == "s.c"
