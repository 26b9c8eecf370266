"""Stocks kept as intervals and members' lifecycles: rows equal to independent SQL, and the traps of both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from datatrust.core.errors import UserError
from tests.support.books import Books, open_books
from tests.unit.semantic._catalogs import issues_of

TABLES = """
CREATE TABLE employees (id INT, unit VARCHAR, hired_on DATE, left_on DATE, share DECIMAL(4,2));
INSERT INTO employees VALUES
  (1, 'A', '2025-01-01', NULL, 1.00), (2, 'A', '2026-01-15', '2026-03-01', 0.50), (3, 'B', '2026-02-28', NULL, 0.80),
  (4, 'B', '2025-06-01', '2026-02-28', 1.00), (5, NULL, '2026-03-31', NULL, 1.00), (6, 'A', NULL, NULL, 1.00);
CREATE TABLE orders (id INT, customer VARCHAR, day DATE, kind VARCHAR, status VARCHAR);
INSERT INTO orders VALUES
  (1, 'C1', '2025-01-10', 'x', 'ok'), (2, 'C1', '2025-01-10', 'y', 'ok'), (3, 'C1', '2025-02-10', 'x', 'ok'),
  (4, 'C2', '2025-01-31', 'x', 'ok'), (5, 'C2', '2026-01-05', 'y', 'ok'), (6, 'C3', '2025-02-28', 'y', 'ok'),
  (7, 'C4', '2024-12-01', 'y', 'void'), (8, 'C4', '2026-02-01', 'x', 'ok'), (9, NULL, '2026-02-01', 'x', 'ok'),
  (10, 'C5', NULL, 'x', 'ok'), (11, 'C3', '2025-08-28', 'x', 'ok');
"""
CATALOG = """
models:
  - {model: employees, table: employees, key: [id], dimensions: [unit]}
  - {model: orders, table: orders, key: [id], time: day, dimensions: [{name: day, type: time}, kind], where: status = 'ok'}
metrics:
  - {name: headcount, model: employees, balance: {agg: count_distinct, expr: id, valid: [hired_on, left_on]}}
  - {name: headcount_to, model: employees, balance: {agg: count, valid: [hired_on, left_on], until: included}}
  - {name: opening, model: employees, balance: {agg: count, valid: [hired_on, left_on], take: first}}
  - {name: average_posts, model: employees, balance: {agg: sum, expr: share, valid: [hired_on, left_on], take: average}}
  - {name: orders, model: orders, agg: count}
  - {name: per_head, ratio: {numerator: orders, denominator: headcount}, on_zero: undefined}
  - {name: new_customers, lifecycle: {of: orders, entity: customer, state: new}}
  - {name: active_customers, lifecycle: {of: orders, entity: customer, state: active}}
  - {name: returning_customers, lifecycle: {of: orders, entity: customer, state: returning}}
  - {name: lost_customers, lifecycle: {of: orders, entity: customer, state: lost, inactive: 6 months}}
identities:
  everyone: {holds: active_customers = new_customers + returning_customers, by: time.month}
