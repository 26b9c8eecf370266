"""Collapse one group of a result to a number, or keep one member of it with its place among all.

Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from semantic.compiler import arithmetic as math
from semantic.compiler import sql
from semantic.compiler.arithmetic import Value
from semantic.compiler.filters import condition
from semantic.compiler.outputs import Output
from semantic.resolved import ResolvedQuery
from semantic.result import MEMBERS, ResultColumn

FOLDED, PLACED, MEANS = (
    "folded",
    "placed",
    "means",
)  # CTE of the rows that are collapsed, of all rows with their places, of means
_ADVERBS = {"day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly", "year": "yearly"}


def folded(
    rq: ResolvedQuery, keys: Sequence[str], outputs: Sequence[Output]
) -> tuple[exp.Select, list[Output]]:
    """Return a select from `FOLDED` without the folded key, and its columns."""
    fold = rq.query.fold
    assert fold is not None
    made = [_members(rq, fold.key)] if fold.how == "count" else [_mean(rq, each) for each in outputs]
    kept = [key for key in keys if key != fold.key]
    shown = [sql.aliased(each.expr, each.column.name) for each in made]
    select = exp.Select(expressions=[*(sql.column(key, FOLDED) for key in kept), *shown])
    select = select.from_(sql.table(FOLDED), copy=False)
    folded_key = next(key for key in rq.keys if key.name == fold.key)
    if fold.how == "count" or folded_key.grain is None:  # what has no name is no member
        known = exp.Not(this=exp.Is(this=sql.column(fold.key, FOLDED), expression=exp.Null()))
        select = select.where(known, copy=False)
    if kept:
        select = select.group_by(*[exp.Literal.number(index + 1) for index in range(len(kept))], copy=False)
    return select, made


def _members(rq: ResolvedQuery, name: str) -> Output:
    key = next(key for key in rq.keys if key.name == name)
    column = ResultColumn(name=MEMBERS, label=f"{key.label}, count", kind="metric", unit="count")
    return Output(column=column, expr=exp.Count(this=exp.Star()), scale=0)


def _mean(rq: ResolvedQuery, output: Output) -> Output:
    """The sum over all periods of the range; of balances over those that have one."""
    assert rq.query.fold is not None
    key = next(key for key in rq.keys if key.name == rq.query.fold.key)
    value = sql.column(output.column.name, FOLDED)
    under: exp.Expr = sql.number(rq.periods) if rq.periods is not None else exp.Count(this=value.copy())
    whole = Value(top=sql.decimal(exp.Sum(this=value), output.scale or 0), scale=output.scale)
    mean = math.finish(math.divide(whole, Value(top=under, scale=0)))
    grain = (key.grain or "").removeprefix("fiscal_")
    words = f"{_ADVERBS.get(grain, grain)} average" if grain else f"average per {key.label}"
    label = f"{output.column.label}, {words}"
    return Output(
        column=replace(output.column, label=label), expr=mean.top, scale=mean.scale, is_divided=True
    )


def placed(rq: ResolvedQuery, select: exp.Select) -> exp.Select:
    """Return `select` with the place of each row by the first order; equal values share a place."""
    first = rq.order[0]
    by = exp.Ordered(this=sql.column(first.column), desc=first.descending, nulls_first=False)
    place = exp.Window(this=exp.Anonymous(this="RANK"), order=exp.Order(expressions=[by]))
    count = exp.Window(this=exp.Count(this=exp.Star()))
    names = place_names(rq)
    return select.select(sql.aliased(place, names[0]), sql.aliased(count, names[1]), copy=False)


def the_one(
    rq: ResolvedQuery, keys: Sequence[str], outputs: Sequence[Output]
) -> tuple[exp.Select, list[Output]]:
    """Return the one row that is asked for from `PLACED`, with its place and the number of all."""
    wanted = rq.place
    assert wanted is not None
    label = next(each.column.label for each in outputs if each.column.name == rq.order[0].column)
    place, count = place_names(rq)
    added = [
        Output(
            column=ResultColumn(name=name, label=words, kind="metric", unit="count"),
            expr=sql.column(name, PLACED),
            scale=0,
        )
        for name, words in ((place, f"{label}, place"), (count, "Of how many"))
    ]
    made = [replace(each, expr=sql.column(each.column.name, PLACED)) for each in outputs] + added
    columns = [sql.column(key, PLACED) for key in keys] + [each.expr for each in made]
    select = exp.Select(expressions=columns).from_(sql.table(PLACED), copy=False)
    return select.where(condition(sql.column(wanted.field, PLACED), wanted), copy=False), made


def place_names(rq: ResolvedQuery) -> tuple[str, str]:
    """The columns of a place and of the number of rows that it is among."""
    metric = rq.order[0].column
    return f"{metric}__place", f"{metric}__of"
