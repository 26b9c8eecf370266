"""Wrong numbers that other layers have given silently: each has a pin of its own here."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from datatrust.core.errors import EngineError, UserError
from semantic.query import EVERYONE, Compare, Filter, MetricQuery, TimeRange, Top
from tests.support.books import Books, open_books

TABLES = """
CREATE TABLE invoices (invoice VARCHAR, customer VARCHAR, day DATE, amount DECIMAL(18,2), cost DECIMAL(18,2),
                       rate DOUBLE, discount DECIMAL(18,6));
INSERT INTO invoices VALUES
  ('I1', 'C1', '2026-01-15', 100.00, 60.00, 0.1, 0.1),
  ('I2', 'C1', '2026-01-31', 200.00, 50.00, 0.2, 0.2),
  ('I3', 'C2', '2026-02-28', 300.00, 330.00, 0.3, 0.3),
  ('I4', 'C9', '2026-03-31', 50.00, 10.00, 0.4, NULL),
  ('I5', NULL, '2026-03-31', 7.00, NULL, NULL, 0.5);
CREATE TABLE payments (payment VARCHAR, customer VARCHAR, day DATE, paid DECIMAL(18,2));
INSERT INTO payments VALUES
  ('P1', 'C1', '2026-01-20', 50.00), ('P2', 'C1', '2026-01-21', 50.00), ('P3', 'C1', '2026-02-02', 200.00),
  ('P4', 'C3', '2026-02-10', 10.00), ('P5', NULL, '2026-02-11', 1.00);
CREATE TABLE customers (customer VARCHAR, region VARCHAR);
INSERT INTO customers VALUES ('C1', 'North'), ('C2', 'South'), ('C3', 'North'), ('C4', 'West');
CREATE TABLE balances (day DATE, account VARCHAR, amount DECIMAL(18,2));
INSERT INTO balances VALUES
  ('2026-01-31', 'A', 10), ('2026-01-31', 'B', 20), ('2026-02-28', 'A', 11), ('2026-02-28', 'B', 22),
  ('2026-03-31', 'A', 12);
CREATE TABLE daily (day DATE, amount DECIMAL(18,2));
INSERT INTO daily SELECT d::DATE, 1 FROM range(TIMESTAMP '2023-01-01', TIMESTAMP '2026-06-16', INTERVAL 1 DAY) t(d);
"""
CATALOG = {
    "all": """
calendars:
  fiscal: {starts: 07-01, named_by: end, default: true}
  gregorian: {}
models:
  - model: invoices
    table: invoices
    key: [invoice]
    time: day
    joins: [{to: customers, key: customer}]
    dimensions: [{name: day, type: time}, {name: customer, type: identifier}]
  - model: payments
    table: payments
    key: [payment]
    time: day
    joins: [{to: customers, key: customer}]
    dimensions: [{name: day, type: time}, {name: payment, type: identifier}, {name: customer, type: identifier}]
  - model: customers
    table: customers
    key: [customer]
    dimensions: [{name: region}]
  - model: balances
    table: balances
    key: [day, account]
    time: day
    dimensions: [{name: day, type: time}, {name: account}]
  - model: daily
    table: daily
    key: [day]
    time: day
    dimensions: [{name: day, type: time}]
