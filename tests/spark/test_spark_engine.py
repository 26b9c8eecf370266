"""The Spark engine: every feature of the layer gives the rows of DuckDB, and the engine's own contract is kept."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import socket
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from datatrust.core.errors import EngineError, FilesGone
from datatrust.core.settings import load_project
from semantic.calendar import GRAINS
from semantic.compiler import sql
from semantic.compiler.buckets import bucket
from semantic.compiler.dialects import print_sql
from semantic.engine import SemanticLayer
from semantic.query import EVERYONE, Compare, Filter, MetricQuery, TimeRange, Top
from tests.golden.test_sql import CASES, PERIOD_ROWS, QUARTER, YEAR
from tests.property.test_semantic_queries import CALENDARS
from tests.support.two_engines import TwoEngines, make_golden_project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

HALF = TimeRange(start=dt.date(2026, 1, 1), end=dt.date(2026, 6, 30))
GREGORIAN = TimeRange(start=dt.date(2025, 7, 1), end=dt.date(2026, 6, 30), calendar="gregorian")
RETAIL = TimeRange(start=dt.date(2025, 2, 2), end=dt.date(2026, 6, 30), calendar="retail")
SHORT = TimeRange(start=dt.date(2026, 2, 27), end=dt.date(2026, 3, 2))
MORE_CASES = {
    "all_kinds": MetricQuery(
        metrics=("revenue", "lines", "known_sizes", "large_lines", "orders", "average_line", "middle_line",
                 "high_line", "low_cost", "first_sale", "top_line", "exact_cost", "dear_cost"),
        group_by=("region",), totals=True,
    ),
    "nothing_there": MetricQuery(
        metrics=("revenue", "lines", "middle_line", "high_line", "first_sale", "margin"),
        where=(Filter(field="status", op="=", values=("absent",)),),
    ),
    "formulas": MetricQuery(
        metrics=("cost_share", "two_shares", "better_share", "share_of_share", "rounded_margin", "margin"),
        group_by=("status", "time.month"), time=YEAR, totals=True,
    ),
    "formulas_compared": MetricQuery(
        metrics=("two_shares", "dear_cost"), group_by=("region",), time=HALF, compare=Compare(to="previous_year"),
        contributions=False, totals=True,
    ),
    "to_date": MetricQuery(
        metrics=("revenue_mtd", "revenue_ytd", "revenue_ever", "cost_12m"), group_by=("time.week",), time=HALF
    ),
    "balances": MetricQuery(
        metrics=("cash", "first_cash", "lowest_cash", "highest_cash", "average_cash"),
        group_by=("account", "time.fiscal_quarter"), time=YEAR, totals=True,
    ),
    "balance_beside_flow": MetricQuery(metrics=("cash_turns",), group_by=("time.quarter",), time=YEAR, totals=True),
    "stocks_by_day": MetricQuery(metrics=("headcount", "average_posts"), group_by=("time.week",), time=QUARTER),
    "lifecycle_by_group": MetricQuery(
        metrics=("active_buyers", "new_buyers", "lost_buyers"), group_by=("region", "time.quarter"), time=YEAR
    ),
    "offsets": MetricQuery(metrics=("last_year_change",), group_by=("time.month",), time=YEAR, totals=True),
    "previous_period": MetricQuery(
        metrics=("revenue", "orders"), group_by=("time.month",), time=QUARTER, compare=Compare(to="previous_period")
    ),
    "having": MetricQuery(
        metrics=("revenue", "margin"), group_by=("status",), time=YEAR,
        having=(Filter(field="margin", op="<", values=(Decimal("0.9999"),)),), order_by=("-margin",), limit=2,
    ),
    "shares_of_parent": MetricQuery(
        metrics=("revenue", "cost"), group_by=("region", "status"), time=YEAR, share_of="region", running=False
    ),
    "running": MetricQuery(metrics=("dear_cost",), group_by=("time.month", "region"), time=HALF, running=True),
    "others_per_group": MetricQuery(
        metrics=("revenue", "margin", "lines"), group_by=("region", "status"), time=YEAR,
        top=Top(n=1, per="region", others=True), order_by=("-revenue",),
    ),
    "weeks": MetricQuery(metrics=("revenue",), group_by=("time.fiscal_quarter",), time=RETAIL),
    "retail_weeks": MetricQuery(metrics=("lines",), group_by=("time.week",), time=RETAIL),
    "fiscal_years": MetricQuery(
        metrics=("revenue",), group_by=("time.fiscal_year",), compare=Compare(to="previous_year"),
        time=TimeRange(start=dt.date(2025, 7, 1), end=dt.date(2026, 6, 30)),
    ),
    "currencies": MetricQuery(
        metrics=("local_revenue",), group_by=("time.quarter", "region"), time=YEAR, currency="GBP", totals=True
    ),
    "currency_at_a_day": MetricQuery(
        metrics=("local_revenue",), time=HALF, group_by=("region",), rates_on=dt.date(2026, 3, 31)
    ),
    "text_filters": MetricQuery(
        metrics=("lines",), group_by=("region",),
        where=(Filter(field="region", op="not_contains", values=("a%",)),
               Filter(field="status", op="starts_with", values=("Re",)),),
    ),
    "unknown_members": MetricQuery(
        metrics=("lines",), group_by=("status",), where=(Filter(field="region", op="is_null", values=()),)
    ),
    "days_of_a_period": MetricQuery(metrics=("mean_90d", "opening_90d"), group_by=("time.month", "region"), time=SHORT),
    "start_of_a_period": MetricQuery(metrics=("since_start",), group_by=("time.day",), time=SHORT),
    "each_day_moved": MetricQuery(metrics=("day_by_day",), group_by=("time.quarter",), time=SHORT),
    "every_period": MetricQuery(metrics=("filled", "revenue"), group_by=("time.day",), time=SHORT),
    "members_of_all_time": MetricQuery(metrics=("large",), group_by=("time.month",), time=YEAR, totals=True),
    "balance_among_filtered": MetricQuery(metrics=("own_last",), group_by=("time.month",), time=YEAR),
    "percentiles_of_rows": MetricQuery(metrics=("middle_day", "high_line_there"), group_by=("club",), totals=True),
    "shared_windows": MetricQuery(metrics=("cost_12m", "revenue_mtd"), group_by=("adviser", "time.month"), time=HALF),
    "overlapping_windows": MetricQuery(metrics=("cost_12m", "lines"), group_by=("club", "time.month"), time=HALF),
    "shared_balances": MetricQuery(
        metrics=("first_cash", "lowest_cash", "average_cash"), group_by=("owner", "time.quarter"), time=YEAR, totals=True,
    ),
    "parts_of_days": MetricQuery(
        metrics=("parts_of_days", "between_days", "early_days", "whole_amounts"), group_by=("time.week", "region"), time=YEAR, totals=True
    ),
    "days_between": MetricQuery(metrics=("days_stayed",), group_by=("unit",), totals=True),
    "listed_years": MetricQuery(
        metrics=("revenue", "lines"), group_by=("region", "time.fiscal_year"), totals=True,
        time=TimeRange(start=PERIOD_ROWS[0][0], end=PERIOD_ROWS[-1][1], calendar="trading"),
    ),
    "weekday_of_a_moment": MetricQuery(
        metrics=("lines",), group_by=("since.weekday",), where=(Filter(field="since.weekday", op="!=", values=("Sunday",)),)
    ),
    "joined_day": MetricQuery(
        metrics=("lines",), where=(Filter(field="since", op="between", values=("2025-01-01", "2025-12-31")),)
    ),
}  # fmt: skip

# Where the text for Spark is most unlike the one for DuckDB: quotients, percentiles, weeks, dates, rates.
OWN_WORDS = ("all_kinds", "formulas", "median_by_bin", "calendar_of_weeks", "constant_currency", "average_balance",
             "lifecycles", "price_volume_mix", "percentile_of_a_row", "shared_by_weight", "counted_in_each_group", "weekdays",
             "table_of_periods", "text_filters", "others_per_group")  # fmt: skip
EVERY = 5


@pytest.fixture(scope="module")
def golden(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoEngines]:
    """The golden catalog on both engines; Spark in a session of the process's own."""
    engines = TwoEngines(make_golden_project(tmp_path_factory.mktemp("golden")), "spark")
    yield engines
    engines.close()


