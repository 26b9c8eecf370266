"""Turn raw text into typed values, strictly: what does not fit is null and never an error, nothing is rounded.

Spark is ANSI by default, so a plain cast of junk would stop the job; and a cast to a decimal rounds silently.
The notation of numbers and dates is the contract's (`notation`); DuckDB's recount in `controls` has the same.
Layer: pipeline. Imports contracts and notation; Spark column expressions only.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.contracts.model import ColumnSpec, ColumnType, NumberFormat
from pipeline.notation import (
    BLANKS,
    DECIMAL_PATTERN,
    EXPONENT,
    MANTISSA,
    NEGATIVE_SIGN,
    currency_pattern,
    date_pattern,
    number_pattern,
    other_than_digits,
)

if TYPE_CHECKING:
    from pyspark.sql import Column

_INTEGER = r"^[+-]?[0-9]{1,18}$"
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
        number = number_text(text, spec.number_format)
        return F.when(number.rlike(_INTEGER), number.try_cast("bigint"))
    if kind.kind == "decimal":
        number = number_text(text, spec.number_format)
        is_exact = number.rlike(DECIMAL_PATTERN) & ~has_surplus_decimals(text, kind, spec.number_format)
        return F.when(is_exact, number.try_cast(kind.spark))
    if kind.kind == "boolean":
        word = F.lower(text)
        return F.when(word.isin("true", "t", "yes", "y", "1"), F.lit(True)).when(
            word.isin("false", "f", "no", "n", "0"), F.lit(False)
        )
    if spec.date_formats:
        return F.coalesce(*[_declared_date(text, written, kind) for written in spec.date_formats])
    pattern = _DATE if kind.kind == "date" else _TIMESTAMP
    return F.when(text.rlike(pattern), text.try_cast(kind.spark))


def number_text(text: Column, notation: NumberFormat | None) -> Column:
    """Return a number's text with a point and a leading sign, as `notation.plain_number` does; null if it is none."""
    from pyspark.sql import functions as F  # noqa: N812

    if notation is None:
        return text
    bare = F.regexp_replace(text, currency_pattern(notation), "") if notation.currency else text
    power = F.regexp_extract(bare, EXPONENT, 1)
    if notation.exponent:
        bare = F.regexp_extract(bare, MANTISSA, 1)
    digits = F.translate(F.regexp_replace(bare, other_than_digits(notation), ""), notation.decimal, ".")
    if notation.exponent:
        digits = F.when(power != "", _moved_point(digits, power.try_cast("int"))).otherwise(digits)
    sign = F.when(bare.rlike(NEGATIVE_SIGN), F.lit("-")).otherwise(F.lit(""))
    return F.when(text.rlike(number_pattern(notation)), F.concat(sign, digits))


def _moved_point(digits: Column, places: Column) -> Column:
    """Return digits with their point moved, as `notation` does."""
    from pyspark.sql import functions as F  # noqa: N812

    whole = F.regexp_extract(digits, "^([0-9]*)", 1)
    every = F.concat(whole, F.regexp_extract(digits, "[.]([0-9]*)$", 1))
    point = F.char_length(whole) + places
    small = F.concat(F.lit("0."), F.repeat(F.lit("0"), -point), every)
    cut = F.concat(F.substring(every, F.lit(1), point), F.lit("."), F.substring(every, point + 1, F.lit(400)))
    return (
        F.when(point <= 0, small)
        .when(point >= F.char_length(every), F.rpad(every, point, F.lit("0")))
        .otherwise(cut)
    )


def has_surplus_decimals(text: Column, kind: ColumnType, notation: NumberFormat | None = None) -> Column:
    """Return true where `text` is a number with more decimals than a decimal type keeps; trailing zeros are none."""
    from pyspark.sql import functions as F  # noqa: N812

    number = number_text(text, notation)
    decimals = F.char_length(F.regexp_extract(number, SURPLUS_PATTERN, 1))
    return F.coalesce(number.rlike(DECIMAL_PATTERN) & (decimals > kind.scale), F.lit(False))


def exact_amount(text: Column, notation: NumberFormat | None = None) -> Column:
    """Return any number of at most six decimals as decimal(38,6), for control totals; else null."""
    from pyspark.sql import functions as F  # noqa: N812

    wide = ColumnType(kind="decimal", precision=38, scale=6)
    number = number_text(text, notation)
    amount = number.try_cast(wide.spark)
    is_exact = number.rlike(DECIMAL_PATTERN) & ~has_surplus_decimals(number, wide)
    return F.when(is_exact & (F.abs(amount) < F.lit(Decimal(AMOUNT_LIMIT))), amount)


def _declared_date(text: Column, written: str, kind: ColumnType) -> Column:
    """Return the date that a text of this format names; a time of day on a date column makes it none."""
    from pyspark.sql import functions as F  # noqa: N812

    at = F.try_to_timestamp(text, F.lit(written))
    fits = text.rlike(date_pattern(written))
    if kind.kind == "date":
        fits = fits & (at == F.date_trunc("day", at))
    return F.when(fits, at.cast(kind.spark))
