"""Tell how a file departs from its contract, and what the contract says about that: evolve, freeze, discard, quarantine.

Looked for in the head of a file before anything of it lands: columns that the contract does not know, columns
that are not there, columns whose values no longer read as their type. What was found goes to the ledger; what
follows from it is decided by the contract as it stands, also for files loaded long ago. A new column that
evolves reaches silver as text unless it looks personal, and then only plain values of it: numbers, dates, codes.
Layer: pipeline. Imports core, contracts, readers, notation and the profile of personal data; no Spark.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from datatrust.core.issues import did_you_mean
from pipeline.bronze import Inspected
from pipeline.contracts.model import (
    IS_CURRENT,
    VALID_FROM,
    VALID_TO,
    ColumnSpec,
    ColumnType,
    Decision,
    SourceSpec,
)
from pipeline.notation import BLANKS, plain_number, read_date
from pipeline.readers import readers
from pipeline.readers.base import Layout, Records, Refusal, fold
from pipeline.repair import carries_references

SAMPLE_ROWS = 1000
DEFAULT_SHARE = 0.5  # of unreadable values from which a column has another type
DEFAULT_FLOOR = 20  # values that it takes to say so by default
_NAME_LIKE = re.compile(r"(?!.*\d{5})[A-Za-z_][\w .%/()#-]{0,63}")  # a header that may be shown and stored
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,127}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_TRUTHS = ("true", "t", "yes", "y", "1", "false", "f", "no", "n", "0")

Kind = Literal["new_column", "missing_column", "type_change"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One way in which a file departs from its contract; the words hold no value of a row."""

    kind: Kind
    column: str  # a new one as the file's header has it, else the contract's name
    near: str | None = None  # of a missing column: the new one that it may be called now
    share: float | None = None  # of a type change: of the values looked at, those that do not read
    declared: str | None = None  # the type that the contract had then
    personal: str | None = None  # the PII class that a new column looks like


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """A finding and what the contract says to do about it."""

    finding: Finding
    decision: Decision
    message: str


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What becomes of all rows of a file: quarantined, each with the reason, or discarded."""

    decision: Literal["quarantine", "discard"]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Settled:
    """New files after drift was looked for, under the contract with the columns that it has let in so far."""

    spec: SourceSpec
    files: tuple[Inspected, ...]
    findings: Mapping[int, tuple[Finding, ...]]  # by file number
    has_grown: bool  # columns are let in, or no longer, for the first time


@dataclass(kw_only=True)
class Sample:
    """Some records of a file: the values of each contract column, those of unknown ones by their header."""

    values: list[list[str | None]]
    extra: dict[str, list[str | None]] = field(default_factory=dict)


def look(spec: SourceSpec, one: Inspected) -> tuple[Finding, ...]:
    """Return how a file departs from its contract; of a refused one, which columns it was refused for."""
    layout = one.outcome
    if isinstance(layout, Refusal):
        return tuple(
            Finding(kind="missing_column", column=name, near=near if _is_shown(near) else None)
            for name, near in layout.lacking
        )
    if carries_references(layout):
        return ()  # repaired rows: the export's own columns are no news
    sample = _take_sample(spec, one, layout)
    unknown = list(dict.fromkeys([*(name for _, name in layout.unknown), *sample.extra]))
    return (
        *_missing_columns(spec, layout, unknown),
        *_new_columns(spec, unknown, sample),
        *_type_changes(spec, sample),
    )


def settle(
    spec: SourceSpec, stored: Iterable[Finding], inspect: Callable[[SourceSpec], Sequence[Inspected]]
) -> Settled:
    """Look at new files and apply the contract's word on drift: which are refused, which columns are let in.

    Args:
        spec: the contract as it is written.
        stored: what the ledger says of the files loaded so far.
        inspect: lays the new files out by a contract.
    """
    known = tuple(stored)
    before = evolve(spec, known)
    files = inspect(before)
    findings = {one.file.sequence: look(before, one) for one in files}
    refused = {number: frozen(rule(spec, found)) for number, found in findings.items()}
    new = [f for one in files if not refused[one.file.sequence] for f in findings[one.file.sequence]]
    after = evolve(spec, (*known, *new))
    grown = after.columns != before.columns
    if grown:
        files = inspect(after)
    return Settled(
        spec=after,
        files=tuple(
            replace(one, outcome=refusal)
            if (refusal := refused.get(one.file.sequence)) is not None and isinstance(one.outcome, Layout)
            else one
            for one in files
        ),
        findings=findings,
        has_grown=grown,
    )


def rule(spec: SourceSpec, findings: Iterable[Finding]) -> tuple[Ruling, ...]:
    """Return what the contract, as it stands, says to each finding; nothing to one that it has caught up with."""
    return tuple(ruling for finding in findings if (ruling := _rule_one(spec, finding)) is not None)


def frozen(rulings: Iterable[Ruling]) -> Refusal | None:
    """Return the refusal of a file for what its contract freezes; None where it freezes nothing."""
    reasons = [ruling.message for ruling in rulings if ruling.decision == "freeze"]
    return Refusal(reason="; ".join(reasons)) if reasons else None


def fate_of(rulings: Iterable[Ruling]) -> Fate | None:
    """Return what becomes of the rows of a file as a whole, or None: they are judged one by one.

    A file that was loaded before its contract froze what it brings is quarantined.
    """
    severe: dict[str, Ruling] = {}
    for ruling in rulings:
        if ruling.finding.kind != "new_column" or ruling.decision in ("freeze", "quarantine"):
            severe.setdefault(ruling.decision, ruling)
    for decision in ("freeze", "quarantine", "discard"):
        if worst := severe.get(decision):
            reason = f"drift:{worst.finding.kind}:{worst.finding.column}"
            return Fate(decision="discard" if decision == "discard" else "quarantine", reason=reason)
    return None


def evolve(spec: SourceSpec, findings: Iterable[Finding]) -> SourceSpec:
    """Return the contract with the new columns that it lets in: text, optional, plain values only."""
    found = tuple(findings)
    personal = {fold(f.column) for f in found if f.personal is not None}
    columns = list(spec.columns)
    for finding in found:
        header = fold(finding.column)
        name = re.sub(r"[^a-z0-9]+", "_", header).strip("_")
        taken = (
            {VALID_FROM, VALID_TO, IS_CURRENT} | {c.name for c in columns} | {fold(c.header) for c in columns}
        )
        if (
            finding.kind == "new_column"
            and header not in personal
            and spec.on_new(header) == "evolve"
            and _COLUMN.fullmatch(name)
            and not {name, header} & taken
        ):
            columns.append(
                ColumnSpec(name=name, header=header, type=ColumnType(kind="string"), is_evolved=True)
            )
    return replace(spec, columns=tuple(columns))


def to_json(findings: Sequence[Finding]) -> str | None:
    """Return findings as the ledger keeps them."""
    if not findings:
        return None
    return json.dumps([{k: v for k, v in asdict(f).items() if v is not None} for f in findings])


def from_json(text: str | None) -> tuple[Finding, ...]:
    """Return findings from the ledger."""
    return tuple(Finding(**item) for item in json.loads(text)) if text else ()


def is_readable(text: str, column: ColumnSpec) -> bool:
    """Say whether a value reads as its column's type; one that breaks a rule or a scale reads all the same."""
    kind = column.type.kind
    if kind == "string":
        return True
    if kind == "boolean":
        return text.lower() in _TRUTHS
    if kind in ("integer", "decimal"):
        number = plain_number(text, column.number_format)
        return number is not None and (kind == "decimal" or _INTEGER.fullmatch(number) is not None)
    if column.date_formats:
        return any(read_date(text, written) is not None for written in column.date_formats)
    try:
        read = dt.date.fromisoformat if kind == "date" else dt.datetime.fromisoformat
        read(text)
    except ValueError:
        return False
    return True


