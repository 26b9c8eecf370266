"""Copy a database's rows into an immutable raw file, which then goes the way of every raw file.

An extract is one Parquet file of texts in the restricted zone: the database itself writes each value as text, so
that no driver rounds a number, and the rows are sorted, so that the same rows give the same file. A table that
has not changed since its last extract gives no new file; one that went back to an earlier state does. From the
file on there is no difference between a table and a delivery: ledger, exactly-once, conservation.

ADBC speaks to the database rather than Spark's JDBC: it needs no session, so that a run which finds nothing new
starts no Java; and Spark's JDBC reads a numeric without scale as decimal(38,18), which loses digits.
A database that cannot be reached costs its own source only. Refuses to show passwords, or words of the database
that may quote a row.
Layer: pipeline. Imports core, contracts and store; starts no Spark.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from datatrust.core.release import RESTRICTED
from pipeline.contracts.model import DatabaseTable, SourceSpec
from pipeline.readers.base import fold
from pipeline.store import restricted_zone

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection

EXTRACTS = f"{RESTRICTED}/extracts"
CONNECT_SECONDS = 15
STATEMENT_SECONDS = 3600
_NAME = re.compile(r"(\d{6})-([0-9a-f]{16})\.parquet")
_DIGEST_LETTERS = 16
_ZONED = "to_char({} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US\"Z\"')"
_STATES = {  # of SQL, and what a person should know
    "42P01": "a table of the query does not exist",
    "42501": "the user may not read what the query names",
    "42703": "a column of the query does not exist",
    "42601": "the query is no SQL that the database reads",
    "42702": "the query gives two columns of one name",
    "25006": "the query would change data; it is run read-only",
    "57014": "the query took too long",
}


class _ExtractError(Exception):
    """Why a table could not be extracted, in words that quote no row and no secret."""


def extract_new(warehouse: Path, specs: Iterable[SourceSpec], select: Collection[str] = ()) -> list[str]:
    """Extract each database source that has changed; return what went wrong, a sentence a source."""
    problems = []
    for spec in specs:
        if spec.database is None or (select and spec.name not in select):
            continue
        try:
            _extract(warehouse, spec, spec.database)
        except _ExtractError as error:
            problems.append(f"{spec.name}: not extracted from its database: {error}")
    return problems


def list_extracts(warehouse: Path, source: str) -> list[Path]:
    """Return the extracts of a source, the oldest first."""
    return sorted(
        path for path in (warehouse / EXTRACTS / source).glob("*.parquet") if _NAME.fullmatch(path.name)
    )


def shown_extract(source: str, extract: Path) -> str:
    """Return an extract's path as the ledger has it."""
    return f"extracts/{source}/{extract.name}"


def address(host: str, port: int, database: str, user: str, password: str) -> str:
    """Return a connection's address, every part of it escaped."""
    parts = [quote(part, safe="") for part in (user, password, host, database)]
    return (
        f"postgresql://{parts[0]}:{parts[1]}@{parts[2]}:{port}/{parts[3]}?connect_timeout={CONNECT_SECONDS}"
    )


def _extract(warehouse: Path, spec: SourceSpec, table: DatabaseTable) -> None:
    restricted_zone(warehouse)
    folder = warehouse / EXTRACTS / spec.name
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / "extract.part"
    try:
        _write_rows(table, spec, written)
        _keep(written, warehouse, spec)
    except OSError as error:
        raise _ExtractError(f"the extract cannot be written: {error.strerror}") from None
    finally:
        written.unlink(missing_ok=True)


def _keep(written: Path, warehouse: Path, spec: SourceSpec) -> None:
    """Give an extract its number and name, unless the table stands as the last one has it."""
    digest = _digest(written)
    known = [
        match.groups()
        for path in list_extracts(warehouse, spec.name)
        if (match := _NAME.fullmatch(path.name))
    ]
    if known and known[-1][1] == digest:
        return
    number = int(known[-1][0]) + 1 if known else 1
    if digest in {earlier for _, earlier in known}:
        _mark(written, number)  # the ledger counts a content once; this one is there again
    written.rename(written.with_name(f"{number:06d}-{digest}.parquet"))


