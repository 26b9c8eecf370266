"""A condition over several columns must hold, e.g. `refund_date >= order_date`. Layer: pipeline.

Like a CHECK of SQL it holds where a part of it is absent; unlike it, a condition that cannot be computed though
every part is there (an overflow, a division by zero) does not hold. It is not asked where a part is unreadable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.rules.base import Row, RuleKind
from pipeline.rules.expression import ExpressionError, parse_condition, to_spark

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


RULE = RuleKind(
    name="check",
    arguments=("expression",),
    needs_column=False,
    check=_check,
    breaks=_breaks,
    reason=lambda arguments, column: f"{arguments.get('expression')} does not hold",
)
