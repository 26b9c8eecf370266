"""Metrics over the rows of some members: who counts is decided by itself, and no row counts twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datatrust.core.errors import UserError
from semantic.query import EVERYONE, MetricQuery, TimeRange
from tests.support.books import Books, open_books

D = Decimal
TABLES = """
CREATE TABLE sales AS
  SELECT i AS sale, (DATE '2025-01-01' + CAST(i * 7 % 500 AS INT)) AS day, 'C' || (i * i % 23) AS customer,
         ['shop', 'web'][i % 2 + 1] AS channel, CAST((i * 37 % 1000) / 10.0 AS DECIMAL(18,2)) AS amount,
         ['EUR', 'USD'][i % 2 + 1] AS currency
  FROM range(0, 900) t(i);
INSERT INTO sales VALUES (9001, '2025-02-02', NULL, 'web', 5000, 'EUR'), (9002, '2025-02-02', 'C999', 'web', 6000, 'EUR'),
  (9003, NULL, 'C1', 'web', 7000, 'EUR');
CREATE TABLE visits AS SELECT i AS visit, (DATE '2025-01-01' + CAST(i * 11 % 500 AS INT)) AS day, 'C' || (i % 23) AS customer
  FROM range(0, 700) t(i);
CREATE TABLE customers AS SELECT 'C' || i AS customer, ['EU', 'US'][i % 2 + 1] AS region FROM range(0, 23) t(i);
CREATE TABLE shops AS SELECT c AS customer, c || n AS shop FROM (SELECT customer c FROM customers), (VALUES (1), (2)) t(n);
CREATE TABLE rates AS SELECT m::DATE AS month, c AS currency, CASE c WHEN 'EUR' THEN 1.0 ELSE 0.5 END::DECIMAL(18,6) AS rate
  FROM (SELECT unnest(range(DATE '2025-01-01', DATE '2026-12-01', INTERVAL 1 MONTH)) m), (VALUES ('EUR'), ('USD')) t(c);
"""
CATALOG = {
    "all": """
currency: {group: EUR, rates: rates, average: rate}
models:
  - model: sales
    table: sales
    key: [sale]
    time: day
    joins: [{to: customers, key: customer}]
    dimensions: [{name: day, type: time}, {name: billed, type: time, expr: day}, {name: customer, type: identifier}, channel,
      {name: currency}]
  - {model: visits, table: visits, key: [visit], time: day, joins: [{to: customers, key: customer}],
     dimensions: [{name: day, type: time}]}
  - {model: customers, table: customers, key: [customer], dimensions: [region]}
  - {model: shops, table: shops, key: [customer], dimensions: [shop]}
metrics:
  - {name: revenue, model: sales, agg: sum, expr: amount}
  - {name: sold, model: sales, agg: count}
  - {name: average_sale, model: sales, agg: average, expr: amount}
  - {name: visits, model: visits, agg: count}
  - {name: in_group, model: sales, agg: sum, expr: amount, currency: {from: currency, rate: average}}
  - {name: large_revenue, model: sales, agg: sum, expr: amount, members: {of: customers, where: revenue >= 150}}
  - {name: large_buyers, model: sales, agg: count_distinct, expr: customer, members: {of: customers, where: revenue >= 150}}
  - {name: large_visits, model: visits, agg: count, members: {of: customers, where: "revenue >= 150 and (sold > 2 or average_sale > 60)"}}
  - {name: idle_revenue, model: sales, agg: sum, expr: amount, members: {of: customers, where: visits / sold < 0.5}}
  - {name: large_in_group, model: sales, agg: sum, expr: amount, currency: {from: currency, rate: average},
     members: {of: customers, where: in_group >= 1200}}
  - {name: large_share, derived: large_revenue / revenue, on_zero: undefined}
  - {name: large_ytd, cumulative: {of: large_revenue, to_date: year}}
  - {name: large_year_ago, derived: before, inputs: [{metric: large_revenue, as: before, offset: 1 year}]}
