"""Resolving a query: choices that are made, and faults that are found, all at once and with the nearest right name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from datatrust.core.errors import UnknownName, UserError
from datatrust.core.issues import Issue
from semantic.baselines import base_range, base_windows
from semantic.loader import load_catalog
from semantic.model import Calendar
from semantic.query import EVERYONE, Compare, Filter, MetricQuery, TimeRange, Top
from semantic.resolved import Order, ResolvedQuery
from semantic.resolver import resolve

CATALOG = load_catalog(
    Path("catalog"),
    texts={
        "all.yml": """
calendars:
  fiscal: {starts: 07-01, named_by: end, default: true}
  gregorian: {}
closed_through: 2026-05-31
models:
  - model: sales
    table: sales
    key: [id]
    time: day
    joins: [{to: customers, key: customer}]
    segments: {booked: "status = 'completed'"}
    dimensions: [{name: day, type: time}, {name: shipped, type: time}, {name: status}, {name: gift, type: flag},
                 {name: qty, type: number}]
  - model: customers
    table: customers
    key: [customer]
    dimensions: [{name: region, values: {EMEA: [Europe]}}, {name: since, type: time}]
  - {model: plan, table: plan, key: [month], time: month, dimensions: [{name: month, type: time, grain: month}]}
  - {model: rates, table: rates, key: [code], dimensions: [code]}
metrics:
  - {name: revenue, model: sales, agg: sum, expr: amount, plan: {budget: planned}, better: higher}
  - {name: orders, model: sales, agg: count}
  - {name: planned, model: plan, agg: sum, expr: amount}
  - {name: gap, derived: revenue - planned}
  - {name: codes, model: rates, agg: count}
  - {name: lost, lifecycle: {of: orders, entity: customer, state: lost, inactive: 12 months}}
