"""One encoder: every digit kept, no text where a number belongs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from datatrust.core.jsonio import dumps, loads


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1234.50"), "1234.50"),
        (Decimal("1E+2"), "100"),
        (Decimal("0.1") * 3, "0.3"),
        (Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
        (Decimal("NaN"), "null"),
        (float("inf"), "null"),
        (dt.date(2026, 6, 30), '"2026-06-30"'),
        ((1, None, True), "[1, null, true]"),
        ("Zürich", '"Zürich"'),
    ],
)
def test_values(value: object, text: str) -> None:
    assert dumps(value) == text


def test_round_trip_of_decimals() -> None:
    assert loads(dumps({"a": Decimal("0.10")})) == {"a": Decimal("0.10")}


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(TypeError, match="no JSON form"):
        dumps(object())
