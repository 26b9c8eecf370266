"""The first rows of each member of a dimension, and the row of all others.

Ties are broken by the groups' own order, so the same rows come first every time. Others are added up from what
the groups were made of, never from shown values: a ratio of the others is a ratio of their sums.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from semantic.compiler import sql
from semantic.compiler.formulas import Formulas
from semantic.compiler.view import View
from semantic.resolved import ResolvedQuery

RANK, RANKED, MERGED = "rank", "ranked", "with_others"
OTHERS = "Others"


def ranked(rq: ResolvedQuery, select: exp.Select, orders: Sequence[exp.Expr]) -> exp.Select:
    """Return `select` with the rank of each row among those of its member of `top.per`."""
    top = rq.query.top
    assert top is not None
    assert top.per is not None
    within = [each for each in orders if each.this.name != top.per]
    return select.select(_rank(within, [sql.column(top.per)]), copy=False)


def first_of_each(rq: ResolvedQuery, select: exp.Select) -> exp.Select:
    """Return `select` kept to the first `top.n` of each member."""
    assert rq.query.top is not None
    kept = exp.LTE(this=sql.column(RANK), expression=exp.Literal.number(rq.query.top.n))
    return select.where(kept, copy=False)


def with_others(rq: ResolvedQuery, view: View) -> list[tuple[str, exp.Expr]]:
    """Put the rows beyond `top.n` together, for each member of `top.per`; `view` then reads the merged rows."""
    top = rq.query.top
    assert top is not None
    source = view.name
    within = [sql.column(top.per, source)] if top.per else []
    formulas = Formulas(rq.catalog, view.column)
    orders: list[exp.Expr] = []
    for order in rq.order:
        if order.column == top.per:
            continue
        value = formulas.value(rq.catalog.metrics[order.column]).top
        orders.append(exp.Ordered(this=value, desc=order.descending, nulls_first=False))
    orders += [exp.Ordered(this=sql.column(key, source), nulls_first=False) for key in view.keys]
    everything: list[exp.Expr] = [
        *(sql.column(key, source) for key in view.keys),
        *(sql.column(column, source) for column in view.leaves),
    ]
    rows = exp.Select(expressions=[*everything, _rank(orders, within)]).from_(sql.table(source), copy=False)
    is_first = exp.LTE(this=sql.column(RANK), expression=exp.Literal.number(top.n))
    place = exp.Case(
        ifs=[exp.If(this=is_first, true=sql.column(RANK))], default=exp.Literal.number(top.n + 1)
    )
    keys = [
        sql.aliased(
            sql.column(key)
            if key == top.per
            else exp.Case(
                ifs=[exp.If(this=is_first.copy(), true=sql.cast(sql.column(key), "TEXT"))],
                default=exp.Literal.string(OTHERS),
            ),
            key,
        )
        for key in view.keys
    ]
    leaves = [
        sql.aliased(exp.Anonymous(this=leaf.merge or "SUM", expressions=[sql.column(column)]), column)
        for column, leaf in view.leaves.items()
    ]
    merged = exp.Select(expressions=[*keys, sql.aliased(place, RANK), *leaves])
    merged = merged.from_(sql.table(RANKED), copy=False)
    merged = merged.group_by(*[exp.Literal.number(i + 1) for i in range(len(keys) + 1)], copy=False)
    view.name, view.is_ranked = MERGED, True
    return [(RANKED, rows), (MERGED, merged)]


def ordered(rq: ResolvedQuery, select: exp.Select) -> exp.Select:
    """Return `select` in order of rank, others last, within the members of `top.per`."""
    top = rq.query.top
    assert top is not None
    columns = ([top.per] if top.per else []) + [RANK]
    return select.order_by(
        *[exp.Ordered(this=sql.column(each), nulls_first=False) for each in columns], copy=False
    )


def _rank(orders: Sequence[exp.Expr], within: Sequence[exp.Expr]) -> exp.Expr:
    window = exp.Window(
        this=exp.RowNumber(),
        partition_by=list(within),
        order=exp.Order(expressions=[each.copy() for each in orders]),
    )
    return sql.aliased(window, RANK)
