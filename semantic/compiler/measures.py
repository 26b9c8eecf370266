"""Aggregate one metric over rows, exactly: decimals add up as decimals, floating numbers as decimals too.

An average is kept as its sum and its count until the end, so that it is never averaged again. A sum of no rows is
none (NULL), a count of no rows is 0.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from sqlglot import exp

from semantic.compiler import sql
from semantic.compiler.binding import type_of
from semantic.model import Metric
from semantic.schema import DOUBLE_SCALE, SqlType


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One aggregated column: a metric's, or the sum or count of an average."""

    name: str
    expr: exp.Expr
    type: SqlType
    merge: str | None  # the aggregate that puts parts together ("SUM", "MIN", "MAX"); None where none can
    is_count: bool = False


def sum_name(metric: Metric) -> str:
    """Column of an average's sum."""
    return f"{metric.name}__sum"


def count_name(metric: Metric) -> str:
    """Column of an average's count."""
    return f"{metric.name}__count"


def aggregate(metric: Metric, value: exp.Expr | None, kept: exp.Expr | None) -> list[Leaf]:
    """Return the aggregated columns of `metric` over `value` of the rows where `kept` holds."""
    return _AGGREGATIONS[metric.agg or "sum"](metric, value, kept)


def numeric(metric: Metric, value: exp.Expr) -> tuple[exp.Expr, SqlType]:
    """Return `value` as something that adds up exactly, and its type."""
    kind = type_of(value)
    if kind.kind == "boolean":
        return sql.cast(value, "INT"), SqlType("integer")
    if kind.kind == "integer":
        return value, kind
    if kind.kind == "decimal":
        return (value if isinstance(value, exp.Column) else sql.decimal(value, kind.scale)), kind
    scale = metric.decimals if metric.decimals is not None else DOUBLE_SCALE
    return sql.decimal(value, scale), SqlType("decimal", scale)


def _where(node: exp.Expr, kept: exp.Expr | None) -> exp.Expr:
    return exp.Filter(this=node, expression=exp.Where(this=kept.copy())) if kept is not None else node


def _sum(metric: Metric, value: exp.Expr | None, kept: exp.Expr | None) -> list[Leaf]:
    assert value is not None
    added, kind = numeric(metric, value)
    return [Leaf(name=metric.name, expr=_where(exp.Sum(this=added), kept), type=kind, merge="SUM")]


def _count(metric: Metric, value: exp.Expr | None, kept: exp.Expr | None) -> list[Leaf]:
    counted = exp.Count(this=value if value is not None else exp.Star())
    return [
        Leaf(
            name=metric.name, expr=_where(counted, kept), type=SqlType("integer"), merge="SUM", is_count=True
        )
    ]


def _count_distinct(metric: Metric, value: exp.Expr | None, kept: exp.Expr | None) -> list[Leaf]:
    counted = exp.Count(this=exp.Distinct(expressions=[value]))
    return [
        Leaf(name=metric.name, expr=_where(counted, kept), type=SqlType("integer"), merge=None, is_count=True)
    ]


def _average(metric: Metric, value: exp.Expr | None, kept: exp.Expr | None) -> list[Leaf]:
    assert value is not None
    added, kind = numeric(metric, value)
    counted = exp.Count(this=value.copy())
    return [
        Leaf(name=sum_name(metric), expr=_where(exp.Sum(this=added), kept), type=kind, merge="SUM"),
        Leaf(
            name=count_name(metric),
            expr=_where(counted, kept),
            type=SqlType("integer"),
            merge="SUM",
            is_count=True,
        ),
    ]


def _extreme(
    function: type[exp.Min] | type[exp.Max], word: str
) -> Callable[[Metric, exp.Expr | None, exp.Expr | None], list[Leaf]]:
    def build(metric: Metric, value: exp.Expr | None, kept: exp.Expr | None) -> list[Leaf]:
        assert value is not None
        kind = type_of(value)
        if kind.is_number and kind.kind != "unknown":
            value, kind = numeric(metric, value)
        return [Leaf(name=metric.name, expr=_where(function(this=value), kept), type=kind, merge=word)]

    return build


def _median(metric: Metric, value: exp.Expr | None, kept: exp.Expr | None) -> list[Leaf]:
    """Half of two neighbours needs one digit more than they have; with it, nothing is cut off."""
    assert value is not None
    added, kind = numeric(metric, value)
    middle = exp.Median(this=sql.decimal(added, kind.scale + 1))
    return [
        Leaf(name=metric.name, expr=_where(middle, kept), type=SqlType("decimal", kind.scale + 1), merge=None)
    ]


def _percentile(metric: Metric, value: exp.Expr | None, kept: exp.Expr | None) -> list[Leaf]:
    """The value at position (n - 1) * p of the sorted rows, between neighbours in proportion, in decimals."""
    assert value is not None
    added, kind = numeric(metric, value)
    share = Decimal(str(metric.percentile if metric.percentile is not None else 0.5)).normalize()
    digits = max(0, -int(share.as_tuple().exponent))
    there = sql.all_of([kept, exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))])
    made = exp.Anonymous(
        this=EXACT_PERCENTILE,
        expressions=[sql.decimal(added, kind.scale), sql.number(share), there],
    )
    return [Leaf(name=metric.name, expr=made, type=SqlType("decimal", kind.scale + digits), merge=None)]


EXACT_PERCENTILE = "EXACT_PERCENTILE"  # printed by each dialect in its own words

_AGGREGATIONS: dict[str, Callable[[Metric, exp.Expr | None, exp.Expr | None], list[Leaf]]] = {
    "sum": _sum,
    "count": _count,
    "count_distinct": _count_distinct,
    "average": _average,
    "min": _extreme(exp.Min, "MIN"),
    "max": _extreme(exp.Max, "MAX"),
    "median": _median,
    "percentile": _percentile,
}