metrics:
  - {name: invoiced, model: invoices, agg: sum, expr: amount, better: higher}
  - {name: cost, model: invoices, agg: sum, expr: cost, better: lower}
  - {name: paid, model: payments, agg: sum, expr: paid}
  - {name: open_items, derived: invoiced - paid}
  - {name: share_paid, ratio: {numerator: paid, denominator: invoiced}, on_zero: undefined, unit: percent}
  - {name: margin, derived: "(invoiced - cost) / invoiced", on_zero: undefined, unit: percent}
  - {name: average_invoice, model: invoices, agg: average, expr: amount}
  - {name: median_invoice, model: invoices, agg: median, expr: amount}
  - {name: p90_invoice, model: invoices, agg: percentile, percentile: 0.9, expr: amount}
  - {name: buyers, model: invoices, agg: count_distinct, expr: customer}
  - {name: invoices, model: invoices, agg: count}
  - {name: large_invoices, model: invoices, agg: count, where: "amount > 1000"}
  - {name: large_amount, model: invoices, agg: sum, expr: amount, where: "amount > 1000"}
  - {name: large_share, ratio: {numerator: large_invoices, denominator: invoices}, on_zero: undefined}
  - {name: per_large, ratio: {numerator: invoiced, denominator: large_invoices}, on_zero: undefined}
  - {name: per_large_zero, ratio: {numerator: invoiced, denominator: large_invoices}, on_zero: zero}
  - {name: rates, model: invoices, agg: sum, expr: rate}
  - {name: discounts, model: invoices, agg: sum, expr: amount * discount}
  - {name: squares, model: invoices, agg: sum, expr: amount * amount * amount * amount * amount * amount}
  - {name: balance, model: balances, balance: {agg: sum, expr: amount, take: last}}
  - {name: opening, model: balances, balance: {agg: sum, expr: amount, take: first}}
  - {name: average_balance, model: balances, balance: {agg: sum, expr: amount, take: average}}
  - {name: highest_balance, model: balances, balance: {agg: sum, expr: amount, take: max}}
  - {name: each_balance, model: balances, balance: {agg: sum, expr: amount, take: last, per: [account]}}
  - name: carried_balance
    model: balances
    balance: {agg: sum, expr: amount, take: last, per: [account], carry_forward: 31 days}
  - {name: turnover_of_balance, ratio: {numerator: invoiced, denominator: balance}, on_zero: undefined}
  - {name: days, model: daily, agg: count, better: higher}
  - {name: days_30, cumulative: {of: days, rolling: 30 days}}
  - {name: days_ytd, cumulative: {of: days, to_date: fiscal.year}}
  - {name: days_ever, cumulative: {of: days}}
"""
}
D = Decimal


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    return open_books(tmp_path_factory.mktemp("books"), TABLES, CATALOG, today="2026-06-15")


# --------------------------------------------------------------------------------------------------- fan-out, chasm


def test_split_payment_does_not_repeat_its_invoice(books: Books) -> None:
    """Trap: joining invoices to payments over the customer repeats the invoices (fan-out, chasm)."""
    result = books.ask("invoiced", "paid", by=("region",))
    assert result.rows == (
        ("North", D("300.00"), D("310.00")),
        ("South", D("300.00"), None),
        (None, D("57.00"), D("1.00")),
    )
    assert books.ask("invoiced", "paid").rows == ((D("657.00"), D("311.00")),)


def test_a_dimension_of_the_many_side_is_refused(books: Books) -> None:
    """Trap: grouping invoices by payment follows a one-to-many path."""
    with pytest.raises(UserError, match="no many-to-one path leads there"):
        books.ask("invoiced", by=("payment",))


def test_a_join_to_a_key_that_is_not_unique_is_refused(tmp_path: Path) -> None:
    """Trap: a join on part of the other table's key multiplies rows."""
    catalog = {
        "a": """
models:
  - {model: a, table: a, key: [id], joins: [{to: b, key: x, to_key: x}, {to: c, key: x}]}
  - {model: b, table: b, key: [x, y], dimensions: [colour]}
  - {model: c, table: c, key: [x], dimensions: [size]}
metrics: [{name: total, model: a, agg: sum, expr: amount}]
"""
    }
    tables = """
    CREATE TABLE a AS SELECT 1 AS id, 1 AS x, 5 AS amount;
    CREATE TABLE b (x INT, y INT, colour VARCHAR); INSERT INTO b VALUES (1, 1, 'red'), (1, 2, 'blue');
    CREATE TABLE c (x INT, size VARCHAR); INSERT INTO c VALUES (1, 'S'), (NULL, 'M'), (NULL, 'L');
    """
    books = open_books(tmp_path, tables, catalog)
    with pytest.raises(UserError, match="would count rows twice"):
        books.ask("total", by=("colour",))
    assert books.groups("total", "size") == {"S": 5}


# ------------------------------------------------------------------------------------------------------ NULL, zero


def test_null_keys_make_one_group_and_are_matched_across_models(books: Books) -> None:
    """Trap: NULL = NULL is unknown, so a plain join on groups loses or doubles the rows without a region."""
    groups = {row[0]: row[1:] for row in books.ask("open_items", by=("region",)).rows}
    assert groups[None] == (D("56.00"),)
    assert groups["South"] == (None,)  # nothing was paid there: no data is not zero


