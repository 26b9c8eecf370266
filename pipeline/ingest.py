"""Take one delivery in: raw files to bronze, judged rows to masked silver, the others to quarantine or outcomes.

Sources run parents first. A source whose files cannot be read at all costs only itself; a row that cannot be
read costs only itself. Nothing here publishes: the tables it writes become visible with the next release.
Layer: pipeline. Imports core and the other ingest modules; imported by run.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, TypeVar

from datatrust.core.errors import OutcomeError
from datatrust.core.release import SourceControl
from datatrust.core.settings import Project
from pipeline.bronze import Inspected, bronze_table, inspect, write_bronze
from pipeline.contracts.model import SourceSpec
from pipeline.controls import LineCount, count_controls, count_lines, ranges
from pipeline.judge import REASONS, WARNINGS, judge
from pipeline.ledger import Delivery, LedgerEntry, RawFile, append_ledger, load_ledger, loaded_sequences
from pipeline.masking import Masker, open_masker
from pipeline.quarantine import (
    MASKED_ROW,
    OUTCOMES,
    QUARANTINE,
    ROW,
    history_of_conflicts,
    history_of_outcomes,
    is_resolved,
    orphans,
    to_masked_quarantine,
    to_outcomes,
    to_quarantine,
)
from pipeline.readers.base import Layout, Refusal
from pipeline.silver import (
    DUPLICATE,
    ORPHAN,
    QUARANTINED,
    SUPERSEDED,
    VALID,
    decide,
    history_of_silver,
    to_silver,
)
from pipeline.store import change, exists, read
from pipeline.store import replace as replace_table

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

SMALL_BYTES = 16_000_000  # of raw files: below it, compiling expressions costs more than it saves
_THREADS = 3  # sources at work at once: their small commits wait for the disk in turns
_T = TypeVar("_T")
_R = TypeVar("_R")

Progress = Callable[[str, str], None]  # source, step ("bronze", "judge", "silver", "done")


@dataclass(frozen=True, kw_only=True)
class SourceResult:
    """What one delivery did to one source. Counts are of its new rows; `control` covers all rows so far.

    ``rows_read = valid + quarantined + duplicate + superseded`` holds here too. What happened to rows of
    earlier deliveries stands apart: a new row may push an old one out, a late parent frees quarantined ones.
    """

    source: str
    files: tuple[LedgerEntry, ...]  # taken in, re-sent or rejected; rejected ones say why in `message`
    rows_read: int  # records of the loaded files
    valid: int  # new rows that stand in silver
    quarantined: int
    duplicate: int
    superseded: int
    freed: int  # old rows that left the quarantine because their parent arrived
    displaced: int  # old rows that a newer version has pushed out of silver
    keys_lost: int  # keys of silver that no row stands for any more
    oldest_sequence: int | None  # lowest file number of the rows that entered silver; freed rows keep theirs
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

    @property
    def oldest_sequence(self) -> int | None:
        """Return the lowest file number among the rows that entered silver in this delivery."""
        return min((r.oldest_sequence for r in self.sources if r.oldest_sequence is not None), default=None)

    @property
    def keys_lost(self) -> int:
        """Return how many keys have left silver, so that tables merged by key must be built anew."""
        return sum(result.keys_lost for result in self.sources)

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
            because their contract or the masking policy has changed. Their children are rebuilt too.
        progress: told before each step.

    Raises:
        UserError: the masking policy or its key cannot be read.
        OutcomeError: a source does not add up: lines, rows or amounts. Nothing was published.
    """
    intake = _Intake(spark, project, tuple(specs), delivery, frozenset(refresh), progress)
    with _interpreted(spark, only_if=intake.input_bytes < SMALL_BYTES):
        return intake.run()


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Decided rows that went the same way, counted."""

    status: str
    was: str | None  # None: a new row
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    changed: bool  # of an orphan: its reasons are others than before
    rows: int
    oldest: int


@dataclass(kw_only=True)
class _Work:
    """One source in one delivery: what it begins with and what comes of it."""

    spec: SourceSpec
    files: tuple[Inspected, ...] = ()
    resent: tuple[RawFile, ...] = ()
    refresh: bool = False
    groups: tuple[_Group, ...] = ()
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

    def count(self, *statuses: str, was: Sequence[str | None] = (None,)) -> int:
        return sum(g.rows for g in self.groups if g.status in statuses and g.was in was)


class _Intake:
    """One call of `ingest_delivery`."""

    def __init__(
        self,
        spark: SparkSession,
        project: Project,
        specs: tuple[SourceSpec, ...],
        delivery: Delivery,
        refresh: frozenset[str],
        progress: Progress | None,
    ) -> None:
        self.spark = spark
        self.warehouse = project.warehouse
        self.today = project.today()
        self.delivery = delivery
        self.progress = progress or (lambda source, step: None)
        self.masker: Masker = open_masker(project, specs)
        self.known = load_ledger(self.warehouse)
        self.listed = {spec.name: loaded_sequences(self.known, spec.name) for spec in specs}
        refreshed = _with_children(refresh, specs)
        self.works = {
            spec.name: _Work(
                spec=spec,
                files=inspect(spec, [f for f in self._files(spec) if f.resent_of is None]),
                resent=tuple(f for f in self._files(spec) if f.resent_of is not None),
                refresh=spec.name in refreshed,
            )
            for spec in specs
        }

    @property
    def input_bytes(self) -> int:
        """Return the size of the raw files whose rows are judged in this call."""
        again = {name for name, work in self.works.items() if work.refresh}
        old = sum(entry.size for entry in self.known if entry.source in again)
        return old + sum(file.size for file in self.delivery.files)

    def run(self) -> IngestResult:
        works = list(self.works.values())
        _in_parallel(self._write_bronze, [work for work in works if work.loaded])
        entries = self._entries()
        for level in _levels([work.spec for work in works]):
            _in_parallel(self._derive, [self.works[spec.name] for spec in level])
        self._write_shared()
        ledger = tuple(sorted((*self.known, *entries), key=lambda entry: entry.sequence))
        controls = count_controls(self.warehouse, [work.spec for work in works], ledger)
        append_ledger(self.warehouse, entries)
        loaded = [entry.arrived_at for entry in ledger if entry.status == "loaded"]
        return IngestResult(
            delivery=self.delivery.name,
            sources=tuple(
                self._result(work, entries, control) for work, control in zip(works, controls, strict=True)
            ),
            ledger=ledger,
            fresh_as_of=max(loaded, default=None),
        )

    def _files(self, spec: SourceSpec) -> list[RawFile]:
        return [file for file in self.delivery.files if file.source == spec.name]

    def _write_bronze(self, work: _Work) -> None:
        self.progress(work.spec.name, "bronze")
        begun = time.monotonic()
        write_bronze(self.spark, self.warehouse, work.spec, work.loaded)
        work.seconds += time.monotonic() - begun

    def _entries(self) -> tuple[LedgerEntry, ...]:
        """Return what the ledger will say of this delivery's files; every line of them is accounted for.

        Raises:
            OutcomeError: lines of a file are neither header, nor blank, nor part of a record in bronze.
        """
        entries = []
        lost = []
        for work in self.works.values():
            counted = count_lines(self.warehouse, work.spec, [one.file.sequence for one in work.loaded])
            for one in work.files:
                lines = counted.get(one.file.sequence, LineCount(records=0, lines=0, gaps=0))
                entry = _entry(work.spec, one, lines)
                if entry.status == "loaded":
                    found = entry.header_lines + entry.blank_lines + lines.lines
                    if found != entry.physical_lines:
                        lost.append(f"{entry.path}: {entry.physical_lines:,} lines, {found:,} accounted for")
                entries.append(entry)
            entries += [_resent_entry(work.spec, file) for file in work.resent]
        if lost:
            raise OutcomeError("lines were lost on the way to bronze:\n  " + "\n  ".join(lost))
        return tuple(sorted(entries, key=lambda entry: entry.sequence))

    def _derive(self, work: _Work) -> None:
        """Judge what is new of a source, decide which versions stand, and write its silver tables."""
        begun = time.monotonic()
        new = self._new_rows(work)
        if new is not None:
            self.progress(work.spec.name, "judge")
            decided = self._decide(work, new)
            self.progress(work.spec.name, "silver")
            self._write_silver(work, decided)
        work.seconds += time.monotonic() - begun
        self.progress(work.spec.name, "done")

    def _new_rows(self, work: _Work) -> DataFrame | None:
        """Return rows of bronze to judge: of new files, and rows whose parents may have come; None if none."""
        from pyspark.sql import functions as F  # noqa: N812

        spec = work.spec
        if not exists(self.warehouse, bronze_table(spec)):
            return None
        bronze = read(self.spark, self.warehouse, bronze_table(spec))
        fresh = [one.file.sequence for one in work.loaded]
        if work.refresh:
            fresh += self.listed[spec.name]
        parts = []
        if fresh:
            rows = bronze.where(_within(fresh))
            parts.append(
                rows.withColumns(
                    {
                        "_was": F.lit(None).cast("string"),
                        "_was_reasons": F.lit(None).cast("array<string>"),
                    }
                )
            )
        has_new_parents = any(self.works[name].grown for name in spec.parents)
        if has_new_parents and not work.refresh and exists(self.warehouse, QUARANTINE):
            waiting = orphans(read(self.spark, self.warehouse, QUARANTINE), spec)
            parts.append(bronze.join(waiting, list(ROW)).withColumn("_was", F.lit(ORPHAN)))
        return reduce(lambda a, b: a.unionByName(b), parts) if parts else None

    def _judge(self, work: _Work, rows: DataFrame, keep: Sequence[str]) -> DataFrame:
        parents = {
            name: read(self.spark, self.warehouse, self.works[name].spec.silver_table)
            for name in work.spec.parents
            if exists(self.warehouse, self.works[name].spec.silver_table)
        }
        return judge(rows, work.spec, self.masker, today=self.today, parents=parents, keep=keep)

    def _decide(self, work: _Work, new: DataFrame) -> DataFrame:
        """Return new rows and the earlier ones of their keys, decided and held, and count them into `work`.

        Held apart from the tables that it was read from: these change while it is in use.
        """
        from pyspark.sql import functions as F  # noqa: N812

        judged = self._judge(work, new, ("_was", "_was_reasons"))
        history = self._history(work, judged)
        if history is not None:
            judged = judged.localCheckpoint(eager=False)
            keys = judged.select("_key").where("_key is not null").distinct()
            judged = judged.unionByName(history.join(keys, "_key", "left_semi"), allowMissingColumns=True)
        decided = decide(judged, work.spec).localCheckpoint(eager=False)
        changed = F.coalesce(F.col("_was_reasons") != F.col(REASONS), F.lit(False))
        grouped = (
            decided.groupBy("_status", "_was", REASONS, WARNINGS, changed.alias("changed"))
            .agg(F.count(F.lit(1)).alias("rows"), F.min("_sequence").alias("oldest"))
            .collect()
        )
        work.groups = tuple(
            _Group(
                status=row["_status"],
                was=row["_was"],
                reasons=tuple(row[REASONS] or ()),
                warnings=tuple(row[WARNINGS] or ()),
                changed=row["changed"],
                rows=row["rows"],
                oldest=row["oldest"],
            )
            for row in grouped
        )
        return self._with_movers(work, decided)

    def _history(self, work: _Work, judged: DataFrame) -> DataFrame | None:
        """Return earlier rows that had passed their rules; None where there are none or all is rebuilt."""
        spec = work.spec
        if work.refresh or not exists(self.warehouse, spec.silver_table):
            return None
        parts = [history_of_silver(read(self.spark, self.warehouse, spec.silver_table), spec)]
        if exists(self.warehouse, OUTCOMES):
            parts.append(history_of_outcomes(read(self.spark, self.warehouse, OUTCOMES), spec))
        if exists(self.warehouse, QUARANTINE):
            parts.append(history_of_conflicts(read(self.spark, self.warehouse, QUARANTINE), spec))
        return reduce(lambda a, b: a.unionByName(b), parts)

    def _with_movers(self, work: _Work, decided: DataFrame) -> DataFrame:
        """Give earlier rows that come back to silver, or fall into conflict, their full columns from bronze.

        It happens when a late parent frees a row that is older than one that stands already.
        """
        from pyspark.sql import functions as F  # noqa: N812

        if not any(
            g.was in _EARLIER and g.status != g.was and g.status in (VALID, QUARANTINED) for g in work.groups
        ):
            return decided
        was = F.coalesce("_was", F.lit(""))
        moves = was.isin(*_EARLIER) & (F.col("_status") != was) & F.col("_status").isin(VALID, QUARANTINED)
        movers = decided.where(moves).select(*ROW, "_was", "_status", REASONS)
        bronze = read(self.spark, self.warehouse, bronze_table(work.spec))
        rows = bronze.join(movers.select(*ROW), list(ROW))
        full = self._judge(work, rows, ()).drop(REASONS).join(movers, list(ROW))
        stay = decided.where(~moves)
        return stay.unionByName(full, allowMissingColumns=True).localCheckpoint()

    def _write_silver(self, work: _Work, decided: DataFrame) -> None:
        """Write what entered and left silver, in one commit a table; hold back what goes to shared tables."""
        from pyspark.sql import functions as F  # noqa: N812

        spec, groups = work.spec, work.groups
        was, status = F.col("_was"), F.col("_status")
        is_fresh = was.isNull() | (was == ORPHAN)
        enters = [g for g in groups if g.status == VALID and g.was != VALID]
        leaves = [g for g in groups if g.was == VALID and g.status != VALID]
        added = to_silver(decided.where((status == VALID) & (is_fresh | (was != VALID))), spec, self.masker)
        work.grown = bool(enters)
        work.keys_lost = self._keys_lost(decided, groups) if leaves else 0
        if work.refresh or not exists(self.warehouse, spec.silver_table):
            replace_table(self.warehouse, spec.silver_table, added)
        elif enters or leaves:
            change(
                self.spark,
                self.warehouse,
                spec.silver_table,
                added=added if enters else None,
                removed=decided.where((was == VALID) & (status != VALID)).select(*ROW) if leaves else None,
                match=ROW,
            )
        self._hold_outcomes(work, decided)
        self._write_quarantine(work, decided)

    def _keys_lost(self, decided: DataFrame, groups: Iterable[_Group]) -> int:
        """Return how many keys had a row in silver and have none now; only a conflict takes a key away."""
        from pyspark.sql import functions as F  # noqa: N812

        if not any(g.was == VALID and g.status == QUARANTINED for g in groups):
            return 0
        by_key = decided.where(F.col("_key").isNotNull()).groupBy("_key")
        kept = by_key.agg(
            F.bool_or(F.col("_was") == VALID).alias("had"), F.bool_or(F.col("_status") == VALID).alias("has")
        )
        return int(kept.where("had and not has").count())

    def _hold_outcomes(self, work: _Work, decided: DataFrame) -> None:
        from pyspark.sql import functions as F  # noqa: N812

        groups, was, status = work.groups, F.col("_was"), F.col("_status")
        if any(g.status in _RESOLVED and g.was != g.status for g in groups):
            work.outcomes_added = to_outcomes(
                decided.where(is_resolved() & (was.isNull() | (was != status))), work.spec
            )
        if any(g.was in _RESOLVED and g.was != g.status for g in groups):
            work.outcomes_removed = decided.where(was.isin(*_RESOLVED) & (was != status)).select(*ROW)

    def _write_quarantine(self, work: _Work, decided: DataFrame) -> None:
        """Hold rows for the shared quarantine and write the source's masked one."""
        from pyspark.sql import functions as F  # noqa: N812

        spec, groups, was, status = work.spec, work.groups, F.col("_was"), F.col("_status")
        is_changed = F.coalesce(F.col("_was_reasons") != F.col(REASONS), F.lit(False))
        rejected = status == QUARANTINED
        enters = rejected & (was.isNull() | was.isin(VALID, *_RESOLVED) | ((was == ORPHAN) & is_changed))
        leaves = ((was == ORPHAN) & (~rejected | is_changed)) | ((was == QUARANTINED) & ~rejected)
        added = removed = None
        if any(
            g.status == QUARANTINED
            and (g.was not in (ORPHAN, QUARANTINED) or (g.was == ORPHAN and g.changed))
            for g in groups
        ):
            added = decided.where(enters)
            work.quarantine_added = to_quarantine(added, spec)
        if any(
            (g.was == ORPHAN and (g.status != QUARANTINED or g.changed))
            or (g.was == QUARANTINED and g.status != QUARANTINED)
            for g in groups
        ):
            removed = decided.where(leaves).select(*ROW)
            work.quarantine_removed = removed
        if spec.quarantine_table is None:
            return
        masked = to_masked_quarantine(decided.where(enters), spec)
        if work.refresh or not exists(self.warehouse, spec.quarantine_table):
            replace_table(self.warehouse, spec.quarantine_table, masked)
        elif added is not None or removed is not None:
            change(
                self.spark,
                self.warehouse,
                spec.quarantine_table,
                added=masked if added is not None else None,
                removed=removed.withColumnRenamed("_sequence", MASKED_ROW[0])
                if removed is not None
                else None,
                match=MASKED_ROW,
            )

    def _write_shared(self) -> None:
        """Write restricted.quarantine and restricted.outcomes once for all sources."""
        from pyspark.sql import functions as F  # noqa: N812

        works = list(self.works.values())
        renewed = [work.spec.name for work in works if work.refresh]
        for table, added, removed in (
            (
                QUARANTINE,
                [work.quarantine_added for work in works],
                [work.quarantine_removed for work in works],
            ),
            (OUTCOMES, [work.outcomes_added for work in works], [work.outcomes_removed for work in works]),
        ):
            leaving = [frame for frame in removed if frame is not None]
            if renewed and exists(self.warehouse, table):
                old = read(self.spark, self.warehouse, table)
                leaving.append(old.where(F.col("source").isin(renewed)).select(*ROW))
            entering = [frame for frame in added if frame is not None]
            if entering or leaving:
                change(
                    self.spark,
                    self.warehouse,
                    table,
                    added=_union(entering),
                    removed=_union(leaving),
                    match=ROW,
                )

    def _result(self, work: _Work, entries: Iterable[LedgerEntry], control: SourceControl) -> SourceResult:
        mine = tuple(entry for entry in entries if entry.source == work.spec.name)
        reasons: Counter[str] = Counter()
        warnings: Counter[str] = Counter()
        for group in work.groups:
            if group.was is None:
                for name in group.reasons:
                    reasons[name] += group.rows
                for name in group.warnings:
                    warnings[name] += group.rows
        entered = [g.oldest for g in work.groups if g.status == VALID and g.was != VALID]
        tables = {bronze_table(work.spec): control.read, work.spec.silver_table: control.valid}
        if work.spec.quarantine_table:
            tables[work.spec.quarantine_table] = control.quarantined
        return SourceResult(
            source=work.spec.name,
            files=mine,
            rows_read=sum(entry.records for entry in mine if entry.status == "loaded"),
            valid=work.count(VALID),
            quarantined=work.count(QUARANTINED),
            duplicate=work.count(DUPLICATE),
            superseded=work.count(SUPERSEDED),
            freed=work.count(VALID, DUPLICATE, SUPERSEDED, was=(ORPHAN,)),
            displaced=work.count(DUPLICATE, SUPERSEDED, QUARANTINED, was=(VALID,)),
            keys_lost=work.keys_lost,
            oldest_sequence=min(entered, default=None),
            reasons=dict(sorted(reasons.items())),
            warnings=dict(sorted(warnings.items())),
            control=control,
            tables=tables,
            duration_seconds=round(work.seconds, 3),
        )


