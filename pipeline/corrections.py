"""Say of a file delivered again under its path, with other content, whether it replaces what it said before.

It does when it loses nothing: every key that stands by the earlier content comes again, and at least half of all
its readable keys. Otherwise it is more rows, as a growing feed sends them, and the ledger says so. A contract can
decide it: `redelivery: replace` (rows may be taken back) or `redelivery: add` (never a correction). A snapshot whose
path says its date is said again as a whole; one whose path does not is the next state.
Layer: pipeline. Imports contracts, the ledger, repair and tables; starts no Spark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.contracts.model import SourceSpec
from pipeline.ledger import LedgerEntry
from pipeline.repair import count_references
from pipeline.tables import query_tables, table_path


def mark_corrections(
    warehouse: Path, spec: SourceSpec, fresh: Sequence[LedgerEntry], known: Sequence[LedgerEntry]
) -> tuple[LedgerEntry, ...]:
    """Return the entries of new files of a source with what they replace; its rows stand in bronze already."""
    marked: list[LedgerEntry] = []
    for entry in sorted(fresh, key=lambda entry: entry.sequence):
        earlier = _earlier(spec, entry, (*known, *marked))
        marked.append(_marked(warehouse, spec, entry, earlier) if earlier else entry)
    return tuple(marked)


def mark_references(warehouse: Path, spec: SourceSpec, entry: LedgerEntry) -> LedgerEntry:
    """Return the entry of a file that has the column of references with the number of rows that carry one."""
    rows = count_references(warehouse, spec, entry.sequence)
    return replace(entry, repairs=rows, message=f"{rows:,} of its rows repair earlier ones")


def _earlier(spec: SourceSpec, entry: LedgerEntry, others: Sequence[LedgerEntry]) -> LedgerEntry | None:
    """Return the newest file of the same path that still counts; None where nothing can be corrected."""
    if entry.status != "loaded" or entry.repairs or spec.redelivery == "add":
        return None
    if spec.load_mode == "snapshot" and spec.snapshot_date is None:
        return None  # its next state, whatever the file is called
    mine = [one for one in others if one.source == spec.name and one.status == "loaded"]
    replaced = {one.corrects for one in mine}
    same = [
        one
        for one in mine
        if one.path == entry.path and one.sequence not in replaced and one.sequence < entry.sequence
    ]
    return max(same, key=lambda one: one.sequence, default=None)


def _marked(warehouse: Path, spec: SourceSpec, entry: LedgerEntry, earlier: LedgerEntry) -> LedgerEntry:
    lacking, common, keys = 0, 1, 1
    if spec.redelivery != "replace" and spec.load_mode != "snapshot":
        lacking, common, keys = _compare(warehouse, spec, earlier.sequence, entry.sequence)
    if not lacking and common and 2 * common >= keys:
        marked = replace(entry, corrects=earlier.sequence)
        return _noted(marked, f"replaces what it said before: {earlier.records:,} records")
    if not (lacking and common):
        return entry
    note = (
        f"lacks {lacking:,} keys that its earlier content brought and that stand: taken as more rows, "
        "not as a correction (`redelivery: replace` in the contract would take it as one)"
    )
    return _noted(entry, note)


def _noted(entry: LedgerEntry, note: str) -> LedgerEntry:
    return replace(entry, message="; ".join(filter(None, (entry.message, note))))


def _compare(warehouse: Path, spec: SourceSpec, old: int, new: int) -> tuple[int, int, int]:
    """Return how many keys stand by the old content and lack in the new, how many come again, and how many there were."""
    parts = [f"trim(\"{name}\", ' \t\r\n')" for name in spec.key]
    key = f"row({', '.join(parts)})" if parts else "_row_hash"
    readable = " and ".join(["_rescue_reason is null", *(f"{part} <> ''" for part in parts)])
    tables = {"bronze": warehouse / table_path(f"bronze.{spec.name}")}
    standing = "select 0 as _line where false"
    if (warehouse / table_path(spec.silver_table) / "_delta_log").is_dir():
        tables["silver"] = warehouse / table_path(spec.silver_table)
        standing = f"select _line from silver where _sequence = {old}"
    (row,) = query_tables(
        f"""
        with old as (
            select {key} as k, bool_or(_line in ({standing})) as stands
            from bronze where _sequence = {old} and {readable} group by 1
        ),
        new as (select distinct {key} as k from bronze where _sequence = {new} and {readable})
        select count(*) filter (old.stands and new.k is null) as lacking, count(new.k) as common, count(*) as keys
        from old left join new on old.k = new.k
        """,
        tables,
    )
    return row["lacking"], row["common"], row["keys"]
