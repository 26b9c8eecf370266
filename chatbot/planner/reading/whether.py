"""Read questions that want yes or no ("did we beat budget in Q2"), and what they hold a figure against.

The numbers are asked for in any case; a word that is no test leaves the answer without a yes or no.
Layer: chatbot.
"""

from __future__ import annotations

from dataclasses import replace

from chatbot.planner.draft import HavingSlot, MetricSlot
from chatbot.planner.language import CHANGE_WAYS, TESTS
from chatbot.planner.lexicon import Meaning
from chatbot.planner.reading.parts import Parts
from chatbot.planner.spans import Item
from chatbot.planner.stems import stem

_WHETHER = frozenset({"did", "do", "does", "is", "are", "was", "were", "has", "have", "had"})


class Whether(Parts):
    """Yes or no."""

    def _is_whether(self) -> bool:
        return bool(self.words) and bool(_WHETHER & set(self.words[0].before[:1]))

    def _note_test(self, item: Item) -> None:
        """Keep what a word of the sentence would have to be true of the figure."""
        word = stem(item.text.lower())
        if change := item.op("change"):
            self.draft.tests.append(CHANGE_WAYS.get(str(change), "!="))
        elif item.op("beat") and not item.op("comparison"):
            self.draft.tests.append(TESTS[word])

    def _hold_threshold(self) -> None:
        """ "was revenue above 1,000,000 in May": the figure is asked for, not things that have it."""
        draft = self.draft
        if not draft.whether or draft.groups or draft.bare or draft.tails or draft.contexts:
            return
        if len(draft.having) != 1 or len(draft.metrics) > 1:
            return
        (held,) = draft.having
        if draft.metrics and not self._is_same(held):
            return
        if not draft.metrics:
            draft.metrics.append(MetricSlot(held.choices, held.text))
        draft.threshold, draft.having = held, []

    def _is_same(self, held: HavingSlot) -> bool:
        return {m.metric for m in held.choices} == {m.metric for m in self.draft.metrics[0].choices}

    def _find_planned(self) -> None:
        """ "did we beat the revenue budget": revenue against its budget, though the budget is a figure of its own."""
        draft = self.draft
        if not self.needs_base or draft.scenario or draft.compare or draft.base or len(draft.metrics) != 1:
            return
        slot = draft.metrics[0]
        owners: list[tuple[str, Meaning]] = [
            (scenario, replace(meaning, metric=metric.name))
            for meaning in slot.choices
            for metric in self.catalog.metrics.values()
            for scenario, plan in metric.plan.items()
            if plan == meaning.metric
        ]
        scenarios = {scenario for scenario, _ in owners}
        if len(scenarios) == 1:
            draft.scenario = scenarios.pop()
            slot.choices = tuple(meaning for _, meaning in owners)
