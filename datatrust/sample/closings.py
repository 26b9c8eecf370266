"""The days that the sample company lives in: three fiscal years to 30 June 2026, delivered in three closings.

Layer: sample. Pure.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

FIRST_DAY = dt.date(2023, 7, 1)
LAST_DAY = dt.date(2026, 6, 30)


@dataclass(frozen=True, kw_only=True)
class Closing:
    """One delivery: a folder of raw files, complete up to its last day."""

    name: str
    last_day: dt.date

    @property
    def last_moment(self) -> dt.datetime:
        return dt.datetime.combine(self.last_day, dt.time(23, 59, 59))


CLOSINGS = (
    Closing(name="2026-04", last_day=dt.date(2026, 4, 30)),  # with all history before it
    Closing(name="2026-05", last_day=dt.date(2026, 5, 31)),
    Closing(name="2026-06", last_day=LAST_DAY),
)


def months() -> tuple[dt.date, ...]:
    """Return the first day of each month of the company's history, in order."""
    count = (LAST_DAY.year - FIRST_DAY.year) * 12 + LAST_DAY.month - FIRST_DAY.month + 1
    return tuple(
        dt.date(FIRST_DAY.year + (FIRST_DAY.month - 1 + i) // 12, (FIRST_DAY.month - 1 + i) % 12 + 1, 1)
        for i in range(count)
    )


def month_of(day: dt.date) -> dt.date:
    """Return the first day of the month of `day`."""
    return dt.date(day.year, day.month, 1)


def month_end(day: dt.date) -> dt.date:
    """Return the last day of the month of `day`.

    >>> month_end(dt.date(2024, 2, 1))
    datetime.date(2024, 2, 29)
    """
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def fiscal_year(day: dt.date) -> int:
    """Return the fiscal year (from 1 July, named after the year it ends in).

    >>> fiscal_year(dt.date(2023, 7, 1))
    2024
    """
    return day.year + (day.month >= 7)


def delivery_of(day: dt.date) -> int:
    """Return the index of the first closing that covers `day`."""
    return next(i for i, closing in enumerate(CLOSINGS) if day <= closing.last_day)
