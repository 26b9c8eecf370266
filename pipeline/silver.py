"""Decide which version of each key stands: valid, duplicate, superseded, or in conflict.

One pure rule over all rows of a key that passed their own rules, whenever they came, so that many loads and one
load end the same:
- rows of one key and one version stamp are versions of the same thing. If the first file to bring that stamp
  brings different contents, nobody knows which is right: all of them are in conflict. Else its first row
  stands; the same content again is a duplicate, another content is in conflict.
- of the stamps that are left, the highest stands and the others are superseded; without a sequence column the
  stamp is the file's number, and a content equal to the one before it is a duplicate.
Layer: pipeline. Imports contracts and judge; Spark expressions only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.contracts.model import SourceSpec
from pipeline.judge import CONFLICT, REASONS, SAFE, SILVER, currency, key_of_silver, stamp_of_silver
from pipeline.masking import Masker

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

VALID, QUARANTINED, DUPLICATE, SUPERSEDED = "valid", "quarantined", "duplicate", "superseded"
DISCARDED = "discarded"  # by a person
ORPHAN = "orphan"  # a row that was quarantined and is judged again, because its parent may have come

# What history knows of a row that was decided before.
HISTORY = ("_sequence", "_line", "_file_sha", "_key", "_stamp", "_row_hash", "_amount", "_currency")


def silver_columns(spec: SourceSpec, masker: Masker) -> tuple[tuple[str, str], ...]:
    """Return names and types of the silver table, as Spark writes them."""
    own = [(c.name, kind) for c in spec.columns if (kind := masker.silver_type(c)) is not None]
    return (
        *own,
        ("_file_sha", "string"),
        ("_sequence", "bigint"),
        ("_line", "bigint"),
        ("_row_hash", "string"),
    )


def to_silver(decided: DataFrame, spec: SourceSpec, masker: Masker) -> DataFrame:
    """Return judged rows with the columns of the silver table."""
    from pyspark.sql import functions as F  # noqa: N812

    own = {c.name for c in spec.columns}
    return decided.select(
        *[
            F.col(f"`{SILVER}{name}`").cast(kind).alias(name) if name in own else F.col(name)
            for name, kind in silver_columns(spec, masker)
        ]
    )


def history_of_silver(silver: DataFrame, spec: SourceSpec) -> DataFrame:
    """Return the rows of silver as `decide` takes them."""
    from pyspark.sql import functions as F  # noqa: N812

    amount = F.col(spec.amount_column) if spec.amount_column else F.lit(None)
    code = F.col(spec.currency_column) if spec.currency_column else None
    return silver.select(
        "_sequence",
        "_line",
        "_file_sha",
        key_of_silver(spec).alias("_key"),
        stamp_of_silver(spec).alias("_stamp"),
        "_row_hash",
        amount.cast("decimal(38,6)").alias("_amount"),
        currency(spec, code).alias("_currency"),
        F.lit(VALID).alias("_was"),
    )


def decide(rows: DataFrame, spec: SourceSpec) -> DataFrame:
    """Return `rows` with `_status`, and with the reason where they are in conflict; raw text of quarantined rows only.

    Args:
        rows: new rows from `judge` and, with `_was` set, all earlier rows of the same keys that had passed; each
            with its `_place` in the order of files.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    alone = F.concat_ws(":", F.lit("!"), "_sequence", "_line")
    rows = rows.withColumn("_group", F.coalesce("_key", alone)).repartition(F.col("_group"))
    is_good = F.col("_key").isNotNull()
    order = [F.col("_place"), F.col("_sequence"), F.col("_line")]
    version = Window.partitionBy("_group", "_stamp")
    first = version.orderBy(*order)
    if spec.key:
        first_file = F.min("_place").over(version)
        contents = F.collect_set(F.when(F.col("_place") == first_file, F.col("_row_hash"))).over(version)
        clash = (F.size(contents) > 1) | (F.col("_row_hash") != F.first("_row_hash").over(first))
    else:
        clash = F.lit(False)
    place = F.row_number().over(first)
    rows = rows.withColumn(
        "_status",
        F.when(~is_good, QUARANTINED).when(clash, QUARANTINED).when(place > 1, DUPLICATE).otherwise("stands"),
    )
    if spec.key:
        rows = _newest_stands(rows)
    rejected = F.col("_status") == QUARANTINED
    raw = [name for name in rows.columns if name in ("_raw", "_key_text") or name.startswith(SAFE)]
    return rows.withColumns(
        {
            "_status": F.when(F.col("_status") == "stands", VALID).otherwise(F.col("_status")),
            REASONS: F.when(is_good & rejected, F.array(F.lit(CONFLICT))).otherwise(F.col(REASONS)),
            **{name: F.when(rejected, F.col(f"`{name}`")) for name in raw},
        }
    ).drop("_group")


def _newest_stands(rows: DataFrame) -> DataFrame:
    """Among the versions of a key that stand by themselves, keep the newest; an unchanged one is a duplicate."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    stands = F.col("_status") == "stands"
    earlier = (
        Window.partitionBy("_group")
        .orderBy("_stamp", "_place", "_sequence", "_line")
        .rowsBetween(Window.unboundedPreceding, -1)
    )
    before = F.last(F.when(stands, F.col("_row_hash")), ignorenulls=True).over(earlier)
    rows = rows.withColumn("_before", before)
    rows = rows.withColumn(
        "_status",
        F.when(stands & (F.col("_before") == F.col("_row_hash")), DUPLICATE).otherwise(F.col("_status")),
    )
    newest = F.max(F.when(F.col("_status") == "stands", F.col("_stamp"))).over(Window.partitionBy("_group"))
    return rows.withColumn(
        "_status",
        F.when((F.col("_status") == "stands") & (F.col("_stamp") < newest), SUPERSEDED).otherwise(
            F.col("_status")
        ),
    ).drop("_before")
