"""Inputs of a formula with rows and days of their own: each answer beside SQL that says the same by itself."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from datatrust.core.errors import UserError
from semantic.query import EVERYONE, MetricQuery, TimeRange, Top
from tests.support.books import Books, open_books

D = Decimal
TABLES = """
CREATE TABLE sales AS
  SELECT i AS sale, (DATE '2023-12-20' + CAST(i * 13 % 900 AS INT)) AS day, 'C' || (i % 7) AS customer,
         CAST((i * 37 % 1000) / 100.0 AS DECIMAL(18,2)) AS amount, i % 3 = 0 AS is_online
  FROM range(0, 1200) t(i);
DELETE FROM sales WHERE day BETWEEN '2024-05-01' AND '2024-05-31' OR day BETWEEN '2025-02-28' AND '2025-02-28';
INSERT INTO sales VALUES (5001, '2024-02-29', 'C1', 1000, false), (5002, '2025-01-31', 'C9', 2000, true),
  (5003, '2025-03-31', NULL, 77.77, true), (5004, '2025-02-28', 'C1', 500, true), (5005, NULL, 'C1', 9, true);
CREATE TABLE customers AS SELECT 'C' || i AS customer, ['EU', 'US', NULL][i % 3 + 1] AS region FROM range(0, 7) t(i);
CREATE TABLE costs AS SELECT i AS cost, (DATE '2024-01-01' + CAST(i * 7 AS INT)) AS day,
  ['EU', 'US'][i % 2 + 1] AS region, CAST(i AS DECIMAL(18,2)) AS spent FROM range(0, 110) t(i);
CREATE TABLE stock AS SELECT (DATE '2024-01-01' + CAST(i AS INT)) AS day, p AS product, CAST(i % 50 + ascii(p) AS DECIMAL(18,2)) AS pieces
  FROM range(0, 730) t(i), (VALUES ('a'), ('b')) u(p) WHERE NOT (i BETWEEN 91 AND 120);
"""
CATALOG = {
    "all": """
calendars: {fiscal: {starts: 07-01, default: true}, gregorian: {}, retail: {starts: 02-01, pattern: 4-4-5}}
models:
  - model: sales
    table: sales
    key: [sale]
    time: day
    joins: [{to: customers, key: customer}]
    segments: {online: is_online}
    dimensions: [{name: day, type: time}, {name: billed, type: time, expr: day}, {name: customer, type: identifier}, {name: is_online, type: flag}]
  - {model: customers, table: customers, key: [customer], dimensions: [region]}
  - model: costs
    table: costs
    key: [cost]
    time: day
    dimensions: [{name: day, type: time}, region]
  - {model: stock, table: stock, key: [day, product], time: day, dimensions: [{name: day, type: time}, product]}
metrics:
  - {name: revenue, model: sales, agg: sum, expr: amount, better: higher, currency: EUR}
  - {name: count_of_sales, model: sales, agg: count}
  - {name: buyers, model: sales, agg: count_distinct, expr: customer}
  - {name: average_sale, model: sales, agg: average, expr: amount}
  - {name: cost, model: costs, agg: sum, expr: spent, currency: EUR}
  - {name: profit, derived: revenue - cost}
  - {name: revenue_mtd, cumulative: {of: revenue, to_date: month}}
  - {name: pieces, model: stock, balance: {agg: sum, expr: pieces, take: last}}
  - {name: first_sales, lifecycle: {of: count_of_sales, entity: customer, state: new}}
  - {name: eu_share, derived: eu / revenue, on_zero: undefined, inputs: [{metric: revenue, as: eu, filter: region = 'EU'}]}
  - name: eu_or_unknown
    derived: kept
    inputs: [{metric: revenue, as: kept, filter: "region = 'EU' or region is null"}]
  - {name: online_sales, derived: found, inputs: [{metric: count_of_sales, as: found, where: "online and customer in ('C1', 'C2')"}]}
  - {name: eu_profit, derived: there, inputs: {there: {metric: profit, filter: region = 'EU'}}}
  - {name: month_ago, derived: before, inputs: [{metric: revenue, as: before, offset: 1 month}]}
  - {name: year_ago, derived: before, inputs: [{metric: revenue, as: before, offset: 1 year}]}
  - {name: two_years_ago, derived: older, inputs: [{metric: year_ago, as: older, offset: 1 year}]}
  - {name: thirty_days_ago, derived: before, inputs: [{metric: revenue, as: before, offset: 30 days}]}
  - {name: quarter_ago, derived: before, inputs: [{metric: revenue, as: before, offset: 1 quarter}]}
  - {name: growth, derived: revenue / last_year - 1, on_zero: undefined, unit: percent, better: higher,
     inputs: [revenue, {metric: revenue, as: last_year, offset: 1 year}]}
  - {name: change, derived: revenue - before, inputs: [{metric: revenue, as: before, offset: 1 month}]}
  - {name: mtd_year_ago, derived: before, inputs: [{metric: revenue_mtd, as: before, offset: 1 year}]}
  - {name: opening_pieces, derived: opening, inputs: [{metric: pieces, as: opening, offset: 1 month}]}
  - {name: average_year_ago, derived: before, inputs: [{metric: average_sale, as: before, offset: 1 year}]}
  - {name: online_buyers_year_ago, derived: before, inputs: [{metric: buyers, as: before, offset: 1 year, filter: online}]}
  - {name: online_firsts, derived: found, inputs: [{metric: first_sales, as: found, filter: online}]}
