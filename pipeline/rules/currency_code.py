"""A text must be a currency's code of ISO 4217, as the list stands today. Layer: pipeline.

The list is that of the `iso4217` package, which follows the standard's own; XXX (no currency) and XTS (for tests)
are none. A code that was withdrawn (HRK, BGN) holds only where the contract names it under `also`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.rules.base import Asked, Columns, Row, RowRule

if TYPE_CHECKING:
    from pyspark.sql import Column

_NONE = ("XXX", "XTS")


@lru_cache(maxsize=1)
def codes_in_use() -> tuple[str, ...]:
    """Return the codes of the standard's list of currencies and funds."""
    from iso4217 import Currency

    return tuple(sorted(c.code for c in Currency if c.code not in _NONE))


def _check(arguments: Mapping[str, Any], columns: Columns, column: ColumnSpec | None) -> Iterator[str]:
    if column is not None and column.type.kind != "string":
        yield f'a currency code is a text; column "{column.name}" is a {column.type.kind}'
    also = arguments.get("also", [])
    if not isinstance(also, list):
        yield "`also` is a list of withdrawn codes, such as [HRK]"
        return
    for code in also:
        if not isinstance(code, str) or not re.fullmatch("[A-Z]{3}", code):
            yield f"`also`: {code!r} is no code of three capital letters"
        elif code in codes_in_use():
            yield f"`also`: {code} is in use, it needs no mention"


def _codes(rule: Rule) -> list[str]:
    return [*codes_in_use(), *rule.arguments.get("also", ())]


def _breaks(rule: Rule, row: Row) -> Column:
    return ~row.text(rule.columns[0]).isin(_codes(rule))


def _asked(rule: Rule, columns: Columns, today: dt.date) -> tuple[Asked, ...]:
    return (Asked(expectation="ExpectColumnValuesToBeInSet", arguments={"value_set": _codes(rule)}),)


RULE = RowRule(
    name="currency_code",
    arguments=("also",),
    needs_column=True,
    check=_check,
    breaks=_breaks,
    asked=_asked,
    reason=lambda arguments, column: f"{column} is no currency code of ISO 4217",
    summary="a text must be a currency code of ISO 4217 that is in use; `also` admits withdrawn ones",
    written="logicalTypeOptions: {format: currency_code}, or quality: {rule: currency_code, also: [HRK]}",
)
