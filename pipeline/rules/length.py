"""A text must have a number of characters within bounds. Layer: pipeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.rules.base import Asked, Columns, Row, RowRule

if TYPE_CHECKING:
    from pyspark.sql import Column


def _check(
    arguments: Mapping[str, Any], columns: Mapping[str, ColumnSpec], column: ColumnSpec | None
) -> Iterator[str]:
    if not arguments:
        yield "a length rule needs `minLength` or `maxLength`"
    for name, value in arguments.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            yield f"`{name}` must be a whole number, not {value!r}"
    low, high = arguments.get("minLength"), arguments.get("maxLength")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield f"`minLength` {low} is above `maxLength` {high}"


def _breaks(rule: Rule, row: Row) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    length = F.char_length(row.text(rule.columns[0]))
    low, high = rule.arguments.get("minLength"), rule.arguments.get("maxLength")
    return (length < low if low is not None else F.lit(False)) | (
        length > high if high is not None else F.lit(False)
    )


def _reason(arguments: Mapping[str, Any], column: str) -> str:
    low, high = arguments.get("minLength"), arguments.get("maxLength")
    bounds = [f"at least {low}"] if low is not None else []
    bounds += [f"at most {high}"] if high is not None else []
    return f"{column} must have {' and '.join(bounds)} characters"


def _asked(rule: Rule, columns: Columns, today: dt.date) -> tuple[Asked, ...]:
    low, high = rule.arguments.get("minLength"), rule.arguments.get("maxLength")
    return (
        Asked(
            expectation="ExpectColumnValueLengthsToBeBetween", arguments={"min_value": low, "max_value": high}
        ),
    )


RULE = RowRule(
    name="length",
    arguments=("minLength", "maxLength"),
    needs_column=True,
    check=_check,
    breaks=_breaks,
    asked=_asked,
    summary="a text must have a number of characters within bounds",
    written="logicalTypeOptions: {minLength: 2, maxLength: 12}",
    reason=_reason,
)
