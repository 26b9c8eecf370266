"""Turn raw text into typed values, strictly: what does not fit is null and never an error, nothing is rounded.

Spark is ANSI by default, so a plain cast of junk would stop the job; and a cast to a decimal rounds silently.
Layer: pipeline. Imports contracts; Spark column expressions only.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.contracts.model import ColumnSpec, ColumnType

if TYPE_CHECKING:
    from pyspark.sql import Column

BLANKS = " \t\r\n\u00a0\ufeff"
_INTEGER = r"^[+-]?[0-9]{1,18}$"
DECIMAL_PATTERN = r"^[+-]?([0-9]{1,38}(\.[0-9]*)?|\.[0-9]+)$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_TIMESTAMP = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$"
)
AMOUNT_LIMIT = 10**24  # control totals leave greater numbers out, so that no sum of them overflows
SURPLUS_PATTERN = r"\.([0-9]*?)0*$"  # the decimals but for trailing zeros


def clean_text(column: Column, missing: tuple[str, ...] = ()) -> Column:
    """Return the raw text without blanks around it; null where nothing is left or it is a word for nothing."""
    from pyspark.sql import functions as F  # noqa: N812

    trimmed = F.btrim(column, F.lit(BLANKS))
    absent = trimmed.isin("", *missing)
    return F.when(~absent, trimmed)


def typed_value(text: Column, spec: ColumnSpec) -> Column:
    """Return `text` (from `clean_text`) in the type of its column; null where it does not fit exactly."""
    from pyspark.sql import functions as F  # noqa: N812

    kind = spec.type
    if kind.kind == "string":
        return text
    if kind.kind == "integer":
        return F.when(text.rlike(_INTEGER), text.try_cast("bigint"))
    if kind.kind == "decimal":
        return F.when(
            text.rlike(DECIMAL_PATTERN) & ~has_surplus_decimals(text, kind), text.try_cast(kind.spark)
        )
    if kind.kind == "boolean":
        word = F.lower(text)
        return F.when(word.isin("true", "t", "yes", "y", "1"), F.lit(True)).when(
            word.isin("false", "f", "no", "n", "0"), F.lit(False)
        )
    if spec.date_format is not None:
        return F.try_to_timestamp(text, F.lit(spec.date_format)).cast(kind.spark)
    pattern = _DATE if kind.kind == "date" else _TIMESTAMP
    return F.when(text.rlike(pattern), text.try_cast(kind.spark))


def has_surplus_decimals(text: Column, kind: ColumnType) -> Column:
    """Return true where `text` is a number with more decimals than a decimal type keeps; trailing zeros are none."""
    from pyspark.sql import functions as F  # noqa: N812

    decimals = F.char_length(F.regexp_extract(text, SURPLUS_PATTERN, 1))
    return F.coalesce(text.rlike(DECIMAL_PATTERN) & (decimals > kind.scale), F.lit(False))


def exact_amount(text: Column) -> Column:
    """Return any plain number of at most six decimals as decimal(38,6), for control totals; else null."""
    from pyspark.sql import functions as F  # noqa: N812

    wide = ColumnType(kind="decimal", precision=38, scale=6)
    amount = text.try_cast(wide.spark)
    is_exact = text.rlike(DECIMAL_PATTERN) & ~has_surplus_decimals(text, wide)
    return F.when(is_exact & (F.abs(amount) < F.lit(Decimal(AMOUNT_LIMIT))), amount)
