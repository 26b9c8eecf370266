"""Every period of the asked days as a group of its own, so that one without rows is shown too.

Only where a question groups by time alone: which members a period without rows would have, nobody knows.
Layer: semantic.
"""

from __future__ import annotations

from semantic.baselines import bucket_windows
from semantic.calendar import period_of
from semantic.compiler import sql
from semantic.compiler.sources import LeafTable
from semantic.reach import is_own_time
from semantic.resolved import ResolvedQuery

NAME = "periods"


def compile_periods(rq: ResolvedQuery) -> LeafTable | None:
    """Return the periods as a pass without measures; None where no metric asks for them."""
    finest, time = rq.finest_time, rq.query.time
    if finest is None or finest.calendar is None or time is None or time.start is None or time.end is None:
        return None
    if any(not key.is_own_time for key in rq.keys) or not _are_asked(rq):
        return None
    if any(is_own_time(names, each.field) for names in rq.reach.values() for each in rq.filters):
        return None  # a filter on the time chooses among the periods
    rows = [
        [
            sql.date(period_of(each.bucket, key.grain or "day", key.calendar or finest.calendar).start)
            for key in rq.keys
        ]
        for each in bucket_windows(time.start, time.end, finest.grain or "day", finest.calendar)
    ]
    select = sql.values(rows, [key.name for key in rq.keys])
    return LeafTable(name=NAME, slice="", select=select, leaves={}, metrics=(), tables=())


def _are_asked(rq: ResolvedQuery) -> bool:
    waiting = [metric.name for metric in rq.metrics]
    seen: set[str] = set()
    while waiting:
        metric = rq.catalog.metrics[waiting.pop()]
        if metric.every_period:
            return True
        new = [each for each in metric.inputs if each not in seen and not metric.members]
        seen.update(new)
        waiting += new
    return False
