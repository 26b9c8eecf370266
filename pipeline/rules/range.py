"""A number or date must lie within bounds; a bound of a date may be `today`. Layer: pipeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.rules.base import Asked, Columns, Row, RowRule, holds

if TYPE_CHECKING:
    from pyspark.sql import Column

BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_WORDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
}


def parse_bound(value: Any, column: ColumnSpec, today: dt.date) -> Decimal | dt.date | dt.datetime:
    """Return a bound as written in a contract in the kind of its column.

    Raises:
        ValueError: it is of another kind.
    """
    kind = column.type.kind
    if kind in ("integer", "decimal"):
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError("not a number")
        try:
            return Decimal(str(value))
        except ArithmeticError:
            raise ValueError("not a number") from None
    if kind == "date":
        return today if value == "today" else dt.date.fromisoformat(str(value))
    if kind == "timestamp":
        if value == "today":
            return dt.datetime.combine(today, dt.time.max)
        return dt.datetime.fromisoformat(str(value))
    raise ValueError("a range needs a number, a date or a timestamp column")


def _check(
    arguments: Mapping[str, Any], columns: Mapping[str, ColumnSpec], column: ColumnSpec | None
) -> Iterator[str]:
    if not any(bound in arguments for bound in BOUNDS):
        yield f"a range needs one of {', '.join(BOUNDS)}"
    for bound in BOUNDS:
        if bound in arguments and column is not None:
            try:
                parse_bound(arguments[bound], column, dt.date(2000, 1, 1))
            except ValueError:
                yield (
                    f'{bound}: {arguments[bound]!r} is no bound for {column.type.kind} column "{column.name}"'
                )


def _breaks(rule: Rule, row: Row) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    name = rule.columns[0]
    value = row.value(name)
    outside = F.lit(False)
    for bound in BOUNDS:
        if bound not in rule.arguments:
            continue
        limit = F.lit(parse_bound(rule.arguments[bound], row.spec(name), row.today))
        broken = {
            "minimum": value < limit,
            "maximum": value > limit,
            "exclusiveMinimum": value <= limit,
            "exclusiveMaximum": value >= limit,
        }[bound]
        outside = outside | broken
    return outside


_SIGNS = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}


def _asked(rule: Rule, columns: Columns, today: dt.date) -> tuple[Asked, ...]:
    column = columns[rule.columns[0]]
    bounds = {
        name: parse_bound(rule.arguments[name], column, today) for name in BOUNDS if name in rule.arguments
    }
    if any(isinstance(bound, Decimal) and Decimal(float(bound)) != bound for bound in bounds.values()):
        # the library takes floats only, and a bound must not be rounded
        return (
            holds(" and ".join(f"`{column.name}` {_SIGNS[name]} {bound}" for name, bound in bounds.items())),
        )
    plain = {name: float(bound) if isinstance(bound, Decimal) else bound for name, bound in bounds.items()}
    low = [name for name in ("minimum", "exclusiveMinimum") if name in plain]
    high = [name for name in ("maximum", "exclusiveMaximum") if name in plain]
    return tuple(
        Asked(
            expectation="ExpectColumnValuesToBeBetween",
            arguments={
                "min_value": plain.get(lowest or ""),
                "max_value": plain.get(highest or ""),
                "strict_min": lowest == "exclusiveMinimum",
                "strict_max": highest == "exclusiveMaximum",
            },
        )
        for lowest, highest in zip_longest(low, high)
    )


RULE = RowRule(
    name="range",
    arguments=BOUNDS,
    needs_column=True,
    check=_check,
    breaks=_breaks,
    asked=_asked,
    summary="a number, date or timestamp must lie within bounds; a bound of a date may be `today`",
    written="logicalTypeOptions: {exclusiveMinimum: 0} or {maximum: today}",
    reason=lambda arguments, column: (
        f"{column} must be " + " and ".join(f"{_WORDS[b]} {arguments[b]}" for b in BOUNDS if b in arguments)
    ),
)
