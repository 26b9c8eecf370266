"""Periods that a table lists, one row each: which rows make a calendar, and arithmetic over them by place in the list.

A calendar whose rows have a fault answers nothing until it is mended: a day in two periods, or in none between them,
would be counted twice or lost. Days before the first period and after the last are in no period.
Layer: semantic. Pure; rows come from whoever opened the data.
"""

from __future__ import annotations

import datetime as dt
import itertools
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from semantic.model import Calendar, TablePeriod

MOST_ROWS = 5_000
_DAY = dt.timedelta(days=1)

Span = tuple[TablePeriod, ...]  # the rows that make one period, quarter or year


def with_rows(calendar: Calendar, rows: Sequence[Sequence[Any]]) -> Calendar:
    """Return `calendar` with the rows of its table: first day, last day, year, quarter, number and name.

    What is no day or no number is None. A number of None is the place in the year, a name of None is made of it.
    """
    lacking = sum(1 for row in rows if None in row[:4])
    known = sorted(
        (row for row in rows if None not in row[:4]), key=lambda row: (_as_day(row[0]), _as_day(row[1]))
    )
    read: list[TablePeriod] = []
    for row in known:
        year = int(row[2])
        place = 1 + sum(1 for each in read if each.year == year)
        number = int(row[4]) if row[4] is not None else place
        made = TablePeriod(
            start=_as_day(row[0]), end=_as_day(row[1]), year=year, quarter=int(row[3]), number=number,
            name=str(row[5]) if row[5] is not None else f"P{number} FY{year}",
        )  # fmt: skip
        read.append(made)
    repeated = len({each.name for each in read}) < len(read)
    named = tuple(replace(each, name=f"{each.name} FY{each.year}") if repeated else each for each in read)
    faults = (
        [f"{lacking:,} rows lack a first day, a last day, a year or a quarter (dates and whole numbers)"]
        if lacking
        else []
    )
    faults += _faults(named) if named else ["it has no row"]
    return replace(calendar, rows=named, faults=tuple(faults))


def _as_day(value: Any) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def _faults(rows: Span) -> Iterator[str]:
    """What keeps rows, in the order of their first days, from being a calendar."""
    for each in rows:
        if each.end < each.start:
            yield f"{each.name} ends ({each.end}) before it begins ({each.start})"
        if not 1 <= each.quarter <= 4:
            yield f"{each.name} is in quarter {each.quarter}; quarters are 1 to 4"
    for one, other in itertools.pairwise(rows):
        if other.start <= one.end:
            yield f"{one.name} and {other.name} both hold {other.start}"
        elif other.start > one.end + _DAY:
            yield f"no period holds {_days(one.end + _DAY, other.start - _DAY)}, between {one.name} and {other.name}"
        if (other.year, other.quarter, other.number) <= (one.year, one.quarter, one.number) or (
            other.year == one.year and other.number <= one.number
        ):
            yield f"{other.name} comes after {one.name} and has no later year, quarter or number"
    for name, count in Counter(each.name for each in rows).items():
        if count > 1:
            yield f"{count} periods are called {name}"


def _days(first: dt.date, last: dt.date) -> str:
    return f"{first}" if first == last else f"{first} to {last}"


# ----------------------------------------------------------------------------------------------------- arithmetic


def spans(calendar: Calendar, unit: str) -> tuple[Span, ...]:
    """Return the calendar's periods, quarters or years, each as its rows.

    Raises:
        UserError: the table has a fault, or has not been read.
    """
    if calendar.faults or not calendar.rows:
        what = calendar.faults[0] if calendar.faults else "its table has not been read"
        raise UserError(
            Issue(
                code="DT247",
                message=f"calendar {calendar.name} cannot be used: {what}",
                at=calendar.position,
                hint="list all faults: datatrust semantic check --data",
            )
        )
    return _listed(calendar.rows, unit).spans


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """A table's rows put together by a unit, with the days that they begin on."""

    rows: Span  # kept alive, so that their id stays their own
    spans: tuple[Span, ...]
    starts: tuple[dt.date, ...]


_KNOWN: dict[
    tuple[int, str], _Listed
] = {}  # by the id of the rows: their hash is that of every field of each
_MOST_KNOWN = 200


def _listed(rows: Span, unit: str) -> _Listed:
    found = _KNOWN.get((id(rows), unit))
    if found is None:
        keys = {"period": _period_key, "quarter": _quarter_key, "year": _year_key}
        made = tuple(tuple(group) for _, group in itertools.groupby(rows, key=keys[unit]))
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        starts = tuple(each[0].start for each in made)
        found = _KNOWN[id(rows), unit] = _Listed(rows=rows, spans=made, starts=starts)
    return found


def _period_key(row: TablePeriod) -> tuple[int, ...]:
    return row.year, row.number


def _quarter_key(row: TablePeriod) -> tuple[int, ...]:
    return row.year, row.quarter


def _year_key(row: TablePeriod) -> tuple[int, ...]:
    return (row.year,)


def span_of(day: dt.date, unit: str, calendar: Calendar) -> Span:
    """Return the period, quarter or year that `day` lies in.

    Raises:
        UserError: the table ends before it, or begins after it.
    """
    found = spans(calendar, unit)
    if not found[0][0].start <= day <= found[-1][-1].end:
        raise _outside(calendar, f"no {unit} for {day}")
    return found[_index(calendar, unit, day)]


def _index(calendar: Calendar, unit: str, day: dt.date) -> int:
    return bisect_right(_listed(calendar.rows, unit).starts, day) - 1


def shifted(span: Span, unit: str, count: int, calendar: Calendar) -> Span:
    """Return the `count`th period, quarter or year after `span`, or before it where `count` is negative."""
    found = spans(calendar, unit)
    index = _index(calendar, unit, span[0].start) + count
    if not 0 <= index < len(found):
        which = "before" if count < 0 else "after"
        raise _outside(calendar, f"no {unit} {abs(count)} {which} the one that begins on {span[0].start}")
    return found[index]


def numbered(calendar: Calendar, year: int, *, quarter: int | None = None, number: int | None = None) -> Span:
    """Return a year, or its quarter or period of that number."""
    unit = "quarter" if quarter is not None else "year" if number is None else "period"
    for each in spans(calendar, unit):
        first = each[0]
        if first.year == year and quarter in (None, first.quarter) and number in (None, first.number):
            return each
    which = (
        f"quarter {quarter} of "
        if quarter is not None
        else f"period {number} of "
        if number is not None
        else ""
    )
    raise _outside(calendar, f"no {which}year {year}")


def years_before(span: Span, unit: str, years: int, calendar: Calendar) -> Span:
    """Return what stands where `span` stands, so many years earlier: the period, quarter or year of the same number."""
    first = span[0]
    if unit == "year":
        return numbered(calendar, first.year - years)
    if unit == "quarter":
        return numbered(calendar, first.year - years, quarter=first.quarter)
    return numbered(calendar, first.year - years, number=first.number)


def _outside(calendar: Calendar, what: str) -> UserError:
    first, last = calendar.rows[0], calendar.rows[-1]
    return UserError(
        Issue(
            code="DT323",
            message=f"calendar {calendar.name} has {what}: its table goes from {first.start} to {last.end}",
            at=calendar.position,
            hint="ask for another period or in another calendar, or complete the table",
        )
    )
