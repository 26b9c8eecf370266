"""Decide what part a word of the catalog plays: a figure, a group, a value, a plan, or only the thing spoken of.

A word that finds no part is unsupported.
Layer: chatbot.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from chatbot.planner.draft import MetricSlot
from chatbot.planner.language import VERB_NOUNS
from chatbot.planner.lexicon import Meaning, natural_aggregate
from chatbot.planner.reading.values import Values
from chatbot.planner.reading.words import (
    AGGREGATE_WORDS,
    LINKS,
    LISTS,
    PREPOSITIONS,
    RELATIVE,
    Word,
    least_cost,
)
from chatbot.planner.spans import Item
from chatbot.planner.stems import stem


class Mentions(Values):
    """Words of the catalog."""

    @abstractmethod
    def _is_mean_of(self, word: Word) -> bool: ...

    def _mention(self, word: Word) -> None:
        item, draft = word.item, self.draft
        if self.versus and (scenario := item.of_kind("scenario")) and self._is_scenario(item):
            draft.scenario, draft.scenario_note = scenario[0].name, scenario[0].note
            self.versus, self.last = False, "scenario"
            return
        if self.negative:
            self._negative(word)
            return
        if self._divides(word):
            return
        if self._is_mean_of(word):
            self.aggregate = None if self._metrics_of(item, None) else "count"
        metrics = self._metrics_of(item, self.aggregate)
        groups = item.of_kind("dimension", "entity")
        values = item.of_kind("value", "segment")
        groups = tuple(m for m in groups if not m.verb)
        verbs = tuple(m for m in item.of_kind("dimension") if m.verb and not self._is_just(item, "metric"))
        nxt = self._next()
        dated = nxt is not None and nxt.item.time is not None and nxt.item.time.kind in ("range", "weekdays")
        said = not metrics or set(word.before) & RELATIVE or item.text.lower().endswith("ed") or not groups
        if verbs and dated and said:
            self.open_time_dim = (verbs, item.text)
            self.last = "timedim"
            return
        if self._continues_values(word, values):
            return
        if self.ordering and (metrics or groups):
            self._ordered_by(word, metrics, groups)
            return
        if self.grouping is not None and self._grouped(word, metrics, groups, values):
            return
        if self.superlative is not None and self._ranked(word, metrics, groups):
            return
        if self._focused(word, metrics, groups):
            return
        if self.aggregate is not None and metrics:
            self._take_metric(word, metrics)
            return
        if self.aggregate in ("average", "min", "max", "median", "count", "distinct") and not metrics:
            if self.aggregate in ("count", "distinct") and values and (not groups or self._is_flag(values)):
                self._value(word, values)
                return
            if groups and self._counts(item.text, groups):
                return
            draft.unsupported.append(f"{AGGREGATE_WORDS[self.aggregate]} {item.text}")
            self.aggregate = None
            self.last = "unknown"
            return
        if self.number is not None and groups:
            draft.top_n, self.number = self.number, None
            self._group(word, groups, focus=True, ranked=True)
            return
        self._plain(word, metrics, groups, values)

    def _divides(self, word: Word) -> bool:
        """ "Claims as a share of revenue", "the ratio of claims to revenue": one figure over another."""
        draft, item = self.draft, word.item
        metrics = self._metrics_of(item, None)
        if self.minus:
            self.minus, self.divided_late = False, bool(draft.times)
            if draft.filters or draft.having or not self._subtract(draft.metrics[-1], item):
                draft.unsupported.append(f"less {item.text}")
            return True
        if self.over is not None:
            slot, words = self.over
            if not metrics:
                return False  # "revenue as a share of total": of all of it
            self.over = None
            self.divided_late = bool(draft.times)
            if {m.metric for m in metrics} & {m.metric for m in slot.choices}:
                return False
            if draft.filters or draft.having or not self._divide(slot, item, words):
                return False  # does the condition before it limit both?
            draft.share = False
            return True
        nxt = self._next()
        to = word.before[-1:] in (("to",), ("over",)) and self.last == "metric" and bool(draft.metrics)
        after = nxt is not None and bool(nxt.item.op("ratio_after")) and not nxt.before and not draft.filters
        if to and after and metrics and self._divide(draft.metrics[-1], item, "to"):
            self.at += 2  # "claims to revenue ratio"
            return True
        if self.ratio and metrics and draft.metrics and self.last == "metric":
            linked = {"to", "and"} & set(word.before)
            if linked and not draft.filters and self._divide(draft.metrics[-1], item, "divided by"):
                self.ratio = None
                return True
        return False

    def _plain(
        self,
        word: Word,
        metrics: tuple[Meaning, ...],
        groups: tuple[Meaning, ...],
        values: tuple[Meaning, ...],
    ) -> None:
        """A mention that no word before it asks for a part."""
        item, draft = word.item, self.draft
        nxt = self._next()
        linked = word.comma or bool(LINKS & set(word.before))
        if metrics and linked and self.last == "metric" and least_cost(metrics) <= least_cost(values) + 0.1:
            self._take_metric(word, metrics)
            return
        costs = {"metric": least_cost(metrics), "group": least_cost(groups), "value": least_cost(values)}
        if (
            values
            and costs["value"] <= costs["metric"]
            and not (metrics and not draft.metrics and costs["metric"] <= costs["value"])
        ):
            if groups and costs["group"] <= costs["value"] + 0.1 and not self._is_flag(values):
                self._value(word, values, optional=True)
            else:
                self._value(word, values)
            return
        dims = tuple(m for m in groups if m.kind == "dimension" and not m.tail)
        if dims and nxt is not None and self._is_condition_on(nxt.item, dims):
            self._bare(word, dims)
            return
        has_one = bool({"had", "have", "has", "having", "with"} & set(word.before)) and bool(
            {"a", "an", "any"} & set(word.before)
        )
        after = self._next(2)
        limited = nxt is not None and bool(nxt.item.op("comparison") or nxt.item.op("between"))
        limited = limited and after is not None and after.item.number is not None
        if (
            metrics
            and not word.sentence
            and not limited
            and ({"who", "that", "which"} & set(word.before) or (has_one and draft.metrics))
            and not self.superlative
        ):
            draft.unsupported.append(item.text)  # "who made a purchase": that there is one, not how many
            self.last = "unknown"
            return
        limits = self.fragment or bool({"for", "of", "from", "among"} & set(word.before))
        if metrics and limits and not draft.metrics:
            things = tuple(m for m in groups if m.kind == "entity")
            if things:  # "for customers with …, what is their …": whose figures, not how many
                draft.contexts.append((item, things))
                self.last = "context"
                return
        if metrics and self.last == "metric" and not word.before and not linked:
            draft.unsupported.append(item.text)  # two figures side by side with nothing between
            self.last = "unknown"
            return
        if metrics and limited:
            third = self._next(3)
            verb = stem(item.text.lower()) in VERB_NOUNS and {"who", "that", "which"} & set(word.before)
            if verb and third is not None and not third.before and third.item.of_kind("metric"):
                return  # "families that sold at least 1000 units": what is held is the units
            if {"with", "where", "having", "whose", "have", "had"} & set(word.before) and draft.metrics:
                self.held, self.metric_word = MetricSlot(metrics, item.text), self.at
                self.last = "held"
                return
        if metrics and self._is_beside_the_point(word):
            if all(m.kind != "entity" for m in groups):
                draft.unsupported.append(item.text)
                self.last = "unknown"
                return
            metrics = ()
        if metrics and item.plural and any(m.kind == "entity" for m in groups) and LISTS & set(word.before):
            self._group(word, groups)  # "list customers": the customers, not how many
            return
        extremes = {natural_aggregate(self.catalog.metrics[m.metric or ""]) for m in metrics}
        of_one = (
            self.last in ("context", "bare")
            and "with" in word.before
            and len([*draft.contexts, *draft.bare]) == 1
        )
        if of_one and extremes in ({"max"}, {"min"}):  # "the ward with the longest stay"
            self._rank_thing_before()
            draft.superlative = "desc" if extremes == {"max"} else "asc"
            draft.ranked_word = item.text.lower()
            draft.order = self._take_metric(word, metrics)
            return
        if metrics:
            self._take_metric(word, metrics)
            return
        if groups:
            self._bare(word, groups)
            return
        if scenario := item.of_kind("scenario"):
            draft.scenario, draft.scenario_note = scenario[0].name, scenario[0].note
            self.last = "scenario"
            return
        draft.unsupported.append(item.text)
        self.last = "unknown"

    def _is_beside_the_point(self, word: Word) -> bool:
        """After a figure, "for successful transactions" or "made by customers" limits it and names no second one."""
        if not self.draft.metrics or word.comma or LINKS & set(word.before) or self.aggregate or self.versus:
            return False
        if self.last == "value":  # "sell transactions": the same figure said again, with its condition
            known = {m.metric for slot in self.draft.metrics for m in slot.choices}
            if known & {m.metric for m in word.item.of_kind("metric")}:
                return False
        return bool(PREPOSITIONS & set(word.before) or self.last in ("group", "value", "time", "context"))

    def _is_condition_on(self, item: Item, dims: tuple[Meaning, ...]) -> bool:
        if item.op("contains") or item.op("missing"):
            return True
        if (item.op("comparison") or item.op("between")) and any(self._is_number(m) for m in dims):
            return True
        wanted = {(m.model, m.name) for m in dims}
        return any((m.model, m.name) in wanted for m in item.of_kind("value"))

    def _is_flag(self, values: Sequence[Meaning]) -> bool:
        """ "express shipments": the word of a yes-or-no dimension is a condition, never only a subject."""
        return all(
            m.model is not None
            and m.name is not None
            and m.kind == "value"
            and self.catalog.models[m.model].dimensions[m.name].type == "flag"
            for m in values
        )

    def _is_scenario(self, item: Item) -> bool:
        """ "against budget": the plan, though a metric "budget" may exist too, while a metric is on the table."""
        return bool(self.draft.metrics) or not item.of_kind("metric")
