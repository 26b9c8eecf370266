"""A decimal must not have more decimals than its type keeps: Spark would round it silently. Layer: pipeline."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pipeline.contracts.model import Rule
from pipeline.rules.base import Asked, Columns, Row, RowRule, no_check
from pipeline.values import has_surplus_decimals

if TYPE_CHECKING:
    from pyspark.sql import Column


def _breaks(rule: Rule, row: Row) -> Column:
    name = rule.columns[0]
    spec = row.spec(name)
    return has_surplus_decimals(row.text(name), spec.type, spec.number_format)


def _asked(rule: Rule, columns: Columns, today: dt.date) -> tuple[Asked, ...]:
    if columns[rule.columns[0]].number_format is not None:
        return ()
    scale = columns[rule.columns[0]].type.scale
    more = (
        rf"^[+-]?[0-9]*\.[0-9]{{{scale}}}[0-9]*[1-9]0*$"  # a digit that counts, after the last that is kept
    )
    return (Asked(expectation="ExpectColumnValuesToNotMatchRegex", arguments={"regex": more}, of_text=True),)


RULE = RowRule(
    name="scale",
    arguments=(),
    needs_column=True,
    check=no_check,
    breaks=_breaks,
    asked=_asked,
    summary="a decimal must not have more decimals than its type keeps; trailing zeros are none",
    written="physicalType: decimal(18,2)",
    reason=lambda arguments, column: f"{column} has more decimals than its type keeps",
)
