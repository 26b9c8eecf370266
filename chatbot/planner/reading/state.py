"""Where a reader stands: the words, the draft so far, and what the word before left open.

Also what every part needs: the next word, and which figures a word may mean beside an aggregate. Takes no decision
about a sentence.
Layer: chatbot. Imports the catalog's types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chatbot.planner.draft import Draft, MetricSlot
from chatbot.planner.language import TOGETHER
from chatbot.planner.lexicon import Meaning, natural_aggregate
from chatbot.planner.reading.words import Word, significant
from chatbot.planner.spans import Item
from semantic.model import Catalog


class ReadingState:
    """The place in a question and what is known so far."""

    def __init__(self, items: Sequence[Item], catalog: Catalog, *, fragment: bool = False) -> None:
        self.catalog = catalog
        self.fragment = fragment
        self.words = significant(items)
        together = any(item.text.lower() in TOGETHER for item in items)
        self.draft = Draft(cost=sum(item.cost for item in items), together=together)
        self.at = 0
        self.grouping: str | None = None  # the group word in force
        self.agent = False
        self.aggregate: str | None = None
        self.negative = False
        self.versus = False
        self.comparing = False
        self.converting = False  # "converted to": a currency must follow
        self.comparative: str | None = None  # "higher": something must follow that it is held against
        self.needs_base: str | None = None  # "beat", "variance": held against a plan or an earlier period
        self.number: int | None = None
        self.superlative: tuple[str, str] | None = None  # direction, word
        self.last: str = ""  # the part that the word before took
        self.before_versus = self.before_negation = self.before_group = ""
        self.metric_word = (
            self.mean_word
        ) = -1  # where a figure was last taken, and where one that is averaged stood
        self.listing = False  # a group word has had its first word; others must be linked to it
        self.held: MetricSlot | None = None  # "with revenue …": a figure that waits for its condition
        self.over: tuple[MetricSlot, str] | None = None  # "X as a share of": a figure that another may divide
        self.ratio: str | None = None  # "ratio of": two figures must follow
        self.minus = False  # "less": a figure must follow
        self.divided_late = (
            False  # a period was said before the figure that divides: another would be of that one alone
        )
        self.ordering = False
        self.shared: str | None = None  # "share of express shipments": a part whose share is asked
        self.beside_superlative = False  # "the ward with the longest stay": of a thing that was named
        self.ranks = False  # "ranked by": of several, or of one among all
        self.open_edge: str | None = None  # "at year end": of a period or a grain that must be said
        self.open_time_dim: tuple[tuple[Meaning, ...], str] | None = None
        self.tail = [w.before for w in self.words]

    def _here(self) -> Word | None:
        return self.words[self.at] if self.at < len(self.words) else None

    def _next(self, steps: int = 1) -> Word | None:
        index = self.at + steps
        if index >= len(self.words) or any(w.sentence for w in self.words[self.at + 1 : index + 1]):
            return None
        return self.words[index]

    def _set_aggregate(self, aggregate: str) -> None:
        """ "average number of shares": the outer word decides, a count inside it only names the things."""
        outer = self.aggregate
        if outer in ("average", "min", "max", "median") and aggregate in ("count", "sum"):
            return
        if outer == "count" and aggregate == "distinct":
            self.aggregate = "distinct"
            return
        if outer == "distinct" and aggregate in ("count", "sum"):
            return
        self.aggregate = aggregate

    def _note(self, meanings: Sequence[Meaning]) -> None:
        if len(meanings) == 1 and meanings[0].note:
            self.draft.notes.append(meanings[0].note)

    def _is_number(self, meaning: Meaning) -> bool:
        if meaning.kind != "dimension" or meaning.model is None or meaning.name is None:
            return False
        return self.catalog.models[meaning.model].dimensions[meaning.name].type == "number"

    def _is_time(self, meaning: Meaning) -> bool:
        if meaning.kind != "dimension" or meaning.model is None or meaning.name is None:
            return False
        return self.catalog.models[meaning.model].dimensions[meaning.name].type == "time"

    def _is_just(self, item: Item, kind: str) -> bool:
        return all(m.kind == kind for m in item.meanings)

    def _counts_rows_of(self, numbers: Sequence[Meaning]) -> bool:
        """Whether the figure asked for counts the very rows that have these numbers."""
        if not self.draft.metrics:
            return False
        metric = self.catalog.metrics[self.draft.metrics[-1].choices[0].metric or ""]
        return natural_aggregate(metric) == "count" and metric.model in {m.model for m in numbers}

    def _counts_acts(self) -> bool:
        if not self.draft.metrics:
            return False
        metric = self.catalog.metrics[self.draft.metrics[-1].choices[0].metric or ""]
        return natural_aggregate(metric) == "count"

    def _metrics_of(self, item: Item, aggregate: str | None) -> tuple[Meaning, ...]:
        """The metrics that an item may mean beside an aggregate word (None: there is none)."""
        found = []
        for meaning in item.of_kind("metric"):
            metric = self.catalog.metrics[meaning.metric or ""]
            natural = natural_aggregate(metric)
            if aggregate in ("average", "min", "max", "median"):
                fits = meaning.needs == aggregate or (meaning.needs is None and natural == aggregate)
                if aggregate == "average" and metric.kind == "ratio" and "per" in item.text.lower().split():
                    fits = meaning.needs is None  # "average cost per order" is the cost per order
            elif aggregate == "sum":
                fits = meaning.needs is None and natural in (None, "sum", "count")
            elif aggregate in ("count", "distinct"):
                fits = meaning.needs is None and (
                    natural == "count"
                    or (natural is None and metric.unit is None)
                    or (natural == "sum" and metric.unit not in ("currency", "percent"))
                    or (natural is None and metric.unit == "count")
                )
                if aggregate == "distinct" and metric.agg == "sum":
                    fits = False
            else:
                fits = meaning.needs is None
            if fits:
                cost = meaning.cost
                if aggregate == "distinct" and metric.agg == "count":
                    cost += 0.1
                if aggregate in ("count", "distinct") and metric.agg == "sum":
                    cost += 0.1
                found.append(replace(meaning, cost=cost))
        if not found and aggregate in ("count", "distinct"):
            for meaning in item.of_kind("entity"):
                for metric in self.catalog.metrics.values():
                    if (
                        metric.kind == "aggregate"
                        and metric.agg == "count"
                        and metric.model == meaning.model
                        and not metric.where
                        and metric.expr in (None, "*")
                    ):
                        found.append(Meaning(kind="metric", metric=metric.name, cost=meaning.cost + 0.1))
        least = min((m.cost for m in found), default=0.0)
        kept = [m for m in found if m.cost <= least + 0.25]
        if aggregate in (None, "count", "distinct"):
            kept += [
                m for m in self._counts_by_acts(item, least + 0.6) if m.metric not in {k.metric for k in kept}
            ]
        return tuple(kept)

    def _counts_by_acts(self, item: Item, cost: float) -> list[Meaning]:
        """ "customers", counted over what they did: a distinct count of the key that joins the act to them."""
        found = []
        things = {m.model for m in item.of_kind("entity")}
        for metric in self.catalog.metrics.values() if things else ():
            if metric.agg != "count_distinct" or metric.where or not metric.model:
                continue
            joins = self.catalog.models[metric.model].joins.values()
            dimension = self.catalog.models[metric.model].dimensions.get(metric.expr or "")
            column = (dimension.expr or dimension.name) if dimension else metric.expr
            if any(join.to in things and join.key == (column,) for join in joins):
                found.append(Meaning(kind="metric", metric=metric.name, cost=cost, acts=True))
        return found
