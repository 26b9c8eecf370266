"""A decimal must not have more decimals than its type keeps: Spark would round it silently. Layer: pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.contracts.model import Rule
from pipeline.rules.base import Row, RuleKind, no_check
from pipeline.values import has_surplus_decimals

if TYPE_CHECKING:
    from pyspark.sql import Column


def _breaks(rule: Rule, row: Row) -> Column:
    name = rule.columns[0]
    spec = row.spec(name)
    return has_surplus_decimals(row.text(name), spec.type, spec.number_format)


RULE = RuleKind(
    name="scale",
    arguments=(),
    needs_column=True,
    check=no_check,
    breaks=_breaks,
    reason=lambda arguments, column: f"{column} has more decimals than its type keeps",
)
