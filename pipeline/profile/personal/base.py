"""What a detector of personal data is: it weighs one column, by its name and its values, with the reasons said.

Layer: pipeline. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from pipeline.profile.personal.words import is_nameless

CERTAIN = 0.6  # from here a column counts as personal data
ENOUGH = 8  # distinct values; fewer say little by themselves


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A column is personal data of a class. `reasons` are for people and hold no value of the column."""

    pii_class: str
    score: float  # 0 to 1
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A column to be weighed: its name, and some of its values without the empty ones."""

    name: str
    values: tuple[str, ...]

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.values))

    @cached_property
    def is_nameless(self) -> bool:
        return is_nameless(self.name)

    def share(self, fits: Callable[[str], bool]) -> float:
        """Return which share of the distinct values fit; 0 where there are none."""
        return share(self.distinct, fits)


def share(values: Iterable[str], fits: Callable[[str], bool]) -> float:
    """Return which share of the values fit; 0 where there are none."""
    total = hits = 0
    for value in values:
        total += 1
        hits += bool(fits(value))
    return hits / total if total else 0.0


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A class of personal data. `action` is what it becomes where a policy does not say."""

    pii_class: str
    action: str  # drop or redact
    meaning: str  # a few words for the policy file
    weigh: Callable[[Column], Finding | None]


def percent(part: float) -> str:
    """Return a share as people read it.

    >>> percent(0.987)
    '98%'
    """
    return f"{int(part * 100)}%"
