"""Set a base beside each value: difference, percent of the base's size, and whether it is good news.

Difference is actual minus base. Percent is the difference over the size of the base (its absolute value), so
that its sign is that of the difference; it is undefined where the base is zero. Favourable follows the metric's
`better` and is not said of no difference.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from semantic.compiler import arithmetic as math
from semantic.compiler import sql
from semantic.compiler.arithmetic import Value
from semantic.compiler.bridge import bridge_outputs
from semantic.compiler.outputs import Output
from semantic.model import Metric
from semantic.resolved import ResolvedQuery
from semantic.result import ResultColumn

_WORDS = {
    "previous_period": "previous period",
    "previous_year": "year before",
    "constant_currency": "year before",
}
SUFFIXES = ("base", "difference", "percent", "favourable")


def base_name(metric: str) -> str:
    """The column of a metric's base."""
    return f"{metric}__base"


def base_output(metric: Metric, value: Value) -> Output:
    """The column that a metric is compared with."""
    column = ResultColumn(
        name=base_name(metric.name),
        label=metric.label or metric.name,
        kind="comparison",
        unit=metric.unit,
        currency=metric.currency,
        metric=metric.name,
    )
    return Output(column=column, expr=value.top, scale=value.scale, is_divided=value.is_divided)


def compared(rq: ResolvedQuery, outputs: Sequence[Output], table: str) -> list[Output]:
    """Return the columns of `table` with what the comparison adds after each base."""
    assert rq.query.compare is not None
    to = rq.query.compare.to
    words = _WORDS.get(to, to.replace("_", " "))
    by_name = {output.column.name: output for output in outputs}
    made: list[Output] = []
    for output in outputs:
        if output.column.kind != "metric":
            if output.column.kind != "comparison":
                made.append(_passed(output, table))
            continue
        metric = rq.catalog.metrics[output.column.name]
        base = by_name[base_name(metric.name)]
        made += [_passed(output, table), _labelled(_passed(base, table), f"{output.column.label}, {words}")]
        made += _differences(metric, output, base, table)
        if rq.query.contributions:
            made.append(_contribution(rq, metric, output, base, table))
        if rq.query.bridge:
            digits = by_name[f"{metric.name}__quantity"].scale or 0
            made += bridge_outputs(rq, metric, output, base, digits, table)
    return made


def _contribution(rq: ResolvedQuery, metric: Metric, actual: Output, base: Output, table: str) -> Output:
    """A row's change over the base of all rows of its period: they add up to the change of the whole."""
    none = [exp.Literal.number(0)]
    one = exp.Coalesce(this=sql.column(actual.column.name, table), expressions=none)
    other = exp.Coalesce(this=sql.column(base.column.name, table), expressions=[each.copy() for each in none])
    scale = max(actual.scale or 0, base.scale or 0)
    change = Value(top=exp.Paren(this=exp.Sub(this=one, expression=other)), scale=scale)
    whole = exp.Window(
        this=exp.Sum(this=sql.column(base.column.name, table)),
        partition_by=[sql.column(key.name, table) for key in rq.keys if key.grain],
    )
    size = Value(top=exp.Abs(this=sql.decimal(whole, base.scale or 0)), scale=base.scale)
    share = math.finish(math.divide(change, size))
    column = ResultColumn(
        name=f"{metric.name}__contribution",
        label=f"{actual.column.label}, contribution to the change",
        kind="comparison",
        unit="percent",
        metric=metric.name,
    )
    return Output(column=column, expr=share.top, scale=share.scale, is_divided=True)


def _differences(metric: Metric, actual: Output, base: Output, table: str) -> list[Output]:
    label = actual.column.label
    if actual.scale is None or base.scale is None:
        return []
    one = Value(top=sql.column(actual.column.name, table), scale=actual.scale, is_divided=actual.is_divided)
    other = Value(top=sql.column(base.column.name, table), scale=base.scale, is_divided=base.is_divided)
    difference = math.add(one, other, minus=True)
    size = Value(top=exp.Abs(this=other.top.copy()), scale=base.scale)
    percent = math.finish(
        math.divide(Value(top=exp.Paren(this=difference.top.copy()), scale=difference.scale), size)
    )
    return [
        Output(
            column=ResultColumn(
                name=f"{metric.name}__difference",
                label=f"{label}, difference",
                kind="comparison",
                unit="points" if metric.unit == "percent" else metric.unit,
                currency=metric.currency,
                metric=metric.name,
            ),
            expr=difference.top,
            scale=difference.scale,
            is_divided=difference.is_divided,
        ),
        Output(
            column=ResultColumn(
                name=f"{metric.name}__percent",
                label=f"{label}, change in percent",
                kind="comparison",
                unit="percent",
                metric=metric.name,
            ),
            expr=percent.top,
            scale=percent.scale,
            is_divided=True,
        ),
        Output(
            column=ResultColumn(
                name=f"{metric.name}__favourable",
                label=f"{label}, favourable",
                kind="comparison",
                metric=metric.name,
            ),
            expr=_favourable(metric, one.top, other.top),
            scale=None,
        ),
    ]


def _favourable(metric: Metric, actual: exp.Expr, base: exp.Expr) -> exp.Expr:
    if metric.better is None:
        return sql.cast(exp.Null(), "BOOLEAN")
    good, bad = (exp.GT, exp.LT) if metric.better == "higher" else (exp.LT, exp.GT)
    return exp.Case(
        ifs=[
            exp.If(this=good(this=actual.copy(), expression=base.copy()), true=exp.Boolean(this=True)),
            exp.If(this=bad(this=actual.copy(), expression=base.copy()), true=exp.Boolean(this=False)),
        ]
    )


def _passed(output: Output, table: str) -> Output:
    return Output(
        column=output.column,
        expr=sql.column(output.column.name, table),
        scale=output.scale,
        is_divided=output.is_divided,
    )


def _labelled(output: Output, label: str) -> Output:
    return replace(output, column=replace(output.column, label=label))
