"""Maintain a warehouse: rewrite fragmented tables, publish what was rewritten, retire old releases, remove their files.

Each step can be killed and done again: a rewritten table that no release names yet is taken over after the same
proof, a release is retired before the first of its files goes, and a file that is gone is gone. Retained releases
read the files that they always read; afterwards every one of them is looked for.
Layer: pipeline. Imports core and pipeline's modules of tables, ledger and ops; Spark only where a table is rewritten.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from datatrust.core.errors import OutcomeError
from datatrust.core.kept import find_gone, is_kept, one_at_a_time, table_folder
from datatrust.core.release import (
    Release,
    is_growing,
    list_releases,
    load_release,
    next_number,
    publish_release,
)
from datatrust.core.retired import RetiredNote, is_held, load_retired, retire_release
from datatrust.core.settings import Maintenance, Project
from pipeline.contracts import load_contracts
from pipeline.ledger import COPY, LEDGER, mirror_ledger
from pipeline.lock import hold_lock
from pipeline.maintenance.files import Stored, Sweep, carry_out, file_sizes, measure_folder, plan_sweep
from pipeline.maintenance.optimize import (
    ProbeRange,
    ProbeResult,
    choose_range,
    is_only_rewritten,
    optimize_table,
    probe,
    prove_same_rows,
    usable_columns,
)
from pipeline.maintenance.policy import (
    ReleaseState,
    Verdict,
    choose_columns,
    is_chosen,
    is_fragmented,
    judge_releases,
    money,
)
from pipeline.maintenance.report import MaintainReport, TableReport
from pipeline.observe import MAINTENANCE, StepMetric, next_run, record_steps
from pipeline.progress import RunProgress, SilentProgress
from pipeline.restore import differs, restore_tables
from pipeline.tables import find_tables, open_table, pin_table
from pipeline.zone import close_zone

Rewrite = Callable[[Path, Sequence[str], Maintenance], None]  # folder, columns to cluster by

LOG = logging.getLogger("datatrust.maintain")
_KEEP_LOG = {"delta.enableExpiredLogCleanup": "false"}


@dataclass(kw_only=True)
class _Work:
    """One table on its way through."""

    name: str
    folder: Path
    version: int  # its newest, when maintenance began
    sizes: Mapping[str, int]
    stored: Stored
    columns: tuple[str, ...] = ()
    fragmented: bool = False
    range: ProbeRange | None = None
    probes: list[ProbeResult] = field(default_factory=list)
    sweeps: list[Sweep] = field(default_factory=list)
    left_alone: str | None = None


def maintain(
    project: Project,
    *,
    dry_run: bool = False,
    asked_by: Mapping[str, Sequence[str]] | None = None,
    progress: RunProgress | None = None,
    now: dt.datetime | None = None,
    rewrite: Rewrite | None = None,
) -> MaintainReport:
    """Do what the project's `maintenance` section says; return what was done.

    Args:
        dry_run: only say what would be done; nothing is written, and no lock is taken.
        asked_by: table -> the columns that the catalog's metrics are asked and filtered by, most used first.
        progress: told of every step.
        now: the moment that ages count from.
        rewrite: puts a table's files together, in place of Spark.

    Raises:
        UnknownName: there is no release.
        OutcomeError: another run is at work, or a proof failed; the current release serves.
    """
    shown = progress or SilentProgress()
    run = _Maintenance(project, asked_by or {}, shown, now or dt.datetime.now(tz=dt.UTC), rewrite)
    try:
        if dry_run:
            return run.look()
        load_release(project.warehouse)  # before a lock file is made where there is no warehouse
        with hold_lock(project.warehouse) as lock:
            try:
                return run.go(lock)
            finally:
                close_zone(project.warehouse)
    finally:
        shown.close()


class _Maintenance:
    """One call of `maintain`."""

    def __init__(
        self,
        project: Project,
        asked_by: Mapping[str, Sequence[str]],
        progress: RunProgress,
        now: dt.datetime,
        rewrite: Rewrite | None,
    ) -> None:
        self.project = project
        self.warehouse = project.warehouse
        self.policy = project.config.maintenance
        self.asked_by = asked_by
        self.progress = progress
        self.now = now
        self.rewrite = rewrite
        self.begun = time.monotonic()
        self.run = 0
        self.published = False

    def look(self) -> MaintainReport:
        """Say what would be done."""
        self.current = load_release(self.warehouse)
        works = self._survey()
        verdicts = self._judge()
        retiring = {verdict.number for verdict in verdicts if not verdict.retained}
        self._plan_sweeps(works, retiring)
        return self._report(works, verdicts, verified=0, dry_run=True)

    def go(self, lock: int) -> MaintainReport:
        """Do it, under the lock."""
        self.current = load_release(self.warehouse)
        self.run = next_run(self.warehouse)
        taken_over = self._restore()
        works = self._survey()
        self._forbid_forgetting(works)
        self._rewrite(works, taken_over, lock)
        with self.progress.step("retiring releases"):
            verdicts = self._retire()
        retired = {verdict.number for verdict in verdicts if not verdict.retained}
        readable = self._readable(verdicts)
        with self.progress.step("removing files", len(works)) as advance, one_at_a_time(self.warehouse):
            self._plan_sweeps(works, retired)
            for work in works:
                for sweep in work.sweeps:
                    carry_out(sweep)
                advance(work.name)
        with self.progress.step("looking for the files of retained releases"):
            self._verify(readable)
        report = self._report(works, verdicts, verified=len(readable), dry_run=False)
        self._record(
            [
                *(
                    StepMetric(
                        step=f"{MAINTENANCE} remove",
                        table=table.table,
                        message=f"{table.removed} files removed, {table.freed} bytes freed",
                    )
                    for table in report.tables
                    if table.removed
                ),
                StepMetric(
                    step=MAINTENANCE,
                    duration_seconds=report.seconds,
                    message=f"{len(report.retired)} releases retired; stored bytes {report.stored_before.bytes} "
                    f"before, {report.stored_after.bytes} after",
                ),
            ]
        )
        return report

    # ------------------------------------------------------------------------------------------- rewriting

    def _restore(self) -> dict[str, int]:
        """Put dead work back, but for tables that were only rewritten: table -> the version to prove them against."""
        found = find_tables(self.warehouse)
        taken_over = {
            name: pin.version
            for name, pin in self.current.tables.items()
            if name in found
            and not is_growing(name)
            and differs(found[name], pin.version)
            and is_only_rewritten(found[name], pin.version)
        }
        restore_tables(self.warehouse, self.current, spare=taken_over)
        return taken_over

    def _survey(self) -> list[_Work]:
        specs = load_contracts(self.project) if self.project.config.sources else ()
        keys = {spec.silver_table: spec.silver_key for spec in specs}
        works = []
        for name, folder in find_tables(self.warehouse).items():
            table = open_table(folder)
            sizes = file_sizes(folder)
            work = _Work(
                name=name,
                folder=folder,
                version=int(table.version()),
                sizes=sizes,
                stored=measure_folder(folder),
                fragmented=is_chosen(name, self.policy) and is_fragmented(sizes.values(), self.policy),
            )
            if work.fragmented:
                work.columns = choose_columns(
                    name, policy=self.policy, asked=self.asked_by, keys=keys, usable=usable_columns(table)
                )
            works.append(work)
        return works

    def _forbid_forgetting(self, works: Sequence[_Work]) -> None:
        """Delta drops log entries after 30 days: a release may be retained for longer."""
        for work in works:
            table = open_table(work.folder)
            if table.metadata().configuration.get(*_KEEP_LOG) != "false":
                table.alter.set_table_properties(dict(_KEEP_LOG))
                work.version += 1

    def _rewrite(self, works: Sequence[_Work], taken_over: Mapping[str, int], lock: int) -> None:
        """Rewrite what is fragmented, prove it, and publish a release that reads it."""
        wanted = [work for work in works if work.fragmented]
        changed = set(taken_over)
        with self.progress.step("proving what was rewritten before", len(taken_over) or 1) as advance:
            for name, version in taken_over.items():
                work = next(work for work in works if work.name == name)
                prove_same_rows(work.folder, version, work.version)
                advance(name)
        if wanted:
            rewrite = self.rewrite or self._open_spark(sum(sum(work.sizes.values()) for work in wanted), lock)
            with self.progress.step("rewriting tables", len(wanted)) as advance:
                for work in wanted:
                    begun = time.monotonic()
                    self._probe(work)
                    before = int(open_table(work.folder).version())  # the record of steps has grown meanwhile
                    rewrite(work.folder, work.columns, self.policy)
                    newest = int(open_table(work.folder).version())
                    rows = prove_same_rows(work.folder, before, newest)
                    self._probe(work)
                    changed |= {work.name} if newest != before else set()
                    self._record([self._rewritten(work, rows, time.monotonic() - begun)])
                    advance(work.name)
        if any(name in self.current.tables and not is_growing(name) for name in changed):
            with self.progress.step("publishing what was rewritten"):
                self._publish()

    def _open_spark(self, size: int, lock: int) -> Rewrite:
        from pipeline.session import open_session

        with self.progress.step("starting Spark"):
            spark = open_session(self.project, input_bytes=size, inherit=(lock,))
        return lambda folder, columns, policy: optimize_table(spark, folder, columns, policy)

    def _probe(self, work: _Work) -> None:
        """Ask the table's newest version, before and after; a table that nothing clusters has no probe."""
        if not work.columns:
            return
        newest = int(open_table(work.folder).version())
        if not work.probes:
            work.range = choose_range(work.folder, work.columns[0], newest)
        if work.range is not None:
            work.probes.append(probe(work.folder, newest, work.range))

    def _rewritten(self, work: _Work, rows: int, seconds: float) -> StepMetric:
        after = file_sizes(work.folder)
        said = (
            f"{len(work.sizes)} files of {sum(work.sizes.values())} bytes, now {len(after)} of "
            f"{sum(after.values())}" + (f", by {', '.join(work.columns)}" if work.columns else "")
        )
        LOG.info("%s: %s, %.1f s", work.name, said, seconds)
        return StepMetric(
            step=f"{MAINTENANCE} rewrite",
            table=work.name,
            row_count=rows,
            rows_in=rows,
            rows_out=rows,
            duration_seconds=seconds,
            message=said,
        )

    def _publish(self) -> None:
        """Publish the current release's rows as they lie now: same figures, same definitions, other files."""
        pins = {
            name: replace(pin_table(self.warehouse, name), columns=pin.columns)
            for name, pin in self.current.tables.items()
        }
        for name, pin in pins.items():
            if not is_growing(name) and pin.rows != self.current.tables[name].rows:
                raise OutcomeError(
                    f"{name} has {pin.rows} rows, the current release has another number of them"
                )
        if LEDGER in pins:
            mirror_ledger(self.warehouse, pins[LEDGER])
        release = replace(
            self.current,
            number=next_number(self.warehouse),
            created_at=self.now,
            tables=pins,
            parent=self.current.number,
            restores=None,
            compacts=self.current.number,
        )
        publish_release(self.warehouse, release)
        self.current, self.published = release, True

    # -------------------------------------------------------------------------------------------- removing

    def _judge(self) -> tuple[Verdict, ...]:
        states = []
        for number in list_releases(self.warehouse):
            release = load_release(self.warehouse, str(number))
            states.append(
                ReleaseState(
                    number=number,
                    created_at=release.created_at,
                    kept=is_kept(self.warehouse, number),
                    held=is_held(self.warehouse, number),
                    retired=load_retired(self.warehouse, number) is not None,
                    compacts=release.compacts,
                )
            )
        return judge_releases(states, self.policy.retain, self.now)

    def _retire(self) -> tuple[Verdict, ...]:
        """Note what is retired. Keeping waits meanwhile; a reader who came in between has the last word."""
        with one_at_a_time(self.warehouse):
            verdicts = []
            same = {
                release.compacts: number
                for number in list_releases(self.warehouse)
                if (release := load_release(self.warehouse, str(number))).compacts is not None
            }
            for verdict in self._judge():
                if not verdict.retained and load_retired(self.warehouse, verdict.number) is None:
                    note = RetiredNote(
                        at=self.now, reason=verdict.reason, same_rows_in=same.get(verdict.number)
                    )
                    if not retire_release(self.warehouse, verdict.number, note):
                        verdict = replace(verdict, retained=True, reason="somebody reads it")
                    else:
                        LOG.info("release %06d is retired: %s", verdict.number, verdict.reason)
                verdicts.append(verdict)
        return tuple(verdicts)

    def _plan_sweeps(self, works: Sequence[_Work], retired: set[int]) -> None:
        needed = self._needed(retired)
        for work in works:
            folders = [work.folder]
            if work.name == LEDGER and (self.warehouse / COPY).is_dir():
                folders.append(self.warehouse / COPY)
            try:
                work.sweeps = [
                    plan_sweep(
                        folder,
                        needed.get(work.name, set()),
                        orphan_hours=self.policy.orphan_hours,
                        now=self.now,
                    )
                    for folder in folders
                ]
            except OutcomeError as error:
                work.left_alone = str(error).splitlines()[0]
                LOG.warning("%s", work.left_alone)

    def _needed(self, retired: set[int]) -> dict[str, set[int]]:
        """Return the versions that releases read in the tables' own folders.

        A kept release reads a folder of its own; of the tables that have none there, the record of runs is small and
        stays, bronze does not: the kept ledger says what counts of it.
        """
        needed: dict[str, set[int]] = {}
        for number in list_releases(self.warehouse):
            if number in retired:
                continue
            release = load_release(self.warehouse, str(number))
            only_kept = is_kept(self.warehouse, number) and release.number != self.current.number
            for name, pin in release.tables.items():
                own = table_folder(self.warehouse, release, pin) == self.warehouse / pin.path
                if own and not (only_kept and name.startswith("bronze.")):
                    needed.setdefault(name, set()).add(pin.version)
        return needed

    def _readable(self, verdicts: Sequence[Verdict]) -> list[Release]:
        """Return the retained releases that can be read before anything is removed."""
        releases = [load_release(self.warehouse, str(v.number)) for v in verdicts if v.retained]
        return [release for release in releases if not find_gone(self.warehouse, release)]

    def _verify(self, releases: Sequence[Release]) -> None:
        for release in releases:
            if gone := find_gone(self.warehouse, release):
                listed = "; ".join(f"{name}: {why}" for name, why in gone.items())
                raise OutcomeError(
                    f"clean-up took files that release {release.id} needs: {listed}\n"
                    "  this is a fault of ours; restore the folder from a copy of the warehouse"
                )

    # -------------------------------------------------------------------------------------------- reporting

    def _record(self, steps: Sequence[StepMetric]) -> None:
        record_steps(self.warehouse, run=self.run, delivery=None, steps=steps)

    def _report(
        self, works: Sequence[_Work], verdicts: Sequence[Verdict], *, verified: int, dry_run: bool
    ) -> MaintainReport:
        tables = tuple(self._table(work) for work in works)
        before = _sum([table.stored_before for table in tables])
        after = _sum([table.stored_after for table in tables])
        return MaintainReport(
            dry_run=dry_run,
            release=self.current.id,
            published=self.published,
            retired=tuple(v for v in verdicts if not v.retained and v.reason != "retired before"),
            retained=tuple(v for v in verdicts if v.retained),
            verified=verified,
            tables=tables,
            stored_before=before,
            stored_after=after,
            freed=sum(table.freed for table in tables),
            price_per_gb_month=self.policy.price_per_gb_month,
            currency=self.policy.currency,
            cost_before=money(before.bytes, self.policy),
            cost_after=money(after.bytes, self.policy),
            seconds=round(time.monotonic() - self.begun, 1),
        )

    def _table(self, work: _Work) -> TableReport:
        after = file_sizes(work.folder)
        return TableReport(
            table=work.name,
            fragmented=work.fragmented,
            z_order=work.columns,
            files_before=len(work.sizes),
            bytes_before=sum(work.sizes.values()),
            files_after=len(after),
            bytes_after=sum(after.values()),
            stored_before=work.stored,
            stored_after=measure_folder(work.folder),
            removed=sum(sweep.files for sweep in work.sweeps),
            freed=sum(sweep.frees for sweep in work.sweeps),
            probe_column=work.range.column if work.range else None,
            probe_before=work.probes[0] if work.probes else None,
            probe_after=work.probes[1] if len(work.probes) > 1 else None,
            left_alone=work.left_alone,
        )


def _sum(stored: Sequence[Stored]) -> Stored:
    return Stored(files=sum(each.files for each in stored), bytes=sum(each.bytes for each in stored))
