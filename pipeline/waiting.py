"""Show the rows that wait in quarantine, as the current release has them: where, why, and whose rule says so.

No value of a row is shown but a key that kept its declared form and is not personal. Starts no Spark.
Layer: pipeline. Imports core, contracts, judge and tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from datatrust.core.errors import UnknownName
from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.release import Release, load_release
from datatrust.core.settings import Project
from pipeline.contracts.model import SourceSpec
from pipeline.judge import CONFLICT, FORMAT, safe_columns
from pipeline.quarantine import QUARANTINE
from pipeline.selection import check_sources
from pipeline.tables import query_tables


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One rule that a row breaks, in words, and who answers for the rule."""

    id: str
    words: str
    owner: str | None


@dataclass(frozen=True, kw_only=True)
class WaitingRow:
    """One quarantined row, its values hidden."""

    source: str
    file: str
    line: int
    key: str | None  # only where no part of it is personal or broken
    reasons: tuple[Reason, ...]
    sequence: int  # number of the file in the ledger
    contract_version: str


@dataclass(frozen=True, kw_only=True)
class WaitingGroup:
    """How many rows of a source break a rule; a row that breaks several counts in each."""

    source: str
    reason: Reason
    rows: int


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What waits in quarantine in one release."""

    release: str
    total: int
    groups: tuple[WaitingGroup, ...]
    rows: tuple[WaitingRow, ...]


def load_waiting(
    project: Project, specs: Sequence[SourceSpec], *, source: str | None = None, reason: str | None = None
) -> Waiting:
    """Return the quarantined rows of the current release, of one source or of all.

    Args:
        reason: a rule's id ("range:amount"), or its family ("range"): only rows that break it.

    Raises:
        UnknownName: there is no release, no such source, or no such reason.
    """
    release = load_release(project.warehouse)
    check_sources([source] if source else [], specs)
    by_name = {spec.name: spec for spec in specs}
    rows = []
    for row in _stored(project, release, source):
        spec = by_name.get(row["source"])
        reasons = tuple(word_reason(spec, name) for name in row["reasons"])
        if reason is None or any(_is_asked(found.id, reason) for found in reasons):
            rows.append(
                WaitingRow(
                    source=row["source"],
                    file=row["_file"],
                    line=row["_line"],
                    key=row["key"] if spec and _may_show_key(spec, row["reasons"]) else None,
                    reasons=reasons,
                    sequence=row["_sequence"],
                    contract_version=row["contract_version"],
                )
            )
    if reason is not None and not rows:
        _check_reason(reason, specs)
    return Waiting(release=release.id, total=len(rows), groups=_group(rows, reason), rows=tuple(rows))


def word_reason(spec: SourceSpec | None, reason: str) -> Reason:
    """Return a reason in words, with the owner of its rule: of the source where the rule names none."""
    owner = spec.owner if spec else None
    rule = next((rule for rule in spec.rules if rule.id == reason), None) if spec else None
    if rule is not None:
        return Reason(id=reason, words=rule.reason, owner=rule.owner or owner)
    family, _, subject = reason.partition(":")
    if family == FORMAT:
        words = f"the record cannot be read: {subject.replace('_', ' ')}"
    elif reason == CONFLICT:
        words = "another row has the same key and version and says something else"
    else:
        words = f"{reason}: a rule that the contract no longer has"
    return Reason(id=reason, words=words, owner=owner)


def _stored(project: Project, release: Release, source: str | None) -> list[dict[str, Any]]:
    pin = release.tables.get(QUARANTINE)
    if pin is None:
        return []
    return query_tables(
        "select source, _sequence, _line, _file, key, reasons, contract_version from quarantine "
        "where source = coalesce(?, source) order by source, _sequence, _line",
        {"quarantine": project.warehouse / pin.path},
        [source],
        versions={"quarantine": pin.version},
    )


def _may_show_key(spec: SourceSpec, reasons: Iterable[str]) -> bool:
    """A broken cell may hold anything, a personal value of its neighbour among it."""
    safe = {column.name for column in safe_columns(spec)}
    if not spec.key or not set(spec.key) <= safe:
        return False
    broken = set(reasons)
    touched = {name for rule in spec.rules if rule.id in broken for name in rule.columns}
    known = {rule.id for rule in spec.rules} | {CONFLICT}
    return broken <= known and not touched & set(spec.key)


def _is_asked(found: str, reason: str) -> bool:
    return found == reason or found.startswith(f"{reason}:")


def _group(rows: Sequence[WaitingRow], reason: str | None) -> tuple[WaitingGroup, ...]:
    counts: Counter[tuple[str, Reason]] = Counter()
    for row in rows:
        counts.update(
            (row.source, found) for found in row.reasons if reason is None or _is_asked(found.id, reason)
        )
    ordered = sorted(counts.items(), key=lambda item: (item[0][0], -item[1], item[0][1].id))
    return tuple(WaitingGroup(source=source, reason=found, rows=count) for (source, found), count in ordered)


def _check_reason(reason: str, specs: Sequence[SourceSpec]) -> None:
    """A reason that no rule has is a misspelling; one that a rule has and no row breaks is good news."""
    rules = {rule.id for spec in specs for rule in spec.rules} | {CONFLICT, FORMAT}
    known = rules | {rule.partition(":")[0] for rule in rules}
    if reason not in known and not reason.startswith(f"{FORMAT}:"):
        raise UnknownName(
            Issue(
                code="DT492",
                message=f'no rule "{reason}"',
                suggestion=did_you_mean(reason, known),
                hint="see the reasons that occur: datatrust quarantine list",
            )
        )
