"""Look at the words around a place in a question: what stands there, small numbers, years, which calendar is said.

Decides nothing about days. A number that is no year or no small count gives None.
Layer: chatbot. Imports the catalog's calendars.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chatbot.planner.timewords.vocabulary import ADVERBS, FISCAL, SMALL, UNITS
from chatbot.planner.tokens import Token
from semantic.calendar import GREGORIAN, Period, fiscal_year
from semantic.model import Calendar


@dataclass
class Words:
    """The tokens of a question, the day it is asked, and the calendars to read it by."""

    words: Sequence[Token]
    today: dt.date
    default: Calendar
    calendars: Mapping[str, Calendar]
    norms: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.norms = [token.norm for token in self.words]

    def at(self, i: int) -> str:
        return self.norms[i] if 0 <= i < len(self.norms) else ""

    def seq(self, i: int, *words: str) -> bool:
        return tuple(self.norms[i : i + len(words)]) == words

    def skip(self, i: int, *words: str) -> int:
        """The index after any of `words`, once each."""
        while self.at(i) in words and i < len(self.norms):
            i += 1
        return i

    def fiscal(self) -> Calendar:
        if self.default.is_fiscal:
            return self.default
        return next((c for c in self.calendars.values() if c.is_fiscal), self.default)

    def gregorian(self) -> Calendar:
        return next((c for c in self.calendars.values() if not c.is_fiscal), GREGORIAN)

    def named(self, calendar: Calendar) -> str | None:
        return None if calendar.name == self.default.name else calendar.name

    def grain_of(self, unit: str, said: Calendar | None) -> str:
        """What a unit is in a calendar that was said: its own month, where that is another than everybody's."""
        return "fiscal_month" if unit == "month" and said is not None and said.has_own_months else unit

    def count(self, i: int) -> tuple[int, int] | None:
        """A small whole number at i, and the index after it."""
        token = self.words[i] if i < len(self.words) else None
        if token is None:
            return None
        if token.norm in SMALL:
            nxt = i + 1
            if token.norm == "couple" and self.at(nxt) == "of":
                nxt += 1
            return SMALL[token.norm], nxt
        if token.kind == "number" and token.number is not None and not token.ordinal and not token.percent:
            n = token.number
            if n == int(n) and 0 < n <= 400:
                return int(n), i + 1
        return None

    def year_at(self, i: int) -> int | None:
        """A four-digit year standing at i."""
        token = self.words[i] if i < len(self.words) else None
        if token is None or token.kind != "number" or token.percent or token.quote is not None:
            return None
        return int(token.text) if re.fullmatch(r"(?:19|20)\d\d", token.text) else None

    def short_year(self, i: int) -> int | None:
        """A year of two or four digits, as after "FY"."""
        if (year := self.year_at(i)) is not None:
            return year
        text = self.at(i)
        return 2000 + int(text) if re.fullmatch(r"\d\d", text) else None

    def year_range(self, year: int, calendar: Calendar) -> Period:
        return fiscal_year(calendar, year)

    def calendar_word(self, i: int) -> tuple[Calendar | None, int]:
        """ "fiscal" or "calendar" at i."""
        if self.at(i) in FISCAL:
            return self.fiscal(), i + 1
        if self.at(i) == "calendar" and (
            self.at(i + 1) in UNITS
            or self.at(i + 1) in ADVERBS
            or re.fullmatch(r"q[1-4]|h[12]|(?:19|20)\d\d", self.at(i + 1))
        ):
            return self.gregorian(), i + 1
        return None, i
