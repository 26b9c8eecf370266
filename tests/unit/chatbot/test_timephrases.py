"""Time phrases and the exact days they mean, at several todays, in calendars that begin in January, April and July."""

from __future__ import annotations

import datetime as dt

import pytest

from chatbot.planner.timephrases import parse_time
from chatbot.planner.timewords.span import TimeSpan
from chatbot.planner.tokens import clean, tokenize
from semantic.model import Calendar

JANUARY = Calendar(name="gregorian", named_by="start", default=True)
APRIL = Calendar(name="fiscal", starts=(4, 1), named_by="end", default=True)
JULY = Calendar(name="fiscal", starts=(7, 1), named_by="end", default=True)
GREGORIAN = Calendar(name="gregorian", named_by="start")


def spans(text: str, today: str, calendar: Calendar = JANUARY) -> tuple[TimeSpan, ...]:
    calendars = {calendar.name: calendar, "gregorian": GREGORIAN if calendar.is_fiscal else calendar}
    return parse_time(
        tokenize(clean(text)), today=dt.date.fromisoformat(today), default=calendar, calendars=calendars
    )


def days(text: str, today: str, calendar: Calendar = JANUARY) -> str:
    found = [s for s in spans(text, today, calendar) if s.kind == "range"]
    assert len(found) == 1, (text, found)
    assert not found[0].readings, (text, found)
    return f"{found[0].start or ''}..{found[0].end or ''}"


