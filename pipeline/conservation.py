"""Prove that no row and no cent was lost between the raw files and the tables about to be published.

The figures of ingest are set against counts made here with other means: DuckDB over the stored files instead
of Spark over the rows at hand.
Refuses the publish on the first run in which they differ, with every difference.
Layer: pipeline. Imports core, contracts, ledger and tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from datatrust.core.errors import OutcomeError
from datatrust.core.release import SourceControl
from pipeline.contracts.model import SourceSpec
from pipeline.ledger import LedgerEntry
from pipeline.quarantine import OUTCOMES, QUARANTINE
from pipeline.tables import query_tables, table_path

FATES = ("valid", "quarantined", "duplicate", "superseded", "discarded")


def check_conservation(
    warehouse: Path,
    specs: Sequence[SourceSpec],
    controls: Sequence[SourceControl],
    ledger: Iterable[LedgerEntry],
) -> int:
    """Compare the figures of every source with the tables as they stand; return how many comparisons held.

    Raises:
        OutcomeError: something differs; every difference is listed.
    """
    entries = tuple(ledger)
    compared: list[tuple[str, object, object]] = []
    for spec, control in ((s, c) for s in specs for c in controls if c.source == s.name):
        compared += _identity(control)
        compared += _files_and_bronze(warehouse, spec, control, entries)
        compared += _stored_rows(warehouse, spec, control)
        compared += _amounts(warehouse, spec, control)
    differing = [f"{what}: {one} is not {other}" for what, one, other in compared if one != other]
    if differing:
        raise OutcomeError(
            "rows or amounts were lost, the release is refused:\n  "
            + "\n  ".join(differing)
            + "\n  the last release still serves"
        )
    return len(compared)


def _identity(control: SourceControl) -> Iterator[tuple[str, object, object]]:
    """Every row that was read has exactly one fate; so has every amount."""
    parts = sum(getattr(control, fate) for fate in FATES)
    yield f"{control.source}: rows read, and the sum of their fates", control.read, parts
    for currency, sums in sorted(control.amounts.items()):
        rest = sum((sums.get(fate, Decimal(0)) for fate in FATES), Decimal(0))
        yield f"{control.source}: {currency} read, and the sum of its fates", sums.get("read"), rest


def _files_and_bronze(
    warehouse: Path, spec: SourceSpec, control: SourceControl, entries: Sequence[LedgerEntry]
) -> Iterator[tuple[str, object, object]]:
    """The files' records stand in bronze, all of them, and each file's lines are accounted for."""
    loaded = [e for e in entries if e.source == spec.name and e.status == "loaded"]
    yield f"{spec.name}: records in the files, and rows read", sum(e.records for e in loaded), control.read
    folder = warehouse / table_path(f"bronze.{spec.name}")
    stored = 0
    if (folder / "_delta_log").is_dir():
        rows = query_tables(
            "select count(*) as n from bronze where list_contains(?, _sequence)",
            {"bronze": folder},
            [[e.sequence for e in loaded]],
        )
        stored = rows[0]["n"]
    yield f"{spec.name}: rows in bronze, and rows read", stored, control.read


def _stored_rows(
    warehouse: Path, spec: SourceSpec, control: SourceControl
) -> Iterator[tuple[str, object, object]]:
    yield (
        f"{spec.name}: rows in {spec.silver_table}, and valid rows",
        _count(warehouse, spec.silver_table, "true"),
        control.valid,
    )
    yield (
        f"{spec.name}: rows in quarantine, and quarantined rows",
        _count(warehouse, QUARANTINE, "source = ?", spec.name),
        control.quarantined,
    )
    for fate in ("duplicate", "superseded", "discarded"):
        yield (
            f"{spec.name}: rows noted as {fate}, and {fate} rows",
            _count(warehouse, OUTCOMES, "source = ? and status = ?", spec.name, fate),
            getattr(control, fate),
        )


def _amounts(
    warehouse: Path, spec: SourceSpec, control: SourceControl
) -> Iterator[tuple[str, object, object]]:
    """The valid amounts of each currency are those that silver holds, to the last digit."""
    if control.amount_column is None or not _exists(warehouse, spec.silver_table):
        return
    code = f'"{spec.currency_column}"'
    currency = f"case when {code} similar to '[A-Z]{{3}}' then {code} else '?' end"
    rows = query_tables(
        f"select {currency if spec.currency_column else '?'} as currency, "
        f'sum("{control.amount_column}") as total from silver group by 1',
        {"silver": warehouse / table_path(spec.silver_table)},
        [] if spec.currency_column else [spec.currency or ""],
    )
    stored = {row["currency"]: row["total"] for row in rows if row["total"] is not None}
    for name in sorted({*control.amounts, *stored}):
        valid = control.amounts.get(name, {}).get("valid", Decimal(0))
        yield f"{spec.name}: {name} in {spec.silver_table}, and valid", stored.get(name, Decimal(0)), valid


def _count(warehouse: Path, name: str, condition: str, *parameters: str) -> int:
    if not _exists(warehouse, name):
        return 0
    rows = query_tables(
        f"select count(*) as n from stored where {condition}",
        {"stored": warehouse / table_path(name)},
        list(parameters),
    )
    return int(rows[0]["n"])


def _exists(warehouse: Path, name: str) -> bool:
    return (warehouse / table_path(name) / "_delta_log").is_dir()
