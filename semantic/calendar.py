"""Days, periods and names of periods in a calendar: pure arithmetic, no clock.

A `quarter` or `year` is read in the calendar that is asked: in a fiscal one it is the fiscal quarter or year.
`month` is always the calendar's month and `fiscal_month` the month counted from the year's first day; they differ
only where a year starts inside a month, or is counted in weeks (4-4-5): such a year has 52 weeks, or 53 where its
weekday makes it so, and week 53 belongs to its last month. Where a table lists the periods, `fiscal_month` is one of its
rows, and what it does not list is refused (`semantic.period_tables`). Offsets keep the meaning of a period: the month before a whole March is
the whole of February, and a month before 31 March is 28 or 29 February.
Layer: semantic. Imports the catalog's types only; used by the resolver and by planners.
"""

from __future__ import annotations

import calendar as gregorian
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from datatrust.core.errors import UserError
from semantic import period_tables
from semantic.model import Calendar, Catalog

GREGORIAN = Calendar(name="gregorian", named_by="start")

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
GRAINS = ("day", "week", "month", "quarter", "year", "fiscal_month", "fiscal_quarter", "fiscal_year")
_UNITS = {"fiscal_month": "period", "quarter": "quarter", "fiscal_quarter": "quarter", "year": "year",
          "fiscal_year": "year"}  # fmt: skip
LISTED = tuple(_UNITS)  # grains that a table of periods lists
_MONTHS_IN = {"fiscal_month": 1, "quarter": 3, "fiscal_quarter": 3, "year": 12, "fiscal_year": 12}
_WEEKDAY = {"monday": 0, "saturday": 5, "sunday": 6}
_DAY = dt.timedelta(days=1)
WEEKS_OF_QUARTER = 13  # the last one of a year of 53 weeks has one more
YEAR_BEGINS = {
    "nearest": 3,
    "on_or_before": 0,
    "on_or_after": 6,
}  # days ahead of which the weekday is the last


@dataclass(frozen=True, kw_only=True, order=True)
class Period:
    """Days from `start` to `end`, both included, that a grain of a calendar makes one."""

    start: dt.date
    end: dt.date
    grain: str
    label: str

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days + 1

    def holds(self, day: dt.date) -> bool:
        """Whether `day` lies in it."""
        return self.start <= day <= self.end


# ------------------------------------------------------------------------------------------------------ plain days


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day of another month, or its last day where it is shorter.

    >>> add_months(dt.date(2026, 3, 31), -1)
    datetime.date(2026, 2, 28)
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, gregorian.monthrange(year, month + 1)[1]))


def month_end(day: dt.date) -> dt.date:
    """Return the last day of the month that `day` lies in."""
    return day.replace(day=gregorian.monthrange(day.year, day.month)[1])


def show_day(day: dt.date) -> str:
    """Return a day as people write it.

    >>> show_day(dt.date(2026, 8, 3))
    '3 Aug 2026'
    """
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


# --------------------------------------------------------------------------------------------- years of a calendar


def year_name(day: dt.date, calendar: Calendar) -> int:
    """Return the number of the year of `calendar` that `day` falls in.

    >>> year_name(dt.date(2026, 7, 1), Calendar(name="fiscal", starts=(7, 1), named_by="end"))
    2027
    """
    if calendar.periods:
        return period_tables.span_of(day, "year", calendar)[0].year
    begun = next(
        year for year in (day.year + 1, day.year, day.year - 1) if day >= _year_start(calendar, year)
    )
    return begun + _name_offset(calendar)


def fiscal_year(calendar: Calendar, year: int) -> Period:
    """Return the year of `calendar` that is called `year`."""
    if calendar.periods:
        return _listed(period_tables.numbered(calendar, year), "year", calendar)
    begun = year - _name_offset(calendar)
    start, end = _year_start(calendar, begun), _year_start(calendar, begun + 1) - _DAY
    return Period(start=start, end=end, grain=_named("year", calendar), label=_year_label(calendar, year))


def fiscal_quarter(calendar: Calendar, year: int, quarter: int) -> Period:
    """Return quarter 1 to 4 of the year of `calendar` that is called `year`."""
    if calendar.periods:
        return _listed(period_tables.numbered(calendar, year, quarter=quarter), "quarter", calendar)
    start, end = _months_of(calendar, year, (quarter - 1) * 3, 3)
    label = f"Q{quarter} {_year_label(calendar, year)}"
    return Period(start=start, end=end, grain=_named("quarter", calendar), label=label)


