"""Tell the type of a column from all its values, in the very words that the pipeline will read them by.

A type is given only where every value has it; a notation or date format only where the values prove it. Where two
readings fit all values (03/04/2024), the other columns of the file may decide; else the column stays text, and says so.
Layer: pipeline. Pure; imports the model and the notation.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.contracts.model import ColumnType, NumberFormat
from pipeline.notation import plain_number, read_date

# words that stand for nothing: always, and in a column whose other values are numbers or dates
NOTHING = frozenset(
    ["NULL", "null", "Null", "(null)", "N/A", "n/a", "#N/A", "#NULL!", "\\N", "NaN", "nan", "<NA>"]
)
_WORDS_AMONG_VALUES = (
    "NA,na,-,--,---,?,.,None,none,nil,NIL,k.A.,k. A.,n.v.,s/d,n.d.,nd,unknown,Unknown,UNKNOWN,unbekannt,TBD,tbd,"
    "missing,#REF!,#VALUE!,#DIV/0!"
)
NOTHING_AMONG_VALUES = NOTHING | frozenset(_WORDS_AMONG_VALUES.split(","))
_BOOLEANS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})  # as `values` reads them
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]")
_EXPONENT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_SIGN = re.compile(r"^[-+(]?\s*([^\d\s.,+()-]{1,3})\s*[-(]?[\d.,]|\d[.,]?\s*([^\d\s.,+()%-]{1,3})\s*[-)]?$")
_CURRENCIES = frozenset(
    [
        "EUR",
        "USD",
        "GBP",
        "CHF",
        "JPY",
        "CNY",
        "SEK",
        "NOK",
        "DKK",
        "PLN",
        "CZK",
        "HUF",
        "RON",
        "BGN",
        "BRL",
        "MXN",
        "CAD",
        "AUD",
        "NZD",
        "INR",
        "ZAR",
        "TRY",
        "KRW",
        "HKD",
        "SGD",
        "ARS",
        "CLP",
        "COP",
        "PEN",
        "ILS",
        "AED",
        "SAR",
        "THB",
        "IDR",
        "MYR",
        "PHP",
        "UAH",
        "RUB",
        "KR",
        "FR.",
        "KČ",
        "ZŁ",
        "LEI",
    ]
)
_MOST_CURRENCIES = 5
_SCALES = (2, 4, 6, 10, 18)  # decimals that a draft keeps: the next step above what was seen
_MOST_DIGITS = 38
_DAYS = ("d{0}M{0}yyyy", "M{0}d{0}yyyy", "yyyy{0}M{0}d", "d{0}MMM{0}yyyy")
_DATES = tuple(form.format(sign) for form in _DAYS for sign in ("/", ".", "-", " "))
_TIMES = ("H:mm", "H:mm:ss", "h:mm a", "h:mm:ss a")
_MIDNIGHTS = ("yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm")
COMPACT = "yyyyMMdd"
_NUMBERS: tuple[NumberFormat | None, ...] = (
    None,
    NumberFormat(thousands=","),
    NumberFormat(decimal=",", thousands="."),
    NumberFormat(decimal=",", thousands=" "),
    NumberFormat(thousands=" "),
    NumberFormat(thousands="'"),
)
_FEW = 20  # values that a guess from their form needs


@dataclass(frozen=True, kw_only=True)
class TypeGuess:
    """What a column's values are. `why` and `look` are for people and hold no value of the column."""

    type: ColumnType
    why: str
    number_format: NumberFormat | None = None
    date_formats: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    look: tuple[str, ...] = ()
    low: Decimal | dt.date | None = None
    high: Decimal | dt.date | None = None
    open_readings: tuple[str, ...] = ()  # date formats that all fit, none proven


TEXT = ColumnType(kind="string")


def tell_type(values: Sequence[str], *, is_identifier: bool, says_date: bool = False) -> TypeGuess:
    """Return the type of a column from its distinct values, without blanks around them.

    Args:
        is_identifier: its name says that it names things: such a column stays text.
        says_date: its name says that it is a date, so that eight digits may be one.
    """
    texts = [text for text in values if text not in NOTHING_AMONG_VALUES]
    words = tuple(sorted(set(values) & NOTHING_AMONG_VALUES))
    sure = tuple(word for word in words if word in NOTHING)
    if not texts:
        return TypeGuess(type=TEXT, why="it has no values", look=("it is empty: its type is a guess",))
    if is_identifier:
        return replace(_identifier(texts), missing=sure)
    guess = _boolean(texts) or (_compact_date(texts) if says_date else None) or _number(texts) or _date(texts)
    if guess is None:
        return TypeGuess(type=TEXT, why="text", missing=sure, look=tuple(_nearly(texts)))
    return replace(guess, missing=sure if guess.type.kind == "string" else words)


