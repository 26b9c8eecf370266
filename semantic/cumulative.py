"""Over which days a cumulative metric adds up: a rolling window, a period to date, or all time.

Each bucket's value is taken at its last day. A window of months ends on the same day as it begins after.
Layer: semantic. Pure.
"""

from __future__ import annotations

import datetime as dt

from semantic.calendar import add_months, calendar_for, month_end, period_of
from semantic.model import Catalog, Metric

ALL_TIME = dt.date(1, 1, 1)
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7}


def rule_name(metric: Metric) -> str:
    """Return a name for the days that a cumulative metric adds up over; metrics of one name share a pass."""
    name = f"to_date_{metric.to_date}" if metric.to_date else "all_time"
    if metric.rolling is not None:
        name = f"rolling_{metric.rolling[0]}_{metric.rolling[1]}"
    return f"{name}_{metric.take}" if metric.take else name


def first_day(metric: Metric, end: dt.date, catalog: Catalog) -> dt.date:
    """Return the first of the days that add up to the value at `end`.

    >>> first_day(Metric(name="m", kind="cumulative", rolling=(1, "month")), dt.date(2024, 3, 31), None)
    datetime.date(2024, 3, 1)
    """
    if metric.rolling is not None:
        count, unit = metric.rolling
        if unit in _DAYS:
            return end - dt.timedelta(days=count * _DAYS[unit] - 1)
        before = add_months(end, -count * _MONTHS[unit])
        if end == month_end(end):
            before = month_end(before)
        return before + dt.timedelta(days=1)
    if metric.to_date:
        return period_of(end, metric.to_date, calendar_for(catalog, grain=metric.to_date)).start
    return ALL_TIME
