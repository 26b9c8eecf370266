"""Write values the way a person of a locale reads them: currency, percent, counts, dates and periods.

Display only: exports, REST and result hashes use the values themselves. Rounds half up, as ledgers do.
Refuses nothing: an unknown locale falls back to English, an unknown unit to a plain number with the unit's word.
Layer: chatbot. Imports Babel and core only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_date as babel_date
from babel.localedata import locale_identifiers
from babel.numbers import (
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
    get_decimal_symbol,
    get_group_symbol,
)

DEFAULT_LOCALE = "en"
MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"  # what stands where there is no value

Negatives = Literal["minus", "parentheses"]
_NEGATIVES: ContextVar[Negatives] = ContextVar("negatives", default="minus")

# what a time dimension's column name may end in
GRAINS = (
    "day", "week", "month", "quarter", "year", "fiscal_month", "fiscal_quarter", "fiscal_year",
)  # fmt: skip


def choose_locale(accept_language: str | None) -> str:
    """Return the first locale of an Accept-Language header whose conventions are known.

    >>> choose_locale("de-AT,de;q=0.9,en;q=0.8")
    'de_AT'
    >>> choose_locale("xx-nowhere")
    'en'
    """
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept_language or "")[:500].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if tag and tag != "*" and weight > 0:
            ranked.append((-weight, place, tag))
    wanted = [tag for _, _, tag in sorted(ranked)]
    found = negotiate_locale([tag.replace("-", "_") for tag in wanted], locale_identifiers(), sep="_")
    return str(found) if found else DEFAULT_LOCALE


def known_locale(locale: str) -> Locale:
    """Return Babel's locale, English where it knows none of that name."""
    try:
        return Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(DEFAULT_LOCALE)


@contextmanager
def negatives_as(style: Negatives) -> Iterator[None]:
    """Write what is formatted inside with this sign of a negative number: −1,234 or (1,234).

    >>> with negatives_as("parentheses"):
    ...     format_number(Decimal("-1234.5"), unit="currency", currency="EUR")
    '(€1,234.50)'
    """
    token = _NEGATIVES.set(style)
    try:
        yield
    finally:
        _NEGATIVES.reset(token)


def separators(locale: str) -> str:
    """Return the decimal and the group mark as one text, as Plotly's `separators` wants them."""
    known = known_locale(locale)
    return f"{get_decimal_symbol(known)}{get_group_symbol(known)}"


def format_number(
    value: Decimal | int | float,
    *,
    unit: str | None = None,
    currency: str | None = None,
    locale: str = DEFAULT_LOCALE,
    symbol: bool = True,
    signed: bool = False,
) -> str:
    """Return `value` in the words of its unit.

    Args:
        value: a percent is a fraction (0.42), a difference of percents has the unit "points".
        unit: "currency", "percent", "points", "count", "days", another word, or None for a plain number.
        symbol: False leaves out what a column's header already says: the currency, the word of the unit.
        signed: True writes the plus sign of a positive value, for differences.

    >>> format_number(Decimal("-1234.505"), unit="currency", currency="EUR")
    '−€1,234.51'
    >>> format_number(Decimal("0.4249"), unit="percent"), format_number(Decimal("0.013"), unit="points", signed=True)
    ('42.5%', '+1.3 points')
    """
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    known = known_locale(locale)
    if unit == "percent":
        digits = (
            1 if exact == 0 or abs(exact) >= Decimal("0.001") else 2
        )  # a small one is not shown as nothing
        pattern = known.percent_formats[None].pattern.replace("0", "0." + "0" * digits, 1)
        text = format_percent(_round(exact, digits + 2), pattern, locale=known)
    elif unit == "points":
        text = format_decimal(_round(exact * 100, 1), "#,##0.0", locale=known)
    elif unit == "currency" or currency:
        text = _money(exact, currency, known, symbol=symbol)
    elif unit == "count":
        text = format_decimal(
            _round(exact, 2), "#,##0.##", locale=known
        )  # an average of counts has a fraction
    elif unit == "days":
        text = format_decimal(_round(exact, 1), "#,##0.0", locale=known)
    else:
        text = format_decimal(_round(exact, 4), "#,##0.####", locale=known)
    text = _sign(str(text))
    if signed and exact > 0:
        text = "+" + text
    return text + _unit_word(unit, known) if symbol else text


def format_compact(value: Decimal | int | float, *, locale: str = DEFAULT_LOCALE) -> str:
    """Return `value` short, for chart labels.

    >>> format_compact(Decimal("12345678"))
    '12.3M'
    """
    text = str(format_compact_decimal(Decimal(value), fraction_digits=1, locale=known_locale(locale)))
    return _sign(text)


def format_day(day: dt.date, *, locale: str = DEFAULT_LOCALE) -> str:
    """Return a day in words: 30 Jun 2026.

    >>> format_day(dt.date(2026, 6, 30))
    '30 Jun 2026'
    """
    known = known_locale(locale)
    if known.language == "en":
        return str(babel_date(day, "d MMM y", locale=known))
    return str(babel_date(day, "medium", locale=known))


def format_moment(moment: dt.datetime, *, locale: str = DEFAULT_LOCALE) -> str:
    """Return an instant to the minute, with its zone."""
    zone = moment.strftime("%Z") if moment.tzinfo else ""
    return f"{format_day(moment.date(), locale=locale)}, {moment:%H:%M} {zone}".rstrip()


def format_month(start: dt.date, *, locale: str = DEFAULT_LOCALE) -> str:
    """Return the name of the month that starts on `start`.

    >>> format_month(dt.date(2026, 4, 1))
    'Apr 2026'
    """
    return str(babel_date(start, "MMM y", locale=known_locale(locale)))


def format_cell(
    value: Any,
    *,
    unit: str | None = None,
    currency: str | None = None,
    locale: str = DEFAULT_LOCALE,
    symbol: bool = False,
    signed: bool = False,
) -> str:
    """Return any value of a result as text; a missing one as a dash."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal | float):
        return format_number(value, unit=unit, currency=currency, locale=locale, symbol=symbol, signed=signed)
    if isinstance(value, dt.datetime):
        return format_moment(value, locale=locale)
    if isinstance(value, dt.date):
        return format_day(value, locale=locale)
    return str(value)


def _money(value: Decimal, currency: str | None, locale: Locale, *, symbol: bool) -> str:
    digits = get_currency_precision(currency) if currency else 2
    rounded = _round(value, digits)
    if currency and symbol:
        return str(format_currency(rounded, currency, locale=locale))
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(rounded, pattern, locale=locale))


def _sign(text: str) -> str:
    """Write a negative number's sign as it is wanted; Babel writes a hyphen, or a sign of the locale."""
    text = text.replace("-", MINUS)
    if MINUS in text and _NEGATIVES.get() == "parentheses":
        return f"({text.replace(MINUS, '')})"
    return text


def _unit_word(unit: str | None, locale: Locale) -> str:
    if unit in (None, "currency", "percent", "count"):
        return ""
    return f" {unit}"


def _round(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
