"""Judge rows of bronze in one pass: typed values, failed rules, masked columns, and what identifies a version.

A row that breaks a rule of severity reject carries the ids of all rules it breaks; it has no key then, since a
wrong value is no key. Nothing is written here.
Layer: pipeline. Imports contracts, rules, values and masking; Spark column expressions only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datatrust.core.masking import REDACTED
from pipeline.bronze import META
from pipeline.contracts.model import ColumnSpec, ColumnType, Rule, SourceSpec
from pipeline.groups import first_owners, group_rules, judge_groups
from pipeline.masking import Masker
from pipeline.rules import rule_kinds
from pipeline.rules.base import RowRule
from pipeline.values import clean_text, exact_amount, typed_value

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

STAMP_TYPE = "decimal(38,6)"
FORMAT = "format"  # family of the reasons that a record could not be read at all
CONFLICT = "conflict:version"
REASONS = "_reasons"
WARNINGS = "_warnings"
PLACE = "_place"

_TEXT, _VALUE, _PARENT = "t_", "v_", "p_"
SILVER, SAFE = "s_", "q_"  # prefixes of the masked columns and of those a quarantine may show
_BETWEEN = "\x1f"
# Numbers of few digits, dates, truths and codes: all that an evolved column shows in silver.
PLAIN = r"^([+-]?[0-9]{1,7}([.,][0-9]{1,6})?|[0-9]{4}-[0-9]{2}-[0-9]{2}|[A-Z][A-Z0-9]{0,11}|[a-z][a-z0-9]*([_-][a-z0-9]+)*)$"
# A text that passed one of these is what it claims to be.
_SAFE_RULES = ("value_set", "pattern", "checksum", "currency_code")


@dataclass(frozen=True, kw_only=True)
class _JudgedRow:
    """The columns of the frame under judgement, as rules see them."""

    source: SourceSpec
    today: dt.date

    def spec(self, name: str) -> ColumnSpec:
        return self.source.column(name)

    def text(self, name: str) -> Column:
        return _col(_TEXT + name)

    def value(self, name: str) -> Column:
        return _col(_VALUE + name)

    def is_readable(self, name: str) -> Column:
        return self.text(name).isNull() | self.value(name).isNotNull()

    def has_parent(self, rule_id: str) -> Column:
        from pyspark.sql import functions as F  # noqa: N812

        return F.coalesce(_col(_parent_column(self.source, rule_id)), F.lit(False))


def judge(
    bronze: DataFrame,
    spec: SourceSpec,
    masker: Masker,
    *,
    today: dt.date,
    parents: Mapping[str, DataFrame],
    keep: Sequence[str] = (),
    before: DataFrame | None = None,
    alone: bool = False,
) -> DataFrame:
    """Return rows of bronze with their verdict.

    Args:
        bronze: rows of bronze.<source>; columns that the contract has and it has not are taken as empty. Its
            `_place` in the order of files is the file's number where no repair says otherwise.
        parents: silver table of each parent that exists, by source name.
        keep: further columns of `bronze` to hand through.
        before: sound rows of earlier files in bronze; they own the values they brought.
        alone: leave out the rules over several rows; for rows that have passed them among others.

    Returns:
        `_sequence, _line, _file, _file_sha`, `_reasons` (empty where the row is good), `_warnings`, `_key`,
        `_stamp`, `_row_hash` (null where it is not good), `_amount`, `_currency`, `_key_text`, `_raw`, a masked column `s_x` for each silver column and, where the contract names a masked
        quarantine, `q_x` for each column it may show.
    """
    from pyspark.sql import functions as F  # noqa: N812

    row = _JudgedRow(source=spec, today=today)
    if PLACE not in bronze.columns:
        bronze = bronze.withColumn(PLACE, F.col("_sequence"))
    texts = {_TEXT + c.name: clean_text(_bronze_column(bronze, c), c.missing) for c in spec.columns}
    frame = bronze.withColumns(texts)
    frame = frame.withColumns({_VALUE + c.name: _typed(row.text(c.name), c) for c in spec.columns})
    frame = _join_parents(frame, spec, masker, parents)
    broken = {
        rule.id: F.coalesce(kind.breaks(rule, row), F.lit(False))
        for rule in spec.rules
        if isinstance(kind := rule_kinds()[rule.kind], RowRule)
    }
    is_whole = F.col("_rescue_reason").isNull()
    mine = [rule for rule in spec.rules if rule.id in broken]
    rejects = F.array_compact(
        F.array(*[F.when(broken[r.id], F.lit(r.id)) for r in mine if r.severity == "reject"])
    )
    warns = F.array_compact(
        F.array(*[F.when(broken[r.id], F.lit(r.id)) for r in mine if r.severity == "warn"])
    )
    unread = F.array(F.concat(F.lit(f"{FORMAT}:"), F.col("_rescue_reason")))
    none = F.array().cast("array<string>")
    frame = frame.withColumns(
        {
            REASONS: F.when(is_whole, rejects).otherwise(unread),
            WARNINGS: F.when(is_whole, warns).otherwise(none),
        }
    )
    is_good = F.size(REASONS) == 0
    silver = _masked_columns(spec, masker, row)
    content = _row_hash(spec, masker, row)
    if not alone and group_rules(spec):
        frame, more = judge_groups(
            frame,
            spec,
            value=_comparable(spec, masker, row),
            key=_key(spec, silver, content),
            stamp=_stamp(spec, row),
            content=content,
            reasons=REASONS,
            warnings=WARNINGS,
            owners=_owners(before, spec, masker, row) if before is not None else {},
        )
        broken |= more
    picked = [
        *[F.col(name) for name in ("_sequence", "_line", "_file", "_file_sha", *keep)],
        F.col(REASONS),
        F.col(WARNINGS),
        F.when(is_good, _key(spec, silver, content)).alias("_key"),
        F.when(is_good, _stamp(spec, row)).alias("_stamp"),
        F.when(is_good, content).alias("_row_hash"),
        (_amount(spec, row) if spec.amount_column else F.lit(None)).cast(STAMP_TYPE).alias("_amount"),
        currency(spec, _bronze_column(bronze, spec.column(spec.currency_column))).alias("_currency")
        if spec.currency_column
        else currency(spec, None).alias("_currency"),
        _key_text(spec, row).alias("_key_text"),
        F.coalesce("_rescued", _line_again(spec, bronze)).alias("_raw"),
        *[F.when(is_good, value).alias(SILVER + name) for name, value in silver.items()],
    ]
    if spec.quarantine_table:
        picked += [
            F.when(shown, row.value(column.name)).alias(SAFE + column.name)
            for column, shown in _safe_columns(spec, broken)
        ]
    return frame.select(*picked)


def _amount(spec: SourceSpec, row: _JudgedRow) -> Column:
    assert spec.amount_column is not None
    return exact_amount(row.text(spec.amount_column), row.spec(spec.amount_column).number_format)


def _typed(text: Column, column: ColumnSpec) -> Column:
    """Return a value in its type; of a column that no contract knows only what can hardly be personal."""
    from pyspark.sql import functions as F  # noqa: N812

    if not column.is_evolved:
        return typed_value(text, column)
    return F.when(text.rlike(PLAIN), text).when(text.isNotNull(), F.lit(REDACTED))


def currency(spec: SourceSpec, text: Column | None) -> Column:
    """Return the currency that an amount counts under: a code of three letters, else "?"; a junk cell never shows."""
    from pyspark.sql import functions as F  # noqa: N812

    if text is None:
        return F.lit(spec.currency or "")
    code = clean_text(text)
    return F.when(code.rlike("^[A-Z]{3}$"), code).otherwise("?")


def key_of_silver(spec: SourceSpec) -> Column:
    """Return the `_key` of a row of silver: the same as `judge` gave it."""
    from pyspark.sql import functions as F  # noqa: N812

    return _key(spec, {name: F.col(name) for name in spec.key}, F.col("_row_hash"))


def stamp_of_silver(spec: SourceSpec, column: str | None = None) -> Column:
    """Return the `_stamp` of a row of silver, the same as `judge` gave it; or another column's value as a stamp."""
    from pyspark.sql import functions as F  # noqa: N812

    value = F.col(column or spec.sequence) if spec.sequence else None
    return _stamp_of(spec, value)


