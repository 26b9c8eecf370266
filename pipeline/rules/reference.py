"""A value must stand in another source's valid rows (a foreign key of the contract). Layer: pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.rules.base import Row, RowRule

if TYPE_CHECKING:
    from pyspark.sql import Column


def _check(
    arguments: Mapping[str, Any], columns: Mapping[str, ColumnSpec], column: ColumnSpec | None
) -> Iterator[str]:
    if not arguments.get("to"):
        yield "write a foreign key as `relationships: [{to: source.column}]`"


def _breaks(rule: Rule, row: Row) -> Column:
    present = row.value(rule.columns[0]).isNotNull()
    for name in rule.columns[1:]:
        present = present & row.value(name).isNotNull()
    return present & ~row.has_parent(rule.id)


RULE = RowRule(
    name="reference",
    arguments=("to",),
    needs_column=False,
    check=_check,
    breaks=_breaks,
    asked=lambda rule, columns, today: (),
    summary="a value must stand in the valid rows of another source; orphans are judged again when it arrives",
    written="relationships: [{to: customers.customer_id}]",
    reason=lambda arguments, column: f"{column} is not among the valid rows of {arguments.get('to')}",
)