def _write_rows(table: DatabaseTable, spec: SourceSpec, into: Path) -> None:
    """Write the rows of a table into a Parquet file, some thousand at a time."""
    from adbc_driver_manager import Error

    with _connect(table) as connection:
        try:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
                cursor.execute(f"set local statement_timeout = '{STATEMENT_SECONDS}s'")
                cursor.execute(_statement(table.query, cursor.adbc_execute_schema(table.query), spec))
                _write(cursor.fetch_record_batch(), into)
        except Error as error:
            raise _ExtractError(_worded(error)) from None


def _connect(table: DatabaseTable) -> Connection:
    import adbc_driver_postgresql.dbapi as driver
    from adbc_driver_manager import Error

    password = os.environ.get(table.password_variable)
    if not password:
        raise _ExtractError(f"set the environment variable {table.password_variable} to its password")
    where = f"{table.host}:{table.port}"
    try:
        connection: Connection = driver.connect(
            address(table.host, table.port, table.database, table.user, password)
        )
        return connection
    except Error as error:
        said = str(error)
    if "authentication failed" in said or "no pg_hba.conf entry" in said:
        raise _ExtractError(f"{where} refuses user {table.user}; is {table.password_variable} its password?")
    if f'database "{table.database}" does not exist' in said:
        raise _ExtractError(f"{where} has no database {table.database}")
    raise _ExtractError(f"{where} cannot be reached")


def _statement(query: str, schema: pa.Schema, spec: SourceSpec) -> str:
    """Return the query with every value as text and its rows in an order of their own."""
    names = [field.name for field in schema]
    columns = [_quoted(name) for name in names]
    texts = [
        (_ZONED.format(column) if pa.types.is_timestamp(field.type) and field.type.tz else f"{column}::text")
        + f" as {column}"
        for column, field in zip(columns, schema, strict=True)
    ]
    key = {fold(spec.column(name).header) for name in spec.key}
    order = [str(place) for place, name in enumerate(names, start=1) if not key or fold(name) in key]
    order = order or [str(place) for place in range(1, len(names) + 1)]
    return f"select {', '.join(texts)} from ({query}\n) as extracted order by {', '.join(order)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _write(rows: Any, into: Path) -> None:
    schema = pa.schema([(field.name, pa.string()) for field in rows.schema])
    with pq.ParquetWriter(into, schema, compression="zstd") as writer:
        for batch in _received(rows):
            writer.write_batch(batch.cast(schema))


def _received(rows: Any) -> Iterator[pa.RecordBatch]:
    """Yield what the database sends; its words about a value that it cannot give are not repeated."""
    try:
        yield from rows
    except (pa.ArrowException, OSError) as error:
        said = str(error)
    else:
        return
    if "read-only transaction" in said:
        raise _ExtractError(_STATES["25006"])
    raise _ExtractError("it broke off: a value of the query cannot be computed, or the connection was lost")


def _mark(path: Path, number: int) -> None:
    """Write the number of the extract into the file, so that its content is its own."""
    marked = path.with_name("marked.part")
    with (
        pq.ParquetFile(path) as file,
        pq.ParquetWriter(marked, file.schema_arrow, compression="zstd") as writer,
    ):
        for batch in file.iter_batches():
            writer.write_batch(batch)
        writer.add_key_value_metadata({"extract": str(number)})
    marked.replace(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGEST_LETTERS]


def _worded(error: Exception) -> str:
    """Return what the database said by its state only: its own words may quote a row."""
    state = getattr(error, "sqlstate", None)
    return _STATES.get(str(state), f"the database refused the query (SQLSTATE {state or 'unknown'})")
