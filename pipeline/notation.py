"""How raw text writes numbers and dates, as a contract declares it: the one meaning that every engine keeps.

A number's notation becomes one pattern and two clean-ups that Spark, DuckDB and Python all understand; a date's
format becomes a pattern of exact widths beside Java's own words for it. Nothing is guessed: text that does not
fit its notation is no number and no date, and two formats that read one text as two days are refused together.
Layer: pipeline. Pure; imports the model. Runs on Spark's workers too: imports no Spark.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from pipeline.contracts.model import NumberFormat

BLANKS = " \t\r\n\u00a0\ufeff"
DECIMAL_PATTERN = r"^[+-]?([0-9]{1,38}(\.[0-9]*)?|\.[0-9]+)$"
EXPONENT = "[eE]([+-]?[0-9]{1,2})"  # a power of ten; its group is how far the point moves
MANTISSA = "^([^eE]*)"  # what stands before it
NEGATIVE_SIGN = r"[-(]"
NEGATIVES = ("minus", "trailing_minus", "parentheses")
SEPARATORS = (",", ".", " ", "'", "_")
MAX_PLAIN_EXPONENT = 400  # a number of more digits is left as it is written: it fits no type

_SPACES = "[ \u00a0\u2009\u202f]"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TOKEN = re.compile(r"yyyy|yy|MMM|MM|M|dd|d|HH|H|hh|h|mm|ss|S{1,6}|a|'[^']+'|[^A-Za-z']")
_FIELDS = {  # token: (part of the date, pattern)
    "yyyy": ("year", "[0-9]{4}"),
    "yy": ("year", "[0-9]{2}"),
    "MMM": ("month", "(?:" + "|".join(_MONTHS) + ")"),
    "MM": ("month", "[0-9]{2}"),
    "M": ("month", "[0-9]{1,2}"),
    "dd": ("day", "[0-9]{2}"),
    "d": ("day", "[0-9]{1,2}"),
    "HH": ("hour", "[0-9]{2}"),
    "H": ("hour", "[0-9]{1,2}"),
    "hh": ("hour12", "[0-9]{2}"),
    "h": ("hour12", "[0-9]{1,2}"),
    "mm": ("minute", "[0-9]{2}"),
    "ss": ("second", "[0-9]{2}"),
    "a": ("half", "(?:AM|PM)"),
}
_PROBES = (dt.datetime(2003, 4, 5, 6, 7, 8, 123456), dt.datetime(2011, 12, 10, 13, 14, 15))  # noqa: DTZ001


def check_number_format(value: NumberFormat) -> Iterator[str]:
    """Yield what is wrong with a notation: signs that could be read as another part of the number."""
    if value.decimal not in (".", ","):
        yield f"decimal must be '.' or ',', not {value.decimal!r}"
    if value.thousands is not None and value.thousands not in SEPARATORS:
        yield f"thousands must be one of {', '.join(map(repr, SEPARATORS))}, not {value.thousands!r}"
    if value.thousands == value.decimal:
        yield "decimal and thousands are the same sign"
    for sign in value.currency:
        if not sign.strip(BLANKS) or sign != sign.strip(BLANKS) or re.search(r"[0-9()+\-]", sign):
            yield f"currency sign {sign!r} may hold no digit, sign, parenthesis or blank at its ends"
        if value.exponent and sign.lower() == "e":
            yield f"currency sign {sign!r} could be read as the sign of a power of ten"
    for word in value.negative:
        if word not in NEGATIVES:
            yield f"negative must be of {', '.join(NEGATIVES)}, not {word!r}"


@lru_cache(maxsize=256)
def number_pattern(notation: NumberFormat) -> str:
    """Return the pattern of a whole number in this notation, in words that Java, RE2 and Python share."""
    point = _literal(notation.decimal)
    digits = "[0-9]{1,38}"
    if notation.thousands is not None:
        between = {" ": _SPACES, "'": "['\u2019]"}.get(notation.thousands, _literal(notation.thousands))
        digits = f"(?:{digits}|[0-9]{{1,3}}(?:{between}[0-9]{{3}})+)"
    number = f"(?:{digits}(?:{point}[0-9]*)?|{point}[0-9]+)"
    before = after = ""
    if notation.currency:
        before = f"(?:{currency_pattern(notation)}{_SPACES}*)?"
        after = f"(?:{_SPACES}*{currency_pattern(notation)})?"
    power = f"(?:{EXPONENT})?".replace("([", "(?:[") if notation.exponent else ""
    forms = [f"(?:[+-]?{before}|{before}[+-]){number}{power}{after}"]
    if "trailing_minus" in notation.negative:
        forms.append(f"{before}{number}(?:-{after}|{after}{_SPACES}*-)")
    if "parentheses" in notation.negative:
        forms.append(rf"(?:[(]{before}{number}{after}[)]|{before}[(]{number}[)]{after})")
    return f"^(?:{'|'.join(forms)})$"


def currency_pattern(notation: NumberFormat) -> str:
    """Return the pattern of the notation's currency signs, the longest first; of nothing where it has none."""
    signs = sorted(notation.currency, key=lambda sign: (-len(sign), sign))
    return f"(?:{'|'.join(''.join(map(_literal, sign)) for sign in signs)})" if signs else ""


def other_than_digits(notation: NumberFormat) -> str:
    """Return the pattern of what falls away once the notation was found to fit: all but digits and the point."""
    return f"[^0-9{notation.decimal}]"


def _literal(sign: str) -> str:
    if sign.isalnum() or ord(sign) > 127:
        return sign
    return rf"\{sign}" if sign in "^\\]" else f"[{sign}]"


