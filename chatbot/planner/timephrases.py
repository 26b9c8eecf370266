"""Find the words of a question that speak of time, and say which exact days they mean.

`parse_time` is pure: tokens, a `today` and the catalog's calendars in, spans out. Years, halves and quarters follow
the default calendar unless the asker says "calendar" or "fiscal". Words with two honest readings (03/04/2026, "the
last 3 months") come back with both in `readings`; nothing is chosen silently: what was assumed stands in `notes`.
Layer: chatbot. Imports the calendar arithmetic of semantic.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from chatbot.planner.tokens import ORDINAL_WORDS, Token
from semantic.calendar import (
    GREGORIAN,
    Period,
    add_months,
    calendar_month,
    fiscal_quarter,
    fiscal_year,
    period_of,
    shift,
    show_day,
    year_name,
)
from semantic.model import Calendar

SpanKind = Literal["range", "grain", "compare", "edge"]  # edge: "at month end", no period of its own

MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTHS = {name: n for n, name in enumerate(MONTH_NAMES, 1)} | {
    name[:3]: n for n, name in enumerate(MONTH_NAMES, 1)
}
_MONTHS["sept"] = 9
_UNITS = {
    "day": "day", "days": "day", "week": "week", "weeks": "week", "wk": "week", "wks": "week", "month": "month",
    "months": "month", "mth": "month", "mths": "month", "quarter": "quarter", "quarters": "quarter", "qtr": "quarter",
    "qtrs": "quarter", "year": "year", "years": "year", "yr": "year", "yrs": "year",
}  # fmt: skip
_ADVERBS = {
    "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year", "annual": "year",
    "annually": "year",
}  # fmt: skip
_ABBREVIATED = {
    "ytd": "year", "fytd": "year", "qtd": "quarter", "mtd": "month", "wtd": "week",
}  # fmt: skip
_OVER = {
    "yoy": "year", "mom": "month", "qoq": "quarter", "wow": "week", "dod": "day",
}  # fmt: skip
_LAST = {"last", "previous", "prior", "preceding"}
_PAST = {"past", "trailing", "rolling"}
_FULL = {"full", "complete", "completed", "whole", "calendar", "entire", "closed"}
_FISCAL = {"fiscal", "financial"}
_SMALL = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60, "ninety": 90, "couple": 2,
}  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = dt.timedelta(days=1)
_PRONOUNS = {"i", "we", "you", "they", "it", "he", "she", "that", "who", "which", "be"}
_BEFORE_YEAR = {
    "in", "for", "during", "of", "since", "from", "to", "until", "till", "through", "year", "before", "after", "vs",
    "versus", "and", "between", "than", "with", "throughout", "year's", "or", "within", "against", "fy",
    "by", "end", "about", "on", "around", ",", "-", "late", "as", "at",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TimeSpan:
    """What tokens `first` up to (not with) `last` say about time."""

    first: int
    last: int
    kind: SpanKind
    start: dt.date | None = None
    end: dt.date | None = None
    unit: str | None = None  # of a range: the period it is made of; of a grain: the grain
    calendar: str | None = None  # None: the catalog's default
    compare: str | None = None  # "previous_year" or "previous_period"
    each: str | None = None  # "each of the last 8 weeks": a grain that comes with the range
    point: bool = False  # "as of", "at the end of": the state on its last day
    to_date: bool = False  # from the start of the running period up to today
    relative: bool = False  # counted from today
    notes: tuple[str, ...] = ()
    readings: tuple[TimeSpan, ...] = ()  # two or more: ask
    label: str = ""  # of a reading: the words that ask for it unambiguously


@dataclass(frozen=True, kw_only=True)
class _Point:
    """A period that a phrase names, before it becomes part of a range."""

    start: dt.date
    end: dt.date
    unit: str
    calendar: str | None = None
    to_date: bool = False
    relative: bool = False
    notes: tuple[str, ...] = ()
    others: tuple[_Point, ...] = ()  # further readings of the same words
    label: str = ""
    month_number: int | None = None  # a month or quarter named without a year
    quarter_number: int | None = None
    half_number: int | None = None
    day_number: int | None = None


@dataclass
class _Reader:
    words: Sequence[Token]
    today: dt.date
    default: Calendar
    calendars: Mapping[str, Calendar]
    norms: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.norms = [token.norm for token in self.words]

    # ---------------------------------------------------------------------------------------------- helpers

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

    def count(self, i: int) -> tuple[int, int] | None:
        """A small whole number at i, and the index after it."""
        token = self.words[i] if i < len(self.words) else None
        if token is None:
            return None
        if token.norm in _SMALL:
            nxt = i + 1
            if token.norm == "couple" and self.at(nxt) == "of":
                nxt += 1
            return _SMALL[token.norm], nxt
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
        if self.at(i) in _FISCAL:
            return self.fiscal(), i + 1
        if self.at(i) == "calendar" and (
            self.at(i + 1) in _UNITS
            or self.at(i + 1) in _ADVERBS
            or re.fullmatch(r"q[1-4]|h[12]|(?:19|20)\d\d", self.at(i + 1))
        ):
            return self.gregorian(), i + 1
        return None, i

    # ----------------------------------------------------------------------------------------------- points

    def point(self, i: int) -> tuple[int, _Point] | None:
        """The longest period named at i."""
        i = self.skip(i, "the")
        best: tuple[int, _Point] | None = None
        for rule in (
            self._date, self._month, self._quarter, self._half, self._year, self._relative, self._counted,
            self._to_date, self._week_of, self._ago,
        ):  # fmt: skip
            found = rule(i)
            if found and (best is None or found[0] > best[0]):
                best = found
        return best

    def _date(self, i: int) -> tuple[int, _Point] | None:
        token = self.words[i] if i < len(self.words) else None
        if token is None:
            return None
        if token.kind == "date":
            return self._written_date(i, token)
        # 1 March 2026, 1st of March, March 1 2026, March 1st, 2026
        day, j = self._day_number(i)
        if day and not (token.kind == "number" and token.number is not None and token.number > 31):
            j = self.skip(j, "of")
            month = _MONTHS.get(self.at(j))
            if month:
                return self._spelled(day, month, j + 1)
        month = _MONTHS.get(self.at(i))
        if month:
            j = self.skip(i + 1, "the", ".")
            day, j = self._day_number(j)
            if day:
                return self._spelled(day, month, j)
        return None

    def _day_number(self, i: int) -> tuple[int, int]:
        token = self.words[i] if i < len(self.words) else None
        if token is None or token.kind != "number" or token.number is None or token.percent:
            return 0, i
        if not re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)?", token.norm) or not 1 <= token.number <= 31:
            return 0, i
        return int(token.number), i + 1

    def _spelled(self, day: int, month: int, j: int) -> tuple[int, _Point] | None:
        k = self.skip(j, ",", "of")
        year = self.year_at(k)
        if year is not None:
            made = _make_day(year, month, day)
            return (k + 1, _Point(start=made, end=made, unit="day")) if made else None
        made = _make_day(self.today.year, month, day)
        if made is None or made > self.today:
            made = _make_day(self.today.year - 1, month, day)
        if made is None:
            return None
        return j, _Point(start=made, end=made, unit="day", day_number=day, month_number=month,
                         notes=(f"{show_day(made)}: the most recent such day, no year was said",))  # fmt: skip

    def _written_date(self, i: int, token: Token) -> tuple[int, _Point] | None:
        if token.day:
            return i + 1, _Point(start=token.day, end=token.day, unit="day")
        numbers = [int(n) for n in re.split(r"[-./]", token.text)]
        if len(numbers) == 2:
            year, month = (numbers[0], numbers[1]) if numbers[0] > 31 else (numbers[1], numbers[0])
            return i + 1, _from_period(calendar_month(year, month))
        if len(numbers) != 3:
            return None
        a, b, year = numbers
        year += 2000 if year < 100 else 0
        day_first, month_first = _make_day(year, b, a), _make_day(year, a, b)
        if "." in token.text or day_first == month_first or month_first is None:
            return (i + 1, _Point(start=day_first, end=day_first, unit="day")) if day_first else None
        if day_first is None:
            return i + 1, _Point(start=month_first, end=month_first, unit="day")
        first, second = (
            _Point(start=day, end=day, unit="day", label=show_day(day)) for day in (day_first, month_first)
        )
        return i + 1, replace(first, others=(first, second))

    def _month(self, i: int) -> tuple[int, _Point] | None:
        prefix = ""
        if self.at(i) in ("last", "this", "next") and self.at(i + 1) in _MONTHS:
            prefix, i = self.at(i), i + 1
        month = _MONTHS.get(self.at(i))
        if not month or not self._is_month(i, bool(prefix)):
            return None
        j = i + 1
        if self.at(j) == "." and self.words[j].glued:
            j += 1
        k = self.skip(j, "of", ",")
        if (year := self.year_at(k)) is not None:
            return k + 1, _from_period(calendar_month(year, month))
        if re.fullmatch(r"\d\d", self.at(k)) and self.words[k].glued:
            return k + 1, _from_period(calendar_month(2000 + int(self.at(k)), month))
        k = self.skip(k, "the")
        if self.at(k) in ("this", "last", "previous", "prior", "current") and self._year_unit(k + 1):
            calendar, after = self._year_unit(k + 1) or (None, 0)
            chosen = calendar or self.default
            year = year_name(self.today, chosen) - (0 if self.at(k) in ("this", "current") else 1)
            whole = self.year_range(year, chosen)
            start = dt.date(whole.start.year, month, 1)
            if start < whole.start.replace(day=1):
                start = dt.date(whole.start.year + 1, month, 1)
            return after, replace(_from_period(calendar_month(start.year, month)), relative=True)
        start = dt.date(self.today.year, month, 1)
        if start > self.today or (prefix == "last" and start.month == self.today.month):
            start = dt.date(self.today.year - 1, month, 1)
        if prefix == "next":
            start = dt.date(start.year + 1, month, 1)
        elif prefix == "this":
            start = dt.date(self.today.year, month, 1)
        period = calendar_month(start.year, month)
        notes = (
            ()
            if prefix in ("this",)
            else (f"{period.label}: the most recent {MONTH_NAMES[month - 1].title()}, no year was said",)
        )
        return j, replace(_from_period(period), month_number=month, notes=notes)

    def _is_month(self, i: int, prefixed: bool) -> bool:
        """ "may", "march", "sun" are other words too: they need a sign that a month is meant."""
        word, token = self.at(i), self.words[i]
        if self._day_number(i - 1)[0] if i else 0:
            return False  # "31 February": a day that does not exist is no month either
        if word not in ("may", "march", "mar"):
            return True
        if word == "may" or token.text[:1].isupper():
            return self.at(i + 1) not in _PRONOUNS and (self.at(i - 1) not in _PRONOUNS or i == 0)
        if prefixed or self.year_at(self.skip(i + 1, "of", ",")) is not None:
            return True
        before = self.at(i - 1)
        if before in _BEFORE_YEAR or before in ("this", "last", "each", "the", "early", "mid"):
            return not (
                word == "may" and before in ("and", "that", "we", "i") and not token.text[:1].isupper()
            )
        return token.text[:1].isupper() and i > 0

    def _year_unit(self, i: int) -> tuple[Calendar | None, int] | None:
        """ "year", "fiscal year", "calendar year", "FY" at i: the calendar said (None: not said) and the index after."""
        calendar, j = self.calendar_word(i)
        if _UNITS.get(self.at(j)) == "year":
            return calendar, j + 1
        if self.at(j) == "fy":
            return self.fiscal(), j + 1
        return None

    def _which_year(self, i: int) -> tuple[int, int, Calendar | None, bool] | None:
        """A year that follows a quarter or half: (index after, year, calendar said, relative)."""
        j = self.skip(i, "of", ",", "in", "the")
        if (found := self._fy(j)) is not None:
            return found[0], found[1], self.fiscal(), False
        calendar, k = self.calendar_word(j)
        if calendar is not None and _UNITS.get(self.at(k)) == "year":
            k += 1
        elif calendar is None and _UNITS.get(self.at(j)) == "year" and self.year_at(j + 1):
            k = j + 1
        if (year := self.year_at(k)) is not None:
            return k + 1, year, calendar, False
        if self.at(j) in ("this", "current", *_LAST):
            unit = self._year_unit(j + 1)
            if unit:
                chosen = unit[0] or self.default
                back = 0 if self.at(j) in ("this", "current") else 1
                return unit[1], year_name(self.today, chosen) - back, unit[0], True
        return None

    def _fy(self, i: int) -> tuple[int, int] | None:
        """ "FY2026", "FY 26", "fiscal year 2026", "fiscal 2026", "FY2025/26": the index after and the year's name."""
        match = re.fullmatch(r"fy(\d\d|\d{4})", self.at(i))
        if match:
            year = int(match[1]) + (2000 if len(match[1]) == 2 else 0)
            return self._second_year(i + 1, year)
        if self.at(i) == "fy" and (year_or := self.short_year(i + 1)) is not None:
            return self._second_year(i + 2, year_or)
        if self.at(i) in _FISCAL:
            j = i + 1
            if _UNITS.get(self.at(j)) == "year":
                j += 1
            if (year_or := self.short_year(j)) is not None:
                return self._second_year(j + 1, year_or)
        return None

    def _second_year(self, i: int, year: int) -> tuple[int, int]:
        if self.at(i) == "/" and self.at(i + 1).isdigit() and (year + 1 - int(self.at(i + 1))) % 100 == 0:
            offset = 1 if self.fiscal().named_by == "end" and self.fiscal().is_fiscal else 0
            return i + 2, year + offset
        return i, year

    def _quarter(self, i: int) -> tuple[int, _Point] | None:
        calendar, j = self.calendar_word(i)
        number: int | None = None
        if (match := re.fullmatch(r"q([1-4])", self.at(j))) or (
            match := re.fullmatch(r"([1-4])q", self.at(j))
        ):
            number, j = int(match[1]), j + 1
        elif match := re.fullmatch(r"q([1-4])((?:19|20)\d\d)", self.at(j)):
            return j + 1, self._quarter_point(int(match[1]), int(match[2]), calendar)
        elif match := re.fullmatch(r"((?:19|20)\d\d)q([1-4])", self.at(j)):
            return j + 1, self._quarter_point(int(match[2]), int(match[1]), calendar)
        elif match := re.fullmatch(r"q([1-4])fy(\d\d|\d{4})", self.at(j)):
            year = int(match[2]) + (2000 if len(match[2]) == 2 else 0)
            return j + 1, self._quarter_point(int(match[1]), year, self.fiscal())
        elif self.at(j) in ("quarter", "qtr") and (found := self.count(j + 1)) and found[0] <= 4:
            number, j = found
        elif (ordinal := self._ordinal(j)) and self.at(j + 1) in _FISCAL and self.at(j + 2) == "quarter":
            number, calendar, j = ordinal, self.fiscal(), j + 3
        elif ordinal and self.at(j + 1) in ("quarter", "qtr"):
            number, j = ordinal, j + 2
        elif (year_or := self.year_at(j)) is not None and (
            match := re.fullmatch(r"q([1-4])", self.at(j + 1))
        ):
            return j + 2, self._quarter_point(int(match[1]), year_or, calendar)
        elif (fy := self._fy(i)) is not None and (
            match := re.fullmatch(r"q([1-4])", self.at(self.skip(fy[0], ",", "-")))
        ):
            return self.skip(fy[0], ",", "-") + 1, self._quarter_point(int(match[1]), fy[1], self.fiscal())
        if number is None or number > 4:
            return None
        if (said := self._which_year(j)) is not None:
            after, year, named, relative = said
            point = self._quarter_point(number, year, calendar or named)
            return after, replace(point, relative=relative)
        chosen = calendar or self.default
        year = year_name(self.today, chosen)
        period = fiscal_quarter(chosen, year, number)
        if period.start > self.today:
            period = fiscal_quarter(chosen, year - 1, number)
        note = (
            f"{period.label} ({_days(period.start, period.end)}): the most recent Q{number}, no year was said"
        )
        return j, replace(_from_period(period, self.named(chosen)), quarter_number=number, notes=(note,))

    def _quarter_point(self, number: int, year: int, calendar: Calendar | None) -> _Point:
        chosen = calendar or self.default
        period = fiscal_quarter(chosen, year, number)
        point = _from_period(period, self.named(chosen))
        if calendar is None and chosen.is_fiscal:
            note = f"Q{number} {year} is read in the company's fiscal year: {_days(period.start, period.end)}"
            return replace(point, notes=(note,))
        return point

    def _half(self, i: int) -> tuple[int, _Point] | None:
        calendar, j = self.calendar_word(i)
        if match := re.fullmatch(r"h([12])", self.at(j)):
            number, j = int(match[1]), j + 1
        elif (ordinal := self._ordinal(j)) and ordinal <= 2 and self.at(j + 1) == "half":
            number, j = ordinal, j + 2
            if self.at(j) == "year":
                j += 1
        elif match := re.fullmatch(r"h([12])((?:19|20)\d\d)", self.at(j)):
            return j + 1, self._half_point(int(match[1]), int(match[2]), calendar)
        else:
            return None
        if (said := self._which_year(j)) is not None:
            after, year, named, relative = said
            return after, replace(self._half_point(number, year, calendar or named), relative=relative)
        chosen = calendar or self.default
        year = year_name(self.today, chosen)
        if fiscal_quarter(chosen, year, 2 * number - 1).start > self.today:
            year -= 1
        point = self._half_point(number, year, chosen)
        note = f"H{number}: the most recent one, {_days(point.start, point.end)}, no year was said"
        return j, replace(point, half_number=number, notes=(note,))

    def _half_point(self, number: int, year: int, calendar: Calendar | None) -> _Point:
        chosen = calendar or self.default
        start = fiscal_quarter(chosen, year, 2 * number - 1).start
        end = fiscal_quarter(chosen, year, 2 * number).end
        notes: tuple[str, ...] = ()
        if calendar is None and chosen.is_fiscal:
            notes = (f"H{number} {year} is read in the company's fiscal year: {_days(start, end)}",)
        return _Point(start=start, end=end, unit="half", calendar=self.named(chosen), notes=notes)

    def _ordinal(self, i: int) -> int | None:
        token = self.words[i] if i < len(self.words) else None
        if token is None:
            return None
        if token.norm in ORDINAL_WORDS:
            return ORDINAL_WORDS[token.norm]
        if token.ordinal and token.number is not None and token.number <= 4:
            return int(token.number)
        return None

    def _year(self, i: int) -> tuple[int, _Point] | None:
        if (fy := self._fy(i)) is not None:
            after, year = fy
            period = self.year_range(year, self.fiscal())
            return after, _from_period(period, self.named(self.fiscal()))
        calendar, j = self.calendar_word(i)
        if _UNITS.get(self.at(j)) == "year" and self.year_at(j + 1) is not None:
            j += 1
        elif calendar is not None and self.year_at(j) is None:
            return None
        year_or = self.year_at(j)
        if year_or is None:
            return None
        if (
            self.at(j + 1) == "/"
            and re.fullmatch(r"\d\d|\d{4}", self.at(j + 2))
            and (year_or + 1 - int(self.at(j + 2))) % 100 == 0
        ):
            fiscal = self.fiscal()
            offset = 1 if fiscal.named_by == "end" and fiscal.is_fiscal else 0
            return j + 3, _from_period(self.year_range(year_or + offset, fiscal), self.named(fiscal))
        if calendar is None and j == i and not self._stands_as_year(i):
            return None
        if calendar is not None or not self.default.is_fiscal:
            chosen = calendar or self.default
            return j + 1, _from_period(self.year_range(year_or, chosen), self.named(chosen))
        fiscal_point = replace(
            _from_period(self.year_range(year_or, self.default)), label=f"fiscal year {year_or}"
        )
        plain = self.gregorian()
        calendar_point = replace(
            _from_period(self.year_range(year_or, plain), self.named(plain)), label=f"calendar year {year_or}"
        )
        return j + 1, replace(fiscal_point, others=(fiscal_point, calendar_point))

    def _stands_as_year(self, i: int) -> bool:
        """A number like 2025 is a year after a preposition, at an edge, or beside another year."""
        before, after = self.at(i - 1), self.at(i + 1)
        if before in _MONTHS:
            return False  # of a day that does not exist
        if before == "than" and self.at(i - 2) in (
            "more",
            "less",
            "fewer",
            "greater",
            "higher",
            "lower",
            "larger",
        ):
            return False
        if i == 0 or before in _BEFORE_YEAR:
            return True
        if after in (
            "",
            "?",
            ".",
            ",",
            "vs",
            "versus",
            "-",
            "to",
            ";",
            "compared",
            "by",
            "and",
            "against",
            "than",
        ):
            return before not in (
                "than",
                "least",
                "most",
                "over",
                "under",
                "above",
                "below",
                "top",
                ">",
                "<",
                "=",
            )
        return False

    def _relative(self, i: int) -> tuple[int, _Point] | None:
        word = self.at(i)
        if word in ("today", "yesterday", "tomorrow"):
            day = self.today + {"today": 0, "yesterday": -1, "tomorrow": 1}[word] * _DAY
            return i + 1, _Point(start=day, end=day, unit="day", relative=True)
        if word in _LAST | {"this", "current", "next", "past", "ongoing", "running", "present"}:
            calendar, j = self.calendar_word(i + 1)
            full = self.at(j) in _FULL
            if full:
                j += 1
            if self.at(j) in ("fy",):
                unit, calendar = "year", self.fiscal()
            elif self.at(j) == "half" and self.at(j + 1) == "year":
                return self._relative_half(word, calendar or self.default, j + 2)
            elif self.at(j) in _WEEKDAYS and word in ("last", "this", "past"):
                back = (self.today.weekday() - _WEEKDAYS.index(self.at(j))) % 7 or 7
                day = self.today - back * _DAY
                return j + 1, _Point(
                    start=day,
                    end=day,
                    unit="day",
                    relative=True,
                    notes=(f"last {self.at(j).title()} is {show_day(day)}",),
                )
            else:
                unit = _UNITS.get(self.at(j), "")
                if not unit or self.at(j).endswith("s"):
                    return None
            chosen = calendar or self.default
            within = self.at(i - 1) == "the" and self.at(i - 2) in ("in", "over", "within", "during")
            if (word == "past" or (word == "last" and within)) and unit != "day" and not full:
                return j + 1, self._rolling_or_full(1, unit, chosen)
            period = period_of(self.today, unit, chosen)
            steps = -1 if word in _LAST | {"past"} else 1 if word == "next" else 0
            point = _from_period(shift(period, steps, chosen), self.named(chosen))
            return self._so_far(
                j + 1,
                replace(
                    point, unit=unit, relative=True, notes=self._fiscal_note(point, unit, chosen, calendar)
                ),
            )
        if word in ("year", "month", "quarter", "week") and self.seq(i + 1, "before", "last"):
            period = shift(period_of(self.today, word, self.default), -2, self.default)
            return i + 3, replace(_from_period(period), unit=word, relative=True)
        return None

    def _so_far(self, j: int, point: _Point) -> tuple[int, _Point]:
        """ "this year so far", "this month to date"."""
        if self.seq(j, "so", "far") or self.seq(j, "to", "date"):
            return j + 2, replace(point, end=self.today, to_date=True)
        if self.seq(j, "until", "now") or self.seq(j, "till", "now") or self.seq(j, "to", "now"):
            return j + 2, replace(point, end=self.today, to_date=True)
        return j, point

    def _fiscal_note(
        self, point: _Point, unit: str, chosen: Calendar, said: Calendar | None
    ) -> tuple[str, ...]:
        if said is None and chosen.is_fiscal and unit in ("year", "quarter"):
            return (f"the {unit} follows the company's fiscal calendar: {_days(point.start, point.end)}",)
        return ()

    def _relative_half(self, word: str, calendar: Calendar, j: int) -> tuple[int, _Point]:
        year = year_name(self.today, calendar)
        number = 1 if self.today <= fiscal_quarter(calendar, year, 2).end else 2
        steps = {"next": 1, "this": 0, "current": 0}.get(word, -1)
        index = year * 2 + number - 1 + steps
        point = self._half_point(index % 2 + 1, index // 2, calendar)
        return j, replace(point, relative=True)

    def _counted(self, i: int) -> tuple[int, _Point] | None:
        """ "the last 3 months", "past 30 days", "trailing twelve months", "last 6 full months", "rolling 12 months"."""
        word = self.at(i)
        if word in ("ttm", "ltm"):
            return i + 1, self._rolled(12, "month", exact=True)
        if word not in _LAST | _PAST | {"next", "recent", "most", "latest"}:
            return None
        j = i + 1
        if word == "most" and self.at(j) == "recent":
            j += 1
        full = False
        if self.at(j) in _FULL:
            full, j = True, j + 1
        found = self.count(j)
        if found is None:
            match = re.fullmatch(r"(\d{1,3})(d|w|m|q|y)", self.at(j))
            if not match:
                return None
            number, unit, j = (
                int(match[1]),
                {"d": "day", "w": "week", "m": "month", "q": "quarter", "y": "year"}[match[2]],
                j + 1,
            )
            calendar = None
        else:
            number, j = found
            while self.at(j) in _FULL | {"business"} and self.at(j) != "business":
                if self.at(j) == "calendar" and _UNITS.get(self.at(j + 1)) in ("year", "quarter"):
                    break
                full, j = True, j + 1
            calendar, j = self.calendar_word(j)
            unit = _UNITS.get(self.at(j), "")
            if not unit:
                return None
            j += 1
        chosen = calendar or self.default
        if word == "next":
            period = period_of(self.today, unit, chosen)
            return j, _Point(
                start=shift(period, 1, chosen).start,
                end=shift(period, number, chosen).end,
                unit=unit,
                relative=True,
            )
        if unit == "day":
            return j, self._last_days(number, inclusive=None)
        if full or word == "previous":
            return j, self._full(number, unit, chosen)
        if word in ("trailing", "rolling"):
            return j, self._rolled(number, unit, exact=True)
        return j, self._rolling_or_full(number, unit, chosen)

    def _last_days(self, number: int, *, inclusive: bool | None) -> _Point:
        """`inclusive` True: the days asked end with today and are exactly so many."""
        start = self.today - (number - 1 if inclusive else number) * _DAY
        note = f"the last {number} days: {_days(start, self.today)}"
        return _Point(start=start, end=self.today, unit="day", relative=True, notes=(note,))

    def _full(self, number: int, unit: str, calendar: Calendar) -> _Point:
        period = period_of(self.today, unit, calendar)
        start, end = shift(period, -number, calendar).start, shift(period, -1, calendar).end
        note = (
            f"the last {number} complete {unit}s: {_days(start, end)}"
            if number > 1
            else f"the last complete {unit}: {_days(start, end)}"
        )
        label = f"the last {number} full {unit}s" if number > 1 else f"the last full {unit}"
        return _Point(
            start=start,
            end=end,
            unit=unit,
            calendar=self.named(calendar),
            relative=True,
            notes=(note,),
            label=label,
        )

    def _rolled(self, number: int, unit: str, *, exact: bool) -> _Point:
        """So many units back from today; `exact` leaves out the day that would make one too many."""
        if unit == "week":
            start = self.today - 7 * number * _DAY
        else:
            start = add_months(self.today, -number * {"month": 1, "quarter": 3, "year": 12}[unit])
            if exact and self.today == period_of(self.today, "month", GREGORIAN).end:
                start = period_of(start, "month", GREGORIAN).end
        if exact:
            start += _DAY
        note = f"{number} {unit}{'s' if number > 1 else ''} up to today: {_days(start, self.today)}"
        label = f"the trailing {number} {unit}{'s' if number > 1 else ''}"
        return _Point(start=start, end=self.today, unit=unit, relative=True, notes=(note,), label=label)

    def _rolling_or_full(self, number: int, unit: str, calendar: Calendar) -> _Point:
        full, rolled = self._full(number, unit, calendar), self._rolled(number, unit, exact=True)
        if (full.start, full.end) == (rolled.start, rolled.end):
            return full
        return replace(full, others=(full, rolled))

    def _to_date(self, i: int) -> tuple[int, _Point] | None:
        calendar, j = self.calendar_word(i)
        word = self.at(j)
        if word == "fy" and self.at(j + 1) == "ytd":
            calendar, word, j = self.fiscal(), "ytd", j + 1
        if word in _ABBREVIATED:
            unit, j = _ABBREVIATED[word], j + 1
            if word == "fytd":
                calendar = self.fiscal()
        elif word in ("year", "month", "quarter", "week", "fy") and self.seq(j + 1, "to", "date"):
            unit, j = ("year", j + 3) if word == "fy" else (word, j + 3)
            calendar = self.fiscal() if word == "fy" else calendar
        elif self.seq(i, "so", "far") and self.at(i + 2) in ("this", "in"):
            k = self.skip(i + 2, "this", "in", "the", "current")
            calendar, k = self.calendar_word(k)
            unit = _UNITS.get(self.at(k), "")
            if not unit:
                return None
            j = k + 1
        else:
            return None
        chosen = calendar or self.default
        start = period_of(self.today, unit, chosen).start
        point = _Point(
            start=start, end=self.today, unit=unit, calendar=self.named(chosen), to_date=True, relative=True
        )
        if calendar is None and chosen.is_fiscal and unit in ("year", "quarter"):
            point = replace(
                point,
                notes=(f"{unit} to date follows the company's fiscal calendar: {_days(start, self.today)}",),
            )
        return j, point

    def _week_of(self, i: int) -> tuple[int, _Point] | None:
        if self.at(i) != "week":
            return None
        j = self.skip(i + 1, "of", "starting", "beginning", "commencing", "containing")
        if j == i + 1:
            return None
        found = self._date(self.skip(j, "the", "on"))
        if found is None:
            return None
        period = period_of(found[1].start, "week", self.default)
        return found[0], replace(_from_period(period), unit="week", others=tuple(
            replace(_from_period(period_of(each.start, "week", self.default)), unit="week", label=f"the week of {each.label}")
            for each in found[1].others))  # fmt: skip

    def _ago(self, i: int) -> tuple[int, _Point] | None:
        """ "3 days ago", "a month ago", "two years ago": the period of that unit that lies so far back."""
        if self.at(i) in ("a", "an"):
            number, j = 1, i + 1
        elif (found := self.count(i)) is not None:
            number, j = found
        else:
            return None
        unit = _UNITS.get(self.at(j), "")
        if not unit or self.at(j + 1) not in ("ago", "back", "earlier"):
            return None
        period = shift(period_of(self.today, unit, self.default), -number, self.default)
        return j + 2, replace(
            _from_period(period),
            unit=unit,
            relative=True,
            notes=(f"{number} {unit}{'s' if number > 1 else ''} ago: {_days(period.start, period.end)}",),
        )

    # ----------------------------------------------------------------------------------------------- spans

    def span(self, i: int) -> TimeSpan | None:
        """The longest time phrase that begins at i."""
        found = [rule(i) for rule in (self._compare, self._grain, self._range, self._each_of, self._plain)]
        spans = [each for each in found if each is not None]
        return max(spans, key=lambda each: each.last, default=None)

    def _compare(self, i: int) -> TimeSpan | None:
        """Fixed idioms: year over year, YoY, same period last year, the year before."""
        word = self.at(i)
        if word in _OVER:
            return self._against(i, i + 1, _OVER[word])
        if word in ("y", "m", "q", "w") and self.at(i + 1) in ("/", "o") and self.at(i + 2) == word:
            return self._against(i, i + 3, {"y": "year", "m": "month", "q": "quarter", "w": "week"}[word])
        if _UNITS.get(word) and self.at(i + 1) in ("over", "on", "vs", "versus") and self.at(i + 2) == word:
            return self._against(i, i + 3, _UNITS[word])
        j = self.skip(i, "the")
        if self.at(j) in ("same", "corresponding", "equivalent") and self.at(j + 1) in (
            "period", "time", "month", "quarter", "week", "day", "months", "weeks", "quarters", "days", "dates",
        ):  # fmt: skip
            k = self.skip(j + 2, "in", "of", "the", "during", "a", "one")
            if self.at(k) in _LAST and (unit := self._year_unit(k + 1)):
                return TimeSpan(first=i, last=unit[1], kind="compare", compare="previous_year", unit="year")
            if self.at(k) == "year" and self.at(k + 1) in ("before", "ago", "earlier", "prior"):
                return TimeSpan(first=i, last=k + 2, kind="compare", compare="previous_year", unit="year")
            if self.at(k) == "py":
                return TimeSpan(first=i, last=k + 1, kind="compare", compare="previous_year", unit="year")
            if self.at(k) in _LAST and _UNITS.get(self.at(k + 1)) in ("month", "quarter", "week"):
                return TimeSpan(
                    first=i,
                    last=k + 2,
                    kind="compare",
                    compare="previous_period",
                    unit=_UNITS[self.at(k + 1)],
                )
        if self.seq(j, "this", "time", "last", "year"):
            return TimeSpan(first=i, last=j + 4, kind="compare", compare="previous_year", unit="year")
        if self.at(j) in ("a", "one"):
            j += 1
        named = _UNITS.get(self.at(j), "") if j > i or self.at(i - 1) in ("the", "a", "one") else ""
        if named and self.at(j + 1) in ("before", "earlier", "prior") and self.point(j + 2) is None:
            return self._against(i, j + 2, named)
        if self.at(j) in ("previous", "preceding", "prior") and self.at(j + 1) in ("period", "periods"):
            return TimeSpan(first=i, last=j + 2, kind="compare", compare="previous_period", unit="period")
        if self.seq(j, "period", "before") or self.seq(j, "period", "over", "period"):
            return TimeSpan(
                first=i,
                last=j + (2 if self.at(j + 1) == "before" else 3),
                kind="compare",
                compare="previous_period",
                unit="period",
            )
        if word in ("py", "ly") and self.words[i].text.isupper():
            return TimeSpan(first=i, last=i + 1, kind="compare", compare="previous_year", unit="year")
        return None

    def _against(self, first: int, last: int, unit: str) -> TimeSpan:
        to = "previous_year" if unit == "year" else "previous_period"
        return TimeSpan(first=first, last=last, kind="compare", compare=to, unit=unit)

    def _grain(self, i: int) -> TimeSpan | None:
        calendar, j = self.calendar_word(i)
        if self.at(j) in _ADVERBS:
            unit = _ADVERBS[self.at(j)]
            last = j + 1
            return TimeSpan(
                first=i, last=last, kind="grain", unit=unit, calendar=self._grain_calendar(calendar)
            )
        k = i
        if self.at(k) in ("for", "in", "within", "on", "during", "over") and self.at(k + 1) in (
            "each",
            "every",
            "all",
        ):
            k += 2
        elif self.seq(k, "broken", "down", "by") or self.seq(k, "split", "up", "by"):
            k += 3
        elif self.seq(k, "grouped", "by") or self.seq(k, "split", "by") or self.seq(k, "on", "a"):
            k += 2
        elif self.at(k) in ("by", "per", "each", "every", "across"):
            k += 1
            if self.at(k) in ("each", "every"):
                k += 1
        else:
            unit = _UNITS.get(self.at(i), "")
            if (
                unit
                and self.at(i + 1) in ("by", "wise")
                and (self.at(i + 1) == "wise" or self.at(i + 2) == self.at(i))
            ):
                return TimeSpan(
                    first=i, last=i + (2 if self.at(i + 1) == "wise" else 3), kind="grain", unit=unit
                )
            return None
        if self.at(k) == "the" and self.at(i) != "by":
            k += 1
        calendar, k2 = self.calendar_word(k)
        unit = _ADVERBS.get(self.at(k2), "") if self.at(i) == "on" else _UNITS.get(self.at(k2), "")
        if not unit:
            return None
        last = k2 + 1
        if self.at(i) == "on" and self.at(last) == "basis":
            last += 1
        return TimeSpan(first=i, last=last, kind="grain", unit=unit, calendar=self._grain_calendar(calendar))

    def _grain_calendar(self, calendar: Calendar | None) -> str | None:
        return calendar.name if calendar is not None and calendar.name != self.default.name else None

    def _each_of(self, i: int) -> TimeSpan | None:
        """ "in each of the last 8 weeks", "each month of 2025", "for every quarter in FY2026"."""
        k = i
        if self.at(k) in ("for", "in", "during", "by", "over"):
            k += 1
        if self.at(k) not in ("each", "every"):
            return None
        k += 1
        if self.at(k) == "of":
            found = self._counted(self.skip(k + 1, "the"))
            if found is None:
                return None
            point = found[1]
            if point.others:
                point = point.others[0]
            span = self._tail(i, found[0], point)
            return replace(span, each=point.unit, readings=())
        unit = _UNITS.get(self.at(k), "")
        if unit and self.at(k + 1) in ("of", "in", "during", "from", "between", "since", "over"):
            inner = self._range(k + 1) or self._plain(self.skip(k + 1, "of", "in", "during", "over"))
            if inner is not None and inner.kind == "range":
                return replace(
                    inner,
                    first=i,
                    each=unit,
                    readings=tuple(replace(r, first=i, each=unit) for r in inner.readings),
                )
        return None

    def _range(self, i: int) -> TimeSpan | None:
        word = self.at(i)
        if word in ("from", "between", "starting", "beginning"):
            j = i + 1
            if word in ("starting", "beginning"):
                j = self.skip(j, "from", "on", "in", "with")
            left = self.point(j)
            if left is None:
                return None
            joint = self.skip(left[0], ",") if self.at(left[0]) == "," else left[0]
            if self.at(joint) in ("to", "until", "till", "through", "thru", "and", "-", "up"):
                k = self.skip(joint + 1, "to", "and", "including", "the", "through")
                right = self.point(k)
                if right is not None:
                    return self._joined(i, left, right)
            if word == "between":
                return None
            if self.at(left[0]) in ("onwards", "onward", "on", "forward"):
                return self._half_open(i, left[0] + 1, left[1], "since")
            if word in ("starting", "beginning"):
                return self._half_open(i, left[0], left[1], "since")
            return None
        if word in ("since", "after", "before", "until", "till", "through", "prior") or (
            word == "up" and self.at(i + 1) in ("to", "until", "till")
        ) or (word == "on" and self.at(i + 1) == "or" and self.at(i + 2) in ("after", "before")):  # fmt: skip
            j = i + 1
            how = word
            if word in ("up", "prior"):
                how, j = ("until" if word == "up" else "before"), i + 2
                if word == "prior" and self.at(i + 1) != "to":
                    return None
            if word == "on":
                how, j = ("since" if self.at(i + 2) == "after" else "until"), i + 3
            j = (
                self.skip(j, "and", "including", "the", "end", "of", "beginning", "start")
                if how != "since"
                else self.skip(j, "the", "start", "beginning", "of")
            )
            at_start = any(self.at(x) in ("beginning", "start") for x in range(i, j))
            if self.at(j) in ("now", "date") and how == "until":
                return TimeSpan(first=i, last=j + 1, kind="range", end=self.today, unit="day")
            found = self.point(j)
            if found is None:
                return None
            point = found[1]
            if at_start:
                point = replace(point, end=point.start, unit="day")
            return self._half_open(i, found[0], point, how)
        if word == "as" and self.at(i + 1) in ("of", "at"):
            return self._state(i, i + 2)
        if word in ("at", "by", "on", "to") and (
            self.at(self.skip(i + 1, "the"))
            in ("end", "close", "year-end", "month-end", "start", "beginning")
            or (
                self.at(self.skip(i + 1, "the")) in ("month", "quarter", "year")
                and self.at(self.skip(i + 1, "the") + 1) == "end"
            )
        ):
            return self._state(i, i + 1)
        if word in ("end", "month", "quarter", "year") and (word == "end" or self.at(i + 1) == "end"):
            return self._state(i, i)
        left = self.point(i) or (self.point(i + 1) if word in ("in", "for", "during", "over") else None)
        dashed = left is not None and left[0] < len(self.words) and self.words[left[0]].dash
        if left is not None and (dashed or self.at(left[0]) in ("to", "until", "till", "through", "thru")):
            right = self.point(left[0] + (0 if dashed else 1))
            if right is not None:
                return self._joined(i, left, right)
        if left is not None and self.at(left[0]) in ("onwards", "onward"):
            return self._half_open(i, left[0] + 1, left[1], "since")
        return None

    def _state(self, first: int, i: int) -> TimeSpan | None:
        """A balance's day: "as of 31 March", "at the end of Q2", "year end 2025"."""
        j = self.skip(i, "the")
        opening = False
        if self.at(j) in ("end", "close", "start", "beginning"):
            opening = self.at(j) in ("start", "beginning")
            j = self.skip(j + 1, "of", "the")
        elif self.at(j) in ("month", "quarter", "year") and self.at(j + 1) == "end":
            j = self.skip(j + 2, "of", "in", "the")
        elif i == first:
            return None
        if self.at(j) == "now":
            return TimeSpan(first=first, last=j + 1, kind="range", end=self.today, unit="day", point=True)
        if self.at(j) in ("each", "every") and (each := _UNITS.get(self.at(j + 1))):
            return TimeSpan(first=first, last=j + 2, kind="grain", unit=each)
        found = self.point(j)
        if found is None:
            unit = next((_UNITS[n] for n in self.norms[i:j] if n in _UNITS), "")
            return TimeSpan(first=first, last=j, kind="edge", unit=unit) if unit and j > i + 1 else None
        point = found[1]

        def close(each: _Point) -> TimeSpan:
            day = each.start - _DAY if opening else each.end
            return TimeSpan(first=first, last=found[0], kind="range", end=day, unit="day", point=True,
                            relative=each.relative, notes=each.notes, label=f"as of {show_day(day)}")  # fmt: skip

        return replace(close(point), readings=tuple(close(each) for each in point.others))

    def _half_open(self, first: int, last: int, point: _Point, how: str) -> TimeSpan:
        def cut(each: _Point) -> TimeSpan:
            start, end = {
                "since": (each.start, None), "after": (each.end + _DAY, None), "before": (None, each.start - _DAY),
            }.get(how, (None, each.end))  # fmt: skip
            notes = each.notes
            if how in ("until", "till", "through") and each.unit == "day":
                notes = (*notes, f"until {show_day(each.end)}, that day included")
            edge = show_day(start) if start else show_day(end) if end else ""
            return TimeSpan(first=first, last=last, kind="range", start=start, end=end, unit=each.unit,
                            calendar=each.calendar, relative=each.relative, notes=notes,
                            label=f"since {edge}" if start else f"until {edge}")  # fmt: skip

        return replace(cut(point), readings=tuple(cut(each) for each in point.others))

    def _joined(self, first: int, left: tuple[int, _Point], right: tuple[int, _Point]) -> TimeSpan | None:
        a, b = left[1], right[1]
        if a.others or b.others:
            pairs = list(zip(a.others or (a, a), b.others or (b, b), strict=False))
            spans = [self._join(first, right[0], x, y) for x, y in pairs]
            if any(each is None for each in spans):
                return None
            sure = [each for each in spans if each is not None]
            return replace(sure[0], readings=tuple(sure))
        return self._join(first, right[0], a, b)

    def _join(self, first: int, last: int, a: _Point, b: _Point) -> TimeSpan | None:
        a = self._give_year(a, b)
        notes = (*(n for n in a.notes), *(n for n in b.notes))
        if a.start > b.end:
            return None
        span = TimeSpan(first=first, last=last, kind="range", start=a.start, end=b.end, unit=b.unit,
                        calendar=b.calendar or a.calendar, relative=a.relative or b.relative, notes=notes,
                        label=f"from {show_day(a.start)} to {show_day(b.end)}")  # fmt: skip
        return self._tail_words(span)

    def _give_year(self, a: _Point, b: _Point) -> _Point:
        """ "January to March 2026", "Q1 to Q3 2026": the first takes the year of the second."""
        if a.day_number and a.month_number:
            made = _make_day(b.end.year, a.month_number, a.day_number)
            if made and made > b.end:
                made = _make_day(b.end.year - 1, a.month_number, a.day_number)
            return replace(a, start=made, end=made, notes=()) if made else a
        if a.month_number:
            period = calendar_month(b.end.year, a.month_number)
            if period.start > b.end:
                period = calendar_month(b.end.year - 1, a.month_number)
            return replace(a, start=period.start, end=period.end, notes=())
        if a.quarter_number:
            calendar = self.calendars.get(b.calendar or "", self.default)
            period = fiscal_quarter(calendar, year_name(b.end, calendar), a.quarter_number)
            return replace(a, start=period.start, end=period.end, notes=())
        return a

    def _plain(self, i: int) -> TimeSpan | None:
        """A period alone, with or without its preposition."""
        j = i
        if self.at(j) in ("in", "during", "for", "on", "over", "within", "throughout", "of", "from"):
            j += 1
            j = self.skip(j, "the", "all", "whole", "entire", "of", "period")
        found = self.point(j)
        if found is None:
            return None
        return self._tail(i, found[0], found[1])

    def _tail(self, first: int, last: int, point: _Point) -> TimeSpan:
        def make(each: _Point) -> TimeSpan:
            return TimeSpan(first=first, last=last, kind="range", start=each.start, end=each.end, unit=each.unit,
                            calendar=each.calendar, to_date=each.to_date, relative=each.relative, notes=each.notes,
                            label=each.label)  # fmt: skip

        span = replace(make(point), readings=tuple(make(each) for each in point.others))
        return self._tail_words(span)

    def _tail_words(self, span: TimeSpan) -> TimeSpan:
        """Words after a range that settle its edges: "inclusive of today", "excluding the current month"."""
        j = self.skip(span.last, ",", "(", "and")
        including = self.at(j) in ("inclusive", "including", "inclusively", "incl", "both")
        excluding = self.at(j) in ("exclusive", "excluding", "excl", "not")
        if not including and not excluding:
            return span
        k = self.skip(j + 1, "of", "the", "including", "both", "counting", "inclusive", "days")
        if self.at(k) in ("today", "now") or (self.at(k) == "current" and self.at(k + 1) == "day"):
            last = k + (2 if self.at(k) == "current" else 1)
            return self._edge(span, self._close(last), today_included=including)
        if self.at(k) in ("current", "this", "running", "ongoing") and _UNITS.get(self.at(k + 1)):
            if excluding:
                full = next((r for r in span.readings if r.label.startswith("the last")), None)
                chosen = full or (None if span.readings else span)
                if chosen is not None:
                    return replace(chosen, last=self._close(k + 2), readings=())
            return span
        found = self._ago(k)
        if found is not None and including and span.relative:
            start = found[1].start
            if found[1].unit in ("month", "quarter", "year", "week") and span.unit == found[1].unit:
                amount = self.count(k)
                start = self._rolled(amount[0] if amount else 1, found[1].unit, exact=False).start
            return replace(
                span,
                start=start,
                end=self.today,
                last=self._close(found[0]),
                readings=(),
                notes=(f"{_days(start, self.today)}",),
            )
        if (
            including
            and not span.relative
            and (self.at(k) in ("start", "both", "end", "dates", "", ")", ".", "?", ",") or self.point(k))
        ):
            last = k
            while self.at(last) in ("start", "and", "end", "dates", "date", "both", "the", "of", "days"):
                last += 1
            return replace(span, last=self._close(last))
        return span

    def _edge(self, span: TimeSpan, last: int, *, today_included: bool) -> TimeSpan:
        if span.unit != "day" or not span.relative or span.start is None:
            if today_included and span.readings:
                rolled = next((r for r in span.readings if r.end == self.today), span)
                return replace(rolled, last=last, readings=())
            return replace(span, last=last) if today_included else span
        if today_included:
            start, end = span.start + _DAY, self.today
        else:
            start, end = span.start, self.today - _DAY
        return replace(span, start=start, end=end, last=last, notes=(f"{_days(start, end)}",))

    def _close(self, i: int) -> int:
        return i + 1 if self.at(i) == ")" else i


def parse_time(
    tokens: Sequence[Token],
    *,
    today: dt.date,
    default: Calendar,
    calendars: Mapping[str, Calendar] | None = None,
) -> tuple[TimeSpan, ...]:
    """Return the time phrases of a question, left to right, none overlapping another.

    Args:
        tokens: of the whole question.
        today: the day that relative words count from. "Last month" is the calendar month before today's.
        default: the company's calendar; it decides what a year, half or quarter is unless the asker says.
        calendars: all of the catalog's.
    """
    reader = _Reader(tokens, today, default, calendars or {default.name: default})
    spans: list[TimeSpan] = []
    i = 0
    while i < len(tokens):
        span = None if tokens[i].quote is not None else reader.span(i)
        if span is not None and span.last > i:
            spans.append(span)
            i = span.last
        else:
            i += 1
    return tuple(spans)


def _from_period(period: Period, calendar: str | None = None) -> _Point:
    return _Point(
        start=period.start, end=period.end, unit=period.grain.removeprefix("fiscal_"), calendar=calendar
    )


def _make_day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _days(start: dt.date, end: dt.date) -> str:
    return show_day(start) if start == end else f"{show_day(start)} to {show_day(end)}"
