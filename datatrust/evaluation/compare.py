"""Say whether an answer's rows hold an accepted result, by value: names, extra columns and order aside.

Numbers are equal to one part in a million; a share counts as a fraction or as percent. Order counts where asked.
Layer: evaluation. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

TOLERANCE = 1e-6
Rows = Sequence[Sequence[Any]]


def same_rows(
    got: Rows, wanted: Rows, *, ranked: bool = False, any_of: Sequence[int] = (), percents: Sequence[int] = ()
) -> bool:
    """Return whether the wanted columns are among those got, row by row.

    Args:
        got: rows of the answer.
        wanted: rows of the accepted result.
        ranked: whether the order of the rows counts.
        any_of: columns of `wanted` of which one is enough; all others are needed.
        percents: columns of `got` that hold fractions and may be meant as percent.
    """
    if any_of and wanted:
        needed = [i for i in range(len(wanted[0])) if i not in any_of]
        picks = [[*needed, extra] for extra in any_of]
        return any(
            same_rows(got, [[row[i] for i in pick] for row in wanted], ranked=ranked, percents=percents)
            for pick in picks
        )
    if len(got) != len(wanted):
        return False
    if not wanted:
        return True
    plain_wanted = [[_plain(v) for v in row] for row in wanted]
    plain_got = [[_plain(v) for v in row] for row in got]
    width = len(plain_got[0])
    for row in plain_got:
        row.extend([row[i] * 100 if isinstance(row[i], float) else row[i] for i in percents])
    owners = [*range(width), *percents]  # a share and the same share as percent are one column
    return any(
        _fits(plain_got, plain_wanted, columns, ranked)
        for columns in _matchings(plain_got, plain_wanted, owners)
    )


def _matchings(got: list[list[Any]], wanted: list[list[Any]], owners: Sequence[int]) -> list[list[int]]:
    """Every way to give each wanted column a column of its own that holds the same values."""
    ways: list[list[int]] = [[]]
    for column in range(len(wanted[0])):
        values = sorted((row[column] for row in wanted), key=_key)
        fitting = [
            i for i in range(len(owners)) if _all_same(sorted((row[i] for row in got), key=_key), values)
        ]
        ways = [[*way, i] for way in ways for i in fitting if owners[i] not in {owners[j] for j in way}]
    return ways


def _fits(got: list[list[Any]], wanted: list[list[Any]], columns: list[int], ranked: bool) -> bool:
    picked = [[row[i] for i in columns] for row in got]
    if not ranked:
        picked, wanted = sorted(picked, key=_row_key), sorted(wanted, key=_row_key)
    return all(_all_same(one, other) for one, other in zip(picked, wanted, strict=True))


def _all_same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return all(_same(a, b) for a, b in zip(one, other, strict=True))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= TOLERANCE * max(1.0, abs(a), abs(b))
    return bool(a == b)


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return float(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value).removesuffix(" 00:00:00").removesuffix("T00:00:00")


def _key(value: Any) -> tuple[str, float, str]:
    return ("number", round(value, 6), "") if isinstance(value, float) else ("text", 0.0, str(value))


def _row_key(row: list[Any]) -> list[tuple[str, float, str]]:
    return [_key(value) for value in row]
