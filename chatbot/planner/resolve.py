"""Settle a `Draft` against the catalog: each open choice tried, what no join reaches dropped, the rest ranked.

Gives every honest reading as a `Candidate`. Two that cost the same and ask different things are a question back to
the asker, never a coin toss.
Layer: chatbot. Imports the catalog and its reach.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice, product
from typing import cast

from chatbot.planner.comparing import comparisons, ranked_changes, show_span, time_range
from chatbot.planner.draft import Draft, FilterSlot, GroupSlot, HavingSlot, TimeFilter, WeekdayFilter
from chatbot.planner.language import DIRECTIONS, RANKS
from chatbot.planner.lexicon import Meaning, words_of
from chatbot.planner.naming import display_dimension, is_name, key_dimension
from chatbot.planner.part_metrics import part_metrics
from chatbot.planner.periods import as_flow, readings_together, show_together
from chatbot.planner.problems import Needs, Problem, Unreachable
from chatbot.planner.reading.values import currency_code
from chatbot.planner.shares import check_shared_part, flags_of
from chatbot.planner.timewords.span import TimeSpan
from chatbot.planner.tokens import phrase_tokens
from chatbot.planner.verdict import Verdict, find_verdict
from semantic.model import Catalog, DimensionRef
from semantic.query import Compare, Filter, FilterOp, Fold, MetricQuery, Top
from semantic.reach import WEEKDAY, base_metrics, find_dimension, reachable_together
from semantic.result import MEMBERS

Reach = Mapping[str, DimensionRef]
_DAY = dt.timedelta(days=1)
_MOST = 400  # combinations of open choices that are tried
TIE = 0.04  # readings whose cost differs by less are equally good
DEFAULT_TOP = 10


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One reading, ready to be asked."""

    query: MetricQuery
    cost: float
    notes: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()  # the metrics that were asked for; others are only conditions
    unsure: bool = False  # rests on an acronym or a shortened name
    verdict: Verdict | None = None  # of a yes-or-no question


def resolve_draft(draft: Draft, catalog: Catalog) -> list[Candidate] | Problem:
    """Return the readings of a draft, best first, or what stands in the way."""
    if draft.unknown:
        return Problem(kind="unknown", words=tuple(draft.unknown))
    if draft.vague:
        words = tuple(draft.vague)
        return Problem(
            kind="unsupported", words=words, message=f'"{words[0]}" names no exact days: say months or dates'
        )
    if draft.unsupported:
        return Problem(kind="unsupported", words=tuple(draft.unsupported))
    if not draft.metrics:
        return Problem(kind="metric")
    found: list[Candidate] = []
    problems: list[str] = []
    for slots in islice(product(*(slot.choices for slot in draft.metrics)), 40):
        names = [cast(str, m.metric) for m in slots]
        cost = draft.cost + sum(m.cost for m in slots)
        for having in islice(product(*(slot.choices for slot in draft.having)), 20):
            try:
                settler = _Settler(draft, catalog, names, having, cost + sum(h.cost for h in having))
                acts = [m for m in slots if m.acts]
                unsure = (
                    draft.unsure
                    or any(m.unsure for m in (*slots, *having))
                    or any(slot.unsure for slot in draft.filters)
                )
                found.extend(
                    replace(each, unsure=unsure or each.unsure)
                    for each in settler.settle()
                    if settler.speaks_of_acts(acts, each.query)
                )
            except Unreachable as unreachable:
                problems.append(str(unreachable))
            except Needs as needs:
                return Problem(kind=needs.kind, words=tuple(names), message=needs.message)
    if not found and not problems:  # a count by acts, and no act is spoken of
        return Problem(kind="metric")
    if not found:
        return Problem(kind="unreachable", words=tuple(dict.fromkeys(problems)))
    best: dict[MetricQuery, Candidate] = {}
    for candidate in sorted(found, key=lambda c: c.cost):
        best.setdefault(candidate.query, candidate)
    return sorted(best.values(), key=lambda c: c.cost)


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """One way to settle one slot."""

    cost: float = 0.0
    hops: int = 0
    note: str | None = None
    group: str | None = None
    grouped: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    span: TimeSpan | None = None
    is_time: bool = False
    unsure: bool = False
    currency: str | None = None  # the words ask for a conversion
    grain: str | None = None  # that several named periods are shown by
    compare: str | None = None  # how the earlier of two named periods stands to the later
    role: str | None = None  # what else than a group or a condition: "either", "count", "mean", "place"


