"""Take a cumulative metric on some days of each period: on its first or last day that has a value, or on average.

Each day (or each period of the data's own grain) has a window of its own, whose value is taken first; then one of
them, or their average, stands for the period.
Layer: semantic.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from semantic.compiler import arithmetic as math
from semantic.compiler import sql
from semantic.compiler.measures import Leaf
from semantic.compiler.sources import (
    WINDOWS,
    LeafTable,
    Pass,
    Source,
    flow_rows,
    window_name,
    window_table,
    with_conditions,
)
from semantic.resolved import ResolvedQuery, Slice
from semantic.schema import SqlType

_DAY, _DAYS = "day_of_value", "days"  # column, alias


def compile_taken(rq: ResolvedQuery, source: Source, part: Slice, name: str) -> LeafTable:
    """Compile the pass of measures that are added up to each of several days of a period."""
    work = Pass(rq, source, part)
    select, leaves, rows = flow_rows(work, [sql.aliased(sql.column("day", WINDOWS), _DAY)])
    daily = f"{name}_days"
    helpers = [(window_name(part), window_table(part, rq)), (daily, select)]
    taken = [_taken(leaf, part.take or "last") for leaf in leaves]
    keys = [sql.column(key.name, _DAYS) for key in rq.keys]
    outer = exp.Select(expressions=[*keys, *(sql.aliased(leaf.expr, leaf.name) for leaf in taken)])
    outer = outer.from_(sql.table(daily, _DAYS), copy=False)
    rates = work.rate_proofs(rows, helpers[:1])
    return work.table(
        name, with_conditions(outer, [], keys=len(keys)), taken, helpers=helpers, rate_proofs=rates
    )


def _taken(leaf: Leaf, take: str) -> Leaf:
    value, day = sql.column(leaf.name, _DAYS), sql.column(_DAY, _DAYS)
    if take == "average":
        total = math.Value(top=exp.Sum(this=sql.decimal(value, leaf.type.scale)), scale=leaf.type.scale)
        days = math.Value(top=exp.Count(this=value.copy()), scale=0)
        mean = math.finish(math.divide(total, days))
        kind = SqlType("decimal", math.QUOTIENT_SCALE)
        return replace(leaf, expr=mean.top, type=kind, merge=None, is_count=False)
    known = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
    day_of_value = exp.Case(ifs=[exp.If(this=known, true=day)])
    function = exp.ArgMax if take == "last" else exp.ArgMin
    return replace(leaf, expr=function(this=value, expression=day_of_value), merge=None, is_count=False)
