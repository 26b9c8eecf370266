"""The dimension that people know a model's things by.

Layer: chatbot. Imports the catalog's types.
"""

from __future__ import annotations

from chatbot.planner.language import NAME_WORDS
from chatbot.planner.lexicon import nouns_of
from chatbot.planner.tokens import phrase_tokens
from semantic.model import Dimension, Model


def display_dimension(model: Model) -> str | None:
    """Return the dimension that people know a model's things by: its name, else its key."""
    nouns = {t.stem for noun in nouns_of(model) for t in phrase_tokens(noun)}
    shown = [d for d in model.dimensions.values() if not d.hidden and d.type in ("category", "identifier")]
    names = [d for d in shown if is_name(d)]
    for dimension in names:
        if {t.stem for t in phrase_tokens(dimension.name)} & nouns:
            return dimension.name
    if names:
        return names[0].name
    for dimension in shown:
        phrases = (dimension.name, dimension.label, *dimension.synonyms)
        if any({t.stem for t in phrase_tokens(p)} <= nouns for p in phrases if p):
            return dimension.name
    key = next((d for d in shown if d.name in model.key), None)
    if key is None:
        identifiers = [d for d in shown if d.type == "identifier"]
        key = identifiers[0] if len(identifiers) == 1 else None
    return key.name if key else None


def key_dimension(model: Model) -> str | None:
    """Return the dimension that tells the things of a model apart, if one does."""
    for dimension in model.dimensions.values():
        if len(model.key) == 1 and model.key[0] in (dimension.name, dimension.expr):
            return dimension.name
    return None


def is_name(dimension: Dimension) -> bool:
    """Whether a dimension holds names of things."""
    words = [t.stem for t in phrase_tokens(dimension.name)]
    return bool(words) and words[-1] in NAME_WORDS and dimension.type in ("category", "identifier")
