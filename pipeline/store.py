"""Write and read the Delta tables of ingest by their paths, with the properties that readers of a release need.

Layer: pipeline. Imports core and tables; knows no source.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from datatrust.core.release import RESTRICTED
from pipeline.tables import TableFiles, list_files, table_path

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Plain Delta: what DuckDB reads over a table's file list (see the release's readers).
PROPERTIES = {"delta.enableDeletionVectors": "false"}
BRONZE_PROPERTIES = {**PROPERTIES, "delta.appendOnly": "true"}
MANY_FILES = 200  # from here on Spark lists files one by one for longer than Delta rebuilds a table's state
GLOB = frozenset("*?[]{}\\")  # a path with one of these would be read as a pattern


def restricted_zone(warehouse: Path) -> Path:
    """Return the folder of everything not yet masked, made where it is missing and closed to other users."""
    folder = warehouse / RESTRICTED
    folder.mkdir(parents=True, exist_ok=True)
    os.chmod(folder, 0o700)
    return folder


def exists(warehouse: Path, table: str) -> bool:
    """Say whether a Delta table stands under its name."""
    return (warehouse / table_path(table) / "_delta_log").is_dir()


def read(
    spark: SparkSession, warehouse: Path, table: str, *, sequences: Collection[int] | None = None
) -> DataFrame:
    """Return a table as it stands.

    Of a plain table of few files those files are read, as its log lists them: Delta's own reader rebuilds the state
    of every new version with Spark jobs, which costs several times what reading a small table does.

    Args:
        sequences: of a table with `_sequence`, the numbers that the caller filters by; files without any of
            them are left out, rows are not.
    """
    folder = warehouse / table_path(table)
    files = plain_files(folder, sequences)
    if files is None:
        return spark.read.format("delta").load(str(folder))
    from pyspark.sql.types import StructType

    return spark.read.schema(StructType.fromJson(files.schema)).parquet(*files.paths)


def plain_files(folder: Path, sequences: Collection[int] | None = None) -> TableFiles | None:
    """Return the few files that a plain table is made of as it stands; None where Delta's own reader is wanted."""
    files = None if GLOB.intersection(str(folder)) else list_files(folder, sequences)
    return files if files is not None and 0 < len(files.paths) <= MANY_FILES else None


def append(warehouse: Path, table: str, frame: DataFrame, properties: Mapping[str, str] = PROPERTIES) -> None:
    """Append to a table, made where there is none; new columns are added to it."""
    folder = _prepare(warehouse, table)
    writer = frame.write.format("delta").mode("append").option("mergeSchema", "true")
    if not exists(warehouse, table):
        writer = writer.options(**properties)
    writer.save(str(folder))


def replace(warehouse: Path, table: str, frame: DataFrame) -> None:
    """Put `frame` in the place of all rows, and its columns in the place of all columns."""
    writer = frame.write.format("delta").mode("overwrite").option("overwriteSchema", "true")
    writer.options(**PROPERTIES).save(str(_prepare(warehouse, table)))


def change(
    spark: SparkSession,
    warehouse: Path,
    table: str,
    *,
    added: DataFrame | None,
    removed: DataFrame | None,
    updated: DataFrame | None = None,
    match: Sequence[str],
) -> None:
    """Add rows, take others away and change columns of others in one commit.

    Args:
        added: rows with the table's columns, or None.
        removed: rows with the columns of `match`, at most once each, or None.
        updated: rows with the columns of `match` and the columns to change, at most once each, or None.
        match: the columns that name a row of the table.
    """
    from delta.tables import DeltaTable
    from pyspark.sql import functions as F  # noqa: N812

    if removed is None and updated is None:
        if added is not None:
            append(warehouse, table, added)
        return
    target = DeltaTable.forPath(spark, str(warehouse / table_path(table)))
    named = [F.col(name).alias(f"_old_{name}") for name in match]
    parts = [added] if added is not None else []
    if removed is not None:
        parts.append(removed.select(*named, F.lit(True).alias("_gone")))
    changed: list[str] = []
    if updated is not None:
        changed = [name for name in updated.columns if name not in match]
        parts.append(updated.select(*named, *changed, F.lit(False).alias("_gone")))
    source = reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), parts)
    same = " and ".join(f"old.`{name}` = new.`_old_{name}`" for name in match)
    merge = target.alias("old").merge(source.alias("new"), same)
    if removed is not None:
        merge = merge.whenMatchedDelete(condition="new._gone")
    if changed:
        merge = merge.whenMatchedUpdate(set={name: f"new.`{name}`" for name in changed})
    if added is not None:
        values = {name: f"new.`{name}`" for name in added.columns}
        merge = merge.withSchemaEvolution().whenNotMatchedInsert(
            condition=f"new.`_old_{match[0]}` is null", values=values
        )
    merge.execute()


def delete(spark: SparkSession, warehouse: Path, table: str, condition: str) -> None:
    """Delete the rows that fulfil a condition of ours."""
    from delta.tables import DeltaTable

    DeltaTable.forPath(spark, str(warehouse / table_path(table))).delete(condition)


def _prepare(warehouse: Path, table: str) -> Path:
    """Return the folder of a table; the restricted zone is closed to others before anything lands in it."""
    folder = warehouse / table_path(table)
    if folder.relative_to(warehouse).parts[0] == RESTRICTED:
        restricted_zone(warehouse)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder
