"""Read figures, what they are grouped by and how they are ranked: "by region", "top 5", "which customer", "sorted by".

Layer: chatbot.
"""

from __future__ import annotations

from dataclasses import replace

from chatbot.planner.draft import GroupSlot, MetricSlot
from chatbot.planner.language import EXTREMES, RANKS
from chatbot.planner.lexicon import Meaning, natural_aggregate
from chatbot.planner.naming import display_dimension, key_dimension
from chatbot.planner.reading.times import Times
from chatbot.planner.reading.words import GROUP_FIRST, LINKS, RELATIVE, Word, least_cost
from chatbot.planner.spans import Item
from chatbot.planner.tokens import phrase_tokens


class Figures(Times):
    """Figures, groups and rankings."""

    def _take_metric(self, word: Word, metrics: tuple[Meaning, ...], *, shown: bool = True) -> MetricSlot:
        draft, item = self.draft, word.item
        names = {m.metric for m in metrics}
        known = next((s for s in draft.metrics if names & {m.metric for m in s.choices}), None)
        if known is None:
            things = tuple(m for m in item.of_kind("dimension", "entity") if not m.verb and not m.tail)
            counted = self.aggregate is not None
            known = MetricSlot(metrics, item.text, shown, things=things, counted=counted, plural=item.plural)
            draft.metrics.append(known)
        else:
            sure = {m.metric: m for m in metrics if not m.unsure}
            both = tuple(sure.get(m.metric, m) for m in known.choices if m.metric in names)
            known.choices = both or known.choices
        self._note(metrics)
        self.metric_word = self.at
        self.aggregate = None
        if self.superlative is not None:
            draft.order = known
            self.superlative = None
        if self.versus:
            self.versus = False
        self.grouping = None
        self.last = "metric"
        return known

    def _group(
        self,
        word: Word,
        groups: tuple[Meaning, ...],
        *,
        each: bool = False,
        focus: bool = False,
        ranked: bool = False,
    ) -> None:
        plain = tuple(m for m in groups if not m.tail) or groups
        slot = GroupSlot(
            text=word.item.text, choices=plain, each=each, focus=focus, ranked=ranked, plural=word.item.plural
        )
        same = {m.key for m in plain}
        for known in self.draft.groups:
            if same & {m.key for m in known.choices}:
                known.ranked, known.focus, known.each = (
                    known.ranked or ranked,
                    known.focus or focus,
                    known.each or each,
                )
                known.choices = tuple(m for m in known.choices if m.key in same)
                break
        else:
            self.draft.groups.append(slot)
        self._note(plain)
        self.aggregate = None
        self.last = "group"

    def _bare(self, word: Word, groups: tuple[Meaning, ...]) -> None:
        """A dimension or a thing with no word that says what for."""
        dims = tuple(m for m in groups if m.kind == "dimension")
        entities = tuple(m for m in groups if m.kind == "entity")
        nxt = self._next()
        times = tuple(m for m in dims if self._is_time(m))
        if (
            times
            and nxt is not None
            and (nxt.item.time is not None and nxt.item.time.kind in ("range", "weekdays"))
        ):
            self.open_time_dim = (times, word.item.text)
            self.draft.bare.append(GroupSlot(text=word.item.text, choices=times))
            self.last = "bare"
            return
        plain = tuple(m for m in dims if not m.tail)
        if entities and (not plain or least_cost(entities) <= least_cost(plain)):
            self.draft.contexts.append((word.item, groups))
            self.last = "context"
            return
        if not plain and dims:
            self.draft.tails.append(GroupSlot(text=word.item.text, choices=dims, plural=word.item.plural))
            self.last = "tail"
            return
        self.draft.bare.append(GroupSlot(text=word.item.text, choices=plain, plural=word.item.plural))
        self.last = "bare"

    def _per_one(self, word: Word, groups: tuple[Meaning, ...]) -> bool:
        """ "Revenue per order": the catalog's quotient of the two, else the mean over the orders."""
        draft = self.draft
        if self.grouping != "per" or self.before_group != "metric" or not draft.metrics or word.item.plural:
            return False
        slot = draft.metrics[-1]
        things = tuple(m for m in groups if m.kind == "entity" and not m.verb)
        models = {m.model for m in things}
        own = {self.catalog.metrics[m.metric or ""].model for m in slot.choices}
        natural = {natural_aggregate(self.catalog.metrics[m.metric or ""]) for m in slot.choices}
        each = draft.averaged is not None or (not draft.superlative and self._is_unnamed(models, own))
        if self._declared_quotients(slot, word.item):
            self._divide(slot, word.item, "per")
        elif natural == {"average"} and things and own == models:
            pass  # the mean of the rows is one for each of them already
        elif things and each and all(self._has_key(model) for model in models):
            draft.mean = GroupSlot(text=word.item.text, choices=things)
            if draft.averaged is None:
                draft.notes.append(f'"per {word.item.text}" read as the average over each of them')
                self.mean_word = self.metric_word
        elif (groups and draft.averaged is None) or not self._divide(slot, word.item, "per"):
            return False
        self.grouping, self.last = None, "metric"
        return True

    def _divide(self, slot: MetricSlot, under: Item, words: str) -> bool:
        """Make of a figure its quotient by another: the catalog's own, else one of the two as they are defined."""
        declared = self._declared_quotients(slot, under)
        made = [
            replace(top, metric=f"{top.metric}_per_{bottom.metric}", cost=top.cost + bottom.cost)
            for top in slot.choices
            for bottom in {m.metric: m for m in reversed(self._under(under))}.values()
            if f"{top.metric}_per_{bottom.metric}" in self.catalog.metrics
        ]
        if not declared and not made:
            return False
        if not declared:
            self.draft.notes.append(
                f'"{slot.text} {words} {under.text}" is no figure of the catalog: one is divided by the other, '
                "each as it is defined and by its own date"
            )
        slot.choices = declared or tuple(made)
        slot.text = f"{slot.text} {words} {under.text}"
        self.draft.averaged, self.aggregate, self.grouping, self.last = None, None, None, "metric"
        return True

    def _subtract(self, slot: MetricSlot, other: Item) -> bool:
        """ "Gross profit less opex": the catalog's own figure of this formula, else the two as they are defined."""
        pairs = [(one, two) for one in slot.choices for two in self._metrics_of(other, None)]
        formulas = {(f"{one.metric} - {two.metric}") for one, two in pairs}
        declared = tuple(
            Meaning(kind="metric", metric=metric.name)
            for metric in self.catalog.metrics.values()
            if metric.kind == "derived" and not metric.deprecated and not metric.own_inputs
            and " ".join((metric.formula or "").split()) in formulas
        )  # fmt: skip
        made = tuple(
            replace(one, metric=f"{one.metric}_less_{two.metric}", cost=one.cost + two.cost)
            for one, two in pairs
            if f"{one.metric}_less_{two.metric}" in self.catalog.metrics and not self._tells_of(one, two)
        )
        if not declared and not made:
            return False
        if not declared:
            self.draft.notes.append(
                f'"{slot.text} less {other.text}" is no figure of the catalog: one is taken from the other, '
                "each as it is defined and by its own date"
            )
        slot.choices, slot.text = declared or made, f"{slot.text} less {other.text}"
        self.aggregate, self.grouping, self.last = None, None, "metric"
        return True

    def _tells_of(self, one: Meaning, two: Meaning) -> bool:
        """Whether a figure's description speaks of another: it may be net of it already, and would lose it twice."""
        first, second = (self.catalog.metrics[each.metric or ""] for each in (one, two))
        told = {token.stem for token in phrase_tokens(f"{first.label} {first.description}")}
        names = (second.label or second.name, *second.synonyms)
        return any({t.stem for t in phrase_tokens(name)} <= told for name in names if phrase_tokens(name))

    def _under(self, item: Item) -> tuple[Meaning, ...]:
        return (*self._metrics_of(item, None), *self._metrics_of(item, "count"))

    def _declared_quotients(self, slot: MetricSlot, under: Item) -> tuple[Meaning, ...]:
        """The ratios of the catalog that divide a figure by another."""
        tops = {m.metric for m in slot.choices}
        bottoms = {m.metric for m in self._under(under)}
        return tuple(
            Meaning(kind="metric", metric=metric.name)
            for metric in self.catalog.metrics.values()
            if metric.kind == "ratio" and not metric.deprecated and not metric.own_inputs
            and metric.inputs[1] in bottoms
            and (metric.inputs[0] in tops or (metric.name in tops and metric.unit != "percent"))
        )  # fmt: skip

    def _has_key(self, model: str | None) -> bool:
        return key_dimension(self.catalog.models[model or ""]) is not None

    def _is_unnamed(self, models: set[str | None], own: set[str | None]) -> bool:
        """Whether things have numbers and no names: nobody asks for a list of all of them by saying "per"."""
        for model in models:
            shown = display_dimension(self.catalog.models[model or ""])
            named = (
                shown is not None and self.catalog.models[model or ""].dimensions[shown].type != "identifier"
            )
            if named and model not in own:
                return False
        return True

    def _grouped(
        self,
        word: Word,
        metrics: tuple[Meaning, ...],
        groups: tuple[Meaning, ...],
        values: tuple[Meaning, ...],
    ) -> bool:
        """After "by", "per", "for each"."""
        item, nxt = word.item, self._next()
        if self._per_one(word, groups):
            return True
        if metrics and self.grouping == "divided by":  # a quotient, unless it can only be a split
            if self.before_group == "metric" and self._divide(self.draft.metrics[-1], item, "divided by"):
                return True
            self.draft.unsupported.append(f"divided by {item.text}")
            self.grouping = None
            return True
        if self.listing and not (word.comma or LINKS & set(word.before)):
            self.grouping, self.listing = None, False
            return False
        if self.agent:
            self.agent, self.grouping = False, None
            if any(m.kind == "entity" for m in groups):
                self._bare(word, groups)
                return True
            return False
        follows = self.last == "group" or word.comma or LINKS & set(word.before)
        if (
            groups
            and self.aggregate is None
            and not (metrics and self.draft.superlative and not self._is_each())
        ):
            clause = nxt is not None and bool(RELATIVE & set(nxt.before)) and item.plural
            if clause and any(m.kind == "entity" for m in groups) and self._counts_acts():
                self.grouping = None
                self._bare(word, tuple(m for m in groups if m.kind == "entity"))
                return True
            if not follows:
                self.grouping = None
                return False
            self._group(word, groups, each=self._is_each())
            self.listing = True
            return True
        if metrics:
            ranks = self.draft.superlative or self.draft.direction or self.comparing
            if self.draft.metrics and not ranks:
                self.draft.unsupported.append(f"by {item.text}")
                self.grouping = None
                return True
            slot = self._take_metric(word, metrics)
            if self.draft.superlative:
                self.draft.order = slot
            return True
        self.grouping = None
        if values and not metrics and not groups and not (word.comma or LINKS & set(word.before)):
            return False  # "shipments by sea": a condition
        if values and follows and self.last == "group":
            self.draft.unsupported.append(item.text)
            return True
        return False

    def _is_each(self) -> bool:
        return bool({"each", "per", "every"} & set((self.grouping or "").split()))

    def _ranked(self, word: Word, metrics: tuple[Meaning, ...], groups: tuple[Meaning, ...]) -> bool:
        """After "top 5", "most", "highest"."""
        assert self.superlative is not None
        _, adjective = self.superlative
        extreme = EXTREMES.get(adjective)
        if extreme and not self.aggregate:
            fitting = self._metrics_of(word.item, extreme)
            if fitting and not (
                metrics and min(m.cost for m in metrics) + 0.01 < min(m.cost for m in fitting)
            ):
                things = [*self.draft.contexts, *self.draft.bare]
                if self.beside_superlative and len(things) == 1:
                    self._rank_thing_before()
                elif self.draft.top_n is None:
                    self.draft.superlative = None if not self._has_focus() else self.draft.superlative
                self._take_metric(word, fitting)
                return True
        nxt = self._next()
        if metrics and nxt is not None and not nxt.before and word.item.text.lower().endswith("ing"):
            ranked = nxt.item.of_kind("dimension", "entity")
            if ranked:  # "best selling product": the product, ranked by what it sells
                self._take_metric(word, metrics)
                self._group(nxt, ranked, ranked=True)
                self.at += 2
                return True
        group_first = adjective in GROUP_FIRST or self.draft.top_n is not None
        if groups and (group_first or not metrics) and not (self.aggregate and metrics):
            self._group(word, groups, ranked=True)
            self.superlative = None
            self.grouping, self.listing = "list", True
            return True
        if metrics:
            self._take_metric(word, metrics)
            return True
        return False

    def _rank_thing_before(self) -> None:
        """ "the ward with the longest stay": which ward, not only how long."""
        draft = self.draft
        if draft.bare:
            slot = draft.bare.pop()
            slot.ranked = slot.focus = True
        else:
            item, meanings = draft.contexts.pop()
            slot = GroupSlot(text=item.text, choices=meanings, ranked=True, focus=True, plural=item.plural)
        draft.groups.append(slot)

    def _starts_superlative(self, direction: str, item: Item, nxt: Word | None) -> bool:
        """Take "top 5", "most", "highest" and wait for what is ranked."""
        way, _, counted = direction.partition("-")
        self.superlative = (way, item.text.lower().split()[-1] if item.text.lower() != "the most" else "most")
        self.draft.superlative = way
        self.beside_superlative = bool({"with", "having", "has", "had"} & set(self.words[self.at].before))
        self.draft.ranked_word = item.text.lower()
        ranks = self.draft.ranked_word in RANKS
        if self.last == "number" and self.number is not None and not ranks:
            self.draft.top_n, self.number = self.number, None
        if nxt is not None and nxt.item.number is not None and not nxt.item.meanings and not ranks:
            n = nxt.item.number.number
            if n is not None and n == int(n) and not nxt.item.number.percent:
                self.draft.top_n = int(n)
                self.at += 2
        if counted:
            self.aggregate = "count"
        self.grouping = None
        self.last = "superlative"
        return True

    def _has_focus(self) -> bool:
        return any(g.focus or g.ranked for g in self.draft.groups)

    def _focused(self, word: Word, metrics: tuple[Meaning, ...], groups: tuple[Meaning, ...]) -> bool:
        """ "which region …", "who are the customers that …", "the customer who …"."""
        if not groups or self.aggregate is not None:
            return False
        nxt = self._next()
        asks = bool({"which", "who"} & set(word.before)) or (
            "what" in word.before and self._superlative_ahead()
        )
        relative = nxt is not None and bool(RELATIVE & set(nxt.before)) and self._superlative_ahead()
        if not (asks or relative) or (metrics and self._is_just(word.item, "metric")):
            return False
        if self.number is not None:
            self.draft.top_n, self.number = self.number, None
        self._group(word, groups, focus=True, ranked=True)
        self.grouping = None
        return True

    def _superlative_ahead(self) -> bool:
        for ahead in self.words[self.at + 1 :]:
            if ahead.sentence:
                return False
            if ahead.item.op("superlative"):
                return True
        return False

    def _ordered_by(self, word: Word, metrics: tuple[Meaning, ...], groups: tuple[Meaning, ...]) -> None:
        self.ordering = False
        if metrics:
            shown = not self.draft.metrics
            names = {m.metric for m in metrics}
            known = next((s for s in self.draft.metrics if names & {m.metric for m in s.choices}), None)
            self.draft.order = known or self._take_metric(word, metrics, shown=shown)
            self.draft.direction = self.draft.direction or "order"
            self.last = "ordered"
        else:
            wanted = {m.key for m in groups}
            if any(wanted & {m.key for m in g.choices} for g in self.draft.groups):
                self.draft.direction = None
                self.last = "ordered"
            else:
                self.draft.unsupported.append(f"order by {word.item.text}")
