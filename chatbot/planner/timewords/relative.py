"""Read periods that are counted from today: "last month", "the last 3 full quarters", "year to date", "two weeks ago".

"The last 3 months" has two honest readings, complete months and months up to today; both come back.
Layer: chatbot. Imports the calendar arithmetic of semantic.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from chatbot.planner.timewords.absolute import AbsoluteWords
from chatbot.planner.timewords.span import DAY, Point, from_period, show_days
from chatbot.planner.timewords.vocabulary import ABBREVIATED, FULL, LAST, PAST, UNITS, WEEKDAYS
from semantic.calendar import (
    GREGORIAN,
    add_months,
    fiscal_quarter,
    period_of,
    shift,
    shift_range,
    show_day,
    year_name,
)
from semantic.model import Calendar


class RelativeWords(AbsoluteWords):
    """Periods counted from today."""

    def _relative(self, i: int) -> tuple[int, Point] | None:
        word = self.at(i)
        if word in ("today", "yesterday", "tomorrow"):
            day = self.today + {"today": 0, "yesterday": -1, "tomorrow": 1}[word] * DAY
            return i + 1, Point(start=day, end=day, unit="day", relative=True)
        if (word == "most" and self.at(i + 1) in ("recent", "recently")) or word in ("latest", "newest"):
            return self._most_recent(i + (2 if word == "most" else 1))
        if word in LAST | {"this", "current", "next", "past", "ongoing", "running", "present"}:
            calendar, j = self.calendar_word(i + 1)
            full = self.at(j) in FULL
            if full:
                j += 1
            if self.at(j) in ("fy",):
                unit, calendar = "year", self.fiscal()
            elif self.at(j) == "half" and self.at(j + 1) == "year":
                return self._relative_half(word, calendar or self.default, j + 2)
            elif self.at(j) in WEEKDAYS and word in ("last", "this", "past"):
                return j + 1, self._weekday_of(word, WEEKDAYS.index(self.at(j)))
            else:
                unit = UNITS.get(self.at(j), "")
                if not unit or self.at(j).endswith("s"):
                    return None
            chosen = calendar or self.default
            within = self.at(i - 1) == "the" and self.at(i - 2) in ("in", "over", "within", "during")
            is_own = self.grain_of(unit, calendar) != unit
            if (word == "past" or (word == "last" and within)) and unit != "day" and not full and not is_own:
                return j + 1, self._rolling_or_full(1, unit, chosen)
            period = period_of(self.today, self.grain_of(unit, calendar), chosen)
            steps = -1 if word in LAST | {"past"} else 1 if word == "next" else 0
            point = from_period(shift(period, steps, chosen), self.named(chosen))
            return self._so_far(
                j + 1,
                replace(
                    point, unit=unit, relative=True, notes=self._fiscal_note(point, unit, chosen, calendar)
                ),
            )
        if word in ("year", "month", "quarter", "week") and self.seq(i + 1, "before", "last"):
            period = shift(period_of(self.today, word, self.default), -2, self.default)
            return i + 3, replace(from_period(period), unit=word, relative=True)
        return None

    def _most_recent(self, i: int) -> tuple[int, Point] | None:
        """ "The most recent quarter" is the last one that is complete."""
        calendar, j = self.calendar_word(i)
        while self.at(j) in FULL:
            j += 1
        unit = UNITS.get(self.at(j), "")
        if not unit or unit == "day" or self.at(j).endswith("s"):
            return None
        return j + 1, self._full(1, unit, calendar or self.default, self.grain_of(unit, calendar))

    def _weekday_of(self, word: str, number: int) -> Point:
        """ "This Friday" is of this week; "last Monday", said on a Wednesday, is of this week or of the last."""
        week = period_of(self.today, "week", self.default)
        name = WEEKDAYS[number].title()

        def make(day: dt.date) -> Point:
            return Point(start=day, end=day, unit="day", relative=True, label=show_day(day),
                         notes=(f"{word} {name} is {show_day(day)}",))  # fmt: skip

        here = week.start + (number - week.start.weekday()) % 7 * DAY
        if word == "this":
            return make(here)
        if here >= self.today:
            return make(here - 7 * DAY)
        return replace(make(here), others=(make(here), make(here - 7 * DAY)))

    def _so_far(self, j: int, point: Point) -> tuple[int, Point]:
        """ "this year so far", "this month to date"."""
        if self.seq(j, "so", "far") or self.seq(j, "to", "date"):
            return j + 2, replace(point, end=self.today, to_date=True)
        if self.seq(j, "until", "now") or self.seq(j, "till", "now") or self.seq(j, "to", "now"):
            return j + 2, replace(point, end=self.today, to_date=True)
        return j, point

    def _fiscal_note(
        self, point: Point, unit: str, chosen: Calendar, said: Calendar | None
    ) -> tuple[str, ...]:
        if said is None and chosen.is_fiscal and unit in ("year", "quarter"):
            return (f"the {unit} follows the company's fiscal calendar: {show_days(point.start, point.end)}",)
        return ()

    def _relative_half(self, word: str, calendar: Calendar, j: int) -> tuple[int, Point]:
        year = year_name(self.today, calendar)
        number = 1 if self.today <= fiscal_quarter(calendar, year, 2).end else 2
        steps = {"next": 1, "this": 0, "current": 0}.get(word, -1)
        index = year * 2 + number - 1 + steps
        point = self._half_point(index % 2 + 1, index // 2, calendar)
        return j, replace(point, relative=True)

    def _counted(self, i: int) -> tuple[int, Point] | None:
        """ "the last 3 months", "past 30 days", "trailing twelve months", "last 6 full months", "rolling 12 months"."""
        word = self.at(i)
        if word in ("ttm", "ltm"):
            return i + 1, self._rolled(12, "month", exact=True)
        if match := re.fullmatch(r"([tlr])(\d{1,2})m", word):  # "T12M", "L3M"
            number = int(match[2])
            rolling = match[1] in "tr" or number == 12
            return i + 1, self._rolled(number, "month", exact=True) if rolling else self._rolling_or_full(
                number, "month", self.default
            )
        if word not in LAST | PAST | {"next", "recent", "most", "latest"}:
            return None
        j = i + 1
        if word == "most" and self.at(j) == "recent":
            j += 1
        full = False
        if self.at(j) in FULL:
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
            while self.at(j) in FULL | {"business"} and self.at(j) != "business":
                if self.at(j) == "calendar" and UNITS.get(self.at(j + 1)) in ("year", "quarter"):
                    break
                full, j = True, j + 1
            calendar, j = self.calendar_word(j)
            unit = UNITS.get(self.at(j), "")
            if not unit:
                return None
            j += 1
        chosen = calendar or self.default
        grain = self.grain_of(unit, calendar)
        if word == "next":
            period = period_of(self.today, grain, chosen)
            return j, Point(
                start=shift(period, 1, chosen).start,
                end=shift(period, number, chosen).end,
                unit=unit,
                relative=True,
            )
        if unit == "day":
            return j, self._last_days(number, inclusive=None)
        if full or word == "previous" or grain != unit:
            return j, self._full(number, unit, chosen, grain)
        if word in ("trailing", "rolling"):
            return j, self._rolled(number, unit, exact=True)
        return j, self._rolling_or_full(number, unit, chosen)

    def _last_days(self, number: int, *, inclusive: bool | None) -> Point:
        """`inclusive` True: the days asked end with today and are exactly so many."""
        start = self.today - (number - 1 if inclusive else number) * DAY
        since = f"from {number} days ago up to today" if inclusive is None else "up to today"
        note = f"the last {number} days, {since}: {show_days(start, self.today)}"
        return Point(start=start, end=self.today, unit="day", relative=True, notes=(note,))

    def _full(self, number: int, unit: str, calendar: Calendar, grain: str | None = None) -> Point:
        period = period_of(self.today, grain or unit, calendar)
        start, end = shift(period, -number, calendar).start, shift(period, -1, calendar).end
        note = (
            f"the last {number} complete {unit}s: {show_days(start, end)}"
            if number > 1
            else f"the last complete {unit}: {show_days(start, end)}"
        )
        label = f"the last {number} full {unit}s" if number > 1 else f"the last full {unit}"
        return Point(
            start=start,
            end=end,
            unit=unit,
            calendar=self.named(calendar),
            relative=True,
            notes=(note,),
            label=label,
        )

    def _rolled(self, number: int, unit: str, *, exact: bool) -> Point:
        """So many units back from today; `exact` leaves out the day that would make one too many."""
        if unit == "week":
            start = self.today - 7 * number * DAY
        else:
            start = add_months(self.today, -number * {"month": 1, "quarter": 3, "year": 12}[unit])
            if exact and self.today == period_of(self.today, "month", GREGORIAN).end:
                start = period_of(start, "month", GREGORIAN).end
        if exact:
            start += DAY
        note = f"{number} {unit}{'s' if number > 1 else ''} up to today: {show_days(start, self.today)}"
        label = f"the trailing {number} {unit}{'s' if number > 1 else ''}"
        return Point(start=start, end=self.today, unit=unit, relative=True, notes=(note,), label=label)

    def _rolling_or_full(self, number: int, unit: str, calendar: Calendar) -> Point:
        full, rolled = self._full(number, unit, calendar), self._rolled(number, unit, exact=True)
        if (full.start, full.end) == (rolled.start, rolled.end):
            return full
        return replace(full, others=(full, rolled))

    def _last_to_date(self, i: int) -> tuple[int, Point] | None:
        """ "Last YTD", "prior year to date", "LYTD", "YTD last year": the same days of the year before."""
        if self.at(i - 1) in ("from", "since"):
            return None  # "from last year to date": up to now
        word = self.at(i)
        if word in ("lytd", "pytd"):
            unit, j, calendar = "year", i + 1, None
        elif word in LAST and self.at(i + 1) in ABBREVIATED:
            unit, j, calendar = ABBREVIATED[self.at(i + 1)], i + 2, None
        elif word in LAST:
            calendar, j = self.calendar_word(i + 1)
            unit = UNITS.get(self.at(j), "")
            if self.at(j + 1) in ABBREVIATED and ABBREVIATED[self.at(j + 1)] == unit:
                j += 2
            elif self.seq(j + 1, "to", "date"):
                j += 3
            else:
                return None
        elif word in ABBREVIATED and self.at(self.skip(i + 1, "of")) in LAST:
            j = self.skip(i + 1, "of") + 1
            calendar, unit = None, "year"
            if ABBREVIATED[word] != "year" or UNITS.get(self.at(j)) != "year":
                return None
            j += 1
        else:
            return None
        if unit != "year":
            return None
        chosen = calendar or self.default
        start, end = shift_range(period_of(self.today, unit, chosen).start, self.today, years=-1)
        note = f"the year to date, a year ago: {show_days(start, end)}"
        return j, Point(
            start=start,
            end=end,
            unit=unit,
            calendar=self.named(chosen),
            to_date=True,
            relative=True,
            notes=(note,),
        )

    def _to_date(self, i: int) -> tuple[int, Point] | None:
        calendar, j = self.calendar_word(i)
        word = self.at(j)
        if word == "fy" and self.at(j + 1) == "ytd":
            calendar, word, j = self.fiscal(), "ytd", j + 1
        if word in ABBREVIATED:
            unit, j = ABBREVIATED[word], j + 1
            if word == "fytd":
                calendar = self.fiscal()
        elif word in ("year", "month", "quarter", "week", "fy") and self.seq(j + 1, "to", "date"):
            unit, j = ("year", j + 3) if word == "fy" else (word, j + 3)
            calendar = self.fiscal() if word == "fy" else calendar
        elif self.seq(i, "so", "far") and self.at(i + 2) in ("this", "in"):
            k = self.skip(i + 2, "this", "in", "the", "current")
            calendar, k = self.calendar_word(k)
            unit = UNITS.get(self.at(k), "")
            if not unit:
                return None
            j = k + 1
        else:
            return None
        chosen = calendar or self.default
        start = period_of(self.today, unit, chosen).start
        point = Point(
            start=start, end=self.today, unit=unit, calendar=self.named(chosen), to_date=True, relative=True
        )
        if calendar is None and chosen.is_fiscal and unit in ("year", "quarter"):
            point = replace(
                point,
                notes=(
                    f"{unit} to date follows the company's fiscal calendar: {show_days(start, self.today)}",
                ),
            )
        return j, point

    def _week_of(self, i: int) -> tuple[int, Point] | None:
        if self.at(i) != "week":
            return None
        j = self.skip(i + 1, "of", "starting", "beginning", "commencing", "containing")
        if j == i + 1:
            return None
        found = self._date(self.skip(j, "the", "on"))
        if found is None:
            return None
        period = period_of(found[1].start, "week", self.default)
        return found[0], replace(from_period(period), unit="week", others=tuple(
            replace(from_period(period_of(each.start, "week", self.default)), unit="week", label=f"the week of {each.label}")
            for each in found[1].others))  # fmt: skip

    def _ago(self, i: int) -> tuple[int, Point] | None:
        """ "3 days ago", "a month ago", "two years ago": the period of that unit that lies so far back."""
        if self.at(i) in ("a", "an"):
            number, j = 1, i + 1
        elif (found := self.count(i)) is not None:
            number, j = found
        else:
            return None
        unit = UNITS.get(self.at(j), "")
        if not unit or self.at(j + 1) not in ("ago", "back", "earlier"):
            return None
        period = shift(period_of(self.today, unit, self.default), -number, self.default)
        return j + 2, replace(
            from_period(period),
            unit=unit,
            relative=True,
            notes=(f"{number} {unit}{'s' if number > 1 else ''} ago: {show_days(period.start, period.end)}",),
        )
