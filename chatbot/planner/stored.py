"""Hold the stored values of a catalog's dimensions so that a span of words finds them: hundreds of thousands, in little space.

A value is kept as it is, and beside it only hashes of its stems, of its words written as one, and of each word; what a
hash finds is cut again and compared. So a value costs some 60 bytes, and no object.
Layer: chatbot. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chatbot.planner.stems import stem
from chatbot.planner.tokens import NUMBER_WORDS, fold, phrase_tokens
from semantic.query import Scalar

LONGEST = 8  # words of a value that is looked for
_WORD = re.compile(r"[^\W_]+")
_HARD = re.compile(r"(?<![^\W_])\d|['’`]")  # numbers and apostrophes are the tokenizer's


@dataclass(frozen=True)
class Cut:
    """The words of a value: as they are compared, their stems, and which of them are words (and no numbers)."""

    norms: tuple[str, ...]
    stems: tuple[str, ...]
    words: tuple[bool, ...]


def cut(text: str) -> Cut:
    """Return the words of a stored value, as `phrase_tokens` cuts them.

    >>> cut("Nordwind & Söhne").stems
    ('nordwind', 'sohn')
    """
    if text.isprintable() and not _HARD.search(text) and unicodedata.is_normalized("NFKC", text):
        norms = tuple(fold(word) for word in _WORD.findall(text))
        return Cut(norms, tuple(n if n in NUMBER_WORDS else stem(n) for n in norms), (True,) * len(norms))
    tokens = phrase_tokens.__wrapped__(
        text
    )  # each is cut once: remembering them all would take more than the index
    return Cut(
        tuple(t.norm for t in tokens), tuple(t.stem for t in tokens), tuple(t.kind == "word" for t in tokens)
    )


class _Hashes:
    """Places by the hash of a text; sorted once, then only read."""

    def __init__(self) -> None:
        self._keys, self._places = array("q"), array("I")

    def add(self, text: str, place: int) -> None:
        self._keys.append(hash(text))
        self._places.append(place)

    def sort(self) -> None:
        keys, places = self._keys, self._places
        order = sorted(range(len(keys)), key=keys.__getitem__)
        self._keys = array("q", (keys[at] for at in order))
        self._places = array("I", (places[at] for at in order))

    def find(self, text: str, *, most: int | None = None) -> Sequence[int]:
        """Return the places of a text and of what else has its hash; none where there are more than `most`."""
        key, keys = hash(text), self._keys
        first = last = bisect_left(keys, key)
        while last < len(keys) and keys[last] == key:
            last += 1
            if most is not None and last - first > most:
                return ()
        return self._places[first:last]


class StoredValues:
    """The values of many dimensions. `add` them all, then `finish`, then look up."""

    def __init__(self) -> None:
        self._values: list[Scalar] = []
        self._owners: list[tuple[int, tuple[str, str]]] = []  # first place -> (model, dimension)
        self._spans, self._joined, self._words = _Hashes(), _Hashes(), _Hashes()

    def add(self, owner: tuple[str, str], values: Iterable[Scalar], *, by_part: bool = True) -> Iterator[Cut]:
        """Take in the distinct values of a dimension; yield the words of each.

        Args:
            by_part: whether one word of a value finds it too.
        """
        self._owners.append((len(self._values), owner))
        for value in values:
            found = cut(str(value))
            if not found.norms or len(found.norms) > LONGEST:
                continue
            place = len(self._values)
            self._values.append(value)
            self._spans.add(" ".join(found.stems), place)
            for joined in {"".join(found.stems), "".join(found.norms)}:
                self._joined.add(joined, place)
            if by_part and len(found.norms) > 1:
                for word in {n for n, is_word in zip(found.norms, found.words, strict=True) if is_word}:
                    self._words.add(word, place)
            yield found

    def finish(self) -> None:
        """Put what was added in order."""
        for each in (self._spans, self._joined, self._words):
            each.sort()

    def of_stems(self, stems: Sequence[str]) -> Iterator[tuple[tuple[str, str], Scalar, Cut]]:
        """Yield (dimension, value, its words) of the values with these stems."""
        for place in self._spans.find(" ".join(stems)):
            owner, value, found = self._at(place)
            if found.stems == tuple(stems):
                yield owner, value, found

    def joined(self, text: str) -> Iterator[tuple[tuple[str, str], Scalar, Cut]]:
        """Yield the values that are this text when their words or stems are written as one."""
        for place in self._joined.find(text):
            owner, value, found = self._at(place)
            if text in ("".join(found.norms), "".join(found.stems)):
                yield owner, value, found

    def with_word(self, word: str, *, most: int) -> Iterator[tuple[tuple[str, str], Scalar]]:
        """Yield the values that a word is a part of; none where there are more than `most`."""
        for place in self._words.find(word, most=most):
            owner, value, found = self._at(place)
            if word in found.norms:
                yield owner, value

    def _at(self, place: int) -> tuple[tuple[str, str], Scalar, Cut]:
        number = bisect_left(self._owners, place + 1, key=lambda owner: owner[0]) - 1
        value = self._values[place]
        return self._owners[number][1], value, cut(str(value))
