"""Periods, offsets and names in fiscal and Gregorian calendars."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic.calendar import (
    GRAINS,
    GREGORIAN,
    add_months,
    fiscal_month,
    fiscal_quarter,
    fiscal_year,
    parse_period,
    period_of,
    periods_between,
    previous_range,
    range_period,
    shift,
    shift_range,
    show_range,
    to_date,
    year_ago,
    year_name,
)
from semantic.model import Calendar

D = dt.date
FISCAL = Calendar(name="fiscal", starts=(7, 1), named_by="end", default=True)
BY_START = Calendar(name="by_start", starts=(4, 1), named_by="start")
TAX = Calendar(name="tax", starts=(4, 6), named_by="end")
LATE = Calendar(name="late", starts=(8, 31), named_by="end")
SUNDAY = Calendar(name="sunday", week_starts="sunday")
CALENDARS = (FISCAL, GREGORIAN, BY_START, TAX, LATE, SUNDAY)


@pytest.mark.parametrize(
    ("day", "grain", "calendar", "start", "end", "label"),
    [
        (D(2026, 2, 3), "month", FISCAL, D(2026, 2, 1), D(2026, 2, 28), "Feb 2026"),
        (D(2026, 2, 3), "quarter", FISCAL, D(2026, 1, 1), D(2026, 3, 31), "Q3 FY2026"),
        (D(2026, 2, 3), "fiscal_quarter", FISCAL, D(2026, 1, 1), D(2026, 3, 31), "Q3 FY2026"),
        (D(2026, 2, 3), "quarter", GREGORIAN, D(2026, 1, 1), D(2026, 3, 31), "Q1 2026"),
        (D(2026, 7, 1), "year", FISCAL, D(2026, 7, 1), D(2027, 6, 30), "FY2027"),
        (D(2026, 6, 30), "year", FISCAL, D(2025, 7, 1), D(2026, 6, 30), "FY2026"),
        (D(2026, 6, 30), "year", GREGORIAN, D(2026, 1, 1), D(2026, 12, 31), "2026"),
        (D(2026, 3, 31), "year", BY_START, D(2025, 4, 1), D(2026, 3, 31), "FY2025"),
        (D(2026, 4, 5), "year", TAX, D(2025, 4, 6), D(2026, 4, 5), "FY2026"),
        (D(2026, 4, 5), "fiscal_month", TAX, D(2026, 3, 6), D(2026, 4, 5), "M12 FY2026"),
        (D(2024, 2, 29), "fiscal_month", LATE, D(2024, 2, 29), D(2024, 3, 30), "M7 FY2024"),
        (D(2026, 8, 5), "week", FISCAL, D(2026, 8, 3), D(2026, 8, 9), "Week of 3 Aug 2026"),
        (D(2026, 8, 2), "week", SUNDAY, D(2026, 8, 2), D(2026, 8, 8), "Week of 2 Aug 2026"),
        (D(2026, 8, 5), "day", FISCAL, D(2026, 8, 5), D(2026, 8, 5), "5 Aug 2026"),
    ],
)
def test_period_of_a_day(
    day: dt.date, grain: str, calendar: Calendar, start: dt.date, end: dt.date, label: str
) -> None:
    period = period_of(day, grain, calendar)
    assert (period.start, period.end, period.label) == (start, end, label)


def test_names_give_periods() -> None:
    assert fiscal_year(FISCAL, 2026).start == D(2025, 7, 1)
    assert fiscal_quarter(FISCAL, 2026, 4).end == D(2026, 6, 30)
    assert fiscal_month(FISCAL, 2026, 12).label == "Jun 2026"
    assert year_name(D(2026, 4, 6), TAX) == 2027


def test_offsets_keep_the_meaning_of_a_period() -> None:
    assert add_months(D(2026, 3, 31), -1) == D(2026, 2, 28)
    assert add_months(D(2024, 3, 31), -1) == D(2024, 2, 29)
    assert shift(period_of(D(2026, 3, 31), "month", FISCAL), -1, FISCAL).label == "Feb 2026"
    assert shift(period_of(D(2026, 8, 1), "quarter", FISCAL), -1, FISCAL).label == "Q4 FY2026"
    assert year_ago(period_of(D(2024, 2, 29), "day", FISCAL), FISCAL).start == D(2023, 2, 28)
    assert year_ago(period_of(D(2024, 2, 10), "month", FISCAL), FISCAL).end == D(2023, 2, 28)
    week = period_of(D(2026, 8, 5), "week", FISCAL)
    assert year_ago(week, FISCAL).start.weekday() == week.start.weekday()


def test_ranges_move_by_calendar_units() -> None:
    assert shift_range(D(2023, 2, 1), D(2023, 2, 28), years=1) == (D(2024, 2, 1), D(2024, 2, 29))
    assert shift_range(D(2026, 3, 15), D(2026, 3, 31), months=-1) == (D(2026, 2, 15), D(2026, 2, 28))
    assert shift_range(D(2024, 2, 29), D(2024, 2, 29), years=-1) == (D(2023, 2, 28), D(2023, 2, 28))
    assert shift_range(D(2026, 1, 1), D(2026, 1, 7), days=-7) == (D(2025, 12, 25), D(2025, 12, 31))


@pytest.mark.parametrize(
    ("asked", "before"),
    [
        ((D(2026, 1, 1), D(2026, 3, 31)), (D(2025, 10, 1), D(2025, 12, 31))),
        ((D(2026, 3, 1), D(2026, 3, 31)), (D(2026, 2, 1), D(2026, 2, 28))),
        ((D(2026, 1, 1), D(2026, 2, 28)), (D(2025, 11, 1), D(2025, 12, 31))),
        ((D(2025, 7, 1), D(2026, 6, 30)), (D(2024, 7, 1), D(2025, 6, 30))),
        ((D(2026, 3, 10), D(2026, 3, 12)), (D(2026, 3, 7), D(2026, 3, 9))),
    ],
)
def test_the_range_before(asked: tuple[dt.date, dt.date], before: tuple[dt.date, dt.date]) -> None:
    assert previous_range(*asked, FISCAL) == before


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("FY2026", D(2025, 7, 1), D(2026, 6, 30)),
        ("fy26", D(2025, 7, 1), D(2026, 6, 30)),
        ("FY2025/26", D(2025, 7, 1), D(2026, 6, 30)),
        ("2025/2026", D(2025, 7, 1), D(2026, 6, 30)),
        ("Q3 FY2026", D(2026, 1, 1), D(2026, 3, 31)),
        ("Q3 2026", D(2026, 7, 1), D(2026, 9, 30)),
        ("2026-Q3", D(2026, 7, 1), D(2026, 9, 30)),
        ("2026", D(2026, 1, 1), D(2026, 12, 31)),
        ("Jul 2026", D(2026, 7, 1), D(2026, 7, 31)),
        ("September 2026", D(2026, 9, 1), D(2026, 9, 30)),
        ("2026-02", D(2026, 2, 1), D(2026, 2, 28)),
        ("2026-02-03", D(2026, 2, 3), D(2026, 2, 3)),
        ("3 Aug 2026", D(2026, 8, 3), D(2026, 8, 3)),
        ("Week of 3 Aug 2026", D(2026, 8, 3), D(2026, 8, 9)),
    ],
)
def test_names_are_read(text: str, start: dt.date, end: dt.date) -> None:
    period = parse_period(text, GREGORIAN, fiscal=FISCAL)
    assert period is not None
    assert (period.start, period.end) == (start, end)


@pytest.mark.parametrize("text", ["", "soon", "Q5 2026", "2026-13", "FY2025/27", "31 Feb 2026", "99"])
def test_what_is_no_period_is_none(text: str) -> None:
    assert parse_period(text, GREGORIAN, fiscal=FISCAL) is None


def test_ranges_are_shown_in_few_words() -> None:
    assert show_range(D(2026, 1, 1), D(2026, 3, 31), FISCAL) == "Q3 FY2026"
    assert show_range(D(2026, 1, 5), D(2026, 3, 31), FISCAL) == "5 Jan to 31 Mar 2026"
    assert show_range(D(2025, 12, 5), D(2026, 3, 31), FISCAL) == "5 Dec 2025 to 31 Mar 2026"
    assert to_date(D(2026, 3, 15), "year", FISCAL) == (D(2025, 7, 1), D(2026, 3, 15))


@given(
    day=st.dates(min_value=D(1990, 1, 1), max_value=D(2060, 12, 31)),
    grain=st.sampled_from(GRAINS),
    calendar=st.sampled_from(CALENDARS),
    n=st.integers(-40, 40),
)
def test_periods_tile_time(day: dt.date, grain: str, calendar: Calendar, n: int) -> None:
    period = period_of(day, grain, calendar)
    following = shift(period, 1, calendar)
    assert period.holds(day)
    assert following.start == period.end + dt.timedelta(days=1)
    assert shift(shift(period, n, calendar), -n, calendar) == period
    assert period_of(period.start, grain, calendar) == period == period_of(period.end, grain, calendar)
    assert parse_period(period.label, calendar) in (None, period) or grain in ("month", "fiscal_month")
    assert list(periods_between(period.start, following.end, grain, calendar)) == [period, following]
    assert range_period(period.start, period.end, calendar) is not None
