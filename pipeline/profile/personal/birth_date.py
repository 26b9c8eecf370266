"""Dates of birth: by the column's name; without a name, only dates that fit the lives of a table of persons.

Layer: pipeline.
"""

from __future__ import annotations

import datetime as dt
import re

from pipeline.profile.personal.base import Column, Detector, Finding, percent
from pipeline.profile.personal.words import Vocabulary

_NAMES = Vocabulary(
    phrases="birth, dob, born, bday, date of birth, geb, geb dat, geboren, ne le, nacimiento, fecha nac, fec nac, naissance, "
    "nascita, nascimento, geboorte, fodselsdato, fodelsedatum, urodzenia",
    stems="birth geburt nacimiento naissance nascita nascimento geboorte",
    against="place city country town ort land stadt lieu pays ville lugar pais ciudad luogo local name weight order rate "
    "birthrate plaats",
)
_DATE = re.compile(
    r"(?P<y>\d{4})[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ].*)?|\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ](?P<z>\d{4})(?: .*)?"
    r"|(?P<c>(?:18|19|20)\d{2})(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])|(?P<b>(?:18|19|20)\d{2})|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}"
)
_YOUNGEST, _OLDEST = 14, 120  # years; of persons that a business keeps a table of
_MANY_YEARS = 20


def year_of(text: str) -> int | None:
    """Return the year of a date in any usual writing; None where there is none, or none of four digits.

    >>> year_of("1945-12-30 00:00:00.000"), year_of("5/14/1965"), year_of("Road")
    (1945, 1965, None)
    """
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    year = found["y"] or found["z"] or found["c"] or found["b"]
    return int(year) if year else None


def _weigh(column: Column) -> Finding | None:
    word = _NAMES.match(column.name)
    dated = column.share(lambda text: _DATE.fullmatch(text.strip()) is not None)
    if word and (dated >= 0.6 or not column.values):
        return Finding(
            pii_class="birth_date",
            score=0.95,
            reasons=(f'its name says "{word}"', f"{percent(dated)} are dates"),
        )
    return None


def weigh_among_persons(column: Column, today: dt.date) -> Finding | None:
    """Weigh a column without a name of a table that names persons: do its dates spread as births do?"""
    years = [year_of(value) for value in column.distinct]
    known = [year for year in years if year is not None]
    if (
        not column.is_nameless
        or len(known) < 0.95 * len(years)
        or any(len(v.strip()) < 6 for v in column.distinct)
    ):
        return None
    if len(set(known)) < _MANY_YEARS or not known:
        return None
    if min(known) < today.year - _OLDEST or max(known) > today.year - _YOUNGEST:
        return None
    return Finding(
        pii_class="birth_date",
        score=0.8,
        reasons=("in a table of persons, its dates spread over years as births do, none of them recent",),
    )


DETECTOR = Detector(pii_class="birth_date", action="drop", meaning="dates of birth", weigh=_weigh)
