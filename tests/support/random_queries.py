"""Queries drawn at random among those that a catalog allows: every metric, dimension, grain and operation of it."""

from __future__ import annotations

import calendar
import datetime as dt
import random
from collections.abc import Iterator

from semantic.additivity import why_not_additive
from semantic.engine import SemanticLayer
from semantic.model import DimensionRef
from semantic.query import EVERYONE, Compare, Filter, FilterOp, MetricQuery, TimeRange, Top
from semantic.reach import TIME, reachable_together

GRAINS = ("month", "quarter", "year", "fiscal_quarter", "fiscal_year", "week", "day")
TRIES = 60  # drawings for one query that is allowed


class Drawer:
    """Draws queries for one layer; the same seed draws the same ones."""

    def __init__(self, layer: SemanticLayer, seed: int) -> None:
        self._layer = layer
        self._rng = random.Random(seed)
        self._metrics = sorted(layer.catalog.metrics)
        self._waiting: list[str] = []

    def queries(self, count: int) -> Iterator[MetricQuery]:
        """Yield `count` queries that the layer allows; before a metric leads a second time, all others have led."""
        for _ in range(count):
            yield self._allowed()

    def _allowed(self) -> MetricQuery:
        if not self._waiting:
            self._waiting = self._rng.sample(self._metrics, len(self._metrics))
        first = self._waiting.pop()
        for _ in range(TRIES):
            query = self._draw(first)
            if not self._layer.check(query, viewer=EVERYONE):
                return query
        return MetricQuery(metrics=(first,))

    def _draw(self, first: str) -> MetricQuery:
        rng = self._rng
        metrics = (
            first,
            *rng.sample([each for each in self._metrics if each != first], rng.choice([0, 0, 1, 2])),
        )
        names = reachable_together(self._layer.catalog, metrics)
        plain = sorted(name for name, ref in names.items() if ref.dimension.type != "time")
        by = rng.sample(plain, min(len(plain), rng.choice([0, 1, 1, 2])))
        grain = rng.choice([None, None, *GRAINS]) if TIME in names else None
        if grain:
            by.append(f"{TIME}.{grain}")
        time = self._days() if TIME in names and (grain or rng.random() < 0.6) else None
        where = tuple(
            each
            for field in rng.sample(plain, min(len(plain), rng.choice([0, 0, 1, 1, 2])))
            if (each := self._filter(names[field])) is not None
        )
        compare = rng.choice([None, None, "previous_year", "previous_period", "budget"]) if time else None
        top = (
            rng.choice([None, None, None, Top(n=rng.randint(1, 4), others=rng.random() < 0.5)])
            if by
            else None
        )
        per = [name for name in by if not name.startswith(TIME)]
        if top is not None and len(by) > 1 and per and rng.random() < 0.5:
            top = Top(n=top.n, per=rng.choice(per), others=top.others)
        return MetricQuery(
            metrics=metrics,
            group_by=tuple(by),
            where=where,
            time=time,
            having=(Filter(field=first, op=rng.choice([">", "<="]), values=(rng.choice([0, 100]),)),)
            if rng.random() < 0.1
            else (),
            compare=Compare(to=compare, like_for_like=rng.random() < 0.5) if compare else None,
            contributions=compare is not None and rng.random() < 0.3,
            share_of=rng.choice([None, None, None, "total"]) if by else None,
            running=grain is not None and rng.random() < 0.2,
            totals=rng.random() < 0.3,
            top=top,
            order_by=(f"-{first}",) if top is not None or rng.random() < 0.2 else (),
        )

    def _days(self) -> TimeRange:
        rng = self._rng
        covered = next(
            (
                found
                for metric in ("revenue", *self._metrics)
                if metric in self._layer.catalog.metrics
                and (found := self._layer.coverage(metric, viewer=EVERYONE)) is not None
            ),
            (dt.date(2025, 1, 1), dt.date(2025, 12, 31)),
        )
        months = (covered[1].year - covered[0].year) * 12 + covered[1].month - covered[0].month
        first = rng.randrange(months + 1)
        last = min(months, first + rng.choice([0, 1, 2, 5, 11]))
        start = _month(covered[0], first)
        end = _month(covered[0], last)
        return TimeRange(start=start, end=end.replace(day=calendar.monthrange(end.year, end.month)[1]))

    def _filter(self, ref: DimensionRef) -> Filter | None:
        rng = self._rng
        members = self._layer.values(ref, viewer=EVERYONE, limit=50)
        if not members:
            return None
        ops: list[FilterOp] = ["=", "!=", "in", "not_in", "is_null", "not_null"]
        op = rng.choice(ops)
        count = {"=": 1, "!=": 1, "is_null": 0, "not_null": 0}.get(op, min(len(members), rng.randint(1, 3)))
        return Filter(field=ref.query_name, op=op, values=tuple(rng.sample(members, count)))


def additive_queries(layer: SemanticLayer, seed: int, count: int) -> Iterator[tuple[MetricQuery, str]]:
    """Yield questions for an additive metric's value by one dimension, with totals, and the metric."""
    rng = random.Random(seed)
    catalog = layer.catalog
    chosen = [
        name
        for name, metric in sorted(catalog.metrics.items())
        if metric.is_base
        and metric.currency_from is None  # a converted sum is rounded once, so the parts' cents need not meet
        and why_not_additive(catalog, metric, over_time=False, ratios=False) is None
    ]
    for metric in (chosen * (count // len(chosen) + 1))[:count]:
        names = sorted(n for n, ref in layer.reachable(metric).items() if ref.dimension.type != "time")
        if names:
            yield MetricQuery(metrics=(metric,), group_by=(rng.choice(names),), totals=True), metric


def _month(day: dt.date, months: int) -> dt.date:
    whole = day.year * 12 + day.month - 1 + months
    return dt.date(whole // 12, whole % 12 + 1, 1)
