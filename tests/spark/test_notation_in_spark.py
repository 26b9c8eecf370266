"""Spark reads numbers and dates by the same notation as Python and DuckDB, over the same texts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pipeline.contracts.model import ColumnSpec, ColumnType
from pipeline.values import clean_text, exact_amount, typed_value
from tests.support.notations import DATES, NUMBERS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


def test_spark_reads_every_notation_as_the_others_do(spark: SparkSession) -> None:
    from pyspark.sql import functions as F  # noqa: N812

    money = ColumnType(kind="decimal", precision=18, scale=2)
    numbers = spark.createDataFrame([(f" {text}\u00a0",) for _, text, _ in NUMBERS], "raw string").coalesce(1)
    dates = spark.createDataFrame([(text,) for _, text, _ in DATES], "raw string").coalesce(1)
    notations = list(dict.fromkeys(notation for notation, _, _ in NUMBERS))
    text = clean_text(F.col("raw"))
    amounts = [exact_amount(text, notation).alias(f"n{i}") for i, notation in enumerate(notations)]
    column = ColumnSpec(name="a", header="a", type=money, number_format=notations[2])
    found = numbers.select("raw", *amounts, typed_value(text, column).alias("money")).collect()
    for (notation, shown, expected), row in zip(NUMBERS, found, strict=True):
        value = row[f"n{notations.index(notation)}"]
        assert value == (None if expected is None else Decimal(expected)), (notation, shown)
        if notation == notations[2]:
            assert row["money"] == (None if expected is None else Decimal(expected)), shown

    formats = list(dict.fromkeys(written for written, _, _ in DATES))
    columns = [
        typed_value(
            F.col("raw"),
            ColumnSpec(name="a", header="a", type=ColumnType(kind="timestamp"), date_formats=(written,)),
        )
        .cast("string")
        .alias(f"d{i}")
        for i, written in enumerate(formats)
    ]
    day = ColumnSpec(name="a", header="a", type=ColumnType(kind="date"), date_formats=("yyyy-MM-dd'T'HH:mm",))
    read_dates = dates.select("raw", *columns, typed_value(F.col("raw"), day).alias("day")).collect()
    for (written, shown, expected), row in zip(DATES, read_dates, strict=True):
        value = row[f"d{formats.index(written)}"]
        assert (None if value is None else value[:16]) == expected, (written, shown)
        assert row["day"] is None, shown  # a time of day is never cut off silently