def fiscal_month(calendar: Calendar, year: int, month: int) -> Period:
    """Return month 1 to 12, counted from the first of the year of `calendar` that is called `year`."""
    if calendar.periods:
        return _listed(period_tables.numbered(calendar, year, number=month), "period", calendar)
    start, end = _months_of(calendar, year, month - 1, 1)
    if start.day == 1 and not calendar.has_own_months:
        label = f"{MONTHS[start.month - 1]} {start.year}"
    else:
        label = f"M{month} {_year_label(calendar, year)}"
    return Period(start=start, end=end, grain="fiscal_month" if calendar.is_fiscal else "month", label=label)


def _listed(span: period_tables.Span, unit: str, calendar: Calendar) -> Period:
    """A period, quarter or year of a table of periods."""
    first = span[0]
    year = _year_label(calendar, first.year)
    labels = {"period": first.name, "quarter": f"Q{first.quarter} {year}", "year": year}
    grain = "fiscal_month" if unit == "period" else f"fiscal_{unit}"
    return Period(start=first.start, end=span[-1].end, grain=grain, label=labels[unit])


def calendar_month(year: int, month: int) -> Period:
    """Return a month as everybody knows it."""
    start = dt.date(year, month, 1)
    return Period(start=start, end=month_end(start), grain="month", label=f"{MONTHS[month - 1]} {year}")


# --------------------------------------------------------------------------------------------------------- periods


