"""Golden SQL: what a query becomes in each dialect. `make snap` rewrites the files; review them as a diff."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import sqlglot

from semantic.compiler.dialects import DIALECTS
from semantic.compiler.statement import compile_query
from semantic.loader import load_catalog
from semantic.period_tables import with_rows
from semantic.query import EVERYONE, Compare, Filter, Fold, MetricQuery, TimeRange, Top
from semantic.resolver import resolve
from semantic.schema import Schema

FOLDER = Path(__file__).parent / "sql"
SNAP = os.environ.get("DATATRUST_SNAP") == "1"
TODAY = dt.date(2026, 6, 30)
YEAR = TimeRange(start=dt.date(2025, 7, 1), end=dt.date(2026, 6, 30))
QUARTER = TimeRange(start=dt.date(2026, 4, 1), end=dt.date(2026, 6, 30))
CATALOG = {
    "all.yml": """
calendars:
  fiscal: {starts: 07-01, named_by: end, default: true}
  retail: {starts: 02-01, named_by: start, week_starts: sunday, pattern: 4-5-4}
  trading: {periods: {table: gold.dim_periods, start: first_day, end: last_day, year: of_year, quarter: of_quarter}}
currency: {group: EUR, rates: gold.fx_rates, average: average_rate, closing: closing_rate}
models:
  - model: sales
    table: gold.fct_sales
    key: [id]
    time: sold_on
    joins: [{to: customers, key: customer_id}, {to: tiers, key: customer_id, valid: [since, until]}]
    segments: {booked: "status in ('completed', 'refunded')"}
    dimensions: [{name: sold_on, type: time}, {name: status}, {name: size, expr: net_amount, bins: [0, 1000]}]
  - model: customers
    table: gold.dim_customers
    key: [customer_id]
    joins:
      - {to: advice, key: customer_id, cardinality: one_to_many, weight: share}
      - {to: clubs, key: customer_id, cardinality: one_to_many}
    dimensions: [{name: region}, {name: since, type: time}]
  - model: shipments
    table: gold.fct_shipments
    key: [id]
    joins: [{to: customers, key: customer_id}, {to: customers, key: ship_to_id, as: ship_to}]
  - model: plan
    table: gold.fct_plan
    key: [month, region]
    time: month
    dimensions: [{name: month, type: time, grain: month}, {name: region}]
  - {model: tiers, table: gold.dim_tiers, key: [customer_id, since], dimensions: [tier]}
  - {model: advice, table: gold.dim_advice, key: [customer_id, adviser], dimensions: [adviser]}
  - {model: clubs, table: gold.dim_clubs, key: [customer_id, club], dimensions: [club, level]}
  - {model: owners, table: gold.dim_owners, key: [account, owner], dimensions: [owner]}
  - {model: people, table: gold.dim_people, key: [person], dimensions: [unit]}
  - model: accounts
    table: gold.fct_balances
    key: [day, account]
    time: day
    joins: [{to: owners, key: account, cardinality: one_to_many, weight: share}]
    dimensions: [{name: day, type: time}, {name: account}]