"""
}
YEAR: dict[str, Any] = {"start": "2025-01-01", "end": "2025-12-31"}
TABLE_NAMES = ["sales", "visits", "customers"]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    return open_books(tmp_path_factory.mktemp("members"), TABLES, CATALOG, today="2026-06-30")


def known(books: Books, sql: str) -> dict[Any, Any]:
    found = books.layer.run_statement(sql, [*TABLE_NAMES, "rates"])
    return {row[0] if len(row) == 2 else row[:-1]: row[-1] for row in found if row[-1] is not None}


def groups(books: Books, metric: str, by: str, **more: Any) -> dict[Any, Any]:
    return {key: value for key, value in books.groups(metric, by, **more).items() if value is not None}


MONTH = "date_trunc('month', day)::DATE"
LARGE = f"""SELECT customer, {MONTH} m FROM sales WHERE customer IN (SELECT customer FROM customers)
            GROUP BY 1, 2 HAVING sum(amount) >= 150"""


def test_members_are_chosen_anew_in_each_month(books: Books) -> None:
    sql = f"""SELECT {MONTH}, sum(amount) FROM sales WHERE (customer, {MONTH}) IN ({LARGE}) AND year(day) = 2025 GROUP BY 1"""
    assert groups(books, "large_revenue", "time.month", **YEAR) == known(books, sql)
    sql = f"""SELECT {MONTH}, count(DISTINCT customer) FROM sales WHERE (customer, {MONTH}) IN ({LARGE}) AND year(day) = 2025 GROUP BY 1"""
    assert groups(books, "large_buyers", "time.month", **YEAR) == known(books, sql)


def test_over_a_year_the_year_decides_and_so_do_totals(books: Books) -> None:
    """Trap: adding up the months' large customers, each large by its month only."""
    sql = """SELECT 1, sum(amount) FROM sales WHERE year(day) = 2025 AND customer IN (SELECT customer FROM sales JOIN customers USING (customer)
             WHERE year(day) = 2025 GROUP BY 1 HAVING sum(amount) >= 150)"""
    year = known(books, sql)[1]
    assert books.value("large_revenue", **YEAR) == year
    result = books.ask("large_revenue", by=("time.month",), totals=True, **YEAR)
    assert result.totals is not None
    assert result.totals[1] == year != sum(row[1] or 0 for row in result.rows)  # type: ignore[misc]
    with pytest.raises(UserError, match="chosen anew in each period"):
        books.ask("large_revenue", by=("time.month",), running=True, **YEAR)


def test_filters_and_groups_of_the_question_do_not_choose_members(books: Books) -> None:
    """Trap: a customer who is large over all channels is not measured by one channel."""
    sql = f"""SELECT {MONTH}, sum(amount) FROM sales WHERE (customer, {MONTH}) IN ({LARGE}) AND channel = 'web' AND year(day) = 2025 GROUP BY 1"""
    assert groups(books, "large_revenue", "time.month", where="channel = 'web'", **YEAR) == known(books, sql)
    by_channel = groups(books, "large_revenue", "channel", **YEAR)
    assert sum(by_channel.values()) == books.value("large_revenue", **YEAR)


def test_rows_without_a_known_member_are_nobodys(books: Books) -> None:
    """5,000 without a customer and 6,000 of a customer that is in no list: large, but no member's."""
    assert books.value("large_revenue", start="2025-02-02", end="2025-02-02") is None
    assert books.value("revenue", start="2025-02-02", end="2025-02-02") > 11000


def test_members_of_another_model_and_several_conditions(books: Books) -> None:
    sql = f"""WITH chosen AS (SELECT customer, {MONTH} m FROM sales GROUP BY 1, 2
                HAVING sum(amount) >= 150 AND (count(*) > 2 OR avg(amount) > 60))
              SELECT {MONTH}, count(*) FROM visits WHERE (customer, {MONTH}) IN (SELECT * FROM chosen) AND year(day) = 2025 GROUP BY 1"""
    ours = {key: value for key, value in books.groups("large_visits", "time.month", **YEAR).items() if value}
    assert ours == known(books, sql)


