"""Read a column's name as words: camel case, separators, accents and case do not count.

Layer: pipeline. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_BREAKS = re.compile(r"[^0-9A-Za-z]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NAMELESS = re.compile(r"_*(column|col|field|feld|spalte|colonne|columna|unnamed|var|f|c|x|v)?[_ :]*[0-9]*")


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Return `text` without accents, in small letters.

    >>> fold("Prénom STRAẞE")
    'prenom strasse'
    """
    plain = text.replace("ß", "ss").replace("ẞ", "ss").replace("ø", "o").replace("Ø", "O").replace("ł", "l")
    decomposed = unicodedata.normalize("NFKD", plain)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).lower()


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column's name.

    >>> words_of("customerFirstName"), words_of("Prénom_du-client")
    (('customer', 'first', 'name'), ('prenom', 'du', 'client'))
    """
    plain = "".join(
        char
        for char in unicodedata.normalize("NFKD", name.replace("ß", "ss"))
        if not unicodedata.combining(char)
    )
    return tuple(word.lower() for word in _BREAKS.split(plain) if word)


def is_nameless(name: str) -> bool:
    """Return whether a name says nothing of the contents: column_3, f1, Unnamed: 0, or none.

    >>> is_nameless("column_3"), is_nameless("phone")
    (True, False)
    """
    return _NAMELESS.fullmatch(fold(name.strip())) is not None


# what a compound is about stands last: a Straßentyp is a type, a Geburtsort a place
_ENDS_OF_OTHERS = (
    "typ",
    "type",
    "tarif",
    "status",
    "anzahl",
    "kategorie",
    "flag",
    "ort",
    "land",
    "count",
    "tyyppi",
)


class Vocabulary:
    """Words that make a column's name speak for or against a class.

    `phrases` are words that must stand together in this order; `stems` are parts of words, for languages that
    write compounds in one; `against` are words that make the name speak of another thing.
    """

    def __init__(self, *, phrases: str, stems: str = "", against: str = "") -> None:
        self._phrases = tuple(tuple(phrase.split()) for phrase in phrases.split(",") if phrase.strip())
        self._squashed = frozenset("".join(phrase) for phrase in self._phrases)
        self._stems = tuple(stems.split())
        self._against = frozenset(against.split())

    def match(self, name: str) -> str | None:
        """Return the words of `name` that speak for the class; None where none does or one speaks against it."""
        words = words_of(name)
        if self.is_against(name):
            return None
        for phrase in self._phrases:
            size = len(phrase)
            if any(words[at : at + size] == phrase for at in range(len(words) - size + 1)):
                return " ".join(phrase)
        for word in words:
            if word in self._squashed:
                return word
            if not word.endswith(_ENDS_OF_OTHERS):
                for stem in self._stems:
                    if stem in word:
                        return stem
        return None

    def is_against(self, name: str) -> bool:
        return any(word in self._against for word in words_of(name))
