"""Give the values of a filter the type of the dimension they are compared with, or say why they have none.

Layer: semantic.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from semantic.calendar import Period, parse_period
from semantic.model import Calendar, Dimension
from semantic.query import Filter, Scalar
from semantic.schema import SqlType

_TRUE, _FALSE = {"true", "yes", "y", "1"}, {"false", "no", "n", "0"}
COUNTS = {
    "=": 1, "!=": 1, ">": 1, ">=": 1, "<": 1, "<=": 1, "between": 2, "contains": 1, "not_contains": 1,
    "starts_with": 1, "is_null": 0, "not_null": 0,
}  # fmt: skip
TEXT_OPS = ("contains", "not_contains", "starts_with")


class WrongValue(ValueError):
    """A value that cannot be compared with a dimension; the message says why."""


def typed_filter(
    wanted: Filter, dimension: Dimension, kind: SqlType, calendar: Calendar, fiscal: Calendar | None
) -> Filter:
    """Return `wanted` with values of the dimension's type.

    Raises:
        WrongValue: a value has another type, or there are too many or too few.
    """
    check_count(wanted)
    if dimension.type == "time":
        if wanted.op in TEXT_OPS:
            raise WrongValue(f"{wanted.field} is a date; {wanted.op} is for texts")
        return _period_filter(wanted, calendar, fiscal)
    if wanted.op in TEXT_OPS:
        return replace(wanted, values=tuple(str(value) for value in wanted.values))
    convert = _converter(dimension, kind)
    return replace(
        wanted, values=tuple(None if v is None else convert(wanted.field, v) for v in wanted.values)
    )


def check_count(wanted: Filter) -> None:
    """Raise WrongValue where an operator has not the number of values that it takes."""
    count = COUNTS.get(wanted.op)
    if count is None and not wanted.values:
        raise WrongValue(f"{wanted.field} {wanted.op}: no value is given")
    if count is not None and len(wanted.values) != count:
        raise WrongValue(f"{wanted.field} {wanted.op}: takes {count} value(s), not {len(wanted.values)}")


def as_number(field: str, value: Scalar) -> Scalar:
    """Return a number, read from a text where need be."""
    if isinstance(value, bool | dt.date):
        raise WrongValue(f"{field} is a number; {value} is not")
    if isinstance(value, int | Decimal):
        return value
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise WrongValue(f'{field} is a number; "{value}" is not') from None
    if not number.is_finite():
        raise WrongValue(f'{field} is a number; "{value}" is not')
    return int(number) if number == number.to_integral_value() and abs(number) < 10**30 else number


def _converter(dimension: Dimension, kind: SqlType) -> Callable[[str, Scalar], Scalar]:
    if dimension.bins:
        return _as_text
    if dimension.type == "flag" or kind.kind == "boolean":
        return _as_flag
    if dimension.type == "number" or kind.kind in ("integer", "decimal", "double"):
        return as_number
    return lambda field, value: _stored(dimension, _as_text(field, value))


def _as_text(field: str, value: Scalar) -> Scalar:
    del field
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _stored(dimension: Dimension, value: Scalar) -> Scalar:
    """The stored value that a declared synonym stands for; any other value is taken as it is."""
    if value in dimension.values:
        return value
    wanted = str(value).casefold()
    for stored, words in dimension.values.items():
        if wanted == stored.casefold() or wanted in (word.casefold() for word in words):
            return stored
    return value


def _as_flag(field: str, value: Scalar) -> Scalar:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise WrongValue(f'{field} is yes or no; "{value}" is neither')


def _period_filter(wanted: Filter, calendar: Calendar, fiscal: Calendar | None) -> Filter:
    """Compare with days: a period's name stands for its days, so ``= 'Q3 FY2026'`` is between its ends."""
    periods = [None if v is None else _as_period(wanted.field, v, calendar, fiscal) for v in wanted.values]
    if all(each is None or each.days == 1 for each in periods):
        return replace(wanted, values=tuple(each.start if each else None for each in periods))
    known = [each for each in periods if each is not None]
    if len(known) < len(periods):
        raise WrongValue(f"{wanted.field}: a period and nothing cannot be compared together")
    if wanted.op == "between":
        return replace(wanted, values=(known[0].start, known[1].end))
    if len(known) == 1:
        period = known[0]
        if wanted.op in ("=", "in"):
            return replace(wanted, op="between", values=(period.start, period.end))
        if wanted.op in (">=", "<"):
            return replace(wanted, values=(period.start,))
        if wanted.op in ("<=", ">"):
            return replace(wanted, values=(period.end,))
    raise WrongValue(f"{wanted.field} {wanted.op}: compare with days here, or with one period")


def _as_period(field: str, value: Scalar, calendar: Calendar, fiscal: Calendar | None) -> Period:
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        return Period(start=value, end=value, grain="day", label=value.isoformat())
    found = parse_period(str(value), calendar, fiscal=fiscal)
    if found is None:
        raise WrongValue(
            f'{field} is a date; "{value}" is neither a day like 2026-06-30 nor a period like Q3 FY2026'
        )
    return found
