"""A value must be one of a list, written exactly so. Layer: pipeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.rules.base import Asked, Columns, Row, RowRule

if TYPE_CHECKING:
    from pyspark.sql import Column

_SHOWN = 8


def _check(
    arguments: Mapping[str, Any], columns: Mapping[str, ColumnSpec], column: ColumnSpec | None
) -> Iterator[str]:
    values = arguments.get("validValues")
    if not isinstance(values, list) or not values:
        yield "a value set needs `validValues`, a list"
    elif not all(isinstance(value, str | int | float) for value in values):
        yield "`validValues` holds texts and numbers only"
    elif len({str(value) for value in values}) < len(values):
        yield "`validValues` names a value twice"


def _breaks(rule: Rule, row: Row) -> Column:
    return ~row.text(rule.columns[0]).isin([str(value) for value in rule.arguments["validValues"]])


def _reason(arguments: Mapping[str, Any], column: str) -> str:
    values = [str(value) for value in arguments["validValues"]]
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return f"{column} is none of {', '.join(values[:_SHOWN])}{more}"


def _asked(rule: Rule, columns: Columns, today: dt.date) -> tuple[Asked, ...]:
    values = [str(value) for value in rule.arguments["validValues"]]
    is_text = columns[rule.columns[0]].type.kind == "string"
    return (
        Asked(
            expectation="ExpectColumnValuesToBeInSet", arguments={"value_set": values}, of_text=not is_text
        ),
    )


RULE = RowRule(
    name="value_set",
    arguments=("validValues",),
    needs_column=True,
    check=_check,
    breaks=_breaks,
    asked=_asked,
    summary="a value must be one of a list, written exactly so",
    written="enum: [a, b], or quality: {metric: invalidValues, arguments: {validValues: [a, b]}, mustBe: 0}",
    reason=_reason,
)
