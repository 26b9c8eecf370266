"""The layer's door: what a result carries besides its rows."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from datatrust.core.errors import UnknownName
from datatrust.core.jsonio import dumps, loads
from datatrust.core.release import SourceControl, TablePin, load_release
from semantic.engine import SemanticLayer
from semantic.metric_rows import metric_rows
from semantic.query import EVERYONE, MetricQuery, TimeRange
from tests.support.books import Books, publish, write_release_project

TABLES = """
CREATE SCHEMA gold;
CREATE TABLE gold.sales AS
  SELECT range AS id, DATE '2025-07-01' + CAST(range AS INT) AS day, 'C' || (range % 3) AS customer,
         CAST(1.25 AS DECIMAL(18,2)) AS amount
  FROM range(350);
CREATE TABLE gold.customers AS SELECT 'C' || range AS customer, 'R' || (range % 2) AS region FROM range(3);
"""
CATALOG = {
    "all": """
calendars: {fiscal: {starts: 07-01, default: true}}
closed_through: 2026-05-31
models:
  - model: sales
    table: gold.sales
    key: [id]
    time: day
    joins: [{to: customers, key: customer}]
    dimensions: [{name: day, type: time}]
  - {model: customers, table: gold.customers, key: [customer], dimensions: [{name: region}]}
metrics:
  - name: revenue
    model: sales
    agg: sum
    expr: amount
    unit: currency
    currency: EUR
    owner: controlling
    certified: {by: controlling, since: 2026-01-01}
  - {name: lines, model: sales, agg: count}
  - {name: per_line, ratio: {numerator: revenue, denominator: lines}, on_zero: undefined, owner: sales}
