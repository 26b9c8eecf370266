"""The first day of the period that a day lies in, by date arithmetic in a calendar, or by its table's list.

Agrees with `semantic.calendar.period_of` for every day (a property test holds it).
Layer: semantic.
"""

from __future__ import annotations

from sqlglot import exp

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from semantic.calendar import WEEKS_OF_QUARTER, YEAR_BEGINS
from semantic.compiler import sql
from semantic.model import Calendar
from semantic.period_tables import spans

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
    if calendar.periods:
        return _bucket_of_listed(day, grain, calendar)
    if calendar.pattern:
        return _bucket_of_weeks(day, grain, calendar)
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


def _bucket_of_listed(day: exp.Expr, grain: str, calendar: Calendar) -> exp.Expr:
    """The first day of the listed period that holds the day, found by halves; none outside of all of them."""
    listed = spans(calendar, {1: "period", 3: "quarter", 12: "year"}[_MONTHS[grain]])

    def among(first: int, last: int) -> exp.Expr:
        if first == last:
            return sql.date(listed[first][0].start)
        middle = (first + last + 1) // 2
        before = exp.LT(this=day.copy(), expression=sql.date(listed[middle][0].start))
        lower = exp.If(this=before, true=among(first, middle - 1))
        return exp.Case(ifs=[lower], default=among(middle, last))

    inside = exp.Between(this=day.copy(), low=sql.date(listed[0][0].start), high=sql.date(listed[-1][-1].end))
    found = exp.Case(ifs=[exp.If(this=inside, true=among(0, len(listed) - 1))])
    return sql.cast(found, "DATE")


def _bucket_of_weeks(day: exp.Expr, grain: str, calendar: Calendar) -> exp.Expr:
    """The first day of a month, quarter or year that is counted in weeks from the year's first day."""
    starts = [_year_of_weeks(day, years, calendar) for years in (1, 0, -1)]
    year = exp.Case(
        ifs=[exp.If(this=exp.GTE(this=day.copy(), expression=each), true=each.copy()) for each in starts[:2]],
        default=starts[2],
    )
    if _MONTHS[grain] == 12:
        return sql.cast(year, "DATE")
    days = exp.DateDiff(this=day.copy(), expression=year.copy(), unit=exp.Var(this="DAY"))
    week = _whole(days, 7)
    quarter = exp.Least(this=_whole(week, WEEKS_OF_QUARTER), expressions=[sql.number(3)])
    weeks: exp.Expr = exp.Mul(this=quarter, expression=sql.number(WEEKS_OF_QUARTER))
    if _MONTHS[grain] == 1:
        inside = exp.Paren(this=exp.Sub(this=week.copy(), expression=weeks.copy()))
        first, second, _ = calendar.weeks
        month = exp.Case(
            ifs=[
                exp.If(this=exp.LT(this=inside, expression=sql.number(first)), true=sql.number(0)),
                exp.If(
                    this=exp.LT(this=inside.copy(), expression=sql.number(first + second)),
                    true=sql.number(first),
                ),
            ],
            default=sql.number(first + second),
        )
        weeks = exp.Paren(this=exp.Add(this=weeks, expression=month))
    moved = exp.DateAdd(
        this=sql.cast(year.copy(), "DATE"),
        expression=exp.Paren(this=exp.Mul(this=weeks, expression=sql.number(7))),
        unit=exp.Var(this="DAY"),
    )
    return sql.cast(moved, "DATE")


def _year_of_weeks(day: exp.Expr, years: int, calendar: Calendar) -> exp.Expr:
    """The first day of the year of weeks that is named by the calendar year of `day`, or by one beside it."""
    month, first = calendar.starts
    anchor = _add(_truncate(day.copy(), "YEAR"), 12 * years + month - 1, "MONTH")
    return bucket(_add(anchor, first - 1 + YEAR_BEGINS[calendar.year_begins], "DAY"), "week", calendar)


def _whole(node: exp.Expr, by: int) -> exp.Expr:
    return exp.cast(exp.Floor(this=exp.Div(this=exp.Paren(this=node), expression=sql.number(by))), "INT")


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
