"""Read one calendar of a catalog file: rules for its years, or the table that lists its periods.

Layer: semantic. Knows the YAML forms of calendars.
"""

from __future__ import annotations

import re
from typing import Any, cast

from semantic.fields import Fields
from semantic.model import Calendar, PeriodTable

_DAYS_OF_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
PATTERNS = ("4-4-5", "4-5-4", "5-4-4")


def read_calendar(body: Fields) -> Calendar | None:
    """Return the calendar of one entry, as far as it can be read; its faults go to the file's issues."""
    name = body.text("name", required=True)
    starts = (1, 1)
    if body.has("starts"):
        read = _month_and_day(str(body.raw("starts")))
        if read is None:
            body.report(
                f'starts "{body.raw("starts")}" is no month and day like 07-01', "starts", code="DT203"
            )
        else:
            starts = read
    pattern = body.choice("pattern", PATTERNS, aliases={each.replace("-", "_"): each for each in PATTERNS})
    begins = body.choice("year_begins", ("nearest", "on_or_before", "on_or_after"))
    if begins and not pattern:
        body.report(
            '"year_begins" places the weekday of a year of weeks: it goes with `pattern`',
            "year_begins",
            code="DT203",
        )
    named_by = body.choice("named_by", ("start", "end"), aliases={"starts": "start", "ends": "end"})
    week = body.choice("week_starts", ("monday", "sunday", "saturday"))
    default = body.flag("default")
    periods = _read_period_table(body)
    body.finish()
    if name is None:
        return None
    return Calendar(
        periods=periods,
        name=name,
        starts=starts,
        named_by=cast(Any, named_by or "end"),
        week_starts=cast(Any, week or "monday"),
        default=default,
        pattern=pattern,
        year_begins=cast(Any, begins or "nearest"),
        position=body.position,
    )


def _read_period_table(body: Fields) -> PeriodTable | None:
    """`periods: {table: gold.periods, start: first_day, end: last_day, year: fiscal_year, quarter: fiscal_quarter}`."""
    nested = body.mapping("periods", f"{body.what}, periods")
    if nested is None:
        return None
    for other in ("starts", "pattern", "named_by", "year_begins"):
        if body.has(other):
            body.report(f'"{other}" and a table of periods both say when a year begins', other, code="DT203")
    needed = {each: nested.text(each, required=True) for each in ("table", "start", "end", "year", "quarter")}
    made = PeriodTable(
        table=needed["table"] or "",
        start=needed["start"] or "",
        end=needed["end"] or "",
        year=needed["year"] or "",
        quarter=needed["quarter"] or "",
        number=nested.text("number"),
        name=nested.text("name"),
    )
    nested.finish()
    return made if all(needed.values()) else None


def _month_and_day(text: str) -> tuple[int, int] | None:
    """07-01, 7, July, or 1 July."""
    words = text.strip().lower()
    if found := re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", words):
        month, day = int(found[1]), int(found[2] or 1)
    elif found := re.fullmatch(r"(?:(\d{1,2})\.? )?([a-z]{3,9})(?: (\d{1,2}))?", words):
        names = [number for number, name in enumerate(_MONTHS, 1) if name.startswith(found[2])]
        month, day = names[0] if len(names) == 1 else 0, int(found[1] or found[3] or 1)
    else:
        return None
    return (month, day) if 1 <= month <= 12 and 1 <= day <= _DAYS_OF_MONTHS[month - 1] else None
