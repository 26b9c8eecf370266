"""Which days an asked range, or each of its buckets, is compared with: calendar-true and like for like.

The month before a whole March is the whole of February; the year before 29 February is 28 February; a week keeps
its weekdays. Where the asked period is not complete, its base is cut at the same day.
Layer: semantic. Pure; the last day that is known is an input.
"""

from __future__ import annotations

import datetime as dt

from semantic.calendar import (
    Period,
    add_months,
    month_end,
    period_of,
    periods_between,
    previous_range,
    shift,
    shift_range,
    year_ago,
)
from semantic.model import Calendar
from semantic.resolved import Window

MONTHS_IN = {"month": 1, "fiscal_month": 1, "quarter": 3, "fiscal_quarter": 3, "year": 12, "fiscal_year": 12}
_DAY = dt.timedelta(days=1)


def base_range(
    start: dt.date, end: dt.date, *, to: str, known_through: dt.date, calendar: Calendar, like_for_like: bool
) -> tuple[dt.date, dt.date]:
    """Return the days that the range from `start` to `end` is compared with.

    >>> base_range(dt.date(2026, 3, 1), dt.date(2026, 3, 31), to="previous_period",
    ...            known_through=dt.date(2026, 6, 30), calendar=Calendar(name="c"), like_for_like=True)
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    """
    until = min(end, known_through) if like_for_like and known_through >= start else end
    if calendar.has_own_months:
        return _range_of_own_months(start, end, until, to=to, calendar=calendar)
    if to != "previous_period":
        return shift_range(start, until, years=-1)
    if until == end and (months := _to_date_months(start, end, calendar)) is not None:
        return _moved(start, -months), _moved(end, -months)
    whole_start, whole_end = previous_range(start, end, calendar)
    if until == end:
        return whole_start, whole_end
    months = _months_apart(whole_start, start)
    if months is not None:
        return whole_start, min(_moved(until, -months), whole_end)
    return whole_start, min(whole_start + (until - start), whole_end)


def base_windows(
    start: dt.date,
    end: dt.date,
    grain: str,
    *,
    to: str,
    known_through: dt.date,
    calendar: Calendar,
    like_for_like: bool,
) -> tuple[Window, ...]:
    """Return, for each bucket of the range, the days that it is compared with."""
    windows = []
    until = min(end, known_through) if like_for_like else end
    for period in periods_between(start, end, grain, calendar):
        if period.start > until:
            continue
        base = shift(period, -1, calendar) if to == "previous_period" else year_ago(period, calendar)
        first = same_place(max(period.start, start), period, base, calendar)
        last = base.end if until >= period.end else same_place(until, period, base, calendar)
        if last >= first:
            windows.append(Window(bucket=period.start, start=first, end=last))
    return tuple(windows)


def bucket_windows(start: dt.date, end: dt.date, grain: str, calendar: Calendar) -> tuple[Window, ...]:
    """Return each bucket of the range with its own days, cut to the range."""
    return tuple(
        Window(bucket=period.start, start=max(period.start, start), end=min(period.end, end))
        for period in periods_between(start, end, grain, calendar)
    )


def _range_of_own_months(
    start: dt.date, end: dt.date, until: dt.date, *, to: str, calendar: Calendar
) -> tuple[dt.date, dt.date]:
    """The base of a range in a calendar of weeks or listed periods: the same days counted from the start of theirs."""
    grains = ("fiscal_month", "fiscal_quarter", "fiscal_year")
    periods = [period_of(start, grain, calendar) for grain in grains]
    if to == "previous_period":
        within = next((each for each in periods if each.start == start and each.end >= end), None)
        if within is None:
            return previous_range(start, until, calendar)
        base = shift(within, -1, calendar)
        return base.start, base.end if until == within.end else min(base.start + (until - start), base.end)
    first = year_ago(periods[0], calendar)
    last_period = period_of(until, "fiscal_month", calendar)
    last = year_ago(last_period, calendar)
    begun = min(first.start + (start - periods[0].start), first.end)
    return begun, last.end if until == last_period.end else min(
        last.start + (until - last_period.start), last.end
    )


def same_place(day: dt.date, period: Period, base: Period, calendar: Calendar) -> dt.date:
    """The day of `base` that stands where `day` stands in `period`: same day of the month, or same weekday."""
    if day == period.start:
        return base.start
    if period.grain in MONTHS_IN and not (calendar.has_own_months and period.grain != "month"):
        months = _months_apart(base.start, period.start)
        if months is not None:
            return min(max(_moved(day, -months), base.start), base.end)
    return min(base.start + (day - period.start), base.end)


def _to_date_months(start: dt.date, end: dt.date, calendar: Calendar) -> int | None:
    """How many months the period has that the range is the first part of: "this quarter so far" gives 3."""
    if end == month_end(end):
        return None
    for grain in ("month", "quarter", "year"):
        period = period_of(start, grain, calendar)
        if period.start == start and period.holds(end):
            return MONTHS_IN[grain]
    return None


def _months_apart(earlier: dt.date, later: dt.date) -> int | None:
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months if add_months(earlier, months) == later else None


def _moved(day: dt.date, months: int) -> dt.date:
    """The same day of another month; the last day of a month stays the last."""
    moved = add_months(day, months)
    return month_end(moved) if day == month_end(day) else moved
