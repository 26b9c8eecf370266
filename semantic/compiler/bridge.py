"""Split a change into price, volume and mix, member by member, so that the parts are the change to the last digit.

Of a member that is there before and after, with r and q its value and quantity (0 before, 1 after), and Q the
quantities of all such members: price is r1 - r0 * q1 / q0 (the new price on the new quantity), volume is
r0 * (Q1 - Q0) / Q0 (as if every member had grown like all together), and mix is the rest: r0 * q1 / q0 - r0 - volume.
Whoever is new, lost or without a quantity has no price to compare: all of its change stands under members.
Quotients are rounded once, at the value's own digits; mix takes what rounding leaves.
Layer: semantic.
"""

from __future__ import annotations

from sqlglot import exp

from semantic.bridges import PARTS
from semantic.compiler import arithmetic as math
from semantic.compiler import sql
from semantic.compiler.arithmetic import Value
from semantic.compiler.outputs import Output
from semantic.model import Metric
from semantic.resolved import ResolvedQuery
from semantic.result import ResultColumn

_LABELS = {
    "price": "by price",
    "volume": "by volume",
    "mix": "by mix",
    "members": "by new and lost members, and those without a quantity",
}


def quantity_output(metric: Metric, value: Value, *, base: bool) -> Output:
    """A hidden column: the quantity behind a metric, of the asked days or of the base."""
    column = ResultColumn(name=_quantity(metric, base=base), label="", kind="comparison", metric=metric.name)
    value = math.finish(value)
    return Output(column=column, expr=value.top, scale=value.scale)


def bridge_outputs(
    rq: ResolvedQuery, metric: Metric, actual: Output, base: Output, quantity_scale: int, table: str
) -> list[Output]:
    """The columns of the parts, each over the columns of `table`."""
    scale = max(actual.scale or 0, base.scale or 0)
    value_1, value_0 = sql.column(actual.column.name, table), sql.column(base.column.name, table)
    units_1, units_0 = (sql.column(_quantity(metric, base=each), table) for each in (False, True))
    goes_on = exp.and_(
        exp.Not(this=exp.Is(this=value_1.copy(), expression=exp.Null())),
        exp.Not(this=exp.Is(this=value_0.copy(), expression=exp.Null())),
        exp.NEQ(this=units_1.copy(), expression=exp.Literal.number(0)),
        exp.NEQ(this=units_0.copy(), expression=exp.Literal.number(0)),
        copy=False,
    )
    all_1, all_0 = (_over_all(rq, each, goes_on, quantity_scale, table) for each in (units_1, units_0))
    splits = exp.and_(
        goes_on.copy(), exp.NEQ(this=all_0.copy(), expression=exp.Literal.number(0)), copy=False
    )
    before = Value(top=value_0, scale=base.scale)
    kept_price = _times(before, Value(top=units_1, scale=quantity_scale), units_0, quantity_scale, scale)
    growth = Value(top=exp.Paren(this=exp.Sub(this=all_1, expression=all_0.copy())), scale=quantity_scale)
    volume = _times(before, growth, all_0, quantity_scale, scale)
    parts = {
        "price": exp.Sub(this=value_1.copy(), expression=kept_price),
        "volume": volume,
        "mix": exp.Sub(
            this=exp.Sub(this=kept_price.copy(), expression=value_0.copy()), expression=volume.copy()
        ),
        "members": exp.Sub(this=_or_zero(value_1), expression=_or_zero(value_0)),
    }
    return [
        Output(column=_column(metric, part, actual), expr=_where(splits, parts[part], part), scale=scale)
        for part in PARTS
    ]


def _where(splits: exp.Expr, value: exp.Expr, part: str) -> exp.Expr:
    nothing = exp.Literal.number(0)
    then, otherwise = (nothing, value) if part == "members" else (value, nothing)
    return exp.Case(ifs=[exp.If(this=splits.copy(), true=then)], default=otherwise)


def _column(metric: Metric, part: str, actual: Output) -> ResultColumn:
    return ResultColumn(
        name=f"{metric.name}__{part}",
        label=f"{actual.column.label}, change {_LABELS[part]}",
        kind="comparison",
        unit=metric.unit,
        currency=metric.currency,
        metric=metric.name,
    )


def _quantity(metric: Metric, *, base: bool) -> str:
    return f"{metric.name}__base_quantity" if base else f"{metric.name}__quantity"


def _times(left: Value, right: Value, divisor: exp.Expr, divisor_scale: int, scale: int) -> exp.Expr:
    """left * right / divisor, rounded once."""
    under = Value(top=divisor.copy(), scale=divisor_scale)
    product = math.multiply(
        Value(top=left.top.copy(), scale=left.scale), Value(top=right.top.copy(), scale=right.scale)
    )
    return math.rounded(math.divide(product, under), scale).top


def _over_all(rq: ResolvedQuery, units: exp.Expr, goes_on: exp.Expr, scale: int, table: str) -> exp.Expr:
    """The quantity of all members that are there before and after, in the row's period."""
    counted = exp.Case(ifs=[exp.If(this=goes_on.copy(), true=units.copy())])
    window = exp.Window(
        this=exp.Sum(this=counted),
        partition_by=[sql.column(key.name, table) for key in rq.keys if key.grain],
    )
    return sql.decimal(window, scale)


def _or_zero(node: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=node.copy(), expressions=[exp.Literal.number(0)])
