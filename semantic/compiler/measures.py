"""Aggregate one metric over rows, exactly: decimals add up as decimals, floating numbers as decimals too.

An average is kept as its sum and its count until the end, so that it is never averaged again. A sum of no rows is
none (NULL), a count of no rows is 0.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlglot import exp

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from semantic.compiler import sql
from semantic.compiler.binding import type_of, typed_paren
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


def aggregate(
    metric: Metric, value: exp.Expr | None, kept: exp.Expr | None, weights: Sequence[exp.Expr] = ()
) -> list[Leaf]:
    """Return the aggregated columns of `metric` over `value` of the rows where `kept` holds.

    Args:
        weights: the shares of a row that is there several times; parts then add up to the whole, digit by digit.

    Raises:
        UserError: what is asked cannot be shared by weights.
    """
    build = _AGGREGATIONS[metric.agg or "sum"]
    if not weights or metric.agg in _OF_ANY_ROWS:
        return build(metric, value, kept)
    if metric.agg not in _SHARED:
        raise UserError(
            Issue(
                code="DT328",
                message=f"{metric.name} is a {metric.agg}, which no weight can share between several members of one row",
                at=metric.position,
                hint="ask for a sum, a count or an average there",
            )
        )
    return _shared(metric, value, kept, weights)


def _shared(
    metric: Metric, value: exp.Expr | None, kept: exp.Expr | None, weights: Sequence[exp.Expr]
) -> list[Leaf]:
    """Sums of shares; a count is the sum of the shares of the rows that are counted."""
    whole = _times(sql.number(1), 0, weights)
    leaves = []
    if metric.agg != "count":
        assert value is not None
        amount, kind = numeric(metric, value)
        part, scale = _times(sql.decimal(amount, kind.scale), kind.scale, weights)
        name = sum_name(metric) if metric.agg == "average" else metric.name
        added = _where(exp.Sum(this=part), kept)
        leaves.append(Leaf(name=name, expr=added, type=SqlType("decimal", scale), merge="SUM"))
    if metric.agg in ("count", "average"):
        counted, scale = whole
        if value is not None:
            there = exp.Not(this=exp.Is(this=exp.Paren(this=value.copy()), expression=exp.Null()))
            counted = exp.Case(ifs=[exp.If(this=there, true=counted)])
        name = count_name(metric) if metric.agg == "average" else metric.name
        added = exp.Coalesce(this=_where(exp.Sum(this=counted), kept), expressions=[exp.Literal.number(0)])
        kind = SqlType("decimal", scale)
        leaves.append(Leaf(name=name, expr=typed_paren(added, kind), type=kind, merge="SUM", is_count=True))
    return leaves


def _times(amount: exp.Expr, scale: int, weights: Sequence[exp.Expr]) -> tuple[exp.Expr, int]:
    """`amount` times the weights, with every digit."""
    for weight in weights:
        digits = type_of(weight).scale
        amount = exp.Mul(this=amount, expression=sql.decimal(weight.copy(), digits))
        scale += digits
    return typed_paren(amount, SqlType("decimal", scale)), scale


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
    share = _share_of(metric)
    digits = max(0, -int(share.as_tuple().exponent))
    return [_sorted(metric, value, kept, EXACT_PERCENTILE, share, more_digits=digits)]


def _percentile_disc(metric: Metric, value: exp.Expr | None, kept: exp.Expr | None) -> list[Leaf]:
    """The first value of the sorted rows that has at least the share of them up to it, as in SQL's PERCENTILE_DISC."""
    return [_sorted(metric, value, kept, EXACT_PERCENTILE_DISC, _share_of(metric), more_digits=0)]


def _share_of(metric: Metric) -> Decimal:
    return Decimal(str(metric.percentile if metric.percentile is not None else 0.5)).normalize()


def _sorted(
    metric: Metric, value: exp.Expr | None, kept: exp.Expr | None, function: str, share: Decimal, *, more_digits: int
) -> Leaf:  # fmt: skip
    assert value is not None
    added, kind = numeric(metric, value)
    there = sql.all_of([kept, exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))])
    made = exp.Anonymous(
        this=function, expressions=[sql.decimal(added, kind.scale), sql.number(share), there]
    )
    return Leaf(name=metric.name, expr=made, type=SqlType("decimal", kind.scale + more_digits), merge=None)


# printed by each dialect in its own words
EXACT_PERCENTILE = "EXACT_PERCENTILE"
EXACT_PERCENTILE_DISC = "EXACT_PERCENTILE_DISC"

_SHARED = ("sum", "count", "average")
_OF_ANY_ROWS = ("count_distinct", "min", "max")  # a row that is there twice changes nothing

_AGGREGATIONS: dict[str, Callable[[Metric, exp.Expr | None, exp.Expr | None], list[Leaf]]] = {
    "sum": _sum,
    "count": _count,
    "count_distinct": _count_distinct,
    "average": _average,
    "min": _extreme(exp.Min, "MIN"),
    "max": _extreme(exp.Max, "MAX"),
    "median": _median,
    "percentile": _percentile,
    "percentile_disc": _percentile_disc,
}
