"""What each part of a query can be changed to, and which parts can be left out: nothing that could not be answered.

Every choice was checked by the semantic layer under the viewer's rights; members of a dimension are those that the
viewer may see, as far as the rest of the question has rows for them.
Layer: chatbot. Imports the semantic layer's door.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from chatbot.chips import Chip, Edit, edited, has_place, parts_of, value_orders
from chatbot.planner.say import dimension_words, metric_words, plural, say_time, upper_first
from datatrust.core.errors import DataTrustError, UserError
from semantic.calendar import (
    add_months,
    month_end,
    period_of,
    previous_range,
    range_period,
    shift,
    shift_range,
    to_date,
    whole_months,
)
from semantic.engine import SemanticLayer
from semantic.model import Calendar, Catalog, DimensionRef
from semantic.query import MetricQuery, Scalar, TimeRange, Viewer
from semantic.reach import TIME, base_metrics, find_dimension, grains_of, reachable, reachable_together

MOST_MEMBERS = 300
_SPLITS = ("category", "flag", "identifier")
_ROWS = (3, 5, 10, 20)
_BASES = {"previous_period": "The period before", "previous_year": "The year before"}
_Days = tuple[dt.date | None, dt.date | None]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One thing that a part can be changed to. `opens` is a dimension whose members are asked for next."""

    label: str
    group: str = ""
    edit: Edit | None = None
    opens: str | None = None