metrics:
  - {name: revenue, model: sales, agg: sum, expr: net_amount, where: booked, better: higher, plan: {budget: planned}, bridge: pieces}
  - {name: pieces, model: sales, agg: sum, expr: quantity, where: booked}
  - {name: cost, model: sales, agg: sum, expr: unit_cost * quantity, where: booked, better: lower}
  - {name: orders, model: sales, agg: count_distinct, expr: order_id}
  - {name: average_line, model: sales, agg: average, expr: net_amount}
  - {name: middle_line, model: sales, agg: median, expr: net_amount}
  - {name: high_line_there, model: sales, agg: percentile_disc, percentile: 0.9, expr: net_amount, where: booked}
  - {name: margin, derived: (revenue - cost) / revenue, on_zero: undefined, unit: percent, better: higher}
  - {name: shipped, model: shipments, agg: count}
  - {name: planned, model: plan, agg: sum, expr: amount}
  - {name: cash, model: accounts, where: account = 'Cash', balance: {agg: sum, expr: amount, take: last}}
  - {name: average_cash, model: accounts, balance: {agg: sum, expr: amount, take: average}}
  - name: carried_cash
    model: accounts
    balance: {agg: sum, expr: amount, take: last, per: [account], carry_forward: 31 days}
  - {name: local_revenue, model: sales, agg: sum, expr: local_amount, currency: {from: currency, rate: average}}
  - {name: cash_in_group, model: accounts, balance: {agg: sum, expr: amount, take: last}, currency: EUR}
  - {name: headcount, model: people, balance: {agg: count, valid: [hired_on, left_on]}}
  - {name: average_posts, model: people, balance: {agg: sum, expr: share, valid: [hired_on, left_on], take: average}}
  - {name: new_buyers, lifecycle: {of: average_line, entity: customer_id, state: new}}
  - {name: returning_buyers, lifecycle: {of: average_line, entity: customer_id, state: returning}}
  - {name: lost_buyers, lifecycle: {of: average_line, entity: customer_id, state: lost, inactive: 12 months}}
  - {name: revenue_90d, cumulative: {of: revenue, rolling: 90 days}}
  - name: emea_growth
    derived: (emea - before) / before
    inputs:
      - {metric: revenue, as: emea, filter: region = 'EMEA'}
      - {metric: revenue, as: before, filter: region = 'EMEA', offset: 1 month}
    on_zero: undefined
  - name: large_buyers
    model: sales
    agg: count_distinct
    expr: customer_id
    members: {of: customers, where: revenue >= 10000 and margin > 0.2}
  - {name: cash_moved, derived: cash - opening, inputs: [{metric: cash, as: opening, offset: 1 month}]}