@pytest.mark.parametrize("part", ["some", pytest.param("all", marks=pytest.mark.soak)])
def test_every_feature_gives_the_rows_of_duckdb(golden: TwoEngines, part: str) -> None:
    """About a second each: `make test` asks the features that Spark's own words are needed for and some others."""
    cases = {**CASES, **MORE_CASES}
    if part == "some":
        others = [name for name in cases if name not in OWN_WORDS]
        cases = {name: cases[name] for name in (*OWN_WORDS, *others[::EVERY])}
    refused = {name: found for name, query in cases.items() if (found := golden.refused(query))}
    assert not refused, "two refusals are alike, and show nothing"
    differences = {name: found for name, query in cases.items() if (found := golden.differ(query))}
    assert not differences, "\n\n".join(f"{name}: {text}" for name, text in differences.items())


# ------------------------------------------------------------------------------------------- the engine's contract


def test_rows_beyond_the_limit_are_cut_and_flagged(golden: TwoEngines) -> None:
    raw = golden.other.engine.run("SELECT id FROM range(100)", tables=(), max_rows=7, timeout_seconds=60)
    assert (len(raw.rows), raw.truncated) == (7, True)


def test_a_query_that_takes_too_long_is_stopped(golden: TwoEngines) -> None:
    endless = "SELECT count(*) FROM range(10000000) AS a, range(1000000) AS b WHERE a.id <> b.id"
    with pytest.raises(EngineError, match="took longer"):
        golden.other.engine.run(endless, tables=(), max_rows=1, timeout_seconds=1)
    assert golden.other.query(MetricQuery(metrics=("lines",)), viewer=EVERYONE).rows == ((421,),)