class Chooser:
    """The choices of one viewer. Safe for many threads: it only reads."""

    def __init__(self, layer: SemanticLayer, viewer: Viewer) -> None:
        self.layer = layer.seen_by(viewer)
        self.viewer = viewer
        self.catalog: Catalog = self.layer.catalog

    def accepts(self, query: MetricQuery) -> bool:
        """Whether it can be asked."""
        try:
            return bool(query.metrics) and not self.layer.check(query, viewer=self.viewer)
        except DataTrustError:
            return False

    def droppable(self, query: MetricQuery) -> frozenset[str]:
        """Return the keys of the chips without which the rest is still a question."""
        found = (
            chip
            for chip in parts_of(query)
            if self.accepts(edited(query, Edit(part=chip.part, place=chip.place)))
        )
        return frozenset(chip.key for chip in found)

    def choices(self, query: MetricQuery, chip: Chip, *, field: str | None = None) -> tuple[Choice, ...]:
        """Return what a part can be changed to; of a chip behind the last one, what can be added there.

        Args:
            field: a dimension to put a condition on, by its members.
        """
        if not has_place(query, chip):
            return ()
        if field is not None:
            return tuple(self._members_of(query, chip, field))
        kinds: dict[str, Callable[[MetricQuery, Chip], Iterator[Choice]]] = {
            "metric": self._metrics, "by": self._groups, "where": self._conditions, "time": self._times,
            "compare": self._bases, "top": self._tops, "order": self._orders,
        }  # fmt: skip
        return tuple(kinds[chip.part](query, chip)) if chip.part in kinds else ()

    def can_change(self, query: MetricQuery, chip: Chip) -> bool:
        """Whether a chip has choices at all; which they are is found out when it is opened."""
        if chip.part == "metric":
            return not any(each.field.split("__")[0] == query.metrics[chip.place] for each in query.having)
        if chip.part == "where":
            return self._has_members(query, query.where[chip.place].field)
        return chip.part in ("by", "time", "compare", "top", "order")

    # ------------------------------------------------------------------------------------------------- kinds of part

    def _metrics(self, query: MetricQuery, chip: Chip) -> Iterator[Choice]:
        own = self._model(query.metrics[chip.place])
        fields = {*query.group_by, *(each.field for each in query.where)} - set(self._segments())
        found: list[tuple[bool, Choice]] = []
        for name, metric in self.catalog.metrics.items():
            if name in query.metrics or metric.deprecated:
                continue
            reach = reachable(self.catalog, name)
            if not all(find_dimension(reach, field) for field in fields):
                continue
            model = self._model(name)
            edit = Edit(part="metric", place=chip.place, to=name)
            if self.accepts(edited(query, edit)):
                label = upper_first(metric_words(self.catalog, name))
                found.append((model != own, Choice(label=label, group=self._group(model), edit=edit)))
        for _, choice in sorted(found, key=lambda pair: (pair[0], pair[1].group, pair[1].label.casefold())):
            yield choice

    def _groups(self, query: MetricQuery, chip: Chip) -> Iterator[Choice]:
        reach = reachable_together(self.catalog, query.metrics)
        is_new = chip.place >= len(query.group_by)
        named = [(f"{TIME}.{grain}", "Periods") for grain in self._grains(query)]
        named += [(ref.query_name, "Dimensions") for ref in self._dimensions(query)]
        for name, group in named:
            if name in query.group_by:
                continue
            edit = Edit(part="by", place=chip.place, to=name, is_new=is_new)
            if self.accepts(edited(query, edit)):
                yield Choice(label=upper_first(dimension_words(reach, name)), group=group, edit=edit)

    def _conditions(self, query: MetricQuery, chip: Chip) -> Iterator[Choice]:
        if chip.place < len(query.where):
            yield from self._members_of(query, chip, query.where[chip.place].field)
            return
        reach = reachable_together(self.catalog, query.metrics)
        taken = {each.field for each in query.where}
        for ref in self._dimensions(query):
            if ref.query_name not in taken:
                label = upper_first(plural(dimension_words(reach, ref.query_name)))
                yield Choice(label=label, opens=ref.query_name)

    def _members_of(self, query: MetricQuery, chip: Chip, field: str) -> Iterator[Choice]:
        ref = self._ref(query, field)
        if ref is None:
            return
        old = query.where[chip.place] if chip.place < len(query.where) else None
        is_checked, held = False, self._held(query, chip, field)
        for value in self.layer.values(ref, viewer=self.viewer, limit=MOST_MEMBERS):
            if (old is not None and old.values == (value,)) or (held is not None and value not in held):
                continue
            op = old.op if old is not None and old.op in ("=", "!=", "in", "not_in") else "="
            to = {"field": field, "op": op, "values": [value]}
            edit = Edit(part="where", place=chip.place, to=to, is_new=old is None)
            if not is_checked and not self.accepts(edited(query, edit)):
                return  # one member is as good as another
            is_checked = True
            yield Choice(label=_said(value), edit=edit)

    def _held(self, query: MetricQuery, chip: Chip, field: str) -> frozenset[Scalar] | None:
        """The members that the rest of the question has rows for; None where that cannot be told."""
        others = tuple(each for place, each in enumerate(query.where) if place != chip.place)
        split = MetricQuery(
            metrics=query.metrics, group_by=(field,), where=others, either=query.either, time=query.time
        )
        try:
            result = self.layer.query(split, viewer=self.viewer)
        except DataTrustError:
            return None
        return None if "truncated" in result.flags else frozenset(row[0] for row in result.rows)

    def _times(self, query: MetricQuery, chip: Chip) -> Iterator[Choice]:
        if TIME not in reachable_together(self.catalog, query.metrics):
            return
        known = self._known(query.metrics)
        now = (query.time.start, query.time.end) if query.time else (None, None)
        met: set[_Days] = {now}
        for label, days in self._periods(query):
            start, end = days
            is_outside = known and ((start and start > known[1]) or (end and end < known[0]))
            edit = Edit(part="time", to={"start": start, "end": end})
            if days in met or is_outside or not self.accepts(edited(query, edit)):
                continue
            met.add(days)
            shown = say_time(
                TimeRange(start=start, end=end, calendar=self._calendar(query).name), self.catalog
            )
            yield Choice(label=f"{label}: {shown}", edit=edit)

    def _bases(self, query: MetricQuery, chip: Chip) -> Iterator[Choice]:
        plans = [set(self.catalog.metrics[name].plan) for name in query.metrics]
        scenarios = sorted(set.intersection(*plans)) if plans else []
        named = {**_BASES, **{each: upper_first(each.replace("_", " ")) for each in scenarios}}
        now = query.compare.to if query.compare else None
        for to, label in named.items():
            edit = Edit(part="compare", to=to)
            if to != now and self.accepts(edited(query, edit)):
                yield Choice(label=label, edit=edit)

    def _tops(self, query: MetricQuery, chip: Chip) -> Iterator[Choice]:
        for smallest in (False, True):
            for n in _ROWS:
                edit = Edit(part="top", to={"n": n, "smallest": smallest})
                new = edited(query, edit)
                if new != query and self.accepts(new):
                    yield Choice(label=f"The {'smallest' if smallest else 'largest'} {n}", edit=edit)

    def _orders(self, query: MetricQuery, chip: Chip) -> Iterator[Choice]:
        column = value_orders(query)[0].lstrip("+-")
        for order, label in ((f"-{column}", "Highest first"), (column, "Lowest first")):
            edit = Edit(part="order", to=order)
            if order not in query.order_by and self.accepts(edited(query, edit)):
                yield Choice(label=label, edit=edit)

    # ------------------------------------------------------------------------------------------------------- helpers

    def _periods(self, query: MetricQuery) -> Iterator[tuple[str, _Days]]:
        """Days that one may want in place of the asked ones, and what they are called."""
        calendar, today = self._calendar(query), self.layer.today
        start, end = (query.time.start, query.time.end) if query.time else (None, None)
        with contextlib.suppress(UserError):  # a table of periods lists no such period
            if start and end:
                yield "The period before", previous_range(start, end, calendar)
                yield "The period after", _next_range(start, end, calendar)
                yield "A year before", shift_range(start, end, years=-1)
            elif end:
                for months, label in (
                    (1, "A month before"),
                    (3, "Three months before"),
                    (12, "A year before"),
                ):
                    yield label, (None, month_end(add_months(end.replace(day=1), -months)))
        for grain in ("year", "quarter", "month"):
            with contextlib.suppress(UserError):
                running = period_of(today, grain, calendar)
                before = shift(running, -1, calendar)
                yield f"This {grain} so far", to_date(today, grain, calendar)
                yield f"Last {grain}", (before.start, before.end)

    def _calendar(self, query: MetricQuery) -> Calendar:
        name = query.time.calendar if query.time else None
        return self.catalog.calendars.get(name or "", self.catalog.default_calendar)

    def _known(self, metrics: Iterable[str]) -> tuple[dt.date, dt.date] | None:
        days = []
        for name in metrics:
            with contextlib.suppress(DataTrustError):
                days.append(self.layer.coverage(name, viewer=self.viewer))
        found = [each for each in days if each is not None]
        return (min(first for first, _ in found), max(last for _, last in found)) if found else None

    def _grains(self, query: MetricQuery) -> tuple[str, ...]:
        ref = reachable_together(self.catalog, query.metrics).get(TIME)
        usual = ("day", "week", "month", "quarter", "year")
        return tuple(grain for grain in usual if grain in grains_of(ref.dimension)) if ref is not None else ()

    def _dimensions(self, query: MetricQuery) -> list[DimensionRef]:
        found: dict[str, DimensionRef] = {}
        for ref in reachable_together(self.catalog, query.metrics).values():
            if ref.dimension.type in _SPLITS and ref.dimension.mask is None:
                found.setdefault(ref.query_name, ref)
        return sorted(found.values(), key=lambda ref: (len(ref.path), not ref.dimension.values))

    def _ref(self, query: MetricQuery, field: str) -> DimensionRef | None:
        found = find_dimension(reachable_together(self.catalog, query.metrics), field)
        is_split = found is not None and found[1] is None and found[0].dimension.type in _SPLITS
        return found[0] if found is not None and is_split and found[0].dimension.mask is None else None

    def _has_members(self, query: MetricQuery, field: str) -> bool:
        return self._ref(query, field) is not None

    def _segments(self) -> Iterator[str]:
        return (name for model in self.catalog.models.values() for name in model.segments)

    def _model(self, metric: str) -> str:
        bases = base_metrics(self.catalog, metric)
        return (self.catalog.metrics[bases[0]].model or "") if bases else ""

    def _group(self, model: str) -> str:
        found = self.catalog.models.get(model)
        return upper_first((found.label or model.replace("_", " ")) if found else "Other")


def _next_range(start: dt.date, end: dt.date, calendar: Calendar) -> tuple[dt.date, dt.date]:
    """The range of the same kind that begins right after `end`."""
    period = range_period(start, end, calendar)
    if period is not None:
        after = shift(period, 1, calendar)
        return after.start, after.end
    months = whole_months(start, end)
    if months is not None:
        return shift_range(start, end, months=months)
    return shift_range(start, end, days=(end - start).days + 1)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)
