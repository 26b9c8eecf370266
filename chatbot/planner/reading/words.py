"""The significant words of a question with the small words before them, and the small words that carry grammar.

Layer: chatbot. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from chatbot.planner.lexicon import Meaning
from chatbot.planner.spans import Item

LINKS = frozenset({"and", "or"})
RELATIVE = frozenset({"who", "that", "which", "whose"})
PREPOSITIONS = frozenset(
    {"for", "from", "of", "in", "on", "with", "by", "among", "within", "to", "who", "that", "which"}
)
WH = frozenset({"which", "who", "what", "whose"})
PARTICIPLES = frozenset({"made", "placed", "done", "occurred", "used"})
GROUP_FIRST = frozenset(
    {
        "rank",
        "top",
        "bottom",
        "best",
        "worst",
        "leading",
        "largest",
        "biggest",
        "smallest",
        "weakest",
        "strongest",
    }
)
LISTS = frozenset({"list", "lists", "name", "names"})
ABSENCE = frozenset({"no", "any", "without"})
AGGREGATE_WORDS: dict[str | None, str] = {"average": "average", "min": "lowest", "max": "highest", "median": "median", "count": "number of",
                    "distinct": "distinct", "sum": "total"}  # fmt: skip


@dataclass
class Word:
    """A significant item with the small words and marks before it."""

    item: Item
    before: tuple[str, ...] = ()
    comma: bool = False
    sentence: bool = False  # first of its sentence


def replace_word(word: Word) -> Word:
    """The same word, linked to the list before it."""
    return Word(word.item, (*word.before, "and"), True, word.sentence)


def significant(items: Sequence[Item]) -> list[Word]:
    words: list[Word] = []
    before: list[str] = []
    comma = False
    sentence = True
    for item in items:
        if item.punct:
            if item.punct in ".?!;":
                sentence, before, comma = True, [], False
            elif item.punct in ",:":
                comma = True
        elif item.filler:
            before.append(item.text.lower())
        else:
            words.append(Word(item, tuple(before), comma, sentence))
            before, comma, sentence = [], False, False
    return words


def least_cost(meanings: Sequence[Meaning]) -> float:
    return min((m.cost for m in meanings), default=99.0)


def number_value(item: Item) -> Decimal:
    token = item.number
    assert token is not None
    assert token.number is not None
    return token.number / 100 if token.percent else token.number


def said_as(items: Sequence[Item]) -> str | None:
    """Return "percent" or "money" where a number was said so, else None."""
    numbers = [item.number for item in items if item.number is not None]
    if any(number.percent for number in numbers):
        return "percent"
    return "money" if any(number.currency for number in numbers) else None
