"""Place phrases of time and grains: the period asked, the period it is compared with, or the dates of a named dimension.

A negated time and a unit that nothing asks for are unsupported.
Layer: chatbot.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from chatbot.planner.draft import GroupSlot, TimeFilter, WeekdayFilter
from chatbot.planner.language import EXTREMES
from chatbot.planner.lexicon import Meaning, natural_aggregate
from chatbot.planner.reading.conditions import Conditions
from chatbot.planner.reading.words import LINKS, WH, Word
from chatbot.planner.timewords.span import TimeSpan


class Times(Conditions, ABC):
    """Phrases of time."""

    @abstractmethod
    def _takes_mean(self, word: Word, unit: str, calendar: str | None) -> bool: ...

    @abstractmethod
    def _counts(self, text: str, choices: tuple[Meaning, ...], grain: str | None = None) -> bool: ...

    def _time(self, word: Word, span: TimeSpan) -> None:
        draft = self.draft
        if span.kind == "weekdays":
            self._weekdays(word, span)
            return
        if self.negative:
            draft.unsupported.append(f"not {word.item.text}")
            self.negative = False
            return
        if span.kind == "vague":
            draft.vague.append(word.item.text)
            self.last = "time"
            return
        if span.kind == "edge":
            self.open_edge = word.item.text
            return
        if span.kind == "compare":
            draft.compare, draft.compare_unit = span.compare, span.unit
            self.versus = False
            self.last = "time"
            return
        if span.kind == "grain":
            nxt = self._next()
            if self.aggregate in ("min", "max") and nxt is not None:
                found = self._metrics_of(nxt.item, self.aggregate)
                if found and all(
                    natural_aggregate(self.catalog.metrics[m.metric or ""]) == self.aggregate for m in found
                ):
                    return  # the lowest of the daily lows is the lowest
            if self._takes_mean(word, span.unit or "month", span.calendar):
                self.last = "mean"
                return
            if self.aggregate in ("average", "median") or (
                self.superlative and self.superlative[1] in EXTREMES and self.aggregate
            ):
                draft.unsupported.append(f"{self.aggregate} {word.item.text}")
            self._add_grain(span.unit or "month", span.calendar, word)
            self.last = "group"
            return
        if self.open_time_dim is not None and self.last in ("bare", "timedim"):
            choices, text = self.open_time_dim
            if self.last == "bare" and draft.bare:
                draft.bare.pop()
            draft.time_filters.append(TimeFilter(choices, span, f"{text} {word.item.text}"))
            self.open_time_dim = None
        elif self.versus or (
            self.comparing and draft.times and ("to" in word.before or "with" in word.before)
        ):
            if draft.base is not None:
                draft.unsupported.append(word.item.text)
            draft.base = span
            self.versus = False
        elif (
            draft.change and span.end is None and span.start is not None and span.relative and not draft.times
        ):
            draft.compare = "previous_year" if span.unit == "year" else "previous_period"
            draft.compare_unit = span.unit
        elif self.grouping in ("by", "per") and self.last == "group" and not self.listing and not span.each:
            draft.unsupported.append(f"{self.grouping} {word.item.text}")  # "by March": until it, or in it
        elif word.before[-1:] == ("to",) and not draft.times and not draft.change:
            draft.unsupported.append(f"to {word.item.text}")  # until it, or held against it: never within it
        else:
            draft.times.append(span)
        if span.each:
            self._add_grain(span.each, span.calendar, word)
        self.grouping = None
        self.last = "time"

    def _weekdays(self, word: Word, span: TimeSpan) -> None:
        """ "On Mondays", of the figures' own time or of a dimension named before it."""
        draft = self.draft
        choices: tuple[Meaning, ...] = ()
        if self.open_time_dim is not None and self.last in ("bare", "timedim"):
            choices, _ = self.open_time_dim
            if self.last == "bare" and draft.bare:
                draft.bare.pop()
            self.open_time_dim = None
        if self.versus or self.grouping or (draft.weekdays and not choices) or self.comparing:
            draft.unsupported.append(word.item.text)
        draft.weekdays.append(WeekdayFilter(span.days, word.item.text, choices, self.negative))
        if "weekend" in word.item.text.lower():
            draft.notes.append("the weekend is Saturday and Sunday")
        self.negative, self.last = False, "time"

    def _add_grain(self, grain: str, calendar: str | None, word: Word) -> None:
        if not any(g.grain == grain for g in self.draft.groups):
            each = any(w in ("each", "per", "every") for w in word.item.text.lower().split())
            self.draft.groups.append(
                GroupSlot(text=word.item.text, grain=grain, calendar=calendar, each=each)
            )

    def _ends_superlative(self, word: Word) -> bool:
        """ "highest revenue day": the unit is what is ranked, as nothing else is."""
        draft = self.draft
        of_metric = self.last == "metric" and bool(draft.metrics) and draft.order is draft.metrics[-1]
        return of_metric and draft.superlative is not None and not draft.groups and not word.before

    def _unit(self, word: Word, unit: str) -> None:
        """A bare "month" or "years"."""
        if self._counts(word.item.text, (), grain=unit):
            return
        listed = word.comma or LINKS & set(word.before)
        focus = bool(WH & set(word.before))
        if (
            self.grouping
            or focus
            or self.superlative
            or listed
            or self.last in ("group", "bare", "superlative")
            or self._ends_superlative(word)
        ):
            self._add_grain(unit, None, word)
            slot = next(g for g in self.draft.groups if g.grain == unit)
            if focus or self.superlative or self._ends_superlative(word):
                slot.ranked, slot.focus, slot.plural = True, focus, word.item.plural
                if self.number is not None:
                    self.draft.top_n, self.number = self.number, None
            if self.superlative and self.last == "superlative":
                self.superlative = None
            self.last, self.listing = "group", bool(self.grouping)
            return
        if any(g.grain == unit for g in self.draft.groups):
            return
        self.draft.unsupported.append(word.item.text)
