"""Money in several currencies: converted exactly at the rate of each row's own day, or refused; never added up raw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from deltalake import write_deltalake

from datatrust.core.errors import UserError
from datatrust.core.release import TablePin, load_release
from semantic.engine import SemanticLayer
from tests.support.books import Books, open_books, publish, write_release_project

D = Decimal
TABLES = """
CREATE SCHEMA gold;
CREATE TABLE gold.sales (id INT, day DATE, region VARCHAR, currency VARCHAR, amount DECIMAL(18,2), booked_rate DECIMAL(18,6));
INSERT INTO gold.sales VALUES
  (1, '2025-06-10', 'A', 'USD', 100.00, 0.81), (2, '2025-06-20', 'A', 'EUR', 50.00, 1), (3, '2025-06-30', 'B', 'GBP', 10.00, 1.21),
  (4, '2026-06-10', 'A', 'USD', 110.00, 0.91), (5, '2026-06-20', 'A', 'EUR', 60.00, 1), (6, '2026-06-30', 'B', 'GBP', 10.00, 1.11),
  (7, '2026-06-30', 'B', 'USD', NULL, 0.9);
CREATE TABLE gold.balances (day DATE, account VARCHAR, amount DECIMAL(18,2));
INSERT INTO gold.balances VALUES ('2025-06-30', 'Cash', 1000), ('2026-05-31', 'Cash', 700), ('2026-06-30', 'Cash', 900);
CREATE TABLE gold.rates (month DATE, currency VARCHAR, average_rate DECIMAL(18,6), closing_rate DECIMAL(18,6));
INSERT INTO gold.rates VALUES
  ('2025-06-01', 'USD', 0.80, 0.85), ('2025-06-01', 'GBP', 1.20, 1.25),
  ('2026-05-01', 'USD', 0.88, 0.89), ('2026-06-01', 'USD', 0.90, 0.95), ('2026-06-01', 'GBP', 1.10, 1.15);
"""
CATALOG = """
currency: {group: EUR, rates: gold.rates, average: average_rate, closing: closing_rate}
models:
  - model: sales
    table: gold.sales
    key: [id]
    time: day
    dimensions: [{name: day, type: time}, region, currency]
  - {model: balances, table: gold.balances, key: [day, account], time: day, dimensions: [{name: day, type: time}, account]}
metrics:
  - {name: revenue, model: sales, agg: sum, expr: amount, currency: {from: currency, rate: average}, better: higher}
  - {name: booked, model: sales, agg: sum, expr: amount, currency: {from: currency, column: booked_rate}}
  - {name: invoiced, model: sales, agg: sum, expr: amount, currency: {from: currency, rate: none}}
  - {name: largest, model: sales, agg: max, expr: amount, currency: {from: currency}}
  - {name: lines, model: sales, agg: count}
  - {name: per_line, ratio: {numerator: revenue, denominator: lines}, on_zero: undefined}
  - {name: cash, model: balances, balance: {agg: sum, expr: amount}, currency: EUR}
  - {name: carried, model: balances, balance: {agg: sum, expr: amount, carry_forward: 31 days}, currency: EUR}
  - {name: after_fee, derived: revenue - 5}
