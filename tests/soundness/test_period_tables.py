"""Calendars that a table lists: what it says decides, and a table with holes or doubles decides nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datatrust.core.errors import UserError
from semantic.calendar import period_of
from semantic.data_checks import check_data
from semantic.describe import check_catalog
from semantic.periods import named_period
from semantic.query import EVERYONE
from tests.support.books import Books, open_books, write_file_project
from tests.unit.semantic._catalogs import catalog_of, issues_of

FIRST = dt.date(2024, 12, 30)
WEEKS = {2025: [4, 4, 5] * 4, 2026: [5, 4, 4] * 4, 2027: [4] * 13}


def periods() -> list[tuple[str, dt.date, dt.date, int, int, int]]:
    """Name, first and last day, year, quarter, number; the second period of 2026 was closed three days early."""
    found, day = [], FIRST
    for year, weeks in WEEKS.items():
        for number, count in enumerate(weeks, start=1):
            end = day + dt.timedelta(days=7 * count - 1 - (3 if (year, number) == (2026, 2) else 0))
            found.append((f"Period {number:02}", day, end, year, min(4, (number + 2) // 3), number))
            day = end + dt.timedelta(days=1)
    return found


PERIODS = periods()
VALUES = ", ".join(f"('{n}', '{s}', '{e}', {y}, {q}, {i})" for n, s, e, y, q, i in PERIODS)
TABLES = f"""
CREATE TABLE periods (called VARCHAR, first_day DATE, last_day DATE, of_year INT, of_quarter INT, place INT);
INSERT INTO periods VALUES {VALUES};
CREATE TABLE sales AS SELECT CAST(day AS DATE) AS day, (row_number() OVER ()) * 1.01::DECIMAL(18,2) AS amount,
  CASE WHEN dayofmonth(day) % 2 = 0 THEN 'EU' ELSE 'US' END AS region
  FROM range(DATE '2024-12-30', DATE '2027-03-01', INTERVAL 1 DAY) r(day);
CREATE TABLE balances AS SELECT day, amount FROM sales WHERE dayofmonth(day) % 3 = 0;
"""
CATALOG = """
calendars:
  trading:
    default: true
    periods: {table: periods, start: first_day, end: last_day, year: of_year, quarter: of_quarter, number: place, name: called}
  gregorian: {}
models:
  - {model: sales, table: sales, time: day, dimensions: [{name: day, type: time}, region]}
  - {model: balances, table: balances, time: day, dimensions: [{name: day, type: time}]}
metrics:
  - {name: sold, model: sales, agg: sum, expr: amount}
  - {name: held, model: balances, balance: {agg: sum, expr: amount, take: last}}
  - {name: to_date, cumulative: {of: sold, to_date: fiscal.year}}
  - {name: in_period, cumulative: {of: sold, to_date: fiscal.month}}
  - {name: before, derived: earlier, inputs: [{metric: sold, as: earlier, offset: 1 month}]}
  - {name: quarter_before, derived: earlier, inputs: [{metric: sold, as: earlier, offset: 1 quarter}]}
  - {name: year_before, derived: earlier, inputs: [{metric: sold, as: earlier, offset: 1 year}]}
