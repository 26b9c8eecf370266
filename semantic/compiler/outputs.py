"""The columns that a statement gives: an expression and what it means.

Layer: semantic.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from semantic.compiler.arithmetic import Value
from semantic.model import Metric
from semantic.result import ResultColumn


@dataclass(frozen=True, kw_only=True)
class Output:
    """One column of the result."""

    column: ResultColumn
    expr: exp.Expr
    scale: int | None  # None is no number
    is_divided: bool = False


def metric_output(metric: Metric, value: Value) -> Output:
    """The column of a metric."""
    column = ResultColumn(
        name=metric.name,
        label=metric.label or metric.name,
        kind="metric",
        unit=metric.unit,
        currency=metric.currency,
        metric=metric.name,
    )
    return Output(column=column, expr=value.top, scale=value.scale, is_divided=value.is_divided)
