"""Find the known words that are spelled nearest to one that is not known, among a hundred thousand as among ten.

Every word has its letters as bits: an edit changes two of them at most, so that few words are left for the true
distance. The result is that of a plain scan.
Layer: chatbot. Imports NumPy where there are many words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SHORTEST = 5  # letters of a word that is corrected
_FEW = 1_000  # words that are scanned as they are
_MOST = 8  # words that are looked at; more are too many to choose from


class Spelling:
    """Some words, found by how they are nearly written."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = sorted(words)
        self._bits: npt.NDArray[np.uint64] | None = None
        self._lengths: npt.NDArray[np.int32] | None = None
        if len(self.words) > _FEW:
            import numpy

            self._bits = numpy.fromiter((letter_bits(w) for w in self.words), numpy.uint64, len(self.words))
            self._lengths = numpy.fromiter((len(w) for w in self.words), numpy.int32, len(self.words))

    def near(self, word: str) -> list[tuple[str, int]]:
        """Return the words nearest to a lower-case word, with the edits between; none where all are too far.

        One letter may differ in a word of five to seven letters, two in a longer one; a swap of neighbours is one edit.
        """
        allowed = 0 if len(word) < SHORTEST else 1 if len(word) < 8 else 2
        if not allowed or not word.isalpha():
            return []
        found = process.extract(
            word, self._candidates(word, allowed), scorer=OSA.distance, score_cutoff=allowed, limit=_MOST
        )
        best = min((distance for _, distance, _ in found), default=0)
        return [(each, int(distance)) for each, distance, _ in found if distance == best]

    def _candidates(self, word: str, allowed: int) -> list[str]:
        if self._bits is None or self._lengths is None:
            return self.words
        import numpy

        changed = numpy.bitwise_count(self._bits ^ numpy.uint64(letter_bits(word)))
        near = (changed <= 2 * allowed) & (abs(self._lengths - len(word)) <= allowed)
        return [self.words[place] for place in numpy.flatnonzero(near)]


def letter_bits(word: str) -> int:
    """Return the letters of a word as bits; letters may share one.

    >>> letter_bits("listen") == letter_bits("silent")
    True
    """
    bits = 0
    for letter in set(word):
        bits |= 1 << (ord(letter) & 63)
    return bits