def _identifier(texts: Sequence[str]) -> TypeGuess:
    look: tuple[str, ...] = ()
    if all(re.fullmatch(r"[0-9]+\.0", text) for text in texts):
        look = ("its values are whole numbers written with .0, which were no text at their origin",)
    return TypeGuess(type=TEXT, why="its name says that it names things: kept as it is written", look=look)


def _boolean(texts: Sequence[str]) -> TypeGuess | None:
    if {text.lower() for text in texts} in _BOOLEANS:
        return TypeGuess(type=ColumnType(kind="boolean"), why="its values are yes and no")
    return None


def _number(texts: Sequence[str]) -> TypeGuess | None:
    """An integer or a decimal in the one notation that fits all values; text where digits are names."""
    if not any(char.isdigit() for char in texts[0]):
        return None
    if any(_LEADING_ZERO.match(text) for text in texts) and all(_INTEGER.fullmatch(text) for text in texts):
        return TypeGuess(type=TEXT, why="digits with zeros before them: a code, not a number")
    if all(_INTEGER.fullmatch(text) for text in texts):
        whole = [Decimal(text) for text in texts]
        return TypeGuess(
            type=ColumnType(kind="integer"), why="whole numbers", low=min(whole), high=max(whole)
        )
    signs = _currency_signs(texts)
    fitting: list[tuple[NumberFormat | None, list[str]]] = []
    for notation in _NUMBERS:
        tried = _with_signs(notation, texts, signs)
        plain = _all_plain(texts, tried)
        if plain is not None:
            fitting.append((tried, plain))
            if tried is None:
                break
    if not fitting:
        return None
    notation, plain = fitting[0]
    if any([Decimal(a) for a in plain] != [Decimal(b) for b in other] for _, other in fitting[1:]):
        if signs and notation is not None and notation.thousands:
            # no money but some dinars has three decimals (ISO 4217): groups of three are thousands
            return replace(
                _decimal(plain, notation), look=(f"{notation.thousands!r} is taken as between thousands",)
            )
        return TypeGuess(
            type=TEXT,
            why="numbers that can be read in two ways",
            look=("is the sign in its numbers a decimal point or between thousands? Declare `numberFormat`",),
        )
    if notation is not None and notation.thousands and not any(notation.thousands in text for text in texts):
        notation = replace(notation, thousands=None)
    return _decimal(plain, notation)


def _decimal(plain: Sequence[str], notation: NumberFormat | None) -> TypeGuess:
    numbers = [Decimal(text) for text in plain]
    decimals = max(_decimals(text) for text in plain)
    digits = max(len(text.lstrip("+-").partition(".")[0].lstrip("0")) for text in plain)
    written = _notation_words(notation)
    low, high = min(numbers), max(numbers)
    if not any("." in text for text in plain) and digits <= 18:
        return TypeGuess(
            type=ColumnType(kind="integer"),
            why=f"whole numbers{written}",
            number_format=notation,
            low=low,
            high=high,
        )
    scale = next((step for step in _SCALES if step >= decimals), decimals)
    precision = 18 if digits + scale <= 15 else _MOST_DIGITS
    if digits + scale > _MOST_DIGITS:
        return TypeGuess(type=TEXT, why="numbers of more digits than an exact type keeps")
    look = []
    if decimals > 6:
        look.append(
            f"up to {decimals} decimals: binary fractions? Amounts of money have two; ask who sends them"
        )
    return TypeGuess(
        type=ColumnType(kind="decimal", precision=precision, scale=scale),
        why=f"numbers of up to {decimals} decimals{written}"
        if decimals
        else f"numbers written with .0{written}",
        number_format=notation,
        look=tuple(look),
        low=low,
        high=high,
    )


def _decimals(text: str) -> int:
    return len(text.partition(".")[2].rstrip("0"))


def _notation_words(notation: NumberFormat | None) -> str:
    if notation is None:
        return ""
    said = [f"decimal {notation.decimal!r}"]
    if notation.thousands:
        said.append(f"thousands {notation.thousands!r}")
    if notation.currency:
        said.append(f"signs {', '.join(notation.currency)}")
    said += [word.replace("_", " ") for word in notation.negative if word != "minus"]
    return f" ({', '.join(said)})"


