"""Count what the tables hold, source by source, into the figures of conservation: rows, reasons, exact amounts.

Nothing is carried over from an earlier run: every figure is counted from the tables as they stand. Amounts in
bronze are parsed from the raw text again, so that a cent lost between bronze and silver shows.
Layer: pipeline. Imports core, contracts, judge, ledger and store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from datatrust.core.release import SourceControl
from pipeline.bronze import bronze_table
from pipeline.contracts.model import SourceSpec
from pipeline.judge import bronze_amount, bronze_currency, currency
from pipeline.ledger import LedgerEntry, loaded_sequences
from pipeline.quarantine import OUTCOMES, QUARANTINE
from pipeline.silver import DUPLICATE, QUARANTINED, SUPERSEDED, VALID
from pipeline.store import exists, read

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

READ = "read"
FATES = (VALID, QUARANTINED, DUPLICATE, SUPERSEDED, "discarded")
_REASON = "reason"


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """One counted group: rows of a source in one place, under one currency, or quarantined for one reason."""

    source: str
    part: str
    group: str  # currency, or the reason
    rows: int
    amount: Decimal | None
    unparseable: int


def count_controls(
    spark: SparkSession, warehouse: Path, specs: Sequence[SourceSpec], ledger: Iterable[LedgerEntry]
) -> tuple[SourceControl, ...]:
    """Return the conservation figures of every source, counted from the tables in one Spark job."""
    entries = tuple(ledger)
    parts = [part for spec in specs for part in _parts_of(spark, warehouse, spec, entries)]
    parts += _shared_parts(spark, warehouse)
    figures: list[_Figure] = []
    if parts:
        union = reduce(lambda a, b: a.unionByName(b), parts)
        figures = [_Figure(**row.asDict()) for row in union.collect()]
    return tuple(_control(spec, [f for f in figures if f.source == spec.name]) for spec in specs)


def within(column: Column, numbers: Sequence[int]) -> Column:
    """Return true where `column` is one of `numbers`, as few ranges."""
    from pyspark.sql import functions as F  # noqa: N812

    found = F.lit(False)
    for low, high in _ranges(numbers):
        found = found | column.between(low, high)
    return found


def _ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return the numbers as ranges of neighbours.

    >>> _ranges([1, 2, 3, 7, 9, 10])
    [(1, 3), (7, 7), (9, 10)]
    """
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def _parts_of(
    spark: SparkSession, warehouse: Path, spec: SourceSpec, entries: Sequence[LedgerEntry]
) -> list[DataFrame]:
    from pyspark.sql import functions as F  # noqa: N812

    parts = []
    listed = loaded_sequences(entries, spec.name)
    if listed and exists(warehouse, bronze_table(spec)):
        bronze = read(spark, warehouse, bronze_table(spec))
        counted = bronze.where(within(F.col("_sequence"), listed))
        parts.append(
            _count(
                counted,
                F.lit(spec.name),
                F.lit(READ),
                bronze_currency(spec, bronze),
                bronze_amount(spec, bronze),
            )
        )
    if exists(warehouse, spec.silver_table):
        silver = read(spark, warehouse, spec.silver_table)
        code = F.col(spec.currency_column) if spec.currency_column else None
        amount = F.col(spec.amount_column) if spec.amount_column else F.lit(None)
        parts.append(_count(silver, F.lit(spec.name), F.lit(VALID), currency(spec, code), amount))
    return parts


def _shared_parts(spark: SparkSession, warehouse: Path) -> list[DataFrame]:
    from pyspark.sql import functions as F  # noqa: N812

    parts = []
    code, amount = F.coalesce("_currency", F.lit("?")), F.col("_amount")
    if exists(warehouse, QUARANTINE):
        rows = read(spark, warehouse, QUARANTINE)
        parts.append(_count(rows, F.col("source"), F.lit(QUARANTINED), code, amount))
        reasons = rows.select("source", F.explode("reasons").alias("why"))
        parts.append(_count(reasons, F.col("source"), F.lit(_REASON), F.col("why"), F.lit(None)))
    if exists(warehouse, OUTCOMES):
        rows = read(spark, warehouse, OUTCOMES)
        parts.append(_count(rows, F.col("source"), F.col("status"), code, amount))
    return parts


def _count(rows: DataFrame, source: Column, part: Column, group: Column, amount: Column) -> DataFrame:
    from pyspark.sql import functions as F  # noqa: N812

    exact = amount.cast("decimal(38,6)")
    return (
        rows.select(source.alias("source"), part.alias("part"), group.alias("group"), exact.alias("exact"))
        .groupBy("source", "part", "group")
        .agg(
            F.count(F.lit(1)).alias("rows"),
            F.try_sum("exact").alias("amount"),
            F.count_if(F.col("exact").isNull()).alias("unparseable"),
        )
    )


def _control(spec: SourceSpec, figures: Sequence[_Figure]) -> SourceControl:
    counts = {part: sum(f.rows for f in figures if f.part == part) for part in (READ, *FATES)}
    amounts: dict[str, dict[str, Decimal]] = {}
    if spec.amount_column:
        zero = _scaled(Decimal(0), spec)
        for figure in figures:
            if figure.part != _REASON and figure.amount is not None:
                sums = amounts.setdefault(figure.group, dict.fromkeys((READ, *FATES), zero))
                sums[figure.part] = _scaled(figure.amount, spec)
    return SourceControl(
        source=spec.name,
        table=spec.silver_table,
        read=counts[READ],
        valid=counts[VALID],
        quarantined=counts[QUARANTINED],
        duplicate=counts[DUPLICATE],
        superseded=counts[SUPERSEDED],
        discarded=counts["discarded"],
        reasons={f.group: f.rows for f in sorted(figures, key=lambda f: f.group) if f.part == _REASON},
        amount_column=spec.amount_column,
        amounts=dict(sorted(amounts.items())),
        unparseable_amounts=sum(f.unparseable for f in figures if f.part == READ)
        if spec.amount_column
        else 0,
    )


def _scaled(amount: Decimal, spec: SourceSpec) -> Decimal:
    """Return an amount with the decimals of its column where that loses nothing."""
    assert spec.amount_column is not None
    rounded = amount.quantize(Decimal(1).scaleb(-spec.column(spec.amount_column).type.scale))
    return rounded if rounded == amount else amount
