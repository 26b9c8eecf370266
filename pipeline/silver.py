"""Decide which version of each key stands: valid, duplicate, superseded, or in conflict.

One pure rule over all rows of a key that passed their own rules, whenever they came, so that many loads and one
load end the same:
- rows of one key and one version stamp are versions of the same thing. If the first file to bring that stamp
  brings different contents, nobody knows which is right: all of them are in conflict. Else its first row
  stands; the same content again is a duplicate, another content is in conflict.
- a content equal to the version before it, by stamp, is a duplicate. Of the others the highest stamp stands and
  the lower ones are superseded; without a sequence column the stamp is the file's number.
- scd2: all of them stand, each valid from its own stamp to that of the next.
- snapshot: the stamp is the place of the file among the states; a key that the newest state lacks is superseded.
Layer: pipeline. Imports contracts and judge; Spark expressions only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.contracts.model import IS_CURRENT, VALID_FROM, VALID_TO, SourceSpec
from pipeline.judge import (
    CONFLICT,
    REASONS,
    SAFE,
    SILVER,
    STAMP_TYPE,
    currency,
    key_of_silver,
    stamp_of_silver,
)
from pipeline.masking import Masker

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

VALID, QUARANTINED, DUPLICATE, SUPERSEDED = "valid", "quarantined", "duplicate", "superseded"
DISCARDED = "discarded"  # by a person, or by the contract's word on drift with all rows of its file
ORPHAN = "orphan"  # a row that was quarantined and is judged again, because its parent may have come

_STANDS = "stands"  # while it is decided: by itself there is nothing against this version

# What history knows of a row that was decided before.
HISTORY = ("_sequence", "_line", "_file_sha", "_key", "_stamp", "_row_hash", "_amount", "_currency")


def silver_columns(spec: SourceSpec, masker: Masker) -> tuple[tuple[str, str], ...]:
    """Return names and types of the silver table, as Spark writes them."""
    own = [(c.name, kind) for c in spec.columns if (kind := masker.silver_type(c)) is not None]
    validity: tuple[tuple[str, str], ...] = ()
    if spec.keeps_history and spec.sequence is not None:
        moment = spec.column(spec.sequence).type.spark
        validity = ((VALID_FROM, moment), (VALID_TO, moment), (IS_CURRENT, "boolean"))
    return (
        *own,
        *validity,
        ("_file_sha", "string"),
        ("_sequence", "bigint"),
        ("_line", "bigint"),
        ("_row_hash", "string"),
    )


def to_silver(decided: DataFrame, spec: SourceSpec, masker: Masker) -> DataFrame:
    """Return judged rows with the columns of the silver table."""
    from pyspark.sql import functions as F  # noqa: N812

    columns = {c.name: F.col(f"`{SILVER}{c.name}`") for c in spec.columns}
    if spec.keeps_history:
        columns |= {VALID_FROM: _moment(spec, F.col("_stamp")), **validity(spec)}
    return decided.select(
        *[
            columns.get(name, F.col(name)).cast(kind).alias(name)
            for name, kind in silver_columns(spec, masker)
        ]
    )


def is_discarded() -> Column:
    """Return true for rows of a file whose rows do not count, whatever they say."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.coalesce(F.col("_fate") == "discard", F.lit(False))


def validity(spec: SourceSpec) -> dict[str, Column]:
    """Return the columns of silver that a later version changes in the one before it, from decided rows."""
    from pyspark.sql import functions as F  # noqa: N812

    until = F.col("_until")
    return {VALID_TO: _moment(spec, until), IS_CURRENT: until.isNull()}


def is_renewed(spec: SourceSpec) -> Column:
    """Return true for decided rows that stay in silver and are valid until another time than before."""
    from pyspark.sql import functions as F  # noqa: N812

    if not spec.keeps_history:
        return F.lit(False)
    stays = (F.col("_was") == VALID) & (F.col("_status") == VALID)
    return F.coalesce(stays, F.lit(False)) & ~F.col("_until").eqNullSafe(F.col("_was_until"))


