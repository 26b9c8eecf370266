"""Names that are only read lead to the files that a table's log lists, and hold what Delta's own reader sees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from deltalake import DeltaTable

from pipeline.names import register_files, register_tables
from pipeline.store import append, replace
from pipeline.tables import table_path

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark
NAME = "silver.things"


@pytest.mark.parametrize("folder", ["plain", "it's 100% & a space", "with [a] pattern"])
def test_a_plain_name_follows_its_table_from_call_to_call(
    spark: SparkSession, tmp_path: Path, folder: str
) -> None:
    warehouse = tmp_path / folder

    def same(rows: int) -> None:
        theirs = spark.read.format("delta").load(str(warehouse / table_path(NAME)))
        for plain in ({"silver"}, frozenset[str]()):
            register_tables(spark, warehouse, plain=plain)
            ours = spark.table(NAME)
            assert [(f.name, f.dataType) for f in ours.schema] == [
                (f.name, f.dataType) for f in theirs.schema
            ]
            assert sorted(map(tuple, ours.collect())) == sorted(map(tuple, theirs.collect()))
            assert ours.count() == rows
        register_tables(spark, warehouse, plain={"silver"})

    append(warehouse, NAME, spark.sql("select 1 as key, cast(1.10 as decimal(18,2)) as amount"))
    same(1)
    append(
        warehouse, NAME, spark.sql("select 2 as key, cast(2.20 as decimal(18,2)) as amount, 'late' as word")
    )
    same(2)
    replace(
        warehouse, NAME, spark.sql("select 3 as key, null as word")
    )  # two files of before lie there still
    same(1)
    replace(warehouse, NAME, spark.sql("select 3 as key, null as word where false"))
    same(0)
    register_tables(spark, tmp_path / "elsewhere")
    assert not spark.catalog.tableExists(NAME), "another warehouse has no such table"


def test_a_table_that_is_more_than_its_files_keeps_delta_s_reader(
    spark: SparkSession, tmp_path: Path
) -> None:
    location = tmp_path / table_path(NAME)
    frame = spark.sql("select id as key, id % 2 as part from range(4)")
    frame.write.format("delta").partitionBy("part").save(str(location))
    register_tables(spark, tmp_path, plain={"silver"})
    assert spark.sql(f"describe extended {NAME}").where("lower(data_type) = 'delta'").count() == 1
    assert spark.table(NAME).count() == 4
    register_files(spark, NAME, location)
    assert spark.table(NAME).where("part = 1").count() == 2


def test_a_table_that_was_just_written_is_read_by_its_files(spark: SparkSession, tmp_path: Path) -> None:
    append(tmp_path, NAME, spark.sql("select 1 as key"))
    register_tables(spark, tmp_path)
    replace(tmp_path, NAME, spark.sql("select 2 as key"))
    register_files(spark, NAME, tmp_path / table_path(NAME))
    assert spark.sql(f"describe extended {NAME}").where("lower(data_type) = 'parquet'").count() == 1
    assert [row.key for row in spark.table(NAME).collect()] == [2]
    assert DeltaTable(str(tmp_path / table_path(NAME))).version() == 1
