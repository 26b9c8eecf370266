"""Know where each table lies under the warehouse and read its Delta log, without Spark.

A table's name is `schema.table`; its folder follows from it (`restricted/` holds what may not be read freely).
Rows are read by DuckDB over the files that the log lists: deltalake's own reader, `to_pyarrow_table`, leaves
threads that abort the process as it ends.
Layer: pipeline. Imports core, deltalake and DuckDB.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from datatrust.core.errors import OutcomeError
from datatrust.core.kept import FOLDER as KEPT
from datatrust.core.release import RESTRICTED, TablePin

_SPARK_NAMES = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}


def table_path(name: str) -> str:
    """Return the folder of table `name`, relative to the warehouse.

    >>> table_path("gold.fct_sales"), table_path("bronze.customers"), table_path("restricted.quarantine")
    ('gold/fct_sales', 'restricted/bronze/customers', 'restricted/quarantine')
    """
    schema, table = split_name(name)
    return f"{RESTRICTED}/bronze/{table}" if schema == "bronze" else f"{schema}/{table}"


def split_name(name: str) -> tuple[str, str]:
    """Return schema and table of a name."""
    schema, _, table = name.partition(".")
    return schema, table


def find_tables(warehouse: Path) -> dict[str, Path]:
    """Return every Delta table under `warehouse` by its name, in name order; what is kept of them is none."""
    found = {}
    for log in warehouse.glob("*/*/_delta_log"):
        folder = log.parent
        if folder.parent.name != KEPT:
            found[f"{folder.parent.name}.{folder.name}"] = folder
    for log in (warehouse / RESTRICTED).glob("bronze/*/_delta_log"):
        found[f"bronze.{log.parent.name}"] = log.parent
    return dict(sorted(found.items()))


def open_table(folder: Path, version: int | None = None) -> DeltaTable:
    """Return the Delta table in `folder`, as it stands or at a version.

    Raises:
        OutcomeError: its log is damaged or incomplete.
    """
    try:
        return DeltaTable(str(folder), version=version)
    except (DeltaError, OSError, ValueError):
        raise _damaged(folder, "its Delta log is damaged or incomplete") from None


def table_version(folder: Path) -> int:
    """Return the newest version of the Delta table in `folder`."""
    return int(open_table(folder).version())


def pin_table(warehouse: Path, name: str, *, version: int | None = None) -> TablePin:
    """Return the pin of table `name` as it stands, or at `version`: columns in Spark's type names, and its rows."""
    path = table_path(name)
    table = open_table(warehouse / path, version)
    fields = json.loads(table.schema().to_json())["fields"]
    return TablePin(
        path=path,
        version=int(table.version()),
        columns=tuple((field["name"], _type_name(field["type"])) for field in fields),
        rows=count_rows(table),
    )


def count_rows(table: DeltaTable) -> int | None:
    """Return the rows of `table` by its log alone; None where a file came without statistics."""
    counts = table.get_add_actions(flatten=True).column("num_records").to_pylist()
    return None if any(count is None for count in counts) else sum(counts)


@dataclass(frozen=True, kw_only=True)
class TableFiles:
    """What a plain table is made of as it stands: absolute paths of Parquet files, and its columns in Delta's JSON."""

    paths: tuple[str, ...]
    schema: dict[str, Any]
    version: int
    bytes: int  # of all its files, also of those that were left out


def list_files(folder: Path, sequences: Collection[int] | None = None) -> TableFiles | None:
    """Return the files that the log lists; None where a row is more than a line of its file.

    That is so in tables with partitions, deletion vectors, mapped columns or anything else that asks more of
    readers than the first protocol.

    Args:
        sequences: leave out files whose statistics say that `_sequence` is none of these.
    """
    table = open_table(folder)
    if table.protocol().min_reader_version > 1 or table.metadata().partition_columns:
        return None
    added = table.get_add_actions(flatten=True)
    paths = added.column("path").to_pylist()
    if sequences is not None and {"min._sequence", "max._sequence"} <= set(added.column_names):
        lows, highs = (added.column(f"{bound}._sequence").to_pylist() for bound in ("min", "max"))
        wanted = sorted(sequences)
        paths = [
            path
            for path, low, high in zip(paths, lows, highs, strict=True)
            if low is None or high is None or bisect_left(wanted, low) < bisect_right(wanted, high)
        ]
    return TableFiles(
        paths=tuple(str(folder / path) for path in sorted(paths)),
        schema=json.loads(table.schema().to_json()),
        version=int(table.version()),
        bytes=sum(added.column("size_bytes").to_pylist()),
    )


