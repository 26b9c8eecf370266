"""Turn drafts into files and into the truth about them: physical line numbers, outcomes, counts, personal values.

Layer: sample. Writes what `build` asks for; a file is complete or absent.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datatrust.sample.closings import CLOSINGS
from datatrust.sample.csvtext import csv_line
from datatrust.sample.dirt.plot import NOT_A_RECORD, Draft, Kind, Line, Plot

STATUSES = ("valid", "quarantined", "duplicate", "superseded", "discarded")


@dataclass(frozen=True, kw_only=True)
class DraftFile:
    """One raw file: its path under the raw folder, and its bytes."""

    path: str
    content: bytes
    records: int  # lines that are records: neither the header nor blank


def write_out(plot: Plot) -> tuple[list[DraftFile], list[dict[str, Any]]]:
    """Return the raw files and the truth rows, one for each planted line."""
    files, truth = [], []
    for draft in plot.drafts.values():
        if not draft.lines:
            continue  # a source that brings nothing this time has no file
        draft.lines.sort(key=lambda line: line.place)
        path = f"{CLOSINGS[draft.delivery].name}/{draft.name}"
        order = [draft.table.columns.index(name) for name in draft.columns]
        texts = [csv_line(draft.columns).encode()]
        for number, line in enumerate(draft.lines, start=2):
            texts.append(_text(line, order))
            if line.kind is not None:
                truth.append(_truth(draft, path, number, line, line.kind))
        files.append(
            DraftFile(
                path=path,
                content=b"\n".join(texts) + b"\n",
                records=sum(line.statuses[0] != NOT_A_RECORD for line in draft.lines),
            )
        )
    files.sort(key=lambda file: file.path)
    truth.sort(key=lambda row: (row["file"], row["line"]))
    return files, truth


def _text(line: Line, order: list[int]) -> bytes:
    if line.data is not None:
        return line.data
    return csv_line(tuple(line.values[i] for i in order)).encode()


def _truth(draft: Draft, path: str, number: int, line: Line, kind: Kind) -> dict[str, Any]:
    row: dict[str, Any] = {
        "delivery": CLOSINGS[draft.delivery].name,
        "file": path,
        "line": number,
        "source": draft.table.source,
        "key": _key(draft, line),
        "kind": kind.name,
        "outcome": line.statuses[-1],
        "reason": kind.reason,
        "column": kind.column,
    }
    if len(set(line.statuses)) > 1:
        later = [closing.name for closing in CLOSINGS[draft.delivery :]]
        row["outcome_after"] = dict(zip(later, line.statuses, strict=True))
    return row


def _key(draft: Draft, line: Line) -> str | None:
    if not line.values:
        return None
    key = draft.table.key_of(line.values)
    return key if all(key.split("|")) else None


def count_outcomes(plot: Plot) -> dict[str, dict[str, dict[str, int]]]:
    """Return what a right pipeline counts after each delivery, over all its rows so far, by source."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for after, closing in enumerate(CLOSINGS):
        tallies: dict[str, Counter[str]] = {}
        for draft in plot.drafts.values():
            if draft.delivery <= after:
                tally = tallies.setdefault(draft.table.source, Counter())
                tally.update(line.statuses[after - draft.delivery] for line in draft.lines)
        counts[closing.name] = {
            source: {
                "read": sum(n for status, n in tally.items() if status != NOT_A_RECORD),
                **{status: tally[status] for status in STATUSES},
            }
            for source, tally in tallies.items()
        }
    return counts


def personal_values(plot: Plot) -> Iterator[dict[str, str]]:
    """Yield every personal value that a raw file holds, once each, with its kind (the column)."""
    seen: set[tuple[str, str]] = set()
    for draft in plot.drafts.values():
        for column in draft.table.personal:
            at = draft.table.columns.index(column)
            for line in draft.lines:
                if line.values and line.values[at] and (column, line.values[at]) not in seen:
                    seen.add((column, line.values[at]))
                    yield {"kind": column, "value": line.values[at]}


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that no reader sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.part")
    half.write_bytes(content)
    os.replace(half, path)
