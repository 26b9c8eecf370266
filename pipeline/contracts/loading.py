"""How a source's files are loaded: what its load mode asks of the contract, and what follows from schema drift.

Layer: pipeline. Imports core, the model and the reading.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from datatrust.core.issues import Issue, did_you_mean
from pipeline.contracts.model import (
    DECISIONS,
    IS_CURRENT,
    VALID_FROM,
    VALID_TO,
    Decision,
    DriftPolicy,
    SourceSpec,
)
from pipeline.contracts.reading import Reading

_TIMES = ("date", "timestamp", "integer")
_COLUMN_DRIFT = ("missingColumn", "typeChange")
_DRIFT = ("newColumn", "newColumns", *_COLUMN_DRIFT, "typeChangeShare")


def snapshot_faults(pattern: Any, shrink: Any) -> Iterator[str]:
    """Yield what is wrong with `snapshotDate` and `maxShrink`."""
    if pattern is not None:
        try:
            groups = re.compile(pattern).groups if isinstance(pattern, str) else 0
        except re.error:
            groups = 0
        if groups != 1:
            yield f"snapshotDate must be a pattern with one group, such as stock_([0-9-]+), not {pattern!r}"
    if shrink is not None and (
        isinstance(shrink, bool) or not isinstance(shrink, int | float) or not 0 <= shrink <= 1
    ):
        yield f"maxShrink must be a share between 0 and 1, not {shrink!r}"


def read_drift(reading: Reading, body: Any, *at: Hashable) -> DriftPolicy:
    """Return what a source's `drift` says: a word for each kind of change, and one for new columns by name."""
    if body is None:
        return DriftPolicy()
    if not isinstance(body, dict):
        reading.wrong("DT418", "drift must be a mapping, such as {newColumn: evolve}", *at)
        return DriftPolicy()
    for name in body:
        if name not in _DRIFT:
            reading.wrong("DT418", f'drift: unknown key "{name}"', *at, near=did_you_mean(str(name), _DRIFT))
    named = body.get("newColumns")
    if not isinstance(named, dict):
        if named is not None:
            reading.wrong("DT418", "drift: newColumns must map names to decisions", *at)
        named = {}
    share = body.get("typeChangeShare")
    if share is not None and (
        isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1
    ):
        reading.wrong(
            "DT418", f"drift: typeChangeShare must be a share from 0 to below 1, not {share!r}", *at
        )
        share = None
    return DriftPolicy(
        new_column=_decision(reading, body, "newColumn", *at) or "discard",
        new_columns={
            str(name).strip().lower(): found
            for name in named
            if (found := _decision(reading, named, name, *at)) is not None
        },
        missing_column=_decision(reading, body, "missingColumn", *at),
        type_change=_decision(reading, body, "typeChange", *at) or "freeze",
        type_change_share=share,
    )


def read_column_drift(reading: Reading, body: Any, *at: Hashable) -> tuple[Decision | None, Decision | None]:
    """Return what a column's `drift` says to its absence and to a change of its type; one word says both."""
    if body is None:
        return None, None
    if not isinstance(body, dict):
        body = dict.fromkeys(_COLUMN_DRIFT, body)
    for name in body:
        if name not in _COLUMN_DRIFT:
            reading.wrong(
                "DT418", f'drift: unknown key "{name}"', *at, near=did_you_mean(str(name), _COLUMN_DRIFT)
            )
    missing, changed = (_decision(reading, body, name, *at) for name in _COLUMN_DRIFT)
    return missing, changed


def _decision(reading: Reading, body: Mapping[Any, Any], name: Any, *at: Hashable) -> Decision | None:
    word = body.get(name)
    for known in DECISIONS:
        if word == known:
            return known
    if word is not None:
        reading.wrong(
            "DT418",
            f"drift: {name} must be one of {', '.join(DECISIONS)}, not {word!r}",
            *at,
            near=did_you_mean(str(word), DECISIONS),
        )
    return None


def check_load_mode(spec: SourceSpec) -> Iterator[Issue]:
    """A load mode has what it needs, and nothing that it would not heed."""
    if spec.load_mode == "scd2":
        yield from _check_history(spec)
    elif spec.load_mode == "snapshot" and spec.sequence is not None:
        yield _wrong(
            spec,
            "snapshots are ordered by their files, sequenceColumn would not count",
            hint="leave it out; snapshotDate takes the order from the files' names",
        )
    if spec.load_mode != "snapshot" and spec.snapshot_date is not None:
        yield _wrong(spec, f"snapshotDate is for loadMode snapshot, not {spec.load_mode}")


def _check_history(spec: SourceSpec) -> Iterator[Issue]:
    if not spec.key:
        yield _wrong(spec, "loadMode scd2 keeps versions of a key", hint="mark its columns primaryKey: true")
    if spec.sequence is None or spec.column(spec.sequence).type.kind not in _TIMES:
        yield _wrong(
            spec,
            "loadMode scd2 needs a sequenceColumn that says since when a version is valid",
            hint=f"its type is one of {', '.join(_TIMES)}",
        )
    for column in spec.columns:
        if column.name in (VALID_FROM, VALID_TO, IS_CURRENT):
            yield Issue(
                code="DT405",
                message=f'column "{column.name}" is written by loadMode scd2 itself',
                at=column.position,
                hint="give the column another name, with the file's own as physicalName",
            )


def _wrong(spec: SourceSpec, message: str, *, hint: str | None = None) -> Issue:
    return Issue(code="DT417", message=f"{spec.name}: {message}", at=spec.position, hint=hint)
