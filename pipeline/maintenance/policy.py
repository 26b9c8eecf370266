"""Decide what maintenance may do: which releases keep their files, which tables are rewritten and by which columns.

A release is retained while it is current, kept, read by somebody, among the newest ones, or replaced not long
ago. One whose rows a later retained release holds in other files does not count among the newest: else each maintenance
would push real history out.
Layer: pipeline. Imports core; pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase

from datatrust.core.settings import Maintenance, Retain

MB = 1_000_000
_GB = Decimal(1_000_000_000)
_CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class ReleaseState:
    """What decides about one release."""

    number: int
    created_at: dt.datetime
    kept: bool = False
    held: bool = False  # somebody reads it at this moment
    retired: bool = False
    compacts: int | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a release keeps its files, and why."""

    number: int
    retained: bool
    reason: str


def judge_releases(releases: Sequence[ReleaseState], retain: Retain, now: dt.datetime) -> tuple[Verdict, ...]:
    """Return what becomes of each release, oldest first; a retired one stays retired.

    Args:
        releases: all of them, oldest first; the last one is current.
    """
    in_place = _newest(releases, retain.releases)
    verdicts = []
    for place, release in enumerate(releases):
        later = releases[place + 1] if place + 1 < len(releases) else None
        reason = None
        if release.retired and not release.kept:
            verdicts.append(Verdict(number=release.number, retained=False, reason="retired before"))
            continue
        if later is None:
            reason = "current"
        elif release.kept:
            reason = "kept"
        elif release.held:
            reason = "somebody reads it"
        elif release.number in in_place:
            reason = f"one of the newest {retain.releases}"
        elif (age := _days_since(_replaced_at(release, later), now)) < retain.days:
            reason = f"replaced {max(age, 0):.0f} days ago"
        verdicts.append(
            Verdict(number=release.number, retained=reason is not None, reason=reason or _words(retain))
        )
    return tuple(verdicts)


def is_fragmented(sizes: Iterable[int], policy: Maintenance) -> bool:
    """Say whether a table has so many small files that it pays to rewrite it.

    >>> is_fragmented([1_000] * 10, Maintenance()), is_fragmented([1_000] * 9 + [9_000_000] * 50, Maintenance())
    (True, False)
    """
    return sum(size < policy.small_file_mb * MB for size in sizes) >= policy.small_files


def is_chosen(table: str, policy: Maintenance) -> bool:
    """Say whether the policy names a table, by its name or a wildcard."""
    return any(fnmatchcase(table, pattern) for pattern in policy.tables)


def choose_columns(
    table: str,
    *,
    policy: Maintenance,
    asked: Mapping[str, Sequence[str]],
    keys: Mapping[str, Sequence[str]],
    usable: Iterable[str],
    most: int = 3,
) -> tuple[str, ...]:
    """Return the columns to cluster a table by; none where nothing is known that readers filter by.

    What is declared comes first, then what the catalog's metrics are asked and filtered by, then the contract's key.

    Args:
        usable: the columns that the table has statistics of; others would help no reader.
    """
    known = set(usable)
    if table in policy.z_order:
        return tuple(name for name in policy.z_order[table] if name in known)
    wanted = asked.get(table) or keys.get(table) or ()
    return tuple(name for name in dict.fromkeys(wanted) if name in known)[:most]


def money(size: int, policy: Maintenance) -> Decimal:
    """Return what so many bytes cost in a month, in the policy's currency.

    >>> money(500_000_000_000, Maintenance())
    Decimal('11.50')
    """
    return (Decimal(size) / _GB * policy.price_per_gb_month).quantize(_CENT, ROUND_HALF_UP)


def _newest(releases: Sequence[ReleaseState], count: int) -> set[int]:
    """The newest `count` releases that brought rows; one that is compacted by a later one stands aside."""
    stood_for: set[int] = set()
    found: set[int] = set()
    for release in reversed(releases):
        if release.compacts is not None:
            stood_for.add(release.compacts)
        if release.number in stood_for or release.retired:
            continue
        if len(found) == count:
            break
        found.add(release.number)
    return found


def _replaced_at(release: ReleaseState, later: ReleaseState) -> dt.datetime:
    """The moment the next one came; a clock that went back cannot make a release older than itself."""
    return max(release.created_at, later.created_at)


def _days_since(moment: dt.datetime, now: dt.datetime) -> float:
    return (now - moment).total_seconds() / 86_400


def _words(retain: Retain) -> str:
    return f"older than the newest {retain.releases} and replaced more than {retain.days:g} days ago"
