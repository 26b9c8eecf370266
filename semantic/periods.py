"""Read the period names of the command line and REST: to-date codes, last_* and names of periods.

Layer: semantic. Pure; the day that counts as today is an input.
"""

from __future__ import annotations

import datetime as dt

from datatrust.core.errors import UnknownName
from datatrust.core.issues import Issue, did_you_mean
from semantic.calendar import Period, calendar_for, fiscal_calendar, parse_period, period_of, shift, to_date
from semantic.model import Catalog

TO_DATE = {
    "wtd": "week",
    "mtd": "month",
    "qtd": "quarter",
    "ytd": "year",
    "fqtd": "fiscal_quarter",
    "fytd": "fiscal_year",
}
GRAINS = ("day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year")


def named_period(
    text: str, *, catalog: Catalog, today: dt.date, calendar: str | None = None
) -> tuple[dt.date, dt.date]:
    """Return the first and last day that `text` stands for.

    "ytd" and "fytd" end on `today`; "this_month" and "last_quarter" are whole periods; so are names such as
    "2026-05", "Q3 FY2026" and "FY2026".

    Raises:
        UnknownName: no such period.
    """
    word = text.strip().lower()
    if word in TO_DATE:
        grain = TO_DATE[word]
        return to_date(today, grain, calendar_for(catalog, grain=grain, name=calendar))
    which, _, grain = word.partition("_")
    if grain in GRAINS and which in ("this", "last"):
        read_in = calendar_for(catalog, grain=grain, name=calendar)
        running = period_of(today, grain, read_in)
        return _days(running if which == "this" else shift(running, -1, read_in))
    found = parse_period(text, calendar_for(catalog, name=calendar), fiscal=fiscal_calendar(catalog))
    if found is None:
        known = [*TO_DATE, *(f"{w}_{g}" for w in ("this", "last") for g in GRAINS)]
        raise UnknownName(
            Issue(
                code="DT310",
                message=f'no period "{text}"',
                suggestion=did_you_mean(word, known),
                hint='or a name such as 2026-05, "Q3 FY2026", FY2026',
            )
        )
    return _days(found)


def _days(period: Period) -> tuple[dt.date, dt.date]:
    return period.start, period.end
