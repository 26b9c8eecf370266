"""Any query that a catalog allows gives what plain Python over the rows gives: another way to the same number."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semantic.calendar import GRAINS, period_of, year_ago
from semantic.compiler.buckets import bucket
from semantic.compiler.dialects import print_sql
from semantic.model import Calendar
from semantic.query import EVERYONE, Compare, Filter, MetricQuery, TimeRange
from tests.support.books import Books, open_books

pytestmark = pytest.mark.slow

CATALOG = {
    "all": """
calendars:
  fiscal: {starts: 04-01, named_by: end, week_starts: sunday, default: true}
  gregorian: {}
models:
  - model: sales
    table: sales
    key: [id]
    time: day
    joins: [{to: customers, key: customer}]
    dimensions: [{name: day, type: time}, {name: channel}, {name: size, expr: qty, bins: [0, 3, 6]},
                 {name: gift, type: flag}]
  - model: customers
    table: customers
    key: [customer]
    joins: [{to: areas, key: area}]
    dimensions: [{name: segment}]
  - model: areas
    table: areas
    key: [area]
    dimensions: [{name: region}]
  - model: plan
    table: plan
    key: [month, region]
    time: month
    dimensions: [{name: month, type: time, grain: month}, {name: region}]
  - model: stock
    table: stock
    key: [day, region]
    time: day
    dimensions: [{name: day, type: time}, {name: region}]
metrics:
  - {name: revenue, model: sales, agg: sum, expr: qty * price, where: "channel != 'test'", plan: {budget: planned}}
  - {name: units, model: sales, agg: sum, expr: qty}
  - {name: lines, model: sales, agg: count}
  - {name: gifts, model: sales, agg: sum, expr: gift}
  - {name: buyers, model: sales, agg: count_distinct, expr: customer}
  - {name: mean_price, model: sales, agg: average, expr: price}
  - {name: middle_price, model: sales, agg: median, expr: price}
  - {name: top_price, model: sales, agg: max, expr: price}
  - {name: planned, model: plan, agg: sum, expr: amount}
  - {name: in_stock, model: stock, balance: {agg: sum, expr: amount, take: last}}
  - {name: unit_price, ratio: {numerator: revenue, denominator: units}, on_zero: undefined}
  - {name: attainment, ratio: {numerator: revenue, denominator: planned}, on_zero: zero}
  - {name: gap, derived: revenue - planned}
  - {name: turns, derived: revenue / in_stock * 12, on_zero: undefined}