def test_a_number_too_large_to_be_exact_is_none(
    golden: TwoEngines, capfd: pytest.CaptureFixture[str]
) -> None:
    huge = "SELECT CAST(90000000000000000000000000000000000000 AS DECIMAL(38, 0)) * (id + 100) FROM range(1)"
    with pytest.raises(EngineError) as caught:
        golden.other.engine.run(huge, tables=(), max_rows=1, timeout_seconds=60)
    assert "too large to be computed exactly" in str(caught.value)
    assert "Exception" not in capfd.readouterr().err  # no trace, no value of a row


def test_a_lost_file_and_a_lost_version_are_typed_errors(spark: SparkSession, tmp_path: Path) -> None:
    project = make_golden_project(tmp_path)
    layer = SemanticLayer.open(project, engine="spark")
    for file in (project.warehouse / "gold/fct_plan").glob("*.parquet"):
        file.unlink()
    with pytest.raises(FilesGone, match="choose another release"):
        layer.query(MetricQuery(metrics=("planned",)), viewer=EVERYONE)
    shutil.rmtree(project.warehouse / "gold/dim_people")
    with pytest.raises(EngineError, match=r"gone or damaged|damaged or gone"):
        layer.query(MetricQuery(metrics=("headcount",), time=QUARTER), viewer=EVERYONE)


def test_the_past_is_read_by_the_same_engine(golden: TwoEngines) -> None:
    query = MetricQuery(metrics=("lines",), as_of="000001")
    assert golden.other.query(query, viewer=EVERYONE).engine == "spark"


def test_buckets_of_every_calendar_are_those_of_duckdb(golden: TwoEngines) -> None:
    """Every grain on every day of four years, in one statement."""
    columns = [
        (f"{grain} {calendar.starts}", bucket(sql.column("day"), grain, calendar))
        for calendar in CALENDARS
        for grain in GRAINS
        if calendar.starts[1] <= 28
    ]
    texts = {
        dialect: ", ".join(print_sql(node.copy(), dialect) for _, node in columns)
        for dialect in ("duckdb", "spark")
    }
    days = (
        "SELECT CAST(range AS DATE) AS day FROM range(DATE '2023-12-20', DATE '2028-03-10', INTERVAL 1 DAY)"
    )
    wanted = duckdb.connect().execute(f"SELECT day, {texts['duckdb']} FROM ({days}) ORDER BY 1").fetchall()
    found = golden.other.engine.run(
        f"SELECT day, {texts['spark']} FROM (SELECT date_add(DATE '2023-12-20', CAST(id AS INT)) AS day"
        " FROM range(1542)) ORDER BY 1",
        tables=(), max_rows=10_000, timeout_seconds=120,
    ).rows  # fmt: skip
    assert [row for row, other in zip(found, wanted, strict=True) if row != other] == []


# ------------------------------------------------------------------------------------------------ Spark Connect


@pytest.fixture(scope="module")
def server(spark: SparkSession) -> Iterator[str]:
    """A Spark Connect server inside the process's own Java, on a port of its choice."""
    pytest.importorskip("grpc_status")
    context = spark.sparkContext
    service = context._jvm.org.apache.spark.sql.connect.service.SparkConnectService
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context._jsc.sc().conf().set("spark.connect.grpc.binding.port", str(port))
    service.start(context._jsc.sc())
    yield f"sc://127.0.0.1:{port}"
    service.stop(context._jvm.scala.Option.empty(), context._jvm.scala.Option.empty())


def test_a_server_elsewhere_gives_the_same_rows(server: str, tmp_path: Path) -> None:
    project = make_golden_project(tmp_path)
    config = project.config_file
    settings = json.loads(config.read_text())
    config.write_text(json.dumps({**settings, "serving": {"connection": server}}))
    layer = SemanticLayer.open(load_project(tmp_path))
    assert (layer.engine.name, layer.release_id) == ("spark", "000001")
    engines = TwoEngines(load_project(tmp_path), "spark")
    for query in (CASES["members"], CASES["lifecycles"], MORE_CASES["all_kinds"]):
        assert engines.differ(query) is None
    endless = "SELECT count(*) FROM range(10000000) AS a, range(1000000) AS b WHERE a.id <> b.id"
    with pytest.raises(EngineError, match="took longer"):
        layer.engine.run(endless, tables=(), max_rows=1, timeout_seconds=2)
    layer.close()
    engines.close()


def test_a_server_that_is_not_there_is_a_typed_error_without_its_token(tmp_path: Path) -> None:
    pytest.importorskip("grpc_status")
    project = make_golden_project(tmp_path)
    config = project.config_file
    address = "sc://127.0.0.1:9/;token=secret"
    config.write_text(json.dumps({**json.loads(config.read_text()), "serving": {"connection": address}}))
    with pytest.raises(EngineError, match=r"127\.0\.0\.1 cannot be reached") as caught:
        SemanticLayer.open(load_project(tmp_path))
    assert "secret" not in str(caught.value)
