"""Pins: days that stand for a period, gaps that are filled, and data kept by a longer period than is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest

from datatrust.core.errors import UserError
from tests.support.books import Books, open_books

SALES = {
    dt.date(2025, 1, 10): 5, dt.date(2025, 2, 10): 7, dt.date(2026, 1, 30): 10, dt.date(2026, 1, 31): 20,
    dt.date(2026, 2, 28): 40, dt.date(2026, 4, 2): 80,
}  # fmt: skip
TABLES = (
    "CREATE TABLE sales (day DATE, region VARCHAR, amount DECIMAL(18, 2), customer VARCHAR);"
    "CREATE TABLE customers (customer VARCHAR); INSERT INTO customers VALUES ('a'), ('b');"
    "CREATE TABLE plan (year DATE, amount INT); INSERT INTO plan VALUES ('2026-01-01', 1200);"
    "CREATE TABLE cash (day DATE, account VARCHAR, amount INT);"
    "INSERT INTO cash VALUES ('2026-01-01', 'x', 1), ('2026-01-02', 'y', 2), ('2026-01-03', 'y', 4);"
) + "".join(
    f"INSERT INTO sales VALUES ('{day}', '{'EU' if amount < 30 else 'US'}', {amount}, '{'a' if amount > 5 else 'b'}');"
    for day, amount in SALES.items()
)
MODELS = """
models:
  - model: sales
    table: sales
    time: day
    joins: [{to: customers, key: customer}]
    dimensions: [{name: day, type: time}, region]
  - {model: customers, table: customers, key: [customer]}
  - {model: plan, table: plan, time: year, dimensions: [{name: year, type: time, grain: year}]}
  - {model: cash, table: cash, time: day, dimensions: [{name: day, type: time}, account]}
"""
METRICS = """
metrics:
  - {name: amount, model: sales, agg: sum, expr: amount}
  - {name: shown, model: sales, agg: sum, expr: amount, fill: 0, every_period: true}
  - {name: first_so_far, cumulative: {of: amount, to_date: year, take: first}}
  - {name: last_so_far, cumulative: {of: amount, rolling: 2 days, take: last}}
  - {name: mean_so_far, cumulative: {of: amount, to_date: year, take: average}}
  - {name: before, derived: b, inputs: [{metric: amount, as: b, offset: 1 month}]}
  - {name: before_by_day, derived: b, inputs: [{metric: amount, as: b, offset: 1 month, each_day: true}]}
  - {name: at_start, derived: s, inputs: [{metric: amount, as: s, to_start: month}]}
  - {name: planned, model: plan, agg: sum, expr: amount}
  - {name: loyal, model: sales, agg: sum, expr: amount, members: {of: customers, where: amount > 100}}
  - {name: loyal_ever, model: sales, agg: sum, expr: amount, members: {of: customers, where: amount > 100, over: all}}
  - {name: opening, model: cash, balance: {agg: sum, expr: amount, take: first}}
  - {name: own_opening, model: cash, balance: {agg: sum, expr: amount, take: first, among: filtered}}