def test_no_data_zero_and_undefined_stay_apart(books: Books) -> None:
    """Trap: a sum of no rows as 0, a count of no rows as NULL, x/0 as 0 or infinity."""
    assert books.value("large_amount") is None
    assert books.value("large_invoices") == 0
    assert books.value("large_share") == 0
    assert books.value("per_large") is None
    assert books.value("per_large_zero") == 0
    nothing = books.ask("large_amount", "large_invoices", "invoices", start="2020-01-01", end="2020-12-31")
    assert nothing.rows == ((None, 0, 0),)


def test_a_null_in_one_column_does_not_drop_the_row_from_another(books: Books) -> None:
    """Trap: sum(amount - cost) skips the row whose cost is unknown; the metric is a difference of sums."""
    assert books.value("margin") == D("0.315068493151")  # (657 - 450) / 657


def test_leaving_one_member_out_keeps_the_rows_without_a_member(books: Books) -> None:
    """Trap: in SQL, region <> 'North' drops the invoices whose region is not known, and nobody sees it."""
    total, north = books.value("invoiced"), books.value("invoiced", where="region = 'North'")
    assert books.value("invoiced", where="region != 'North'") == D("357.00") == total - north
    assert books.value("invoiced", where="region not in ('North', 'West')") == D("357.00")
    assert books.value("invoiced", where="region != 'North' and region is not null") == D("300.00")
    assert books.value("invoiced", where="region is null") == D("57.00")
    for op, values, wanted in (("not_contains", ("nor",), "357.00"), ("not_in", ("North", None), "300.00")):
        without = MetricQuery(metrics=("invoiced",), where=(Filter(field="region", op=op, values=values),))
        assert books.layer.query(without, viewer=EVERYONE).rows == ((D(wanted),),)


# ----------------------------------------------------------------------------------------------- averages, distinct


def test_an_average_is_never_averaged_again(books: Books) -> None:
    """Trap: the mean of the months' means (150, 300, 28.5) is 159.5."""
    result = books.ask("average_invoice", by=("time.month",), totals=True)
    assert [row[1] for row in result.rows] == [D("150"), D("300"), D("28.5")]
    assert result.totals == (None, D("131.4"))


def test_distinct_counts_are_counted_again_for_totals(books: Books) -> None:
    """Trap: 1 + 1 + 1 buyers a month is not the number of buyers; and NULL is no buyer."""
    result = books.ask("buyers", by=("time.month",), totals=True)
    assert [row[1] for row in result.rows] == [1, 1, 1]
    assert result.totals == (None, 3)


def test_a_ratio_total_is_not_the_sum_of_ratios(books: Books) -> None:
    result = books.ask("share_paid", by=("time.month",), totals=True)
    assert [row[1] for row in result.rows] == [D("0.333333333333"), D("0.703333333333"), None]
    assert result.totals == (None, D("0.473363774734"))


def test_shares_of_what_overlaps_are_refused(books: Books) -> None:
    for metric in ("buyers", "share_paid", "average_invoice", "median_invoice"):
        with pytest.raises(UserError, match="says nothing"):
            books.ask(metric, by=("region",), share_of="total")


def test_median_and_percentile_are_exact(books: Books) -> None:
    """Trap: DuckDB's decimal median cuts digits off, and its percentile goes through floats."""
    assert books.value("median_invoice") == 100
    assert books.value("median_invoice", where="region = 'North'") == 150
    assert books.value("p90_invoice") == D("260")  # 200 + 0.6 * 100
    assert books.value("p90_invoice", where="region = 'West'") is None


# -------------------------------------------------------------------------------------------------------- balances


def test_balances_do_not_add_up_over_time(books: Books) -> None:
    """Trap: the sum of month-end balances."""
    result = books.ask("balance", by=("time.month",), totals=True)
    assert [row[1] for row in result.rows] == [30, 33, 12]
    assert result.totals == (None, D("12"))
    assert books.value("balance", start="2026-01-01", end="2026-02-28") == 33


