"""Read parts of periods and periods counted back from an edge: "the end of June", "1 to 15 March", "12 months to March 2026".

A week number is that of ISO 8601 where weeks begin on Monday, else none; a weekday is the last one before today unless
its week is said. A weekday that is not the one of its date is none.
Layer: chatbot. Imports the calendar arithmetic of semantic.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from chatbot.planner.timewords.relative import RelativeWords
from chatbot.planner.timewords.span import DAY, Point, from_period, show_days
from chatbot.planner.timewords.vocabulary import LAST, MONTHS, PAST, UNITS, WEEKDAYS
from semantic.baselines import MONTHS_IN
from semantic.calendar import add_months, month_end, period_of, shift, show_day

_UP_TO = ("to", "until", "till", "through", "thru")


class PartWords(RelativeWords):
    """Parts of periods."""

    def point(self, i: int) -> tuple[int, Point] | None:
        """The longest period named at i."""
        i = self.skip(i, "the")
        best: tuple[int, Point] | None = None
        for rule in (
            self._last_to_date, self._date, self._month, self._quarter, self._half, self._year, self._relative, self._counted,
            self._to_date, self._week_of, self._ago, self._days_of_month, self._ended, self._numbered_week,
            self._weekday, self._named, self._part_of, self._half_of_month, self._week_of_month,
        ):  # fmt: skip
            found = rule(i)
            if found and (best is None or found[0] > best[0]):
                best = found
        running = best is not None and best[1].start <= self.today <= best[1].end and not best[1].others
        return self._so_far(*best) if best is not None and running else best

    def bound(self, i: int) -> tuple[int, Point] | None:
        """What a range may begin or end with: a period, its first or last day, or now."""
        i = self.skip(i, "the")
        of_last = self.at(i - 3) in LAST and self.at(i - 4) not in ("from", "since")
        if self.at(i) == "date" and UNITS.get(self.at(i - 2)) == "year" and of_last:
            return None  # "last year to date" is the year to date, a year ago
        if self.at(i) in ("now", "date"):
            return i + 1, Point(start=self.today, end=self.today, unit="day", relative=True)
        return self._edge_of(i) or self.point(i)

    def _edge_of(self, i: int) -> tuple[int, Point] | None:
        """ "the start of the year", "the end of June": one day."""
        word = self.at(i)
        if word not in ("start", "beginning", "end", "close"):
            return None
        opening = word in ("start", "beginning")
        j = self.skip(i + 1, "of")
        found = self._running(j) or (self.point(j) if j > i + 1 else None)
        if found is None:
            return None

        def cut(each: Point) -> Point:
            day = each.start if opening else each.end
            return replace(each, start=day, end=day, unit="day", to_date=False, others=(), month_number=None,
                           quarter_number=None, half_number=None, named=each)  # fmt: skip

        return found[0], replace(cut(found[1]), others=tuple(cut(each) for each in found[1].others))

    def _running(self, i: int) -> tuple[int, Point] | None:
        """ "the year", where only the running one can be meant."""
        calendar, j = self.calendar_word(self.skip(i, "the"))
        unit = UNITS.get(self.at(j), "")
        if (
            not unit
            or self.at(j).endswith("s")
            or self.year_at(j + 1) is not None
            or self.at(j + 1) in ("before", "of")
        ):
            return None
        chosen = calendar or self.default
        point = from_period(period_of(self.today, self.grain_of(unit, calendar), chosen), self.named(chosen))
        notes = self._fiscal_note(point, unit, chosen, calendar)
        return j + 1, replace(point, relative=True, notes=notes)

    def _part_of(self, i: int) -> tuple[int, Point] | None:
        """ "The last month of 2025", "the first 3 months of FY2026", "the second month of Q1"."""
        last = self.at(i) == "last"
        ordinal = self._ordinal(i)
        if not last and not ordinal:
            return None
        found = self.count(i + 1) if last or ordinal == 1 else None
        number, j = found or (1, i + 1)
        unit = UNITS.get(self.at(j), "")
        if unit not in ("day", "month", "quarter") or self.at(j + 1) != "of":
            return None
        whole = self._running(j + 2) or self.point(j + 2)
        if whole is None or whole[1].to_date:
            return None

        def cut(each: Point) -> Point | None:
            calendar = self.calendars.get(each.calendar or "", self.default)
            if last:
                final = period_of(each.end, unit, calendar)
                start, end = shift(final, 1 - number, calendar).start, final.end
            else:
                opening = shift(period_of(each.start, unit, calendar), (ordinal or 1) - 1, calendar)
                start, end = opening.start, shift(opening, number - 1, calendar).end
            if start < each.start or end > each.end:
                return None
            return replace(each, start=start, end=end, unit=unit, others=(), month_number=None, quarter_number=None,
                           half_number=None, notes=(*each.notes, show_days(start, end)))  # fmt: skip

        made, others = cut(whole[1]), [cut(each) for each in whole[1].others]
        if made is None or None in others:
            return None
        return whole[0], replace(made, others=tuple(each for each in others if each is not None))

    def _half_of_month(self, i: int) -> tuple[int, Point] | None:
        """ "The first half of March 2026" ends on the 15th."""
        number = 2 if self.at(i) == "last" else self._ordinal(i)
        if number not in (1, 2) or self.at(i + 1) != "half" or self.at(i + 2) != "of":
            return None
        found = self.point(i + 3)
        if found is None or found[1].unit != "month" or found[1].others or found[1].to_date:
            return None
        whole = found[1]
        middle = whole.start + 14 * DAY
        start, end = (whole.start, middle) if number == 1 else (middle + DAY, whole.end)
        return found[0], Point(start=start, end=end, unit="days", notes=(*whole.notes, show_days(start, end)))

    def _week_of_month(self, i: int) -> tuple[int, Point] | None:
        """ "The first week of May": its first seven days, or the first week that lies in it; both come back."""
        last = self.at(i) == "last"
        number = self._ordinal(i)
        if (not last and not number) or self.at(i + 1) != "week" or self.at(i + 2) not in ("of", "in"):
            return None
        found = self.point(i + 3)
        if found is None or found[1].unit != "month" or found[1].others or found[1].to_date:
            return None
        whole = found[1]
        first = period_of(whole.start, "week", self.default)
        inside = first if first.start >= whole.start else shift(first, 1, self.default)
        if last:
            days = (whole.end - 6 * DAY, whole.end)
            final = period_of(whole.end, "week", self.default)
            week = final if final.end <= whole.end else shift(final, -1, self.default)
        else:
            assert number is not None
            days = (whole.start + 7 * (number - 1) * DAY, whole.start + (7 * number - 1) * DAY)
            week = shift(inside, number - 1, self.default)
        both = dict.fromkeys([days, (week.start, week.end)])
        points = tuple(
            Point(
                start=start,
                end=end,
                unit="days",
                notes=whole.notes,
                label=f"from {show_day(start)} to {show_day(end)}",
            )
            for start, end in both
            if start >= whole.start and end <= whole.end
        )
        if not points:
            return None
        return found[0], replace(points[0], others=points if len(points) > 1 else ())

    def _days_of_month(self, i: int) -> tuple[int, Point] | None:
        """ "1 to 15 March 2026", "March 1-15"."""
        if self.at(i) in MONTHS:
            month = MONTHS[self.at(i)]
            first, j = self._day_number(self.skip(i + 1, "the"))
            k = self._second_day(j) if first else None
            last, after = self._day_number(k) if k else (0, 0)
            if not last or self.at(self.skip(after, "of")) in MONTHS:
                return None
            found = self._spelled(last, month, after)
        else:
            first, j = self._day_number(i)
            k = self._second_day(j) if first else None
            found = self._date(k) if k and self._day_number(k)[0] else None
        if found is None or found[1].others or first >= found[1].end.day:
            return None
        end = found[1].end
        start = end.replace(day=first)
        notes = (
            (f"{show_days(start, end)}: the most recent such days, no year was said",)
            if found[1].notes
            else ()
        )
        return found[0], Point(start=start, end=end, unit="days", notes=notes)

    def _second_day(self, j: int) -> int | None:
        if self.at(j) in (*_UP_TO, "and"):
            if self.at(j) == "and" and self.at(j - 2) not in ("between", "the"):
                return None
            return self.skip(j + 1, "the", "including")
        return j if j < len(self.words) and self.words[j].dash else None

    def _ended(self, i: int) -> tuple[int, Point] | None:
        """ "the year ended 31 March 2026", "12 months to March 2026", "the quarter ending June"."""
        j = i + 1 if self.at(i) in LAST | PAST else i
        counted = self.count(j)
        number, j = counted or (1, j)
        unit = UNITS.get(self.at(j), "")
        how = self.at(j + 1)
        if not unit or self.at(i - 1) in ("by", "per", "each", "every"):
            return None
        if how in ("to", "until", "till") and not counted and (unit != "year" or j > i):
            return None
        if how not in ("ended", "ending", "to", "until", "till"):
            return None
        found = self.bound(self.skip(j + 2, "on", "at", "the", "with", "in"))
        if found is None or found[1].others or found[1].to_date:
            return None
        end = found[1].end
        if unit in MONTHS_IN:
            back = -number * MONTHS_IN[unit]
            start = add_months(end, back)
            start = (month_end(start) if end == month_end(end) else start) + DAY
        else:
            start = end - (number * (7 if unit == "week" else 1) - 1) * DAY
        said = f"{number} {unit}s" if number > 1 else f"the {unit}"
        note = f"{said} up to {show_day(end)}: {show_days(start, end)}"
        return found[0], Point(start=start, end=end, unit=unit if number == 1 else f"{number} {unit}s",
                               relative=found[1].relative, notes=(*found[1].notes, note))  # fmt: skip

    def _numbered_week(self, i: int) -> tuple[int, Point] | None:
        """ "week 10 of 2026", "CW10", "2026-W10"."""
        if self.default.week_starts != "monday" or self.default.pattern:
            return None  # which week is the first is then the company's own rule
        year: int | None = None
        j = i
        if (said := self.year_at(i)) is not None and re.fullmatch(r"w\d{1,2}", self.at(i + 1)):
            year, j = said, i + 1
        elif self.at(i) in ("calendar", "iso") and self.at(i + 1) in ("week", "wk"):
            j = i + 1
        if match := re.fullmatch(r"(?:cw|kw|w|wk)(\d{1,2})", self.at(j)):
            number, k = int(match[1]), j + 1
        elif (
            self.at(j) in ("week", "wk", "cw", "kw")
            and (found := self.count(j + 1))
            and self.words[j + 1].kind == "number"
        ):
            number, k = found
        else:
            return None
        if year is None:
            after = self.skip(k, "of", ",", "in", "/")
            if (said := self.year_at(after)) is not None:
                year, k = said, after + 1
        if not 1 <= number <= 53:
            return None
        years = [year] if year is not None else [self.today.year + 1, self.today.year, self.today.year - 1]
        days = [
            day
            for each in years
            if (day := _iso_monday(each, number)) and (year is not None or day <= self.today)
        ]
        if not days:
            return None
        period = period_of(days[0], "week", self.default)
        recent = "" if year is not None else ", the most recent one, no year was said"
        note = f"week {number} by ISO 8601 is {show_days(period.start, period.end)}{recent}"
        return k, replace(from_period(period), notes=(note,))

    def _weekday(self, i: int) -> tuple[int, Point] | None:
        """ "Monday 2 March 2026", "Monday last week", "on Monday"."""
        if self.at(i) not in WEEKDAYS:
            return None
        number = WEEKDAYS.index(self.at(i))
        dated = self._date(self.skip(i + 1, ",", "the"))
        if dated is not None:
            fits = [each for each in (dated[1].others or (dated[1],)) if each.start.weekday() == number]
            return (dated[0], replace(fits[0], others=(), label="")) if len(fits) == 1 else None
        j = self.skip(i + 1, "of", "in", "the")
        if self.at(j) in ("this", "current", *LAST) and self.at(j + 1) == "week":
            week = period_of(self.today, "week", self.default)
            if self.at(j) in LAST:
                week = shift(week, -1, self.default)
            day = week.start + (number - week.start.weekday()) % 7 * DAY
            return j + 2, Point(start=day, end=day, unit="day", relative=True)
        if (
            self.at(i - 1) in ("on", "since", "until", "till", "before", "after", "from")
            and self.at(j) != "week"
        ):
            back = (self.today.weekday() - number) % 7
            if back == 0:
                return None  # today, or a week ago
            day = self.today - back * DAY
            note = f"{self.at(i).title()} is the last one, {show_day(day)}"
            return i + 1, Point(start=day, end=day, unit="day", relative=True, notes=(note,))
        return None

    def _named(self, i: int) -> tuple[int, Point] | None:
        """ "the month of March", "the months May to June": the unit only says what follows."""
        unit = UNITS.get(self.at(i), "period" if self.at(i) == "period" else "")
        is_of = self.at(i + 1) == "of"
        if unit not in ("month", "quarter", "year", "period") or not (is_of or self.at(i).endswith("s")):
            return None
        found = self.point(i + (2 if is_of else 1))
        fits = found is not None and unit in (found[1].unit, "period")
        return found if fits else None


def _iso_monday(year: int, week: int) -> dt.date | None:
    try:
        return dt.date.fromisocalendar(year, week, 1)
    except ValueError:
        return None
