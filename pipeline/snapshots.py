"""Put snapshots in order and doubt one that has lost too much.

Each file of a snapshot source is the whole state. Its place among the states is the date in its path where the
contract says how to find it (`snapshotDate`), and its arrival where it does not; of one date the later arrival.
Refuses a file whose path has no such date, and one with far fewer rows than the state before it: a half-written
export would empty silver.
Layer: pipeline. Imports contracts, bronze and the ledger; pure but for the counts that it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.bronze import Inspected
from pipeline.contracts.model import SourceSpec
from pipeline.ledger import LedgerEntry
from pipeline.readers.base import Layout, Refusal
from pipeline.repair import Repairs

DEFAULT_SHRINK = 0.5
DEFAULT_FLOOR = 20  # rows of the state before, below which only an empty one is doubted by default
_DATE = re.compile(
    r"(?:19|20)\d\d\D?(?:0[1-9]|1[0-2])(?:\D?(?:0[1-9]|[12]\d|3[01])(?:\D?\d\d\D?\d\d(?:\D?\d\d)?)?)?"
)
_ARRIVALS = 10**12  # file numbers stay below it


@dataclass(frozen=True, kw_only=True)
class _State:
    """One snapshot: its place among the others, and how many rows it has."""

    stamp: int
    path: str
    rows: int


def order_of(spec: SourceSpec, path: str, sequence: int) -> int | None:
    """Return the place of a file among the states of its source; None where its path says no date.

    A date is year first, with two digits for month and day, so that the order of digits is the order of time.
    """
    if spec.snapshot_date is None:
        return sequence
    found = re.search(spec.snapshot_date, path)
    if found is None or not _DATE.fullmatch(found[1] or ""):
        return None
    return int(re.sub(r"\D", "", found[1]).ljust(14, "0")) * _ARRIVALS + sequence


def stamps_of(spec: SourceSpec, ledger: Iterable[LedgerEntry], repairs: Repairs) -> dict[int, int]:
    """Return the place among the states of every loaded file, by its number; of snapshots only.

    A corrected file has the place of the one that it corrects, whose rows count no more.
    """
    if spec.load_mode != "snapshot":
        return {}
    places = {
        e.sequence: order_of(spec, e.path, repairs.places.get(e.sequence, e.sequence))
        for e in ledger
        if e.source == spec.name and e.status == "loaded" and e.sequence not in repairs.replaced_files
    }
    return {number: place for number, place in places.items() if place is not None}


def without_undated(spec: SourceSpec, files: Sequence[Inspected]) -> tuple[Inspected, ...]:
    """Return the files, those refused whose place among the states cannot be told."""
    if spec.load_mode != "snapshot":
        return tuple(files)
    reason = (
        f"its path has no date that snapshotDate ({spec.snapshot_date}) finds: year, month, day, in digits"
    )
    return tuple(
        replace(one, outcome=Refusal(reason=reason))
        if isinstance(one.outcome, Layout) and order_of(spec, one.file.path, one.file.sequence) is None
        else one
        for one in files
    )


def without_shrunk(
    spec: SourceSpec,
    files: Sequence[Inspected],
    rows: Mapping[int, int],
    ledger: Iterable[LedgerEntry],
) -> tuple[Inspected, ...]:
    """Return the files, those refused that have lost more rows than the contract lets a state lose.

    Args:
        rows: records of each laid-out file, by its number.
        ledger: what was loaded before; its snapshots are the states to compare with.
    """
    if spec.load_mode != "snapshot":
        return tuple(files)
    states = [
        _State(stamp=order_of(spec, e.path, e.sequence) or 0, path=e.path, rows=e.records)
        for e in ledger
        if e.source == spec.name and e.status == "loaded"
    ]
    judged: dict[int, Inspected] = {}
    places = {one.file.sequence: order_of(spec, one.file.path, one.file.sequence) or 0 for one in files}
    for one in sorted(files, key=lambda one: places[one.file.sequence]):
        if isinstance(one.outcome, Layout):
            number = one.file.sequence
            state = _State(stamp=places[number], path=one.file.path, rows=rows.get(number, 0))
            before = max((s for s in states if s.stamp < state.stamp), key=lambda s: s.stamp, default=None)
            if before is not None and (reason := _doubt(spec, state, before)):
                one = replace(one, outcome=Refusal(reason=reason))
            else:
                states.append(state)
        judged[one.file.sequence] = one
    return tuple(judged[one.file.sequence] for one in files)


def _doubt(spec: SourceSpec, state: _State, before: _State) -> str | None:
    """Return why a state is not believed, or None."""
    if not before.rows:
        return None
    lost = (before.rows - state.rows) / before.rows
    allowed = DEFAULT_SHRINK if spec.max_shrink is None else spec.max_shrink
    if lost <= allowed:
        return None
    if spec.max_shrink is None and state.rows and before.rows < DEFAULT_FLOOR:
        return None
    return (
        f"as a snapshot it holds {state.rows:,} rows, {lost:.0%} fewer than the {before.rows:,} of {before.path}: "
        f"more than maxShrink allows ({allowed:.0%}); raise it in the contract if the file is right"
    )