_RESOLVED = (DUPLICATE, SUPERSEDED)
_EARLIER = (VALID, QUARANTINED, *_RESOLVED)


def _entry(spec: SourceSpec, one: Inspected, lines: LineCount) -> LedgerEntry:
    """Return what the ledger says of a new file."""
    file, outcome = one.file, one.outcome
    is_loaded = isinstance(outcome, Layout)
    return LedgerEntry(
        source=spec.name,
        sequence=file.sequence,
        path=file.path,
        delivery=file.delivery,
        sha256=file.sha256,
        size=file.size,
        arrived_at=file.arrived_at,
        status="loaded" if is_loaded else "rejected",
        physical_lines=file.physical_lines,
        header_lines=outcome.header_lines if isinstance(outcome, Layout) else 0,
        blank_lines=lines.gaps + file.trailing_blank_lines if is_loaded else 0,
        records=lines.records if is_loaded else 0,
        contract_version=spec.version,
        contract_hash=spec.hash,
        message=outcome.reason if isinstance(outcome, Refusal) else "; ".join(outcome.notes) or None,
    )


def _resent_entry(spec: SourceSpec, file: RawFile) -> LedgerEntry:
    return LedgerEntry(
        source=spec.name,
        sequence=file.sequence,
        path=file.path,
        delivery=file.delivery,
        sha256=file.sha256,
        size=file.size,
        arrived_at=file.arrived_at,
        status="resent",
        physical_lines=file.physical_lines,
        header_lines=0,
        blank_lines=0,
        records=0,
        contract_version=spec.version,
        contract_hash=spec.hash,
        message=f"has the same content as {file.resent_of}; not loaded again",
    )