def _take_sample(spec: SourceSpec, one: Inspected, layout: Layout) -> Sample:
    sample = Sample(values=[[] for _ in spec.columns])
    rows = 0
    for records in readers()[spec.reader].read(one.file.absolute, layout, spec):
        rows += _add_to(sample, records, SAMPLE_ROWS - rows)
        if rows >= SAMPLE_ROWS:
            break
    return sample


def _add_to(sample: Sample, records: Records, wanted: int) -> int:
    """Add at most so many records; return how many."""
    for kept, values in zip(sample.values, records.values, strict=True):
        kept += values[:wanted]
    for text in records.extra[:wanted]:
        fields: Mapping[str, Any] = json.loads(text) if text else {}
        for name, value in fields.items():
            sample.extra.setdefault(name, []).append(None if value is None else str(value))
    return min(wanted, len(records.line))


def _missing_columns(spec: SourceSpec, layout: Layout, unknown: Sequence[str]) -> Iterable[Finding]:
    for column, place in zip(spec.columns, layout.places, strict=bool(layout.places)):
        if place is None and not column.is_evolved:
            near = did_you_mean(column.header, unknown) if unknown else None
            yield Finding(kind="missing_column", column=column.name, near=near if _is_shown(near) else None)


def _new_columns(spec: SourceSpec, unknown: Sequence[str], sample: Sample) -> Iterable[Finding]:
    for place, name in enumerate(unknown, 1):
        shown = name if _is_shown(name) else f"unknown column {place}"
        yield Finding(
            kind="new_column", column=shown, personal=_personal(spec, name, sample.extra.get(name, []))
        )
    for column, values in zip(spec.columns, sample.values, strict=True):
        if column.is_evolved and (personal := _personal(spec, column.header, values)) is not None:
            yield Finding(kind="new_column", column=column.header, personal=personal)


