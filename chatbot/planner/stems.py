"""Fold the forms of an English word to one stem, so that "regions", "shipped" and "buying" meet their catalog words.

A small rule stemmer on purpose: it folds inflection (plural, -ed, -ing, irregular verbs) and nothing that changes
what a word means. `derive` goes one step further (regional ~ region) for matches that must then be stated.
Layer: chatbot. Pure.
"""

from __future__ import annotations

from functools import lru_cache

IRREGULAR = {
    "sold": "sell", "bought": "buy", "paid": "pay", "spent": "spend", "made": "make", "grew": "grow",
    "grown": "grow", "fell": "fall", "fallen": "fall", "rose": "rise", "risen": "rise", "lost": "lose",
    "won": "win", "sent": "send", "held": "hold", "left": "leave", "began": "begin", "gave": "give",
    "given": "give", "took": "take", "taken": "take", "went": "go", "gone": "go", "did": "do", "done": "do",
    "had": "have", "has": "have", "kept": "keep", "met": "meet", "built": "build", "brought": "bring",
    "lent": "lend", "drew": "draw", "drawn": "draw", "drove": "drive", "driven": "drive", "flew": "fly",
    "wrote": "write", "written": "write", "chose": "choose", "chosen": "choose", "saw": "see", "seen": "see",
    "ids": "id", "people": "person", "men": "man", "women": "woman", "children": "child", "countries": "country",
    "currencies": "currency", "cities": "city", "indices": "index", "indexes": "index", "analyses": "analysis",
    "criteria": "criterion", "feet": "foot", "taxes": "tax", "statuses": "status", "bonuses": "bonus",
    "buses": "bus", "gases": "gas", "lenses": "lens", "movies": "movie", "series": "series", "species": "species",
    "news": "news", "shoes": "shoe", "heroes": "hero", "knives": "knife", "shelves": "shelf", "halves": "half",
    "leaves": "leave", "wives": "wife", "lives": "live", "ties": "tie", "died": "die", "dies": "die",
    "businesses": "business", "biggest": "big", "travelled": "travel", "cancelled": "cancel",
    "canceled": "cancel", "cancelling": "cancel", "favour": "favor", "labour": "labor", "centre": "center",
    "centres": "center", "colour": "color", "colours": "color", "organisation": "organization",
    "organisations": "organization",
}  # fmt: skip

_VOWELS = set("aeiouy")
_KEEP_S = ("ss", "us", "is", "ous")
_DERIVED = (
    "fulness", "ability", "ibility", "ations", "ation", "ition", "ings", "ment", "ness", "able", "ible", "ance",
    "ence", "ity", "ful", "ive", "ial", "ion", "ual", "ery", "al", "ic", "er", "or", "ly", "ure", "y",
)  # fmt: skip


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return the stem of a lower-case word.

    >>> stem("regions"), stem("buying"), stem("bought"), stem("shipped"), stem("companies")
    ('region', 'buy', 'buy', 'ship', 'company')
    """
    if word in IRREGULAR:
        return _last_e(IRREGULAR[word])
    if len(word) <= 3 or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "zes", "ches", "shes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(_KEEP_S):
        word = word[:-1]
    if word in IRREGULAR:
        return _last_e(IRREGULAR[word])
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            base = word[: -len(ending)]
            if not _VOWELS & set(base):
                break
            if ending == "ed" and base.endswith("i"):
                return base[:-1] + "y"
            if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
                base = base[:-1]
            word = base
            break
    return _last_e(word)


@lru_cache(maxsize=50_000)
def derive(word: str) -> str:
    """Return the stem without an ending that makes another part of speech.

    >>> derive("successful") == derive("success"), derive("regional") == derive("region")
    (True, True)
    """
    base = stem(word)
    for ending in _DERIVED:
        if base.endswith(ending) and len(base) - len(ending) >= 4:
            return _last_e(base[: -len(ending)])
    return base


def _last_e(word: str) -> str:
    """Drop a silent last e, so that "priced" and "price" agree."""
    return word[:-1] if len(word) > 3 and word.endswith("e") and word[-2] not in "ei" else word
