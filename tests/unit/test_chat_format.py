"""Numbers, dates and periods as people of a locale read them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from chatbot.format import (
    choose_locale,
    format_cell,
    format_compact,
    format_day,
    format_month,
    format_number,
    separators,
)


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        (Decimal("12345678.905"), {"unit": "currency", "currency": "EUR"}, "€12,345,678.91"),
        (Decimal("-0.005"), {"unit": "currency", "currency": "EUR"}, "−€0.01"),
        (Decimal("1234.5"), {"unit": "currency", "currency": "EUR", "locale": "de"}, "1.234,50\xa0€"),
        (Decimal("1234.5"), {"unit": "currency", "currency": "JPY"}, "¥1,235"),
        (Decimal("1234.5"), {"unit": "currency", "currency": "EUR", "symbol": False}, "1,234.50"),
        (Decimal("1234.5"), {"unit": "currency"}, "1,234.50"),
        (Decimal("0.0285"), {"unit": "percent"}, "2.9%"),
        (Decimal("-0.00008"), {"unit": "percent"}, "−0.01%"),
        (Decimal("2.5"), {"unit": "count"}, "2.5"),
        (Decimal("-0.5"), {"unit": "percent", "locale": "de"}, "−50,0\xa0%"),
        (Decimal("0.0125"), {"unit": "points", "signed": True}, "+1.3 points"),
        (12345, {"unit": "count"}, "12,345"),
        (Decimal("45.25"), {"unit": "days"}, "45.3 days"),
        (Decimal("3.14159"), {}, "3.1416"),
        (Decimal("1E+3"), {"unit": "kg"}, "1,000 kg"),
    ],
)
def test_numbers_read_in_their_unit(value: Decimal, options: dict[str, object], expected: str) -> None:
    assert format_number(value, **options) == expected


def test_half_a_cent_goes_up_not_to_even() -> None:
    """Trap: Babel rounds half to even; a ledger does not."""
    assert format_number(Decimal("0.125"), unit="currency", currency="EUR") == "€0.13"
    assert format_number(Decimal("0.135"), unit="currency", currency="EUR") == "€0.14"


def test_missing_and_true_have_words() -> None:
    assert format_cell(None) == "–"
    assert format_cell(True) == "yes"
    assert format_cell("<b>") == "<b>"  # escaping is the template's work


def test_days_and_months_read_in_the_locale() -> None:
    first = dt.date(2026, 4, 1)
    assert format_month(first) == "Apr 2026"
    assert format_day(first) == "1 Apr 2026"
    assert format_day(first, locale="de") == "01.04.2026"


@pytest.mark.parametrize(
    ("header", "expected"),
    [("de-DE,de;q=0.9", "de_DE"), ("en-GB", "en_GB"), ("", "en"), (None, "en"), ("fr;q=0.1,de;q=0.8", "de"),
     ("*", "en"), ("x" * 5000, "en"), (";;q=,=", "en"), ("de;q=nan-sense", "en")],
)  # fmt: skip
def test_locale_comes_from_the_browser(header: str | None, expected: str) -> None:
    assert choose_locale(header) == expected


def test_marks_for_charts_follow_the_locale() -> None:
    assert separators("de") == ",."
    assert separators("nowhere") == ".,"
    assert format_compact(Decimal("-12345678")) == "−12.3M"
