"""A value must be one of a list, written exactly so. Layer: pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.rules.base import Row, RuleKind

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


RULE = RuleKind(
    name="value_set",
    arguments=("validValues",),
    needs_column=True,
    check=_check,
    breaks=_breaks,
    reason=_reason,
)
