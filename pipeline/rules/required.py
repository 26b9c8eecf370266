"""A value must be there. Layer: pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.contracts.model import Rule
from pipeline.rules.base import Row, RuleKind, no_check

if TYPE_CHECKING:
    from pyspark.sql import Column


def _breaks(rule: Rule, row: Row) -> Column:
    return row.text(rule.columns[0]).isNull()


RULE = RuleKind(
    name="required",
    arguments=(),
    needs_column=True,
    check=no_check,
    breaks=_breaks,
    reason=lambda arguments, column: f"{column} is missing",
)
