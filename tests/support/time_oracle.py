"""What a phrase of time means, said again in plain dates: an oracle that shares no line with the reader it judges."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

ONE = dt.timedelta(days=1)
Days = tuple[dt.date | None, dt.date | None]


def text(start: dt.date | None, end: dt.date | None) -> str:
    return f"{start or ''}..{end or ''}"


def ask(*readings: str) -> str:
    """Two or more readings: one alone, where they are the same days, is no question."""
    different = sorted(set(readings))
    return different[0] if len(different) == 1 else "ask " + " or ".join(different)


def plus(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Asked:
    """A day and the month that the company's year begins in; years are named after the one they end in."""

    today: dt.date
    begins: int

    # ------------------------------------------------------------------------------------------------ periods

    def fy_days(self, name: int, begins: int | None = None) -> tuple[dt.date, dt.date]:
        first = self.begins if begins is None else begins
        start = dt.date(name - (first > 1), first, 1)
        return start, dt.date(start.year + 1, first, 1) - ONE

    def fy_now(self) -> int:
        year = self.today.year
        return year + 1 if self.begins > 1 and self.today.month >= self.begins else year

    def part(self, name: int, months: int, n: int) -> tuple[dt.date, dt.date]:
        """Part `n` from 1, of so many months, of the fiscal year."""
        start = plus(self.fy_days(name)[0], months * (n - 1))
        return start, plus(start, months) - ONE

    def quarter_now(self) -> tuple[int, int]:
        since = (self.today.month - self.begins) % 12
        return self.fy_now(), since // 3 + 1

    # ---------------------------------------------------------------------------------------------------- text

    def fy(self, name: int) -> str:
        return text(*self.fy_days(name))

    def year(self, name: int) -> str:
        """A bare year: the company's where it is the calendar's, else a question."""
        return ask(self.fy(name), text(*self.fy_days(name, 1)))

    def this_year(self, back: int = 0) -> str:
        return self.fy(self.fy_now() - back)

    def q(self, name: int, n: int, to: int | None = None) -> str:
        return text(self.part(name, 3, n)[0], self.part(name, 3, to or n)[1])

    def h(self, name: int, n: int) -> str:
        return text(*self.part(name, 6, n))

    def this_quarter(self, back: int = 0) -> str:
        name, n = self.quarter_now()
        index = name * 4 + n - 1 - back
        return self.q(index // 4, index % 4 + 1)

    def last_q(self, n: int) -> str:
        """The most recent quarter of that number that has begun."""
        name = self.fy_now()
        return self.q(name if self.part(name, 3, n)[0] <= self.today else name - 1, n)

    def last_h(self, n: int) -> str:
        name = self.fy_now()
        return self.h(name if self.part(name, 6, n)[0] <= self.today else name - 1, n)

    def month(self, year: int, n: int, to: int | None = None) -> str:
        return text(dt.date(year, n, 1), plus(dt.date(year, to or n, 1), 1) - ONE)

    def month_year(self, n: int) -> int:
        """The year of the most recent month of that number that has begun."""
        return self.today.year if n <= self.today.month else self.today.year - 1

    def last_month_called(self, n: int) -> str:
        return self.month(self.month_year(n), n)

    def months_back(self, first: int, last: int) -> str:
        start = self.today.replace(day=1)
        return text(plus(start, -first), plus(start, 1 - last) - ONE)

    def quarters_back(self, first: int, last: int) -> str:
        return text(
            *[
                dt.date.fromisoformat(d)
                for d in (self.this_quarter(first)[:10], self.this_quarter(last)[-10:])
            ]
        )

    def rolled(self, months: int) -> str:
        """So many months that end today; from the end of a month, whole months."""
        is_end = (self.today + ONE).day == 1
        start = plus(self.today + ONE, -months) if is_end else plus(self.today, -months) + ONE
        return text(start, self.today)

    def week(self, back: int = 0, day: dt.date | None = None) -> str:
        start = (day or self.today) - ((day or self.today).weekday() + 7 * back) * ONE
        return text(start, start + 6 * ONE)

    def day(self, back: int = 0) -> str:
        return text(self.today - back * ONE, self.today - back * ONE)

    def days(self, first: int, last: int = 0) -> str:
        return text(self.today - first * ONE, self.today - last * ONE)

    def date_called(self, month: int, day: int) -> dt.date:
        """The most recent day of that name."""
        year = self.today.year if (self.today.month, self.today.day) >= (month, day) else self.today.year - 1
        return dt.date(year, month, day)

    def last_to_date(self) -> str:
        start = self.fy_days(self.fy_now() - 1)[0]
        end = self.today.replace(
            year=self.today.year - 1, day=min(self.today.day, 28 if self.today.month == 2 else 31)
        )
        return text(start, end)

    def to_date(self, unit: str) -> str:
        start = {
            "year": self.fy_days(self.fy_now())[0],
            "quarter": dt.date.fromisoformat(self.this_quarter()[:10]),
            "month": self.today.replace(day=1),
            "week": self.today - self.today.weekday() * ONE,
        }[unit]
        return text(start, self.today)

    def weekday(self, number: int, *, of_week: int) -> str:
        monday = self.today - (self.today.weekday() + 7 * of_week) * ONE
        return text(monday + number * ONE, monday + number * ONE)


def since(days: str) -> str:
    return f"{days[:10]}.."


def after(days: str) -> str:
    return f"{dt.date.fromisoformat(days[-10:]) + ONE}.."


def until(days: str) -> str:
    return f"..{days[-10:]}"


def before(days: str) -> str:
    return f"..{dt.date.fromisoformat(days[:10]) - ONE}"