def safe_columns(spec: SourceSpec) -> tuple[ColumnSpec, ...]:
    """Return the columns that a masked quarantine may show: not personal, and with a form of their own.

    A free text in a broken row may be anything, personal data of a neighbouring column among it.
    """
    formed = {c for rule in spec.rules if rule.kind in _SAFE_RULES for c in rule.columns[:1]}
    return tuple(c for c in spec.columns if not c.is_pii and (c.type.kind != "string" or c.name in formed))


def _safe_columns(spec: SourceSpec, broken: Mapping[str, Column]) -> list[tuple[ColumnSpec, Column]]:
    from pyspark.sql import functions as F  # noqa: N812

    found = []
    for column in safe_columns(spec):
        shown = F.col("_rescue_reason").isNull()
        for rule in spec.rules:
            if rule.columns == (column.name,):
                shown = shown & ~broken.get(rule.id, F.lit(False))
        found.append((column, shown))
    return found


def _col(name: str) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    return F.col(f"`{name}`")


def _bronze_column(frame: DataFrame, column: ColumnSpec) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    return _col(column.name) if column.name in frame.columns else F.lit(None).cast("string")


def _masked_columns(spec: SourceSpec, masker: Masker, row: _JudgedRow) -> dict[str, Column]:
    return {
        column.name: masked
        for column in spec.columns
        if (masked := masker.masked(column, row.value(column.name))) is not None
    }


def _owners(before: DataFrame, spec: SourceSpec, masker: Masker, row: _JudgedRow) -> dict[str, DataFrame]:
    """Return for each unique rule which key brought a value first, among the rows of earlier files."""
    names = {*spec.key, *(name for rule in _unique_rules(spec) for name in rule.columns)}
    columns = [c for c in spec.columns if c.name in names or not spec.key]
    frame = before.withColumns(
        {_TEXT + c.name: clean_text(_bronze_column(before, c), c.missing) for c in columns}
    )
    frame = frame.withColumns({_VALUE + c.name: typed_value(row.text(c.name), c) for c in columns})
    key = _key(spec, _masked_columns(spec, masker, row), _row_hash(spec, masker, row))
    value = _comparable(spec, masker, row)
    return {rule.id: first_owners(frame, rule, value, key) for rule in _unique_rules(spec)}