def period_of(day: dt.date, grain: str, calendar: Calendar) -> Period:
    """Return the period of `grain` that `day` lies in.

    >>> period_of(dt.date(2026, 2, 3), "quarter", Calendar(name="fiscal", starts=(7, 1))).label
    'Q3 FY2026'
    """
    if grain == "day":
        return Period(start=day, end=day, grain="day", label=show_day(day))
    if grain == "week":
        start = day - dt.timedelta(days=(day.weekday() - _WEEKDAY[calendar.week_starts]) % 7)
        return Period(
            start=start, end=start + dt.timedelta(days=6), grain="week", label=f"Week of {show_day(start)}"
        )
    if grain == "month":
        return calendar_month(day.year, day.month)
    if calendar.periods and grain in _UNITS:
        unit = _UNITS[grain]
        return _listed(period_tables.span_of(day, unit, calendar), unit, calendar)
    year = year_name(day, calendar)
    if grain in ("year", "fiscal_year"):
        return fiscal_year(calendar, year)
    month = _month_number(day, calendar, year)
    if grain in ("quarter", "fiscal_quarter"):
        return fiscal_quarter(calendar, year, (month - 1) // 3 + 1)
    if grain == "fiscal_month":
        return fiscal_month(calendar, year, month)
    raise ValueError(f"no such grain: {grain}")


def shift(period: Period, n: int, calendar: Calendar) -> Period:
    """Return the `n`th period after (or, negative, before) `period`, of the same grain."""
    if period.grain == "day":
        return period_of(period.start + n * _DAY, "day", calendar)
    if period.grain == "week":
        return period_of(period.start + 7 * n * _DAY, "week", calendar)
    if period.grain == "month":
        return period_of(add_months(period.start, n), "month", calendar)
    if calendar.periods:
        unit = _UNITS[period.grain]
        span = period_tables.span_of(period.start, unit, calendar)
        return _listed(period_tables.shifted(span, unit, n, calendar), unit, calendar)
    year = year_name(period.start, calendar)
    months = _MONTHS_IN[period.grain]
    number = (_month_number(period.start, calendar, year) - 1) // months + n
    per_year = 12 // months
    year, number = year + number // per_year, number % per_year
    if months == 12:
        return fiscal_year(calendar, year)
    if months == 3:
        return fiscal_quarter(calendar, year, number + 1)
    return fiscal_month(calendar, year, number + 1)


def year_ago(period: Period, calendar: Calendar, years: int = 1) -> Period:
    """Return the period that stands where `period` stands, `years` earlier: a week keeps its weekdays."""
    if period.grain == "day":
        return period_of(add_months(period.start, -12 * years), "day", calendar)
    if period.grain == "week":
        return shift(period, -52 * years, calendar)
    if calendar.periods and period.grain in _UNITS:
        unit = _UNITS[period.grain]
        span = period_tables.span_of(period.start, unit, calendar)
        return _listed(period_tables.years_before(span, unit, years, calendar), unit, calendar)
    return shift(period, -years * 12 // _MONTHS_IN.get(period.grain, 1), calendar)


def periods_between(start: dt.date, end: dt.date, grain: str, calendar: Calendar) -> Iterator[Period]:
    """Yield each period of `grain` that has a day from `start` to `end`, in order."""
    period = period_of(start, grain, calendar)
    while period.start <= end:
        yield period
        if period.end >= end:
            return
        period = shift(period, 1, calendar)


def to_date(day: dt.date, grain: str, calendar: Calendar) -> tuple[dt.date, dt.date]:
    """Return the first day of the running period of `grain`, and `day`: "year to date"."""
    return period_of(day, grain, calendar).start, day


# ------------------------------------------------------------------------------------------------- ranges of days


def shift_range(
    start: dt.date, end: dt.date, *, years: int = 0, months: int = 0, days: int = 0
) -> tuple[dt.date, dt.date]:
    """Return a range of days moved by calendar units; whole months stay whole months.

    >>> shift_range(dt.date(2024, 2, 1), dt.date(2024, 2, 29), years=-1)
    (datetime.date(2023, 2, 1), datetime.date(2023, 2, 28))
    """
    moved = years * 12 + months
    new_start, new_end = add_months(start, moved), add_months(end, moved)
    if moved and start.day == 1 and end == month_end(end):
        new_end = month_end(new_end)
    return new_start + days * _DAY, new_end + days * _DAY


def whole_months(start: dt.date, end: dt.date) -> int | None:
    """Return how many months the days from `start` to `end` make, from any day of a month to the day before it."""
    after = end + _DAY
    count = (after.year - start.year) * 12 + after.month - start.month
    return count if count > 0 and add_months(start, count) == after else None


def range_period(start: dt.date, end: dt.date, calendar: Calendar) -> Period | None:
    """Return the one period (year, quarter, month, week or day, the longest first) that the range is, or None."""
    for grain in ("year", "quarter", "month", "fiscal_month", "week", "day"):
        period = _known_period(start, grain, calendar)
        if period is not None and (period.start, period.end) == (start, end):
            return period
    return None


def _known_period(day: dt.date, grain: str, calendar: Calendar) -> Period | None:
    """The period of a day; None where the calendar's table does not list it."""
    try:
        return period_of(day, grain, calendar)
    except UserError:
        return None


def previous_range(start: dt.date, end: dt.date, calendar: Calendar) -> tuple[dt.date, dt.date]:
    """Return the range of the same kind that ends right before `start`: a quarter, n months, or n days."""
    period = range_period(start, end, calendar)
    if period is not None:
        before = shift(period, -1, calendar)
        return before.start, before.end
    months = whole_months(start, end)
    if months is not None:
        return shift_range(start, end, months=-months)
    return shift_range(start, end, days=-((end - start).days + 1))


def show_range(start: dt.date, end: dt.date, calendar: Calendar) -> str:
    """Return a range in the fewest words: the name of the period it is, or its first and last day."""
    period = range_period(start, end, calendar)
    if period is not None:
        return period.label
    if start.year == end.year:
        return f"{start.day} {MONTHS[start.month - 1]} to {show_day(end)}"
    return f"{show_day(start)} to {show_day(end)}"


# ----------------------------------------------------------------------------------------------------------- names

_YEAR = re.compile(
    r"(?P<fy>fy|fiscal year)?\s*'?(?P<year>\d{4}|\d{2})(?:[/-](?P<second>\d{4}|\d{2}))?$", re.IGNORECASE
)
_QUARTER = re.compile(
    r"(?:(?:q|quarter )(?P<q1>[1-4])[\s-]*(?P<y1>(?:fy|fiscal year)?\s*'?(?:\d{4}|\d{2}))"
    r"|(?P<y2>(?:fy\s*)?\d{4})[\s-]*q(?P<q2>[1-4]))$",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"(?:(?P<word>[a-z]{3,9})\.?\s+(?P<y1>\d{4})|(?P<y2>\d{4})-(?P<number>\d{1,2}))$", re.IGNORECASE
)


def parse_period(text: str, calendar: Calendar, *, fiscal: Calendar | None = None) -> Period | None:
    """Return the period that a name stands for, or None: "Jul 2026", "Q3 FY2026", "FY2026", "2026", "2026-07-31".

    Args:
        calendar: how a bare year or quarter is read.
        fiscal: how one that says "FY" is read; `calendar` where it is None.
    """
    text = " ".join(text.split())
    for listed in (calendar, fiscal):
        if listed is not None and listed.periods and (found := _by_name(text, listed)) is not None:
            return found
    try:
        return _parsed_period(text, calendar, fiscal)
    except UserError:  # a year or quarter that the calendar's table does not list
        return None


def _by_name(text: str, calendar: Calendar) -> Period | None:
    """The row of a table of periods that is called so."""
    for each in calendar.rows if not calendar.faults else ():
        if each.name.casefold() == text.casefold():
            return _listed((each,), "period", calendar)
    return None


def _parsed_period(text: str, calendar: Calendar, fiscal: Calendar | None) -> Period | None:
    try:
        day = dt.date.fromisoformat(text)
        return period_of(day, "day", calendar) if len(text) == 10 else None
    except ValueError:
        pass
    if found := _QUARTER.match(text):
        quarter = int(found["q1"] or found["q2"])
        named = _year_of(found["y1"] or found["y2"], calendar, fiscal)
        return fiscal_quarter(named[0], named[1], quarter) if named else None
    if found := _MONTH.match(text):
        number = int(found["number"]) if found["number"] else _month_of(found["word"])
        return calendar_month(int(found["y1"] or found["y2"]), number) if 1 <= number <= 12 else None
    if text.lower().startswith("week of "):
        inner = _parse_day(text[8:])
        return period_of(inner, "week", calendar) if inner else None
    named = _year_of(text, calendar, fiscal)
    if named:
        return fiscal_year(*named)
    spoken = _parse_day(text)
    return period_of(spoken, "day", calendar) if spoken else None


def calendar_for(catalog: Catalog, *, grain: str | None = None, name: str | None = None) -> Calendar:
    """Return the calendar that a grain is read in: fiscal grains in the catalog's fiscal one, others in `name`.

    `name` None is the catalog's default. A catalog with no fiscal calendar reads fiscal grains in its default.
    """
    chosen = catalog.calendars.get(name, catalog.default_calendar) if name else catalog.default_calendar
    if grain and grain.startswith("fiscal_") and not chosen.is_fiscal:
        return fiscal_calendar(catalog) or chosen
    return chosen


def fiscal_calendar(catalog: Catalog) -> Calendar | None:
    """Return the catalog's fiscal calendar: the default where it is one, else the first; None without one."""
    if catalog.default_calendar.is_fiscal:
        return catalog.default_calendar
    return next((each for each in catalog.calendars.values() if each.is_fiscal), None)


def _parse_day(text: str) -> dt.date | None:
    found = re.match(r"(\d{1,2})\.? ([A-Za-z]{3,9})\.? (\d{4})$", text)
    month = _month_of(found[2]) if found else 0
    try:
        return dt.date(int(found[3]), month, int(found[1])) if found and month else None
    except ValueError:
        return None


def _year_of(text: str, calendar: Calendar, fiscal: Calendar | None) -> tuple[Calendar, int] | None:
    found = _YEAR.match(text)
    if not found or (len(found["year"]) == 2 and not found["fy"]):
        return None
    year = int(found["year"]) + (2000 if len(found["year"]) == 2 else 0)
    if not 1000 <= year <= 9000:
        return None
    if found["second"]:  # "2025/26" says which years it spans, whatever the calendar names it after
        spanning = fiscal or calendar
        if not spanning.is_fiscal or spanning.periods or (year + 1 - int(found["second"])) % 100:
            return None
        return spanning, year + _name_offset(spanning)
    return (fiscal or calendar) if found["fy"] else calendar, year


def _month_of(word: str) -> int:
    short = word[:3].title()
    if short not in MONTHS:
        return 0
    number = MONTHS.index(short) + 1
    known = gregorian.month_name[number].lower()
    return number if known.startswith(word.lower()) or word.lower() == "sept" else 0


def _name_offset(calendar: Calendar) -> int:
    """How far the name of a year is from the calendar year it begins in."""
    return 1 if calendar.named_by == "end" and calendar.starts != (1, 1) else 0


def _year_start(calendar: Calendar, year: int) -> dt.date:
    month, day = calendar.starts
    anchor = dt.date(year, month, min(day, gregorian.monthrange(year, month)[1]))
    if not calendar.pattern:
        return anchor
    ahead = anchor + YEAR_BEGINS[calendar.year_begins] * _DAY
    return ahead - (ahead.weekday() - _WEEKDAY[calendar.week_starts]) % 7 * _DAY


def _months_of(calendar: Calendar, year: int, first: int, count: int) -> tuple[dt.date, dt.date]:
    begun = year - _name_offset(calendar)
    return _month_start(calendar, begun, first), _month_start(calendar, begun, first + count) - _DAY


def _month_start(calendar: Calendar, begun: int, index: int) -> dt.date:
    """First day of month `index` (from 0) of the year that begins in calendar year `begun`."""
    month, day = calendar.starts
    if calendar.weeks:
        years, number = divmod(index, 12)
        weeks = WEEKS_OF_QUARTER * (number // 3) + sum(calendar.weeks[: number % 3])
        return _year_start(calendar, begun + years) + 7 * weeks * _DAY
    years, number = divmod(month - 1 + index, 12)
    last = gregorian.monthrange(begun + years, number + 1)[1]
    return dt.date(begun + years, number + 1, min(day, last))


def _month_number(day: dt.date, calendar: Calendar, year: int) -> int:
    begun = year - _name_offset(calendar)
    return max(index for index in range(12) if _month_start(calendar, begun, index) <= day) + 1


def _year_label(calendar: Calendar, year: int) -> str:
    return f"FY{year}" if calendar.is_fiscal else str(year)


def _named(grain: str, calendar: Calendar) -> str:
    return f"fiscal_{grain}" if calendar.is_fiscal else grain
