"""The first rows of each member of a dimension, and the row of all others.

Ties are broken by the groups' own order, so the same rows come first every time.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from semantic.compiler import sql
from semantic.compiler.measures import Leaf
from semantic.resolved import ResolvedQuery

RANK = "rank"


def first_of_each(
    rq: ResolvedQuery, select: exp.Select, ctes: list[tuple[str, exp.Select]], orders: list[exp.Expr]
) -> tuple[exp.Select, list[tuple[str, exp.Select]]]:
    """Return `select` kept to the first `top.n` rows of each member of `top.per`."""
    top = rq.query.top
    if top is None or top.per is None:
        return select, ctes
    names = [each.name for each in select.expressions]
    rank = exp.Window(
        this=exp.RowNumber(),
        partition_by=[sql.column(top.per)],
        order=exp.Order(expressions=[each.copy() for each in _rank_order(rq, orders)]),
    )
    ranked = select.select(sql.aliased(rank, RANK), copy=False)
    outer = exp.Select(expressions=[sql.column(name) for name in names]).from_(
        sql.table("ranked"), copy=False
    )
    outer = outer.where(exp.LTE(this=sql.column(RANK), expression=exp.Literal.number(top.n)), copy=False)
    return outer, [*ctes, ("ranked", ranked)]


def _rank_order(rq: ResolvedQuery, orders: list[exp.Expr]) -> list[exp.Expr]:
    """The order within a member: that of the values, without the dimension that the members are of."""
    assert rq.query.top is not None
    return [each for each in orders if each.this.name != rq.query.top.per] or orders


def others_table(
    rq: ResolvedQuery, table: str, leaves: Mapping[str, Leaf]
) -> list[tuple[str, exp.Select]] | None:
    """None: rows of others are put together only where the resolver allows them, which it does not yet."""
    del rq, table, leaves
    return None
