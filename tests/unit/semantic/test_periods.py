"""The period names of the command line, by the company's calendar."""

from __future__ import annotations

import datetime as dt

import pytest

from datatrust.core.errors import UnknownName
from semantic.model import Calendar, Catalog
from semantic.periods import named_period

FISCAL = Calendar(name="fiscal", starts=(7, 1), default=True)
CATALOG = Catalog(
    models={},
    metrics={},
    calendars={"fiscal": FISCAL, "gregorian": Calendar(name="gregorian")},
    default_calendar=FISCAL,
)
TODAY = dt.date(2026, 8, 15)


@pytest.mark.parametrize(
    ("text", "calendar", "start", "end"),
    [
        ("mtd", None, "2026-08-01", "2026-08-15"),
        ("ytd", None, "2026-07-01", "2026-08-15"),
        ("ytd", "gregorian", "2026-01-01", "2026-08-15"),
        ("fytd", "gregorian", "2026-07-01", "2026-08-15"),
        ("last_month", None, "2026-07-01", "2026-07-31"),
        ("last_quarter", None, "2026-04-01", "2026-06-30"),
        ("last_fiscal_year", None, "2025-07-01", "2026-06-30"),
        ("this_year", "gregorian", "2026-01-01", "2026-12-31"),
        ("2026-02", None, "2026-02-01", "2026-02-28"),
        ("FY2026", None, "2025-07-01", "2026-06-30"),
        ("Q3 FY2026", None, "2026-01-01", "2026-03-31"),
    ],
)
def test_names(text: str, calendar: str | None, start: str, end: str) -> None:
    found = named_period(text, catalog=CATALOG, today=TODAY, calendar=calendar)
    assert [day.isoformat() for day in found] == [start, end]


def test_an_unknown_name_has_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="last_month"):
        named_period("last_mont", catalog=CATALOG, today=TODAY)
