"""Count members by what they did: new, active, returning or lost in a period.

A member is new in the period of its first record ever, active in each in which it has one, returning where it is
active and had a record before the period (so active is new and returning together), and lost on the day on which it
has been without a record for the whole inactive span. The whole history decides; filters and groups are those of
the record that made the member so, and a member counts once in each group.
Layer: semantic.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from semantic.compiler import sql
from semantic.compiler.binding import typed
from semantic.compiler.buckets import add_days, add_months
from semantic.compiler.measures import Leaf
from semantic.compiler.sources import (
    WINDOWS,
    LeafTable,
    Pass,
    Source,
    days_between,
    window_condition,
    window_name,
    window_table,
    with_conditions,
)
from semantic.model import LifecycleRule
from semantic.resolved import ResolvedQuery, Slice
from semantic.schema import SqlType

_ROWS, _DAYS = "rows", "days"  # aliases
_ENTITY, _DAY, _ASKED, _FIRST, _NEXT = "entity", "day", "asked", "first_record", "next_record"  # columns
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def compile_lifecycle(rq: ResolvedQuery, source: Source, part: Slice, name: str) -> LeafTable:
    """Compile the pass of lifecycle metrics that share a rule and a filter."""
    rule = source.lifecycle
    assert rule is not None
    work = Pass(rq, source, part)
    rows, days = f"{name}_rows", f"{name}_days"
    helpers = [(rows, _rows(work, rule)), (days, _days(rows))]
    windows = part.windows if part.windows is not None else part.buckets
    if windows is not None:
        part = _windowed(part)
        helpers.insert(0, (window_name(part), window_table(part, rq)))
    day = typed(sql.column(_DAY, _ROWS), SqlType("date"))
    event: exp.Expr = day
    conditions: list[exp.Expr | None] = [_state(rule, part, windows is not None)]
    if rule.state == "lost":
        event = _lost_on(day, rule)
        conditions.append(exp.LTE(this=event.copy(), expression=sql.date(rq.today)))
        returned = exp.LTE(this=sql.column(_NEXT, _DAYS), expression=event.copy())
        conditions.append(exp.Not(this=exp.Coalesce(this=returned, expressions=[exp.Boolean(this=False)])))
    if windows is None and (part.start is not None or part.end is not None):
        conditions.append(days_between(event.copy(), part))
    if work.has_filters:
        conditions.append(sql.column(_ASKED, _ROWS))
    bucket_day = sql.column("bucket", WINDOWS) if windows is not None else event
    keys = [
        sql.aliased(work.key(key, bucket_day) if key.is_own_time else sql.column(key.name, _ROWS), key.name)
        for key in rq.keys
    ]
    counted = exp.Count(this=exp.Distinct(expressions=[sql.column(_ENTITY, _ROWS)]))
    leaves = [
        Leaf(name=metric.name, expr=counted.copy(), type=SqlType("integer"), merge=None, is_count=True)
        for metric in source.metrics
    ]
    select = exp.Select(expressions=[*keys, *(sql.aliased(leaf.expr, leaf.name) for leaf in leaves)])
    select = select.from_(sql.table(rows, _ROWS), copy=False)
    same = sql.all_of(
        [exp.EQ(this=sql.column(each, _ROWS), expression=sql.column(each, _DAYS)) for each in (_ENTITY, _DAY)]
    )
    select = select.join(sql.table(days, _DAYS), on=same, copy=False)
    if windows is not None:
        on = window_condition(rq, part, event.copy())
        select = select.join(sql.table(window_name(part), WINDOWS), on=on, copy=False)
    select = with_conditions(select, conditions, keys=len(keys))
    return work.table(name, select, leaves, helpers=helpers)


def _windowed(part: Slice) -> Slice:
    """The slice with its own buckets as windows."""
    if part.windows is not None:
        return part
    return replace(part, windows=part.buckets, aligned=None, variant="buckets")


def _rows(work: Pass, rule: LifecycleRule) -> exp.Select:
    """Every record that counts: who, when, its groups, and whether the question asks for it."""
    who = work.binder.expression(rule.entity)
    day = work.day()
    columns: list[exp.Expr] = [sql.aliased(who, _ENTITY), sql.aliased(day, _DAY)]
    columns += [sql.aliased(work.key(key, None), key.name) for key in work.rq.keys if not key.is_own_time]
    if (asked := sql.all_of(work.query_filters())) is not None:
        columns.append(sql.aliased(asked, _ASKED))
    conditions = [
        work.binder.row_filter(),
        work.metric_filter(work.source.metrics[0]),
        *(exp.Not(this=exp.Is(this=each.copy(), expression=exp.Null())) for each in (who, day)),
    ]
    return with_conditions(work.binder.attach(exp.Select(expressions=columns)), conditions)


def _days(rows: str) -> exp.Select:
    """Each member's days with records: the first of all, and the one after."""
    who, day = sql.column(_ENTITY, _ROWS), sql.column(_DAY, _ROWS)
    first = exp.Window(this=exp.Min(this=day.copy()), partition_by=[who.copy()])
    following = exp.Window(
        this=exp.Lead(this=day.copy()),
        partition_by=[who.copy()],
        order=exp.Order(expressions=[exp.Ordered(this=day.copy())]),
    )
    inner = exp.Select(expressions=[who, day]).distinct(copy=False)
    inner = inner.from_(sql.table(rows, _ROWS), copy=False)
    return exp.Select(
        expressions=[who.copy(), day.copy(), sql.aliased(first, _FIRST), sql.aliased(following, _NEXT)]
    ).from_(exp.Subquery(this=inner, alias=exp.TableAlias(this=sql.name(_ROWS))), copy=False)


def _state(rule: LifecycleRule, part: Slice, has_windows: bool) -> exp.Expr | None:
    first = sql.column(_FIRST, _DAYS)
    if rule.state == "new":
        return exp.EQ(this=sql.column(_DAY, _ROWS), expression=first)
    if rule.state == "returning":
        if has_windows:
            return exp.LT(this=first, expression=sql.column("first_day", WINDOWS))
        if part.start is None:
            return exp.Boolean(this=False)
        return exp.LT(this=first, expression=sql.date(part.start))
    return None


def _lost_on(day: exp.Expr, rule: LifecycleRule) -> exp.Expr:
    """The day on which the inactive span after `day` is over."""
    assert rule.inactive is not None
    count, unit = rule.inactive
    if unit in _MONTHS:
        return add_months(day.copy(), count * _MONTHS[unit])
    return add_days(day.copy(), count * (7 if unit == "week" else 1))
