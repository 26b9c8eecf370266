"""Take balances over time: they add up over every dimension but time.

The take looks at the rows of the whole model: "last" is the last day that the model has any row of, within the
bucket, so an account that is absent on that day has no balance then. With `per` it is the last day of each
entity. Filters of the metric and of the question choose among the rows that were taken. `carry_forward` looks
that many days back from a bucket's end. An average is over the days that the model has rows of. With `among:
filtered` filters come first: the day is the last that any row has which they leave.
Layer: semantic.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from sqlglot import exp

from semantic.compiler import sql
from semantic.compiler.binding import type_of, typed
from semantic.compiler.buckets import bucket
from semantic.compiler.measures import Leaf, aggregate, count_name, sum_name
from semantic.compiler.shared import key_columns
from semantic.compiler.sources import (
    WINDOWS,
    LeafTable,
    Pass,
    Source,
    window_condition,
    window_name,
    window_table,
    with_conditions,
)
from semantic.model import BalanceRule
from semantic.resolved import Key, ResolvedQuery, Slice
from semantic.schema import SqlType

_ROWS, _TAKEN = "rows", "taken"  # aliases
_BUCKET, _DAY, _ASKED = "bucket", "day", "asked"  # columns


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """The rows in question as a table: bucket, day, groups, values, and which of them are asked for."""

    name: str
    select: exp.Select
    scope: tuple[str, ...]  # columns that a take is made in: the bucket, the entity
    finest: Key | None
    values: dict[str, exp.Column | None]  # metric -> column; None counts rows
    weights: tuple[exp.Expr, ...]  # shares of a row that is there several times
    kept: dict[str, exp.Column | None]  # metric -> its own filter


def compile_balance(rq: ResolvedQuery, source: Source, part: Slice, name: str) -> LeafTable:
    """Compile the pass of balances that share a rule."""
    rule = source.balance
    assert rule is not None
    part = _with_carried_days(part, rule)
    work = Pass(rq, source, part)
    rows = _rows(work, f"{name}_rows")
    helpers = [(window_name(part), window_table(part, rq))] if part.windows is not None else []
    rate_proofs = work.rate_proofs(rows.select, helpers)
    helpers.append((rows.name, rows.select))
    if rule.take in ("min", "max"):
        select, leaves = _extreme_of_days(work, rows)
    else:
        taken = (f"{name}_taken", _taken(rows, rule))
        helpers.append(taken)
        select, leaves = _rows_taken(work, rows, taken[0])
    return work.table(name, select, leaves, helpers=helpers, rate_proofs=rate_proofs)


def _with_carried_days(part: Slice, rule: BalanceRule) -> Slice:
    """Let each window begin as many days before its end as a balance may be old."""
    if not rule.carry_forward_days or rule.take != "last":
        return part
    days = dt.timedelta(days=rule.carry_forward_days)
    windows = part.windows if part.windows is not None else part.buckets
    if windows is not None:
        wide = tuple(replace(each, start=min(each.start, each.end - days)) for each in windows)
        return replace(part, windows=wide, aligned=None, variant=f"carried_{rule.carry_forward_days}")
    if part.start is None or part.end is None:
        return part
    return replace(part, start=min(part.start, part.end - days))


def _rows(work: Pass, name: str) -> _Rows:
    rq, part, source = work.rq, work.part, work.source
    day = work.day()
    finest = rq.finest_time
    conditions = [work.binder.row_filter()]
    columns: list[exp.Expr] = []
    scope: list[str] = []
    windows: exp.Expr | None = None
    if part.windows is not None:
        windows = window_condition(rq, part, day)
        columns.append(sql.aliased(sql.column("bucket", WINDOWS), _BUCKET))
        scope.append(_BUCKET)
    else:
        conditions.append(work.range_filter())
        if finest is not None:
            columns.append(sql.aliased(work.key(finest, day), _BUCKET))
            scope.append(_BUCKET)
    columns.append(sql.aliased(day.copy(), _DAY))
    columns += [sql.aliased(work.key(key, None), key.name) for key in rq.keys if not key.is_own_time]
    rule = source.balance
    assert rule is not None
    for index, entity in enumerate(rule.per if rule.take in ("first", "last") else (), start=1):
        columns.append(sql.aliased(work.binder.expression(entity), f"entity_{index}"))
        scope.append(f"entity_{index}")
    values: dict[str, exp.Column | None] = {}
    kept: dict[str, exp.Column | None] = {}
    for metric in source.metrics:
        values[metric.name] = kept[metric.name] = None
        if (value := work.value(metric)) is not None:
            columns.append(sql.aliased(value, f"{metric.name}__value"))
            values[metric.name] = typed(sql.column(f"{metric.name}__value", _ROWS), type_of(value))
        if (condition := work.metric_filter(metric)) is not None:
            columns.append(sql.aliased(condition, f"{metric.name}__kept"))
            kept[metric.name] = sql.column(f"{metric.name}__kept", _ROWS)
    if (asked := sql.all_of(work.query_filters())) is not None:
        columns.append(sql.aliased(asked, _ASKED))
    if rule.among == "filtered":  # one pass then has metrics of one filter only
        conditions += [*work.query_filters(), work.metric_filter(source.metrics[0])]
    repeats = work.repeats()
    weights = []
    for index, weight in enumerate(repeats.weights, start=1):
        columns.append(sql.aliased(weight, f"weight_{index}"))
        weights.append(typed(sql.column(f"weight_{index}", _ROWS), type_of(weight)))
    select = exp.Select(expressions=[*columns, *key_columns(repeats)])
    if repeats.key:
        select = select.distinct(copy=False)
    select = work.binder.attach(select, repeats=True)
    if windows is not None:
        select = select.join(sql.table(window_name(part), WINDOWS), on=windows, copy=False)
    return _Rows(
        name=name,
        select=with_conditions(select, conditions),
        scope=tuple(scope),
        finest=finest,
        values=values,
        kept=kept,
        weights=tuple(weights),
    )


def _taken(rows: _Rows, rule: BalanceRule) -> exp.Select:
    """One row a scope: the day that is taken; of an average, how many days there are."""
    day = sql.column(_DAY, _ROWS)
    if rule.take == "average":
        taken = sql.aliased(exp.Count(this=exp.Distinct(expressions=[day])), "days")
    else:
        taken = sql.aliased((exp.Min if rule.take == "first" else exp.Max)(this=day), _DAY)
    scope = [sql.column(each, _ROWS) for each in rows.scope]
    select = exp.Select(expressions=[*scope, taken]).from_(sql.table(rows.name, _ROWS), copy=False)
    return with_conditions(select, [], keys=len(scope))


def _rows_taken(work: Pass, rows: _Rows, taken: str) -> tuple[exp.Select, list[Leaf]]:
    rule = work.source.balance
    assert rule is not None
    leaves: list[Leaf] = []
    for metric in work.source.metrics:
        made = aggregate(metric, rows.values[metric.name], rows.kept[metric.name], rows.weights)
        if rule.take == "average":
            days = exp.Max(this=sql.column("days", _TAKEN))
            made = [
                replace(made[0], name=sum_name(metric)),
                Leaf(name=count_name(metric), expr=days, type=SqlType("integer"), merge="MAX"),
            ]
        leaves += made
    matches = [sql.same(sql.column(each, _ROWS), sql.column(each, _TAKEN)) for each in rows.scope]
    if rule.take != "average":
        matches.append(exp.EQ(this=sql.column(_DAY, _ROWS), expression=sql.column(_DAY, _TAKEN)))
    keys = _keys(work, rows)
    select = exp.Select(expressions=[*keys, *(sql.aliased(leaf.expr, leaf.name) for leaf in leaves)])
    select = select.from_(sql.table(rows.name, _ROWS), copy=False)
    on = sql.all_of(matches)
    select = select.join(
        sql.table(taken, _TAKEN), on=on, join_type=None if on is not None else "cross", copy=False
    )
    return with_conditions(select, _chosen(work, rows), keys=len(keys)), leaves


def _extreme_of_days(work: Pass, rows: _Rows) -> tuple[exp.Select, list[Leaf]]:
    """The least or greatest of the days' totals."""
    rule = work.source.balance
    assert rule is not None
    keys = _keys(work, rows)
    daily: list[Leaf] = []
    for metric in work.source.metrics:
        daily += aggregate(metric, rows.values[metric.name], rows.kept[metric.name], rows.weights)
    inner = exp.Select(
        expressions=[
            *keys,
            sql.aliased(sql.column(_DAY, _ROWS), _DAY),
            *(sql.aliased(leaf.expr, leaf.name) for leaf in daily),
        ]
    ).from_(sql.table(rows.name, _ROWS), copy=False)
    inner = with_conditions(inner, _chosen(work, rows), keys=len(keys) + 1)
    function = exp.Min if rule.take == "min" else exp.Max
    leaves = [replace(leaf, expr=function(this=sql.column(leaf.name, _TAKEN)), merge=None) for leaf in daily]
    outer = exp.Select(
        expressions=[
            *(sql.column(key.name, _TAKEN) for key in work.rq.keys),
            *(sql.aliased(leaf.expr, leaf.name) for leaf in leaves),
        ]
    ).from_(exp.Subquery(this=inner, alias=exp.TableAlias(this=sql.name(_TAKEN))), copy=False)
    return with_conditions(outer, [], keys=len(keys)), leaves


def _keys(work: Pass, rows: _Rows) -> list[exp.Expr]:
    made: list[exp.Expr] = []
    for key in work.rq.keys:
        node: exp.Expr = sql.column(key.name, _ROWS)
        if key.is_own_time:
            node = sql.column(_BUCKET, _ROWS)
            if rows.finest is not None and key.grain != rows.finest.grain:
                assert key.calendar is not None
                node = bucket(node, key.grain or "day", key.calendar)
        made.append(sql.aliased(node, key.name))
    return made


def _chosen(work: Pass, rows: _Rows) -> list[exp.Expr | None]:
    """The rows that the question asks for, and that at least one metric counts."""
    conditions: list[exp.Expr | None] = []
    if work.has_filters:
        conditions.append(sql.column(_ASKED, _ROWS))
    kept = [rows.kept[metric.name] for metric in work.source.metrics]
    if all(each is not None for each in kept):
        conditions.append(sql.any_of([each.copy() for each in kept if each is not None]))
    return conditions
