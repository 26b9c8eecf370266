"""Read conditions on numbers and texts: "more than 10 orders", "between 5 and 8", "without a manager", "contains GmbH".

A number that finds nothing to be held against, or money of another currency, is unsupported: it is not dropped.
Layer: chatbot.
"""

from __future__ import annotations

from chatbot.planner.draft import FilterSlot, HavingSlot
from chatbot.planner.lexicon import Meaning
from chatbot.planner.reading.state import ReadingState
from chatbot.planner.reading.words import ABSENCE, LINKS, Word, number_value, said_as
from chatbot.planner.spans import Item
from semantic.query import Scalar


class Conditions(ReadingState):
    """Conditions."""

    def _comparison(self, symbol: str, item: Item) -> bool:
        nxt = self._next()
        if nxt is None:
            return False
        if nxt.item.time is not None or (symbol in (">", "<") and nxt.item.of_kind("scenario")):
            if symbol in (">", "<"):
                self.draft.tests.append(symbol)
                self.versus, self.last = True, "versus"
                return True
            return False
        if nxt.item.number is not None and not nxt.item.of_kind("value"):
            self.at += 2
            following = self._here()
            if following is not None and (after := following.item.op("after_number")) and symbol == "=":
                symbol = str(after)
                self.at += 1
            self._condition(symbol, (nxt.item,), f"{item.text} {nxt.item.text}")
            return True
        if symbol in ("=", "!=") and nxt.item.of_kind("value"):
            self.negative = symbol == "!="
            return True
        return False

    def _between(self, item: Item) -> bool:
        low, high = self._next(), self._next(2)
        if low is None or high is None or low.item.number is None or high.item.number is None:
            return False
        self.at += 3
        self._condition(
            "between",
            (low.item, high.item),
            f"between {low.item.text} and {high.item.text}",
        )
        return True

    def _condition(self, op: str, numbers_said: tuple[Item, ...], text: str) -> None:
        """A number to hold against the metric or number before it, or after it."""
        draft = self.draft
        values: tuple[Scalar, ...] = tuple(number_value(item) for item in numbers_said)
        kind = said_as(numbers_said)
        money = {w.item.number.currency for w in self.words if w.item.number and w.item.number.currency}
        if self.catalog.currency and money - {self.catalog.currency}:
            draft.unsupported.append(text)
            return
        ahead = self._here()
        follows = (
            ahead is not None
            and not ahead.comma
            and not LINKS & set(ahead.before)
            and bool(ahead.item.of_kind("metric") or ahead.item.op("aggregate"))
        )
        if ahead is not None and not follows and not draft.whether and self._is_counted(ahead):
            draft.unsupported.append(f"{text} {ahead.item.text}")  # "orders with more than 3 products"
            self.at += 1
            self.last = "unknown"
            return
        if self.last == "metric" and draft.metrics and not follows:
            slot = draft.metrics[-1]
            of_mean = self.metric_word == self.mean_word
            draft.having.append(
                HavingSlot(slot.choices, op, values, f"{slot.text} {text}", said_as=kind, of_mean=of_mean)
            )
            self.last = "having"
            return
        if self.last == "held" and self.held is not None and not follows:
            of_mean = self.metric_word == self.mean_word
            draft.having.append(
                HavingSlot(
                    self.held.choices, op, values, f"{self.held.text} {text}", said_as=kind, of_mean=of_mean
                )
            )
            self.held = None
            self.last = "having"
            return
        if self.last == "bare" and draft.bare and any(self._is_number(m) for m in draft.bare[-1].choices):
            slot_b = draft.bare.pop()
            numbers = tuple(m for m in slot_b.choices if self._is_number(m))
            draft.filters.append(FilterSlot(f"{slot_b.text} {text}", [numbers], op=op, values=values))
            self.last = "filter"
            return
        here = self._here()
        while here is not None and here.item.op("aggregate") and not here.item.meanings:
            self._set_aggregate(str(here.item.op("aggregate")))
            self.at += 1
            here = self._here()
        if here is not None and here.item.meanings:
            metrics = self._metrics_of(here.item, self.aggregate)
            numbers = tuple(m for m in here.item.of_kind("dimension") if self._is_number(m))
            self.aggregate = None
            if metrics and numbers:
                if self._counts_rows_of(numbers):
                    metrics = ()  # "stays with more than 10 nights": each stay's own nights
                else:
                    draft.unsure = True
            if metrics:
                things = draft.contexts[-1][1] if self.last == "context" and draft.contexts else ()
                draft.having.append(
                    HavingSlot(metrics, op, values, f"{text} {here.item.text}", said_as=kind, things=things)
                )
                self._note(metrics)
                self.at += 1
                self.last = "having"
                return
            if numbers:
                draft.filters.append(FilterSlot(f"{text} {here.item.text}", [numbers], op=op, values=values))
                self.at += 1
                self.last = "filter"
                return
        draft.unsupported.append(text)

    def _is_counted(self, word: Word) -> bool:
        """Whether a word right behind a number names the things that the number counts."""
        things = word.item.of_kind("dimension", "entity")
        if word.comma or word.before or not things or not word.item.plural or word.item.of_kind("value"):
            return False
        return not any(self._is_number(m) for m in things)

    def _missing(self, item: Item, nxt: Word | None) -> bool:
        op = str(item.op("missing"))
        if (
            nxt is not None
            and op == "is_null"
            and ABSENCE & set(item.text.lower().split())
            and (nxt.item.of_kind("metric") or nxt.item.plural)
        ):  # "customers with no orders": that something did not happen, no empty field
            self.draft.unsupported.append(f"{item.text} {nxt.item.text}")
            self.at += 2
            self.last = "unknown"
            return True
        if nxt is not None and nxt.item.of_kind("dimension") and not nxt.item.of_kind("value"):
            choices = nxt.item.of_kind("dimension")
            self.draft.filters.append(FilterSlot(f"{item.text} {nxt.item.text}", [choices], op=op))
            self.at += 2
            self.last = "filter"
            return True
        if self.last == "bare" and self.draft.bare:
            slot = self.draft.bare.pop()
            self.draft.filters.append(FilterSlot(f"{slot.text} {item.text}", [slot.choices], op=op))
            self.last = "filter"
            return True
        return False

    def _contains(self, how: str, item: Item) -> bool:
        nxt = self._next()
        choices: tuple[Meaning, ...] = ()
        text = ""
        if self.last == "bare" and self.draft.bare:
            slot = self.draft.bare.pop()
            choices, text = slot.choices, slot.text
        elif self.last == "group" and self.draft.groups:
            choices, text = self.draft.groups[-1].choices, self.draft.groups[-1].text
        elif self.last == "context" and self.draft.contexts:
            choices, text = self.draft.contexts[-1][1], self.draft.contexts[-1][0].text
        if nxt is None or not choices:
            return False
        if nxt.item.number is None and not nxt.item.unknown and not nxt.item.meanings:
            return False
        literal = nxt.item.text
        op = f"not_{how}" if self.negative and how == "contains" else how
        self.negative = False
        self.draft.filters.append(
            FilterSlot(f"{text} {item.text} {literal}", [choices], op=op, values=(literal,))
        )
        self.at += 2
        self.last = "filter"
        return True

    def _number(self, word: Word) -> None:
        token = word.item.number
        assert token is not None
        assert token.number is not None
        nxt = self._next()
        if nxt is not None and (symbol := nxt.item.op("after_number")):
            self.at += 2
            self._condition(str(symbol), (word.item,), f"{word.item.text} {nxt.item.text}")
            return
        counts = nxt is not None and (nxt.item.meanings or nxt.item.op("superlative") or nxt.item.op("unit"))
        if counts and token.number == int(token.number) and not token.percent and 0 < token.number <= 1000:
            self.number = int(token.number)
            self.last = "number"
            return
        self.draft.unsupported.append(word.item.text)
        self.last = "unknown"
