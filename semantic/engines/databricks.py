"""A Databricks SQL warehouse: ``databricks://host/sql/1.0/warehouses/ID?catalog=main``.

When it is opened it looks up the Delta version of each table, and reads just those from then on: the versions
together are the release. The access token is in the environment, never in a file of the project. The connector is
an extra, imported when a warehouse is opened; to see a statement's text nothing is needed.
Layer: semantic.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from datatrust.core.errors import EngineError, TooLarge, UserError
from datatrust.core.issues import Issue, SourcePosition
from datatrust.core.release import Release
from datatrust.core.settings import Project
from semantic.engines._statement import point_tables
from semantic.engines.base import EngineSpec, RawResult, stopped_after
from semantic.schema import Schema

SCHEME = "databricks"
TOKEN = "DATABRICKS_TOKEN"  # the name of the variable, not a token


class WarehouseEngine:
    """The named tables of one catalog, each at the version that it had when the engine was opened."""

    name = "databricks"
    dialect = "databricks"

    def __init__(self, connection: Any, *, catalog: str, tables: tuple[str, ...]) -> None:
        self._connection = connection
        self._catalog = catalog
        self._versions: dict[str, int] = {}
        columns: dict[str, list[tuple[str, str]]] = {}
        for table in tables:
            found = self._ask(f"DESCRIBE TABLE {self._full(table)}", may_fail=True)
            if found is None:
                continue
            columns[table] = _columns(found)
            history = self._ask(f"DESCRIBE HISTORY {self._full(table)} LIMIT 1", may_fail=True)
            if not history:
                raise EngineError(f"{table} is no Delta table, so no version of it can be pinned")
            self._versions[table] = int(history[0][0])
        self._schema = Schema.of(columns)
        stand = ",".join(f"{catalog}.{table}@{version}" for table, version in sorted(self._versions.items()))
        self.release_id = hashlib.sha256(stand.encode()).hexdigest()

    def schema(self) -> Schema:
        """Return the columns of the named tables that the catalog has."""
        return self._schema

    def versions(self, tables: Iterable[str]) -> Mapping[str, int | str]:
        """Return the Delta version of each table."""
        return {table: self._versions[table] for table in tables if table in self._versions}

    def run(self, sql: str, *, tables: Iterable[str], max_rows: int, timeout_seconds: float) -> RawResult:
        """Run one statement on the pinned versions of `tables`."""
        names = {}
        for table in tables:
            if table not in self._versions:
                raise EngineError(f"the warehouse has no table {table}")
            names[table] = f"{self._full(table)} VERSION AS OF {self._versions[table]}"
        text = point_tables(sql, names, self.dialect)
        with (
            self._connection.cursor() as cursor,
            stopped_after(timeout_seconds, cursor.cancel, sql=sql),
        ):
            try:
                cursor.execute(text)
                columns = tuple(str(each[0]) for each in cursor.description)
                rows = [tuple(row) for row in cursor.fetchmany(max_rows + 1)]
            except Exception as error:  # the connector's errors quote the statement and its values
                raise _refused(error, sql) from None
        return RawResult(columns=columns, rows=tuple(rows[:max_rows]), truncated=len(rows) > max_rows)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _full(self, table: str) -> str:
        parts = [self._catalog, *(table if "." in table else f"default.{table}").split(".")]
        return ".".join(f"`{part.replace('`', '``')}`" for part in parts)

    def _ask(self, sql: str, *, may_fail: bool = False) -> list[tuple[Any, ...]] | None:
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(sql)
                return [tuple(row) for row in cursor.fetchall()]
            except Exception as error:
                if may_fail:
                    return None
                raise _refused(error, sql) from None


def _columns(rows: list[tuple[Any, ...]]) -> list[tuple[str, str]]:
    """Name and type of each column; what follows a blank line is about partitions."""
    columns = []
    for name, kind, *_ in rows:
        if not name or str(name).startswith("#"):
            break
        columns.append((str(name), str(kind)))
    return columns


def _refused(error: Exception, sql: str) -> EngineError:
    text = str(error)
    if any(word in text for word in ("ARITHMETIC_OVERFLOW", "NUMERIC_VALUE_OUT_OF_RANGE", "CAST_OVERFLOW")):
        return TooLarge("a number is too large to be computed exactly, so none is given", sql=sql)
    return EngineError(f"the warehouse refused the statement ({type(error).__name__})", sql=sql)


def _open_engine(
    project: Project, release: Release | None, tables: tuple[str, ...], timezone: str
) -> WarehouseEngine:
    del release  # the tables' versions are the release
    at = SourcePosition(file=project.shown(project.config_file))
    address = urlsplit(project.config.serving.connection or "")
    catalog = parse_qs(address.query).get("catalog", ["main"])[0]
    if not address.hostname or len(address.path) < 2:
        raise UserError(
            Issue(
                code="DT112",
                message="serving.connection names no warehouse",
                at=at,
                hint="write databricks://HOST/sql/1.0/warehouses/ID?catalog=main",
            )
        )
    try:
        from databricks import sql as connector
    except ImportError:
        raise UserError(
            Issue(
                code="DT114",
                message="a Databricks warehouse needs databricks-sql-connector, which is not installed",
                hint="pip install 'datatrust360[databricks]'",
            )
        ) from None
    token = os.environ.get(TOKEN)
    if not token:
        raise UserError(
            Issue(code="DT115", message=f"the environment has no {TOKEN}", hint=f"export {TOKEN}=...")
        )
    try:
        connection = connector.connect(
            server_hostname=address.hostname,
            http_path=address.path,
            access_token=token,
            session_configuration={
                "ANSI_MODE": "true",
                "TIMEZONE": timezone,
                "STATEMENT_TIMEOUT": str(max(1, round(project.config.serving.timeout_seconds))),
            },
        )
    except Exception as error:  # its text can quote what it was given
        raise EngineError(
            f"the warehouse at {address.hostname} cannot be reached ({type(error).__name__})"
        ) from None
    return WarehouseEngine(connection, catalog=catalog, tables=tables)


ENGINE = EngineSpec(
    name="databricks", family="databricks", scheme=SCHEME, reads_releases=False, open=_open_engine
)
