"""Exact arithmetic on aggregated values: a fraction is kept as top and bottom, and divided once, at the end.

No row or no data is NULL and stays NULL; a division by zero is NULL ("undefined") unless a metric says zero.
Layer: semantic.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from sqlglot import exp

from semantic.compiler import sql
from semantic.schema import SqlType

QUOTIENT_SCALE = 12  # digits after the point of a quotient, rounded half away from zero
EXACT_QUOTIENT = (
    "EXACT_QUOTIENT"  # (top, its scale, bottom, its scale, scale of the result); printed by dialects
)


@dataclass(frozen=True, kw_only=True)
class Value:
    """A number in SQL. `bottom` None is a whole value; `scale` is None of what is no number (a date, a text)."""

    top: exp.Expr
    scale: int | None
    bottom: exp.Expr | None = None
    bottom_scale: int = 0
    zero: bool = False  # a division by zero gives 0
    is_divided: bool = False  # it has the digits of a quotient

    @property
    def is_number(self) -> bool:
        """Whether one can count with it."""
        return self.scale is not None


def leaf(node: exp.Expr, kind: SqlType) -> Value:
    """A value that was aggregated."""
    return Value(top=node, scale=kind.scale if kind.is_number else None)


def constant(node: exp.Literal) -> Value:
    """A number that was written."""
    text = str(node.this)
    return Value(top=node.copy(), scale=len(text.partition(".")[2]))


def multiply(left: Value, right: Value) -> Value:
    """left * right, of fractions too."""
    top, scale = _product(left.top, left.scale, right.top, right.scale)
    bottom, bottom_scale = left.bottom, left.bottom_scale
    if bottom is None:
        bottom, bottom_scale = right.bottom, right.bottom_scale
    elif right.bottom is not None:
        bottom, bottom_scale = _product(bottom, bottom_scale, right.bottom, right.bottom_scale)
    return Value(top=top, scale=scale, bottom=bottom, bottom_scale=bottom_scale, zero=left.zero or right.zero)


def divide(left: Value, right: Value, *, zero: bool = False) -> Value:
    """left / right; the division is done when the value is finished."""
    if right.bottom is not None:
        if right.zero:
            right = finish(right)
        else:
            turned = replace(
                right,
                top=_undefined_at_zero(right),
                scale=right.bottom_scale,
                bottom=right.top,
                bottom_scale=right.scale or 0,
            )
            return replace(multiply(left, turned), zero=zero or left.zero)
    if left.bottom is not None and left.zero:
        left = finish(left)
    under = Value(
        top=exp.Literal.number(1), scale=0, bottom=right.top, bottom_scale=right.scale or 0, zero=zero
    )
    if left.bottom is None:
        return replace(under, top=left.top, scale=left.scale)
    return replace(multiply(left, under), zero=zero)


def add(left: Value, right: Value, *, minus: bool = False) -> Value:
    """left + right, or left - right."""
    left, right = finish(left), finish(right)
    node = (exp.Sub if minus else exp.Add)(this=left.top, expression=_bracket(right.top))
    return Value(
        top=node,
        scale=max(left.scale or 0, right.scale or 0),
        is_divided=left.is_divided or right.is_divided,
    )


def negate(value: Value) -> Value:
    """-value."""
    return replace(value, top=exp.Neg(this=_bracket(value.top)))


def finish(value: Value) -> Value:
    """Return the value with its one division written out."""
    if value.bottom is None:
        return value
    quotient: exp.Expr = exp.Anonymous(
        this=EXACT_QUOTIENT,
        expressions=[
            value.top,
            sql.number(value.scale or 0),
            value.bottom,
            sql.number(value.bottom_scale),
            sql.number(QUOTIENT_SCALE),
        ],
    )
    if value.zero:
        quotient = exp.Case(
            ifs=[
                exp.If(
                    this=exp.and_(
                        exp.EQ(this=value.bottom.copy(), expression=exp.Literal.number(0)),
                        exp.Not(this=exp.Is(this=value.top.copy(), expression=exp.Null())),
                        copy=False,
                    ),
                    true=exp.Literal.number(0),
                )
            ],
            default=quotient,
        )
    return Value(top=quotient, scale=QUOTIENT_SCALE, is_divided=True)


def filled(value: Value, fill: Decimal) -> Value:
    """Return a finished value that is `fill` where there is none."""
    value = finish(value)
    digits = max(0, -int(fill.as_tuple().exponent))
    node = exp.Coalesce(this=value.top, expressions=[sql.number(fill)])
    scale = max(value.scale, digits) if value.scale is not None else None
    return Value(top=node, scale=scale, is_divided=value.is_divided)


def rounded(value: Value, decimals: int | None) -> Value:
    """Return a finished value at the digits that its metric declares."""
    value = finish(value)
    if decimals is None or value.scale is None or value.scale <= decimals:
        return value
    return Value(
        top=sql.decimal(exp.Round(this=value.top, decimals=sql.number(decimals)), decimals), scale=decimals
    )


def _undefined_at_zero(value: Value) -> exp.Expr:
    """The bottom of a divisor: where it is zero, the divisor itself is undefined."""
    assert value.bottom is not None
    return exp.Nullif(this=value.bottom.copy(), expression=exp.Literal.number(0))


def _product(
    left: exp.Expr, left_scale: int | None, right: exp.Expr, right_scale: int | None
) -> tuple[exp.Expr, int]:
    one, other = left_scale or 0, right_scale or 0
    return exp.Mul(this=_wide(left, one), expression=_wide(right, other)), one + other


def _wide(node: exp.Expr, scale: int) -> exp.Expr:
    return node if isinstance(node, exp.Literal | exp.Mul) else sql.decimal(node, scale)


def _bracket(node: exp.Expr) -> exp.Expr:
    return exp.Paren(this=node) if isinstance(node, exp.Binary) else node
