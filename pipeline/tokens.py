"""Find tokens where they are stored: whose key made them, and whether they hide what they stand for.

A token hides a value only among many: where a column has few values, how often each occurs gives it away
(matching by rank). Contracts that declare few values are refused when they are read; here the stored ones count.
Layer: pipeline. Imports core, contracts and tables; DuckDB over the pinned files, no Spark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from datatrust.core.issues import Issue
from datatrust.core.kept import table_folder
from datatrust.core.masking import MaskingPolicy
from datatrust.core.release import Release, TablePin
from pipeline.contracts.model import SourceSpec
from pipeline.tables import query_tables, split_name


def find_tokens(warehouse: Path, release: Release) -> dict[str, tuple[str, ...]]:
    """Return by key id the columns of a release's silver and gold tables that hold tokens, as they are stored."""
    found: dict[str, list[str]] = {}
    for name, pin in sorted(release.tables.items()):
        texts = [column for column, kind in pin.columns if kind == "string"]
        if split_name(name)[0] not in ("silver", "gold") or not texts:
            continue
        ids = ", ".join(
            f'list(distinct substr("{column}", 5, 8)) filter (regexp_full_match("{column}", '
            f"'tok_[0-9a-f]{{8}}_[0-9a-f]{{64}}')) as \"{column}\""
            for column in texts
        )
        for column, keys in _ask(warehouse, release, pin, f"select {ids} from t").items():
            for one in keys or ():
                found.setdefault(one, []).append(f"{name}.{column}")
    return {one: tuple(columns) for one, columns in sorted(found.items())}


def check_stored_tokens(
    warehouse: Path, release: Release, specs: Sequence[SourceSpec], policy: MaskingPolicy
) -> Iterator[Issue]:
    """No column of silver holds few different tokens in many rows."""
    for spec, column in ((one, column) for one in specs for column in one.pii_columns):
        pin = release.tables.get(spec.silver_table)
        if pin is None or policy.classes[column.pii_class or ""].action != "token":
            continue
        sql = f'select count("{column.name}") as rows, count(distinct "{column.name}") as tokens from t'
        counted = _ask(warehouse, release, pin, sql)
        if policy.is_guessable(counted["tokens"], counted["rows"]):
            yield Issue(
                code="DT418",
                message=f"{spec.silver_table}.{column.name} holds {counted['tokens']} different tokens "
                f"in {counted['rows']:,} rows",
                at=column.position or spec.position,
                hint="redact it, generalise it, or drop it: how often each token occurs tells what it stands for",
            )


def _ask(warehouse: Path, release: Release, pin: TablePin, sql: str) -> dict[str, Any]:
    folder = table_folder(warehouse, release, pin)
    (row,) = query_tables(sql, {"t": folder}, versions={"t": pin.version})
    return row
