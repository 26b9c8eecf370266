"""The two tables of rows that do not stand: restricted.quarantine (rejected) and restricted.outcomes (resolved).

Both are shared by all sources and name a row by its file's number and line. A quarantined row keeps its raw
text; the masked quarantine of a source, in silver, shows only what cannot be personal.
Layer: pipeline. Imports contracts, judge, silver and store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.contracts.model import SourceSpec
from pipeline.groups import is_sound, is_waiting
from pipeline.judge import CONFLICT, REASONS, SAFE, safe_columns
from pipeline.silver import DISCARDED, DUPLICATE, HISTORY, QUARANTINED, SUPERSEDED, history_of_silver

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

QUARANTINE = "restricted.quarantine"
OUTCOMES = "restricted.outcomes"
RESOLVED = (DUPLICATE, SUPERSEDED, DISCARDED)  # statuses of restricted.outcomes
ROW = ("_sequence", "_line")  # names one row of bronze, over all sources
MASKED_ROW = ("first_seen_sequence", "_line")


def to_quarantine(decided: DataFrame, spec: SourceSpec) -> DataFrame:
    """Return judged rows with the columns of restricted.quarantine."""
    from pyspark.sql import functions as F  # noqa: N812

    return decided.select(
        F.lit(spec.name).alias("source"),
        *HISTORY,
        "_file",
        F.col("_key_text").alias("key"),
        F.col(REASONS).alias("reasons"),
        F.col("_raw").alias("raw"),
        F.lit(spec.version).alias("contract_version"),
    )


def to_outcomes(decided: DataFrame, spec: SourceSpec) -> DataFrame:
    """Return decided rows with the columns of restricted.outcomes."""
    from pyspark.sql import functions as F  # noqa: N812

    return decided.select(F.lit(spec.name).alias("source"), F.col("_status").alias("status"), *HISTORY)


def to_masked_quarantine(decided: DataFrame, spec: SourceSpec) -> DataFrame:
    """Return judged rows with the columns of the source's masked quarantine in silver."""
    from pyspark.sql import functions as F  # noqa: N812

    return decided.select(
        *[F.col(f"`{SAFE}{column.name}`").alias(column.name) for column in safe_columns(spec)],
        F.col(REASONS).alias("reasons"),
        "_file",
        "_line",
        F.col("_sequence").alias("first_seen_sequence"),
    )


def masked_quarantine_columns(spec: SourceSpec) -> tuple[tuple[str, str], ...]:
    """Return names and types of the source's masked quarantine."""
    own = tuple((column.name, column.type.spark) for column in safe_columns(spec))
    rest = (("reasons", "array<string>"), ("_file", "string"), ("_line", "bigint"))
    return (*own, *rest, ("first_seen_sequence", "bigint"))


def history_of_outcomes(outcomes: DataFrame, spec: SourceSpec) -> DataFrame:
    """Return the resolved rows of a source as `decide` takes them."""
    from pyspark.sql import functions as F  # noqa: N812

    return outcomes.where(F.col("source") == spec.name).select(*HISTORY, F.col("status").alias("_was"))


def history_of_conflicts(quarantine: DataFrame, spec: SourceSpec) -> DataFrame:
    """Return the rows of a source that are quarantined for a conflict of versions, as `decide` takes them."""
    from pyspark.sql import functions as F  # noqa: N812

    return quarantine.where((F.col("source") == spec.name) & F.array_contains("reasons", CONFLICT)).select(
        *HISTORY, F.lit(QUARANTINED).alias("_was")
    )


def waiting(quarantine: DataFrame, spec: SourceSpec, *, everything: bool) -> DataFrame:
    """Return quarantined rows of a source that may be judged otherwise now, with their reasons.

    These are the ones that a new parent may free (other reasons may be among theirs; rows of an entry wait for the
    one among them that misses its parent) or all of them; but for the conflicts, which are decided with the other
    versions of their keys.
    """
    from pyspark.sql import functions as F  # noqa: N812

    picked = is_waiting(F.col("reasons"))
    if everything:
        picked = ~F.array_contains("reasons", CONFLICT)
    return quarantine.where((F.col("source") == spec.name) & picked).select(
        *ROW, F.col("reasons").alias("_was_reasons")
    )


def standing(
    spec: SourceSpec, silver: DataFrame, quarantine: DataFrame | None, outcomes: DataFrame | None
) -> DataFrame:
    """Return every row of a source that a repair may take the place of: all but those that count no more already."""
    from pyspark.sql import functions as F  # noqa: N812

    mine = F.col("source") == spec.name
    rows = history_of_silver(silver, spec)
    if quarantine is not None:
        broken = quarantine.where(mine).select(*HISTORY, F.lit(QUARANTINED).alias("_was"))
        rows = rows.unionByName(broken, allowMissingColumns=True)  # silver's alone say until when they held
    if outcomes is not None:
        copies = outcomes.where(mine & (F.col("status") == DUPLICATE))
        copies = copies.select(*HISTORY, F.lit(DUPLICATE).alias("_was"))
        rows = rows.unionByName(copies, allowMissingColumns=True)
    return rows


def unsound(quarantine: DataFrame, spec: SourceSpec) -> DataFrame:
    """Return the quarantined rows of a source that break a rule of their own."""
    from pyspark.sql import functions as F  # noqa: N812

    return quarantine.where((F.col("source") == spec.name) & ~is_sound(F.col("reasons"))).select(*ROW)


def discarded(outcomes: DataFrame, spec: SourceSpec) -> DataFrame:
    """Return the rows of a source that the contract or a person has discarded."""
    from pyspark.sql import functions as F  # noqa: N812

    return outcomes.where((F.col("source") == spec.name) & (F.col("status") == DISCARDED)).select(*ROW)


def is_resolved() -> Column:
    """Return true for rows that belong in restricted.outcomes."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.col("_status").isin(*RESOLVED)