# Phrases that mean the same in every calendar.
PLAIN = [
    ("on 2026-03-01", "2026-06-30", "2026-03-01..2026-03-01"),
    ("on 1 March 2026", "2026-06-30", "2026-03-01..2026-03-01"),
    ("on March 1, 2026", "2026-06-30", "2026-03-01..2026-03-01"),
    ("on the 1st of March 2026", "2026-06-30", "2026-03-01..2026-03-01"),
    ("on Mar 1st 2026", "2026-06-30", "2026-03-01..2026-03-01"),
    ("on 13/04/2026", "2026-06-30", "2026-04-13..2026-04-13"),
    ("on 04/13/2026", "2026-06-30", "2026-04-13..2026-04-13"),
    ("on 1.3.2026", "2026-06-30", "2026-03-01..2026-03-01"),
    ("in March 2026", "2026-06-30", "2026-03-01..2026-03-31"),
    ("in Mar 2026", "2026-06-30", "2026-03-01..2026-03-31"),
    ("in 2026-03", "2026-06-30", "2026-03-01..2026-03-31"),
    ("in 03/2026", "2026-06-30", "2026-03-01..2026-03-31"),
    ("in May", "2026-06-30", "2026-05-01..2026-05-31"),
    ("in July", "2026-06-30", "2025-07-01..2025-07-31"),
    ("in June", "2026-06-30", "2026-06-01..2026-06-30"),
    ("in February 2024", "2026-06-30", "2024-02-01..2024-02-29"),
    ("last month", "2026-06-30", "2026-05-01..2026-05-31"),
    ("last month", "2024-03-31", "2024-02-01..2024-02-29"),
    ("last month", "2026-01-15", "2025-12-01..2025-12-31"),
    ("previous month", "2026-01-01", "2025-12-01..2025-12-31"),
    ("this month", "2026-06-30", "2026-06-01..2026-06-30"),
    ("the current month", "2024-02-29", "2024-02-01..2024-02-29"),
    ("next month", "2026-12-31", "2027-01-01..2027-01-31"),
    ("today", "2026-06-30", "2026-06-30..2026-06-30"),
    ("yesterday", "2026-03-01", "2026-02-28..2026-02-28"),
    ("yesterday", "2024-03-01", "2024-02-29..2024-02-29"),
    ("last week", "2026-06-30", "2026-06-22..2026-06-28"),
    ("this week", "2026-06-30", "2026-06-29..2026-07-05"),
    ("week of 3 March 2026", "2026-06-30", "2026-03-02..2026-03-08"),
    ("past 30 days", "2026-06-30", "2026-05-31..2026-06-30"),
    ("in the last 7 days", "2026-06-30", "2026-06-23..2026-06-30"),
    ("past 7 days, inclusive of today", "2026-06-30", "2026-06-24..2026-06-30"),
    ("past 30 days, inclusive of 30 days ago", "2026-06-30", "2026-05-31..2026-06-30"),
    ("past month, inclusive of 1 month ago", "2026-06-30", "2026-05-30..2026-06-30"),
    ("the last 6 full months", "2026-06-30", "2025-12-01..2026-05-31"),
    ("the last 3 complete months", "2026-01-31", "2025-10-01..2025-12-31"),
    ("last 6 months excluding the current month", "2026-06-30", "2025-12-01..2026-05-31"),
    ("trailing twelve months", "2026-06-30", "2025-07-01..2026-06-30"),
    ("trailing 12 months", "2024-02-29", "2023-03-01..2024-02-29"),
    ("rolling 3 months", "2026-05-15", "2026-02-16..2026-05-15"),
    ("TTM", "2026-12-31", "2026-01-01..2026-12-31"),
    ("last week (exclusive of the current week)", "2026-11-22", "2026-11-09..2026-11-15"),
    ("mtd", "2026-06-12", "2026-06-01..2026-06-12"),
    ("this month so far", "2026-06-12", "2026-06-01..2026-06-12"),
    ("month to date", "2026-06-12", "2026-06-01..2026-06-12"),
    ("from 1 March 2026 to 15 April 2026", "2026-06-30", "2026-03-01..2026-04-15"),
    (
        "between Jan 1, 2023 and Mar 31, 2023 (inclusive of start and end dates)",
        "2026-06-30",
        "2023-01-01..2023-03-31",
    ),
    ("between January and March 2026", "2026-06-30", "2026-01-01..2026-03-31"),
    ("Jan-Mar 2026", "2026-06-30", "2026-01-01..2026-03-31"),
    ("November to February 2026", "2026-06-30", "2025-11-01..2026-02-28"),
    ("from March through May 2026", "2026-06-30", "2026-03-01..2026-05-31"),
    ("since January 2026", "2026-06-30", "2026-01-01.."),
    ("since 15 March 2026", "2026-06-30", "2026-03-15.."),
    ("from 2026-03-01 onwards", "2026-06-30", "2026-03-01.."),
    ("on or after Apr 1, 2023", "2026-06-30", "2023-04-01.."),
    ("after March 2026", "2026-06-30", "2026-04-01.."),
    ("after 2026-03-15", "2026-06-30", "2026-03-16.."),
    ("before March 2026", "2026-06-30", "..2026-02-28"),
    ("until March 2026", "2026-06-30", "..2026-03-31"),
    ("up to 15 March 2026", "2026-06-30", "..2026-03-15"),
    ("through 2026-03-15", "2026-06-30", "..2026-03-15"),
    ("on or before 2026-03-15", "2026-06-30", "..2026-03-15"),
    ("as of 31 March 2026", "2026-06-30", "..2026-03-31"),
    ("as at the end of March 2026", "2026-06-30", "..2026-03-31"),
    ("at the end of March 2026", "2026-06-30", "..2026-03-31"),
    ("at the beginning of March 2026", "2026-06-30", "..2026-02-28"),
    ("month end March 2026", "2026-06-30", "..2026-03-31"),
    ("3 days ago", "2026-03-02", "2026-02-27..2026-02-27"),
    ("a month ago", "2026-03-31", "2026-02-01..2026-02-28"),
    ("June last year", "2026-06-30", "2025-06-01..2025-06-30"),
    ("last Wednesday", "2026-06-30", "2026-06-24..2026-06-24"),
    ("calendar year 2025", "2026-06-30", "2025-01-01..2025-12-31"),
    ("calendar Q1 2026", "2026-06-30", "2026-01-01..2026-03-31"),
    ("during April 2026", "2026-06-30", "2026-04-01..2026-04-30"),
    ("the month before last", "2026-06-30", "2026-04-01..2026-04-30"),
    ("in each of the last 8 weeks excluding the current week", "2026-11-22", "2026-09-21..2026-11-15"),
    ("in each of the last 3 months", "2026-06-30", "2026-03-01..2026-05-31"),
    ("29 February 2024", "2026-06-30", "2024-02-29..2024-02-29"),
]


@pytest.mark.parametrize("calendar", [JANUARY, APRIL, JULY], ids=["january", "april", "july"])
@pytest.mark.parametrize(("text", "today", "wanted"), PLAIN)
def test_the_same_in_every_calendar(text: str, today: str, wanted: str, calendar: Calendar) -> None:
    assert days(text, today, calendar) == wanted