"""
JUNE = {"start": "2026-06-01", "end": "2026-06-30"}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    books = open_books(tmp_path_factory.mktemp("money"), TABLES, {"all": CATALOG})
    yield books
    books.layer.close()


def sql(books: Books, statement: str) -> Any:
    return books.layer.run_statement(statement, ["gold.sales", "gold.rates", "gold.balances"])


def test_each_row_is_converted_at_the_rate_of_its_own_month(books: Books) -> None:
    """Trap: sum(amount) over currencies, or one rate for all months."""
    wanted = sql(
        books,
        """select s.region, cast(sum(s.amount * coalesce(r.average_rate, 1)) as decimal(38,2)) from gold.sales s
        left join gold.rates r on r.currency = s.currency and r.month = date_trunc('month', s.day) group by 1 order by 1""",
    )
    result = books.ask("revenue", by=("region",))
    assert result.rows == wanted == (("A", D("289.00")), ("B", D("23.00")))
    assert result.columns[1].currency == "EUR"
    assert result.evidence.tables.keys() == {"gold.sales", "gold.rates"}


def test_a_chosen_currency_is_reached_over_the_group_currency(books: Books) -> None:
    assert books.value("revenue", currency="USD", **JUNE) == D("188.89")  # (99 + 60 + 11) / 0.9
    assert books.ask("revenue", currency="usd", **JUNE).columns[0].currency == "USD"
    assert books.value("revenue", currency="EUR", **JUNE) == D("170.00")
    assert books.value("per_line", currency="GBP", **JUNE) == D("38.64")  # 170 / 1.1 / 4, rounded once
    assert books.value("largest", currency="GBP", **JUNE) == D("90.00")


def test_a_balance_is_converted_at_the_closing_rate(books: Books) -> None:
    assert books.value("cash", currency="USD", **JUNE) == D("947.37")  # 900 / 0.95
    with pytest.raises(UserError, match="takes records of earlier days"):
        books.value("carried", currency="USD", **JUNE)
    assert books.value("carried", currency="USD", rates_on=dt.date(2026, 6, 30), **JUNE) == D("947.37")


def test_a_row_may_bring_its_own_rate(books: Books) -> None:
    assert books.value("booked", **JUNE) == D("171.20")  # 110 * 0.91 + 60 + 10 * 1.11


def test_rates_of_one_day_hold_for_all_rows(books: Books) -> None:
    assert books.value("revenue", rates_on=dt.date(2025, 6, 1), **JUNE) == D("160.00")


def test_money_in_each_rows_own_currency_does_not_add_up_over_currencies(books: Books) -> None:
    """Trap: 110 dollars and 10 pounds are 120 of nothing."""
    with pytest.raises(UserError, match="several currencies, which do not add up"):
        books.ask("invoiced", by=("region",))
    assert books.groups("invoiced", "currency", **JUNE) == {"EUR": 60, "GBP": 10, "USD": 110}
    assert books.value("invoiced", where="currency = 'GBP'") == 20


def test_constant_currency_takes_the_rates_of_the_year_before(books: Books) -> None:
    """110 dollars at 0.80, 60 euros and 10 pounds at 1.20 are 160; a year before 80 + 50 + 12 = 142."""
    result = books.ask("revenue", compare="constant_currency", totals=True, by=("time.month",), **JUNE)
    assert result.rows == (
        (dt.date(2026, 6, 1), D("160.00"), D("142.00"), D("18.00"), D("0.126760563380"), True),
    )
    assert result.totals == (None, *result.rows[0][1:])
    assert "The asked period is at the exchange rates of the year before" in result.assumptions
    with pytest.raises(UserError, match="rates do not change it"):
        books.ask("lines", compare="constant_currency", **JUNE)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("INSERT INTO gold.sales VALUES (8, '2026-06-01', 'A', 'CHF', 1, 1)", "no average rate for CHF on 2026-06-01"),
        ("INSERT INTO gold.sales VALUES (8, '2026-07-01', 'A', 'USD', 1, 1)", "no average rate for USD on 2026-07-01"),
        ("INSERT INTO gold.sales VALUES (8, '2026-06-01', 'A', NULL, 1, 1)", "no average rate for no value on 2026-06-01"),
        ("INSERT INTO gold.rates VALUES ('2026-06-15', 'USD', 0.7, 0.7)", "two rates for USD in the period of 2026-06-01"),
    ],
)  # fmt: skip
def test_a_missing_or_second_rate_is_a_fault_and_not_a_smaller_sum(
    tmp_path: Path, change: str, said: str
) -> None:
    """Trap: a row without a rate becomes NULL and leaves the sum; one with two rates counts twice."""
    books = open_books(tmp_path, f"{TABLES}; {change};", {"all": CATALOG})
    with pytest.raises(UserError, match=said):
        books.ask("revenue", start="2026-06-01", end="2026-07-31")
    if "gold.rates" not in change:
        assert books.value("revenue", start="2025-06-01", end="2025-06-30") == D("142.00")


def test_a_currency_without_rates_a_written_amount_and_no_money_are_refused(books: Books) -> None:
    with pytest.raises(UserError, match="no average rate for SEK"):
        books.ask("revenue", currency="SEK", **JUNE)
    with pytest.raises(UserError, match="adds the written amount 5"):
        books.ask("after_fee", currency="USD", **JUNE)
    with pytest.raises(UserError, match="nothing to show in USD"):
        books.ask("lines", currency="USD", **JUNE)
    with pytest.raises(UserError, match="no ISO code"):
        books.ask("revenue", currency="dollars", **JUNE)


# ---------------------------------------------------------------------------------------------------- as reported


def test_restatements_stand_beside_the_number_as_it_was_reported(tmp_path: Path) -> None:
    """Trap: last month's report cannot be explained by this month's data."""
    project = write_release_project(tmp_path, TABLES, {"all": CATALOG})
    table = project.warehouse / "gold/sales"
    first = SemanticLayer.open(project)
    rows = first.engine.run(
        "select 9 as id, date '2026-05-03' as day, 'C' as region, 'USD' as currency, 10.00::decimal(18,2) as amount, "
        "0.9::decimal(18,6) as booked_rate union all select 8, date '2026-06-03', 'A', 'EUR', 4, 1",
        tables=(), max_rows=9, timeout_seconds=9,
    ).rows  # fmt: skip
    import pyarrow as pa

    schema = pa.schema(
        [("id", pa.int32()), ("day", pa.date32()), ("region", pa.string()), ("currency", pa.string()),
         ("amount", pa.decimal128(18, 2)), ("booked_rate", pa.decimal128(18, 6))]
    )  # fmt: skip
    names = schema.names
    late = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=schema)
    write_deltalake(str(table), late, mode="append")
    pins = load_release(project.warehouse).tables
    publish(project, 2, {**pins, "gold.sales": TablePin(path="gold/sales", version=1)})
    books = Books(SemanticLayer.open(project))
    result = books.ask("revenue", by=("region",), compare="as_reported", start="2026-05-01", end="2026-06-30")
    assert result.rows == (
        ("A", D("163.00"), D("159.00"), D("4.00"), D("0.025157232704"), True),
        ("B", D("11.00"), D("11.00"), D("0.00"), D("0"), None),
        ("C", D("8.80"), None, None, None, None),
    )
    assert [column.name for column in result.columns][2:] == [
        "revenue__base", "revenue__difference", "revenue__percent", "revenue__favourable",
    ]  # fmt: skip
    assert result.assumptions[-1] == "Beside the number as reported in release 000001 of 30 Jun 2026"
    again = books.ask(
        "revenue", by=("region",), compare="as_reported", as_of="1", start="2026-05-01", end="2026-06-30"
    )
    assert again.rows == result.rows
    assert again.evidence.result == result.evidence.result
    with pytest.raises(UserError, match="no earlier release"):
        Books(SemanticLayer.open(project, as_of="1")).ask("revenue", compare="as_reported")
    with pytest.raises(UserError, match="do not go together"):
        books.ask("revenue", by=("region",), share_of="total", compare="as_reported")
