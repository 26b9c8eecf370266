"""DuckDB over the Delta versions that a release pins: lists each table's files once, then reads Parquet.

Refuses tables with deletion vectors, column mapping or type widening (their files alone do not say what the rows
are), and versions or files that are gone.
Layer: semantic.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from datatrust.core.errors import EngineError, FilesGone
from datatrust.core.kept import table_folder
from datatrust.core.release import Release
from datatrust.core.retired import hold_release
from datatrust.core.settings import Project
from semantic.engines import _duckdb as duck
from semantic.engines.base import EngineSpec, RawResult, given, gone_message
from semantic.schema import Schema

_UNREADABLE = ("deletionVectors", "columnMapping", "typeWidening")
_TYPES = {
    "string": "VARCHAR", "long": "BIGINT", "integer": "INTEGER", "short": "SMALLINT", "byte": "TINYINT",
    "double": "DOUBLE", "float": "FLOAT", "boolean": "BOOLEAN", "date": "DATE", "binary": "BLOB",
    "timestamp": "TIMESTAMP WITH TIME ZONE", "timestamp_ntz": "TIMESTAMP", "timestampntz": "TIMESTAMP",
}  # fmt: skip


class ReleaseEngine:
    """Views over the files of pinned versions, made when a query first needs them."""

    name = "duckdb"
    dialect = "duckdb"

    def __init__(
        self, warehouse: Path, release: Release, tables: tuple[str, ...], timezone: str, memory_mb: int
    ) -> None:
        self.release_id = release.id
        self._hold = hold_release(warehouse, release)
        self._pins = {table: release.tables[table] for table in tables if table in release.tables}
        self._folders = {
            table: table_folder(warehouse, release, pin).resolve() for table, pin in self._pins.items()
        }
        self._views: set[str] = set()
        self._guard = threading.Lock()
        self._schema: Schema | None = None
        self._connection = duck.connect(memory_mb=memory_mb)
        duck.lock(
            self._connection,
            folders=sorted({str(folder) for folder in self._folders.values()}),
            timezone=timezone,
        )

    def schema(self) -> Schema:
        """Return the columns that the release names; where it names none, those of the Delta version."""
        if self._schema is None:
            self._schema = Schema.of(
                {table: pin.columns or self._delta_columns(table) for table, pin in self._pins.items()}
            )
        return self._schema

    def versions(self, tables: Iterable[str]) -> Mapping[str, int | str]:
        """Return the Delta version of each table."""
        return {table: self._pins[table].version for table in tables if table in self._pins}

    def run(self, sql: str, *, tables: Iterable[str], max_rows: int, timeout_seconds: float) -> RawResult:
        """Run one statement on the pinned versions of `tables`."""
        for table in tables:
            self._need(table)
        return duck.run(self._connection, sql, max_rows=max_rows, timeout_seconds=timeout_seconds)

    def close(self) -> None:
        """Close the database and give the release up."""
        self._connection.close()
        self._hold.close()

    def _need(self, table: str) -> None:
        if table in self._views:
            return
        with self._guard:
            if table in self._views:
                return
            if table not in self._pins:
                raise EngineError(f"release {self.release_id} has no table {table}")
            try:
                duck.create_view(self._connection, table, self._select(table))
            except duckdb.Error:
                raise FilesGone(
                    gone_message(self.release_id, table, self._pins[table], "a data file is damaged")
                ) from None
            self._views.add(table)

    def _open(self, table: str) -> DeltaTable:
        pin = self._pins[table]
        try:
            delta = DeltaTable(str(self._folders[table]), version=pin.version)
        except (DeltaError, OSError, ValueError):
            raise FilesGone(
                gone_message(self.release_id, table, pin, "that version is gone or damaged")
            ) from None
        features = [*(delta.protocol().reader_features or ())]
        for feature in _UNREADABLE:
            if any(found.startswith(feature) for found in features):
                raise EngineError(
                    f"{table} uses the Delta feature {feature}, which cannot be read here; rewrite it without"
                )
        return delta

    def _delta_columns(self, table: str) -> list[tuple[str, str]]:
        return [(field.name, _type_name(field.type)) for field in self._open(table).schema().fields]

    def _select(self, table: str) -> str:
        delta = self._open(table)
        fields = [(field.name, _duckdb_type(_type_name(field.type))) for field in delta.schema().fields]
        empty = "SELECT " + ", ".join(
            f"CAST(NULL AS {kind}) AS {duck.quoted_name(name)}" for name, kind in fields
        )
        files, parts = self._files(delta, self._folders[table])
        missing = [file for file in files if not Path(file).is_file()]
        if missing:
            pin = self._pins[table]
            raise FilesGone(
                gone_message(self.release_id, table, pin, f"{len(missing)} of its files are gone")
            )
        if not files:
            return f"{empty} WHERE false"
        columns = ", ".join(
            f"CAST({duck.quoted_name(name)} AS {kind}) AS {duck.quoted_name(name)}" for name, kind in fields
        )
        body = " UNION ALL BY NAME ".join(parts)
        if len(parts) == 1 and self._is_as_declared(parts[0], fields):
            return f"SELECT {', '.join(duck.quoted_name(name) for name, _ in fields)} FROM ({body})"
        return f"SELECT {columns} FROM ({empty} WHERE false UNION ALL BY NAME {body})"

    def _files(self, delta: DeltaTable, folder: Path) -> tuple[list[str], list[str]]:
        """The version's files, and one SELECT for each set of partition values: those stand in the log alone.

        Built from the log's own paths: `file_uris` encodes the folder's name, which no file system reads.
        """
        names = delta.metadata().partition_columns
        actions = delta.get_add_actions(flatten=True)
        columns = [actions.column(name).to_pylist() for name in actions.column_names]
        by_values: dict[tuple[str | None, ...], list[str]] = {}
        for row in zip(*columns, strict=True):
            action = dict(zip(actions.column_names, row, strict=True))
            values = tuple(_text(action.get(f"partition.{name}")) for name in names)
            by_values.setdefault(values, []).append(str(folder / unquote(str(action["path"]))))
        selects = []
        for values, paths in by_values.items():
            constants = [
                f"{'NULL' if value is None else duck.literal(value)} AS {duck.quoted_name(name)}"
                for name, value in zip(names, values, strict=True)
            ]
            selects.append(f"SELECT {', '.join(['*', *constants])} FROM {_read(sorted(paths))}")
        return sorted(file for paths in by_values.values() for file in paths), selects

    def _is_as_declared(self, select: str, fields: list[tuple[str, str]]) -> bool:
        found = {
            str(row[0]): str(row[1]) for row in self._connection.execute(f"DESCRIBE {select}").fetchall()
        }
        return all(found.get(name) == kind for name, kind in fields)


def _read(files: list[str]) -> str:
    listed = ", ".join(duck.literal(file) for file in files)
    return f"read_parquet([{listed}], union_by_name=true, hive_partitioning=false)"


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _type_name(kind: Any) -> str:
    """The word of a Delta type: primitives have one, nested ones are only known by their shape."""
    return str(getattr(kind, "type", "nested")) if not hasattr(kind, "fields") else "nested"


def _duckdb_type(word: str) -> str:
    if word.startswith("decimal"):
        return word.upper().replace(" ", "")
    return _TYPES.get(word, "VARCHAR")


def _open_engine(
    project: Project, release: Release | None, tables: tuple[str, ...], timezone: str
) -> ReleaseEngine:
    return ReleaseEngine(
        project.warehouse, given(release), tables, timezone, project.config.serving.memory_mb
    )


ENGINE = EngineSpec(name="duckdb", family="duckdb", scheme=None, reads_releases=True, open=_open_engine)