"""
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    return open_books(tmp_path_factory.mktemp("inputs"), TABLES, CATALOG, today="2026-06-30")


def rows(books: Books, *metrics: str, **more: Any) -> dict[Any, Any]:
    """Groups with a value; the values of one metric, or a tuple of several."""
    result = books.ask(*metrics, **more)
    keys = len(more.get("by", ()))
    return {
        row[0] if keys == 1 else row[:keys]: row[keys] if len(metrics) == 1 else row[keys:]
        for row in result.rows
        if any(each is not None for each in row[keys:])
    }


def known(books: Books, sql: str) -> dict[Any, Any]:
    """The same by SQL of the test's own: the group's columns, then the value."""
    found = books.layer.run_statement(sql, ["sales", "customers", "costs", "stock"])
    return {row[0] if len(row) == 2 else row[:-1]: row[-1] for row in found if row[-1] is not None}


YEAR: dict[str, Any] = {"start": "2025-01-01", "end": "2025-12-31"}
JOINED = "sales s LEFT JOIN customers c ON s.customer = c.customer"


# ----------------------------------------------------------------------------------------------------------- filters


def test_a_filtered_input_is_divided_by_the_whole(books: Books) -> None:
    sql = f"""SELECT date_trunc('month', day)::DATE, sum(amount) FILTER (region = 'EU') / sum(amount) FROM {JOINED}
              WHERE day BETWEEN '2025-01-01' AND '2025-12-31' GROUP BY 1"""
    ours, theirs = rows(books, "eu_share", by=("time.month",), **YEAR), known(books, sql)
    assert ours.keys() == theirs.keys()
    assert len(ours) == 12
    assert all(abs(ours[month] - D(str(theirs[month]))) < D("1e-9") for month in ours)


def test_a_condition_of_an_input_stands_alone_beside_the_question(books: Books) -> None:
    """Trap: an `or` that swallows the question's own conditions."""
    sql = f"""SELECT s.customer, sum(amount) FROM {JOINED} WHERE (region = 'EU' OR region IS NULL) AND is_online
              AND day BETWEEN '2025-01-01' AND '2025-12-31' GROUP BY 1"""
    ours = rows(books, "eu_or_unknown", by=("customer",), where="online", **YEAR)
    assert ours == known(books, sql)


def test_segments_and_dimensions_filter_a_count(books: Books) -> None:
    sql = "SELECT 1, count(*) FROM sales WHERE is_online AND customer IN ('C1', 'C2')"
    assert {1: books.value("online_sales")} == known(books, sql)