def _comparable(spec: SourceSpec, masker: Masker, row: _JudgedRow) -> Callable[[str], Column]:
    """Return how rows are compared: by typed values, and by tokens where silver holds tokens."""

    def value(name: str) -> Column:
        column = spec.column(name)
        action = masker.action(column)
        masked = masker.masked(column, row.value(name)) if action and action.action == "token" else None
        return row.value(name) if masked is None else masked

    return value


def _unique_rules(spec: SourceSpec) -> list[Rule]:
    return [rule for rule, _ in group_rules(spec) if rule.kind == "unique"]


def _parent_column(spec: SourceSpec, rule_id: str) -> str:
    return _PARENT + str(next(i for i, fk in enumerate(spec.foreign_keys) if fk.rule.id == rule_id))


def _join_parents(
    frame: DataFrame, spec: SourceSpec, masker: Masker, parents: Mapping[str, DataFrame]
) -> DataFrame:
    """Mark for each foreign key whether its parent stands in silver; personal keys are compared masked."""
    from pyspark.sql import functions as F  # noqa: N812

    for place, fk in enumerate(spec.foreign_keys):
        marker = f"{_PARENT}{place}"
        parent = parents.get(fk.parent)
        if parent is None:
            frame = frame.withColumn(marker, F.lit(False))
            continue
        names = [f"{marker}_{i}" for i in range(len(fk.columns))]
        keys = parent.select(
            *[F.col(c).alias(n) for c, n in zip(fk.parent_columns, names, strict=True)]
        ).distinct()
        condition = F.lit(True)
        for column, name in zip(fk.columns, names, strict=True):
            own = masker.masked(spec.column(column), _col(_VALUE + column))
            assert own is not None
            condition = condition & (own == F.col(name))
        frame = frame.join(keys.withColumn(marker, F.lit(True)), condition, "left").drop(*names)
    return frame


def _as_text(value: Column, kind: ColumnType | None) -> Column:
    """Return a value as text that is equal for equal values, whatever the session's time zone."""
    from pyspark.sql import functions as F  # noqa: N812

    if kind is not None and kind.kind == "timestamp":
        return F.unix_micros(value).cast("string")
    return value.cast("string")


def _row_hash(spec: SourceSpec, masker: Masker, row: _JudgedRow) -> Column:
    """Return what makes two rows the same: all typed values; keyed where personal data is among them.

    Where silver keeps history, two versions say the same though they were written at different times.
    """
    from pyspark.sql import functions as F  # noqa: N812

    said = [c for c in spec.columns if not (spec.keeps_history and c.name == spec.sequence)]
    parts = [F.coalesce(_as_text(row.value(c.name), c.type), F.lit("\x00")) for c in said]
    whole = F.concat_ws(_BETWEEN, *parts)
    return masker.digest(whole) if spec.pii_columns else F.sha2(whole, 256)


def _key(spec: SourceSpec, masked: Mapping[str, Column], content: Column) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    if spec.key:
        parts = [_as_text(masked[name], spec.column(name).type) for name in spec.key]
        return F.sha2(F.concat_ws(_BETWEEN, *parts), 256)
    if spec.duplicates == "keep":
        return F.concat_ws(":", F.col("_sequence"), F.col("_line"))
    return content


def _stamp(spec: SourceSpec, row: _JudgedRow) -> Column:
    return _stamp_of(spec, row.value(spec.sequence) if spec.sequence else None)


def _stamp_of(spec: SourceSpec, value: Column | None) -> Column:
    """Return what orders the versions of a key, as one number type for every kind of sequence."""
    from pyspark.sql import functions as F  # noqa: N812

    if spec.load_mode != "snapshot" and (spec.load_mode == "append" or not spec.key):
        return F.lit(0).cast(STAMP_TYPE)
    if value is None or spec.sequence is None:
        return F.col(PLACE).cast(STAMP_TYPE)
    kind = spec.column(spec.sequence).type.kind
    if kind == "timestamp":
        value = F.unix_micros(value)
    elif kind == "date":
        value = F.unix_date(value)
    return value.cast(STAMP_TYPE)


def _key_text(spec: SourceSpec, row: _JudgedRow) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    if not spec.key:
        return F.lit(None).cast("string")
    return F.concat_ws("|", *[row.text(name) for name in spec.key])


def _line_again(spec: SourceSpec, frame: DataFrame) -> Column:
    """Return a record as one line of CSV in the contract's order."""
    from pyspark.sql import functions as F  # noqa: N812

    fields = [_bronze_column(frame, c).alias(c.name) for c in spec.columns]
    return F.to_csv(F.struct(*fields))


BRONZE_COLUMNS = tuple(name for name, _ in META)
