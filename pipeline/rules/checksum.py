"""An identifier must carry a right check digit: IBAN (ISO 13616, mod 97), Luhn, EAN/GTIN. Layer: pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from datatrust.core.issues import did_you_mean
from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.rules.base import Row, RowRule

if TYPE_CHECKING:
    from pyspark.sql import Column


def is_iban(text: Column) -> Column:
    """Return true where `text` has an IBAN's form and its remainder by 97 is 1; spaces do not count."""
    from pyspark.sql import functions as F  # noqa: N812

    plain = F.upper(F.regexp_replace(text, " ", ""))
    turned = F.concat(F.substring(plain, 5, 40), F.substring(plain, 1, 4))

    def step(so_far: Column, char: Column) -> Column:
        is_digit = char.between("0", "9")
        number = F.when(is_digit, F.ascii(char) - 48).otherwise(F.ascii(char) - 55)
        return ((so_far * F.when(is_digit, 10).otherwise(100)) + number) % 97

    remainder = F.aggregate(F.split(turned, ""), F.lit(0), step)
    return F.when(plain.rlike("^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"), remainder == 1).otherwise(False)


def is_luhn(text: Column) -> Column:
    """Return true where `text` is digits with a right Luhn digit; spaces do not count."""
    from pyspark.sql import functions as F  # noqa: N812

    plain = F.regexp_replace(text, " ", "")
    return plain.rlike("^[0-9]{2,}$") & F.call_function("luhn_check", plain)


def is_ean(text: Column) -> Column:
    """Return true where `text` is an EAN-8, UPC-12, EAN-13 or GTIN-14 with a right check digit."""
    from pyspark.sql import functions as F  # noqa: N812

    padded = F.lpad(text, 14, "0")
    digits = F.transform(F.split(padded, ""), lambda char: F.ascii(char) - 48)
    weighted = F.transform(digits, lambda digit, place: digit * F.when(place % 2 == 0, 3).otherwise(1))
    total = F.aggregate(weighted, F.lit(0), lambda so_far, number: so_far + number)
    return text.rlike("^([0-9]{8}|[0-9]{12,14})$") & (total % 10 == 0)


CHECKSUMS: Mapping[str, Callable[[Column], Column]] = {"iban": is_iban, "luhn": is_luhn, "ean": is_ean}


def _check(
    arguments: Mapping[str, Any], columns: Mapping[str, ColumnSpec], column: ColumnSpec | None
) -> Iterator[str]:
    kind = arguments.get("checksum")
    if kind not in CHECKSUMS:
        near = did_you_mean(str(kind), CHECKSUMS) if kind else None
        yield f"`checksum` must be one of {', '.join(CHECKSUMS)}" + (
            f"; did you mean {near}?" if near else ""
        )


def _breaks(rule: Rule, row: Row) -> Column:
    text = row.text(rule.columns[0])
    return text.isNotNull() & ~CHECKSUMS[rule.arguments["checksum"]](text)


RULE = RowRule(
    name="checksum",
    arguments=("checksum",),
    needs_column=True,
    check=_check,
    breaks=_breaks,
    asked=lambda rule, columns, today: None,
    summary="an identifier must carry a right check digit: iban, luhn or ean",
    written="quality: {rule: checksum, checksum: iban}",
    reason=lambda arguments, column: f"{column} is no valid {str(arguments.get('checksum')).upper()}",
)
