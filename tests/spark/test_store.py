"""Tables read by the files that their log lists hold what Delta's own reader sees."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.store import append, change, read
from pipeline.tables import table_path

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark
FIRST = "_sequence bigint, _line bigint, amount decimal(18,2), day date, at timestamp, tags array<string>"
MOMENT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("folder", ["plain", "with [a] pattern, 100% & a space"])
def test_files_are_the_table(spark: SparkSession, tmp_path: Path, folder: str) -> None:
    warehouse, name = tmp_path / folder, "silver.things"
    location = str(warehouse / table_path(name))

    def same() -> list[tuple[object, ...]]:
        ours = read(spark, warehouse, name)
        theirs = spark.read.format("delta").load(location)
        assert [(f.name, f.dataType) for f in ours.schema] == [(f.name, f.dataType) for f in theirs.schema]
        rows = sorted(map(tuple, ours.collect()))
        assert rows == sorted(map(tuple, theirs.collect()))
        return rows

    rows = [(n, 1, Decimal("1.10"), dt.date(2026, 3, 1), MOMENT, ["a", None]) for n in (1, 2)]
    append(warehouse, name, spark.createDataFrame(rows, FIRST))
    assert len(same()) == 2
    late = [(3, 1, None, None, None, None, "new")]
    append(warehouse, name, spark.createDataFrame(late, FIRST + ", extra string"))
    assert len(same()) == 3, "files without the late column have nothing in it"
    gone = spark.createDataFrame([(1, 1)], "_sequence bigint, _line bigint")
    change(spark, warehouse, name, added=None, removed=gone, match=("_sequence", "_line"))
    assert [row[0] for row in same()] == [2, 3]
    assert [
        row[0] for row in read(spark, warehouse, name, sequences=[3]).where("_sequence = 3").collect()
    ] == [3]
    everything = spark.createDataFrame([(2, 1), (3, 1)], "_sequence bigint, _line bigint")
    change(spark, warehouse, name, added=None, removed=everything, match=("_sequence", "_line"))
    assert same() == []
