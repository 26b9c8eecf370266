"""Calendars of weeks: SQL and Python agree on every day, and periods tile time without a gap."""

from __future__ import annotations

import datetime as dt
import itertools

import duckdb
import pytest
from sqlglot import exp

from semantic.calendar import fiscal_year, period_of, shift, year_ago, year_name
from semantic.compiler import sql
from semantic.compiler.buckets import bucket
from semantic.compiler.dialects import print_sql
from semantic.model import Calendar

pytestmark = pytest.mark.slow

RETAIL = Calendar(name="retail", starts=(2, 1), named_by="start", week_starts="sunday", pattern="4-5-4")
ISO = Calendar(name="iso", pattern="4-4-5", named_by="start")
CALENDARS = {
    "retail": RETAIL,
    "iso": ISO,
    "last_saturday": Calendar(
        name="c", starts=(9, 1), week_starts="saturday", pattern="5-4-4", year_begins="on_or_before"
    ),
    "first_monday": Calendar(name="d", starts=(7, 1), pattern="4-4-5", year_begins="on_or_after"),
}
GRAINS = ("week", "fiscal_month", "fiscal_quarter", "fiscal_year", "quarter", "year")
FIRST, LAST = dt.date(2009, 12, 1), dt.date(2033, 2, 10)


@pytest.mark.parametrize("name", CALENDARS)
def test_sql_and_python_agree_on_every_day(name: str) -> None:
    calendar = CALENDARS[name]
    columns = [sql.aliased(bucket(sql.column("d"), grain, calendar), grain) for grain in GRAINS]
    days = f"SELECT d::DATE AS d FROM range(DATE '{FIRST}', DATE '{LAST}', INTERVAL 1 DAY) t(d)"
    select = exp.Select(expressions=[sql.column("d"), *columns]).from_(sql.table("days"))
    with duckdb.connect() as connection:
        rows = connection.execute(f"WITH days AS ({days}) {print_sql(select, 'duckdb')}").fetchall()
    assert len(rows) == (LAST - FIRST).days
    wrong = [
        (day, grain, found)
        for day, *buckets in rows
        for grain, found in zip(GRAINS, buckets, strict=True)
        if found != period_of(day, grain, calendar).start
    ]
    assert wrong == []


@pytest.mark.parametrize("name", CALENDARS)
@pytest.mark.parametrize("grain", ["fiscal_month", "fiscal_quarter", "fiscal_year"])
def test_periods_tile_time_and_years_have_52_or_53_weeks(name: str, grain: str) -> None:
    calendar = CALENDARS[name]
    period = period_of(FIRST, grain, calendar)
    for _ in range(120):
        following = shift(period, 1, calendar)
        assert following.start == period.end + dt.timedelta(days=1)
        assert shift(following, -1, calendar) == period
        assert period.days % 7 == 0
        assert all(period_of(day, grain, calendar) == period for day in (period.start, period.end))
        if grain == "fiscal_year":
            assert period.days in (364, 371)
        period = following


def test_iso_years_are_those_of_the_standard() -> None:
    day = FIRST
    while day < LAST:
        year, week, _ = day.isocalendar()
        assert year_name(day, ISO) == year
        assert (day - period_of(day, "year", ISO).start).days // 7 + 1 == week
        day += dt.timedelta(days=1)


def test_the_retail_calendar_has_its_known_years() -> None:
    """The National Retail Federation's years: 2012, 2017 and 2023 have 53 weeks."""
    long = [year for year in range(2010, 2026) if fiscal_year(RETAIL, year).days == 371]
    assert long == [2012, 2017, 2023]
    assert fiscal_year(RETAIL, 2023).start == dt.date(2023, 1, 29)
    assert fiscal_year(RETAIL, 2024).start == dt.date(2024, 2, 4)
    weeks = [period.days // 7 for period in _months(2023)]
    assert weeks == [4, 5, 4, 4, 5, 4, 4, 5, 4, 4, 5, 5]
    assert year_ago(fiscal_year(RETAIL, 2024), RETAIL).days == 371


def _months(year: int) -> list:
    first = period_of(fiscal_year(RETAIL, year).start, "fiscal_month", RETAIL)
    return list(itertools.accumulate(range(11), lambda period, _: shift(period, 1, RETAIL), initial=first))