"""
RATES = "currency: {group: EUR, rates: rates, average: rate}\n"
TODAY = "2026-06-30"
GRAINS = {
    "fiscal_month": "place",
    "fiscal_quarter": "of_quarter",
    "fiscal_year": "of_year",
    "quarter": "of_quarter",
    "year": "of_year",
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    books = open_books(tmp_path_factory.mktemp("periods"), TABLES, {"all": CATALOG}, today=TODAY)
    yield books
    books.layer.close()


def rows_of(books: Books, statement: str) -> dict[Any, Any]:
    return dict(books.layer.run_statement(statement, ["periods", "sales", "balances"]))


def row(year: int, number: int) -> tuple[dt.date, dt.date]:
    return next((s, e) for _, s, e, y, _, i in PERIODS if (y, i) == (year, number))


@pytest.mark.parametrize("grain", GRAINS)
def test_days_fall_into_the_listed_periods(books: Books, grain: str) -> None:
    """The oracle joins each day to the row that holds it."""
    found = {r[0]: r[1] for r in books.ask("sold", by=(f"time.{grain}",), totals=True).rows}
    wanted = rows_of(
        books,
        f"""select min(p.first_day), sum(s.amount) from sales s join periods p on s.day between p.first_day and p.last_day
        group by of_year, {GRAINS[grain]}""",
    )
    starts = rows_of(books, f"select min(first_day), 1 from periods group by of_year, {GRAINS[grain]}")
    assert found == wanted
    assert set(found) <= set(starts)
    assert sum(found.values()) == books.value("sold")


def test_python_and_sql_agree_on_every_day(books: Books) -> None:
    found = {
        r[0]: (r[1], r[2], r[3])
        for r in books.ask(
            "sold", by=("time.day", "time.fiscal_month", "time.fiscal_quarter", "time.fiscal_year")
        ).rows
    }
    calendar = books.layer.catalog.default_calendar
    grains = ("fiscal_month", "fiscal_quarter", "fiscal_year")
    assert len(found) > 700
    assert all(
        tuple(period_of(day, grain, calendar).start for grain in grains) == starts
        for day, starts in found.items()
    )


def test_the_previous_year_is_the_period_of_the_same_number(books: Books) -> None:
    """Trap: 52 weeks or 12 months earlier, which no row of the table is."""
    start, end = row(2026, 2)
    result = books.ask(
        "sold", by=("time.fiscal_month",), start=str(start), end=str(row(2026, 3)[1]), compare="previous_year"
    )
    for number, found in zip((2, 3), result.rows, strict=True):
        (first, last), (base_first, base_last) = row(2026, number), row(2025, number)
        wanted = rows_of(
            books,
            f"""select 'now', sum(amount) from sales where day between '{first}' and '{last}' union all
            select 'then', sum(amount) from sales where day between '{base_first}' and '{base_last}'""",
        )
        assert (found[0], found[1], found[2]) == (first, wanted["now"], wanted["then"])
    whole = books.ask("sold", start=str(start), end=str(end), compare="previous_year")
    assert whole.rows[0][:2] == result.rows[0][1:3]


def test_the_previous_period_is_the_row_before(books: Books) -> None:
    result = books.ask(
        "sold", start=str(row(2026, 3)[0]), end=str(row(2026, 3)[1]), compare="previous_period"
    )
    first, last = row(2026, 2)
    wanted = rows_of(books, f"select 1, sum(amount) from sales where day between '{first}' and '{last}'")
    assert result.rows[0][1] == wanted[1]
    assert "Compared with Period 02 FY2026" in result.assumptions


def test_balances_and_sums_to_date_stand_at_the_period_s_last_day(books: Books) -> None:
    start, end = row(2026, 1)[0], row(2026, 3)[1]
    held = books.ask("held", by=("time.fiscal_month",), start=str(start), end=str(end)).rows
    summed = books.ask("to_date", "in_period", by=("time.fiscal_month",), start=str(start), end=str(end)).rows
    for number, (balance, sums) in enumerate(zip(held, summed, strict=True), start=1):
        first, last = row(2026, number)
        wanted = rows_of(
            books,
            f"""select 'held', amount from balances where day = (select max(day) from balances where day between '{first}' and '{last}')
            union all select 'year', sum(amount) from sales where day between '{start}' and '{last}'
            union all select 'period', sum(amount) from sales where day between '{first}' and '{last}'""",
        )
        assert balance == (first, wanted["held"])
        assert sums == (first, wanted["year"], wanted["period"])


def test_offsets_go_by_rows_of_the_table(books: Books) -> None:
    start, end = row(2026, 2)[0], row(2026, 3)[1]
    found = books.ask("before", "year_before", by=("time.fiscal_month",), start=str(start), end=str(end)).rows
    for number, each in zip((2, 3), found, strict=True):
        (first, last), (old_first, old_last) = row(2026, number - 1), row(2025, number)
        wanted = rows_of(
            books,
            f"""select 'before', sum(amount) from sales where day between '{first}' and '{last}' union all
            select 'year', sum(amount) from sales where day between '{old_first}' and '{old_last}'""",
        )
        assert each[1:] == (wanted["before"], wanted["year"])
    quarters = books.ask(
        "quarter_before", by=("time.fiscal_quarter",), start=str(row(2026, 1)[0]), end=str(row(2026, 3)[1])
    ).rows
    wanted = rows_of(
        books,
        f"select 1, sum(amount) from sales where day between '{row(2025, 10)[0]}' and '{row(2025, 12)[1]}'",
    )
    assert [each[1] for each in quarters] == [wanted[1]]


def test_periods_have_the_names_of_the_table(books: Books) -> None:
    catalog = books.layer.catalog
    day = dt.date(2026, 3, 1)
    assert named_period("Period 02 FY2026", catalog=catalog, today=day) == row(2026, 2)
    assert named_period("Q4 FY2025", catalog=catalog, today=day) == (row(2025, 10)[0], row(2025, 12)[1])
    assert named_period("this_fiscal_year", catalog=catalog, today=day) == (row(2026, 1)[0], row(2026, 12)[1])
    first, last = row(2026, 2)
    by_name = books.value("sold", where="time.fiscal_month = 'Period 02 FY2026'")
    assert by_name == books.value("sold", start=str(first), end=str(last))
    with pytest.raises(UserError, match="no period"):
        named_period("FY2031", catalog=catalog, today=day)


def test_what_the_table_does_not_list_is_refused(books: Books) -> None:
    """Trap: the row before or after in the place of a period that is not there, or days that are in none."""
    start, end = row(2027, 13)
    with pytest.raises(UserError, match="has no period 13 of year 2026"):
        books.ask("sold", by=("time.fiscal_month",), start=str(start), end=str(end), compare="previous_year")
    with pytest.raises(UserError, match="its table goes from 2024-12-30 to 2027-12-23"):
        books.ask("sold", by=("time.fiscal_quarter",), start="2024-01-01", end="2025-12-31")
    with pytest.raises(UserError, match="1 before the one that begins on 2024-12-30"):
        books.ask("sold", start="2024-12-30", end=str(row(2025, 1)[1]), compare="previous_period")
    assert books.value("sold", start="2024-01-01", end="2025-12-31") is not None  # days need no table
    assert len(books.ask("sold", by=("time.month",), start="2024-01-01", end="2025-01-31").rows) == 2


FAULTS = {
    "a gap": (f"'{row(2026, 5)[0]}', '{row(2026, 5)[1]}'", f"'{row(2026, 5)[0] + dt.timedelta(days=2)}', '{row(2026, 5)[1]}'",
              "no period holds"),
    "an overlap": (f"'{row(2026, 5)[1]}', 2026", f"'{row(2026, 6)[0]}', 2026", "both hold"),
    "backwards": (f"'{row(2026, 5)[1]}', 2026", f"'{row(2026, 4)[0]}', 2026", "before it begins"),
    "no quarter": (f"'{row(2026, 5)[1]}', 2026, 2", f"'{row(2026, 5)[1]}', 2026, NULL", "1 rows lack"),
    "quarter seven": (f"'{row(2026, 5)[1]}', 2026, 2", f"'{row(2026, 5)[1]}', 2026, 7", "quarters are 1 to 4"),
    "years mixed": (f"'{row(2026, 5)[1]}', 2026, 2", f"'{row(2026, 5)[1]}', 2025, 2", "has no later year, quarter or number"),
    "a number twice": (f"'{row(2026, 5)[1]}', 2026, 2, 5", f"'{row(2026, 5)[1]}', 2026, 2, 4", "has no later year, quarter or number"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_table_with_a_fault_decides_nothing_and_is_named(tmp_path: Path, fault: str) -> None:
    old, new, words = FAULTS[fault]
    assert old in TABLES
    books = open_books(tmp_path, TABLES.replace(old, new, 1), {"all": CATALOG}, today=TODAY)
    with pytest.raises(UserError, match="calendar trading cannot be used"):
        books.ask("sold", by=("time.fiscal_month",), start="2026-01-05", end="2026-03-01")
    assert books.value("sold", start="2026-01-05", end="2026-03-01", calendar="gregorian") > 0
    found = [
        each.issue.message for each in check_data(books.layer, viewer=EVERYONE) if each.issue.code == "DT247"
    ]
    assert any(words in each for each in found), found
    books.layer.close()


def test_a_right_table_has_no_finding(books: Books) -> None:
    assert not [each for each in check_data(books.layer, viewer=EVERYONE) if each.issue.code == "DT247"]


def test_the_table_is_evidence_and_part_of_the_definition(books: Books) -> None:
    assert "periods" in books.ask("sold", by=("time.fiscal_month",)).evidence.tables
    assert "periods" not in books.ask("sold", by=("region",)).evidence.tables
    other = CATALOG.replace("start: first_day", "start: last_day")
    first, second = (catalog_hash(text, "to_date") for text in (CATALOG, other))
    assert first != second
    assert catalog_hash(CATALOG, "sold") == catalog_hash(other, "sold")


def catalog_hash(text: str, metric: str) -> str:
    return catalog_of(text).metrics[metric].definition_hash


def test_a_catalog_declares_it_whole_or_not_at_all(tmp_path: Path) -> None:
    issues = issues_of(
        "calendars: {c: {starts: 07-01, pattern: 4-4-5, periods: {table: p, start: a, yaer: y, end: b, quarter: q}}}\n"
        "models: [{model: m, table: t, key: k}]\nmetrics: [{name: x, model: m, agg: count}]"
    )
    texts = "\n".join(issues)
    assert '"year" is missing' in texts
    assert 'unknown key "yaer" (year?)' in texts
    assert '"starts" and a table of periods both say when a year begins' in texts
    with pytest.raises(
        UserError, match=r'unknown column "frist" in the periods(.|\n)*did you mean: first_day'
    ):
        open_books(tmp_path, TABLES, {"all": CATALOG.replace("start: first_day", "start: frist")})


def test_the_check_of_a_catalog_knows_tables_that_no_model_stands_on(tmp_path: Path) -> None:
    """Was wrong of rates in a DuckDB file: they were said to have no table."""
    more = "CREATE TABLE rates (month DATE, currency VARCHAR, rate DECIMAL(18,6));"
    catalog = CATALOG.replace(
        "expr: amount}", "expr: amount, unit: currency, currency: {from: region, rate: average}}", 1
    )
    project = write_file_project(tmp_path, TABLES + more, {"all": RATES + catalog}, today=TODAY)
    assert check_catalog(project)[0] == []
