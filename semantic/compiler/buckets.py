"""The first day of the period that a day lies in, by date arithmetic in a calendar.

Agrees with `semantic.calendar.period_of` for every day (a property test holds it).
Layer: semantic.
"""

from __future__ import annotations

from sqlglot import exp

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from semantic.compiler import sql
from semantic.model import Calendar

_WEEK_OFFSET = {"monday": 0, "sunday": 1, "saturday": 2}
_MONTHS = {"fiscal_month": 1, "quarter": 3, "fiscal_quarter": 3, "year": 12, "fiscal_year": 12}


def bucket(day: exp.Expr, grain: str, calendar: Calendar) -> exp.Expr:
    """Return the first day of the period of `grain` that `day` lies in, as a date."""
    if grain == "day":
        return day
    if grain == "week":
        ahead = _WEEK_OFFSET[calendar.week_starts]
        return _add(_truncate(_add(day, ahead, "DAY"), "WEEK"), -ahead, "DAY")
    if grain == "month":
        return _truncate(day, "MONTH")
    first_month, first_day = calendar.starts
    if first_day > 28:
        raise UserError(
            Issue(
                code="DT322",
                message=f"calendar {calendar.name}: years that start after the 28th of a month are not supported yet",
                at=calendar.position,
            )
        )
    months = _MONTHS[grain]
    shifted = (first_month - 1) % months
    moved = _add(_add(day, -(first_day - 1), "DAY"), -shifted, "MONTH")
    unit = {1: "MONTH", 3: "QUARTER", 12: "YEAR"}[months]
    return _add(_add(_truncate(moved, unit), shifted, "MONTH"), first_day - 1, "DAY")


def add_days(day: exp.Expr, days: int) -> exp.Expr:
    """`day` and that many days more."""
    return _add(day, days, "DAY")


def add_months(day: exp.Expr, months: int) -> exp.Expr:
    """The same day of another month, or its last where that is shorter."""
    return _add(day, months, "MONTH")


def _truncate(day: exp.Expr, unit: str) -> exp.Expr:
    return sql.cast(exp.DateTrunc(this=day, unit=exp.Literal.string(unit)), "DATE")  # type: ignore[no-untyped-call]


def _add(day: exp.Expr, count: int, unit: str) -> exp.Expr:
    if count == 0:
        return day
    return sql.cast(exp.DateAdd(this=day, expression=sql.number(count), unit=exp.Var(this=unit)), "DATE")
