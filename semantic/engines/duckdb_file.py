"""DuckDB on a file that another tool built: read-only, limited to the tables that the catalog's models name.

The release of such a project is the sha256 of the file.
Layer: semantic.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from datatrust.core.errors import EngineError, UserError
from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from datatrust.core.release import Release
from datatrust.core.settings import Project
from semantic.engines import _duckdb as duck
from semantic.engines.base import EngineSpec, RawResult
from semantic.schema import Schema

SCHEME = "duckdb"
_SOURCE = "_file"
_hashes: dict[tuple[str, int, int], str] = {}  # (path, size, modified) -> sha256


class FileEngine:
    """Views over the named tables of one attached file."""

    name = "duckdb"
    dialect = "duckdb"

    def __init__(self, file: Path, tables: tuple[str, ...], timezone: str, memory_mb: int) -> None:
        self.release_id = hash_file(file)
        self._connection = duck.connect(memory_mb=memory_mb)
        try:
            self._connection.execute(f"ATTACH {duck.literal(str(file))} AS {_SOURCE} (READ_ONLY)")
        except duckdb.Error as error:
            raise EngineError(f"cannot open {file.name}: {str(error).splitlines()[0]}") from None
        duck.lock(self._connection, folders=(), timezone=timezone)
        self._tables = self._create_views(tables)

    def schema(self) -> Schema:
        """Return the columns of the named tables that the file has."""
        return Schema.of({table: duck.columns_of(self._connection, table) for table in self._tables})

    def versions(self, tables: Iterable[str]) -> Mapping[str, int | str]:
        """Return the file's hash for each table: they change together."""
        return dict.fromkeys(tables, f"sha256:{self.release_id}")

    def run(self, sql: str, *, tables: Iterable[str], max_rows: int, timeout_seconds: float) -> RawResult:
        """Run one statement on `tables` of the file."""
        for table in tables:
            if table not in self._tables:
                raise EngineError(f"the file has no table {table}")
        return duck.run(self._connection, sql, max_rows=max_rows, timeout_seconds=timeout_seconds)

    def close(self) -> None:
        """Close the database and the file."""
        self._connection.close()

    def _create_views(self, tables: tuple[str, ...]) -> frozenset[str]:
        rows = self._connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ? "
            "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = ? AND NOT internal",
            [_SOURCE, _SOURCE],
        ).fetchall()
        known = {f"{schema}.{name}".lower(): f"{schema}.{name}" for schema, name in rows}
        made = set()
        for table in tables:
            full = table if "." in table else f"main.{table}"
            if (found := known.get(full.lower())) is not None:
                duck.create_view(self._connection, table, f"SELECT * FROM {_SOURCE}.{duck.quoted(found)}")
                made.add(table)
        return frozenset(made)


def hash_file(file: Path) -> str:
    """Return the file's sha256; kept while its size and time of change stay the same."""
    stat = file.stat()
    key = (str(file), stat.st_size, stat.st_mtime_ns)
    if key not in _hashes:
        with file.open("rb") as handle:
            _hashes[key] = hashlib.file_digest(handle, "sha256").hexdigest()
    return _hashes[key]


def file_of(connection: str, project: Project) -> Path:
    """Return the file that a connection names: ``duckdb:///x`` below the project, ``duckdb:////x`` from the root.

    Raises:
        UserError: it names no file, or one that does not exist.
    """
    at = SourcePosition(file=project.shown(project.config_file))
    text = connection.removeprefix(f"{SCHEME}://")
    if not text.startswith("/") or len(text) < 2:
        raise UserError(
            Issue(
                code="DT112",
                message=f'serving.connection: "{connection}" names no file',
                at=at,
                hint="write duckdb:///folder/file.duckdb (from the project) or duckdb:////folder/file.duckdb",
            )
        )
    file = (project.root / text[1:]).resolve()
    if not file.is_file():
        near = [each.name for each in file.parent.iterdir()] if file.parent.is_dir() else []
        raise UserError(
            Issue(
                code="DT113",
                message=f"serving.connection: no such file: {project.shown(file)}",
                at=at,
                suggestion=did_you_mean(file.name, near),
            )
        )
    return file


def _open_engine(
    project: Project, release: Release | None, tables: tuple[str, ...], timezone: str
) -> FileEngine:
    del release  # the file is the release
    file = file_of(project.config.serving.connection or "", project)
    return FileEngine(file, tables, timezone, project.config.serving.memory_mb)


ENGINE = EngineSpec(
    name="duckdb_file", family="duckdb", scheme=SCHEME, reads_releases=False, open=_open_engine
)
