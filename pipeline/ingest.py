"""Take one delivery in: raw files to bronze, judged rows to masked silver, the others to quarantine or outcomes.

Sources run parents first. A source whose files cannot be read at all, or that fails, costs only itself; a row
that cannot be read costs only itself. Nothing here publishes: the tables it writes become visible with the next release.
Layer: pipeline. Imports core and the other ingest modules; imported by run.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from datatrust.core.release import SourceControl
from datatrust.core.settings import Project
from pipeline.bronze import bronze_table, inspect, write_bronze
from pipeline.contracts.model import SourceSpec
from pipeline.controls import count_controls, count_lines
from pipeline.derive import Deriver, Progress
from pipeline.drift import fate_of, from_json, rule, settle
from pipeline.entries import make_entries
from pipeline.fingerprint import with_children
from pipeline.isolation import Isolation, fault_of
from pipeline.ledger import Delivery, LedgerEntry, RawFile, append_ledger, load_ledger, loaded_sequences
from pipeline.masking import open_masker
from pipeline.readers.base import fold
from pipeline.repair import load_repairs
from pipeline.results import IngestResult, SourceResult
from pipeline.shared import write_shared
from pipeline.silver import DISCARDED, DUPLICATE, ORPHAN, QUARANTINED, SUPERSEDED, VALID
from pipeline.snapshots import stamps_of, without_shrunk, without_undated
from pipeline.work import Work

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SMALL_BYTES = 16_000_000  # of raw files: below it, compiling expressions costs more than it saves
_THREADS = 3  # sources at work at once: their small commits wait for the disk in turns
_T = TypeVar("_T")
_R = TypeVar("_R")


def ingest_delivery(
    spark: SparkSession,
    project: Project,
    specs: Sequence[SourceSpec],
    delivery: Delivery,
    *,
    refresh: Collection[str] = (),
    replay: Collection[str] = (),
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
        replay: sources whose quarantined rows are all judged again; the others' only when a parent has come.
        progress: told before each step.

    Raises:
        UserError: the masking policy or its key cannot be read.
        OutcomeError: a source does not add up: lines, rows or amounts. Nothing was published.
    """
    intake = _Intake(spark, project, tuple(specs), delivery, frozenset(refresh), frozenset(replay), progress)
    with _interpreted(spark, only_if=intake.input_bytes < SMALL_BYTES):
        return intake.run()


