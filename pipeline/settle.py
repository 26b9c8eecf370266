"""Apply repairs to rows: their place in the order of versions, which of them count no more, which a person discarded.

Layer: pipeline. Imports judge, quarantine, repair and silver; Spark expressions only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.judge import PLACE, REASONS
from pipeline.quarantine import ROW
from pipeline.repair import Repairs
from pipeline.silver import DISCARDED, SUPERSEDED

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

REPLACED, DISCARD = "_replaced", "_discard"
MARKS = (PLACE, REPLACED, DISCARD)
_SCHEMA = "_sequence bigint, _line bigint, _row_place bigint, _row_replaced boolean, _row_discard boolean"


def mark(spark: SparkSession, rows: DataFrame, repairs: Repairs) -> DataFrame:
    """Return rows, named by file number and line, with the three columns of `MARKS`."""
    from pyspark.sql import functions as F  # noqa: N812

    place, replaced, discard = F.col("_sequence"), F.lit(False), F.lit(False)
    if repairs.places:
        pairs = [F.lit(number) for pair in repairs.places.items() for number in pair]
        known = F.create_map(*pairs).cast("map<bigint,bigint>")
        place = F.coalesce(F.try_element_at(known, F.col("_sequence")), place)
    if repairs.replaced_files:
        replaced = F.col("_sequence").isin(sorted(repairs.replaced_files))
    if repairs.rows:
        listed = [
            (*row, one.place, one.is_replaced, one.is_discard) for row, one in sorted(repairs.rows.items())
        ]
        rows = rows.join(F.broadcast(spark.createDataFrame(listed, _SCHEMA)), list(ROW), "left")
        place = F.coalesce("_row_place", place)
        replaced = replaced | F.coalesce("_row_replaced", F.lit(False))
        discard = F.coalesce("_row_discard", F.lit(False))
    marked = rows.withColumns({PLACE: place, REPLACED: replaced, DISCARD: discard})
    return marked.drop("_row_place", "_row_replaced", "_row_discard")


def is_settled() -> Column:
    """Return true for marked rows that no rule has to judge any more."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.col(REPLACED) | F.col(DISCARD)


def settle(rows: DataFrame) -> DataFrame:
    """Return settled rows with their status, as `decide` gives it to the others."""
    from pyspark.sql import functions as F  # noqa: N812

    return rows.withColumns(
        {
            "_status": F.when(F.col(REPLACED), SUPERSEDED).otherwise(DISCARDED),
            REASONS: F.array().cast("array<string>"),
        }
    )
