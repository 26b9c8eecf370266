"""Take stocks that are kept as intervals: a row counts on every day from its first to the day before its `to`.

Headcount at the end of a month is the rows that are valid on its last day; of a period that is still running, on
today. An average is over all days of the period. The `to` day is the first that no longer counts (as in SQL:2011
periods) unless the catalog says that it is included; no `to` is open. A filter chooses among the rows of the day.
Layer: semantic.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from semantic.compiler import sql
from semantic.compiler.binding import Binder, is_valid
from semantic.compiler.measures import Leaf, aggregate, count_name, sum_name
from semantic.compiler.sources import LeafTable, Pass, Source, with_conditions
from semantic.model import Metric
from semantic.resolved import ResolvedQuery, Slice
from semantic.schema import SqlType

_DAYS, _DAILY = "stock_days", "daily"  # aliases
_COUNT = "days_in_it"  # column


@dataclass(frozen=True, kw_only=True)
class _Day:
    """A day that a bucket's stock is taken on; one of several where it is averaged."""

    bucket: dt.date
    day: dt.date
    days: int


def compile_stock(rq: ResolvedQuery, source: Source, part: Slice, name: str) -> LeafTable:
    """Compile the pass of stocks that share a rule."""
    rule = source.balance
    assert rule is not None
    assert rule.valid is not None
    work = Pass(rq, source, part)
    days = f"{name}_days"
    table = _day_table(_days_of(rq, part, rule.take))
    day = sql.column("day", _DAYS)
    bucket = sql.column("bucket", _DAYS)
    keys = [sql.aliased(work.key(key, bucket), key.name) for key in rq.keys]
    is_average = rule.take == "average"
    leaves: list[Leaf] = []
    for metric in source.metrics:
        leaves += aggregate(metric, work.value(metric), work.metric_filter(metric))
    inner_keys = [*keys, *([sql.aliased(day.copy(), "day")] if is_average else [])]
    shown = [sql.aliased(leaf.expr, leaf.name) for leaf in leaves]
    if is_average:
        shown.append(sql.aliased(exp.Max(this=sql.column(_COUNT, _DAYS)), _COUNT))
    on = valid_on(work.binder, rule.valid, day, until=rule.until)
    conditions = [work.binder.row_filter(), *work.query_filters()]
    kept = [work.metric_filter(metric) for metric in source.metrics]
    if all(each is not None for each in kept):
        conditions.append(sql.any_of([each for each in kept if each is not None]))
    select = work.binder.attach(exp.Select(expressions=[*inner_keys, *shown]))
    select = select.join(sql.table(days, _DAYS), on=on, copy=False)
    select = with_conditions(select, conditions, keys=len(inner_keys))
    helpers = [(days, table)]
    rate_proofs = work.rate_proofs(select, helpers)
    if is_average:
        select, leaves = _averaged(rq, source.metrics, select, leaves)
    return work.table(name, select, leaves, helpers=helpers, rate_proofs=rate_proofs)


def valid_on(binder: Binder, columns: tuple[str, str], day: exp.Expr, *, until: str | None) -> exp.Expr:
    """The rows that are valid on `day`; `until` says whether the last column's day is "included"."""
    first, last = (binder.day(each) for each in columns)
    return is_valid(first, last, day, until=until)


def _days_of(rq: ResolvedQuery, part: Slice, take: str) -> list[_Day]:
    """The days that are taken; none of them after today."""
    windows = part.windows if part.windows is not None else part.buckets
    if windows is None:
        end = part.end if part.end is not None else rq.today
        spans = [(part.start or end, part.start or end, end)]
    else:
        spans = [(each.bucket, each.start, each.end) for each in windows]
    found: list[_Day] = []
    for bucket, start, end in spans:
        end = min(end, rq.today)
        if start > end:
            continue
        if take == "average":
            count = (end - start).days + 1
            found += [
                _Day(bucket=bucket, day=start + dt.timedelta(days=index), days=count)
                for index in range(count)
            ]
        else:
            found.append(_Day(bucket=bucket, day=start if take == "first" else end, days=1))
    return found


def _day_table(days: Sequence[_Day]) -> exp.Select:
    names = ("bucket", "day", _COUNT)
    if not days:
        none = [sql.aliased(sql.cast(exp.Null(), "DATE"), each) for each in names[:2]]
        nothing = exp.Select(expressions=[*none, sql.aliased(sql.cast(exp.Null(), "INT"), _COUNT)])
        return nothing.where(exp.Boolean(this=False), copy=False)
    return sql.values(
        [[sql.date(each.bucket), sql.date(each.day), sql.number(each.days)] for each in days], names
    )


def _averaged(
    rq: ResolvedQuery, metrics: Sequence[Metric], daily: exp.Select, leaves: Sequence[Leaf]
) -> tuple[exp.Select, list[Leaf]]:
    """Sums of the days' stocks, over how many days there are: a day without a row counts as none."""
    made: list[Leaf] = []
    for metric, leaf in zip(metrics, leaves, strict=True):
        total = exp.Sum(this=sql.column(leaf.name, _DAILY))
        made.append(replace(leaf, name=sum_name(metric), expr=total, merge="SUM", is_count=False))
        count = exp.Max(this=sql.column(_COUNT, _DAILY))
        made.append(Leaf(name=count_name(metric), expr=count, type=SqlType("integer"), merge="MAX"))
    keys = [sql.column(key.name, _DAILY) for key in rq.keys]
    outer = exp.Select(expressions=[*keys, *(sql.aliased(leaf.expr, leaf.name) for leaf in made)])
    outer = outer.from_(exp.Subquery(this=daily, alias=exp.TableAlias(this=sql.name(_DAILY))), copy=False)
    return with_conditions(outer, [], keys=len(keys)), made