def test_an_input_over_two_models_is_filtered_in_each(books: Books) -> None:
    sql = f"""SELECT m, coalesce(a, NULL) - b FROM
      (SELECT date_trunc('month', day)::DATE m, sum(amount) a FROM {JOINED} WHERE region = 'EU' GROUP BY 1)
      JOIN (SELECT date_trunc('month', day)::DATE m, sum(spent) b FROM costs WHERE region = 'EU' GROUP BY 1) USING (m)
      WHERE m BETWEEN '2025-01-01' AND '2025-12-31'"""
    assert rows(books, "eu_profit", by=("time.month",), **YEAR) == known(books, sql)


def test_a_lifecycle_is_filtered_by_the_record_that_decides(books: Books) -> None:
    sql = """SELECT 1, count(DISTINCT s.customer) FROM sales s JOIN (SELECT customer, min(day) d FROM sales GROUP BY 1) f
             ON s.customer = f.customer AND s.day = f.d WHERE is_online"""
    assert {1: books.value("online_firsts", start="2023-01-01", end="2026-06-30")} == known(books, sql)


# ----------------------------------------------------------------------------------------------------------- offsets


@pytest.mark.parametrize(
    ("metric", "months"), [("month_ago", 1), ("year_ago", 12), ("two_years_ago", 24), ("quarter_ago", 3)]
)
def test_a_month_has_the_value_of_the_month_so_much_earlier(books: Books, metric: str, months: int) -> None:
    """Trap: the row before stands in for a month without rows (May 2024 has none)."""
    sql = f"""SELECT (date_trunc('month', day) + INTERVAL {months} MONTH)::DATE m, sum(amount) FROM sales
              GROUP BY 1 HAVING m BETWEEN '2024-06-01' AND '2026-05-01'"""
    ours = rows(books, metric, by=("time.month",), start="2024-06-01", end="2026-05-31")
    assert ours == known(books, sql)
    assert (dt.date(2024, 6, 1) in ours) == (metric == "quarter_ago")


def test_a_month_before_the_last_day_of_march_is_the_last_of_february(books: Books) -> None:
    ours = rows(books, "month_ago", by=("day",), start="2025-03-27", end="2025-04-01")
    february = D(500)
    assert [ours.get(dt.date(2025, 3, day)) for day in (28, 29, 30, 31)] == [february] * 4
    by_day = known(
        books, "SELECT day, sum(amount) FROM sales WHERE day IN ('2025-02-27', '2025-03-01') GROUP BY 1"
    )
    assert ours.get(dt.date(2025, 3, 27)) == by_day.get(dt.date(2025, 2, 27))
    assert ours.get(dt.date(2025, 4, 1)) == by_day.get(dt.date(2025, 3, 1))


def test_a_year_before_a_leap_day_is_the_last_of_february(books: Books) -> None:
    leap = known(books, "SELECT 1, sum(amount) FROM sales WHERE day = '2024-02-29'")[1]
    before = known(books, "SELECT day, sum(amount) FROM sales WHERE day = '2023-02-28' GROUP BY 1")
    assert rows(books, "year_ago", by=("day",), start="2024-02-29", end="2024-02-29") == before
    whole = known(books, "SELECT 1, sum(amount) FROM sales WHERE day BETWEEN '2024-02-01' AND '2024-02-29'")[
        1
    ]
    assert books.value("year_ago", start="2025-02-01", end="2025-02-28") == whole > leap


def test_days_are_moved_by_days_whatever_the_bucket(books: Books) -> None:
    sql = """SELECT m, (SELECT sum(amount) FROM sales WHERE day BETWEEN m - 30 AND last_day(m) - 30)
             FROM (SELECT unnest(range(DATE '2025-01-01', DATE '2025-12-02', INTERVAL 1 MONTH))::DATE m)"""
    assert rows(books, "thirty_days_ago", by=("time.month",), **YEAR) == known(books, sql)


def test_a_fiscal_quarter_looks_back_a_month_by_its_days(books: Books) -> None:
    sql = """SELECT q, (SELECT sum(amount) FROM sales WHERE day BETWEEN (q - INTERVAL 1 MONTH)::DATE
                        AND last_day((q + INTERVAL 1 MONTH)::DATE))
             FROM (SELECT unnest([DATE '2025-07-01', DATE '2025-10-01', DATE '2026-01-01'])) t(q)"""
    ours = rows(books, "month_ago", by=("time.fiscal_quarter",), start="2025-07-01", end="2026-03-31")
    assert ours == known(books, sql)


