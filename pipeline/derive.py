"""Derive the silver tables of one source: judge what is new, decide which versions stand, write what changed.

Its own tables are written here; what goes to the tables that all sources share is held in its `Work`.
Layer: pipeline. Imports contracts, judge, silver, quarantine, masking and store.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.bronze import bronze_table
from pipeline.contracts.model import SourceSpec
from pipeline.controls import ranges
from pipeline.groups import needs_earlier_rows
from pipeline.judge import REASONS, STAMP_TYPE, WARNINGS, judge
from pipeline.masking import Masker
from pipeline.quarantine import (
    MASKED_ROW,
    OUTCOMES,
    QUARANTINE,
    RESOLVED,
    ROW,
    discarded,
    history_of_conflicts,
    history_of_outcomes,
    is_resolved,
    standing,
    to_masked_quarantine,
    to_outcomes,
    to_quarantine,
    unsound,
    waiting,
)
from pipeline.readers.base import fold
from pipeline.settle import MARKS, REPLACED, is_settled, mark, settle
from pipeline.silver import (
    ORPHAN,
    QUARANTINED,
    VALID,
    decide,
    history_of_silver,
    is_renewed,
    to_silver,
    validity,
)
from pipeline.store import change, exists, read
from pipeline.store import replace as replace_table
from pipeline.work import Group, Work

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

Progress = Callable[[str, str], None]  # source, step ("bronze", "judge", "silver", "done")

EARLIER = (VALID, QUARANTINED, *RESOLVED)


@dataclass(frozen=True, kw_only=True)
class Deriver:
    """Derives any source of one delivery; sources that do not depend on each other may be derived at once."""

    spark: SparkSession
    warehouse: Path
    today: dt.date
    masker: Masker
    works: Mapping[str, Work]
    listed: Mapping[str, tuple[int, ...]]  # file numbers of each source that were loaded before
    progress: Progress

    def derive(self, work: Work) -> None:
        """Judge what is new of a source, decide which versions stand, and write its silver tables."""
        begun = time.monotonic()
        parents = [self.works[name] for name in work.spec.parents]
        if any(parent.refresh or parent.shrunk for parent in parents):
            work.refresh = work.is_bound = True
        new = self._new_rows(work)
        if new is not None:
            self.progress(work.spec.name, "judge")
            decided = self._decide(work, new)
            self.progress(work.spec.name, "silver")
            self._write_silver(work, decided)
        work.seconds += time.monotonic() - begun

    def _new_rows(self, work: Work) -> DataFrame | None:
        """Return rows of bronze to judge: of new files, and rows whose parents may have come; None if none."""
        from pyspark.sql import functions as F  # noqa: N812

        spec = work.spec
        if not exists(self.warehouse, bronze_table(spec)):
            return None
        fresh = [one.file.sequence for one in work.loaded]
        if work.refresh:
            fresh += self.listed[spec.name]
        parts = []
        if fresh:
            rows = self._bronze(work, fresh)
            parts.append(
                rows.withColumns(
                    {
                        "_was": F.lit(None).cast("string"),
                        "_was_reasons": F.lit(None).cast("array<string>"),
                    }
                )
            )
        has_new_parents = any(self.works[name].grown for name in spec.parents)
        again = has_new_parents or work.replay
        if again and not work.refresh and exists(self.warehouse, QUARANTINE):
            found = waiting(read(self.spark, self.warehouse, QUARANTINE), spec, everything=work.replay)
            rows = self._bronze(work).where(~F.col(REPLACED)).join(found, list(ROW))
            parts.append(rows.withColumn("_was", F.lit(ORPHAN)))
        return reduce(lambda a, b: a.unionByName(b), parts) if parts else None

    def _bronze(self, work: Work, sequences: Collection[int] | None = None) -> DataFrame:
        """Return bronze of a source, or some of its files, with its columns wherever they are kept.

        What repairs make of its rows is marked.
        """
        bronze = read(self.spark, self.warehouse, bronze_table(work.spec), sequences=sequences)
        if sequences is not None:
            bronze = bronze.where(_within(sequences))
        return mark(self.spark, _with_late_columns(bronze, work), work.repairs)

    def _judge(
        self, work: Work, rows: DataFrame, keep: Sequence[str] = (), *, alone: bool = False
    ) -> DataFrame:
        parents = {
            name: read(self.spark, self.warehouse, self.works[name].spec.silver_table)
            for name in work.spec.parents
            if exists(self.warehouse, self.works[name].spec.silver_table)
        }
        judged = judge(
            rows,
            work.spec,
            self.masker,
            today=self.today,
            parents=parents,
            keep=(*keep, *MARKS),
            before=None if alone else self._before(work),
            alone=alone,
        )
        return self._fated(work, self._stamped(work, judged))

    def _before(self, work: Work) -> DataFrame | None:
        """Return the sound rows of earlier files; None where they have no say or are judged again themselves."""
        spec = work.spec
        earlier = self.listed[spec.name]
        if work.refresh or not earlier or not needs_earlier_rows(spec):
            return None
        rows = self._bronze(work, earlier).where(~is_settled())
        rows = rows.where("_rescue_reason is null")
        if exists(self.warehouse, QUARANTINE):
            broken = unsound(read(self.spark, self.warehouse, QUARANTINE), spec)
            rows = rows.join(broken, list(ROW), "left_anti")
        if exists(self.warehouse, OUTCOMES):
            gone = discarded(read(self.spark, self.warehouse, OUTCOMES), spec)
            rows = rows.join(gone, list(ROW), "left_anti")
        return rows

    def _decide(self, work: Work, new: DataFrame) -> DataFrame:
        """Return new rows and the earlier ones of their keys, decided and held, and count them into `work`.

        Held apart from the tables that it was read from: these change while it is in use.
        """
        from pyspark.sql import functions as F  # noqa: N812

        judged = self._judge(work, new, ("_was", "_was_reasons"))
        history = self._history(work)
        if history is not None or work.repairs:
            judged = judged.localCheckpoint(eager=False)
        keys = judged.select("_key")
        settled = self._settled(work, judged) if work.repairs else None
        if settled is not None:
            judged = judged.where(~is_settled())
            keys = keys.unionByName(settled.select("_key"))
        if history is not None:
            keys = keys.where("_key is not null").distinct()
            judged = judged.unionByName(history.join(keys, "_key", "left_semi"), allowMissingColumns=True)
            if self._has_newer_state(work):
                absent = history.where(F.col("_was") == VALID).join(keys, "_key", "left_anti")
                judged = judged.unionByName(absent, allowMissingColumns=True)
        decided = decide(judged, work.spec, newest=work.newest)
        if settled is not None:
            decided = decided.unionByName(settled, allowMissingColumns=True)
        decided = decided.localCheckpoint(eager=False)
        changed = F.coalesce(F.col("_was_reasons") != F.col(REASONS), F.lit(False))
        grouped = (
            decided.groupBy(
                "_status",
                "_was",
                REASONS,
                WARNINGS,
                REPLACED,
                changed.alias("changed"),
                is_renewed(work.spec).alias("renewed"),
            )
            .agg(F.count(F.lit(1)).alias("rows"), F.min("_sequence").alias("oldest"))
            .collect()
        )
        work.groups = tuple(
            Group(
                status=row["_status"],
                was=row["_was"],
                reasons=tuple(row[REASONS] or ()),
                warnings=tuple(row[WARNINGS] or ()),
                replaced=row[REPLACED],
                changed=row["changed"],
                renewed=row["renewed"],
                rows=row["rows"],
                oldest=row["oldest"],
            )
            for row in grouped
        )
        return self._with_movers(work, decided)

    def _settled(self, work: Work, judged: DataFrame) -> DataFrame:
        """Return rows that no rule has to decide on: a repair has taken their place, or a person discarded them."""
        settled = judged.where(is_settled())
        if work.settles and not work.refresh and exists(self.warehouse, work.spec.silver_table):
            silver = mark(self.spark, read(self.spark, self.warehouse, work.spec.silver_table), work.repairs)
            shared = [
                read(self.spark, self.warehouse, table) if exists(self.warehouse, table) else None
                for table in (QUARANTINE, OUTCOMES)
            ]
            earlier = mark(self.spark, standing(work.spec, silver, *shared), work.repairs)
            settled = settled.unionByName(earlier.where(REPLACED), allowMissingColumns=True)
        return settle(settled)

    def _fated(self, work: Work, judged: DataFrame) -> DataFrame:
        """Return rows of which those have no key, whatever they say, that share the fate of their file."""
        from pyspark.sql import functions as F  # noqa: N812

        fate, reason = F.lit(None).cast("string"), F.lit(None).cast("string")
        for number, one in sorted(work.fates.items()):
            mine = F.col("_sequence") == number
            fate = F.when(mine, F.lit(one.decision)).otherwise(fate)
            reason = F.when(mine, F.lit(one.reason)).otherwise(reason)
        judged = judged.withColumn("_fate", fate)
        if not work.fates:
            return judged
        spared = F.col("_fate").isNull()
        return judged.withColumns(
            {
                **{name: F.when(spared, F.col(name)) for name in ("_key", "_stamp", "_row_hash")},
                REASONS: F.when(spared, F.col(REASONS))
                .when(F.col("_fate") == "quarantine", F.concat(F.col(REASONS), F.array(reason)))
                .otherwise(F.array().cast("array<string>")),
            }
        )

    def _has_newer_state(self, work: Work) -> bool:
        """Say whether a file of this delivery is the newest snapshot: keys that it lacks leave silver."""
        new = {one.file.sequence for one in work.loaded}
        return any(stamp == work.newest for number, stamp in work.stamps.items() if number in new)

    def _stamped(self, work: Work, rows: DataFrame) -> DataFrame:
        """Return rows with the place of their file among the snapshots as their stamp."""
        from pyspark.sql import functions as F  # noqa: N812

        if not work.stamps:
            return rows
        listed = ",".join(f"{number}:{stamp}" for number, stamp in sorted(work.stamps.items()))
        places = F.str_to_map(F.lit(listed), F.lit(","), F.lit(":"))
        stamp = F.element_at(places, F.col("_sequence").cast("string")).cast(STAMP_TYPE)
        return rows.withColumn("_stamp", F.when(F.col("_stamp").isNotNull(), stamp))

    def _history(self, work: Work) -> DataFrame | None:
        """Return earlier rows that had passed their rules; None where there are none or all is rebuilt."""
        from pyspark.sql import functions as F  # noqa: N812

        spec = work.spec
        if work.refresh or not exists(self.warehouse, spec.silver_table):
            return None
        silver = mark(self.spark, read(self.spark, self.warehouse, spec.silver_table), work.repairs)
        parts = [self._stamped(work, history_of_silver(silver, spec))]
        if exists(self.warehouse, OUTCOMES):
            parts.append(history_of_outcomes(read(self.spark, self.warehouse, OUTCOMES), spec))
        if exists(self.warehouse, QUARANTINE):
            parts.append(history_of_conflicts(read(self.spark, self.warehouse, QUARANTINE), spec))
        rows = mark(
            self.spark, reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), parts), work.repairs
        )
        return rows.where(~F.col(REPLACED))

    def _with_movers(self, work: Work, decided: DataFrame) -> DataFrame:
        """Give earlier rows that come back to silver, or fall into conflict, their full columns from bronze.

        It happens when a late parent frees a row that is older than one that stands already.
        """
        from pyspark.sql import functions as F  # noqa: N812

        if not any(
            g.was in EARLIER and g.status != g.was and g.status in (VALID, QUARANTINED) for g in work.groups
        ):
            return decided
        was = F.coalesce("_was", F.lit(""))
        moves = was.isin(*EARLIER) & (F.col("_status") != was) & F.col("_status").isin(VALID, QUARANTINED)
        until = ("_until", "_was_until") if work.spec.keeps_history else ()
        movers = decided.where(moves).select(*ROW, "_was", "_status", REASONS, *until)
        rows = self._bronze(work).join(movers.select(*ROW), list(ROW))
        full = self._judge(work, rows, alone=True).drop(REASONS).join(movers, list(ROW))
        stay = decided.where(~moves)
        return stay.unionByName(full, allowMissingColumns=True).localCheckpoint()

    def _write_silver(self, work: Work, decided: DataFrame) -> None:
        """Write what entered and left silver, in one commit a table; hold back what goes to shared tables."""
        from pyspark.sql import functions as F  # noqa: N812

        spec, groups = work.spec, work.groups
        was, status = F.col("_was"), F.col("_status")
        is_fresh = was.isNull() | (was == ORPHAN)
        enters = any(g.status == VALID and g.was != VALID for g in groups)
        leaves = any(g.was == VALID and g.status != VALID for g in groups)
        renewed = any(g.renewed for g in groups)
        added = to_silver(decided.where((status == VALID) & (is_fresh | (was != VALID))), spec, self.masker)
        work.grown = enters
        lost = self._keys_lost(decided) if any(_may_lose_key(g, spec) for g in groups) else 0
        work.shrunk = lost > 0
        work.keys_lost = work.count_left() if spec.keeps_history else lost
        if work.refresh or not exists(self.warehouse, spec.silver_table):
            replace_table(self.warehouse, spec.silver_table, added)
        elif enters or leaves or renewed:
            change(
                self.spark,
                self.warehouse,
                spec.silver_table,
                added=added if enters else None,
                removed=decided.where((was == VALID) & (status != VALID)).select(*ROW) if leaves else None,
                updated=decided.where(is_renewed(spec)).select(
                    *ROW, *[column.alias(name) for name, column in validity(spec).items()]
                )
                if renewed
                else None,
                match=ROW,
            )
        self._hold_outcomes(work, decided)
        self._write_quarantine(work, decided)

    def _keys_lost(self, decided: DataFrame) -> int:
        """Return how many keys had a row in silver and have none now."""
        from pyspark.sql import functions as F  # noqa: N812

        by_key = decided.where(F.col("_key").isNotNull()).groupBy("_key")
        kept = by_key.agg(
            F.bool_or(F.col("_was") == VALID).alias("had"), F.bool_or(F.col("_status") == VALID).alias("has")
        )
        return int(kept.where("had and not has").count())

    def _hold_outcomes(self, work: Work, decided: DataFrame) -> None:
        from pyspark.sql import functions as F  # noqa: N812

        groups, was, status = work.groups, F.col("_was"), F.col("_status")
        if any(g.status in RESOLVED and g.was != g.status for g in groups):
            work.outcomes_added = to_outcomes(
                decided.where(is_resolved() & (was.isNull() | (was != status))), work.spec
            )
        if any(g.was in RESOLVED and g.was != g.status for g in groups):
            work.outcomes_removed = decided.where(was.isin(*RESOLVED) & (was != status)).select(*ROW)

    def _write_quarantine(self, work: Work, decided: DataFrame) -> None:
        """Hold rows for the shared quarantine and write the source's masked one."""
        from pyspark.sql import functions as F  # noqa: N812

        spec, groups, was, status = work.spec, work.groups, F.col("_was"), F.col("_status")
        is_changed = F.coalesce(F.col("_was_reasons") != F.col(REASONS), F.lit(False))
        rejected = status == QUARANTINED
        enters = rejected & (was.isNull() | was.isin(VALID, *RESOLVED) | ((was == ORPHAN) & is_changed))
        leaves = ((was == ORPHAN) & (~rejected | is_changed)) | ((was == QUARANTINED) & ~rejected)
        added = removed = None
        if any(
            g.status == QUARANTINED
            and (g.was not in (ORPHAN, QUARANTINED) or (g.was == ORPHAN and g.changed))
            for g in groups
        ):
            added = decided.where(enters)
            work.quarantine_added = to_quarantine(added, spec)
        if any(
            (g.was == ORPHAN and (g.status != QUARANTINED or g.changed))
            or (g.was == QUARANTINED and g.status != QUARANTINED)
            for g in groups
        ):
            removed = decided.where(leaves).select(*ROW)
            work.quarantine_removed = removed
        if spec.quarantine_table is None:
            return
        masked = to_masked_quarantine(decided.where(enters), spec)
        if work.refresh or not exists(self.warehouse, spec.quarantine_table):
            replace_table(self.warehouse, spec.quarantine_table, masked)
        elif added is not None or removed is not None:
            change(
                self.spark,
                self.warehouse,
                spec.quarantine_table,
                added=masked if added is not None else None,
                removed=removed.withColumnRenamed("_sequence", MASKED_ROW[0])
                if removed is not None
                else None,
                match=MASKED_ROW,
            )


