"""A text must match a regular expression. Layer: pipeline."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.rules.base import Asked, Columns, Row, RowRule

if TYPE_CHECKING:
    from pyspark.sql import Column

# What `logicalTypeOptions.format` of a text means here; other formats are words for people.
FORMATS = {
    "email": r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}$",
    "uuid": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
}


def _check(
    arguments: Mapping[str, Any], columns: Mapping[str, ColumnSpec], column: ColumnSpec | None
) -> Iterator[str]:
    pattern = arguments.get("pattern")
    if not isinstance(pattern, str) or not pattern:
        yield "a pattern rule needs `pattern`, a regular expression"
        return
    try:
        re.compile(pattern)
    except re.error as error:
        yield f"not a regular expression: {error}"


def _breaks(rule: Rule, row: Row) -> Column:
    return ~row.text(rule.columns[0]).rlike(rule.arguments["pattern"])


def _asked(rule: Rule, columns: Columns, today: dt.date) -> tuple[Asked, ...]:
    return (
        Asked(expectation="ExpectColumnValuesToMatchRegex", arguments={"regex": rule.arguments["pattern"]}),
    )


RULE = RowRule(
    name="pattern",
    arguments=("pattern",),
    needs_column=True,
    check=_check,
    breaks=_breaks,
    asked=_asked,
    summary="a text must match a regular expression, or a named form: email, uuid",
    written='logicalTypeOptions: {pattern: "^C[0-9]{5}$"} or {format: email}',
    reason=lambda arguments, column: f"{column} does not have the agreed form",
)