def _moment(spec: SourceSpec, stamp: Column) -> Column:
    """Return a stamp as the time that it was made of."""
    from pyspark.sql import functions as F  # noqa: N812

    assert spec.sequence is not None
    kind = spec.column(spec.sequence).type.kind
    if kind == "timestamp":
        return F.timestamp_micros(stamp.cast("bigint"))
    if kind == "date":
        return F.date_from_unix_date(stamp.cast("int"))
    return stamp.cast("bigint")


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
        *([stamp_of_silver(spec, VALID_TO).alias("_was_until")] if spec.keeps_history else []),
    )


def decide(rows: DataFrame, spec: SourceSpec, *, newest: int | None = None) -> DataFrame:
    """Return `rows` with `_status`, and with the reason where they are in conflict; raw text of quarantined rows only.

    Args:
        rows: new rows from `judge` and, with `_was` set, all earlier rows of the same keys that had passed; each
            with its `_place` in the order of files.
        newest: of snapshots, the stamp of the newest one.

    Returns:
        Of a source that keeps history also `_until`, the stamp at which a row that stands stops being valid.
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
        F.when(is_discarded(), DISCARDED)
        .when(~is_good, QUARANTINED)
        .when(clash, QUARANTINED)
        .when(place > 1, DUPLICATE)
        .otherwise(_STANDS),
    )
    if spec.key or spec.load_mode == "snapshot":
        rows = _without_repeats(rows)
    if spec.keeps_history:
        rows = _until_the_next(rows)
    elif spec.key or spec.load_mode == "snapshot":
        rows = _newest_stands(rows, newest)
    rejected = F.col("_status") == QUARANTINED
    raw = [name for name in rows.columns if name in ("_raw", "_key_text") or name.startswith(SAFE)]
    return rows.withColumns(
        {
            "_status": F.when(F.col("_status") == _STANDS, VALID).otherwise(F.col("_status")),
            REASONS: F.when(is_good & rejected, F.array(F.lit(CONFLICT))).otherwise(F.col(REASONS)),
            **{name: F.when(rejected, F.col(f"`{name}`")) for name in raw},
        }
    ).drop("_group")


def _without_repeats(rows: DataFrame) -> DataFrame:
    """Among the versions of a key that stand by themselves, one that says what the last one said is a duplicate."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    stands = F.col("_status") == _STANDS
    earlier = (
        Window.partitionBy("_group")
        .orderBy("_stamp", "_place", "_sequence", "_line")
        .rowsBetween(Window.unboundedPreceding, -1)
    )
    before = F.last(F.when(stands, F.col("_row_hash")), ignorenulls=True).over(earlier)
    rows = rows.withColumn("_before", before)
    is_repeat = stands & (F.col("_before") == F.col("_row_hash"))
    return rows.withColumn("_status", F.when(is_repeat, DUPLICATE).otherwise(F.col("_status"))).drop(
        "_before"
    )


def _newest_stands(rows: DataFrame, newest: int | None) -> DataFrame:
    """Of the versions left the newest stands; of snapshots, only if its key is in the newest state."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    key = Window.partitionBy("_group")
    stands = F.col("_status") == _STANDS
    rows = rows.withColumn("_last", F.max(F.when(stands, F.col("_stamp"))).over(key))
    is_old = F.col("_stamp") < F.col("_last")
    if newest is not None:
        seen = F.when(F.col("_status").isin(_STANDS, DUPLICATE), F.col("_stamp"))
        rows = rows.withColumn("_seen", F.max(seen).over(key))
        is_old = is_old | (F.col("_seen") < F.lit(str(newest)).cast(STAMP_TYPE))
    return rows.withColumn("_status", F.when(stands & is_old, SUPERSEDED).otherwise(F.col("_status"))).drop(
        "_last", "_seen"
    )


def _until_the_next(rows: DataFrame) -> DataFrame:
    """Every version left stands, until the next one of its key does."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    stands = F.col("_status") == _STANDS
    later = (
        Window.partitionBy("_group")
        .orderBy("_stamp", "_place", "_sequence", "_line")
        .rowsBetween(1, Window.unboundedFollowing)
    )
    if "_was_until" not in rows.columns:
        rows = rows.withColumn("_was_until", F.lit(None).cast(STAMP_TYPE))
    following = F.min(F.when(stands, F.col("_stamp"))).over(later)
    return (
        rows.withColumn("_following", following)
        .withColumn("_until", F.when(stands, F.col("_following")))
        .drop("_following")
    )
