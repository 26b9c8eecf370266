"""Judge quarantined rows again: what was asked, what it would do, and what the log says of it afterwards.

A replay is a run that takes in the source's new files, repaired ones among them, and judges all of its quarantined
rows under today's rules, contract and parents. A dry run does all of it on a copy of the tables that is thrown away.
Layer: pipeline. Imports ingest and what it works with; imported by run and the command line.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from datatrust.core.release import Release, load_release
from datatrust.core.settings import Project
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.fingerprint import compare_hashes, compute_hashes
from pipeline.ledger import Delivery, find_new_files
from pipeline.lock import hold_lock
from pipeline.quarantine_log import QuarantineStep
from pipeline.restore import restore_tables
from pipeline.selection import check_sources
from pipeline.store import restricted_zone
from pipeline.tables import find_tables

if TYPE_CHECKING:
    from pipeline.results import IngestResult, SourceResult

_COPY = ".preview-"


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Who wants which source's quarantined rows judged again, and why."""

    source: str
    why: str | None = None
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReplayLine:
    """What a replay does to one source."""

    source: str
    before: int  # quarantined rows
    freed: int  # judged again and found right
    settled: int  # replaced by a corrected file or a repaired row
    rejected: int  # new rows that are quarantined
    after: int
    valid_before: int
    valid_after: int


@dataclass(frozen=True, kw_only=True)
class ReplayPreview:
    """What a replay would do, source by source: the asked one, and those whose rows depend on it."""

    release: str
    files: tuple[str, ...]  # new files of the source that it would take in
    lines: tuple[ReplayLine, ...]


def preview_replay(project: Project, source: str) -> ReplayPreview:
    """Return what a replay of `source` would do; no table of the project changes.

    Raises:
        UnknownName: there is no such source, or no release yet.
        OutcomeError: another run is at work, or the rows would not add up.
    """
    specs = load_contracts(project)
    check_sources([source], specs)
    with hold_lock(project.warehouse) as lock:
        current = load_release(project.warehouse)
        restore_tables(project.warehouse, current)
        deliveries = find_new_files(project, specs, select=[source]).deliveries
        changes = compare_hashes(current.hashes, compute_hashes(project, specs), specs)
        done = _replay_copy(project, specs, deliveries, source, refresh=changes.sources, lock=lock)
    lines = [_line(current, [result.source(spec.name) for result in done]) for spec in specs]
    return ReplayPreview(
        release=current.id,
        files=tuple(file.path for delivery in deliveries for file in delivery.files),
        lines=tuple(line for line in lines if line.source == source or _changes_anything(line)),
    )


def move_steps(
    taken: IngestResult, *, release: str, replay: Replay | None, refreshed: Collection[str]
) -> list[QuarantineStep]:
    """Return what the log says of one delivery: who moved which rows out of quarantine, and why."""
    steps = []
    for result in taken.sources:
        asked = replay is not None and replay.source == result.source
        why = (replay.why if replay is not None and asked else None) or ""
        if result.source in refreshed:
            judged = QuarantineStep(
                action="judged anew",
                source=result.source,
                rows=result.control.quarantined,
                why=why or "the contract, a policy or the code is another one",
                release=release,
            )
            steps.append(judged)
        elif asked:
            waits = result.control.quarantined + result.freed
            steps.append(_step("replayed", result, waits, why or "asked for", release))
        if result.freed:
            steps.append(_step("freed", result, result.freed, why or "a parent has come", release))
        if result.settled or result.corrected:
            files = [entry.path for entry in result.files if entry.corrects is not None or entry.repairs]
            step = _step(
                "repaired", result, result.settled + result.corrected, why or "delivered again", release
            )
            steps.append(replace(step, file=", ".join(files)))
    return steps


def _step(action: str, result: SourceResult, rows: int, why: str, release: str) -> QuarantineStep:
    return QuarantineStep(action=action, source=result.source, rows=rows, why=why, release=release)


def _replay_copy(
    project: Project,
    specs: Sequence[SourceSpec],
    deliveries: Sequence[Delivery],
    source: str,
    *,
    refresh: frozenset[str],
    lock: int,
) -> list[IngestResult]:
    from pipeline.ingest import ingest_delivery
    from pipeline.session import open_session

    spark = open_session(project, inherit=(lock,))
    done: list[IngestResult] = []
    with _copied(project) as copy:
        for delivery in deliveries or (Delivery(name=None, files=()),):
            first = not done
            result = ingest_delivery(
                spark,
                copy,
                specs,
                delivery,
                refresh=refresh if first else (),
                replay=[source] if first else (),
            )
            done.append(result)
    return done


@contextmanager
def _copied(project: Project) -> Iterator[Project]:
    """Give the project with a copy of its tables, in the restricted zone; files of rows are linked, not copied."""
    zone = restricted_zone(project.warehouse)
    for left in zone.glob(f"{_COPY}*"):
        shutil.rmtree(left)
    root = zone / f"{_COPY}{os.getpid()}"
    try:
        for name, folder in find_tables(project.warehouse).items():
            if not name.startswith("gold."):
                _copy_table(folder, root / folder.relative_to(project.warehouse))
        root.mkdir(exist_ok=True)
        config = project.config.model_copy(update={"warehouse": str(root)})
        yield replace(project, config=config)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _copy_table(folder: Path, target: Path) -> None:
    """A table's data files never change; its log has one that does, so the log is copied."""
    for file in folder.rglob("*"):
        if file.is_file():
            place = target / file.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            if "_delta_log" in place.parts:
                shutil.copy2(file, place)
            else:
                os.link(file, place)


def _line(current: Release, results: Sequence[SourceResult]) -> ReplayLine:
    last = results[-1]
    before = current.control(last.source)
    return ReplayLine(
        source=last.source,
        before=before.quarantined if before else 0,
        freed=sum(result.freed for result in results),
        settled=sum(result.settled for result in results),
        rejected=sum(result.quarantined for result in results if result.rows_read),
        after=last.control.quarantined,
        valid_before=before.valid if before else 0,
        valid_after=last.control.valid,
    )


def _changes_anything(line: ReplayLine) -> bool:
    return (line.before, line.valid_before) != (line.after, line.valid_after) or bool(
        line.freed or line.settled
    )
