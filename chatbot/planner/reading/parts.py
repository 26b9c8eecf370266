"""Read a second question about a part of the first: "how many of these were late", "of which express".

What it says limits the part alone, never the figures of the first; what a part cannot carry is unsupported.
Layer: chatbot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from chatbot.planner.draft import PartSlot
from chatbot.planner.reading.mentions import Mentions
from chatbot.planner.reading.words import Word

_THOSE = frozenset({"these", "those", "them", "which", "whom"})
_ASKS = frozenset({"what", "which", "who", "how"})


@dataclass(frozen=True)
class _Mark:
    """How much of the draft there was before."""

    filters: int
    limits: int  # thresholds and periods
    splits: int


class Parts(Mentions):
    """Parts of a figure, and questions that follow a question."""

    part: _Mark | None = None
    again: _Mark | None = None  # a second question began here

    def _begins(self, word: Word) -> None:
        """Note where a part, or a question after a question, begins."""
        if not self.draft.metrics:
            return
        before = word.before
        if any(one == "of" and other in _THOSE for one, other in pairwise(before)):
            self.part = self._mark()
            self.words[self.at] = replace(word, before=tuple(each for each in before if each not in _THOSE))
        elif word.sentence and (word.item.op("aggregate") or _ASKS & set(before)):
            self.again = self._mark()

    def _end_part(self) -> None:
        part, again = self.part, self.again
        self.part = self.again = None
        draft = self.draft
        if part is not None:
            limits = draft.filters[part.filters :]
            text = ", ".join(slot.text for slot in limits) or "these"
            now = self._mark()
            if (now.limits, now.splits) != (part.limits, part.splits):
                draft.unsupported.append("of these")
            elif limits:
                del draft.filters[part.filters :]
                draft.parts.append(PartSlot(text, draft.metrics[0], limits))
                if len(draft.metrics) > 1:
                    draft.unsupported.append(f"of which figure: {text}")
        elif again is not None:
            # does it limit the first question too?
            draft.unsupported += [slot.text for slot in draft.filters[again.filters :]]
            if self._mark().limits != again.limits:
                draft.unsupported.append("a second period or threshold")

    def _mark(self) -> _Mark:
        draft = self.draft
        return _Mark(
            filters=len(draft.filters),
            limits=len(draft.having) + len(draft.times) + len(draft.time_filters),
            splits=len(draft.groups) + len(draft.bare),
        )