def query_tables(
    sql: str,
    tables: Mapping[str, Path],
    parameters: Sequence[Any] = (),
    *,
    versions: Mapping[str, int] | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of a query over Delta tables; times are in UTC.

    Args:
        sql: what to ask, with the names in `tables` as its tables.
        tables: the folder of each.
        parameters: values for the question marks in `sql`.
        versions: the Delta version of tables that are not read as they stand.

    Raises:
        OutcomeError: a table's log or one of its data files is damaged or gone.
    """
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            for name, folder in tables.items():
                create_view(connection, name, open_table(folder, (versions or {}).get(name)))
            cursor = connection.execute(sql, parameters)
            columns = [column[0] for column in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        except duckdb.Error as error:
            if broken := _broken_file(str(error), tables.values()):
                folder, file = broken
                raise _damaged(folder, f"its data file {file} is damaged or gone") from None
            raise


def _broken_file(said: str, folders: Iterable[Path]) -> tuple[Path, str] | None:
    """Return the table and the data file that DuckDB could not read; None where its error is about something else."""
    for found in re.findall(r"[^\s'\"]+\.parquet", said):
        for folder in folders:
            if Path(found).is_relative_to(folder):
                return folder, str(Path(found).relative_to(folder))
    return None


def _damaged(folder: Path, what: str) -> OutcomeError:
    return OutcomeError(
        f"table {folder.parent.name}.{folder.name} cannot be read: {what}; nothing was published\n"
        "  restore that folder from a copy of the warehouse, or go back: datatrust release rollback ID"
    )


def create_view(connection: Any, name: str, table: DeltaTable) -> None:
    """Let `name` be the table's files with the table's columns; a table may have no files yet."""
    files = table.file_uris()
    fields = json.loads(table.schema().to_json())["fields"]
    shape = ", ".join(f'cast(null as {_duckdb_type(f["type"])}) as "{f["name"]}"' for f in fields)
    empty = f"select {shape} where false"
    if not files:
        connection.execute(f'create view "{name}" as {empty}')
        return
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    connection.execute(
        f'create view "{name}" as {empty} '
        f"union all by name select * from read_parquet([{listed}], union_by_name=true)"
    )


def _duckdb_type(kind: Any) -> str:
    if isinstance(kind, str):
        names = {
            "string": "varchar",
            "binary": "blob",
            "timestamp": "timestamptz",
            "timestamp_ntz": "timestamp",
        }
        return names.get(kind, _SPARK_NAMES.get(kind, kind))
    if kind["type"] == "array":
        return f"{_duckdb_type(kind['elementType'])}[]"
    if kind["type"] == "map":
        return f"map({_duckdb_type(kind['keyType'])}, {_duckdb_type(kind['valueType'])})"
    inner = ", ".join(f'"{field["name"]}" {_duckdb_type(field["type"])}' for field in kind["fields"])
    return f"struct({inner})"


def _type_name(kind: Any) -> str:
    """Return a Delta type as Spark writes it.

    >>> _type_name("long"), _type_name({"type": "array", "elementType": "string"})
    ('bigint', 'array<string>')
    """
    if isinstance(kind, str):
        return _SPARK_NAMES.get(kind, kind)
    if kind["type"] == "array":
        return f"array<{_type_name(kind['elementType'])}>"
    if kind["type"] == "map":
        return f"map<{_type_name(kind['keyType'])},{_type_name(kind['valueType'])}>"
    inner = ",".join(f"{field['name']}:{_type_name(field['type'])}" for field in kind["fields"])
    return f"struct<{inner}>"
