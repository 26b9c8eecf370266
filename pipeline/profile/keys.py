"""Find the key of a file: the fewest columns that tell its rows apart, by rule and not by accident.

A small file has many columns that happen to differ in every row. A single column counts where its name or place says
that it names rows; several count only where their values would have met often if they were drawn by chance.
Layer: pipeline. Imports the rows and the columns' profiles.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.profile import names
from pipeline.profile.columns import ColumnProfile
from pipeline.profile.personal.words import is_nameless
from pipeline.profile.rows import Rows

_MOST_CANDIDATES, _MOST_MEMBERS = 8, 3
_LONGEST = 40
_MEETINGS = 10.0  # expected among rows drawn by chance: so many, and none found, is no accident
_LINE_DIGITS = 5
_NEARLY = 0.95  # of the rows that differ


@dataclass(frozen=True, kw_only=True)
class KeyGuess:
    """The key's columns (none: the whole row) and why; `look` is what a person should look at."""

    columns: tuple[str, ...] = ()
    why: str
    look: tuple[str, ...] = ()


def find_key(
    rows: Rows, columns: Sequence[ColumnProfile], *, may_be_key: Callable[[ColumnProfile], bool]
) -> KeyGuess:
    """Return the key of a file; `may_be_key` refuses personal columns whose masks make values equal."""
    different = rows.distinct_rows()
    copies = rows.count - different
    look: tuple[str, ...] = (
        (f"{copies} rows repeat another in every column: they will count once",) if copies else ()
    )
    fit = [column for column in columns if _is_fit(column) and may_be_key(column)]
    for column in sorted(fit, key=_rank):
        if column.distinct == different and _names_rows(column):
            return _with_line(column, columns, look)
    if pair := _several(rows, fit, different):
        return KeyGuess(
            columns=tuple(c.name for c in pair), why="together they tell all rows apart", look=look
        )
    look += tuple(
        f"{column.name} differs in all but {different - column.distinct} rows: is it the key, and are those wrong?"
        for column in fit
        if column.is_identifier and _NEARLY * different <= column.distinct < different
    )
    return KeyGuess(
        why="no column, nor a few together, tell the rows apart by rule",
        look=(
            *look,
            "it has no key: a row that comes again unchanged counts once, a changed one counts beside it",
        ),
    )


def _is_fit(column: ColumnProfile) -> bool:
    is_short = column.longest <= _LONGEST
    return (
        column.is_full
        and column.distinct > 1
        and is_short
        and column.guess.type.kind in ("string", "integer", "date")
        and not column.is_amount
    )


def _rank(column: ColumnProfile) -> tuple[int, int]:
    """Order columns by how well they serve as a key: named so, then by their place."""
    return (0 if column.is_identifier else 1 if column.guess.type.kind == "integer" else 2, column.place)


def _names_rows(column: ColumnProfile) -> bool:
    """Return whether a column whose values all differ does so by rule."""
    if column.is_identifier:
        return True
    is_code = column.form is not None or column.guess.type.kind == "integer"
    return is_code and (column.place == 0 or (is_nameless(column.header) and column.form is not None))


def _with_line(column: ColumnProfile, columns: Sequence[ColumnProfile], look: tuple[str, ...]) -> KeyGuess:
    """Add the number of a line: where there is one, what it counts within may have several, though not in this file."""
    line = next(
        (
            other
            for other in columns
            if other is not column
            and other.is_full
            and other.longest <= _LINE_DIGITS
            and names.says_line(other.header)
        ),
        None,
    )
    if line is None or names.says_line(column.header):
        return KeyGuess(columns=(column.name,), why="its values differ in every row", look=look)
    return KeyGuess(
        columns=(column.name, line.name),
        why=f"{column.name} differs in every row, but {line.name} counts lines within it",
        look=(
            *look,
            f"in this file {column.name} alone would do: look whether {line.name} belongs to the key",
        ),
    )


def _several(rows: Rows, fit: Sequence[ColumnProfile], different: int) -> tuple[ColumnProfile, ...]:
    candidates = [
        column
        for column in sorted(fit, key=_rank)
        if column.is_identifier or column.guess.type.kind != "string" or column.categories or column.form
    ][:_MOST_CANDIDATES]
    chances = {column.place: _chance_to_meet(rows, column.place) for column in candidates}
    for size in range(2, _MOST_MEMBERS + 1):
        for members in itertools.combinations(candidates, size):
            chance = different * (different - 1) / 2
            most = 1
            for column in members:
                chance *= chances[column.place]
                most *= column.distinct
            if most < different or chance < _MEETINGS:
                continue
            if rows.distinct_of([column.place for column in members]) == different:
                return members
    return ()


def _chance_to_meet(rows: Rows, place: int) -> float:
    """Return how likely two rows have the same value."""
    counts = rows.counts(place).values()
    return sum((count / rows.count) ** 2 for count in counts)
