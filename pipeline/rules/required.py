"""A value must be there. Layer: pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.contracts.model import Rule
from pipeline.rules.base import Asked, Row, RowRule, no_check

if TYPE_CHECKING:
    from pyspark.sql import Column


def _breaks(rule: Rule, row: Row) -> Column:
    return row.text(rule.columns[0]).isNull()


RULE = RowRule(
    name="required",
    arguments=(),
    needs_column=True,
    check=no_check,
    breaks=_breaks,
    asked=lambda rule, columns, today: (Asked(expectation="ExpectColumnValuesToNotBeNull"),),
    summary="a value must be there",
    written="required: true, or primaryKey: true, or quality: {metric: nullValues, mustBe: 0}",
    reason=lambda arguments, column: f"{column} is missing",
)
