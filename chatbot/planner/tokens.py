"""Cut a question into tokens: words, numbers, dates and punctuation, with their place in the text.

Strips control, zero-width and direction characters first; markup and SQL are only words to it. Catalog names and
stored values go through the same cut, so that both sides meet.
Layer: chatbot. Pure.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from chatbot.planner.stems import stem

TokenKind = Literal["word", "number", "date", "punct"]

NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50, "hundred": 100,
}  # fmt: skip
CURRENCY_WORDS = {
    "euro": "EUR", "euros": "EUR", "dollar": "USD", "dollars": "USD", "pound": "GBP", "pounds": "GBP", "yen": "JPY",
    "francs": "CHF", "eur": "EUR", "usd": "USD", "gbp": "GBP", "chf": "CHF",
}  # fmt: skip
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_CODE = re.compile(r"[A-Z]{3}")
ORDINAL_WORDS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_SCALES = {
    "k": 1_000, "thousand": 1_000, "m": 1_000_000, "mn": 1_000_000, "mio": 1_000_000, "million": 1_000_000,
    "millions": 1_000_000, "bn": 1_000_000_000, "billion": 1_000_000_000, "b": 1_000_000_000,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Token:
    """One word, number, date or mark of a question."""

    text: str
    norm: str  # lower case, accents folded
    stem: str
    kind: TokenKind = "word"
    number: Decimal | None = None
    percent: bool = False
    currency: str | None = None  # said beside a number: "500 EUR", "$500"
    ordinal: bool = False
    day: dt.date | None = None
    start: int = 0
    end: int = 0
    quote: int | None = None  # tokens of one quoted text share a number
    glued: bool = False  # no space before it: "year-over-year"
    dash: bool = False  # a dash before it: "Jan-Mar", "2024 - 2026"
    tick: bool = False  # an apostrophe before it: "March '26"


_PATTERN = re.compile(
    r"""
    (?P<iso>\d{4}-\d{1,2}-\d{1,2}|(?:19|20)\d{2}/\d{1,2}/\d{1,2})(?!\d)
  | (?P<dmy>\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d{2})|\d{1,2}-\d{1,2}-(?:19|20)\d{2})(?!\d)
  | (?P<ym>\d{4}[-/](?:0[1-9]|1[0-2]))(?![\d-])
  | (?P<my>(?:0?[1-9]|1[0-2])[-/](?:19|20)\d{2})(?!\d)
  | (?P<ordinal>\d+)(?:st|nd|rd|th)\b
  | (?P<number>(?:[$€£¥]\s?)?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?:[$€£¥]\s?)?\d+(?:\.\d+)?)
        (?:(?P<percent>\s?%)|(?P<scale>(?:k|m|mn|mio|bn)\b))?(?![^\W_])
  | (?P<word>[^\W_]+)
  | (?P<op><=|>=|<>|!=|[<>=%\#&+*/()?.,;:!])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_QUOTES = re.compile(
    r"""(?<![\w])'([^'\n]{1,80}?)'(?![\w])|"([^"\n]{1,80})"|`([^`\n]{1,80})`|“([^”\n]{1,80})”|‘([^’\n]{1,80})’"""
)


_SHORTENED = (
    (re.compile(r"^\W*good (?:morning|afternoon|evening|day)\b[\s,!.]*", re.IGNORECASE), ""),
    (re.compile(r"\bw/o\b", re.IGNORECASE), "without"),
    (re.compile(r"(?<!\w)w/(?=\s|[a-z])", re.IGNORECASE), "with "),
    (
        re.compile(r"\b(excl|incl|vs|avg|max|min|approx|resp)\.(?=\s)", re.IGNORECASE),
        r"\1",
    ),  # the point ends no sentence
)


def clean(text: str) -> str:
    """Return the text without control, zero-width and direction characters, in one Unicode form."""
    text = unicodedata.normalize("NFKC", text)
    kept = []
    for char in text:
        category = unicodedata.category(char)
        if category in ("Cf", "Co", "Cn", "Cs"):
            continue
        kept.append(" " if category in ("Cc", "Zs", "Zl", "Zp") else char)
    return re.sub(r"\s+", " ", "".join(kept)).strip()


@lru_cache(maxsize=200_000)
def fold(word: str) -> str:
    """Return the word in lower case, without accents."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))


def tokenize(text: str) -> tuple[Token, ...]:
    """Return the tokens of a cleaned text."""
    text = text.replace("’s ", "'s ").replace("’", "'").replace("–", "-").replace("—", " - ")
    for shortened, written in _SHORTENED:
        text = shortened.sub(written, text)
    quotes = [(m.start(), m.end()) for m in _QUOTES.finditer(text)]
    plain = re.sub(r"(?<=\w)'s\b", "  ", text)  # a possessive says nothing more
    tokens: list[Token] = []
    for match in _PATTERN.finditer(plain):
        kind = match.lastgroup
        start, end = match.span()
        quote = next((n for n, (a, b) in enumerate(quotes) if a < start and end < b), None)
        raw = match.group()
        between = text[tokens[-1].end : start] if tokens else " "
        common: dict[str, object] = {
            "start": start,
            "end": end,
            "quote": quote,
            "glued": not between or not any(c.isspace() for c in between),
            "dash": "-" in between,
            "tick": "'" in between,
        }
        if kind == "op":
            if raw in ".,:" and end < len(text) and not text[end].isspace() and text[end] not in "'\"`”?!)":
                continue  # inside a name: "BRK.B"
            tokens.append(Token(text=raw, norm=raw, stem=raw, kind="punct", **common))  # type: ignore[arg-type]
            continue
        tokens.append(_token(match, raw, common))
    return tuple(_scaled(tokens))


@lru_cache(maxsize=300_000)
def phrase_tokens(text: str) -> tuple[Token, ...]:
    """Return the words and numbers of a catalog phrase or a stored value, underscores as spaces."""
    return tuple(t for t in tokenize(clean(text.replace("_", " "))) if t.kind != "punct")


def _token(match: re.Match[str], raw: str, common: dict[str, object]) -> Token:
    norm = fold(raw)
    make = {"text": raw, "norm": norm, "stem": norm, **common}
    if match.group("iso"):
        day = _day(*(int(p) for p in re.split("[-/]", raw)))
        return Token(**make, kind="date", day=day) if day else Token(**make)  # type: ignore[arg-type]
    if match.group("dmy") or match.group("ym") or match.group("my"):
        return Token(**make, kind="date")  # type: ignore[arg-type]
    if match.group("ordinal"):
        return Token(**make, kind="number", number=Decimal(match.group("ordinal")), ordinal=True)  # type: ignore[arg-type]
    if match.group("number"):
        number = Decimal(re.sub(r"[^\d.]", "", match.group("number")))
        if match.group("scale"):
            number *= _SCALES[match.group("scale").lower()]
        money = _SIGNS.get(raw[0])
        percent = bool(match.group("percent"))
        return Token(**make, kind="number", number=number, percent=percent, currency=money)  # type: ignore[arg-type]
    if norm in NUMBER_WORDS:
        return Token(**{**make, "stem": norm}, kind="word", number=Decimal(NUMBER_WORDS[norm]))  # type: ignore[arg-type]
    return Token(**{**make, "stem": stem(norm)})  # type: ignore[arg-type]


def _scaled(tokens: list[Token]) -> list[Token]:
    """Join "2 million" and "5 percent" to one number."""
    out: list[Token] = []
    for token in tokens:
        last = out[-1] if out else None
        if last is not None and last.kind == "number" and last.number is not None and not last.ordinal:
            if token.norm in ("thousand", "million", "millions", "billion"):
                out[-1] = replace(last, number=last.number * _SCALES[token.norm], end=token.end)
                continue
            if token.norm in ("%", "percent", "pct") and not last.percent:
                out[-1] = replace(last, percent=True, end=token.end)
                continue
            money = CURRENCY_WORDS.get(token.norm) or (token.text if _CODE.fullmatch(token.text) else None)
            if money and not last.percent and token.quote is None:
                out[-1] = replace(last, currency=money, end=token.end)
                continue
        out.append(token)
    return out


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
