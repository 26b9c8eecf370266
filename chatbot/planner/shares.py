"""What a share may be of: a yes-or-no dimension that stands alone, and a part of a figure that is split once more.

Layer: chatbot. Imports the catalog's types.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.planner.draft import GroupSlot
from chatbot.planner.language import FILLER
from chatbot.planner.lexicon import Meaning, words_of
from chatbot.planner.part_metrics import wholes_of
from chatbot.planner.problems import Needs
from chatbot.planner.say import metric_words
from semantic.model import Catalog


def flags_of(catalog: Catalog, slot: GroupSlot) -> tuple[Meaning, ...]:
    """Return the meanings of a slot, where all are yes-or-no dimensions."""
    are_flags = all(
        m.kind == "dimension" and catalog.models[m.model or ""].dimensions[m.name or ""].type == "flag"
        for m in slot.choices
    )
    return slot.choices if are_flags else ()


def check_shared_part(catalog: Catalog, metrics: Sequence[str]) -> None:
    """ "The share of express orders by carrier": in each carrier's orders, or each carrier's part of them?

    Raises:
        Needs: one of the metrics is a part of another, by its definition and by its name.
    """
    for name in metrics:
        for whole in wholes_of(catalog, name):
            if _label_words(catalog, whole) < _label_words(catalog, name):
                label = metric_words(catalog, name)
                raise Needs("unsupported", f"the share of {label}: in each, or of each in all of it")


def _label_words(catalog: Catalog, name: str) -> set[str]:
    return set(words_of(catalog.metrics[name].label or name).lower().split()) - FILLER