def test_a_week_keeps_its_weekdays_over_a_year(books: Books) -> None:
    sql = """SELECT (date_trunc('week', day) + INTERVAL 364 DAY)::DATE w, sum(amount) FROM sales GROUP BY 1
             HAVING w BETWEEN '2025-03-03' AND '2025-05-26'"""
    assert rows(books, "year_ago", by=("time.week",), start="2025-03-03", end="2025-06-01") == known(
        books, sql
    )


def test_months_of_weeks_look_back_in_their_own_calendar(books: Books) -> None:
    """The 4-4-5 month that begins on 3 March 2025 follows the one that begins on 3 February."""
    sql = "SELECT 1, sum(amount) FROM sales WHERE day BETWEEN '2025-02-03' AND '2025-03-02'"
    asked: dict[str, Any] = {"start": "2025-03-03", "end": "2025-03-30", "calendar": "retail"}
    ours = rows(books, "month_ago", by=("time.fiscal_month",), **asked)
    assert list(ours.values()) == list(known(books, sql).values()) == [books.value("month_ago", **asked)]


def test_to_date_is_cut_at_the_same_day_a_year_earlier(books: Books) -> None:
    sql = "SELECT 1, sum(amount) FROM sales WHERE day BETWEEN '2024-03-01' AND '2024-03-17'"
    asked = {"start": "2025-03-01", "end": "2025-03-17"}
    assert books.value("mtd_year_ago", **asked) == known(books, sql)[1]
    assert rows(books, "mtd_year_ago", by=("time.month",), **asked) == {
        dt.date(2025, 3, 1): known(books, sql)[1]
    }


def test_an_opening_balance_is_the_closing_one_of_the_month_before(books: Books) -> None:
    """Trap: April 2024 has no stock records, so May opens with nothing known, not with March."""
    sql = """SELECT (date_trunc('month', day) + INTERVAL 1 MONTH)::DATE m, sum(pieces) FROM stock
             WHERE day IN (SELECT max(day) FROM stock GROUP BY date_trunc('month', day))
             GROUP BY 1 HAVING m BETWEEN '2024-02-01' AND '2024-12-01'"""
    ours = rows(books, "opening_pieces", by=("time.month",), start="2024-02-01", end="2024-12-31")
    assert ours == known(books, sql)
    assert dt.date(2024, 5, 1) not in ours


def test_averages_and_distinct_counts_are_taken_anew(books: Books) -> None:
    sql = """SELECT (date_trunc('month', day) + INTERVAL 1 YEAR)::DATE m, count(DISTINCT customer) FROM sales
             WHERE is_online GROUP BY 1 HAVING m BETWEEN '2025-01-01' AND '2025-12-01'"""
    assert rows(books, "online_buyers_year_ago", by=("time.month",), **YEAR) == known(books, sql)
    total = known(books, "SELECT 1, count(DISTINCT customer) FROM sales WHERE is_online AND year(day) = 2024")
    result = books.ask("online_buyers_year_ago", by=("time.month",), totals=True, **YEAR)
    assert result.totals is not None
    assert result.totals[1] == total[1]
    average = known(books, "SELECT 1, sum(amount) / count(*) FROM sales WHERE year(day) = 2024")[1]
    assert abs(books.value("average_year_ago", **YEAR) - D(str(average))) < D("1e-9")


# --------------------------------------------------------------------------------------------- with everything else


def test_growth_beside_the_year_before_and_over_all(books: Books) -> None:
    def sums(year: int) -> dict[Any, Any]:
        return known(books, f"SELECT month(day), sum(amount) FROM sales WHERE year(day) = {year} GROUP BY 1")

    result = books.ask("growth", by=("time.month",), compare="previous_year", totals=True, **YEAR)
    now, before, older = sums(2025), sums(2024), sums(2023)
    for row in result.rows:
        month = row[0].month  # type: ignore[union-attr]
        expected = now[month] / before[month] - 1 if month in before else None
        base = before[month] / older[month] - 1 if month in before and month in older else None
        for ours, theirs in ((row[1], expected), (row[2], base)):
            assert (ours is None) == (theirs is None)
            assert theirs is None or abs(ours - theirs) < D("1e-9")  # type: ignore[operator]
    assert result.totals is not None
    whole = sum(now.values()) / sum(before.values()) - 1
    assert abs(result.totals[1] - whole) < D("1e-9")  # type: ignore[operator]


