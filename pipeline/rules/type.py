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
    kind = row.spec(name).type
    return unread & ~has_surplus_decimals(row.text(name), kind) if kind.kind == "decimal" else unread


RULE = RuleKind(
    name="type",
    arguments=(),
    needs_column=True,
    check=no_check,
    breaks=_breaks,
    reason=lambda arguments, column: f"{column} cannot be read as its type",
)
