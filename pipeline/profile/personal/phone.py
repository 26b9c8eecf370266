"""Telephone numbers: by the column's name, or by the way they are written.

Digits alone are no proof: a number counts by its form only where it is written in groups as telephone numbers are.
Layer: pipeline.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.profile.personal.base import ENOUGH, Column, Detector, Finding, percent
from pipeline.profile.personal.words import Vocabulary

_NAMES = Vocabulary(
    phrases="phone, tel, tel no, mobile, cell, cell no, fax, gsm, whatsapp, handy, rufnummer, mobil, movil, celular, "
    "portable, cellulare, telemovel, mobiel, mobilnummer",
    stems="phone telefon telephon rufnummer faxnummer handynummer mobilnummer",
    against="type model brand os carrier plan verified opt count flag device cost charges status",
)
_CHARACTERS = re.compile(
    r"[+0-9][-+0-9 ().,/]*(?: ?(?:x|ext\.?) ?[0-9]{1,6})?|\([-0-9 ().+/]*", re.IGNORECASE
)
_DATE = re.compile(r"[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}")
_DOTTED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")  # an IP address
_NORTH_AMERICAN = re.compile(r"(?:\+?1[ .-]?)?(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}")
_BRACKETS = re.compile(r"(?:\+?[0-9]{1,3} ?)?\([0-9]{1,5}\)[ ./-]?[0-9]{2,}(?:[ ./-][0-9]{2,})*")
_GROUPED = re.compile(r"\(?0[0-9]{1,4}\)?(?:[ ./-][0-9]{2,8}){1,5}")
_GROUPED_WITHOUT_ZERO = re.compile(r"[6-9][0-9]{1,2}(?: [0-9]{2,3}){2,3}")
# where national numbers begin with 0 when written, and where they have nine digits and no 0
_WITH_ZERO = ("DE", "FR", "GB", "NL", "AT", "CH", "BE", "SE", "AU", "IT")
_WITHOUT_ZERO = ("ES", "PT", "PL")


def _looks_dialled(text: str) -> bool:
    digits = sum(char.isdigit() for char in text)
    other = _DATE.fullmatch(text) or _DOTTED.fullmatch(text)
    return 6 <= digits <= 17 and _CHARACTERS.fullmatch(text) is not None and other is None


@lru_cache(maxsize=20_000)
def _is_possible(text: str, country: str | None) -> bool:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return False
    return bool(
        phonenumbers.is_possible_number(number) if country is None else phonenumbers.is_valid_number(number)
    )


def _is_written_as_phone(text: str) -> bool:
    """Return whether the writing alone says telephone: +49 …, (0 30) …, 245-555-0173."""
    if not _looks_dialled(text):
        return False
    if text.startswith("+"):
        return _is_possible(text, None)
    plain = re.sub(r" ?(?:x|ext\.?) ?[0-9]{1,6}$", "", text, flags=re.IGNORECASE)
    return _NORTH_AMERICAN.fullmatch(plain) is not None or (
        _BRACKETS.fullmatch(plain) is not None and sum(char.isdigit() for char in plain) >= 8
    )


def _one_country(column: Column) -> float:
    """Return the greatest share of numbers in groups that are valid in one and the same country."""
    sample = [text for text in column.distinct[:200] if _looks_dialled(text)]
    best = 0
    for form, countries in ((_GROUPED, _WITH_ZERO), (_GROUPED_WITHOUT_ZERO, _WITHOUT_ZERO)):
        grouped = [text for text in sample if form.fullmatch(text)]
        best = max(best, *(sum(_is_possible(text, country) for text in grouped) for country in countries))
    return best / min(len(column.distinct), 200)


def _weigh(column: Column) -> Finding | None:
    word = _NAMES.match(column.name)
    dialled = column.share(_looks_dialled)
    if word and (dialled >= 0.5 or not column.values):
        return Finding(
            pii_class="phone",
            score=0.9,
            reasons=(f'its name says "{word}"', f"{percent(dialled)} have its form"),
        )
    if len(column.distinct) < ENOUGH or _NAMES.is_against(column.name):
        return None
    written = column.share(_is_written_as_phone)
    if written >= 0.7:
        return Finding(
            pii_class="phone",
            score=0.65 + written * 0.2,
            reasons=(f"{percent(written)} are written as telephone numbers",),
        )
    if (valid := _one_country(column)) >= 0.85:
        return Finding(
            pii_class="phone",
            score=0.6 + valid * 0.2,
            reasons=(f"{percent(valid)} are valid telephone numbers of one country",),
        )
    return None


DETECTOR = Detector(pii_class="phone", action="redact", meaning="telephone numbers", weigh=_weigh)
