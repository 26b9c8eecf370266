"""Take one delivery in: raw files to bronze, judged rows to masked silver, the others to quarantine or outcomes.

Sources run parents first. A source whose files cannot be read at all costs only itself; a row that cannot be
read costs only itself. Nothing here publishes: the tables it writes become visible with the next release.
Layer: pipeline. Imports core and the other ingest modules; imported by run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datatrust.core.release import SourceControl
from datatrust.core.settings import Project
from pipeline.contracts.model import SourceSpec
from pipeline.ledger import Delivery, LedgerEntry

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Progress = Callable[[str, str], None]  # source, step ("bronze", "judge", "silver", "done")


@dataclass(frozen=True, kw_only=True)
class SourceResult:
    """What one delivery did to one source. Counts are of this delivery; `control` covers all rows so far.

    ``rows_read = valid + quarantined + duplicate + superseded + discarded + adopted changes of old rows``
    holds over `control`, not here: a new row may push an old one out, and a late parent frees old rows.
    """

    source: str
    files: tuple[LedgerEntry, ...]  # taken in, re-sent or rejected; rejected ones say why in `message`
    rows_read: int  # records of the loaded files
    valid: int  # new rows that stand in silver
    quarantined: int
    duplicate: int
    superseded: int
    freed: int  # rows that left the quarantine because their parent arrived
    reasons: dict[str, int] = field(default_factory=dict)  # of the new rows, by rule id
    warnings: dict[str, int] = field(default_factory=dict)  # rules with severity warn, by rule id
    control: SourceControl
    tables: dict[str, int] = field(default_factory=dict)  # rows by table: bronze, silver, masked quarantine
    duration_seconds: float = 0.0

    @property
    def rejected_files(self) -> tuple[LedgerEntry, ...]:
        return tuple(entry for entry in self.files if entry.status == "rejected")


@dataclass(frozen=True, kw_only=True)
class IngestResult:
    """One delivery's work over all sources: one SourceResult for each spec, in their order."""

    delivery: str | None
    sources: tuple[SourceResult, ...]
    ledger: tuple[LedgerEntry, ...]  # the whole ledger after this delivery
    fresh_as_of: dt.datetime | None  # when the newest loaded file arrived

    def source(self, name: str) -> SourceResult:
        return next(result for result in self.sources if result.source == name)


def ingest_delivery(
    spark: SparkSession,
    project: Project,
    specs: Sequence[SourceSpec],
    delivery: Delivery,
    *,
    refresh: Collection[str] = (),
    progress: Progress | None = None,
) -> IngestResult:
    """Take `delivery` in, for every source, and write the ledger; return the figures of every source.

    Writes bronze.<source>, silver.<table>, the masked silver.<x>_quarantine, restricted.quarantine,
    restricted.outcomes and ops.ledger; each of them only where it has something to say. Call it with
    ``Delivery(name=None, files=())`` and `refresh` to rebuild without new files.

    Args:
        spark: the session; tables are addressed by path, the catalog is not used.
        project: warehouse, today, masking policy and key.
        specs: every source of the project, parents first (as load_contracts gives them), selected or not.
        delivery: from `find_new_files`.
        refresh: sources to rebuild from bronze (silver, quarantine and outcomes of theirs are replaced), e.g.
            because their contract or the masking policy has changed.
        progress: told before each step.

    Raises:
        UserError: the masking policy or its key cannot be read.
        OutcomeError: a source does not add up: lines, rows or amounts. Nothing was published.
    """
    raise NotImplementedError


def current_controls(
    spark: SparkSession, project: Project, specs: Sequence[SourceSpec]
) -> tuple[SourceControl, ...]:
    """Return the conservation figures of every source, counted from the tables as they stand."""
    raise NotImplementedError
