"""Read what makes one number of many or asks of one among many: a mean over periods, a count of members, a place.

Also "or" between conditions on different things. What these cannot be joined with is unsupported: it is not dropped.
Layer: chatbot.
"""

from __future__ import annotations

from abc import abstractmethod
from decimal import Decimal

from chatbot.planner.draft import FilterSlot, GroupSlot, HavingSlot
from chatbot.planner.language import RANKS
from chatbot.planner.lexicon import Meaning, natural_aggregate
from chatbot.planner.reading.whether import Whether
from chatbot.planner.reading.words import Word

_NOT_HAVING = ("<", "<=", "=", "!=")


class Wholes(Whether):
    """Means, counts of members, places and alternatives."""

    there_are = False  # "how many carriers had shipments": any of them is enough
    alternative: str | None = None  # "or": what follows must be an alternative to the condition before

    # -------------------------------------------------------------------------------------------------- or

    @abstractmethod
    def _one(self, word: Word) -> None: ...

    def _step(self, word: Word) -> None:
        """Read one word; behind "or" it must go on with what was before, or give a condition for the other case."""
        draft = self.draft
        if "or" in word.before:
            self.alternative = f"or {word.item.text}"
            if (word.item.of_kind("metric") and self.last == "metric") or (
                word.item.time and self.last == "time"
            ):
                self.alternative = None  # "in May or June"; "revenue or orders" shows both
        filters, lists, limits = len(draft.filters), self._values_said(), self._limits_said()
        self._one(word)
        if self.alternative is None:
            return
        if self._limits_said() != limits:
            draft.unsupported.append(self.alternative)
            self.alternative = None
        elif len(draft.filters) > filters:
            one, other = draft.filters[-2:] if filters else (None, draft.filters[-1])
            if one is None or not (_is_plain(one) and _is_plain(other)):
                draft.unsupported.append(self.alternative)
            other.other = True
            self.alternative = None
        elif self._values_said() != lists:
            self.alternative = None  # "EMEA or APAC"

    def _values_said(self) -> int:
        return sum(len(slot.choices) for slot in self.draft.filters)

    def _limits_said(self) -> int:
        draft = self.draft
        return len(draft.having) + len(draft.times) + len(draft.time_filters) + len(draft.groups)

    def _end_alternative(self) -> None:
        if self.alternative is not None:
            self.draft.unsupported.append(self.alternative)
        self.alternative = None

    def _check_alternatives(self) -> None:
        """With a third condition nobody knows which of them the "or" is between."""
        others = [slot for slot in self.draft.filters if slot.other]
        if others and len(self.draft.filters) != len(others) + 1:
            self.draft.unsupported.append(f"or {others[0].text}, beside another condition")
        for slot in self.draft.filters if others else ():
            slot.optional = False

    # ------------------------------------------------------------------------------------------------ means

    def _is_mean_of(self, word: Word) -> bool:
        """ "average monthly revenue", "average revenue per month", "average revenue per customer": a mean."""
        found = self._is_mean_over(word)
        if found:
            self.mean_word = self.at
        return found

    def _is_mean_over(self, word: Word) -> bool:
        draft = self.draft
        if self.aggregate != "average" or self._metrics_of(word.item, "average"):
            return False
        if not self._metrics_of(word.item, None) and not self._metrics_of(word.item, "count"):
            return False
        if draft.mean is not None:
            return True
        if draft.groups and draft.groups[-1].grain and not draft.groups[-1].each and self._was_adverb():
            slot = draft.groups.pop()
            draft.mean = slot
            return True
        ahead = self.words[self.at + 1 :]
        if ahead and self._is_per_thing(ahead[0], ahead[1:2]):
            draft.averaged = word.item.text
            return True
        for each in ahead:
            if each.sentence:
                return False
            if each.item.time is not None and each.item.time.kind == "grain" and _is_each(each):
                draft.averaged = word.item.text
                return True
        return False

    def _is_per_thing(self, word: Word, after: list[Word]) -> bool:
        """Whether "per customer" follows."""
        if word.sentence or not word.item.op("group") or word.item.text.lower() != "per" or not after:
            return False
        return not after[0].item.plural and bool(after[0].item.of_kind("entity", "metric"))

    def _was_adverb(self) -> bool:
        """Whether the grain stood right before the word "average"."""
        before = [w for w in self.words[: self.at] if not (w.item.op("aggregate") and not w.item.meanings)]
        return (
            bool(before) and before[-1].item.time is not None and before[-1].item.text.lower().endswith("ly")
        )

    def _takes_mean(self, word: Word, unit: str, calendar: str | None) -> bool:
        """Whether a grain says over which periods the mean is."""
        draft = self.draft
        slot = GroupSlot(text=word.item.text, grain=unit, calendar=calendar)
        if draft.averaged is not None and draft.mean is None and _is_each(word):
            draft.mean = slot
            return True
        if self.aggregate != "average" or draft.mean is not None:
            return False
        ahead = next(
            (w for w in self.words[self.at + 1 :] if not w.item.op("aggregate") or w.item.meanings), None
        )
        if ahead is None or ahead.sentence or self._metrics_of(ahead.item, "average"):
            return False
        if not (self._metrics_of(ahead.item, None) or self._metrics_of(ahead.item, "count")):
            return False
        draft.mean = slot
        return True

    def _check_mean(self) -> None:
        draft = self.draft
        if draft.averaged is not None and draft.mean is None:
            draft.unsupported.append(f"average {draft.averaged}")
        if draft.mean is None:
            return
        more = (
            draft.change or draft.share or draft.running or draft.trend or draft.why
            or draft.compare or draft.base or draft.scenario or draft.parts or draft.whether
            or len(draft.metrics) != 1 or len(draft.times) > 1 or any(slot.grain for slot in draft.groups)
            or any(not held.of_mean for held in draft.having) or (draft.weekdays and draft.mean.grain)
            or (not draft.groups and (draft.superlative or draft.direction or draft.having))
        )  # fmt: skip
        if more:
            over = f"{draft.mean.grain}s" if draft.mean.grain else draft.mean.text
            draft.unsupported.append(f"an average over {over}, and something else beside it")

    # ----------------------------------------------------------------------------------------------- counts

    def _counts(self, text: str, choices: tuple[Meaning, ...], grain: str | None = None) -> bool:
        """ "how many products had …": members that a condition chooses, where no figure counts them."""
        if self.aggregate not in ("count", "distinct") or self.draft.counted or self.draft.metrics:
            return False
        ahead = self.words[self.at + 1 :]
        limited = any(
            w.item.op("comparison") or w.item.op("between") or w.item.op("after_number") for w in ahead
        )
        if not limited and not (choices and any(self._says_that_there_are(w) for w in ahead)):
            return False
        self.there_are = not limited
        self.draft.counted = GroupSlot(text=text, choices=choices, grain=grain, plural=True)
        self.aggregate, self.last = None, "counted"
        return True

    def _says_that_there_are(self, word: Word) -> bool:
        """ "had shipments": at least one of what is counted."""
        found = self._metrics_of(word.item, None)
        counts = {natural_aggregate(self.catalog.metrics[m.metric or ""]) for m in found} == {"count"}
        return bool(
            counts and word.item.plural and {"had", "have", "has", "with", "having"} & set(word.before)
        )

    def _count_members(self) -> None:
        """ "how many customers with more than 10 orders": the customers are counted, orders only choose them."""
        draft = self.draft
        if draft.counted is not None and not draft.having and len(draft.metrics) == 1 and self.there_are:
            slot = draft.metrics.pop()
            draft.having.append(HavingSlot(slot.choices, ">", (Decimal(0),), slot.text))
        if draft.counted is None and draft.having and draft.metrics and draft.metrics[0].counted:
            slot = draft.metrics[0]
            limited = {m.metric for having in draft.having for m in having.choices}
            rest = [m for m in draft.metrics[1:] if not {c.metric for c in m.choices} <= limited]
            if slot.things and not rest and not limited & {m.metric for m in slot.choices}:
                draft.counted = GroupSlot(text=slot.text, choices=slot.things, plural=True)
                draft.metrics = []
        if draft.counted is None:
            return
        limited = {m.metric for having in draft.having for m in having.choices}
        others = [s.text for s in draft.metrics if not {m.metric for m in s.choices} & limited]
        more = (
            draft.superlative or draft.change or draft.share or draft.running or draft.trend or draft.compare
            or draft.base or draft.scenario or draft.parts or draft.why or draft.direction or draft.mean
        )  # fmt: skip
        if not draft.having or others or more or draft.whether:
            draft.unsupported.append(f"number of {draft.counted.text}")
            return
        draft.metrics = []
        draft.contexts = [c for c in draft.contexts if not _same_things(c[1], draft.counted.choices)]
        for having in draft.having:
            if self._holds_without_rows(having):
                draft.unsupported.append(f"{having.text}: those without any are not in the figures")

    def _holds_without_rows(self, having: HavingSlot) -> bool:
        """Whether members that have no rows would have to be counted too: no figure knows of them."""
        metrics = [self.catalog.metrics[m.metric or ""] for m in having.choices]
        if all(metric.kind == "ratio" or metric.unit == "percent" for metric in metrics):
            return False
        numbers = [value for value in having.values if isinstance(value, int | Decimal)]
        if having.op in _NOT_HAVING:
            return having.op != "=" or 0 in numbers
        return not numbers or min(numbers) < 0 or (having.op in (">=", "between") and min(numbers) <= 0)

    # ----------------------------------------------------------------------------------------------- places

    def _find_place(self) -> None:
        """ "where does Germany rank by revenue": one member's place among all of its dimension."""
        draft = self.draft
        if draft.ranked_word not in RANKS and not self.ranks:
            return
        slots = [*draft.groups, *draft.bare]
        if (
            len(draft.filters) == 1
            and _is_plain(draft.filters[0])
            and draft.top_n is None
            and len(slots) <= 1
        ):
            (held,) = draft.filters
            owned = {(m.model, m.name) for m in held.choices[0]}
            mine = [m for slot in slots for m in slot.choices if (m.model, m.name) in owned]
            if len(held.choices) == 1 and (not slots or mine) and not any(slot.grain for slot in slots):
                names = {(m.model, m.name) for m in mine} or owned
                held.choices = [tuple(m for m in held.choices[0] if (m.model, m.name) in names)]
                held.optional = False
                draft.place, draft.filters, draft.groups, draft.bare = held, [], [], []
                draft.superlative, draft.direction, draft.order = None, None, None
                return
        if not slots and not draft.contexts and len(draft.metrics) == 1 and not draft.metrics[0].things:
            draft.unsupported.append("rank")


def _is_each(word: Word) -> bool:
    words = {*word.item.text.lower().split(), *word.before[-1:]}
    return bool(words & {"per", "each", "every", "a"})


def _is_plain(slot: FilterSlot) -> bool:
    """Whether a condition says which values count, and no more."""
    kinds = {m.kind for choice in slot.choices for m in choice}
    return (
        slot.op in ("in", "contains", "starts_with")
        and not slot.beside
        and kinds <= {"value", "dimension", "segment"}
    )


def _same_things(one: tuple[Meaning, ...], other: tuple[Meaning, ...]) -> bool:
    return bool({m.model for m in one} & {m.model for m in other})
