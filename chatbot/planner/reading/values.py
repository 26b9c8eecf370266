"""Read the members of dimensions: a value, a list of values, a value that is left out.

"Or" between values of different dimensions and "not" before a figure are unsupported.
Layer: chatbot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chatbot.planner.draft import FilterSlot
from chatbot.planner.language import AUXILIARIES
from chatbot.planner.lexicon import Meaning
from chatbot.planner.reading.figures import Figures
from chatbot.planner.reading.words import LINKS, Word, replace_word
from chatbot.planner.stems import stem


def in_roles(values: Sequence[Meaning], owners: Sequence[Meaning]) -> tuple[Meaning, ...]:
    """Return the values that belong to one of some dimensions, in the roles that these are named in."""
    return tuple(
        replace(value, role=owner.role) if owner.role else value
        for value in values
        for owner in owners
        if (value.model, value.name) == (owner.model, owner.name)
    )


def _way(word: Word) -> str | None:
    return next((each for each in reversed(word.before) if each in ("from", "to")), None)


def currency_code(values: Sequence[Meaning]) -> str | None:
    """Return the ISO code that a value is, if it is one."""
    text = str(values[0].value) if values else ""
    return text if len(text) == 3 and text.isalpha() and text.isupper() else None


class Values(Figures):
    """Values and their negation."""

    def _value(self, word: Word, values: tuple[Meaning, ...], *, optional: bool = False) -> None:
        draft = self.draft
        if self.converting and (code := currency_code(values)):
            draft.currency, self.converting = code, False
            return
        if self.last == "bare" and draft.bare:
            own = in_roles(values, draft.bare[-1].choices)
            if own:
                values, optional = own, False
                draft.bare.pop()
            elif {m.model for m in draft.bare[-1].choices} & {m.model for m in values} and not word.before:
                models = {
                    m.model for m in draft.bare[-1].choices
                }  # "customer C0005": what kind of thing it is
                values = tuple(m for m in values if m.model in models)
                draft.bare.pop()
        else:
            nxt = self._next()
            if nxt is not None and nxt.item.meanings and not nxt.comma and not nxt.before:
                own = in_roles(values, [m for m in nxt.item.of_kind("dimension") if not m.verb])
                if own and not nxt.item.of_kind("metric") and len(nxt.item.of_kind("value")) == 0:
                    values, optional = own, False
                    self.at += 2
        if all(m.kind == "segment" for m in values):
            optional = False
        unsure = (
            "in" in word.before and self.last != "bare" and all("currency" in (m.name or "") for m in values)
        )
        way = _way(word)
        draft.filters.append(
            FilterSlot(word.item.text, [values], optional=optional, unsure=unsure, direction=way)
        )
        if draft.share and not draft.metrics:
            self.shared = word.item.text
        if self._is_doing(word, values):
            draft.filters[-1].unsure = True
        if self.versus or self.comparing:
            draft.filters[-1].beside = True
        self._note(values)
        self.last = "value"
        self.grouping = None

    def _is_doing(self, word: Word, values: tuple[Meaning, ...]) -> bool:
        """ "How many customers bought stocks": to buy, of the type "buy", or only that something was done."""
        draft, text = self.draft, word.item.text.lower()
        if not draft.metrics or not draft.metrics[0].counted or AUXILIARIES & set(word.before):
            return False
        actors = {self.catalog.metrics[m.metric or ""].agg for m in draft.metrics[0].choices}
        other_form = all(m.kind == "value" and str(m.value).lower() != text for m in values)
        own = all(stem(str(m.value).lower()) == stem(text) for m in values if m.kind == "value")
        return "count_distinct" in actors and other_form and own

    def _continues_values(self, word: Word, values: tuple[Meaning, ...]) -> bool:
        """ "EMEA, APAC and Americas": one condition with several values."""
        draft = self.draft
        beside = self.last == "versus" and self.before_versus in ("value", "context")
        after = self.last in ("value", "context")  # "gold clients and silver clients"
        if not values or not (after or beside) or not draft.filters:
            return False
        slot = draft.filters[-1]
        linked = word.comma or LINKS & set(word.before) or self.versus
        if not linked or slot.op not in ("in", "not_in"):
            return False
        if {"from", "to"} & set(word.before) and _way(word) != slot.direction:
            return False  # "from Germany or to Italy": the two ends of a movement
        have = {(m.model, m.name, m.role) for m in slot.choices[0] if m.kind == "value"}
        same = tuple(m for m in values if m.kind == "value" and (m.model, m.name, m.role) in have)
        if not same:
            return False
        keep = {(m.model, m.name, m.role) for m in same}
        slot.choices = [
            tuple(m for m in choice if (m.model, m.name, m.role) in keep) for choice in slot.choices
        ]
        slot.choices.append(same)
        slot.text += f", {word.item.text}"
        slot.optional = False
        if self.versus or self.comparing:
            slot.beside = True
            self.versus = False
        self._note(same)
        self.last = "value"
        return True

    def _negative(self, word: Word) -> None:
        values = word.item.of_kind("value", "segment")
        draft = self.draft
        linked = word.comma or LINKS & set(word.before)
        if values:
            if linked and self.last == "negative" and self._continues_negative(word, values):
                return
            if self.before_negation == "bare" and draft.bare:
                own = in_roles(values, draft.bare[-1].choices)
                if own:
                    values = own
                    draft.bare.pop()
            draft.filters.append(FilterSlot(f"not {word.item.text}", [values], op="not_in"))
            self._note(values)
            self.last = "negative"
            nxt = self._next()
            if not (nxt is not None and nxt.item.of_kind("value") and (nxt.comma or LINKS & set(nxt.before))):
                self.negative = False
                self.last = "value"
            return
        dims = word.item.of_kind("dimension", "entity")
        nxt = self._next()
        if dims and nxt is not None and (nxt.item.of_kind("value") or nxt.item.op("contains")):
            if nxt.item.op("contains"):
                self._bare(word, dims)
            return
        self.negative = False
        draft.unsupported.append(f"not {word.item.text}")

    def _continues_negative(self, word: Word, values: tuple[Meaning, ...]) -> bool:
        self.last = "value"
        done = self._continues_values(replace_word(word), values)
        nxt = self._next()
        self.negative = bool(
            nxt is not None and nxt.item.of_kind("value") and (nxt.comma or LINKS & set(nxt.before))
        )
        self.last = "negative" if self.negative else "value"
        return done
