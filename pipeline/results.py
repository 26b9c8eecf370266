"""What a delivery did to each source, in figures: for the run's summary, its metrics and its checks.

Layer: pipeline. Imports core and the ledger.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from datatrust.core.release import SourceControl
from pipeline.ledger import LedgerEntry


@dataclass(frozen=True, kw_only=True)
class SourceResult:
    """What one delivery did to one source. Counts are of its new rows; `control` covers all rows so far.

    ``rows_read = valid + quarantined + duplicate + superseded + discarded`` holds here too. What happened to rows of
    earlier deliveries stands apart: a new row may push an old one out, a late parent frees quarantined ones.
    """

    source: str
    files: tuple[LedgerEntry, ...]  # taken in, re-sent or rejected; rejected ones say why in `message`
    rows_read: int  # records of the loaded files
    valid: int  # new rows that stand in silver
    quarantined: int
    duplicate: int
    superseded: int
    discarded: int  # new rows that count nowhere, by a person's word or the contract's
    freed: int  # old rows that left the quarantine because they were judged again
    settled: int  # old rows that left it because a corrected file or a repaired row has taken their place
    corrected: int  # old rows that a corrected file or a repaired row has pushed out of silver
    displaced: int  # old rows that a newer version has pushed out of silver
    moved: bool  # whether any row has come in, or stands elsewhere than before
    keys_lost: int  # keys of silver that no row stands for any more
    refreshed: bool = False  # all rows were judged again: every one of them counts as new here
    failure: str | None = None  # why nothing new of it was taken in; its files are tried again
    oldest_sequence: int | None  # lowest file number of the rows that entered silver; freed rows keep theirs
    reasons: dict[str, int] = field(default_factory=dict)  # of the new rows, by rule id
    warnings: dict[str, int] = field(default_factory=dict)  # rules with severity warn, by rule id
    drift: tuple[str, ...] = ()  # how new files depart from the contract, and what was done about it
    control: SourceControl
    tables: dict[str, int] = field(default_factory=dict)  # rows by table: bronze, silver, masked quarantine
    duration_seconds: float = 0.0

    @property
    def rejected_files(self) -> tuple[LedgerEntry, ...]:
        return tuple(entry for entry in self.files if entry.status == "rejected")

    @property
    def noted_files(self) -> tuple[LedgerEntry, ...]:
        """Return the files that were taken in, and of which a person should know something."""
        return tuple(entry for entry in self.files if entry.status == "loaded" and entry.message)


@dataclass(frozen=True, kw_only=True)
class IngestResult:
    """One delivery's work over all sources: one SourceResult for each spec, in their order."""

    delivery: str | None
    sources: tuple[SourceResult, ...]
    ledger: tuple[LedgerEntry, ...]  # the whole ledger after this delivery
    fresh_as_of: dt.datetime | None  # when the newest loaded file arrived
    failures: Mapping[str, Exception] = field(default_factory=dict)  # by source

    @property
    def needs_rebuild(self) -> bool:
        """Say whether rows have left silver, so that tables merged by key must be built anew."""
        return any(result.keys_lost or result.corrected or result.refreshed for result in self.sources)

    @property
    def oldest_sequence(self) -> int | None:
        """Return the lowest file number among the rows that entered silver in this delivery."""
        return min((r.oldest_sequence for r in self.sources if r.oldest_sequence is not None), default=None)

    @property
    def keys_lost(self) -> int:
        """Return how many keys have left silver, so that tables merged by key must be built anew."""
        return sum(result.keys_lost for result in self.sources)

    @property
    def corrected(self) -> int:
        """Return how many rows of silver were corrected: what was made of them elsewhere must be built anew."""
        return sum(result.corrected for result in self.sources)

    @property
    def moved(self) -> bool:
        """Return whether anything has changed at all."""
        return any(result.moved for result in self.sources)

    def source(self, name: str) -> SourceResult:
        return next(result for result in self.sources if result.source == name)