# Phrases that the company's calendar decides: (text, today, January, April, July).
FISCAL = [
    ("this year", "2026-06-30", "2026-01-01..2026-12-31", "2026-04-01..2027-03-31", "2025-07-01..2026-06-30"),
    ("this year", "2026-07-01", "2026-01-01..2026-12-31", "2026-04-01..2027-03-31", "2026-07-01..2027-06-30"),
    ("last year", "2026-06-30", "2025-01-01..2025-12-31", "2025-04-01..2026-03-31", "2024-07-01..2025-06-30"),
    ("last year", "2026-01-01", "2025-01-01..2025-12-31", "2024-04-01..2025-03-31", "2024-07-01..2025-06-30"),
    ("last quarter", "2026-06-30", "2026-01-01..2026-03-31", "2026-01-01..2026-03-31", "2026-01-01..2026-03-31"),
    ("this quarter", "2026-07-01", "2026-07-01..2026-09-30", "2026-07-01..2026-09-30", "2026-07-01..2026-09-30"),
    ("FY2026", "2026-06-30", "2026-01-01..2026-12-31", "2025-04-01..2026-03-31", "2025-07-01..2026-06-30"),
    ("FY26", "2026-06-30", "2026-01-01..2026-12-31", "2025-04-01..2026-03-31", "2025-07-01..2026-06-30"),
    ("fiscal year 2025", "2026-06-30", "2025-01-01..2025-12-31", "2024-04-01..2025-03-31", "2024-07-01..2025-06-30"),
    ("in fiscal 2026", "2026-06-30", "2026-01-01..2026-12-31", "2025-04-01..2026-03-31", "2025-07-01..2026-06-30"),
    ("Q1 2026", "2026-06-30", "2026-01-01..2026-03-31", "2025-04-01..2025-06-30", "2025-07-01..2025-09-30"),
    ("first quarter of 2023", "2026-06-30", "2023-01-01..2023-03-31", "2022-04-01..2022-06-30", "2022-07-01..2022-09-30"),
    ("1st quarter of 2023", "2026-06-30", "2023-01-01..2023-03-31", "2022-04-01..2022-06-30", "2022-07-01..2022-09-30"),
    ("Q3 FY26", "2026-06-30", "2026-07-01..2026-09-30", "2025-10-01..2025-12-31", "2026-01-01..2026-03-31"),
    ("fiscal Q3 2026", "2026-06-30", "2026-07-01..2026-09-30", "2025-10-01..2025-12-31", "2026-01-01..2026-03-31"),
    ("FY2026 Q3", "2026-06-30", "2026-07-01..2026-09-30", "2025-10-01..2025-12-31", "2026-01-01..2026-03-31"),
    ("in Q2", "2026-06-30", "2026-04-01..2026-06-30", "2025-07-01..2025-09-30", "2025-10-01..2025-12-31"),
    ("H1 FY2026", "2026-06-30", "2026-01-01..2026-06-30", "2025-04-01..2025-09-30", "2025-07-01..2025-12-31"),
    ("first half of FY2026", "2026-06-30", "2026-01-01..2026-06-30", "2025-04-01..2025-09-30", "2025-07-01..2025-12-31"),
    ("ytd", "2026-06-30", "2026-01-01..2026-06-30", "2026-04-01..2026-06-30", "2025-07-01..2026-06-30"),
    ("year to date", "2026-01-01", "2026-01-01..2026-01-01", "2025-04-01..2026-01-01", "2025-07-01..2026-01-01"),
    ("fiscal ytd", "2024-02-29", "2024-01-01..2024-02-29", "2023-04-01..2024-02-29", "2023-07-01..2024-02-29"),
    ("this year so far", "2026-06-30", "2026-01-01..2026-06-30", "2026-04-01..2026-06-30", "2025-07-01..2026-06-30"),
    ("qtd", "2026-05-20", "2026-04-01..2026-05-20", "2026-04-01..2026-05-20", "2026-04-01..2026-05-20"),
    ("Q1 to Q3 FY2026", "2026-06-30", "2026-01-01..2026-09-30", "2025-04-01..2025-12-31", "2025-07-01..2026-03-31"),
    ("at the end of Q2", "2026-06-30", "..2026-06-30", "..2025-09-30", "..2025-12-31"),
    ("the last 2 full quarters", "2026-06-30", "2025-10-01..2026-03-31", "2025-10-01..2026-03-31", "2025-10-01..2026-03-31"),
    ("Q1 last year", "2026-06-30", "2025-01-01..2025-03-31", "2025-04-01..2025-06-30", "2024-07-01..2024-09-30"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "today", "january", "april", "july"), FISCAL)