"""
YEAR = {"start": "2026-01-01", "end": "2026-04-30"}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    opened = open_books(
        tmp_path_factory.mktemp("days"), TABLES, {"models": MODELS, "metrics": METRICS}, today="2026-04-30"
    )
    yield opened
    opened.layer.close()


def by_month(books: Books, metric: str) -> dict[int, object]:
    return {row[0].month: row[1] for row in books.ask(metric, by=("time.month",), **YEAR).rows}


def so_far(day: dt.date) -> int | None:
    found = [amount for each, amount in SALES.items() if each.year == day.year and each <= day]
    return sum(found) if found else None


def days(month: int) -> list[dt.date]:
    first = dt.date(2026, month, 1)
    return [day for index in range(31) if (day := first + dt.timedelta(days=index)).month == month]


def test_data_kept_by_year_are_not_asked_by_month(books: Books) -> None:
    """Trap: the row of a year lies on 1 January, so January had all of it."""
    with pytest.raises(UserError, match="kept by year"):
        books.ask("planned", by=("time.month",), **YEAR)
    assert books.groups("planned", "time.year", **YEAR) == {dt.date(2026, 1, 1): 1200}


def test_the_days_of_a_period_are_each_added_up_first(books: Books) -> None:
    values = {
        month: [value for day in days(month) if (value := so_far(day)) is not None] for month in range(1, 5)
    }
    assert by_month(books, "first_so_far") == {month: found[0] for month, found in values.items()}
    means = {month: round(Decimal(sum(found)) / len(found), 12) for month, found in values.items()}
    assert by_month(books, "mean_so_far") == means
    assert by_month(books, "last_so_far") == {1: 30, 2: 40, 3: 40, 4: 80}, "1 March still sees 28 February"


def test_a_comparison_takes_the_same_days_of_the_year_before(books: Books) -> None:
    result = books.ask("first_so_far", by=("time.month",), compare="previous_year", **YEAR)
    assert [row[2] for row in result.rows] == [5, 5, 12, 12]


def test_what_takes_days_of_its_own_does_not_add_up(books: Books) -> None:
    with pytest.raises(UserError, match="says nothing"):
        books.ask("mean_so_far", by=("region",), share_of="total", **YEAR)
    with pytest.raises(UserError, match="several periods"):
        books.ask("at_start", by=("time.month",), running=True, **YEAR)


@pytest.mark.parametrize("of", ["agg: average", "agg: sum, members: {of: customers, where: amount > 1}"])
def test_days_are_taken_of_one_column_of_values(of: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    bad = f"{METRICS}  - {{name: bad, model: sales, expr: amount, {of}}}\n  - {{name: worse, cumulative: {{of: bad, take: first}}}}\n"
    with pytest.raises(UserError, match='"worse" takes days of a period'):
        open_books(tmp_path_factory.mktemp("bad"), TABLES, {"models": MODELS, "metrics": bad})


def test_a_filled_period_is_shown_and_an_unfilled_one_is_none(books: Books) -> None:
    assert by_month(books, "amount") == {1: 30, 2: 40, 4: 80}
    assert by_month(books, "shown") == {1: 30, 2: 40, 3: 0, 4: 80}
    both = books.ask("amount", "shown", by=("time.month",), **YEAR).rows
    assert both[2] == (dt.date(2026, 3, 1), None, 0)
    split = books.ask("shown", by=("time.month", "region"), **YEAR).rows
    assert [row[0].month for row in split] == [1, 2, 4], "no member is made up for a period without rows"


def test_a_month_back_moves_whole_periods_unless_each_day_is_asked(books: Books) -> None:
    """Trap: 28, 29, 30 and 31 March each lie a month after 28 February, and none after 31 January."""
    quarter = {"start": "2026-01-01", "end": "2026-03-31"}
    assert books.groups("before", "time.quarter", **quarter) == {dt.date(2026, 1, 1): 70}
    assert books.groups("before_by_day", "time.quarter", **quarter) == {dt.date(2026, 1, 1): 4 * 40}
    assert by_month(books, "before") == by_month(books, "before_by_day")
    with pytest.raises(UserError, match="has no total"):
        books.ask("before_by_day", by=("time.quarter",), totals=True, **quarter)


def test_the_start_of_a_month_is_one_day_by_day_and_the_month_by_month(books: Books) -> None:
    daily = books.groups("at_start", "time.day", **YEAR)
    assert {day: value for day, value in daily.items() if value is not None} == {}, (
        "no month begins with a sale"
    )
    assert by_month(books, "at_start") == by_month(books, "amount")
    for wrong in ({"by": ("time.week",)}, {}, {"by": ("time.day",), "totals": True}):
        with pytest.raises(UserError, match="start of"):
            books.ask("at_start", **wrong, **YEAR)


def test_members_over_all_time_are_the_same_in_each_period(books: Books) -> None:
    assert by_month(books, "loyal") == {}, "no month alone has more than 100"
    assert by_month(books, "loyal_ever") == {1: 30, 2: 40, 4: 80}
    assert books.value("loyal_ever", start="2025-01-01", end="2025-12-31") == 7


def test_filters_come_before_the_day_of_a_balance_only_where_it_says_so(books: Books) -> None:
    january = {"start": "2026-01-01", "end": "2026-01-31"}
    assert books.ask("opening", where="account = 'y'", **january).rows in ((), ((None,),))
    assert books.value("own_opening", where="account = 'y'", **january) == 2
    assert books.value("own_opening", **january) == books.value("opening", **january) == 1
