"""A condition over several columns must hold, e.g. `refund_date >= order_date`. Layer: pipeline.

Like a CHECK of SQL it holds where a part of it is absent; unlike it, a condition that cannot be computed though
every part is there (an overflow, a division by zero) does not hold. It is not asked where a part is unreadable.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.rules.base import Asked, Columns, Row, RowRule, holds
from pipeline.rules.expression import ExpressionError, columns_of, parse_condition, to_spark, to_sql

if TYPE_CHECKING:
    from pyspark.sql import Column


def _check(
    arguments: Mapping[str, Any], columns: Mapping[str, ColumnSpec], column: ColumnSpec | None
) -> Iterator[str]:
    text = arguments.get("expression")
    if not isinstance(text, str) or not text.strip():
        yield "a check needs `expression`, a condition over the contract's columns"
        return
    try:
        parse_condition(text, columns)
    except ExpressionError as error:
        yield str(error)


def _breaks(rule: Rule, row: Row) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    holds = to_spark(rule.arguments["expression"], row, rule.columns)
    readable = present = F.lit(True)
    for name in rule.columns:
        readable = readable & row.is_readable(name)
        present = present & row.value(name).isNotNull()
    return readable & F.coalesce(~holds, present)


def _asked(rule: Rule, columns: Columns, today: dt.date) -> tuple[Asked, ...]:
    condition = to_sql(rule.arguments["expression"], columns, today)
    missing = " or ".join(f"`{name}` is null" for name in rule.columns) or "false"
    return (holds(f"coalesce({condition}, {missing})"),)


RULE = RowRule(
    name="check",
    arguments=("expression",),
    needs_column=False,
    check=_check,
    columns=lambda arguments, columns, column: columns_of(arguments["expression"], columns),
    breaks=_breaks,
    asked=_asked,
    summary="a condition over several columns must hold, e.g. net = gross - tax within a cent",
    written='quality: {rule: check, expression: "abs(gross - tax - net) <= 0.01"}',
    reason=lambda arguments, column: f"{arguments.get('expression')} does not hold",
)
