"""Say in the ledger what became of each file of a delivery, and prove that every line of it is accounted for.

Layer: pipeline. Imports contracts, bronze, controls and the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from datatrust.core.errors import OutcomeError
from pipeline.bronze import Inspected
from pipeline.contracts.model import SourceSpec
from pipeline.controls import LineCount, count_lines
from pipeline.corrections import mark_corrections, mark_references
from pipeline.drift import Finding, rule, to_json
from pipeline.ledger import LedgerEntry, RawFile, Status
from pipeline.readers.base import Layout
from pipeline.repair import carries_references
from pipeline.work import Work

_NO_LINES = LineCount(records=0, lines=0, gaps=0)


def make_entries(
    warehouse: Path, works: Iterable[Work], known: Sequence[LedgerEntry]
) -> tuple[LedgerEntry, ...]:
    """Return what the ledger will say of this delivery's files, in the order of their numbers.

    Args:
        known: what it says of earlier files.

    Raises:
        OutcomeError: lines of a file are neither header, nor blank, nor part of a record in bronze.
    """
    entries: list[LedgerEntry] = []
    lost = []
    for work in works:
        fresh = []
        counted = count_lines(warehouse, work.spec, [one.file.sequence for one in work.loaded])
        for one in work.files:
            lines = counted.get(one.file.sequence, _NO_LINES)
            entry = new_entry(work.spec, one, lines, work.findings.get(one.file.sequence, ()))
            if entry.status == "loaded":
                found = entry.header_lines + entry.blank_lines + lines.lines
                if found != entry.physical_lines:
                    lost.append(f"{entry.path}: {entry.physical_lines:,} lines, {found:,} accounted for")
            if isinstance(one.outcome, Layout) and carries_references(one.outcome):
                entry = mark_references(warehouse, work.spec, entry)
            fresh.append(entry)
        entries += mark_corrections(warehouse, work.spec, fresh, known)
        entries += [_resent_entry(work.spec, file) for file in work.resent]
    if lost:
        raise OutcomeError("lines were lost on the way to bronze:\n  " + "\n  ".join(lost))
    return tuple(sorted(entries, key=lambda entry: entry.sequence))


def new_entry(spec: SourceSpec, one: Inspected, lines: LineCount, findings: Sequence[Finding]) -> LedgerEntry:
    """Return the entry of a new file, loaded or refused."""
    outcome, drift = one.outcome, to_json(findings)
    if not isinstance(outcome, Layout):
        return _entry(spec, one.file, status="rejected", message=outcome.reason, drift=drift)
    return _entry(
        spec,
        one.file,
        status="loaded",
        header_lines=outcome.header_lines + outcome.footer_lines,
        blank_lines=lines.gaps + one.file.trailing_blank_lines,
        records=lines.records,
        message="; ".join([*outcome.notes, *(ruling.message for ruling in rule(spec, findings))]) or None,
        drift=drift,
    )


def _resent_entry(spec: SourceSpec, file: RawFile) -> LedgerEntry:
    return _entry(
        spec,
        file,
        status="resent",
        message=f"has the same content as {file.resent_of}; not loaded again",
    )


def _entry(
    spec: SourceSpec,
    file: RawFile,
    *,
    status: Status,
    message: str | None,
    drift: str | None = None,
    header_lines: int = 0,
    blank_lines: int = 0,
    records: int = 0,
) -> LedgerEntry:
    """Return the entry of a file; one that was not loaded has no lines but its physical ones."""
    return LedgerEntry(
        source=spec.name,
        sequence=file.sequence,
        path=file.path,
        delivery=file.delivery,
        sha256=file.sha256,
        size=file.size,
        arrived_at=file.arrived_at,
        status=status,
        physical_lines=file.physical_lines,
        header_lines=header_lines,
        blank_lines=blank_lines,
        records=records,
        contract_version=spec.version,
        contract_hash=file.judged_by if status == "rejected" else spec.hash,
        message=message,
        drift=drift,
    )