def test_balances_add_up_over_accounts(books: Books) -> None:
    assert books.groups("balance", "account", end="2026-02-28") == {"A": 11, "B": 22}


def test_an_absent_account_is_not_carried_unless_said(books: Books) -> None:
    march = {"start": "2026-03-01", "end": "2026-03-31"}
    assert books.groups("balance", "account", **march) == {"A": 12}
    assert books.value("each_balance", start="2026-01-01", end="2026-03-31") == 34
    assert books.groups("carried_balance", "account", **march) == {"A": 12, "B": 22}
    assert books.groups("carried_balance", "account", start="2026-04-20", end="2026-04-30") == {"A": 12}


def test_a_filter_does_not_change_which_day_is_the_last(books: Books) -> None:
    """Trap: filtering to a closed account finds its own last day and shows an old balance as today's."""
    assert books.value("balance", where="account = 'B'") is None


def test_other_takes(books: Books) -> None:
    assert books.value("opening") == 30
    assert books.value("average_balance") == 25  # (30 + 33 + 12) / 3
    assert books.groups("average_balance", "account") == {"A": 11, "B": 14}
    assert books.value("highest_balance") == 33
    quarters = books.ask("opening", "average_balance", "highest_balance", by=("time.quarter",))
    assert quarters.rows == ((day("2026-01-01"), 30, 25, 33),)


def test_a_balance_stands_beside_a_flow(books: Books) -> None:
    assert books.value("turnover_of_balance", start="2026-02-01", end="2026-02-28") == D("9.090909090909")


def test_a_running_total_of_balances_is_refused(books: Books) -> None:
    with pytest.raises(UserError, match="does not add up over time"):
        books.ask("balance", by=("time.month",), running=True)


# ------------------------------------------------------------------------------------------------------ comparisons


def test_the_month_before_march_is_february_whole(books: Books) -> None:
    """Trap: 31 days before 31 March is 28 February, 31 days before 1 March is 29 January."""
    result = books.ask("days", start="2024-03-01", end="2024-03-31", compare="previous_period")
    assert result.rows[0][:3] == (31, 29, 2)
    assert "Compared with Feb 2024" in result.assumptions


def test_the_year_before_a_leap_february_is_february(books: Books) -> None:
    result = books.ask("days", start="2024-02-01", end="2024-02-29", compare="previous_year")
    assert result.rows[0][:2] == (29, 28)
    leap_day = books.ask("days", start="2024-02-29", end="2024-02-29", compare="previous_year")
    assert leap_day.rows[0][:2] == (1, 1)


def test_an_open_period_is_compared_like_for_like(books: Books) -> None:
    """Trap: half a June beside the whole of May, or of last June."""
    result = books.ask("days", start="2026-06-01", end="2026-06-30", compare="previous_year")
    assert result.rows[0][:3] == (15, 15, 0)
    assert "partial_period" in result.flags
    assert books.ask("days", start="2026-06-01", end="2026-06-30", compare="previous_period").rows[0][:2] == (
        15,
        15,
    )
    query = MetricQuery(
        metrics=("days",),
        time=TimeRange(start=day("2026-06-01"), end=day("2026-06-30")),
        compare=Compare(to="previous_year", like_for_like=False),
    )
    assert books.layer.query(query, viewer=EVERYONE).rows[0][:2] == (15, 30)


def test_each_bucket_is_compared_with_its_own(books: Books) -> None:
    result = books.ask(
        "days", by=("time.month",), start="2026-04-01", end="2026-06-30", compare="previous_period"
    )
    assert [(row[1], row[2]) for row in result.rows] == [(30, 31), (31, 30), (15, 15)]


def test_a_missing_period_is_a_gap_and_never_the_row_before(books: Books) -> None:
    """Trap: LAG() over the rows there are compares March with January."""
    result = books.ask(
        "paid", by=("time.month",), start="2026-01-01", end="2026-03-31", compare="previous_period"
    )
    assert [(row[0].month, row[1], row[2]) for row in result.rows] == [
        (1, D("100.00"), None),
        (2, D("211.00"), D("100.00")),
        (3, None, D("211.00")),
    ]


