"""Profile the columns of a file: type, how full, how many values, what form, and whose personal data.

What the file proves becomes a rule that rejects; what it only suggests (a value set, a form, a bound) becomes a
warning, so that a draft never rejects the file it was drawn from, nor the next one for a new category.
Layer: pipeline. Imports the rows, the types and the classifier.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.profile import names
from pipeline.profile.formats import FileFormat
from pipeline.profile.personal import Finding, classify
from pipeline.profile.personal.classify import SAMPLE
from pipeline.profile.personal.words import is_nameless
from pipeline.profile.rows import Rows
from pipeline.profile.types import TypeGuess, settle, tell_type

_ENOUGH_ROWS = 100  # fewer prove no habit
_MOST_CATEGORIES, _LONGEST_CATEGORY = 12, 30
_ROWS_A_CATEGORY, _LEAST_OF_A_CATEGORY = 20, 3
_FORM_VALUES = 50  # distinct values that a form needs
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
_PART = re.compile(r"[A-Z]+|[a-z]+|[0-9]+|[^A-Za-z0-9]")
_MOST_PARTS = 7


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    """What is told of one column. Categories and form are never those of personal data."""

    place: int
    name: str
    header: str
    rows: int
    filled: int  # rows with a value that is no word for nothing
    distinct: int
    longest: int
    guess: TypeGuess
    personal: Finding | None = None
    categories: tuple[str, ...] = ()
    form: str | None = None  # a pattern that every value has

    @property
    def is_full(self) -> bool:
        return self.filled == self.rows and self.rows > 0

    @property
    def is_identifier(self) -> bool:
        return names.says_identifier(self.header)

    @property
    def is_required(self) -> bool:
        """Return whether the file proves that the column is always filled: enough rows, and no free text."""
        return self.is_full and self.rows >= _ENOUGH_ROWS and not self.is_free_text

    @property
    def is_free_text(self) -> bool:
        is_text = self.guess.type.kind == "string" and not self.is_identifier and self.personal is None
        return is_text and not self.categories and self.form is None

    @property
    def is_amount(self) -> bool:
        is_number = self.guess.type.kind in ("integer", "decimal")
        return is_number and not self.is_identifier and names.says_amount(self.header)


def profile_columns(rows: Rows, told: FileFormat, *, today: dt.date) -> tuple[ColumnProfile, ...]:
    """Return the profile of each column of a file, in its order."""
    headers = told.fields
    sample = dict(enumerate(rows.sample(SAMPLE)))
    labels = _labels(headers)
    personal = classify({labels[place]: column for place, column in sample.items()}, today=today)
    found = [
        _profile(rows, place, header, name, personal.get(labels[place]))
        for place, (header, name) in enumerate(zip(headers, names.column_names(headers), strict=True))
    ]
    proven = [form for column in found for form in column.guess.date_formats]
    return tuple(
        replace(column, guess=settle(column.guess, rows.values(column.place), proven))
        if column.guess.open_readings
        else column
        for column in found
    )


def _labels(headers: Sequence[str]) -> list[str]:
    """Return the headers, each with blanks after it where it stands twice: they are keys of a table."""
    labels: list[str] = []
    for header in headers:
        while header in labels:
            header += " "
        labels.append(header)
    return labels


def _profile(rows: Rows, place: int, header: str, name: str, personal: Finding | None) -> ColumnProfile:
    filled, distinct, _, longest = rows.figures(place)
    values = rows.values(place)
    guess = tell_type(
        values,
        is_identifier=names.says_identifier(header) or _is_text_of_persons(personal),
        says_date=names.says_date(header),
    )
    if _is_text_of_persons(personal):
        guess = replace(guess, why="personal data, kept as it is written", look=())
    if guess.missing:
        counts = rows.counts(place)
        filled -= sum(counts.get(word, 0) for word in guess.missing)
        distinct -= sum(word in counts for word in guess.missing)
        values = [value for value in values if value not in guess.missing]
    column = ColumnProfile(
        place=place,
        name=name,
        header=header,
        rows=rows.count,
        filled=filled,
        distinct=distinct,
        longest=longest,
        guess=_private(guess) if personal is not None else guess,
        personal=personal,
    )
    if personal is not None or guess.type.kind != "string":
        return column
    categories = _categories(column, rows)
    return replace(column, categories=categories, form=None if categories else _form(values))


def _is_text_of_persons(personal: Finding | None) -> bool:
    return personal is not None and personal.pii_class != "birth_date"


def _private(guess: TypeGuess) -> TypeGuess:
    """Return a guess without bounds: those of personal data are values of persons."""
    return replace(guess, low=None, high=None)


def _categories(column: ColumnProfile, rows: Rows) -> tuple[str, ...]:
    """Return the values of a column that sorts rows into a few kinds; none where that is not clear."""
    few = 2 <= column.distinct <= _MOST_CATEGORIES and column.longest <= _LONGEST_CATEGORY
    if not few or column.rows < _ENOUGH_ROWS or column.filled < column.distinct * _ROWS_A_CATEGORY:
        return ()
    counts = {v: n for v, n in rows.counts(column.place).items() if v not in column.guess.missing}
    return tuple(sorted(counts)) if min(counts.values()) >= _LEAST_OF_A_CATEGORY else ()


def _form(values: Sequence[str]) -> str | None:
    """Return the one form of all values of a code, wide: letters that never differ stay, digits may be more or fewer.

    >>> _form([f"AW{n:08d}" for n in range(100)])
    '^AW[0-9]+$'
    """
    if len(values) < _FORM_VALUES or not all(_CODE.fullmatch(value) for value in values):
        return None
    parts = [_PART.findall(value) for value in values]
    if len({len(part) for part in parts}) > 1 or not 1 <= len(parts[0]) <= _MOST_PARTS:
        return None
    forms = []
    for pieces in zip(*parts, strict=True):
        same, first = set(pieces), pieces[0]
        kinds = {_kind(piece) for piece in same}
        if len(kinds) > 1:
            return None
        if len(same) == 1 and not first.isdigit():
            forms.append(re.escape(first))
        elif kinds <= {"[0-9]", "[A-Z]", "[a-z]"}:
            forms.append(f"{kinds.pop()}+")
        else:
            return None
    return f"^{''.join(forms)}$"


def _kind(piece: str) -> str:
    if piece.isdigit():
        return "[0-9]"
    if piece.isalpha():
        return "[A-Z]" if piece.isupper() else "[a-z]"
    return piece


def bounds(column: ColumnProfile, today: dt.date) -> dict[str, object]:
    """Return the wide bounds that a column's values and name suggest: no negative money, no date in the future."""
    low, high = column.guess.low, column.guess.high
    if isinstance(low, Decimal) and column.is_amount and low >= 0 and column.rows >= _ENOUGH_ROWS:
        return {"minimum": 0}
    if isinstance(high, dt.date) and high <= today and not names.says_later(column.header):
        return {"maximum": "today"} if not is_nameless(column.header) else {}
    return {}
