"""What the names of tables mean in the Spark session: Delta tables, or the plain files that one is made of now.

Delta's own reader rebuilds the state of every new version with Spark jobs, which costs several times what reading a
small table does. A name that is only read may therefore mean the files that the table's log lists at this moment, as
`pipeline.store.read` has it for tables that are read by their paths.
Layer: pipeline. Imports store and tables.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from pipeline.store import GLOB, plain_files
from pipeline.tables import find_tables, split_name

SMALL_TABLE = 64_000_000  # bytes; from here on leaving out files by their statistics gains more than it costs
_UNREADABLE = GLOB | {",", "/"}  # in a file's name: the pattern would mean something else
_VERSION = "datatrustVersion"  # an option of the entry, which the reader of Parquet does not know


@dataclass(frozen=True)
class _Place:
    """Where a name leads: a Delta table's folder, or a pattern for files of that folder at one version."""

    location: str
    version: str | None = None


def register_tables(spark: SparkSession, warehouse: Path, *, plain: Collection[str] = ()) -> None:
    """Make the in-memory catalog name exactly the Delta tables that lie under `warehouse`.

    Args:
        plain: schemas whose tables are only read until the next call: the names of small ones mean their files as
            they are now.
    """
    catalog = spark._jsparkSession.sessionState().catalog()  # SQL statements would cost a plan each
    found = find_tables(warehouse)
    schemas = {split_name(name)[0] for name in found} | {"bronze", "silver", "gold", "ops", "restricted"}
    known = {str(name) for name in _items(catalog.listDatabases())} - {"default"}
    for schema in sorted(schemas - known):
        spark.sql(f"create database if not exists `{schema}`")
    files = {
        name: each
        for name, folder in found.items()
        if split_name(name)[0] in plain and (each := _files(folder)) is not None
    }
    wanted = {name: _Place(str(folder)) for name, folder in found.items()}
    wanted |= {name: place for name, (place, _) in files.items()}
    placed = {name: place for schema in known for name, place in _placed(catalog, schema).items()}
    for name, place in placed.items():
        if wanted.get(name) != place:
            _drop(spark, name)
    for name, folder in found.items():
        if placed.get(name) == wanted[name]:
            continue
        if name in files:
            _create(spark, name, *files[name])
        else:
            register_table(spark, name, folder)


def register_table(spark: SparkSession, name: str, folder: Path) -> None:
    """Let `name` ("gold.fct_sales") mean the Delta table in `folder`."""
    schema, table = split_name(name)
    spark.sql(f"create table if not exists `{schema}`.`{table}` using delta location '{_quoted(folder)}'")


def register_files(spark: SparkSession, name: str, folder: Path) -> None:
    """Let `name` mean the files of the Delta table in `folder` as they are now, where it is small and plain.

    For a table that is not written again before the next `register_tables`.
    """
    files = _files(folder)
    if files is not None:
        _drop(spark, name)
        _create(spark, name, *files)


def _files(folder: Path) -> tuple[_Place, StructType] | None:
    """Return a pattern that meets exactly the files of a small plain table, and its columns; None for any other."""
    files = plain_files(folder)
    if files is None or files.bytes >= SMALL_TABLE:
        return None
    names = [str(Path(path).relative_to(folder)) for path in files.paths]
    if any(not _UNREADABLE.isdisjoint(name) for name in names):
        return None
    place = _Place(f"{folder}/{{{','.join(names)}}}", str(files.version))
    return place, StructType.fromJson(files.schema)


def _create(spark: SparkSession, name: str, place: _Place, columns: StructType) -> None:
    options = {_VERSION: str(place.version)}
    spark.catalog.createTable(name, path=place.location, source="parquet", schema=columns, **options)


def _drop(spark: SparkSession, name: str) -> None:
    schema, table = split_name(name)
    spark.sql(f"drop table if exists `{schema}`.`{table}`")


def _placed(catalog: Any, schema: str) -> dict[str, _Place | None]:
    """Return the tables that the catalog knows in `schema`, each with its place; None where it has none."""
    tables = [each for each in _items(catalog.listTables(schema)) if each.database().isDefined()]
    return {f"{schema}.{each.table()}": _place(catalog, each) for each in tables}


def _place(catalog: Any, identifier: Any) -> _Place | None:
    try:
        table = catalog.getTableMetadata(identifier)
        version = table.storage().properties().get(_VERSION)
        return _Place(str(Path(table.location().getPath())), version.get() if version.isDefined() else None)
    except (Py4JJavaError, PySparkException):
        return None  # a view lies nowhere


def _items(sequence: Any) -> list[Any]:
    return [sequence.apply(place) for place in range(sequence.size())]


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace("'", "\\'")
