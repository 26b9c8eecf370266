"""What a phrase of time was found to say: a range of days, a grain, a comparison, or an edge of a period.

Holds no rule of language; refuses nothing.
Layer: chatbot. Imports the calendar arithmetic of semantic.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from semantic.calendar import Period, show_day

# edge: "at month end", no period of its own; vague: "summer", no exact days
# weekdays: some days of every week
SpanKind = Literal["range", "grain", "compare", "edge", "vague", "weekdays"]

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class TimeSpan:
    """What tokens `first` up to (not with) `last` say about time."""

    first: int
    last: int
    kind: SpanKind
    start: dt.date | None = None
    end: dt.date | None = None
    unit: str | None = None  # of a range: the period it is made of; of a grain: the grain
    calendar: str | None = None  # None: the catalog's default
    compare: str | None = None  # "previous_year" or "previous_period"
    each: str | None = None  # "each of the last 8 weeks": a grain that comes with the range
    days: tuple[str, ...] = ()  # of weekdays: which, as "Monday"
    state: bool = False  # "as of", "at the end of": how things stand on its last day
    to_date: bool = False  # from the start of the running period up to today
    relative: bool = False  # counted from today
    notes: tuple[str, ...] = ()
    readings: tuple[TimeSpan, ...] = ()  # two or more: ask
    label: str = ""  # of a reading: the words that ask for it unambiguously
    point: Point | None = None  # the one period that it is, where a name alone gave it
    ends: tuple[Point, Point] | None = None  # of a range: the periods it was said to run from and to


@dataclass(frozen=True, kw_only=True)
class Point:
    """A period that a phrase names, before it becomes part of a range."""

    start: dt.date
    end: dt.date
    unit: str
    calendar: str | None = None
    to_date: bool = False
    relative: bool = False
    notes: tuple[str, ...] = ()
    others: tuple[Point, ...] = ()  # further readings of the same words
    label: str = ""
    month_number: int | None = None  # a month or quarter named without a year
    quarter_number: int | None = None
    half_number: int | None = None
    day_number: int | None = None
    named: Point | None = None  # of the edge of a period: that period


def from_period(period: Period, calendar: str | None = None) -> Point:
    return Point(
        start=period.start, end=period.end, unit=period.grain.removeprefix("fiscal_"), calendar=calendar
    )


def make_day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def show_days(start: dt.date, end: dt.date) -> str:
    return show_day(start) if start == end else f"{show_day(start)} to {show_day(end)}"