def _within(numbers: Iterable[int]) -> Column:
    """Return true for the rows of the files with these numbers."""
    from pyspark.sql import functions as F  # noqa: N812

    found = F.lit(False)
    for low, high in ranges(numbers):
        found = found | F.col("_sequence").between(low, high)
    return found


def _union(frames: Sequence[DataFrame]) -> DataFrame | None:
    return reduce(lambda a, b: a.unionByName(b), frames) if frames else None


def _with_children(names: Collection[str], specs: Sequence[SourceSpec]) -> frozenset[str]:
    """Return `names` and every source that refers to one of them, however far."""
    found = set(names)
    for spec in specs:  # parents first, so one pass is enough
        if found & set(spec.parents):
            found.add(spec.name)
    return frozenset(found)


def _levels(specs: Sequence[SourceSpec]) -> Iterator[list[SourceSpec]]:
    """Yield sources in groups that do not depend on each other, parents before children."""
    depth: dict[str, int] = {}
    for spec in specs:
        depth[spec.name] = 1 + max((depth[name] for name in spec.parents), default=-1)
    for level in sorted(set(depth.values())):
        yield [spec for spec in specs if depth[spec.name] == level]


@contextmanager
def _interpreted(spark: SparkSession, *, only_if: bool) -> Iterator[None]:
    """Let Spark interpret expressions instead of compiling them; the settings are put back afterwards.

    A contract's rules become some hundred expressions; compiling them takes longer than judging a small file.
    """
    names = ("spark.sql.codegen.wholeStage", "spark.sql.codegen.factoryMode")
    before = {name: spark.conf.get(name) for name in names}
    if only_if:
        spark.conf.set(names[0], "false")
        spark.conf.set(names[1], "NO_CODEGEN")
    try:
        yield
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)


def _in_parallel(work: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
    """Call `work` for each item, a few at a time; the first error is raised after all have ended."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        return list(pool.map(work, items))
