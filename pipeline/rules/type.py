"""A value must be of its column's type. Every column that is no text has this rule. Layer: pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.contracts.model import Rule
from pipeline.rules.base import Row, RuleKind, no_check
from pipeline.values import has_surplus_decimals

if TYPE_CHECKING:
    from pyspark.sql import Column


def _breaks(rule: Rule, row: Row) -> Column:
    name = rule.columns[0]
    unread = row.text(name).isNotNull() & row.value(name).isNull()
    spec = row.spec(name)
    if spec.type.kind != "decimal":
        return unread
    return unread & ~has_surplus_decimals(row.text(name), spec.type, spec.number_format)


RULE = RuleKind(
    name="type",
    arguments=(),
    needs_column=True,
    check=no_check,
    breaks=_breaks,
    reason=lambda arguments, column: f"{column} cannot be read as its type",
)