def test_the_companys_calendar_decides(text: str, today: str, january: str, april: str, july: str) -> None:
    assert [days(text, today, c) for c in (JANUARY, APRIL, JULY)] == [january, april, july]


def test_a_fiscal_year_over_two_years() -> None:
    assert days("FY2025/26", "2026-06-30", JULY) == "2025-07-01..2026-06-30"


GRAINS = [
    ("by month", "month"), ("monthly", "month"), ("per quarter", "quarter"), ("quarterly", "quarter"), ("weekly", "week"),
    ("daily", "day"), ("by day", "day"), ("for each month", "month"), ("in each quarter", "quarter"), ("every week", "week"),
    ("yearly", "year"), ("annually", "year"), ("by fiscal year", "year"), ("by fiscal quarter", "quarter"),
    ("month by month", "month"), ("on a monthly basis", "month"), ("broken down by month", "month"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "grain"), GRAINS)
def test_grains(text: str, grain: str) -> None:
    (span,) = spans(text, "2026-06-30", JULY)
    assert (span.kind, span.unit) == ("grain", grain)


def test_a_grain_can_switch_the_calendar() -> None:
    assert spans("by calendar year", "2026-06-30", JULY)[0].calendar == "gregorian"
    assert spans("by year", "2026-06-30", JULY)[0].calendar is None


COMPARISONS = [
    ("year over year", "previous_year"), ("YoY", "previous_year"), ("y/y", "previous_year"), ("year-on-year", "previous_year"),
    ("same period last year", "previous_year"), ("the same month last year", "previous_year"), ("the year before", "previous_year"),
    ("this time last year", "previous_year"), ("a year earlier", "previous_year"), ("month over month", "previous_period"),
    ("MoM", "previous_period"), ("quarter on quarter", "previous_period"), ("the month before", "previous_period"),
    ("the previous period", "previous_period"), ("the period before", "previous_period"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "to"), COMPARISONS)
def test_comparisons(text: str, to: str) -> None:
    (span,) = spans(text, "2026-06-30", JULY)
    assert (span.kind, span.compare) == ("compare", to)


AMBIGUOUS = [
    ("last Monday", JANUARY, {"2026-06-29..2026-06-29", "2026-06-22..2026-06-22"}),
    ("on 03/04/2026", JANUARY, {"2026-04-03..2026-04-03", "2026-03-04..2026-03-04"}),
    ("in 2025", JULY, {"2024-07-01..2025-06-30", "2025-01-01..2025-12-31"}),
    ("the last 3 months", JANUARY, {"2026-03-01..2026-05-31", "2026-04-01..2026-06-30"}),
    ("past month", JANUARY, {"2026-05-01..2026-05-31", "2026-06-01..2026-06-30"}),
]


@pytest.mark.parametrize(("text", "calendar", "wanted"), AMBIGUOUS)
def test_two_honest_readings_are_both_given(text: str, calendar: Calendar, wanted: set[str]) -> None:
    (span,) = spans(text, "2026-06-30", calendar)
    assert {f"{r.start}..{r.end}" for r in span.readings} == wanted


def test_a_plain_year_is_sure_where_years_are_calendar_years() -> None:
    assert days("in 2025", "2026-06-30", JANUARY) == "2025-01-01..2025-12-31"


@pytest.mark.parametrize(
    "text",
    [
        "more than 2000 orders",
        "top 5 regions",
        "may I see revenue",
        "we march on",
        "5 to 10",
        "31 February 2026",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert spans(text, "2026-06-30") == ()


def test_choices_the_asker_did_not_state_are_noted() -> None:
    assert "2026" in spans("in May", "2026-06-30")[0].notes[0]
    assert "fiscal" in spans("this year", "2026-06-30", JULY)[0].notes[0]
    assert spans("in May 2026", "2026-06-30")[0].notes == ()
