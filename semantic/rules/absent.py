"""What a condition over metrics says of a member without any rows: its counts are zero, all its other values unknown.

Layer: semantic. Pure.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal

from sqlglot import exp

from semantic.expressions import literal_value, parse_expression
from semantic.model import Catalog, Metric

_Value = Decimal | bool | None
_Operator = Callable[[Decimal, Decimal], Decimal | bool]
_OPERATORS: Mapping[type[exp.Expr], _Operator] = {
    exp.EQ: operator.eq, exp.NEQ: operator.ne, exp.GT: operator.gt, exp.GTE: operator.ge, exp.LT: operator.lt,
    exp.LTE: operator.le, exp.Add: operator.add, exp.Sub: operator.sub, exp.Mul: operator.mul,
}  # fmt: skip


class Unsure(Exception):
    """It takes more than this to tell."""


def holds_without_rows(catalog: Catalog, condition: str) -> bool:
    """Return whether `condition` holds for a member that no metric has a row of.

    Raises:
        Unsure: the condition uses what is not evaluated here.
    """
    return _value(catalog, parse_expression(condition).ast, zero=False) is True


def _value(catalog: Catalog, node: exp.Expr, *, zero: bool) -> _Value:
    if isinstance(node, exp.Column):
        return _of_metric(catalog, catalog.metrics[node.name])
    if isinstance(node, exp.Paren):
        return _value(catalog, node.this, zero=zero)
    if isinstance(node, exp.And | exp.Or):
        sides = [_value(catalog, each, zero=zero) for each in (node.this, node.expression)]
        decided = isinstance(node, exp.Or)
        return decided if decided in sides else None if None in sides else not decided
    if isinstance(node, exp.Not):
        inner = _value(catalog, node.this, zero=zero)
        return None if inner is None else not inner
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return _value(catalog, node.this, zero=zero) is None
    if type(node) in _OPERATORS or isinstance(node, exp.Div):
        left, right = (_value(catalog, each, zero=zero) for each in (node.this, node.expression))
        return _computed(node, left, right, zero=zero)
    written = literal_value(node)
    if written is None or isinstance(written.value, bool) or not isinstance(written.value, int | Decimal):
        raise Unsure
    return Decimal(written.value)


def _computed(node: exp.Expr, left: _Value, right: _Value, *, zero: bool) -> _Value:
    if left is None or right is None:
        return None
    if isinstance(left, bool) or isinstance(right, bool):
        raise Unsure
    if isinstance(node, exp.Div):
        return left / right if right else Decimal(0) if zero else None
    return _OPERATORS[type(node)](left, right)


def _of_metric(catalog: Catalog, metric: Metric) -> _Value:
    zero = metric.on_zero == "zero"
    if metric.kind == "aggregate":
        return Decimal(0) if metric.agg in ("count", "count_distinct") else None
    if metric.kind == "ratio":
        top, bottom = (_of_metric(catalog, catalog.metrics[name]) for name in metric.inputs)
        return _computed(exp.Div(), top, bottom, zero=zero)
    if metric.kind == "derived" and not metric.own_inputs:
        return _value(catalog, parse_expression(metric.formula or "").ast, zero=zero)
    raise Unsure
