"""What later files put right of earlier ones: whole files delivered again, and single rows repaired from an export.

A file may replace an earlier one: then no row of that one counts any more. A row may carry a reference to a row of
an earlier file: then that one counts no more, and of several files that refer to it the newest does. Either takes the
place of what it replaces in the order of versions, so that a late repair of April does not overrule May.
Everything follows from the ledger and from bronze, so that a rebuild ends as the runs before it did.
Layer: pipeline. Imports contracts, the ledger and tables; starts no Spark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.contracts.model import SourceSpec
from pipeline.ledger import TOP, LedgerEntry, matches
from pipeline.readers.base import Layout
from pipeline.tables import query_tables, table_path

REFERENCE = "_ref"  # "row:7:123": number of the file in the ledger, line
FILE, LINE, REASONS, WHY, RAW = "_file", "_line", "_reasons", "_why", "_raw"
ACTION = "_action"
DISCARD = "discard"  # the only action: nothing is to stand in the place of the row

_PATTERN = "^row:([0-9]{1,18}):([0-9]{1,18})$"
_DELIMITERS = (",", ";", "\t")  # what spreadsheets of one country or another write

Row = tuple[int, int]  # number of the file, line


def make_reference(sequence: int, line: int) -> str:
    """Return the reference of a row: a text that no spreadsheet takes for a time or a date.

    >>> make_reference(7, 123)
    'row:7:123'
    """
    return f"row:{sequence}:{line}"


def reading_spec(spec: SourceSpec, path: str, absolute: Path) -> SourceSpec:
    """Return the contract to read a raw file by: a file of repaired rows is plain CSV with the export's header."""
    if not matches(path, spec.repair_glob):
        return spec
    with absolute.open("rb") as file:
        head = file.readline(1 << 16).decode("utf-8", errors="replace")
    delimiter = next((sign for sign in _DELIMITERS if f"{REFERENCE}{sign}" in head.replace('"', "")), ",")
    return replace(spec, reader="csv", reader_options={"delimiter": delimiter}, control_totals=None)


def carries_references(layout: Layout) -> bool:
    """Say whether a file has the column that ties its rows to earlier ones."""
    return any(name == REFERENCE for _, name in layout.unknown)


@dataclass(frozen=True, kw_only=True)
class RowRepair:
    """What is known of one row that repairs another, or is repaired."""

    place: int | None = None  # number of the file whose place it takes
    is_replaced: bool = False
    is_discard: bool = False


@dataclass(frozen=True, kw_only=True)
class Repairs:
    """All that was put right in one source; empty for most."""

    replaced_files: frozenset[int] = frozenset()
    places: Mapping[int, int] = field(default_factory=dict)  # of files that take another's place
    rows: Mapping[Row, RowRepair] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.replaced_files or self.rows)


@dataclass(frozen=True, kw_only=True)
class _Reference:
    """A row of a file that refers to a row of an earlier one."""

    row: Row
    target: Row
    is_discard: bool


def load_repairs(warehouse: Path, spec: SourceSpec, ledger: Iterable[LedgerEntry]) -> Repairs:
    """Return what the loaded files of a source put right, from the ledger and bronze."""
    mine = sorted(
        (e for e in ledger if e.source == spec.name and e.status == "loaded"), key=lambda e: e.sequence
    )
    places: dict[int, int] = {}
    for entry in mine:
        if entry.corrects is not None and entry.delivery not in (None, TOP):
            places[entry.sequence] = places.get(entry.corrects, entry.corrects)
    return Repairs(
        replaced_files=frozenset(entry.corrects for entry in mine if entry.corrects is not None),
        places=places,
        rows=_row_repairs(_find_references(warehouse, spec, mine), places),
    )


def count_references(warehouse: Path, spec: SourceSpec, sequence: int) -> int:
    """Return how many rows of a file in bronze carry a reference, whether it leads anywhere or not."""
    rows = query_tables(
        f"select count(*) as n from bronze where _sequence = ? and regexp_matches({_extra(REFERENCE)}, ?)",
        {"bronze": warehouse / table_path(f"bronze.{spec.name}")},
        [sequence, _PATTERN],
    )
    return int(rows[0]["n"])


def _find_references(warehouse: Path, spec: SourceSpec, mine: Sequence[LedgerEntry]) -> list[_Reference]:
    """Return the references that lead to a row of an earlier file of the source, oldest first."""
    repairing = [entry.sequence for entry in mine if entry.repairs]
    if not repairing:
        return []
    rows: list[dict[str, Any]] = query_tables(
        f"""
        with repairs as (
            select _sequence, _line, {_extra(ACTION)} as action,
                try_cast(regexp_extract({_extra(REFERENCE)}, ?, 1) as bigint) as of_sequence,
                try_cast(regexp_extract({_extra(REFERENCE)}, ?, 2) as bigint) as of_line
            from bronze where list_contains(?, _sequence) and regexp_matches({_extra(REFERENCE)}, ?)
        )
        select r._sequence, r._line, r.of_sequence, r.of_line,
            coalesce(lower(trim(r.action)) = ?, false) as is_discard
        from repairs r semi join bronze o on o._sequence = r.of_sequence and o._line = r.of_line
        where r.of_sequence < r._sequence and list_contains(?, r.of_sequence)
        order by r._sequence, r._line
        """,
        {"bronze": warehouse / table_path(f"bronze.{spec.name}")},
        [_PATTERN, _PATTERN, repairing, _PATTERN, DISCARD, [entry.sequence for entry in mine]],
    )
    return [
        _Reference(
            row=(row["_sequence"], row["_line"]),
            target=(row["of_sequence"], row["of_line"]),
            is_discard=row["is_discard"],
        )
        for row in rows
    ]


def _extra(name: str) -> str:
    return f"json_extract_string(_extra, '$.{name}')"


def _row_repairs(references: Sequence[_Reference], places: Mapping[int, int]) -> dict[Row, RowRepair]:
    newest: dict[Row, int] = {}
    for one in references:
        newest[one.target] = max(one.row[0], newest.get(one.target, 0))
    found: dict[Row, RowRepair] = {target: RowRepair(is_replaced=True) for target in newest}
    for one in references:  # oldest first: the place of a row is known before it is repaired again
        sequence = one.target[0]
        before = found[one.target].place
        found[one.row] = RowRepair(
            place=before if before is not None else places.get(sequence, sequence),
            is_replaced=one.row in newest or newest[one.target] > one.row[0],
            is_discard=one.is_discard,
        )
    return found