def test_fiscal_year_to_date_is_compared_with_the_same_part_of_the_year_before(books: Books) -> None:
    result = books.ask(
        "days", by=("time.fiscal_year",), start="2024-07-01", end="2026-06-30", compare="previous_year"
    )
    assert [(row[1], row[2]) for row in result.rows] == [(365, 366), (350, 350)]


def test_percent_is_over_the_size_of_the_base_and_favourable_follows_better(books: Books) -> None:
    result = books.ask(
        "invoiced",
        "cost",
        by=("time.month",),
        start="2026-02-01",
        end="2026-02-28",
        compare="previous_period",
    )
    row = dict(zip([column.name for column in result.columns], result.rows[0], strict=True))
    assert (row["invoiced__base"], row["invoiced__difference"], row["invoiced__percent"]) == (300, 0, 0)
    assert row["invoiced__favourable"] is None
    assert (row["cost__base"], row["cost__difference"], row["cost__percent"]) == (110, 220, 2)
    assert row["cost__favourable"] is False


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Books:
    catalog = CATALOG["all"].replace("  gregorian: {}", RETAIL)
    return open_books(tmp_path_factory.mktemp("shop"), TABLES, {"all": catalog}, today="2026-06-15")


RETAIL = "  retail: {starts: 02-01, named_by: start, week_starts: sunday, pattern: 4-5-4}"


