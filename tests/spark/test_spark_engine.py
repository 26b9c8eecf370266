"""The Spark engine: every feature of the layer gives the rows of DuckDB, and the engine's own contract is kept."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datatrust.core.errors import EngineError, FilesGone
from datatrust.core.settings import Project
from semantic.engine import SemanticLayer
from semantic.query import EVERYONE, Compare, Filter, MetricQuery, TimeRange, Top
from tests.golden.test_sql import CASES, QUARTER, YEAR
from tests.support.two_engines import TwoEngines, make_golden_project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

HALF = TimeRange(start=dt.date(2026, 1, 1), end=dt.date(2026, 6, 30))
GREGORIAN = TimeRange(start=dt.date(2025, 7, 1), end=dt.date(2026, 6, 30), calendar="gregorian")
RETAIL = TimeRange(start=dt.date(2025, 2, 2), end=dt.date(2026, 6, 30), calendar="retail")
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
        metrics=("local_revenue",), time=HALF, group_by=("currency_of_sale",), rates_on=dt.date(2026, 3, 31)
    ),
    "text_filters": MetricQuery(
        metrics=("lines",), group_by=("region",),
        where=(Filter(field="region", op="not_contains", values=("a%",)),
               Filter(field="status", op="starts_with", values=("Re",)),),
    ),
    "unknown_members": MetricQuery(
        metrics=("lines",), group_by=("status",), where=(Filter(field="region", op="is_null", values=()),)
    ),
    "joined_day": MetricQuery(
        metrics=("lines",), where=(Filter(field="since", op="between", values=("2025-01-01", "2025-12-31")),)
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def golden(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoEngines]:
    """The golden catalog on both engines; Spark in a session of the process's own."""
    engines = TwoEngines(make_golden_project(tmp_path_factory.mktemp("golden")), "spark")
    yield engines
    engines.close()


def test_every_feature_gives_the_rows_of_duckdb(golden: TwoEngines) -> None:
    cases = {**CASES, **MORE_CASES}
    differences = {name: found for name, query in cases.items() if (found := golden.differ(query))}
    assert not differences, "\n\n".join(f"{name}: {text}" for name, text in differences.items())
