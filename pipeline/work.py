"""One source while a delivery is taken in: what it begins with, what was decided, what waits to be written.

Layer: pipeline. Imports contracts, bronze and the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.bronze import Inspected
from pipeline.contracts.model import SourceSpec
from pipeline.ledger import RawFile
from pipeline.readers.base import Layout
from pipeline.repair import Repairs
from pipeline.silver import ORPHAN, QUARANTINED

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
    rows: int
    oldest: int


@dataclass(kw_only=True)
class Work:
    """One source in one delivery: what it begins with and what comes of it."""

    spec: SourceSpec
    files: tuple[Inspected, ...] = ()
    resent: tuple[RawFile, ...] = ()
    refresh: bool = False
    replay: bool = False  # all its quarantined rows are judged again, not only those that miss a parent
    repairs: Repairs = field(default_factory=Repairs)
    settles: bool = False  # this delivery brings some of the repairs
    groups: tuple[Group, ...] = ()
    keys_lost: int = 0
    grown: bool = False  # rows have entered silver: children's orphans may find a parent now
    quarantine_added: DataFrame | None = None
    quarantine_removed: DataFrame | None = None
    outcomes_added: DataFrame | None = None
    outcomes_removed: DataFrame | None = None
    seconds: float = 0.0

    @property
    def loaded(self) -> tuple[Inspected, ...]:
        return tuple(one for one in self.files if isinstance(one.outcome, Layout))

    @property
    def moved(self) -> bool:
        """Return whether any row has come in or stands elsewhere, or for other reasons, than before."""
        still = ((ORPHAN, QUARANTINED),)
        return any(g.changed or (g.was != g.status and (g.was, g.status) not in still) for g in self.groups)

    def count(self, *statuses: str, was: Sequence[str | None] = (None,)) -> int:
        return sum(g.rows for g in self.groups if g.status in statuses and g.was in was)

    def count_replaced(self, *was: str) -> int:
        """Return how many earlier rows a repair of this delivery has taken the place of."""
        return sum(g.rows for g in self.groups if g.replaced and g.was in was and g.status not in was)
