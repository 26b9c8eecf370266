"""What both DuckDB engines share: a locked in-memory database whose views are the only tables.

Nothing can be written, no other file opened, no extension fetched, no setting changed once it is open.
Layer: semantic.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

from datatrust.core.errors import EngineError, FilesGone, TooLarge
from semantic.engines.base import RawResult, stopped_after


def connect(*, memory_mb: int) -> Any:
    """Return an in-memory database that fetches no extension."""
    return duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": f"{memory_mb}MB",
            "threads": min(4, os.cpu_count() or 1),
            "preserve_insertion_order": False,
        },
    )


def lock(connection: Any, *, folders: Sequence[str], timezone: str) -> None:
    """Allow reading below `folders` alone, then let no setting change."""
    try:
        connection.execute(f"SET TimeZone = {literal(timezone)}")
    except duckdb.Error:
        raise EngineError(f'the catalog\'s timezone "{timezone}" is not known to DuckDB') from None
    paths = ", ".join(literal(folder.rstrip("/") + "/") for folder in folders)
    connection.execute(f"SET allowed_directories = [{paths}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def literal(text: str) -> str:
    """Return `text` as a SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """Return one name in quotes."""
    return '"' + name.replace('"', '""') + '"'


def quoted(table: str) -> str:
    """Return a table's name with every part quoted."""
    return ".".join(quoted_name(part) for part in table.split("."))


def create_view(connection: Any, table: str, select: str) -> None:
    """Create the view `table`, and its schema."""
    schema, _, _ = table.rpartition(".")
    if schema:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    connection.execute(f"CREATE OR REPLACE VIEW {quoted(table)} AS {select}")


def run(connection: Any, sql: str, *, max_rows: int, timeout_seconds: float) -> RawResult:
    """Run one statement on a cursor of its own, and stop it when its time is over."""
    cursor = connection.cursor()
    try:
        with stopped_after(timeout_seconds, cursor.interrupt, sql=sql):
            cursor.execute(sql)
            columns = tuple(str(each[0]) for each in cursor.description)
            rows = cursor.fetchmany(max_rows + 1)
    except duckdb.Error as error:
        if isinstance(error, duckdb.IOException) or ".parquet" in str(error):
            raise FilesGone(
                "a data file of this release is damaged or gone; choose another release (datatrust release list)",
                sql=sql,
            ) from None
        if isinstance(error, duckdb.OutOfRangeException):
            first = str(error).splitlines()[0]
            raise TooLarge(
                f"a number is too large to be computed exactly, so none is given ({first})", sql=sql
            ) from None
        raise EngineError(_reason(error), sql=sql) from None
    finally:
        cursor.close()
    return RawResult(columns=columns, rows=tuple(rows[:max_rows]), truncated=len(rows) > max_rows)


def columns_of(connection: Any, table: str) -> Iterable[tuple[str, str]]:
    """Return (name, type) of each column of a view."""
    return [(str(row[0]), str(row[1])) for row in connection.execute(f"DESCRIBE {quoted(table)}").fetchall()]


def _reason(error: Exception) -> str:
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, duckdb.OutOfMemoryException):
        return "the query needs more memory than `serving.memory_mb` allows"
    return f"the engine refused the statement: {first}"