class _Intake:
    """One call of `ingest_delivery`."""

    def __init__(
        self,
        spark: SparkSession,
        project: Project,
        specs: tuple[SourceSpec, ...],
        delivery: Delivery,
        refresh: frozenset[str],
        replay: frozenset[str],
        progress: Progress | None,
    ) -> None:
        self.spark = spark
        self.warehouse = project.warehouse
        self.specs = specs
        self.delivery = delivery
        self.progress = progress or (lambda source, step: None)
        self.known = load_ledger(self.warehouse)
        refreshed = with_children(refresh, specs)
        self.works = {
            spec.name: self._begin(spec, refresh=spec.name in refreshed, replay=spec.name in replay)
            for spec in specs
        }
        self.deriver = Deriver(
            spark=spark,
            warehouse=self.warehouse,
            today=project.today(),
            masker=open_masker(project, specs),
            works=self.works,
            listed={spec.name: loaded_sequences(self.known, spec.name) for spec in specs},
            progress=self.progress,
        )

    @property
    def input_bytes(self) -> int:
        """Return the size of the raw files whose rows are judged in this call."""
        again = {name for name, work in self.works.items() if work.refresh}
        old = sum(entry.size for entry in self.known if entry.source in again)
        return old + sum(file.size for file in self.delivery.files)

    def run(self) -> IngestResult:
        works = list(self.works.values())
        isolated = Isolation(self.warehouse, self.specs)
        _in_parallel(
            lambda work: isolated.attempt(self._write_bronze, work), [work for work in works if work.loaded]
        )
        self._doubt_snapshots()
        made = make_entries(self.warehouse, works, self.known)
        self._find_repairs(made)
        _parents_first(lambda work: isolated.attempt(self._derive, work), works)
        failed = {work.spec.name: work.failure for work in works if work.failure is not None}
        if failed and len(failed) == sum(1 for work in works if work.failure or work.files):
            raise next(iter(failed.values()))
        entries = tuple(entry for entry in made if entry.source not in failed)
        write_shared(self.spark, self.warehouse, works)
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
            failures=failed,
        )

    def _derive(self, work: Work) -> None:
        try:
            self.deriver.derive(work)
        finally:
            self.progress(work.spec.name, "done")

    def _doubt_snapshots(self) -> None:
        """Refuse snapshots that have lost too much."""
        for work in self.works.values():
            spec = work.spec
            if spec.load_mode != "snapshot":
                continue
            counted = count_lines(self.warehouse, spec, [one.file.sequence for one in work.loaded])
            rows = {number: lines.records for number, lines in counted.items()}
            work.files = without_shrunk(spec, work.files, rows, self.known)

    def _begin(self, spec: SourceSpec, *, refresh: bool, replay: bool) -> Work:
        """Look at the new files of a source, before anything of them lands."""
        stored = {
            entry.sequence: from_json(entry.drift)
            for entry in self.known
            if entry.source == spec.name and entry.status == "loaded"
        }
        fresh = [file for file in self._files(spec) if file.resent_of is None]
        settled = settle(
            spec,
            chain.from_iterable(stored.values()),
            lambda known: without_undated(known, inspect(known, fresh)),
        )
        fates = {
            number: fate
            for number, findings in {**stored, **settled.findings}.items()
            if (fate := fate_of(rule(spec, findings))) is not None
        }
        return Work(
            spec=settled.spec,
            files=settled.files,
            resent=tuple(file for file in self._files(spec) if file.resent_of is not None),
            refresh=refresh or (settled.has_grown and bool(stored)),
            is_bound=refresh,
            replay=replay,
            findings=settled.findings,
            fates=fates,
            late_headers=frozenset(
                fold(f.column) for f in chain.from_iterable(stored.values()) if f.kind == "new_column"
            ),
        )

    def _files(self, spec: SourceSpec) -> list[RawFile]:
        return [file for file in self.delivery.files if file.source == spec.name]

    def _write_bronze(self, work: Work) -> None:
        self.progress(work.spec.name, "bronze")
        begun = time.monotonic()
        write_bronze(self.spark, self.warehouse, work.spec, work.loaded)
        work.seconds += time.monotonic() - begun

    def _find_repairs(self, entries: Sequence[LedgerEntry]) -> None:
        ledger = (*self.known, *entries)
        settling = {e.source for e in entries if e.corrects is not None or e.repairs}
        for name, work in self.works.items():
            work.repairs = load_repairs(self.warehouse, work.spec, ledger)
            work.settles = name in settling
            work.stamps = stamps_of(work.spec, ledger, work.repairs)

    def _result(self, work: Work, entries: Iterable[LedgerEntry], control: SourceControl) -> SourceResult:
        mine = tuple(entry for entry in entries if entry.source == work.spec.name)
        reasons: Counter[str] = Counter()
        warnings: Counter[str] = Counter()
        for group in work.groups:
            if group.was is None:
                for name in group.reasons:
                    reasons[name] += group.rows
                for name in group.warnings:
                    warnings[name] += group.rows
        entered = [g.oldest for g in work.groups if g.enters]
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
            discarded=work.count(DISCARDED),
            freed=work.count(VALID, DUPLICATE, SUPERSEDED, was=(ORPHAN,)),
            displaced=work.count_left(),
            settled=work.count_replaced(QUARANTINED),
            corrected=work.count_replaced(VALID, DUPLICATE),
            refreshed=work.refresh,
            failure=fault_of(work.failure) if work.failure is not None else None,
            keys_lost=work.keys_lost,
            moved=work.moved,
            oldest_sequence=min(entered, default=None),
            reasons=dict(sorted(reasons.items())),
            drift=tuple(
                f"{one.file.path}: {ruling.message}"
                for one in work.loaded
                for ruling in rule(work.spec, work.findings.get(one.file.sequence, ()))
            ),
            warnings=dict(sorted(warnings.items())),
            control=control,
            tables=tables,
            duration_seconds=round(work.seconds, 3),
        )


def _parents_first(step: Callable[[Work], None], works: Sequence[Work]) -> None:
    """Call `step` for every source as soon as its parents are done; a slow one holds up its children only."""
    waiting = {work.spec.name: set(work.spec.parents) for work in works}
    by_name = {work.spec.name: work for work in works}
    running: dict[Future[None], str] = {}
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        while waiting or running:
            for name in [name for name, parents in waiting.items() if not parents]:
                del waiting[name]
                running[pool.submit(step, by_name[name])] = name
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                name = running.pop(future)
                future.result()
                for parents in waiting.values():
                    parents.discard(name)


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
