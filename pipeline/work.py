"""One source while a delivery is taken in: what it begins with, what was decided, what waits to be written.

Layer: pipeline. Imports contracts, bronze, silver and the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.bronze import Inspected
from pipeline.contracts.model import SourceSpec
from pipeline.drift import Fate, Finding
from pipeline.ledger import RawFile
from pipeline.readers.base import Layout
from pipeline.repair import Repairs
from pipeline.silver import ORPHAN, QUARANTINED, VALID

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True, kw_only=True)
class Group:
    """Decided rows that went the same way, counted."""

    status: str
    was: str | None  # None: a new row
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    replaced: bool  # a repair has taken their place
    changed: bool  # of an orphan: its reasons are others than before
    renewed: bool  # it stays in silver, and is valid until another time than before
    rows: int
    oldest: int

    @property
    def enters(self) -> bool:
        """Say whether the rows bring something new to silver."""
        return self.status == VALID and (self.was != VALID or self.renewed)


@dataclass(kw_only=True)
class Work:
    """One source in one delivery: what it begins with and what comes of it."""

    spec: SourceSpec
    files: tuple[Inspected, ...] = ()
    resent: tuple[RawFile, ...] = ()
    refresh: bool = False  # all rows are judged again
    replay: bool = False  # all its quarantined rows are judged again, not only those that miss a parent
    repairs: Repairs = field(default_factory=Repairs)
    settles: bool = False  # this delivery brings some of the repairs
    is_bound: bool = False  # its last state stands for another contract or other parents: it must not stay
    groups: tuple[Group, ...] = ()
    findings: Mapping[int, tuple[Finding, ...]] = field(default_factory=dict)  # drift of new files, by number
    fates: Mapping[int, Fate] = field(default_factory=dict)  # of files whose rows are not judged one by one
    late_headers: frozenset[str] = (
        frozenset()
    )  # of columns that older files brought before the contract had them
    stamps: Mapping[int, int] = field(default_factory=dict)  # of snapshots: file number -> place among states
    keys_lost: int = 0  # rows of silver, by its key, that no row stands for any more
    shrunk: bool = False  # keys that children may refer to have left silver
    grown: bool = False  # rows have entered silver: children's orphans may find a parent now
    failure: Exception | None = None  # it keeps its last state; its files are as if they had not come
    quarantine_added: DataFrame | None = None
    quarantine_removed: DataFrame | None = None
    outcomes_added: DataFrame | None = None
    outcomes_removed: DataFrame | None = None
    seconds: float = 0.0

    def fail(self, error: Exception) -> None:
        """Take back all that this delivery would do to the source."""
        self.failure = error
        self.refresh = self.replay = self.settles = False
        self.files = self.resent = self.groups = ()
        self.grown = self.shrunk = False
        self.keys_lost = 0
        self.quarantine_added = self.quarantine_removed = None
        self.outcomes_added = self.outcomes_removed = None

    @property
    def newest(self) -> int | None:
        """Return the place of the newest state, of a source of snapshots."""
        return max(self.stamps.values(), default=None)

    @property
    def loaded(self) -> tuple[Inspected, ...]:
        return tuple(one for one in self.files if isinstance(one.outcome, Layout))

    @property
    def moved(self) -> bool:
        """Return whether any row has come in or stands elsewhere, or for other reasons, than before."""
        still = ((ORPHAN, QUARANTINED),)
        return any(g.changed or (g.was != g.status and (g.was, g.status) not in still) for g in self.groups)

    def count_left(self) -> int:
        """Return how many rows have left silver."""
        return sum(g.rows for g in self.groups if g.was == VALID and g.status != VALID)

    def count(self, *statuses: str, was: Sequence[str | None] = (None,)) -> int:
        return sum(g.rows for g in self.groups if g.status in statuses and g.was in was)

    def count_replaced(self, *was: str) -> int:
        """Return how many earlier rows a repair of this delivery has taken the place of."""
        return sum(g.rows for g in self.groups if g.replaced and g.was in was and g.status not in was)