def _may_lose_key(group: Group, spec: SourceSpec) -> bool:
    """A conflict, a repair or a snapshot takes rows out of silver and may put none in their place."""
    leaves = group.was == VALID and group.status != VALID
    return leaves and (group.status == QUARANTINED or group.replaced or spec.load_mode == "snapshot")


def _with_late_columns(bronze: DataFrame, work: Work) -> DataFrame:
    """Return rows with the columns that files brought before the contract had them.

    Not those of amounts: the recount of amounts reads their own columns.
    """
    from pyspark.sql import functions as F  # noqa: N812

    spec = work.spec
    counted = (spec.amount_column, spec.currency_column)
    late = [c for c in spec.columns if fold(c.header) in work.late_headers and c.name not in counted]
    if not late:
        return bronze
    kept = F.transform_keys(
        F.from_json("_extra", "map<string,string>"), lambda name, _: F.lower(F.trim(name))
    )
    none = F.lit(None).cast("string")
    return bronze.withColumns(
        {
            c.name: F.coalesce(
                F.col(f"`{c.name}`") if c.name in bronze.columns else none,
                F.element_at(kept, fold(c.header)),
            )
            for c in late
        }
    )


def _within(numbers: Iterable[int]) -> Column:
    """Return true for the rows of the files with these numbers."""
    from pyspark.sql import functions as F  # noqa: N812

    found = F.lit(False)
    for low, high in ranges(numbers):
        found = found | F.col("_sequence").between(low, high)
    return found