"""
    },
)
TODAY = dt.date(2026, 6, 15)
JUNE = TimeRange(start=dt.date(2026, 6, 1), end=dt.date(2026, 6, 30))


def coverage(metric: str) -> tuple[dt.date, dt.date] | None:
    return None if metric == "codes" else (dt.date(2023, 7, 1), TODAY)


def resolved(*metrics: str, **more: Any) -> ResolvedQuery:
    return resolve(MetricQuery(metrics=metrics, **more), CATALOG, EVERYONE, today=TODAY, coverage=coverage)


def faults(*metrics: str, **more: Any) -> list[Issue]:
    with pytest.raises(UserError) as raised:
        resolved(*metrics, **more)
    return list(raised.value.issues)


def only_fault(*metrics: str, **more: Any) -> Issue:
    (issue,) = faults(*metrics, **more)
    return issue


def test_unknown_names_come_all_at_once_with_the_nearest() -> None:
    issues = faults(
        "revenue",
        "ordres",
        group_by=("regoin", "tiem.month"),
        where=(Filter(field="statsu", op="=", values=("x",)),),
    )
    assert [issue.suggestion for issue in issues] == ["orders", "region", "time.month", "status"]
    with pytest.raises(UnknownName):
        resolved("revenue", group_by=("regoin",))


def test_a_dimension_out_of_reach_names_the_metric_and_what_can_be_used() -> None:
    issue = only_fault("revenue", "planned", group_by=("region",))
    assert "planned cannot be split" in issue.message
    assert issue.hint is not None
    assert "ask for planned apart" in issue.hint


def test_a_grain_finer_than_the_data_is_refused() -> None:
    issue = only_fault("planned", group_by=("time.day",))
    assert "kept by month" in issue.message


@pytest.mark.parametrize(
    ("field", "op", "values"),
    [
        ("day", "=", ("yesterweek",)),
        ("qty", ">", ("many",)),
        ("gift", "=", ("perhaps",)),
        ("status", "between", ("a",)),
        ("status", "in", ()),
        ("day", "contains", ("2026",)),
        ("booked", "=", (3,)),
    ],
)
def test_a_value_of_the_wrong_type_is_a_fault(field: str, op: Any, values: tuple[Any, ...]) -> None:
    assert only_fault("revenue", where=(Filter(field=field, op=op, values=values),)).code == "DT304"


def test_values_take_the_type_of_their_dimension() -> None:
    where = (
        Filter(field="region", op="=", values=("europe",)),
        Filter(field="qty", op=">", values=("3",)),
        Filter(field="gift", op="=", values=("yes",)),
        Filter(field="day", op="=", values=("Q3 FY2026",)),
    )
    assert resolved("revenue", where=where).filters == (
        Filter(field="region", op="=", values=("EMEA",)),
        Filter(field="qty", op=">", values=(3,)),
        Filter(field="gift", op="=", values=(True,)),
        Filter(field="day", op="between", values=(dt.date(2026, 1, 1), dt.date(2026, 3, 31))),
    )


def test_a_period_is_refused_where_there_is_no_time() -> None:
    assert only_fault("codes", time=JUNE).code == "DT307"
    assert only_fault("codes", group_by=("time.month",)).code in ("DT302", "DT303")


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    assert only_fault("revenue", time=TimeRange(start=JUNE.end, end=JUNE.start)).code == "DT306"


def test_no_period_is_an_assumption_with_exact_dates() -> None:
    found = resolved("revenue")
    assert found.assumptions == ("No period was named: all data, 1 Jul 2023 to 15 Jun 2026",)
    assert found.query.time == TimeRange(start=dt.date(2023, 7, 1), end=TODAY)
    assert (found.slices[0].start, found.slices[0].end) == (None, None)  # rows without a day count too


def test_a_range_on_another_date_is_a_filter() -> None:
    time = TimeRange(start=JUNE.start, end=JUNE.end, dimension="shipped")
    found = resolved("revenue", time=time)
    assert [(each.field, each.op) for each in found.filters] == [("shipped", ">="), ("shipped", "<=")]
    own = resolved("revenue", time=TimeRange(start=JUNE.start, end=JUNE.end, dimension="day"))
    assert (own.filters, own.slices[0].start) == ((), JUNE.start)


def test_default_orders() -> None:
    assert resolved("revenue", group_by=("region", "time.month")).order == (
        Order(column="time.month"),
        Order(column="region"),
    )
    assert resolved("revenue", group_by=("region",), top=Top(n=3)).order == (
        Order(column="revenue", descending=True),
    )
    per = resolved("revenue", group_by=("region", "status"), top=Top(n=3, per="region"))
    assert per.order == (Order(column="region"), Order(column="revenue", descending=True))


def test_order_and_having_are_limited_to_the_columns() -> None:
    issues = faults("revenue", order_by=("-revenu",), having=(Filter(field="orders", op=">", values=(1,)),))
    assert {issue.suggestion for issue in issues} == {"revenue", None}
    compared = resolved(
        "revenue", time=JUNE, compare=Compare(to="budget"), order_by=("-revenue__difference",)
    )
    assert compared.order[0].column == "revenue__difference"


def test_a_scenario_is_the_metric_that_the_plan_names() -> None:
    assert resolved("revenue", time=JUNE, compare=Compare(to="budget")).scenario == {"revenue": "planned"}
    issue = only_fault("orders", time=JUNE, compare=Compare(to="budget"))
    assert issue.hint == "it can be compared with: constant_currency, previous_period, previous_year"
    assert only_fault("revenue", time=JUNE, compare=Compare(to="bugdet")).suggestion == "budget"


def test_what_cannot_be_computed_yet_is_said() -> None:
    shipped = TimeRange(start=JUNE.start, end=JUNE.end, dimension="shipped")
    assert (
        "not supported yet"
        in only_fault("revenue", time=shipped, compare=Compare(to="previous_year")).message
    )
    assert "nothing to show in USD" in only_fault("revenue", currency="USD").message


def test_a_comparison_in_time_needs_a_period() -> None:
    assert only_fault("revenue", compare=Compare(to="previous_year")).code == "DT308"
    assert len(resolved("revenue", group_by=("time.month",), compare=Compare(to="previous_year")).slices) == 2


def test_top_and_shares_need_their_groups() -> None:
    assert only_fault("revenue", top=Top(n=3)).code == "DT311"
    assert only_fault("revenue", group_by=("region",), top=Top(n=0)).code == "DT311"
    assert only_fault("revenue", group_by=("region",), top=Top(n=1, per="regio")).suggestion == "region"
    assert only_fault("revenue", share_of="total").code == "DT311"
    assert only_fault("revenue", group_by=("region",), share_of="parent").code == "DT311"
    assert only_fault("revenue", group_by=("region",), running=True).code == "DT311"


# --------------------------------------------------------------------------------------------------------- bases

FISCAL = Calendar(name="fiscal", starts=(7, 1))


@pytest.mark.parametrize(
    ("start", "end", "to", "known", "first", "last"),
    [
        ("2026-03-01", "2026-03-31", "previous_period", "2026-06-30", "2026-02-01", "2026-02-28"),
        ("2026-01-01", "2026-03-31", "previous_period", "2026-06-30", "2025-10-01", "2025-12-31"),
        ("2026-02-01", "2026-04-30", "previous_period", "2026-06-30", "2025-11-01", "2026-01-31"),
        ("2026-06-10", "2026-06-12", "previous_period", "2026-06-30", "2026-06-07", "2026-06-09"),
        ("2026-06-15", "2026-06-21", "previous_period", "2026-06-30", "2026-06-08", "2026-06-14"),
        ("2025-07-01", "2026-06-30", "previous_period", "2026-06-30", "2024-07-01", "2025-06-30"),
        ("2026-04-01", "2026-06-15", "previous_period", "2026-06-30", "2026-01-01", "2026-03-15"),
        ("2026-06-01", "2026-06-30", "previous_period", "2026-06-15", "2026-05-01", "2026-05-15"),
        ("2025-07-01", "2026-06-30", "previous_period", "2026-03-31", "2024-07-01", "2025-03-31"),
        ("2024-02-29", "2024-02-29", "previous_year", "2026-06-30", "2023-02-28", "2023-02-28"),
        ("2024-02-01", "2024-02-29", "previous_year", "2026-06-30", "2023-02-01", "2023-02-28"),
        ("2025-02-01", "2025-02-28", "previous_year", "2026-06-30", "2024-02-01", "2024-02-29"),
        ("2026-06-01", "2026-06-30", "previous_year", "2026-06-15", "2025-06-01", "2025-06-15"),
    ],
)
def test_what_a_range_is_compared_with(
    start: str, end: str, to: str, known: str, first: str, last: str
) -> None:
    day = dt.date.fromisoformat
    found = base_range(
        day(start), day(end), to=to, known_through=day(known), calendar=FISCAL, like_for_like=True
    )
    assert found == (day(first), day(last))


def test_a_week_keeps_its_weekdays() -> None:
    (window,) = base_windows(
        dt.date(2026, 1, 5),
        dt.date(2026, 1, 11),
        "week",
        to="previous_year",
        known_through=TODAY,
        calendar=FISCAL,
        like_for_like=True,
    )
    assert (window.start.weekday(), (window.end - window.start).days, window.start) == (
        0,
        6,
        dt.date(2025, 1, 6),
    )
