"""Shares of a whole and running totals: sums over the groups of a query, of leaves that add up alone.

The resolver has refused metrics whose groups overlap or do not add up.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from semantic.compiler import arithmetic as math
from semantic.compiler import sql
from semantic.compiler.arithmetic import Value
from semantic.compiler.formulas import Formulas, Lookup
from semantic.compiler.outputs import Output
from semantic.compiler.view import View
from semantic.model import Metric
from semantic.resolved import ResolvedQuery
from semantic.result import ResultColumn
from semantic.schema import SqlType


def share_output(rq: ResolvedQuery, view: View, metric: Metric, value: Value) -> Output:
    """The column of a metric's share of the whole that the query names."""
    whole = Formulas(rq.catalog, _summed(view, rq.share_within, None)).value(metric)
    share = math.finish(math.divide(math.finish(value), whole))
    label = metric.label or metric.name
    column = ResultColumn(
        name=f"{metric.name}__share",
        label=f"{label}, share",
        kind="share",
        unit="percent",
        metric=metric.name,
    )
    return Output(column=column, expr=share.top, scale=share.scale, is_divided=True)


def running_output(rq: ResolvedQuery, view: View, metric: Metric) -> Output:
    """The column of a metric added up over time, in each group of the other dimensions."""
    time = next((key.name for key in rq.keys if key.grain), None)
    within = [key.name for key in rq.keys if key.name != time]
    value = Formulas(rq.catalog, _summed(view, within, time)).value(metric)
    column = ResultColumn(
        name=f"{metric.name}__running",
        label=f"{metric.label or metric.name}, running total",
        kind="running",
        unit=metric.unit,
        currency=metric.currency,
        metric=metric.name,
    )
    return Output(column=column, expr=value.top, scale=value.scale, is_divided=value.is_divided)


def _summed(view: View, within: Sequence[str], along: str | None) -> Lookup:
    """Return leaves added up over the groups that share the columns `within`, up to each along `along`."""

    def lookup(part: str, leaf: str) -> tuple[exp.Expr, SqlType]:
        node, kind = view.column(part, leaf)
        window = exp.Window(
            this=exp.Sum(this=node),
            partition_by=[sql.column(key, view.name) for key in within],
            order=exp.Order(expressions=[exp.Ordered(this=sql.column(along, view.name), nulls_first=False)])
            if along
            else None,
        )
        return (sql.decimal(window, kind.scale), kind) if kind.kind == "integer" else (window, kind)

    return lookup
