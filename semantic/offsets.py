"""Days that a formula looks back to: so many days, weeks, months, quarters or years before those that are asked.

The calendar decides, never the rows: the month before March is February, a month before 31 March is its last day, the
year before a week keeps its weekdays, and a period without rows is a gap. What has no such period is refused.
Layer: semantic. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from datatrust.core.issues import Issue, SourcePosition
from semantic.baselines import MONTHS_IN, same_place
from semantic.calendar import Period, add_months, period_of, shift, shift_range, year_ago
from semantic.model import Calendar, Catalog, DimensionRef
from semantic.query import Filter, MetricQuery
from semantic.reach import TIME, is_own_time
from semantic.resolved import Key, Window
from semantic.scopes import Move, Offset, bases_by_scope

_DAYS = {"day": 1, "week": 7}


def offset_range(start: dt.date, end: dt.date, offset: Offset, calendar: Calendar) -> tuple[dt.date, dt.date]:
    """Return the days from `start` to `end`, `offset` earlier; whole months stay whole months.

    >>> offset_range(dt.date(2026, 3, 1), dt.date(2026, 3, 31), (1, "month"), Calendar(name="c"))
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    """
    count, unit = offset
    if unit in _DAYS:
        return shift_range(start, end, days=-count * _DAYS[unit])
    months = count * MONTHS_IN[unit]
    if calendar.periods:
        first, last = (_day_of_listed(day, offset, calendar) for day in (start, end))
        return first[0], last[1]
    if calendar.pattern:
        return _day_of_weeks(start, months, calendar)[0], _day_of_weeks(end, months, calendar)[1]
    return shift_range(start, end, months=-months)


def offset_window(window: Window, offset: Offset, grain: str, calendar: Calendar) -> Window:
    """Return the bucket of `window` with its days `offset` earlier: a whole period stays a whole period.

    Args:
        grain: the grain of the bucket; a window that spans more than one period of it is moved by its days.
    """
    period = period_of(window.start, grain, calendar)
    before = _period_before(period, offset, calendar) if window.end <= period.end else None
    if before is None:
        start, end = offset_range(window.start, window.end, offset, calendar)
    else:
        start = same_place(window.start, period, before, calendar)
        end = before.end if window.end == period.end else same_place(window.end, period, before, calendar)
    return replace(window, start=start, end=end)


def moved_windows(window: Window, move: Move, grain: str, calendar: Calendar) -> tuple[Window, ...]:
    """Return the bucket of `window` with the days that `move` takes; several windows where each day moves by itself."""
    if move.back is None:
        return (_start_window(window, move.to_start or "month", grain, calendar),)
    if (
        move.each_day
        and _period_before(period_of(window.start, grain, calendar), move.back, calendar) is None
    ):
        days = (
            window.start + dt.timedelta(days=index) for index in range((window.end - window.start).days + 1)
        )
        found = (offset_range(day, day, move.back, calendar) for day in days)
        return tuple(replace(window, start=start, end=end) for start, end in found)
    return (offset_window(window, move.back, grain, calendar),)


def moved_range(start: dt.date, end: dt.date, move: Move, calendar: Calendar) -> tuple[dt.date, dt.date]:
    """Return the days that `move` takes for a range that is in no buckets."""
    if move.back is not None:
        return offset_range(start, end, move.back, calendar)
    first = period_of(start, move.to_start or "month", calendar).start
    return first, first


def _start_window(window: Window, unit: str, grain: str, calendar: Calendar) -> Window:
    """The bucket that `unit` starts with; its first day alone, of a bucket that is longer than `unit`."""
    if _LENGTHS[grain] == _LENGTHS[unit]:
        return window
    first = period_of(window.start, unit, calendar).start
    if _LENGTHS[grain] > _LENGTHS[unit]:
        return replace(window, start=first, end=first)
    return replace(window, start=first, end=period_of(first, grain, calendar).end)


_LENGTHS = {"day": 1, "week": 7, "month": 30, "fiscal_month": 30, "quarter": 91, "fiscal_quarter": 91, "year": 365,
            "fiscal_year": 365}  # fmt: skip


def check_offsets(
    query: MetricQuery,
    catalog: Catalog,
    names: Sequence[str],
    keys: Sequence[Key],
    filters: Sequence[Filter],
    reach: Mapping[str, Mapping[str, DimensionRef]],
) -> Iterator[Issue]:
    """What a question may not ask of metrics that look back in time, because no earlier row could answer it."""
    for name in names:
        moves = {move for scope, _ in bases_by_scope(catalog, [name]) for move in scope.moves}
        if not moves:
            continue
        at = catalog.metrics[name].position
        yield from _check_starts(query, name, [move.to_start for move in moves if move.to_start], keys, at)
        if query.totals and any(move.each_day for move in moves):
            yield Issue(
                code="DT308",
                message=f"{name} moves each day by itself, so that some days count several times: it has no total",
                at=at,
                hint="ask without totals",
            )
        other = query.time.dimension if query.time is not None else None
        if other and other != TIME and not all(is_own_time(each, other) for each in reach.values()):
            yield Issue(
                code="DT308",
                message=f'{name} looks back in its own time; a period of "{other}" would hold the same rows twice',
                at=at,
                hint="name the period without a dimension",
            )
        for key in keys:
            if key.grain and not key.is_own_time:
                yield Issue(
                    code="DT308",
                    message=f'{name} looks back in its own time; "{key.name}" is another, so periods would not meet',
                    at=at,
                    hint=f"group by {TIME}.{key.grain}",
                )
            units = sorted(
                {move.back[1] for move in moves if move.back and move.back[1] in ("month", "quarter")}
            )
            if key.grain == "week" and units:
                yield Issue(
                    code="DT308",
                    message=f"{name} looks back by a {units[0]}, and no week lies a {units[0]} before another",
                    at=at,
                    hint="group by day, month or longer",
                )
        for wanted in filters:
            if any(is_own_time(each, wanted.field) for each in reach.values()):
                yield Issue(
                    code="DT308",
                    message=f'{name} looks back in time; a filter on "{wanted.field}" leaves the earlier rows out',
                    at=at,
                    hint="name the period instead (--from, --to)",
                )
        if query.compare is not None and query.compare.to == "constant_currency":
            yield Issue(
                code="DT308",
                message=f"{name} looks back in time, so that one year's rates cannot be set for all of it",
                at=at,
                hint="compare it with previous_year",
            )


def _check_starts(
    query: MetricQuery, name: str, units: Sequence[str], keys: Sequence[Key], at: SourcePosition | None
) -> Iterator[Issue]:
    """The start of a period is one day or one bucket: it needs buckets that fit, and rows of it do not add up."""
    own = [key for key in keys if key.is_own_time]
    for unit in units:
        if not own:
            yield Issue(
                code="DT308",
                message=f"{name} looks at the start of a {unit.replace('_', ' ')}, and no period of a grain is asked",
                at=at,
                hint=f"group by {TIME}.day or {TIME}.{unit}",
            )
        if query.totals:
            yield Issue(
                code="DT308",
                message=f"{name} looks at the start of each {unit.replace('_', ' ')}; its rows have no total",
                at=at,
                hint="ask without totals",
            )
        for key in own:
            if (key.grain == "week") != (unit == "week") and key.grain != "day":
                yield Issue(
                    code="DT308",
                    message=f"{name} looks at the start of a {unit.replace('_', ' ')}, and no {key.grain} begins with one",
                    at=at,
                    hint=f"group by {TIME}.day or {TIME}.{unit}",
                )


def _period_before(period: Period, offset: Offset, calendar: Calendar) -> Period | None:
    """The period that stands `offset` before `period`; None where it is no whole number of such periods."""
    count, unit = offset
    if unit in _DAYS:
        days = count * _DAYS[unit]
        own = _DAYS.get(period.grain)
        return shift(period, -days // own, calendar) if own and days % own == 0 else None
    months = count * MONTHS_IN[unit]
    if period.grain == "day":
        return period_of(add_months(period.start, -months), "day", calendar)
    if period.grain == "week":
        return year_ago(period, calendar, count) if unit == "year" else None
    if calendar.periods and period.grain != "month":
        return _listed_before(period, offset, calendar)
    own = MONTHS_IN[period.grain]
    return shift(period, -months // own, calendar) if months % own == 0 else None


_UNIT_OF = {"fiscal_month": "month", "quarter": "quarter", "fiscal_quarter": "quarter", "year": "year",
            "fiscal_year": "year"}  # fmt: skip


def _listed_before(period: Period, offset: Offset, calendar: Calendar) -> Period | None:
    """The listed period, quarter or year that stands `offset` earlier; how many months make a quarter, the table says."""
    count, unit = offset
    if unit == _UNIT_OF[period.grain]:
        return shift(period, -count, calendar)
    return year_ago(period, calendar, count) if unit == "year" else None


def _day_of_listed(day: dt.date, offset: Offset, calendar: Calendar) -> tuple[dt.date, dt.date]:
    """The day that stands as far into the period (quarter) `offset` earlier, as the first of a range and as its last."""
    period = period_of(day, "fiscal_quarter" if offset[1] == "quarter" else "fiscal_month", calendar)
    before = _listed_before(period, offset, calendar)
    assert before is not None
    place = min(before.start + (day - period.start), before.end)
    return place, before.end if day == period.end else place


def _day_of_weeks(day: dt.date, months: int, calendar: Calendar) -> tuple[dt.date, dt.date]:
    """The day that stands `months` months of weeks earlier, as the first of a range and as its last."""
    period = period_of(day, "fiscal_month", calendar)
    before = shift(period, -months, calendar)
    place = min(before.start + (day - period.start), before.end)
    return place, before.end if day == period.end else place
