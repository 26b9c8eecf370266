"""Texts and what they mean in a declared notation: every engine that reads numbers or dates is held to these."""

from __future__ import annotations

from pipeline.contracts.model import NumberFormat

POINT = NumberFormat()
ENGLISH = NumberFormat(
    thousands=",", currency=("$", "US$"), negative=("minus", "trailing_minus", "parentheses")
)
GERMAN = NumberFormat(decimal=",", thousands=".", currency=("€", "EUR"), negative=("trailing_minus",))
SWISS = NumberFormat(thousands="'", currency=("CHF", "Fr."))
FRENCH = NumberFormat(decimal=",", thousands=" ", currency=("€",), negative=("parentheses",))
SCIENTIFIC = NumberFormat(exponent=True)
EUROS_IN_POWERS = NumberFormat(
    decimal=",", thousands=".", currency=("EUR",), negative=("parentheses",), exponent=True
)

# notation, text, its number with a point and a sign; None: it is none
NUMBERS: tuple[tuple[NumberFormat | None, str, str | None], ...] = (
    (None, "1234.50", "1234.50"),
    (None, "1,234.50", None),
    (None, "(5)", None),
    (POINT, "-0.10", "-0.10"),
    (POINT, "1,234", None),
    (ENGLISH, "$90,000", "90000"),
    (ENGLISH, "90,000.25", "90000.25"),
    (ENGLISH, "1234567.5", "1234567.5"),
    (ENGLISH, "US$ 1,000", "1000"),
    (ENGLISH, "-$5.00", "-5.00"),
    (ENGLISH, "$-5.00", "-5.00"),
    (ENGLISH, "($5.00)", "-5.00"),
    (ENGLISH, "$(1,005.00)", "-1005.00"),
    (ENGLISH, "5.00-", "-5.00"),
    (ENGLISH, "5.00- $", "-5.00"),
    (ENGLISH, "+5", "5"),
    (ENGLISH, ".5", ".5"),
    (ENGLISH, "5.", "5."),
    (ENGLISH, "1,23", None),
    (ENGLISH, "1,2345", None),
    (ENGLISH, "12,34,567", None),
    (ENGLISH, ",123", None),
    (ENGLISH, "1.234,50", None),
    (ENGLISH, "€5", None),
    (ENGLISH, "$5$", "5"),
    (ENGLISH, "(5", None),
    (ENGLISH, "-(5)", None),
    (ENGLISH, "(-5)", None),
    (ENGLISH, "--5", None),
    (ENGLISH, "$", None),
    (ENGLISH, "5 000", None),
    (ENGLISH, "1e5", None),
    (ENGLISH, "٣", None),
    (GERMAN, "1.234,50", "1234.50"),
    (GERMAN, "1.234", "1234"),
    (GERMAN, "1234,5 €", "1234.5"),
    (GERMAN, "EUR 1.234.567,89", "1234567.89"),
    (GERMAN, "12,50-", "-12.50"),
    (GERMAN, "12,50 EUR-", "-12.50"),
    (GERMAN, "12,50 EUR -", "-12.50"),
    (GERMAN, "(12,50)", None),
    (GERMAN, "1234.50", None),
    (GERMAN, "1,234.50", None),
    (SWISS, "CHF 1'234.50", "1234.50"),
    (SWISS, "Fr.1’234.50", "1234.50"),
    (SWISS, "1'23.50", None),
    (FRENCH, "1 234,50 €", "1234.50"),
    (FRENCH, "1\u202f234\u00a0567,5\u00a0€", "1234567.5"),
    (FRENCH, "(1 234,50 €)", "-1234.50"),
    (FRENCH, "1 23,50", None),
    (SCIENTIFIC, "1.5E-3", "0.0015"),
    (SCIENTIFIC, "-2.5e2", "-250"),
    (SCIENTIFIC, "1E+5", "100000"),
    (SCIENTIFIC, "12.345E1", "123.45"),
    (SCIENTIFIC, "1E0", "1"),
    (SCIENTIFIC, "1e-06", "0.000001"),
    (SCIENTIFIC, ".5E1", "5"),
    (SCIENTIFIC, "5.E1", "50"),
    (SCIENTIFIC, "123.45", "123.45"),
    (SCIENTIFIC, "1E60", None),
    (SCIENTIFIC, "1E100", None),
    (SCIENTIFIC, "1E", None),
    (SCIENTIFIC, "E5", None),
    (SCIENTIFIC, "1E5.5", None),
    (SCIENTIFIC, "1.5 E3", None),
    (SCIENTIFIC, "1E5E5", None),
    (EUROS_IN_POWERS, "EUR -1.234,5E-2", "-12.345"),
    (EUROS_IN_POWERS, "1,5E3 EUR", "1500"),
    (EUROS_IN_POWERS, "(1,5)", "-1.5"),
    (EUROS_IN_POWERS, "(1,5E3)", None),
)

# format, text, the minute it names; None: it is none
DATES: tuple[tuple[str, str, str | None], ...] = (
    ("dd.MM.yyyy", "05.04.2026", "2026-04-05 00:00"),
    ("dd.MM.yyyy", "5.4.2026", None),
    ("dd.MM.yyyy", "31.02.2026", None),
    ("dd.MM.yyyy", "05.04.26", None),
    ("dd.MM.yyyy", "05.04.2026 ", None),
    ("M/d/yyyy", "9/21/2001", "2001-09-21 00:00"),
    ("M/d/yyyy", "01/01/2017", "2017-01-01 00:00"),
    ("M/d/yyyy", "21/9/2001", None),
    ("d MMM yy", "5 Apr 26", "2026-04-05 00:00"),
    ("d MMM yy", "5 apr 26", None),
    ("yyyyMMdd", "20260405", "2026-04-05 00:00"),
    ("yyyyMMdd", "20261305", None),
    ("yyyy-MM-dd HH:mm:ss.SSS", "2010-12-29 00:00:00.000", "2010-12-29 00:00"),
    ("yyyy-MM-dd'T'HH:mm", "2010-12-29T13:05", "2010-12-29 13:05"),
    ("yyyy-MM-dd'T'HH:mm", "2010-12-29T24:05", None),
    ("MM/dd/yyyy hh:mm a", "12/29/2010 01:05 PM", "2010-12-29 13:05"),
    ("MM/dd/yyyy hh:mm a", "12/29/2010 12:05 AM", "2010-12-29 00:05"),
    ("MM/dd/yyyy hh:mm a", "12/29/2010 13:05 PM", None),
)