"""
D = Decimal
QUARTER = {"start": "2026-01-01", "end": "2026-03-31"}


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    books = open_books(tmp_path_factory.mktemp("people"), TABLES, {"all": CATALOG}, today="2026-04-15")
    yield books
    books.layer.close()


def sql(books: Books, statement: str) -> Any:
    return books.layer.run_statement(statement, ["employees", "orders"])


# ---------------------------------------------------------------------------------------------------------- stocks


def test_headcount_is_who_is_there_on_the_last_day(books: Books) -> None:
    """Trap: counting who was hired in the period, or adding up the months."""
    result = books.ask("headcount", by=("time.month",), totals=True, **QUARTER)
    wanted = sql(
        books,
        """select date_trunc('month', d)::date, (select count(*) from employees where hired_on <= d and
        (left_on is null or left_on > d)) from (values (date '2026-01-31'), (date '2026-02-28'), (date '2026-03-31')) t(d)""",
    )
    assert result.rows == wanted == ((day("2026-01-01"), 3), (day("2026-02-01"), 3), (day("2026-03-01"), 3))
    assert result.totals == (None, 3)


def test_the_last_day_counts_only_where_it_is_said(books: Books) -> None:
    """Trap: a leaver of 28 February is there in the evening, or not: the catalog decides, not the engine."""
    february = {"start": "2026-02-01", "end": "2026-02-28"}
    assert books.value("headcount", **february) == 3
    assert books.value("headcount_to", **february) == 4


def test_groups_of_a_stock_and_rows_without_a_group(books: Books) -> None:
    assert books.groups("headcount", "unit", **QUARTER) == {"A": 1, "B": 1, None: 1}
    assert books.value("headcount", where="unit = 'A'", start="2026-02-01", end="2026-02-28") == 2


def test_the_opening_and_the_average_of_a_stock(books: Books) -> None:
    assert books.value("opening", **QUARTER) == 2
    (wanted,) = sql(
        books,
        """select sum(share) / 90 from employees, range(date '2026-01-01', date '2026-04-01', interval 1 day) t(d)
        where hired_on <= d and (left_on is null or left_on > d)""",
    )
    assert float(books.value("average_posts", **QUARTER)) == pytest.approx(float(wanted[0]), abs=1e-11)


def test_a_running_period_is_taken_today_and_one_to_come_not_at_all(books: Books) -> None:
    result = books.ask("headcount", by=("time.month",), start="2026-04-01", end="2026-06-30")
    assert result.rows == ((day("2026-04-01"), 3),)
    assert "partial_period" in result.flags
    assert books.value("headcount") == 3


def test_a_stock_beside_a_flow_and_beside_the_year_before(books: Books) -> None:
    assert books.ask("per_head", by=("time.month",), start="2026-01-01", end="2026-01-31").rows == (
        (day("2026-01-01"), D("0.333333333333")),
    )
    result = books.ask("headcount", compare="previous_year", **QUARTER)
    assert result.rows[0][:3] == (3, 1, 2)
    by_month = books.ask("headcount", by=("time.month",), compare="previous_period", **QUARTER)
    assert [row[1:3] for row in by_month.rows] == [(3, 2), (3, 3), (3, 3)]


# ------------------------------------------------------------------------------------------------------- lifecycles


def test_new_active_returning_by_month(books: Books) -> None:
    """Trap: the period's filter hides the history, so that everybody is new."""
    result = books.ask(
        "new_customers", "active_customers", "returning_customers",
        by=("time.month",), start="2025-01-01", end="2026-03-31", totals=True,
    )  # fmt: skip
    wanted = sql(
        books,
        """with o as (select * from orders where status = 'ok' and customer is not null and day is not null),
        f as (select customer, min(day) first from o group by 1)
        select date_trunc('month', day)::date m, count(distinct customer) filter (day = first),
          count(distinct customer), count(distinct customer) filter (first < date_trunc('month', day))
        from o join f using (customer) group by 1 order by 1""",
    )
    assert result.rows == wanted
    assert result.totals == (None, 4, 4, 0)
    only_2026 = books.ask("new_customers", "returning_customers", **QUARTER)
    assert only_2026.rows == ((1, 1),)


def test_a_member_is_lost_on_the_day_that_the_span_is_over(books: Books) -> None:
    """C1 is lost on 10 Aug 2025, C2 on 31 Jul 2025; C3 came back on the very day and is lost on 28 Feb 2026."""
    result = books.ask("lost_customers", by=("time.month",), start="2025-01-01", end="2026-12-31")
    assert result.rows == ((day("2025-07-01"), 1), (day("2025-08-01"), 1), (day("2026-02-01"), 1))
    assert (
        books.value("lost_customers", start="2026-03-01", end="2026-12-31") == 0
    )  # who is not lost yet is not lost


def test_groups_and_filters_are_those_of_the_deciding_record(books: Books) -> None:
    assert books.groups("new_customers", "kind") == {"x": 3, "y": 2}  # C1 began with both
    assert books.value("new_customers") == 4
    assert books.value("new_customers", where="kind = 'y'") == 2  # C1 and C3; C2's y was not its first
    assert books.groups("lost_customers", "kind") == {"x": 3}


def test_a_comparison_of_members(books: Books) -> None:
    result = books.ask("new_customers", "active_customers", compare="previous_year", **QUARTER)
    assert (result.rows[0][:2], result.rows[0][5:7]) == ((1, 2), (2, 2))
    assert "Like for like: data reach 1 Feb 2026, so the base is cut there too" in result.assumptions


def test_what_says_nothing_is_refused(books: Books) -> None:
    with pytest.raises(UserError, match="may stand in several groups"):
        books.ask("new_customers", by=("kind",), share_of="total")
    said = "\n".join(
        issues_of(
            CATALOG.replace("state: new", "state: new, inactive: 3 months").replace(
                ", inactive: 6 months", ""
            ),
        )
    )
    assert "goes with state: lost" in said
    assert '"inactive" is missing' in said
    said = "\n".join(
        issues_of(
            CATALOG.replace("of: orders, entity: customer, state: new", "of: per_head, entity: x, state: new")
        )
    )
    assert "a lifecycle is of a metric over rows" in said