def test_a_year_of_53_weeks_beside_one_of_52(shop: Books) -> None:
    """Trap: the same dates a year before are other weeks; the retail year 2023 has 53 weeks, 2024 has 52."""
    result = shop.ask(
        "days", start="2024-02-04", end="2025-02-01", calendar="retail", compare="previous_year"
    )
    assert result.rows[0][:2] == (364, 371)
    assert "52 weeks stand beside 53" in result.assumptions
    months = shop.ask(
        "days",
        by=("time.fiscal_month",),
        start="2024-02-04",
        end="2025-02-01",
        calendar="retail",
        compare="previous_year",
    )
    assert [row[1] // 7 for row in months.rows] == [4, 5, 4] * 4
    assert [row[2] // 7 for row in months.rows] == [4, 5, 4] * 3 + [4, 5, 5]
    assert months.rows[0][0] == day("2024-02-04")


def test_a_week_of_a_calendar_is_compared_with_its_weekdays(shop: Books) -> None:
    result = shop.ask(
        "days", start="2024-02-04", end="2024-02-10", calendar="retail", compare="previous_period"
    )
    assert result.rows[0][:2] == (7, 7)
    quarter = shop.ask(
        "days", start="2024-05-05", end="2024-05-20", calendar="retail", compare="previous_period"
    )
    assert quarter.rows[0][:2] == (16, 16)


def test_contributions_of_members_add_up_to_the_change_of_the_whole(books: Books) -> None:
    """Trap: percents of the members' own bases do not add up, and members that came or went are left out."""
    asked = {"start": "2026-02-01", "end": "2026-02-28", "compare": "previous_period"}
    result = books.ask("paid", by=("customer",), contributions=True, totals=True, **asked)
    names = [column.name for column in result.columns]
    change, part = names.index("paid__difference"), names.index("paid__contribution")
    assert result.rows[0][1:3] == (D("200.00"), D("100.00"))
    assert {row[0]: row[part] for row in result.rows} == {"C1": D("1"), "C3": D("0.1"), None: D("0.01")}
    assert result.totals is not None
    assert sum(row[part] for row in result.rows) == result.totals[names.index("paid__percent")] == D("1.11")
    assert result.totals[change] == D("111.00")
    top = books.ask("paid", by=("customer",), contributions=True, top=Top(n=1), **asked)
    assert top.rows[0][part] == 1  # of the whole, not of the rows shown
    for metric in ("buyers", "margin"):
        with pytest.raises(UserError, match="a contribution of"):
            books.ask(metric, by=("customer",), contributions=True, **asked)
    with pytest.raises(UserError, match="name what to compare with"):
        books.ask("paid", by=("customer",), contributions=True)


# ---------------------------------------------------------------------------------------------------- cumulative


def test_rolling_windows_reach_beyond_the_asked_range(books: Books) -> None:
    """Trap: the range filter cuts the window, so the first month shows one month's worth."""
    result = books.ask("days_30", by=("time.month",), start="2026-01-01", end="2026-02-28")
    assert [row[1] for row in result.rows] == [30, 30]


def test_a_year_to_date_begins_with_the_fiscal_year(books: Books) -> None:
    result = books.ask("days_ytd", by=("time.month",), start="2025-06-01", end="2025-08-31")
    assert [row[1] for row in result.rows] == [365, 31, 62]
    assert books.value("days_ever", start="2024-01-01", end="2024-12-31") == 365 + 366


# ---------------------------------------------------------------------------------------------------- exact numbers


def test_sums_of_floats_do_not_depend_on_their_order(books: Books) -> None:
    """Trap: 0.1 + 0.2 + 0.3 + 0.4 in floats is 1.0000000000000002 in some orders."""
    assert books.value("rates") == 1


def test_decimals_are_widened_before_they_are_multiplied(books: Books) -> None:
    """Trap: DECIMAL(18,2) times DECIMAL(18,6) has 18 digits and overflows, or is rounded."""
    assert books.value("discounts") == D("143.50")


def test_a_number_that_is_too_large_is_an_error_and_not_a_wrong_number(tmp_path: Path) -> None:
    tables = TABLES + "INSERT INTO invoices VALUES ('I6', 'C1', '2026-01-01', 9999999999999999, 0, 0, 0);"
    big = open_books(tmp_path, tables, CATALOG)
    with pytest.raises(EngineError, match="too large"):
        big.value("squares")
    assert big.value("invoiced") == D("10000000000000656.00")


# ---------------------------------------------------------------------------------------------------- top, shares


def test_others_are_recomputed_and_not_added_up(books: Books) -> None:
    result = books.ask("invoiced", "margin", by=("customer",), top=Top(n=1, others=True))
    assert result.rows == (
        ("C1", D("300.00"), D("0.633333333333")),
        ("Others", D("357.00"), D("0.047619047619")),
    )


def test_top_breaks_ties_the_same_way_every_time(books: Books) -> None:
    assert books.ask("invoices", by=("customer",), top=Top(n=2)).rows == (("C1", 2), ("C2", 1))
    assert books.ask("invoices", by=("customer",), top=Top(n=3)).rows == (("C1", 2), ("C2", 1), ("C9", 1))


def test_top_of_each_member(books: Books) -> None:
    result = books.ask("invoiced", by=("region", "customer"), top=Top(n=1, per="region"))
    assert [row[:2] for row in result.rows] == [("North", "C1"), ("South", "C2"), (None, "C9")]


def test_shares_add_up_to_one(books: Books) -> None:
    result = books.ask("invoiced", by=("region",), share_of="total")
    assert sum(row[2] for row in result.rows) == pytest.approx(D(1), abs=D("1e-11"))
    by_month = books.ask("invoiced", by=("time.month", "region"), share_of="total")
    assert [row[3] for row in by_month.rows] == [1, 1, 1]


def test_running_totals_run_within_each_group(books: Books) -> None:
    result = books.ask("paid", by=("time.month", "region"), running=True)
    assert [(row[0].month, row[1], row[3]) for row in result.rows] == [
        (1, "North", D("100.00")),
        (2, "North", D("310.00")),
        (2, None, D("1.00")),
    ]


def test_totals_hold_for_the_whole_and_not_for_the_rows_shown(books: Books) -> None:
    result = books.ask("invoiced", by=("customer",), top=Top(n=1), totals=True)
    assert result.rows == (("C1", D("300.00")),)
    assert result.totals == (None, D("657.00"))


# --------------------------------------------------------------------------------------------------------- injection


@pytest.mark.parametrize(
    "text", ["North'; DROP TABLE invoices; --", "' OR 1=1 --", "\\' OR 1=1 --", "%", "Nor\x00th", "🙂" * 50]
)
def test_a_value_is_never_more_than_a_value(books: Books, text: str) -> None:
    from semantic.query import Filter

    for op in ("=", "contains", "starts_with", "in"):
        query = MetricQuery(metrics=("invoices",), where=(Filter(field="region", op=op, values=(text,)),))  # type: ignore[arg-type]
        assert books.layer.query(query, viewer=EVERYONE).rows == ((0,),)
    assert books.value("invoices") == 5
