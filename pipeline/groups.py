"""Judge rows among others: who owns a value, whether an entry balances. Windows within the plan of the judgement.

A group rule sees what the row rules left: rows that are sound by themselves, rows that are good so far.
Layer: pipeline. Imports contracts and rules; Spark column expressions only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.contracts.model import ColumnSpec, Rule, SourceSpec
from pipeline.rules import rule_kinds
from pipeline.rules.base import GroupRule

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

REFERENCE = "reference"
WAITS = (REFERENCE, "balanced")  # families of reasons that may fall away when rows of other sources arrive
BY_OTHERS = (*WAITS, "unique", "conflict")  # a row with these reasons only is sound by itself
_OWNER = "g_owner_"


@dataclass(frozen=True, kw_only=True)
class _Grouped:
    """One row among others: a `GroupedRow` of the rules."""

    source: SourceSpec
    value: Callable[[str], Column]
    key: Column
    stamp: Column
    content: Column
    is_sound: Column
    good: Column
    owners: Mapping[str, str]  # rule id -> column of the first owner in earlier files

    @property
    def file(self) -> Column:
        return _col("_sequence")

    @property
    def line(self) -> Column:
        return _col("_line")

    @property
    def as_owner(self) -> Column:
        return owner(self.key)

    @property
    def is_good(self) -> Column:
        """Two contents under one key and stamp in a file: nobody knows which is right, so neither is good."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F  # noqa: N812

        version = Window.partitionBy(self.file, self.key, self.stamp, self.good)
        return self.good & (F.min(self.content).over(version) == F.max(self.content).over(version))

    @property
    def stands_in_file(self) -> Column:
        from pyspark.sql import Window
        from pyspark.sql import functions as F  # noqa: N812

        versions = Window.partitionBy(self.file, self.key, self.good).orderBy(self.stamp.desc(), self.line)
        return self.good & (F.row_number().over(versions) == 1)

    def spec(self, name: str) -> ColumnSpec:
        return self.source.column(name)

    def first_owner(self, rule_id: str) -> Column | None:
        return _col(self.owners[rule_id]) if rule_id in self.owners else None


def owner(key: Column) -> Column:
    """Return (file, line, key) of a row as one value; the least of several came first."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.struct(_col("_sequence").alias("file"), _col("_line").alias("line"), key.alias("key"))


def group_rules(spec: SourceSpec) -> tuple[tuple[Rule, GroupRule], ...]:
    """Return the source's rules over several rows with their kinds, in the order to ask them."""
    found = [(rule, kind) for rule in spec.rules if isinstance(kind := rule_kinds()[rule.kind], GroupRule)]
    return tuple(sorted(found, key=lambda pair: pair[1].rank))


def needs_earlier_rows(spec: SourceSpec) -> bool:
    """Return whether earlier files have a say in the verdict on new rows."""
    return any(rule.kind == "unique" for rule, _ in group_rules(spec))


def is_sound(reasons: Column) -> Column:
    """Return true where no reason is of the row itself: others could take all of them away."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.forall(reasons, lambda reason: F.substring_index(reason, ":", 1).isin(*BY_OTHERS))


def is_waiting(reasons: Column) -> Column:
    """Return true where rows of other sources could take a reason away."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.exists(reasons, lambda reason: F.substring_index(reason, ":", 1).isin(*WAITS))


def judge_groups(
    frame: DataFrame,
    spec: SourceSpec,
    *,
    value: Callable[[str], Column],
    key: Column,
    stamp: Column,
    content: Column,
    reasons: str,
    warnings: str,
    owners: Mapping[str, DataFrame],
) -> tuple[DataFrame, dict[str, Column]]:
    """Return `frame` with the group rules added to its reasons and warnings, and what each of them says.

    Args:
        frame: rows with the verdict of the row rules.
        value: gives a column's typed value.
        key, stamp, content: what tells things, their versions, and equal rows apart; for sound rows.
        reasons, warnings: names of the columns of rule ids.
        owners: for each unique rule the first owners in earlier files: `g_0`, `g_1` … and the owner.
    """
    from pyspark.sql import functions as F  # noqa: N812

    frame = frame.withColumns({"g_key": key, "g_stamp": stamp, "g_content": content})
    names = {}
    for place, (rule, _) in enumerate(group_rules(spec)):
        if rule.id in owners:
            names[rule.id] = f"{_OWNER}{place}"
            frame = _join_owners(frame, rule, value, owners[rule.id], names[rule.id])
    row = _Grouped(
        source=spec,
        value=value,
        key=_col("g_key"),
        stamp=_col("g_stamp"),
        content=_col("g_content"),
        is_sound=is_sound(_col(reasons)) & _col("_rescue_reason").isNull(),
        good=F.size(reasons) == 0,
        owners=names,
    )
    broken = {}
    for place, (rule, kind) in enumerate(group_rules(spec)):
        name, into = f"g_breaks_{place}", reasons if rule.severity == "reject" else warnings
        frame = frame.withColumn(name, F.coalesce(kind.breaks(rule, row), F.lit(False)))
        added = F.concat(into, F.array(F.lit(rule.id)))
        frame = frame.withColumn(into, F.when(_col(name), added).otherwise(_col(into)))
        row = replace(row, good=F.size(reasons) == 0)
        broken[rule.id] = _col(name)
    return frame, broken


def first_owners(rows: DataFrame, rule: Rule, value: Callable[[str], Column], key: Column) -> DataFrame:
    """Return for each value the first of `rows` that has it, as `judge_groups` takes it."""
    from pyspark.sql import functions as F  # noqa: N812

    values = [value(name).alias(f"g_{place}") for place, name in enumerate(rule.columns)]
    names = [f"g_{place}" for place in range(len(values))]
    owned = rows.select(*values, owner(key).alias("g_owner")).dropna(subset=names)
    return owned.groupBy(*names).agg(F.min("g_owner").alias("g_owner"))


def _join_owners(
    frame: DataFrame, rule: Rule, value: Callable[[str], Column], owners: DataFrame, name: str
) -> DataFrame:
    from pyspark.sql import functions as F  # noqa: N812

    same = F.lit(True)
    for place, column in enumerate(rule.columns):
        same = same & (value(column) == _col(f"g_{place}"))
    places = [f"g_{place}" for place in range(len(rule.columns))]
    return frame.join(owners.withColumnRenamed("g_owner", name), same, "left").drop(*places)


def _col(name: str) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    return F.col(f"`{name}`")