def test_a_running_period_is_compared_with_what_it_was_compared_with_itself(books: Books) -> None:
    """Trap: like for like cuts the base, and a cut base that looks back would stand beside whole periods."""
    last = known(books, "SELECT 1, max(day) FROM sales")[1]
    assert last.day < 20
    month = last.replace(day=1)
    asked: dict[str, Any] = {"start": month.isoformat(), "end": month.replace(day=28).isoformat()}
    sql = f"SELECT 1, sum(amount) FROM sales WHERE day BETWEEN DATE '{month}' - INTERVAL 2 YEAR AND DATE '{month}' - INTERVAL 2 YEAR + INTERVAL 27 DAY"
    result = books.ask("year_ago", compare="previous_year", **asked)
    assert result.rows[0][1] == known(books, sql)[1]
    assert "partial_period" in result.flags


def test_a_total_is_over_the_days_that_its_rows_look_back_to(books: Books) -> None:
    result = books.ask("change", by=("time.month",), totals=True, **YEAR)
    assert result.totals is not None
    sql = """SELECT 1, (SELECT sum(amount) FROM sales WHERE year(day) = 2025)
             - (SELECT sum(amount) FROM sales WHERE day BETWEEN '2024-12-01' AND '2025-11-30')"""
    assert result.totals[1] == known(books, sql)[1] == sum(row[1] for row in result.rows)  # type: ignore[misc]


def test_top_others_having_shares_and_running(books: Books) -> None:
    sql = "SELECT customer, sum(amount) FROM sales WHERE year(day) = 2024 GROUP BY 1"
    theirs = known(books, sql)
    order = sorted(theirs, key=lambda each: -theirs[each])
    result = books.ask("year_ago", by=("customer",), top=Top(n=2, others=True), **YEAR)
    expected = [(name, theirs[name]) for name in order[:2]]
    assert [row[:2] for row in result.rows] == [
        *expected,
        ("Others", sum(theirs[name] for name in order[2:])),
    ]
    floor = theirs[order[1]]
    assert rows(books, "year_ago", by=("customer",), having=f"year_ago >= {floor}", **YEAR) == dict(expected)
    running = books.ask("year_ago", by=("time.month",), running=True, **YEAR)
    assert running.rows[-1][2] == sum(theirs.values())
    shares = books.ask("year_ago", by=("customer",), share_of="total", **YEAR)
    assert abs(sum(row[2] for row in shares.rows) - 1) < D("1e-9")  # type: ignore[misc]


def test_without_a_period_all_data_are_meant(books: Books) -> None:
    theirs = known(books, "SELECT min(day), max(day) FROM sales")
    ((first, last),) = theirs.items()
    sql = f"SELECT 1, sum(amount) FROM sales WHERE day BETWEEN '{first}' AND DATE '{last}' - INTERVAL 1 YEAR"
    assert books.value("year_ago") == known(books, sql)[1]


# ----------------------------------------------------------------------------------------------------------- refusals


def test_a_period_of_another_time_is_refused(books: Books) -> None:
    """Trap: the period of another date limits the earlier rows to almost the same ones as the asked."""
    other = TimeRange(start=dt.date(2025, 1, 1), end=dt.date(2025, 1, 31), dimension="billed")
    with pytest.raises(UserError, match="would hold the same rows twice"):
        books.layer.query(MetricQuery(metrics=("change",), time=other), viewer=EVERYONE)
    with pytest.raises(UserError, match="so periods would not meet"):
        books.ask("change", by=("billed.month",), **YEAR)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ({"by": ("time.week",)}, "no week lies a month before another"),
        ({"where": "day >= '2025-01-01'"}, "leaves the earlier rows out"),
        ({"compare": "constant_currency", **YEAR}, "one year's rates cannot be set"),
    ],
)
def test_what_earlier_rows_could_not_answer_is_refused(books: Books, ask: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        books.ask("month_ago", **ask)