def plain_number(text: str, notation: NumberFormat | None) -> str | None:
    """Return a number's text with a point and a leading sign, and nothing else; None where it fits not.

    >>> plain_number("$90,000", NumberFormat(thousands=",", currency=("$",)))
    '90000'
    >>> plain_number("(1.234,50)", NumberFormat(decimal=",", thousands=".", negative=("parentheses",)))
    '-1234.50'
    >>> plain_number("-1.5E-3", NumberFormat(exponent=True))
    '-0.0015'
    """
    if notation is None:
        return text if re.fullmatch(DECIMAL_PATTERN[1:-1], text) else None
    if not re.fullmatch(number_pattern(notation)[1:-1], text):
        return None
    bare = re.sub(currency_pattern(notation), "", text) if notation.currency else text
    power = re.search(EXPONENT, bare) if notation.exponent else None
    if power is not None:
        bare = bare[: power.start()]
    digits = re.sub(other_than_digits(notation), "", bare).replace(notation.decimal, ".")
    plain = ("-" if re.search(NEGATIVE_SIGN, bare) else "") + (
        _moved_point(digits, int(power[1])) if power else digits
    )
    return plain if power is None or re.fullmatch(DECIMAL_PATTERN[1:-1], plain) else None


def _moved_point(digits: str, places: int) -> str:
    """Digits with their point so many places further right, and no digit lost."""
    whole, _, rest = digits.partition(".")
    every, point = whole + rest, len(whole) + places
    if point <= 0:
        return "0." + "0" * -point + every
    return every.ljust(point, "0") if point >= len(every) else f"{every[:point]}.{every[point:]}"


def write_number(value: Decimal | int, notation: NumberFormat | None) -> str:
    """Return a typed number as its column writes numbers, every digit kept.

    >>> write_number(Decimal("-1234.50"), NumberFormat(decimal=",", thousands="."))
    '-1234,50'
    """
    text = str(value)
    if "E" in text:
        exponent = Decimal(value).as_tuple().exponent
        if not isinstance(exponent, int) or abs(exponent) > MAX_PLAIN_EXPONENT:
            return text
        text = f"{value:f}"
    return text.replace(".", notation.decimal) if notation else text


def check_date_formats(formats: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with the formats of one column: unknown letters, no day, two readings of one text."""
    whole = []
    for written in formats:
        parts = _parts(written)
        if parts is None:
            yield f'date format "{written}" has letters that are not read here (use y M d H h m s S a, text in quotes)'
        elif {"year", "month", "day"} - set(parts) or len(parts) != len(set(parts)):
            yield f'date format "{written}" must name year, month and day, each part once'
        elif ("hour12" in parts) != ("half" in parts):
            yield f'date format "{written}": hours of twelve (h) and AM or PM (a) go together'
        else:
            whole.append(written)
    for written in whole:
        for other in whole:
            for probe in _PROBES:
                text = write_date(probe, written)
                if other != written and read_date(text, other) not in (None, read_date(text, written)):
                    yield f'date formats "{written}" and "{other}" read "{text}" as two different days'
                    return


def _parts(written: str) -> list[str] | None:
    tokens = _TOKEN.findall(written)
    if "".join(tokens) != written:
        return None
    return [_part(token) for token in tokens if _part(token)]


def _part(token: str) -> str:
    return "fraction" if token[0] == "S" else _FIELDS.get(token, ("", ""))[0]


@lru_cache(maxsize=256)
def date_pattern(written: str, *, named: bool = False) -> str:
    """Return the pattern of exact widths that a text of this format must have."""
    pieces = []
    for token in _TOKEN.findall(written):
        part = _part(token)
        if not part:
            literal = token[1:-1] if token[0] == "'" else token
            pieces.append("".join(map(_literal, literal)))
            continue
        pattern = f"[0-9]{{{len(token)}}}" if part == "fraction" else _FIELDS[token][1]
        pieces.append(f"(?P<{part}>{pattern})" if named else pattern)
    return f"^{''.join(pieces)}$"


def read_date(text: str, written: str) -> dt.datetime | None:
    """Return the instant that a text of this format names; None where it is none."""
    found = re.fullmatch(date_pattern(written, named=True)[1:-1], text)
    if found is None:
        return None
    parts = found.groupdict()
    month = parts["month"]
    hour = int(parts.get("hour") or 0)
    if "half" in parts:
        hour = int(parts["hour12"]) % 12 + (12 if parts["half"] == "PM" else 0)
        if not 1 <= int(parts["hour12"]) <= 12:
            return None
    try:
        return dt.datetime(  # noqa: DTZ001
            int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0),
            _MONTHS.index(month) + 1 if month in _MONTHS else int(month),
            int(parts["day"]),
            hour,
            int(parts.get("minute") or 0),
            int(parts.get("second") or 0),
            int((parts.get("fraction") or "0").ljust(6, "0")),
        )
    except ValueError:
        return None


def write_date(value: dt.date, written: str) -> str:
    """Return a typed date or instant as its column writes dates."""
    at = value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001
    pieces = []
    for token in _TOKEN.findall(written):
        part = _part(token)
        if part == "fraction":
            pieces.append(f"{at.microsecond:06d}"[: len(token)])
        elif part == "half":
            pieces.append("PM" if at.hour >= 12 else "AM")
        elif token == "MMM":
            pieces.append(_MONTHS[at.month - 1])
        elif part:
            number = at.hour % 12 or 12 if part == "hour12" else getattr(at, part)
            pieces.append(f"{number % 100 if token == 'yy' else number:0{len(token)}d}")
        else:
            pieces.append(token.strip("'") if token[0] == "'" else token)
    return "".join(pieces)