def _currency_signs(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the signs before or after the numbers; none where there are more kinds than currencies in a file."""
    found = {found[1] or found[2] for text in texts if (found := _SIGN.search(text))}
    known = all(sign.upper() in _CURRENCIES or unicodedata.category(sign[-1]) == "Sc" for sign in found)
    return tuple(sorted(found)) if known and len(found) <= _MOST_CURRENCIES else ()


def _with_signs(
    notation: NumberFormat | None, texts: Sequence[str], signs: tuple[str, ...]
) -> NumberFormat | None:
    negative = ["minus"]
    if any(text.endswith("-") for text in texts):
        negative.append("trailing_minus")
    if any("(" in text for text in texts):
        negative.append("parentheses")
    if not signs and len(negative) == 1:
        return notation
    return replace(notation or NumberFormat(), currency=signs, negative=tuple(negative))


def _all_plain(texts: Sequence[str], notation: NumberFormat | None) -> list[str] | None:
    plain = []
    for text in texts:
        number = plain_number(text, notation)
        if number is None:
            return None
        plain.append(number)
    return plain


def _compact_date(texts: Sequence[str]) -> TypeGuess | None:
    days = [read_date(text, COMPACT) for text in texts]
    return _dated(days, (COMPACT,), "date") if all(days) else None


def _date(texts: Sequence[str]) -> TypeGuess | None:
    """A date or a timestamp in the one format that reads all values; all readings where several do."""
    if all(_ISO_DATE.fullmatch(text) for text in texts):
        days = [_iso(text) for text in texts]
        return _dated(days, (), "date") if all(days) else None
    for form in _MIDNIGHTS:
        days = [read_date(text, form) for text in texts[:1]]
        if all(days) and all(days := [read_date(text, form) for text in texts]):
            if not any(day.time() != dt.time.min for day in days if day):
                return _dated(days, (form,), "date")
            break
    if all(_ISO_TIMESTAMP.fullmatch(text) for text in texts):
        days = [_iso(text) for text in texts]
        return _dated(days, (), "timestamp") if all(days) else None
    for kind, forms in (("date", _DATES), ("timestamp", tuple(f"{d} {t}" for d in _DATES for t in _TIMES))):
        fitting = {}
        for form in forms:
            if read_date(texts[0], form) is None:
                continue
            days = [read_date(text, form) for text in texts]
            if all(days):
                fitting[form] = days
        if len(fitting) == 1:
            [(form, days)] = fitting.items()
            return _dated(days, (form,), kind)
        if fitting:
            return TypeGuess(
                type=TEXT,
                why=f"dates that can be read in {len(fitting)} ways",
                open_readings=tuple(fitting),
                look=(f"is it {' or '.join(fitting)}? Every value fits each: declare `format`",),
            )
    return None


def settle(guess: TypeGuess, values: Sequence[str], proven: Sequence[str]) -> TypeGuess:
    """Return a guess that was open between date formats, decided by the formats that other columns prove."""
    orders = {_order(form) for form in proven} - {None}
    readings = [form for form in guess.open_readings if _order(form) in orders]
    if len(orders) != 1 or len(readings) != 1:
        return guess
    form = readings[0]
    texts = [text for text in values if text not in NOTHING_AMONG_VALUES]
    settled = _dated(
        [read_date(text, form) for text in texts], (form,), "timestamp" if "m" in form else "date"
    )
    words = tuple(sorted(set(values) & NOTHING_AMONG_VALUES))
    return replace(
        settled,
        missing=words,
        why=f"{settled.why}; day and month as the file's other dates prove it",
        look=("day and month are told from the file's other dates only",),
    )


def _order(form: str) -> str | None:
    """Return whether the day or the month stands first in a format of numbers."""
    if "MMM" in form or form.startswith("y"):
        return None
    return "day" if form.startswith("d") else "month"


def _iso(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _dated(days: Sequence[dt.datetime | None], formats: tuple[str, ...], kind: str) -> TypeGuess:
    known = [day for day in days if day is not None]
    shown = f" written {formats[0]}" if formats else ""
    return TypeGuess(
        type=ColumnType(kind="date" if kind == "date" else "timestamp"),
        why=f"{kind}s{shown}",
        date_formats=formats,
        low=min(known).date(),
        high=max(known).date(),
    )


def _nearly(texts: Sequence[str]) -> Iterator[str]:
    """Yield what keeps a column from a type that nearly all of its values have."""
    if len(texts) < _FEW:
        return
    numbers = sum(plain_number(text, None) is not None for text in texts)
    exponents = sum(_EXPONENT.fullmatch(text) is not None for text in texts)
    if exponents and numbers + exponents == len(texts):
        yield "numbers, some written with exponents (1.5E-3), which no exact type reads: ask for plain decimals"
    elif numbers >= _NEARLY * len(texts):
        yield f"all but {len(texts) - numbers} of {len(texts)} different values are numbers: mend them, or keep it text"
    days = sum(any(read_date(text, form) for form in (*_DATES, "yyyy-MM-dd")) for text in texts[:2_000])
    if days >= _NEARLY * min(len(texts), 2_000):
        yield "nearly all values are dates, in several forms: declare `dateFormats`, or mend them"


_NEARLY = 0.9
