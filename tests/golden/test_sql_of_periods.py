"""Golden SQL of what looks at days of its own: days that stand for a period, starts, moved days, gaps, members of all time."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from semantic.compiler.dialects import DIALECTS
from semantic.compiler.statement import compile_query
from semantic.loader import load_catalog
from semantic.query import EVERYONE, MetricQuery, TimeRange
from semantic.resolver import resolve
from semantic.schema import Schema

FOLDER = Path(__file__).parent / "periods"
SNAP = os.environ.get("DATATRUST_SNAP") == "1"
SHORT = TimeRange(start=dt.date(2026, 2, 27), end=dt.date(2026, 3, 2))
CATALOG = """
models:
  - model: sales
    table: gold.fct_sales
    key: [id]
    time: sold_on
    joins: [{to: customers, key: customer_id}]
    dimensions: [{name: sold_on, type: time}, status]
  - {model: customers, table: gold.dim_customers, key: [customer_id], dimensions: [region]}
  - {model: accounts, table: gold.fct_balances, key: [day, account], time: day, dimensions: [{name: day, type: time}, account]}
metrics:
  - {name: revenue, model: sales, agg: sum, expr: net_amount}
  - {name: mean_90d, cumulative: {of: revenue, rolling: 90 days, take: average}}
  - {name: opening_90d, cumulative: {of: revenue, rolling: 90 days, take: first}}
  - {name: since_start, derived: revenue - start, inputs: [{metric: revenue, as: start, to_start: month}]}
  - {name: day_by_day, derived: before, inputs: [{metric: revenue, as: before, offset: 1 month, each_day: true}]}
  - {name: filled, model: sales, agg: sum, expr: net_amount, fill: 0, every_period: true}
  - {name: large, model: sales, agg: sum, expr: net_amount, members: {of: customers, where: revenue >= 10000, over: all}}
  - {name: own_last, model: accounts, balance: {agg: sum, expr: amount, take: last, among: filtered}, where: account = 'x'}
"""
SCHEMA = Schema.of(
    {
        "gold.fct_sales": [
            ("id", "string"), ("sold_on", "date"), ("status", "string"), ("net_amount", "decimal(18,2)"),
            ("customer_id", "string"),
        ],
        "gold.dim_customers": [("customer_id", "string"), ("region", "string")],
        "gold.fct_balances": [("day", "date"), ("account", "string"), ("amount", "decimal(18,2)")],
    }
)  # fmt: skip
CASES: Mapping[str, MetricQuery] = {
    "days_of_a_period": MetricQuery(
        metrics=("mean_90d", "opening_90d"), group_by=("time.month", "region"), time=SHORT
    ),
    "start_of_a_period": MetricQuery(metrics=("since_start",), group_by=("time.day",), time=SHORT),
    "each_day_moved": MetricQuery(metrics=("day_by_day",), group_by=("time.quarter",), time=SHORT),
    "every_period": MetricQuery(metrics=("filled", "revenue"), group_by=("time.month",), time=SHORT),
    "members_of_all_time": MetricQuery(metrics=("large",), group_by=("time.month",), time=SHORT),
    "balance_among_filtered": MetricQuery(metrics=("own_last",), group_by=("time.month",), time=SHORT),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("case", CASES)
def test_a_query_becomes_this_sql(case: str, dialect: str) -> None:
    catalog = load_catalog(Path("catalog"), texts={"all.yml": CATALOG})
    resolved = resolve(CASES[case], catalog, EVERYONE, today=dt.date(2026, 6, 30), schema=SCHEMA)
    text = f"{compile_query(resolved, dialect).sql};\n"
    file = FOLDER / f"{case}.{dialect}.sql"
    if SNAP:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert text == file.read_text(), "changed; if that is meant: make snap"