class _Settler:
    """Settles a draft for one set of metrics."""

    def __init__(
        self, draft: Draft, catalog: Catalog, names: Sequence[str], having: Sequence[Meaning], cost: float
    ) -> None:
        self.draft, self.catalog, self.cost = draft, catalog, cost
        self.metrics = tuple(dict.fromkeys(names))
        self.slot_metric = dict(zip(map(id, draft.metrics), names, strict=True))
        self.having = tuple(cast(str, m.metric) for m in having)
        self.reach: Reach = reachable_together(catalog, tuple(dict.fromkeys((*self.metrics, *self.having))))
        self.notes: list[str] = list(draft.notes)
        self.models = {catalog.metrics[b].model for m in self.metrics for b in base_metrics(catalog, m)}

    def settle(self) -> list[Candidate]:
        draft = self.draft
        self._check_contexts()
        if draft.having and not draft.groups and not draft.tails and draft.counted is None:
            raise Needs("unsupported", f"which things have {draft.having[0].text}")
        groups = self._group_slots()
        self._check_owners(groups)
        if draft.why:
            self._check_why(groups)
        filters = list(draft.filters)
        share_filter = self._share_filter(groups, filters)
        slots: list[list[_Choice]] = [self._group_choices(slot) for slot in groups]
        role = "either" if any(slot.other for slot in filters) else None
        slots += [[replace(c, role=role) for c in self._filter_choices(slot)] for slot in filters]
        slots += [self._time_filter_choices(slot) for slot in draft.time_filters]
        slots += [self._weekday_choices(slot) for slot in draft.weekdays]
        slots += self._whole_choices()
        self._add_parts()
        if share_filter is not None:
            slots.append([self._shared(choice) for choice in self._filter_choices(share_filter)])
        times = self._time_choices()
        found: list[Candidate] = []
        for chosen in islice(product(times, *slots), _MOST):
            time, *rest = chosen
            found.extend(self._build(time, rest, groups))
        return found

    def _check_owners(self, groups: Sequence[GroupSlot]) -> None:
        """ "by region for customers with more than 10 orders" limits customers, not regions."""
        for held in self.draft.having:
            things = GroupSlot(text=held.text, choices=tuple(m for m in held.things if m.kind == "entity"))
            shown = {m.model for slot in groups for m in slot.choices if m.kind == "entity"}
            if not things.choices or not groups or shown & {m.model for m in things.choices}:
                continue
            if not self._is_named_by(things, groups):
                raise Needs("unsupported", f"only those with {held.text}, split by something else")

    def _check_why(self, groups: Sequence[GroupSlot]) -> None:
        """A change is told by the parts that one split gives it."""
        draft = self.draft
        bare = [name for name in self.metrics if draft.bridge and self.catalog.metrics[name].bridge is None]
        if bare:
            label = self.catalog.metrics[bare[0]].label or bare[0]
            raise Needs("unsupported", f"{label} declares no quantity, so its change has no price and volume")
        if len(self.metrics) > 1 or draft.having or draft.share or draft.running or draft.superlative:
            raise Needs("unsupported", "why something changed, and something else beside it")
        if not groups:
            raise Needs("split", "by which split the change is to be told")
        if len(groups) > 1 or groups[0].grain:
            raise Needs("unsupported", "a change that is told by more than one dimension")

    def speaks_of_acts(self, acts: Sequence[Meaning], query: MetricQuery) -> bool:
        """Whether what the counted things did is a part of the question, beyond a time."""
        for meaning in acts:
            model = self.catalog.metrics[meaning.metric or ""].model
            names = [*query.group_by, *(f.field for f in query.where)]
            spoken: set[str | None] = {
                ref.dimension.model for name in names if (ref := self.reach.get(name)) is not None
            }
            spoken |= {m.model for _, meanings in self.draft.contexts for m in meanings}
            if model not in spoken:
                return False
        return True

    # ------------------------------------------------------------------------------------------------- choices

    def _check_contexts(self) -> None:
        for item, meanings in self.draft.contexts:
            models = {m.model for m in meanings if m.kind == "entity"} or {m.model for m in meanings}
            if not any(model in self.models or self._reaches(model) for model in models):
                raise Unreachable(item.text)

    def _reaches(self, model: str | None) -> bool:
        return any(ref.dimension.model == model for ref in self.reach.values())

    def _spoken_models(self) -> set[str | None]:
        spoken: set[str | None] = {m.model for slot in self.draft.groups for m in slot.choices}
        spoken |= {m.model for _, meanings in self.draft.contexts for m in meanings}
        spoken |= {m.model for slot in self.draft.filters for choice in slot.choices for m in choice}
        return spoken

    def _group_slots(self) -> list[GroupSlot]:
        """The groups, with the things of a model replaced by the names that were asked for them."""
        groups = list(self.draft.groups)
        spoken = self._spoken_models()
        entity_models = {m.model for slot in groups for m in slot.choices if m.kind == "entity"}
        entity_models |= {m.model for _, ms in self.draft.contexts for m in ms if m.kind == "entity"}
        for tail in self.draft.tails:
            first = tuple(m for m in tail.choices if m.model in entity_models)
            choices = first or tuple(m for m in tail.choices if m.model in spoken)
            if not choices:
                raise Unreachable(tail.text)
            groups.append(replace_choices(tail, choices))
        named: list[GroupSlot] = []
        for slot in groups:
            others = [s for s in groups if s is not slot]
            if (
                slot.choices
                and all(m.kind == "entity" or m.tail for m in slot.choices)
                and self._is_named_by(slot, others)
            ):
                named_by = next(s for s in others if self._names(slot, s))
                named_by.ranked, named_by.focus = named_by.ranked or slot.ranked, named_by.focus or slot.focus
                named_by.each, named_by.plural = named_by.each or slot.each, named_by.plural or slot.plural
                continue
            named.append(slot)
        return named

    def _is_named_by(self, slot: GroupSlot, others: Sequence[GroupSlot]) -> bool:
        return any(self._names(slot, other) for other in others)

    def _names(self, slot: GroupSlot, other: GroupSlot) -> bool:
        """Whether `other` is the name or key of the things that `slot` speaks of."""
        models = {m.model for m in slot.choices if m.kind == "entity"}
        for m in other.choices:
            if m.kind == "dimension" and m.model in models and m.model and m.name:
                dimension = self.catalog.models[m.model].dimensions[m.name]
                if (
                    dimension.type == "identifier"
                    or is_name(dimension)
                    or m.name == display_dimension(self.catalog.models[m.model])
                ):
                    return True
        return False

    def _locate(self, meaning: Meaning) -> list[tuple[str, int]]:
        """The names that reach a dimension from these metrics, with the joins each goes over."""
        found: dict[str, int] = {}
        for ref in self.reach.values():
            dimension = ref.dimension
            same = dimension.model == meaning.model and dimension.name == meaning.name
            if (
                not same
                and len(self.models) > 1
                and dimension.name == meaning.name
                and meaning.model
                and meaning.name
            ):
                other = self.catalog.models[meaning.model].dimensions[meaning.name]
                same = other.type == dimension.type and self._is_conformed(ref, meaning)
            if same and (meaning.role is None or meaning.role in ref.path):
                found[ref.query_name] = min(len(ref.path), found.get(ref.query_name, 99))
        return sorted(found.items(), key=lambda item: (item[1], item[0].count(".")))

    def _is_conformed(self, ref: DimensionRef, meaning: Meaning) -> bool:
        """Whether another of the metrics calls the meant dimension by the same name."""
        for metric in self.metrics:
            other = reachable_together(self.catalog, (metric,)).get(ref.query_name)
            if other and (other.dimension.model, other.dimension.name) == (meaning.model, meaning.name):
                return True
        return False

    def _nearest(self, choices: Iterable[_Choice], text: str) -> list[_Choice]:
        """The cheapest choices; among equal words the dimension that is nearest to the metric."""
        ranked = sorted(choices, key=lambda c: (c.cost, c.hops))
        if not ranked:
            raise Unreachable(text)
        least = ranked[0].cost
        near = [c for c in ranked if c.cost < least + TIE]
        hops = min(c.hops for c in near)
        near = [c for c in near if c.hops == hops]
        return list({(c.group, c.filters, c.grouped): c for c in reversed(near)}.values())

    def _group_choices(self, slot: GroupSlot) -> list[_Choice]:
        if slot.grain is not None:
            if find_dimension(self.reach, f"time.{slot.grain}") is None:
                raise Unreachable(slot.text)
            return [_Choice(group=f"time.{slot.grain}", is_time=True)]
        choices: list[_Choice] = []
        for meaning in slot.choices:
            if meaning.kind == "entity" and meaning.model:
                shown = display_dimension(self.catalog.models[meaning.model])
                if shown is None:
                    continue
                meaning = replace(meaning, kind="dimension", name=shown)
            if meaning.kind != "dimension":
                continue
            for name, hops in self._locate(meaning):
                choices.append(_Choice(cost=meaning.cost, hops=hops, group=name, note=meaning.note))
        return self._nearest(choices, slot.text)

    def _filter_choices(self, slot: FilterSlot) -> list[_Choice]:
        choices: list[_Choice] = []
        first = slot.choices[0]
        for meaning in first:
            if meaning.kind == "entity" and meaning.model:
                shown = display_dimension(self.catalog.models[meaning.model])
                if shown is None:
                    continue
                meaning = replace(meaning, kind="dimension", name=shown)
            if meaning.kind == "segment" and meaning.model in self.models and meaning.name:
                value = slot.op != "not_in"
                made = Filter(field=meaning.name, op="=", values=(value,))
                choices.append(_Choice(cost=meaning.cost, filters=(made,), note=meaning.note))
                continue
            if meaning.kind not in ("value", "dimension"):
                continue
            owner = (meaning.model, meaning.name, meaning.role)
            values = list(slot.values)
            if meaning.kind == "value":
                rest = [[m for m in each if (m.model, m.name, m.role) == owner] for each in slot.choices[1:]]
                if any(not each for each in rest):
                    continue
                values = [meaning.value, *(each[0].value for each in rest)]
            op: FilterOp = cast(FilterOp, slot.op)
            if op == "in" and len(values) == 1:
                op = "="
            elif op == "not_in" and len(values) == 1:
                op = "!="
            for name, hops in self._locate(meaning):
                made = Filter(field=name, op=op, values=tuple(dict.fromkeys(values)))
                choices.append(_Choice(cost=meaning.cost, hops=hops, filters=(made,), note=meaning.note, unsure=meaning.unsure,
                                       grouped=(name,) if slot.beside and len(values) > 1 else ()))  # fmt: skip
        if slot.direction and (directed := [c for c in choices if self._is_towards(slot.direction, c)]):
            choices = directed
        found = self._nearest(choices, slot.text)
        if slot.unsure and self._is_money() and (code := currency_code(first)):
            return [*found, _Choice(cost=found[0].cost, currency=code)]  # "in USD": those rows, or converted
        return [*found, _Choice(cost=found[0].cost)] if slot.optional else found

    def _add_parts(self) -> None:
        """ "how many of these were late": the figure that is this part, beside the whole."""
        for part in self.draft.parts:
            whole = self.slot_metric[id(part.metric)]
            found: dict[str, None] = {}
            for chosen in islice(product(*(self._filter_choices(slot) for slot in part.filters)), _MOST):
                conditions = [f for choice in chosen for f in choice.filters]
                found |= dict.fromkeys(part_metrics(self.catalog, whole, conditions))
            if len(found) != 1:
                raise Needs("unsupported", f'no figure is defined for "{part.text}" alone')
            self.metrics = tuple(dict.fromkeys((*self.metrics, *found)))

    def _shared(self, choice: _Choice) -> _Choice:
        """One member's share is told alone; those of several stand beside all others, for a share needs its whole."""
        (condition,) = choice.filters
        if condition.op == "=" and len(self.metrics) == 1 and not self.draft.having:
            return replace(choice, role="place", grouped=())
        return replace(choice, filters=(), grouped=(condition.field,))

    def _whole_choices(self) -> list[list[_Choice]]:
        """What makes one number of many, or asks of one among many."""
        draft = self.draft
        made: list[list[_Choice]] = []
        for slot, role in ((draft.counted, "count"), (draft.mean, "mean")):
            if slot is None:
                continue
            keyed = replace(slot, choices=tuple(self._by_key(m) for m in slot.choices if m.kind == "entity"))
            choices = self._group_choices(keyed if keyed.choices else slot)
            made.append([replace(choice, role=role) for choice in choices])
        if draft.place is not None:
            made.append([replace(choice, role="place") for choice in self._filter_choices(draft.place)])
        if len(made) > 1 or (made and draft.share):
            raise Needs("unsupported", "a count, an average over periods or a rank, and another of these")
        return made

    def _by_key(self, meaning: Meaning) -> Meaning:
        """Things are counted by their key: two of the same name are two."""
        model = self.catalog.models[meaning.model or ""]
        if (key := key_dimension(model)) is not None:
            return replace(meaning, kind="dimension", name=key)
        raise Needs("unsupported", f"a count of {model.label or model.name} without a key to tell them apart")

    def _is_money(self) -> bool:
        """Whether the figures are money that can be shown in another currency."""
        units = {self.catalog.metrics[name].unit for name in self.metrics}
        return self.catalog.rates is not None and "currency" in units

    def _is_towards(self, direction: str, choice: _Choice) -> bool:
        """Whether a condition is on the end of a movement that "from" or "to" speaks of."""
        wanted = DIRECTIONS[direction]
        for condition in choice.filters:
            ref = self.reach.get(condition.field)
            for model in self.models if ref is not None else ():
                joins = self.catalog.models[model or ""].joins
                for alias in ref.path if ref is not None else ():
                    join = joins.get(alias)
                    if join is None:
                        continue
                    phrases = (words_of(join.alias), join.label, *join.synonyms)
                    if wanted & {t.norm for phrase in phrases for t in phrase_tokens(phrase or "")}:
                        return True
        return False

    def _time_filter_choices(self, slot: TimeFilter) -> list[_Choice]:
        choices: list[_Choice] = []
        own = self.reach.get("time")
        for meaning in slot.choices:
            for name, hops in self._locate(meaning):
                ref = self.reach[name]
                is_own = own is not None and (own.dimension, own.path) == (ref.dimension, ref.path)
                for span in slot.span.readings or (slot.span,):
                    note = "; ".join(span.notes) or None
                    if is_own and not self.draft.times:
                        choices.append(_Choice(cost=meaning.cost, hops=hops, span=span, note=note))
                        continue
                    filters = []
                    if span.start is not None:
                        filters.append(Filter(field=name, op=">=", values=(span.start,)))
                    if span.end is not None:
                        filters.append(Filter(field=name, op="<", values=(span.end + _DAY,)))
                    choices.append(_Choice(cost=meaning.cost, hops=hops, filters=tuple(filters), note=note))
        if not choices:
            raise Unreachable(slot.text)
        least = min(c.cost for c in choices)
        near = [c for c in choices if c.cost < least + TIE]
        hops = min(c.hops for c in near)
        return [c for c in near if c.hops == hops]

    def _weekday_choices(self, slot: WeekdayFilter) -> list[_Choice]:
        """The days of the week of the figures' own time, or of a dimension that was named."""
        bases = [self.catalog.metrics[b] for m in self.metrics for b in base_metrics(self.catalog, m)]
        if any(base.kind != "aggregate" for base in bases):
            raise Needs("unsupported", f"{slot.text} of a figure that is no sum or count of rows")
        op: FilterOp = "not_in" if slot.negative else "in"
        if len(slot.days) == 1:
            op = "!=" if slot.negative else "="
        places = [(m.cost, name, hops) for m in slot.choices for name, hops in self._locate(m)]
        choices = [
            _Choice(
                cost=cost, hops=hops, filters=(Filter(field=f"{name}.{WEEKDAY}", op=op, values=slot.days),)
            )
            for cost, name, hops in (places if slot.choices else [(0.0, "time", 0)])
            if find_dimension(self.reach, f"{name}.{WEEKDAY}") is not None
        ]
        return self._nearest(choices, slot.text)

    def _share_filter(self, groups: list[GroupSlot], filters: list[FilterSlot]) -> FilterSlot | None:
        """ "what share of revenue is EMEA": all members beside each other, for a share needs its whole."""
        if not self.draft.share:
            return None
        if (
            len(groups) == 1
            and groups[0].bare
            and not filters
            and (flags := flags_of(self.catalog, groups[0]))
        ):
            return FilterSlot(groups.pop().text, [flags], values=(True,))  # "what share of orders is express"
        if groups:
            check_shared_part(self.catalog, self.metrics)
            members = [
                f for f in filters if f.op == "in" and f.choices[0] and f.choices[0][0].kind == "value"
            ]
            if members and all(slot.grain for slot in groups):
                raise Needs("unsupported", f"the share of {members[0].text} in each period")
            return None
        positive = [f for f in filters if f.op == "in" and f.choices and f.choices[0][0].kind == "value"]
        if len(positive) != 1:
            raise Needs("share", "share of what: name the dimension to split by")
        filters.remove(positive[0])
        return positive[0]

    def _time_choices(self) -> list[_Choice]:
        spans = list(dict.fromkeys(self.draft.times))
        if not spans:
            return [_Choice()]
        if "time" not in self.reach:
            raise Unreachable(" and ".join(show_span(s) for s in spans))
        if len(spans) == 1:
            readings = spans[0].readings or (spans[0],)
            return [_Choice(span=s) for each in readings for s in as_flow(each, self.catalog, self.metrics)]
        found = [show_together(each, self.catalog, self.draft) for each in readings_together(spans)]
        return [_Choice(span=each.span, grain=each.grain, compare=each.compare) for each in found]

    # --------------------------------------------------------------------------------------------------- build

    def _build(
        self, time: _Choice, chosen: Sequence[_Choice], groups: Sequence[GroupSlot]
    ) -> list[Candidate]:
        draft = self.draft
        spans = [c.span for c in (time, *chosen) if c.span is not None]
        span = spans[0] if spans else None
        notes = [*self.notes, *(c.note for c in chosen if c.note), *(span.notes if span else ())]
        cost = self.cost + sum(c.cost for c in (time, *chosen))
        names = [c.group for c in chosen if c.group]
        for choice in chosen:
            names.extend(g for g in choice.grouped if g not in names)
        grain = next((g.grain for g in groups if g.grain and g.grain != WEEKDAY), None)
        if time.grain and grain is None:
            grain = time.grain
            names.append(f"time.{grain}")
        calendar = next((g.calendar for g in groups if g.calendar), None)
        if (draft.trend or draft.running) and grain is None and not any(self._is_time_name(n) for n in names):
            if "time" not in self.reach:
                raise Unreachable("time")
            grain = "month"
            names.append("time.month")
            notes.append("by month, no other grain was said")
        conditions = [f for c in chosen for f in c.filters if c.role is None]
        self._check_conditions(conditions)
        either = tuple(f for c in chosen if c.role == "either" for f in c.filters)
        if either and len(either) != sum(c.role == "either" for c in chosen):
            raise Needs("unsupported", "alternatives of which one is no single condition")
        place = next((f for c in chosen if c.role == "place" for f in c.filters), None)
        whole = next((c for c in chosen if c.role in ("count", "mean")), None)
        fold = (
            Fold(how="count" if whole.role == "count" else "mean", key=whole.group or "") if whole else None
        )
        if place is not None:
            if place.op != "=" or names:
                raise Needs("unsupported", "the rank of more than one")
            names.append(place.field)
            notes += [] if draft.share else ["place 1 is the highest"]
        alone = {f.field for f in conditions if f.op == "="}
        if draft.superlative and any(
            c.group in alone for g, c in zip(groups, chosen, strict=False) if g.ranked
        ):
            raise Needs("unsupported", f"{draft.ranked_word} among one alone")
        results: list[Candidate] = []
        threshold = self._having(self.metrics[0], draft.threshold, notes) if draft.threshold else None
        for compare, base_note, extra_grain in comparisons(
            draft, self.catalog, self.metrics, span, grain, time.compare
        ):
            if draft.why and compare is None:
                raise Needs("period", "which change is meant: name a period and what it is compared with")
            grouped = [*names, f"time.{extra_grain}"] if extra_grain else list(names)
            for order, top, order_note in self._orders(groups, chosen, grouped, compare):
                query = MetricQuery(
                    metrics=tuple(dict.fromkeys((*self.metrics, *self.having))),
                    group_by=tuple(dict.fromkeys(grouped)),
                    where=tuple(dict.fromkeys(conditions)),
                    either=(either,) if either else (),
                    having=tuple(
                        self._having(name, slot, notes)
                        for name, slot in zip(self.having, draft.having, strict=True)
                    ),
                    time=time_range(span, calendar),
                    compare=compare,
                    share_of="total" if draft.share else None,
                    running=draft.running,
                    contributions=(draft.why and not draft.bridge)
                    or any(name.endswith("__contribution") for name in order),
                    bridge=draft.bridge,
                    currency=self._shown_in(chosen),
                    fold=fold,
                    place=place,
                    top=top,
                    order_by=(f"-{self.metrics[0]}",) if place is not None else order,
                )
                all_notes = tuple(
                    dict.fromkeys(n for n in (*notes, base_note, order_note, draft.scenario_note) if n)
                )
                results.append(
                    Candidate(
                        query=query,
                        cost=cost,
                        notes=all_notes,
                        shown=self.metrics if fold is None or fold.how == "mean" else (MEMBERS,),
                        unsure=any(c.unsure for c in chosen),
                        verdict=find_verdict(draft, self.catalog, query, threshold),
                    )
                )
        return results

    def _shown_in(self, chosen: Sequence[_Choice]) -> str | None:
        code = self.draft.currency or next((c.currency for c in chosen if c.currency), None)
        if code == self.catalog.currency and self._is_money():
            return None  # what it comes in anyway
        return code  # of no money the layer says why not

    def _having(self, name: str, slot: HavingSlot, notes: list[str]) -> Filter:
        """A threshold on a metric; "below 40" of a percentage means 40%."""
        values = slot.values
        unit = self.catalog.metrics[name].unit
        if (slot.said_as == "percent" and unit not in ("percent", "points")) or (
            slot.said_as == "money" and unit != "currency"
        ):
            told = "percent" if slot.said_as == "percent" else "an amount of money"
            label = self.catalog.metrics[name].label or name
            raise Needs("unsupported", f'"{slot.text}" asks for {told}, and {label} is none')
        if unit == "percent" and any(isinstance(v, Decimal) and abs(v) > 1 for v in values):
            notes.append(f"{', '.join(str(v) for v in values)} read as percent")
            values = tuple(v / 100 if isinstance(v, Decimal) else v for v in values)
        return Filter(field=name, op=cast(FilterOp, slot.op), values=values)

    def _check_conditions(self, filters: Sequence[Filter]) -> None:
        """Two different values asked of one thing at once can never hold."""
        seen: dict[str, Filter] = {}
        for each in filters:
            if each.op in ("=", "in"):
                known = seen.setdefault(each.field, each)
                if not set(known.values) & set(each.values):
                    raise Needs(
                        "unsupported",
                        f"{each.field} cannot be {known.values[0]} and {each.values[0]} at once",
                    )

    def _is_time_name(self, name: str) -> bool:
        ref = self.reach.get(name)
        return ref is not None and ref.dimension.type == "time"

    def _orders(
        self,
        groups: Sequence[GroupSlot],
        chosen: Sequence[_Choice],
        names: Sequence[str],
        compare: Compare | None,
    ) -> list[tuple[tuple[str, ...], Top | None, str | None]]:
        draft = self.draft
        metric = self.slot_metric.get(id(draft.order), self.metrics[0]) if draft.order else self.metrics[0]
        if draft.superlative is None:
            if draft.top_n is not None:
                raise Needs("unsupported", f"which {draft.top_n}")
            if draft.direction is None:
                return [((f"-{metric}__contribution",) if draft.why and not draft.bridge else (), None, None)]
            descending = draft.direction in ("desc", "order")
            return [((f"-{metric}" if descending else metric,), None, None)]
        way = draft.superlative
        if (
            draft.ranked_word in ("best", "worst", "best performing", "worst performing")
            and self.catalog.metrics[metric].better == "lower"
        ):
            way = "asc" if way == "desc" else "desc"
        ranked = [i for i, g in enumerate(groups) if g.ranked]
        if not names:
            raise Needs("unsupported", f"{draft.ranked_word} of what")
        columns = [metric]
        if draft.change and compare is not None:
            way, columns = ranked_changes(draft, self.catalog, metric, way)
        n = draft.top_n
        note = None
        if n is None:
            if ranked and not groups[ranked[0]].plural:
                n = 1
            elif ranked and not groups[ranked[0]].focus:
                n, note = DEFAULT_TOP, f"the first {DEFAULT_TOP}, no number was said"
        outs: list[tuple[tuple[str, ...], Top | None, str | None]] = []
        others = [i for i in range(len(groups)) if i not in ranked] if ranked else []
        if draft.ranked_word in RANKS and any(groups[i].each for i in others):
            raise Needs("unsupported", "a ranking inside several groups")
        pers: list[str | None] = [None]
        if n is not None and others:
            beside = [chosen[i].group for i in others]
            each = [chosen[i].group for i in others if groups[i].each]
            if len(others) == 1 and each:
                pers = [each[0]]
            elif len(others) == 1 and groups[others[0]].grain:
                pers = [beside[0]]
            elif self._is_listed(groups, ranked, others):
                pers = [None]
            elif len(others) == 1:
                pers = [beside[0], None]
            else:
                raise Needs("unsupported", "a ranking inside several groups")
        for column in columns:
            order = (f"-{column}" if way == "desc" else column,)
            outs.extend((order, Top(n=n, per=per) if n is not None else None, note) for per in pers)
        return outs

    def _is_listed(self, groups: Sequence[GroupSlot], ranked: Sequence[int], others: Sequence[int]) -> bool:
        """Whether the other columns only describe the ranked things ("customer name, country and amount")."""
        ranked_models = {m.model for i in ranked for m in groups[i].choices}
        return all({m.model for m in groups[i].choices} & ranked_models for i in others)


def replace_choices(slot: GroupSlot, choices: tuple[Meaning, ...]) -> GroupSlot:
    """The slot with other choices, no longer a tail."""
    return replace(slot, choices=tuple(replace(m, tail=False, cost=0.0) for m in choices))
