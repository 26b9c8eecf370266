"""A value belongs to one key: the first row that brought it owns it, whichever delivery came first.

Rows of another key with the same value are rejected; versions and copies of the owner's own row are not. Every
sound row that ever came counts, so that a value never changes hands and many loads end like one load.
Layer: pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from datatrust.core.issues import did_you_mean
from pipeline.contracts.model import ColumnSpec, Rule, SourceSpec
from pipeline.rules.base import Columns, GroupedRow, GroupRule

if TYPE_CHECKING:
    from pyspark.sql import Column


def _check(arguments: Mapping[str, Any], columns: Columns, column: ColumnSpec | None) -> Iterator[str]:
    names = arguments.get("properties")
    if column is not None:
        if names is not None:
            yield "`properties` belongs to a rule of the table; this one stands under a column"
        return
    if not isinstance(names, list) or not names:
        yield "a unique rule of the table needs `properties`, the columns that are unique together"
        return
    for name in names:
        if name not in columns:
            near = did_you_mean(str(name), columns)
            yield f'there is no column "{name}"' + (f"; did you mean {near}?" if near else "")


def _columns(arguments: Mapping[str, Any], columns: Columns, column: ColumnSpec | None) -> tuple[str, ...]:
    return (column.name,) if column else tuple(arguments["properties"])


def _breaks(rule: Rule, row: GroupedRow) -> Column:
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    values = [row.value(name) for name in rule.columns]
    counts = row.is_sound
    for value in values:
        counts = counts & value.isNotNull()
    apart = [F.when(~counts, number) for number in (row.file, row.line)]  # no partition of all the empty ones
    same = Window.partitionBy(*values, counts, *apart)
    owner = F.min(F.when(counts, row.as_owner)).over(same)
    if (earlier := row.first_owner(rule.id)) is not None:
        owner = F.least(owner, earlier)
    return counts & (owner["key"] != row.key)


def _failing(rule: Rule, spec: SourceSpec) -> str:
    key = ", ".join(f'"{name}"' for name in spec.key) or "_sequence, _line"
    names = ", ".join(f'"{name}"' for name in rule.columns)
    present = " and ".join(f'"{name}" is not null' for name in rule.columns)
    shared = f"select {names} from stored where {present} group by {names} having count(distinct ({key})) > 1"
    return f"select * from stored where ({names}) in ({shared})"


def _reason(arguments: Mapping[str, Any], column: str) -> str:
    names = " and ".join(arguments.get("properties") or (column,))
    return f"{names} already belongs to another key"


RULE = GroupRule(
    name="unique",
    arguments=("properties",),
    needs_column=False,
    check=_check,
    columns=_columns,
    breaks=_breaks,
    failing=_failing,
    rank=1,
    reason=_reason,
    summary="a value belongs to the key that brought it first; rows of other keys with it are rejected",
    written="unique: true, or quality: {metric: duplicateValues, arguments: {properties: [a, b]}, mustBe: 0}",
)
