"""Read dates, months, quarters, halves and years that are named: "1 March 2026", "Q2 FY2026", "2025".

A name without a year is the most recent such period, and the note says so; a bare year where the company's year is not
the calendar's comes with both readings. A day that does not exist is none.
Layer: chatbot. Imports the calendar arithmetic of semantic.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from chatbot.planner.timewords.span import Point, from_period, make_day, show_days
from chatbot.planner.timewords.vocabulary import (
    BEFORE_YEAR,
    FISCAL,
    LAST,
    MONTH_NAMES,
    MONTHS,
    PRONOUNS,
    UNITS,
)
from chatbot.planner.timewords.words import Words
from chatbot.planner.tokens import ORDINAL_WORDS, Token
from semantic.calendar import calendar_month, fiscal_quarter, show_day, year_name
from semantic.model import Calendar

PLAUSIBLE_YEARS = 6  # how far away two digits after a month may be its year: "March 26"


def whole_year(text: str) -> int:
    """Return the year that two or four digits write."""
    return int(text) + (2000 if len(text) == 2 else 0)


class AbsoluteWords(Words):
    """Periods that words name."""

    def _date(self, i: int) -> tuple[int, Point] | None:
        token = self.words[i] if i < len(self.words) else None
        if token is None:
            return None
        if token.kind == "date":
            return self._written_date(i, token)
        # 1 March 2026, 1st of March, March 1 2026, March 1st, 2026
        day, j = self._day_number(i)
        if day and not (token.kind == "number" and token.number is not None and token.number > 31):
            j = self.skip(j, "of")
            month = MONTHS.get(self.at(j))
            if month:
                return self._spelled(day, month, j + 1)
        month = MONTHS.get(self.at(i))
        if month:
            j = self.skip(i + 1, "the", ".")
            day, after = self._day_number(j)
            if day:
                return self._day_or_year(i, j, day, month) or self._spelled(day, month, after)
        return None

    def _day_or_year(self, i: int, j: int, day: int, month: int) -> tuple[int, Point] | None:
        """ "Mar-26" and "March '26" are months of a year; "March 26" alone is a day or a month: both come back."""
        token = self.words[j]
        year = 2000 + day
        if not re.fullmatch(r"\d\d", token.norm) or self.year_at(self.skip(j + 1, ",", "of")) is not None:
            return None
        period = from_period(calendar_month(year, month))
        if token.tick:
            return j + 1, period
        before = self.at(i - 1)
        if before == "in":
            return j + 1, period
        if abs(year - self.today.year) > PLAUSIBLE_YEARS:
            return None
        if token.dash:
            return j + 1, period
        spelled = self._spelled(day, month, j + 1)
        if before == "on" or spelled is None:
            return None
        first = replace(spelled[1], label=show_day(spelled[1].start))
        return j + 1, replace(
            first, others=(first, replace(period, label=f"{MONTH_NAMES[month - 1].title()} {year}"))
        )

    def _day_number(self, i: int) -> tuple[int, int]:
        token = self.words[i] if i < len(self.words) else None
        if token is None or token.kind != "number" or token.number is None or token.percent:
            return 0, i
        if not re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)?", token.norm) or not 1 <= token.number <= 31:
            return 0, i
        return int(token.number), i + 1

    def _spelled(self, day: int, month: int, j: int) -> tuple[int, Point] | None:
        k = self.skip(j, ",", "of")
        year = self.year_at(k)
        if year is not None:
            made = make_day(year, month, day)
            return (k + 1, Point(start=made, end=made, unit="day")) if made else None
        made = make_day(self.today.year, month, day)
        if made is None or made > self.today:
            made = make_day(self.today.year - 1, month, day)
        if made is None:
            return None
        return j, Point(start=made, end=made, unit="day", day_number=day, month_number=month,
                         notes=(f"{show_day(made)}: the most recent such day, no year was said",))  # fmt: skip

    def _written_date(self, i: int, token: Token) -> tuple[int, Point] | None:
        if token.day:
            return i + 1, Point(start=token.day, end=token.day, unit="day")
        numbers = [int(n) for n in re.split(r"[-./]", token.text)]
        if len(numbers) == 2:
            year, month = (numbers[0], numbers[1]) if numbers[0] > 31 else (numbers[1], numbers[0])
            return i + 1, from_period(calendar_month(year, month))
        if len(numbers) != 3:
            return None
        a, b, year = numbers
        year += 2000 if year < 100 else 0
        day_first, month_first = make_day(year, b, a), make_day(year, a, b)
        if "." in token.text or day_first == month_first or month_first is None:
            return (i + 1, Point(start=day_first, end=day_first, unit="day")) if day_first else None
        if day_first is None:
            return i + 1, Point(start=month_first, end=month_first, unit="day")
        first, second = (
            Point(start=day, end=day, unit="day", label=show_day(day)) for day in (day_first, month_first)
        )
        return i + 1, replace(first, others=(first, second))

    def _month(self, i: int) -> tuple[int, Point] | None:
        if (year := self.year_at(i)) is not None:  # "2026 March"
            j = self.skip(i + 1, ",")
            named = MONTHS.get(self.at(j))
            if named and not self._day_number(j + 1)[0] and self.year_at(j + 1) is None:
                return j + 1, from_period(calendar_month(year, named))
            return None
        prefix = ""
        if self.at(i) in ("last", "this", "next") and self.at(i + 1) in MONTHS:
            prefix, i = self.at(i), i + 1
        month = MONTHS.get(self.at(i))
        if not month or not self._is_month(i, bool(prefix)):
            return None
        j = i + 1
        if self.at(j) == "." and self.words[j].glued:
            j += 1
        k = self.skip(j, "of", ",")
        if (year := self.year_at(k)) is not None:
            return k + 1, from_period(calendar_month(year, month))
        if re.fullmatch(r"\d\d", self.at(k)) and (self.words[k].glued or self.words[k].tick):
            return k + 1, from_period(calendar_month(2000 + int(self.at(k)), month))
        k = self.skip(k, "the")
        if self.at(k) in ("this", "last", "previous", "prior", "current") and self._year_unit(k + 1):
            calendar, after = self._year_unit(k + 1) or (None, 0)
            chosen = calendar or self.default
            year = year_name(self.today, chosen) - (0 if self.at(k) in ("this", "current") else 1)
            whole = self.year_range(year, chosen)
            start = dt.date(whole.start.year, month, 1)
            if start < whole.start.replace(day=1):
                start = dt.date(whole.start.year + 1, month, 1)
            return after, replace(from_period(calendar_month(start.year, month)), relative=True)
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
        return j, replace(from_period(period), month_number=month, notes=notes)

    def _is_month(self, i: int, prefixed: bool) -> bool:
        """ "may", "march", "sun" are other words too: they need a sign that a month is meant."""
        word, token = self.at(i), self.words[i]
        if self._day_number(i - 1)[0] if i else 0:
            return False  # "31 February": a day that does not exist is no month either
        if word not in ("may", "march", "mar"):
            return True
        if word == "may" or token.text[:1].isupper():
            return self.at(i + 1) not in PRONOUNS and (self.at(i - 1) not in PRONOUNS or i == 0)
        if prefixed or self.year_at(self.skip(i + 1, "of", ",")) is not None:
            return True
        before = self.at(i - 1)
        if before in BEFORE_YEAR or before in ("this", "last", "each", "the", "early", "mid"):
            return not (
                word == "may" and before in ("and", "that", "we", "i") and not token.text[:1].isupper()
            )
        return token.text[:1].isupper() and i > 0

    def _year_unit(self, i: int) -> tuple[Calendar | None, int] | None:
        """ "year", "fiscal year", "calendar year", "FY" at i: the calendar said (None: not said) and the index after."""
        calendar, j = self.calendar_word(i)
        if UNITS.get(self.at(j)) == "year":
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
        if calendar is not None and UNITS.get(self.at(k)) == "year":
            k += 1
        elif calendar is None and UNITS.get(self.at(j)) == "year" and self.year_at(j + 1):
            k = j + 1
        if (year := self.year_at(k)) is not None:
            return k + 1, year, calendar, False
        if self.at(j) == "/" and (short := self.short_year(j + 1)) is not None:  # "Q2/2025"
            return j + 2, short, None, False
        if j == i and (short := self.short_year(j)) is not None:  # "Q2'25", "Q2-25"; a loose 25 is no year
            token = self.words[j]
            if token.glued or token.tick or token.dash:
                return j + 1, short, None, False
        if self.at(j - 1) == "the" and (unit := self._year_unit(j)):  # "of the year": the running one
            return unit[1], year_name(self.today, unit[0] or self.default), unit[0], True
        if self.at(j) in ("this", "current", *LAST):
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
            return self._second_year(i + 1, whole_year(match[1]))
        if self.at(i) == "fy" and (year_or := self.short_year(i + 1)) is not None:
            return self._second_year(i + 2, year_or)
        if self.at(i) in FISCAL:
            j = i + 1
            if UNITS.get(self.at(j)) == "year":
                j += 1
            if (year_or := self.short_year(j)) is not None:
                return self._second_year(j + 1, year_or)
        return None

    def _second_year(self, i: int, year: int) -> tuple[int, int]:
        after = self._spans_two(i, year)
        if after is None:
            return i, year
        return after, year + (1 if self.fiscal().named_by == "end" else 0)

    def _spans_two(self, i: int, year: int) -> int | None:
        """ "/26" or "-26" after 2025: a year over two, where the company has such years. The index after it."""
        j = i + 1 if self.at(i) == "/" else i
        if j == i and not (i < len(self.words) and self.words[i].dash and self.words[i].glued):
            return None
        if self.fiscal().starts == (1, 1) or not re.fullmatch(r"\d\d|\d{4}", self.at(j)):
            return None
        second = int(self.at(j))
        return j + 1 if second in (year + 1, (year + 1) % 100) and (j > i or len(self.at(j)) == 2) else None

    def _quarter(self, i: int) -> tuple[int, Point] | None:
        calendar, j = self.calendar_word(i)
        number: int | None = None
        if (match := re.fullmatch(r"q([1-4])", self.at(j))) or (
            match := re.fullmatch(r"([1-4])q", self.at(j))
        ):
            number, j = int(match[1]), j + 1
        elif match := (
            re.fullmatch(r"q([1-4])((?:19|20)\d\d)", self.at(j))
            or re.fullmatch(r"([1-4])q((?:19|20)\d\d|\d\d)", self.at(j))
        ):
            return j + 1, self._quarter_point(int(match[1]), whole_year(match[2]), calendar)
        elif match := re.fullmatch(r"((?:19|20)\d\d)q([1-4])", self.at(j)):
            return j + 1, self._quarter_point(int(match[2]), int(match[1]), calendar)
        elif match := re.fullmatch(r"q([1-4])fy(\d\d|\d{4})", self.at(j)):
            return j + 1, self._quarter_point(int(match[1]), whole_year(match[2]), self.fiscal())
        elif self.at(j) in ("quarter", "qtr") and (found := self.count(j + 1)) and found[0] <= 4:
            number, j = found
        elif (ordinal := self._ordinal(j)) and self.at(j + 1) in FISCAL and self.at(j + 2) == "quarter":
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
        if re.fullmatch(r"\d\d", self.at(j)) and self.at(j - 1)[:1] == "q" and self._ends(j + 1):
            return j + 1, self._quarter_point(number, whole_year(self.at(j)), calendar)
        if (said := self._which_year(j)) is not None:
            after, year, named, relative = said
            point = self._quarter_point(number, year, calendar or named)
            return after, replace(point, relative=relative)
        chosen = calendar or self.default
        year = year_name(self.today, chosen)
        period = fiscal_quarter(chosen, year, number)
        if period.start > self.today:
            period = fiscal_quarter(chosen, year - 1, number)
        note = f"{period.label} ({show_days(period.start, period.end)}): the most recent Q{number}, no year was said"
        return j, replace(from_period(period, self.named(chosen)), quarter_number=number, notes=(note,))

    def _ends(self, i: int) -> bool:
        """Whether nothing follows that a number before it would count: "Q2 25" is a year, "Q2 25 customers" is not."""
        return self.at(i) in {
            "",
            "?",
            ".",
            ",",
            ";",
            "!",
            "vs",
            "versus",
            "by",
            "for",
            "in",
            "and",
            "to",
            "compared",
            "against",
            "per",
        }

    def _quarter_point(self, number: int, year: int, calendar: Calendar | None) -> Point:
        chosen = calendar or self.default
        period = fiscal_quarter(chosen, year, number)
        point = from_period(period, self.named(chosen))
        if calendar is None and chosen.is_fiscal:
            note = f"Q{number} {year} is read in the company's fiscal year: {show_days(period.start, period.end)}"
            return replace(point, notes=(note,))
        return point

    def _half(self, i: int) -> tuple[int, Point] | None:
        calendar, j = self.calendar_word(i)
        if match := re.fullmatch(r"h([12])", self.at(j)) or re.fullmatch(r"([12])h", self.at(j)):
            number, j = int(match[1]), j + 1
        elif (ordinal := self._ordinal(j)) and ordinal <= 2 and self.at(j + 1) == "half":
            number, j = ordinal, j + 2
            if self.at(j) == "year":
                j += 1
        elif match := (
            re.fullmatch(r"h([12])((?:19|20)\d\d)", self.at(j))
            or re.fullmatch(r"([12])h((?:19|20)\d\d|\d\d)", self.at(j))
        ):
            return j + 1, self._half_point(int(match[1]), whole_year(match[2]), calendar)
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
        note = f"H{number}: the most recent one, {show_days(point.start, point.end)}, no year was said"
        return j, replace(point, half_number=number, notes=(note,))

    def _half_point(self, number: int, year: int, calendar: Calendar | None) -> Point:
        chosen = calendar or self.default
        start = fiscal_quarter(chosen, year, 2 * number - 1).start
        end = fiscal_quarter(chosen, year, 2 * number).end
        notes: tuple[str, ...] = ()
        if calendar is None and chosen.is_fiscal:
            notes = (f"H{number} {year} is read in the company's fiscal year: {show_days(start, end)}",)
        return Point(start=start, end=end, unit="half", calendar=self.named(chosen), notes=notes)

    def _ordinal(self, i: int) -> int | None:
        token = self.words[i] if i < len(self.words) else None
        if token is None:
            return None
        if token.norm in ORDINAL_WORDS:
            return ORDINAL_WORDS[token.norm]
        if token.ordinal and token.number is not None and token.number <= 4:
            return int(token.number)
        return None

    def _year(self, i: int) -> tuple[int, Point] | None:
        if (fy := self._fy(i)) is not None:
            after, year = fy
            period = self.year_range(year, self.fiscal())
            return after, from_period(period, self.named(self.fiscal()))
        calendar, j = self.calendar_word(i)
        if UNITS.get(self.at(j)) == "year" and self.year_at(j + 1) is not None:
            j += 1
        elif calendar is not None and self.year_at(j) is None:
            return None
        year_or = self.year_at(j)
        if year_or is None:
            return None
        if (second := self._spans_two(j + 1, year_or)) is not None:
            fiscal = self.fiscal()
            offset = 1 if fiscal.named_by == "end" else 0
            return second, from_period(self.year_range(year_or + offset, fiscal), self.named(fiscal))
        if calendar is None and j == i and not self._stands_as_year(i):
            return None
        if calendar is not None or not self.default.is_fiscal:
            chosen = calendar or self.default
            return j + 1, from_period(self.year_range(year_or, chosen), self.named(chosen))
        fiscal_point = replace(
            from_period(self.year_range(year_or, self.default)), label=f"fiscal year {year_or}"
        )
        plain = self.gregorian()
        calendar_point = replace(
            from_period(self.year_range(year_or, plain), self.named(plain)), label=f"calendar year {year_or}"
        )
        return j + 1, replace(fiscal_point, others=(fiscal_point, calendar_point))

    def _stands_as_year(self, i: int) -> bool:
        """A number like 2025 is a year after a preposition, at an edge, or beside another year."""
        before, after = self.at(i - 1), self.at(i + 1)
        if before in MONTHS:
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
        if i == 0 or before in BEFORE_YEAR:
            return True
        if self.year_at(i + 1) is not None and self.words[i + 1].dash:
            return True  # "2024-2025"
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
            "without",
            "except",
            "excluding",
            "excl",
            "ex",
            "for",
            "in",
            "per",
            "with",
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
