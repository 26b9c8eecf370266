"""Write the two tables that all sources share, once a delivery: restricted.quarantine and restricted.outcomes.

Layer: pipeline. Imports quarantine, store and work.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.quarantine import OUTCOMES, QUARANTINE, ROW
from pipeline.store import change, exists, read
from pipeline.work import Work

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def write_shared(spark: SparkSession, warehouse: Path, works: Sequence[Work]) -> None:
    """Move rows into and out of the shared tables; of a source that was derived again, all old rows leave."""
    from pyspark.sql import functions as F  # noqa: N812

    renewed = [work.spec.name for work in works if work.refresh]
    for table, added, removed in (
        (
            QUARANTINE,
            [work.quarantine_added for work in works],
            [work.quarantine_removed for work in works],
        ),
        (OUTCOMES, [work.outcomes_added for work in works], [work.outcomes_removed for work in works]),
    ):
        leaving = [frame for frame in removed if frame is not None]
        if renewed and exists(warehouse, table):
            old = read(spark, warehouse, table)
            leaving.append(old.where(F.col("source").isin(renewed)).select(*ROW))
        entering = [frame for frame in added if frame is not None]
        if entering or leaving:
            change(spark, warehouse, table, added=_union(entering), removed=_union(leaving), match=ROW)


def _union(frames: Sequence[DataFrame]) -> DataFrame | None:
    return reduce(lambda a, b: a.unionByName(b), frames) if frames else None