def test_a_condition_over_two_models_is_aggregated_apart(books: Books) -> None:
    """Trap: joining visits to sales would count each once for each of the other."""
    sql = """WITH s AS (SELECT customer, count(*) n FROM sales WHERE year(day) = 2025 GROUP BY 1),
                  v AS (SELECT customer, count(*) n FROM visits WHERE year(day) = 2025 GROUP BY 1)
             SELECT 1, sum(amount) FROM sales WHERE year(day) = 2025
             AND customer IN (SELECT c.customer FROM customers c LEFT JOIN s USING (customer) LEFT JOIN v USING (customer)
                              WHERE coalesce(v.n, 0) / nullif(s.n, 0) < 0.5)"""
    assert {1: books.value("idle_revenue", **YEAR)} == known(books, sql)


def test_money_is_converted_before_it_chooses_and_the_question_s_currency_does_not(books: Books) -> None:
    chosen = """SELECT customer FROM sales JOIN customers USING (customer) JOIN rates r ON r.month = date_trunc('month', day)
                AND r.currency = sales.currency WHERE year(day) = 2025 GROUP BY 1 HAVING sum(amount * rate) >= 1200"""
    sql = f"""SELECT 1, round(sum(amount * rate), 2) FROM sales JOIN rates r ON r.month = date_trunc('month', day)
              AND r.currency = sales.currency WHERE year(day) = 2025 AND customer IN ({chosen})"""
    euros = known(books, sql)[1]
    assert books.value("large_in_group", **YEAR) == D(str(euros))
    assert books.value("large_in_group", currency="USD", **YEAR) == D(str(euros)) * 2


def test_with_formulas_comparison_windows_and_offsets(books: Books) -> None:
    month = {"start": "2026-03-01", "end": "2026-03-31"}
    sql = f"""SELECT {MONTH}, sum(amount) FROM sales WHERE (customer, {MONTH}) IN ({LARGE}) GROUP BY 1"""
    by_month = known(books, sql)
    now, before = by_month[dt.date(2026, 3, 1)], by_month[dt.date(2025, 3, 1)]
    result = books.ask("large_revenue", by=("time.month",), compare="previous_year", **month)
    assert result.rows[0][1:3] == (now, before)
    assert books.value("large_year_ago", **month) == before
    whole = known(books, "SELECT 1, sum(amount) FROM sales WHERE day BETWEEN '2026-03-01' AND '2026-03-31'")[
        1
    ]
    assert abs(books.value("large_share", **month) - now / whole) < D("1e-9")
    sql = """SELECT 1, sum(amount) FROM sales WHERE day BETWEEN '2026-01-01' AND '2026-03-31' AND customer IN (SELECT customer
             FROM sales JOIN customers USING (customer) WHERE day BETWEEN '2026-01-01' AND '2026-03-31' GROUP BY 1 HAVING sum(amount) >= 150)"""
    assert groups(books, "large_ytd", "time.month", **month) == {dt.date(2026, 3, 1): known(books, sql)[1]}


def test_a_period_of_another_time_does_not_choose_members_over_all_days(books: Books) -> None:
    """Trap: the period limits the rows, and members are silently chosen by all that they ever bought."""
    other = TimeRange(start=dt.date(2025, 1, 1), end=dt.date(2025, 1, 31), dimension="billed")
    with pytest.raises(UserError, match="members chosen in a period of billed"):
        books.layer.query(MetricQuery(metrics=("large_revenue",), time=other), viewer=EVERYONE)


def test_members_whose_key_is_there_twice_are_refused(tmp_path: Path) -> None:
    catalog = CATALOG["all"].replace("to: customers", "to: shops").replace("of: customers", "of: shops")
    books = open_books(tmp_path, TABLES, {"all": catalog}, today="2026-06-30")
    with pytest.raises(UserError, match="several rows of shops have the same key"):
        books.value("large_revenue", **YEAR)