"""
}
Row = dict[str, Any]
FIRST, LAST = dt.date(2024, 1, 1), dt.date(2025, 12, 31)


@cache
def company() -> tuple[Books, dict[str, list[Row]]]:
    """Two years of a small company, with holes: unknown customers, areas, channels, prices and days."""
    chance = random.Random(360)
    areas = [{"area": f"A{i}", "region": ["North", "South", None][i % 3]} for i in range(5)]
    customers = [
        {
            "customer": f"C{i}",
            "segment": chance.choice(["S", "M", None]),
            "area": chance.choice(["A0", "A1", "A2", "A9", None]),
        }
        for i in range(12)
    ]
    days = [FIRST + dt.timedelta(days=i) for i in range((LAST - FIRST).days + 1)]
    sales = [
        {
            "id": i,
            "day": chance.choice(days) if chance.random() > 0.03 else None,
            "customer": chance.choice([f"C{j}" for j in range(14)] + [None]),
            "channel": chance.choice(["web", "shop", "test", None]),
            "gift": chance.choice([True, False, None]),
            "qty": chance.randint(-3, 9),
            "price": Decimal(chance.randint(0, 99_999)) / 100 if chance.random() > 0.05 else None,
        }
        for i in range(600)
    ]
    months = [day for day in days if day.day == 1]
    plan = [
        {
            "month": month,
            "region": region,
            "amount": Decimal(chance.choice([0, 0, chance.randint(1, 10**6)])) / 100,
        }
        for month in months
        for region in ("North", "South")
        if chance.random() > 0.1
    ]
    stock = [
        {"day": day, "region": region, "amount": Decimal(chance.randint(0, 10**6)) / 100}
        for day in days
        if chance.random() > 0.8
        for region in ("North", "South", None)
        if chance.random() > 0.2
    ]
    tables = {"areas": areas, "customers": customers, "sales": sales, "plan": plan, "stock": stock}
    kinds = {"day": "DATE", "month": "DATE", "price": "DECIMAL(9,2)", "amount": "DECIMAL(18,2)", "qty": "INT",
             "id": "INT", "gift": "BOOLEAN"}  # fmt: skip
    statements = []
    for name, rows in tables.items():
        columns = ", ".join(f"{column} {kinds.get(column, 'VARCHAR')}" for column in rows[0])
        listed = ", ".join(f"({', '.join(_literal(value) for value in row.values())})" for row in rows)
        statements.append(f"CREATE TABLE {name} ({columns}); INSERT INTO {name} VALUES {listed};")
    books = open_books(Path(mkdtemp(prefix="company")), "\n".join(statements), CATALOG, today="2025-12-31")
    region_of = {area["area"]: area["region"] for area in areas}
    for row in sales:
        customer = next((each for each in customers if each["customer"] == row["customer"]), None)
        row["segment"] = customer["segment"] if customer else None
        row["region"] = region_of.get(customer["area"]) if customer else None
        qty = row["qty"]
        row["size"] = (
            "under 0"
            if qty < 0
            else "0 to under 3"
            if qty < 3
            else "3 to under 6"
            if qty < 6
            else "6 and over"
        )
    return books, tables


def _literal(value: Any) -> str:
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str | dt.date) else str(value)


# ----------------------------------------------------------------------------------------- the naive evaluation

Values = Callable[[list[Row]], Fraction | None]


def _total(column: Callable[[Row], Any]) -> Values:
    def total(rows: list[Row]) -> Fraction | None:
        known = [Fraction(value) for row in rows if (value := column(row)) is not None]
        return sum(known, Fraction(0)) if known else None

    return total


def _known(rows: list[Row], column: str) -> list[Fraction]:
    return sorted(Fraction(row[column]) for row in rows if row[column] is not None)


def _median(rows: list[Row]) -> Fraction | None:
    known = _known(rows, "price")
    return (known[(len(known) - 1) // 2] + known[len(known) // 2]) / 2 if known else None


def _mean(rows: list[Row]) -> Fraction | None:
    known = _known(rows, "price")
    return sum(known, Fraction(0)) / len(known) if known else None


def _largest(rows: list[Row]) -> Fraction | None:
    return max(_known(rows, "price"), default=None)


BASES: dict[str, tuple[str, str, Callable[[Row], bool], Values]] = {
    "revenue": ("sales", "day", lambda row: row["channel"] not in ("test", None),
                _total(lambda row: None if row["price"] is None else row["qty"] * Fraction(row["price"]))),
    "units": ("sales", "day", lambda row: True, _total(lambda row: row["qty"])),
    "lines": ("sales", "day", lambda row: True, lambda rows: Fraction(len(rows))),
    "gifts": ("sales", "day", lambda row: True, _total(lambda row: row["gift"])),
    "buyers": ("sales", "day", lambda row: True,
               lambda rows: Fraction(len({row["customer"] for row in rows} - {None}))),
    "mean_price": ("sales", "day", lambda row: True, _mean),
    "middle_price": ("sales", "day", lambda row: True, _median),
    "top_price": ("sales", "day", lambda row: True, _largest),
    "planned": ("plan", "month", lambda row: True, _total(lambda row: row["amount"])),
    "in_stock": ("stock", "day", lambda row: True, _total(lambda row: row["amount"])),
}  # fmt: skip
COUNTS = ("lines", "buyers")
FORMULAS: dict[str, tuple[tuple[str, ...], Callable[..., Fraction | None]]] = {
    "unit_price": (("revenue", "units"), lambda a, b: None if None in (a, b) or b == 0 else a / b),
    "attainment": (("revenue", "planned"),
                   lambda a, b: None if None in (a, b) else Fraction(0) if b == 0 else a / b),
    "gap": (("revenue", "planned"), lambda a, b: None if None in (a, b) else a - b),
    "turns": (("revenue", "in_stock"), lambda a, b: None if None in (a, b) or b == 0 else a / b * 12),
}  # fmt: skip
FISCAL = Calendar(name="fiscal", starts=(4, 1), week_starts="sunday")


def naive(query: MetricQuery, shift: bool = False) -> dict[tuple[Any, ...], list[Fraction | None]]:
    """Evaluate a query by loops over rows; with `shift`, each bucket a year before its own."""
    _, tables = company()
    names = list(dict.fromkeys(base for metric in query.metrics for base in _bases(metric)))
    groups: dict[tuple[Any, ...], dict[str, list[Row]]] = {}
    seen: set[tuple[Any, ...]] = set()
    for base in names:
        table, time, counts, _ = BASES[base]
        rows = [row for row in tables[table] if _in_range(row[time], query, shift)]
        if base == "in_stock":
            rows = _last_days(rows, query, shift)
        for row in rows:
            if not all(_passes(row, wanted) for wanted in query.where) or not counts(row):
                continue
            key = tuple(_member(row, time, by, shift) for by in query.group_by)
            groups.setdefault(key, {}).setdefault(base, []).append(row)
            seen.add(key)
    if not query.group_by:
        seen.add(())
    result = {}
    for key in seen:
        found = groups.get(key, {})
        values = {base: _value(base, found.get(base, [])) for base in names}
        result[key] = [
            FORMULAS[metric][1](*(values[base] for base in FORMULAS[metric][0]))
            if metric in FORMULAS
            else values[metric]
            for metric in query.metrics
        ]
    return result


def _bases(metric: str) -> tuple[str, ...]:
    return FORMULAS[metric][0] if metric in FORMULAS else (metric,)


def _value(base: str, rows: list[Row]) -> Fraction | None:
    if not rows:
        return Fraction(0) if base in COUNTS else None
    return BASES[base][3](rows)


def _in_range(day: dt.date | None, query: MetricQuery, shift: bool) -> bool:
    if query.time is None:
        return True
    if day is None or query.time.start is None or query.time.end is None:
        return False
    start, end = query.time.start, query.time.end
    if shift:
        start, end = _year_before(start), _year_before(end)
    return start <= day <= end


def _year_before(day: dt.date) -> dt.date:
    """Whole months only: the ends of the ranges of this test."""
    if (day + dt.timedelta(days=1)).day == 1:
        return (day + dt.timedelta(days=1)).replace(
            year=(day + dt.timedelta(days=1)).year - 1
        ) - dt.timedelta(days=1)
    return day.replace(year=day.year - 1)


def _bucket(day: dt.date | None, by: str, shift: bool) -> dt.date | None:
    if day is None:
        return None
    period = period_of(day, by.split(".")[1], FISCAL)
    return year_ago(period, FISCAL, -1).start if shift else period.start


def _member(row: Row, time: str, by: str, shift: bool) -> Any:
    return _bucket(row[time], by, shift) if by.startswith("time.") else row[by]


def _last_days(rows: list[Row], query: MetricQuery, shift: bool) -> list[Row]:
    grain = next((by for by in query.group_by if by.startswith("time.")), None)
    last: dict[Any, dt.date] = {}
    for row in rows:
        place = _bucket(row["day"], grain, shift) if grain else None
        last[place] = max(last.get(place, dt.date.min), row["day"])
    return [row for row in rows if row["day"] == last[_bucket(row["day"], grain, shift) if grain else None]]


def _passes(row: Row, wanted: Filter) -> bool:
    value = row[wanted.field]
    if wanted.op == "is_null":
        return value is None
    if value is None:
        return wanted.op in ("!=", "not_in")  # leaving a member out keeps what has none
    return {
        "=": lambda: value == wanted.values[0],
        "!=": lambda: value != wanted.values[0],
        "in": lambda: value in wanted.values,
        "not_in": lambda: value not in wanted.values,
    }[wanted.op]()


# ------------------------------------------------------------------------------------------------------ queries

SALES_ONLY = ("channel", "segment", "size", "gift")
MEMBERS: dict[str, list[Any]] = {
    "region": ["North", "South"], "channel": ["web", "shop", "test"], "segment": ["S", "M"], "gift": [True, False],
}  # fmt: skip


@st.composite
def queries(draw: st.DrawFn) -> MetricQuery:
    """A query that the catalog allows."""
    known = [*BASES, *FORMULAS]
    metrics = tuple(draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True)))
    models = {BASES[base][0] for metric in metrics for base in _bases(metric)}
    dimensions = ["region", *(SALES_ONLY if models == {"sales"} else ())]
    by = draw(st.lists(st.sampled_from(dimensions), max_size=2, unique=True))
    grains = ["month", "quarter", "year", "fiscal_year"] + ([] if "plan" in models else ["week", "day"])
    grain = draw(st.sampled_from([None, *grains]))
    where = []
    for field in draw(
        st.lists(st.sampled_from([d for d in dimensions if d in MEMBERS]), max_size=2, unique=True)
    ):
        op = draw(st.sampled_from(["=", "!=", "in", "not_in", "is_null"]))
        count = 0 if op == "is_null" else 1 if op in ("=", "!=") else draw(st.integers(1, 2))
        where.append(Filter(field=field, op=op, values=tuple(MEMBERS[field][:count])))
    time = None
    if draw(st.booleans()) or grain:
        first = dt.date(2024, draw(st.integers(1, 12)), 1)
        last = dt.date(2025, draw(st.integers(1, 12)), 1) - dt.timedelta(days=1)
        time = TimeRange(start=min(first, last), end=max(first, last))
    return MetricQuery(
        metrics=metrics, group_by=(*by, *([f"time.{grain}"] if grain else [])), where=tuple(where), time=time
    )


def shown(value: Fraction | None) -> Decimal | None:
    """A fraction at twelve digits, half away from zero, as quotients are given."""
    if value is None:
        return None
    with localcontext() as context:
        context.prec = 80
        size = Decimal(abs(value.numerator)) / Decimal(value.denominator)
        size = size.quantize(Decimal(1).scaleb(-12), rounding=ROUND_HALF_UP)
    return -size if value < 0 else size


def compared_as(
    rows: dict[tuple[Any, ...], list[Fraction | None]],
) -> dict[tuple[Any, ...], list[Decimal | None]]:
    return {key: [shown(value) for value in values] for key, values in rows.items()}


QUICK = settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@QUICK
@given(queries())
def test_rows_are_those_of_plain_python(query: MetricQuery) -> None:
    books, _ = company()
    result = books.layer.query(query, viewer=EVERYONE)
    keys = len(query.group_by)
    rows = {
        row[:keys]: [None if v is None else shown(Fraction(v)) for v in row[keys:]] for row in result.rows
    }
    assert len(rows) == len(result.rows)
    assert rows == compared_as(naive(query))


@QUICK
@given(queries(), st.sampled_from(["month", "quarter", "fiscal_year"]))
def test_bases_are_those_of_a_year_before(query: MetricQuery, grain: str) -> None:
    books, _ = company()
    keys = tuple(by for by in query.group_by if not by.startswith("time."))
    asked = MetricQuery(
        metrics=query.metrics[:1],
        group_by=(*keys, f"time.{grain}"),
        where=query.where,
        time=TimeRange(start=dt.date(2025, 4, 1), end=dt.date(2025, 12, 31)),
        compare=Compare(to="previous_year", like_for_like=False),
    )
    now, base = naive(asked), naive(asked, shift=True)
    zero = [Fraction(0) if asked.metrics[0] in COUNTS else None]
    result = books.layer.query(asked, viewer=EVERYONE)
    found = {
        row[: len(keys) + 1]: [None if v is None else shown(Fraction(v)) for v in row[-5:-3]]
        for row in result.rows
    }
    if grain == "fiscal_year":  # the asked range is a part of its year; the base is the same part
        base = naive(asked, shift=True)
    wanted = {key: [*now.get(key, zero), *base.get(key, zero)] for key in {*now, *base}}
    assert found == compared_as(wanted)


@QUICK
@given(
    st.sampled_from(["revenue", "units", "lines", "gifts"]),
    st.sampled_from(["region", "segment", "channel", "size", "gift", "time.week", "time.quarter"]),
)
def test_what_adds_up_adds_up_over_any_dimension(metric: str, by: str) -> None:
    books, _ = company()
    result = books.ask(metric, by=(by,), totals=True)
    assert result.totals is not None
    assert sum(row[1] or 0 for row in result.rows) == result.totals[1] == books.value(metric)


def test_the_same_query_gives_the_same_bytes() -> None:
    books, _ = company()
    hashes = {
        books.ask("revenue", "unit_price", "turns", by=("region", "time.month"), totals=True).evidence.result
        for _ in range(5)
    }
    assert len(hashes) == 1


# --------------------------------------------------------------------------------------------------------- buckets

CALENDARS = [
    Calendar(name="c", starts=(month, day), week_starts=week)  # type: ignore[arg-type]
    for (month, day), week in zip(
        [(1, 1), (7, 1), (4, 1), (10, 1), (4, 6), (2, 1), (12, 28)],
        ["monday", "sunday", "saturday", "monday", "sunday", "monday", "monday"],
        strict=True,
    )
]


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda each: f"{each.starts}")
@pytest.mark.parametrize("grain", GRAINS)
def test_buckets_in_sql_are_the_periods_of_the_calendar(calendar: Calendar, grain: str) -> None:
    from semantic.compiler import sql

    text = print_sql(bucket(sql.column("day"), grain, calendar), "duckdb")
    days = (
        "SELECT CAST(range AS DATE) AS day FROM range(DATE '2023-12-20', DATE '2028-03-10', INTERVAL 1 DAY)"
    )
    for day, found in duckdb.connect().execute(f"SELECT day, {text} FROM ({days})").fetchall():
        assert found == period_of(day, grain, calendar).start, day