"""
}
CONTROL = SourceControl(
    source="sales_raw",
    table="silver.sales",
    read=365,
    valid=350,
    quarantined=15,
    duplicate=0,
    superseded=0,
    discarded=0,
    amounts={"EUR": {"quarantined": Decimal("12.50"), "valid": Decimal("437.50")}},
)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    project = write_release_project(
        tmp_path_factory.mktemp("project"),
        TABLES,
        CATALOG,
        today="2026-06-15",
        controls=(CONTROL,),
        lineage={"gold.sales": ("sales_raw",), "gold.customers": ("customers_raw",)},
        fresh_as_of=dt.datetime(2026, 6, 14, tzinfo=dt.UTC),
    )
    return Books(SemanticLayer.open(project))


def test_evidence_names_data_definitions_and_rows(books: Books) -> None:
    result = books.ask("per_line", by=("region",))
    evidence = result.evidence
    assert (evidence.release, evidence.quality) == ("000001", "passed")
    assert evidence.tables == {"gold.sales": 0, "gold.customers": 0}
    assert set(evidence.metrics) == {"per_line", "revenue", "lines"}
    assert evidence.metrics["revenue"]["owner"] == "controlling"
    assert evidence.metrics["revenue"]["certified"] is True
    assert evidence.fresh_as_of == "2026-06-14T00:00:00+00:00"
    assert evidence.result.startswith("sha256:")
    assert books.ask("per_line", by=("region",)).evidence.result == evidence.result
    assert books.ask("lines", by=("region",)).evidence.result != evidence.result


def test_columns_say_what_their_numbers_are(books: Books) -> None:
    result = books.ask(
        "revenue",
        "per_line",
        by=("time.month",),
        start="2026-01-01",
        end="2026-03-31",
        compare="previous_period",
    )
    kinds = {column.name: (column.kind, column.unit, column.currency) for column in result.columns}
    assert kinds["time.month"] == ("dimension", None, None)
    assert kinds["revenue"] == ("metric", "currency", "EUR")
    assert kinds["revenue__difference"] == ("comparison", "currency", "EUR")
    assert kinds["revenue__percent"] == ("comparison", "percent", None)
    assert isinstance(result.rows[0][0], dt.date)
    assert all(isinstance(value, Decimal) for value in result.rows[0][1:4])


def test_quotients_show_no_empty_digits(books: Books) -> None:
    assert str(books.value("per_line")) == "1.25"
    assert str(books.value("revenue")) == "437.50"


def test_what_quarantine_withholds_is_told(books: Books) -> None:
    excluded = books.ask("revenue", by=("region",)).excluded
    assert (excluded.quarantined_rows, excluded.quarantined_amount) == (15, Decimal("12.50"))
    assert excluded.by_currency == {"EUR": Decimal("12.50")}


def test_periods_that_are_not_over_are_flagged(books: Books) -> None:
    assert books.ask("revenue", start="2026-05-01", end="2026-05-31").flags == ()
    assert books.ask("revenue", start="2026-06-01", end="2026-06-30").flags == (
        "partial_period",
        "open_period",
    )
    june = books.ask("revenue", by=("time.month",), start="2026-06-01", end="2026-06-10")
    assert "partial_period" in june.flags


def test_an_old_release_is_flagged_as_stale(tmp_path: Path) -> None:
    old = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    project = write_release_project(tmp_path, TABLES, CATALOG, today="2026-06-15", fresh_as_of=old)
    assert "stale" in Books(SemanticLayer.open(project)).ask("revenue").flags


def test_rows_are_cut_at_the_limit_and_flagged(tmp_path: Path) -> None:
    project = write_release_project(tmp_path, TABLES, CATALOG, today="2026-06-15")
    config = project.config.model_copy(
        update={"serving": project.config.serving.model_copy(update={"max_rows": 10})}
    )
    from dataclasses import replace

    result = Books(SemanticLayer.open(replace(project, config=config))).ask("lines", by=("time.day",))
    assert len(result.rows) == 10
    assert "truncated" in result.flags


def test_a_result_is_json_with_every_digit(books: Books) -> None:
    document = loads(dumps(books.ask("revenue", by=("time.month",), totals=True).to_json()))
    assert document["rows"][0] == ["2025-07-01", Decimal("38.75")]
    assert document["totals"] == [None, Decimal("437.50")]
    assert document["evidence"]["tables"] == {"gold.sales": 0}
    assert set(document["timings_ms"]) == {"compile", "run", "total"}


def test_check_returns_what_resolve_raises(books: Books) -> None:
    assert books.layer.check(MetricQuery(metrics=("revenue",)), viewer=EVERYONE) == []
    (issue,) = books.layer.check(MetricQuery(metrics=("revenu",)), viewer=EVERYONE)
    assert issue.suggestion == "revenue"


def test_unknown_metrics_and_dimensions_have_a_nearest_name(books: Books) -> None:
    with pytest.raises(UnknownName, match="did you mean: revenue"):
        books.layer.reachable("revenu")
    with pytest.raises(UnknownName, match=r"did you mean: customers\.region"):
        books.layer.values("customers.regio", viewer=EVERYONE)


def test_a_past_release_brings_its_own_definitions(tmp_path: Path) -> None:
    project = write_release_project(tmp_path, TABLES, CATALOG, today="2026-06-15")
    texts = {"semantic/catalog/all.yml": (project.catalog / "all.yml").read_text()}
    pins = load_release(project.warehouse).tables
    publish(project, 2, pins, files=texts)
    publish(project, 3, pins, files=texts)
    file = project.catalog / "all.yml"
    file.write_text(file.read_text().replace("expr: amount", "expr: amount * 2"))
    twice, once = Decimal("875.00"), Decimal("437.50")
    assert Books(SemanticLayer.open(project)).value("revenue") == twice
    assert Books(SemanticLayer.open(project, as_of="2")).value("revenue") == once
    assert Books(SemanticLayer.open(project, as_of="2", definitions_now=True)).value("revenue") == twice


def test_a_candidate_release_can_be_asked_before_it_is_published(tmp_path: Path) -> None:
    project = write_release_project(tmp_path, TABLES, CATALOG, today="2026-06-15")
    from dataclasses import replace

    candidate = replace(load_release(project.warehouse), number=2)
    layer = SemanticLayer.open(project, release=candidate)
    assert layer.release_id == "000002"
    rows = list(metric_rows(layer))
    assert ("revenue", "2025-07-01", "month", "{}", Decimal("38.75"), "currency") in rows
    assert ("revenue", "2025-07-01", "fiscal_year", "{}", Decimal("437.50"), "currency") in rows
    assert any(row[3] == '{"region": "R0"}' for row in rows)
    assert all(isinstance(row[4], Decimal) for row in rows)


def test_many_threads_get_the_same_answer(books: Books) -> None:
    found: list[object] = []

    def ask() -> None:
        for grain in ("month", "week", "quarter"):
            query = MetricQuery(
                metrics=("revenue",),
                group_by=("region", f"time.{grain}"),
                time=TimeRange(start=dt.date(2025, 7, 1), end=dt.date(2026, 6, 15)),
            )
            found.append((grain, books.layer.query(query, viewer=EVERYONE).evidence.result))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 24
    assert len(set(found)) == 3


def test_a_table_that_the_release_lacks_is_an_issue_of_the_catalog(tmp_path: Path) -> None:
    project = write_release_project(tmp_path, TABLES, CATALOG, today="2026-06-15")
    pins: dict[str, TablePin] = {"gold.sales": load_release(project.warehouse).tables["gold.sales"]}
    publish(project, 2, pins)
    from datatrust.core.errors import UserError

    with pytest.raises(UserError, match=r"gold\.customers"):
        SemanticLayer.open(project)