def _personal(spec: SourceSpec, name: str, values: Sequence[str | None]) -> str | None:
    """Return the PII class of a column that may reach silver; a name that cannot be shown is reason enough."""
    if spec.on_new(name) != "evolve":
        return None
    from pipeline.profile.personal.classify import looks_personal  # late: it knows many names

    found = looks_personal(name, values)
    if found is not None:
        return found.pii_class
    return None if _is_shown(name) else "unknown"


def _type_changes(spec: SourceSpec, sample: Sample) -> Iterable[Finding]:
    policy = spec.drift
    share = DEFAULT_SHARE if policy.type_change_share is None else policy.type_change_share
    floor = DEFAULT_FLOOR if policy.type_change_share is None else 1
    for column, values in zip(spec.columns, sample.values, strict=True):
        texts = [text for value in values if value is not None and (text := value.strip(BLANKS))]
        texts = [text for text in texts if text not in column.missing]
        unread = sum(1 for text in texts if not is_readable(text, column))
        if len(texts) >= floor and unread > share * len(texts):
            yield Finding(
                kind="type_change",
                column=column.name,
                share=round(unread / len(texts), 3),
                declared=_declared(column),
            )


def _declared(column: ColumnSpec) -> str:
    return f"{column.type.spark} {column.number_format} {column.date_formats} {column.missing}"


def _is_shown(name: str | None) -> bool:
    return name is not None and _NAME_LIKE.fullmatch(name) is not None


def _rule_one(spec: SourceSpec, finding: Finding) -> Ruling | None:
    if finding.kind == "new_column":
        return _rule_new(spec, finding)
    column = next((c for c in spec.columns if c.name == finding.column), None)
    if column is None:
        return None
    if finding.kind == "missing_column":
        decision = spec.on_missing(column)
        near = f'; perhaps it is called "{finding.near}" now' if finding.near else ""
        message = f'column "{column.header}" is missing{near}: {_MISSING[decision]}'
        return Ruling(finding=finding, decision=decision, message=message)
    if finding.declared != _declared(column):
        return None
    decision = spec.on_type_change(column)
    message = (
        f'column "{column.header}" no longer reads as {column.type.kind}, {finding.share or 0:.0%} of the values '
        f"looked at do not: {_CHANGED[decision]}"
    )
    return Ruling(finding=finding, decision=decision, message=message)


def _rule_new(spec: SourceSpec, finding: Finding) -> Ruling | None:
    if any(fold(c.header) == fold(finding.column) for c in spec.columns if not c.is_evolved):
        return None
    decision = spec.on_new(finding.column)
    told = _NEW[decision]
    if decision == "evolve" and finding.personal is not None:
        decision, told = "discard", f"it looks like personal data ({finding.personal}), kept in bronze only"
    elif decision == "evolve" and not any(
        fold(c.header) == fold(finding.column) for c in evolve(spec, [finding]).columns
    ):
        decision, told = "discard", "its name is no column's or is taken, kept in bronze only"
    message = f'new column "{finding.column}": {told}'
    return Ruling(finding=finding, decision=decision, message=message)


_NEW: Mapping[Decision, str] = {
    "evolve": "taken into silver as text",
    "freeze": "the contract freezes the file; add the column to it, or let newColumn discard it",
    "discard": "kept in bronze only",
    "quarantine": "every row of the file is quarantined",
}
_MISSING: Mapping[Decision, str] = {
    "evolve": "taken as empty",
    "freeze": "the contract freezes the file",
    "discard": "every row of the file is discarded",
    "quarantine": "every row of the file is quarantined",
}
_CHANGED: Mapping[Decision, str] = {
    "evolve": "its rows are judged one by one",
    "freeze": "the contract freezes the file; declare the new type, or let typeChange quarantine its rows",
    "discard": "every row of the file is discarded",
    "quarantine": "every row of the file is quarantined",
}
