"""Rewrite a table's files with Delta's OPTIMIZE, clustered by Z-ORDER, and prove that its rows are the same.

The proof compares the number of rows and two sums over a hash of every row, before and after: the order of rows and
files does not matter, one changed value does. A probe, a narrow range of the first clustering column over all
columns, shows what readers gain: the bytes that DuckDB read for it, and the files whose statistics do not rule it out.
Refuses to go on where the proof fails.
Layer: pipeline. Imports core and tables; Spark by the session it is given.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from deltalake import DeltaTable

from datatrust.core.errors import OutcomeError
from datatrust.core.settings import Maintenance
from pipeline.maintenance.policy import MB
from pipeline.tables import create_view, open_table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_OWN_COMMITS = ("OPTIMIZE", "SET TBLPROPERTIES")
_ROW_GROUP_MB = 16  # DuckDB skips row groups, and reads them side by side


@dataclass(frozen=True, kw_only=True)
class ProbeRange:
    """A narrow range of one column. Its bounds are values of rows: they are never shown."""

    column: str
    low: Any
    high: Any


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """What reading the probe's rows took."""

    files: int  # whose statistics do not rule the range out
    of_files: int
    bytes: int  # as DuckDB counted them


def optimize_table(spark: SparkSession, folder: Path, columns: Sequence[str], policy: Maintenance) -> None:
    """Put the files of a table together, clustered by `columns` where there are any; one commit."""
    clustered = f" zorder by ({', '.join(f'`{name}`' for name in columns)})" if columns else ""
    location = str(folder).replace("`", "``")
    with _settings(spark, policy):
        spark.sql(f"optimize delta.`{location}`{clustered}").collect()


def prove_same_rows(folder: Path, before: int, after: int) -> int:
    """Return the rows of a table, which are the same at two versions.

    Raises:
        OutcomeError: they differ.
    """
    prints = [_fingerprint(folder, version) for version in (before, after)]
    if prints[0] != prints[1]:
        raise OutcomeError(
            f"{folder.parent.name}.{folder.name}: its rows at version {after} are not those at version {before}; "
            "nothing was published and nothing removed\n  the next run puts the table back: datatrust pipeline run"
        )
    return int(prints[0][0])


def is_only_rewritten(folder: Path, since: int) -> bool:
    """Say whether a table was only optimized after a version: what a maintenance that died has left is good work."""
    table = open_table(folder)
    newest = int(table.version())
    commits = [commit for commit in table.history(newest - since) if commit["version"] > since]
    return len(commits) == newest - since > 0 and all(
        str(commit.get("operation", "")).upper() in _OWN_COMMITS for commit in commits
    )


def usable_columns(table: DeltaTable) -> tuple[str, ...]:
    """Return the columns whose statistics stand in the log of every file: a reader can skip files by them."""
    actions = table.get_add_actions(flatten=True)
    return tuple(
        field.name
        for field in table.schema().fields
        if f"min.{field.name}" in actions.column_names
        and any(value is not None for value in actions.column(f"min.{field.name}").to_pylist())
    )


def choose_range(folder: Path, column: str, version: int) -> ProbeRange | None:
    """Return the middle fiftieth of a column's values; None where it has none."""
    with _opened(folder, version) as connection:
        row = connection.execute(
            f'select quantile_disc("{column}", 0.49), quantile_disc("{column}", 0.51) from t'
        ).fetchone()
    return None if row is None or row[0] is None else ProbeRange(column=column, low=row[0], high=row[1])


def probe(folder: Path, version: int, wanted: ProbeRange) -> ProbeResult:
    """Read every column of the rows in a range, and count what that took."""
    actions = open_table(folder, version).get_add_actions(flatten=True)
    lows = actions.column(f"min.{wanted.column}").to_pylist()
    highs = actions.column(f"max.{wanted.column}").to_pylist()
    with _opened(folder, version) as connection, tempfile.TemporaryDirectory() as scratch:
        profile = Path(scratch) / "profile.json"
        connection.execute("pragma enable_profiling = 'json'")
        connection.execute(f"pragma profiling_output = '{profile}'")
        connection.execute(
            f'select sum(hash(t)) from t where "{wanted.column}" between ? and ?', [wanted.low, wanted.high]
        ).fetchall()
        connection.execute("pragma disable_profiling")
        read = json.loads(profile.read_text(encoding="utf-8"))["io"]["total_bytes_read"]
    return ProbeResult(
        files=sum(_overlaps(low, high, wanted) for low, high in zip(lows, highs, strict=True)),
        of_files=len(lows),
        bytes=int(read),
    )


def _overlaps(low: Any, high: Any, wanted: ProbeRange) -> bool:
    """Say whether a file may hold rows of a range; one without statistics that compare may."""
    try:
        return bool(low <= wanted.high and high >= wanted.low)
    except TypeError:
        return True


def _fingerprint(folder: Path, version: int) -> tuple[Any, ...]:
    with _opened(folder, version) as connection:
        row = connection.execute(
            "select count(*), sum(hash(t)::hugeint), bit_xor(hash(hash(t))) from t"
        ).fetchone()
    assert row is not None
    return tuple(row)


@contextmanager
def _opened(folder: Path, version: int) -> Iterator[Any]:
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        create_view(connection, "t", open_table(folder, version))
        yield connection


@contextmanager
def _settings(spark: SparkSession, policy: Maintenance) -> Iterator[None]:
    size = str(int(policy.target_file_mb * MB))
    settings = {
        "spark.databricks.delta.optimize.maxFileSize": size,
        "spark.databricks.delta.optimize.minFileSize": size,
        "spark.databricks.io.skipping.mdc.sortWithinFiles": "true",
        "spark.sql.parquet.compression.codec": policy.compression,
        "parquet.block.size": str(_ROW_GROUP_MB * MB),
    }
    before = {name: spark.conf.get(name, None) for name in settings}
    for name, value in settings.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, old)