"""
}
SCHEMA_WORDS = {
    "gold.fct_sales": [
        ("id", "string"), ("sold_on", "date"), ("status", "string"), ("net_amount", "decimal(18,2)"),
        ("unit_cost", "decimal(18,6)"), ("quantity", "int"), ("order_id", "string"),
        ("customer_id", "string"), ("local_amount", "decimal(18,2)"), ("currency", "string"),
    ],
    "gold.fx_rates": [
        ("month", "date"), ("currency", "string"), ("average_rate", "decimal(18,6)"),
        ("closing_rate", "decimal(18,6)"),
    ],
    "gold.fct_shipments": [("id", "string"), ("customer_id", "string"), ("ship_to_id", "string")],
    "gold.dim_customers": [("customer_id", "string"), ("region", "string"), ("since", "timestamp")],
    "gold.dim_tiers": [
        ("customer_id", "string"), ("since", "date"), ("until", "date"), ("tier", "string"),
    ],
    "gold.dim_people": [
        ("person", "string"), ("unit", "string"), ("hired_on", "date"), ("left_on", "date"),
        ("share", "decimal(4,2)"),
    ],
    "gold.fct_plan": [("month", "date"), ("region", "string"), ("amount", "decimal(18,2)")],
    "gold.fct_balances": [("day", "date"), ("account", "string"), ("amount", "decimal(18,2)")],
    "gold.dim_advice": [("customer_id", "string"), ("adviser", "string"), ("share", "decimal(9,6)")],
    "gold.dim_clubs": [("customer_id", "string"), ("club", "string"), ("level", "int")],
    "gold.dim_owners": [("account", "string"), ("owner", "string"), ("share", "decimal(3,2)")],
    "gold.dim_periods": [
        ("first_day", "date"), ("last_day", "date"), ("of_year", "int"), ("of_quarter", "int"),
    ],
}  # fmt: skip
SCHEMA = Schema.of(SCHEMA_WORDS)


def _period_rows() -> list[tuple[dt.date, dt.date, int, int]]:
    """Two years of periods of five, four and four weeks; the second one of the second year was closed early."""
    found, day = [], dt.date(2024, 7, 1)
    for place in range(24):
        days = (35, 28, 28)[place % 3] - (2 if place == 13 else 0) + (4 if place == 23 else 0)
        last = day + dt.timedelta(days=days - 1)
        found.append((day, last, 2025 + place // 12, place % 12 // 3 + 1))
        day = last + dt.timedelta(days=1)
    return found


PERIOD_ROWS = _period_rows()
CASES: Mapping[str, MetricQuery] = {
    "total": MetricQuery(metrics=("revenue",)),
    "by_region_and_fiscal_quarter": MetricQuery(
        metrics=("revenue", "orders"), group_by=("region", "time.fiscal_quarter"), time=YEAR
    ),
    "two_roles_of_one_table": MetricQuery(
        metrics=("shipped",), group_by=("customers.region", "ship_to.region")
    ),
    "ratio": MetricQuery(metrics=("margin", "average_line"), group_by=("time.week",), time=YEAR),
    "median_by_bin": MetricQuery(metrics=("middle_line",), group_by=("size",)),
    "percentile_of_a_row": MetricQuery(metrics=("high_line_there",), group_by=("region",), totals=True),
    "shared_by_weight": MetricQuery(
        metrics=("revenue", "average_line", "orders"), group_by=("adviser",), totals=True
    ),
    "counted_in_each_group": MetricQuery(
        metrics=("revenue", "middle_line"),
        group_by=("club", "time.quarter"),
        where=(Filter(field="level", op=">", values=(1,)),),
        time=YEAR,
        totals=True,
    ),
    "shared_balance": MetricQuery(
        metrics=("cash", "average_cash"), group_by=("owner", "time.quarter"), time=QUARTER
    ),
    "shared_money": MetricQuery(metrics=("local_revenue",), group_by=("adviser",), time=YEAR),
    "two_models": MetricQuery(metrics=("revenue", "planned"), group_by=("region", "time.month"), time=YEAR),
    "filters": MetricQuery(
        metrics=("orders",),
        where=(
            Filter(field="region", op="in", values=("EMEA", "O'Brien's")),
            Filter(field="status", op="contains", values=("Comp",)),
            Filter(field="since", op="<", values=(dt.date(2025, 1, 1),)),
        ),
    ),
    "previous_year": MetricQuery(
        metrics=("revenue",),
        group_by=("time.month",),
        time=TimeRange(start=dt.date(2026, 5, 1), end=dt.date(2026, 6, 30)),
        compare=Compare(to="previous_year"),
        totals=True,
    ),
    "budget": MetricQuery(
        metrics=("revenue",), group_by=("region",), time=YEAR, compare=Compare(to="budget")
    ),
    "balance": MetricQuery(metrics=("cash",), group_by=("time.quarter",), time=YEAR),
    "average_balance": MetricQuery(metrics=("average_cash",), group_by=("account",), time=YEAR),
    "carried_balance": MetricQuery(
        metrics=("carried_cash",),
        group_by=("time.month",),
        time=TimeRange(start=dt.date(2026, 5, 1), end=dt.date(2026, 6, 30)),
    ),
    "rolling": MetricQuery(
        metrics=("revenue_90d",),
        group_by=("time.month",),
        time=TimeRange(start=dt.date(2026, 5, 1), end=dt.date(2026, 6, 30)),
    ),
    "group_currency": MetricQuery(metrics=("local_revenue",), group_by=("region",), time=YEAR),
    "chosen_currency": MetricQuery(
        metrics=("local_revenue", "cash_in_group"), group_by=("time.month",), time=YEAR, currency="USD"
    ),
    "constant_currency": MetricQuery(
        metrics=("local_revenue",), time=YEAR, compare=Compare(to="constant_currency")
    ),
    "headcount": MetricQuery(metrics=("headcount",), group_by=("time.month", "unit"), time=QUARTER),
    "average_stock": MetricQuery(
        metrics=("average_posts",), time=TimeRange(start=dt.date(2026, 6, 28), end=dt.date(2026, 6, 30))
    ),
    "lifecycles": MetricQuery(
        metrics=("new_buyers", "returning_buyers", "lost_buyers"),
        group_by=("time.month",),
        where=(Filter(field="region", op="=", values=("EMEA",)),),
        time=QUARTER,
    ),
    "calendar_of_weeks": MetricQuery(
        metrics=("revenue",),
        group_by=("time.fiscal_month",),
        time=TimeRange(start=dt.date(2026, 2, 1), end=dt.date(2026, 6, 30), calendar="retail"),
    ),
    "table_of_periods": MetricQuery(
        metrics=("revenue", "cash"),
        group_by=("time.fiscal_quarter",),
        time=TimeRange(start=PERIOD_ROWS[12][0], end=PERIOD_ROWS[20][1], calendar="trading"),
        compare=Compare(to="previous_year"),
        totals=True,
    ),
    "weekdays": MetricQuery(
        metrics=("revenue", "cash"),
        group_by=("time.weekday",),
        where=(Filter(field="time.weekday", op="not_in", values=("Saturday", "Sunday")),),
        time=YEAR,
    ),
    "left_out": MetricQuery(
        metrics=("revenue",),
        where=(
            Filter(field="region", op="!=", values=("EMEA",)),
            Filter(field="status", op="not_in", values=("failed", "pending")),
        ),
    ),
    "contributions": MetricQuery(
        metrics=("revenue",),
        group_by=("region",),
        time=YEAR,
        compare=Compare(to="previous_year"),
        contributions=True,
    ),
    "versions": MetricQuery(metrics=("revenue",), group_by=("tier",), time=YEAR),
    "inputs_of_their_own": MetricQuery(
        metrics=("emea_growth",), group_by=("time.month",), time=QUARTER, totals=True
    ),
    "members": MetricQuery(
        metrics=("large_buyers",),
        group_by=("time.month", "status"),
        where=(Filter(field="region", op="=", values=("EMEA",)),),
        time=QUARTER,
        compare=Compare(to="previous_year"),
    ),
    "price_volume_mix": MetricQuery(
        metrics=("revenue",),
        group_by=("region", "time.quarter"),
        time=QUARTER,
        compare=Compare(to="previous_year"),
        bridge=True,
    ),
    "mean_over_months": MetricQuery(
        metrics=("revenue",),
        group_by=("region", "time.month"),
        time=YEAR,
        fold=Fold(how="mean", key="time.month"),
    ),
    "members_counted": MetricQuery(
        metrics=("orders",),
        group_by=("region",),
        having=(Filter(field="orders", op=">", values=(10,)),),
        time=YEAR,
        fold=Fold(how="count", key="region"),
    ),
    "place_of_one": MetricQuery(
        metrics=("margin",),
        group_by=("region",),
        place=Filter(field="region", op="=", values=("EMEA",)),
        order_by=("-margin",),
        time=YEAR,
    ),
    "either_or": MetricQuery(
        metrics=("revenue",),
        where=(Filter(field="status", op="=", values=("completed",)),),
        either=(
            (
                Filter(field="region", op="=", values=("EMEA",)),
                Filter(field="size", op="!=", values=("under 0",)),
            ),
        ),
        time=YEAR,
    ),
    "opening_balance": MetricQuery(metrics=("cash_moved",), group_by=("account",), time=QUARTER),
    "top_per": MetricQuery(
        metrics=("revenue",),
        group_by=("region", "status"),
        having=(Filter(field="revenue", op=">", values=(10,)),),
        top=Top(n=3, per="region"),
    ),
    "top_with_others": MetricQuery(metrics=("margin",), group_by=("region",), top=Top(n=3, others=True)),
    "share_and_running": MetricQuery(
        metrics=("revenue",), group_by=("time.month", "region"), time=YEAR, share_of="total", running=True
    ),
}


def compiled(query: MetricQuery, dialect: str) -> str:
    catalog = load_catalog(Path("catalog"), texts=CATALOG)
    listed = with_rows(catalog.calendars["trading"], [(*row, None, None) for row in PERIOD_ROWS])
    catalog = replace(catalog, calendars={**catalog.calendars, "trading": listed})
    resolved = resolve(query, catalog, EVERYONE, today=TODAY, schema=SCHEMA)
    statement = compile_query(resolved, dialect)
    proofs = [
        f"-- must give no row\n{proof.sql}"
        for proof in statement.proofs
        if "have the same key" not in proof.message
    ]
    texts = [statement.sql, statement.totals_sql, *proofs]
    return "\n\n".join(f"{each};" for each in texts if each) + "\n"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("case", CASES)
def test_a_query_becomes_this_sql(case: str, dialect: str) -> None:
    text = compiled(CASES[case], dialect)
    file = FOLDER / f"{case}.{dialect}.sql"
    if SNAP:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert text == file.read_text(), "changed; if that is meant: make snap"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("case", CASES)
def test_the_text_can_be_read_back(case: str, dialect: str) -> None:
    assert all(sqlglot.parse(compiled(CASES[case], dialect), dialect=dialect))


def test_the_same_query_gives_the_same_text() -> None:
    assert len({compiled(CASES["two_models"], "duckdb") for _ in range(3)}) == 1


def test_no_file_is_left_over() -> None:
    assert {file.stem.split(".")[0] for file in FOLDER.glob("*.sql")} == set(CASES)
