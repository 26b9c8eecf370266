"""Make ranges of days of the periods that words name: alone, from one to another, since, until, as of.

A range that ends before it starts is none. Words after a range that settle its edges belong to it.
Layer: chatbot.
"""

from __future__ import annotations

from dataclasses import replace

from chatbot.planner.timewords.relative import RelativeWords
from chatbot.planner.timewords.span import DAY, Point, TimeSpan, make_day, show_days
from chatbot.planner.timewords.vocabulary import UNITS
from semantic.calendar import calendar_month, fiscal_quarter, show_day, year_name


class RangeWords(RelativeWords):
    """Ranges of days."""

    def point(self, i: int) -> tuple[int, Point] | None:
        """The longest period named at i."""
        i = self.skip(i, "the")
        best: tuple[int, Point] | None = None
        for rule in (
            self._date, self._month, self._quarter, self._half, self._year, self._relative, self._counted,
            self._to_date, self._week_of, self._ago,
        ):  # fmt: skip
            found = rule(i)
            if found and (best is None or found[0] > best[0]):
                best = found
        running = best is not None and best[1].start <= self.today <= best[1].end and not best[1].others
        return self._so_far(*best) if best is not None and running else best

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
        if self.at(j) in ("each", "every") and (each := UNITS.get(self.at(j + 1))):
            return TimeSpan(first=first, last=j + 2, kind="grain", unit=each)
        found = self.point(j)
        if found is None:
            unit = next((UNITS[n] for n in self.norms[i:j] if n in UNITS), "")
            return TimeSpan(first=first, last=j, kind="edge", unit=unit) if unit and j > i + 1 else None
        point = found[1]

        def close(each: Point) -> TimeSpan:
            day = each.start - DAY if opening else each.end
            return TimeSpan(first=first, last=found[0], kind="range", end=day, unit="day", point=True,
                            relative=each.relative, notes=each.notes, label=f"as of {show_day(day)}")  # fmt: skip

        return replace(close(point), readings=tuple(close(each) for each in point.others))

    def _half_open(self, first: int, last: int, point: Point, how: str) -> TimeSpan:
        def cut(each: Point) -> TimeSpan:
            start, end = {
                "since": (each.start, None), "after": (each.end + DAY, None), "before": (None, each.start - DAY),
            }.get(how, (None, each.end))  # fmt: skip
            notes = each.notes
            if how in ("until", "till", "through") and each.unit == "day":
                notes = (*notes, f"until {show_day(each.end)}, that day included")
            edge = show_day(start) if start else show_day(end) if end else ""
            return TimeSpan(first=first, last=last, kind="range", start=start, end=end, unit=each.unit,
                            calendar=each.calendar, relative=each.relative, notes=notes,
                            label=f"since {edge}" if start else f"until {edge}")  # fmt: skip

        return replace(cut(point), readings=tuple(cut(each) for each in point.others))

    def _joined(self, first: int, left: tuple[int, Point], right: tuple[int, Point]) -> TimeSpan | None:
        a, b = left[1], right[1]
        if a.others or b.others:
            pairs = list(zip(a.others or (a, a), b.others or (b, b), strict=False))
            spans = [self._join(first, right[0], x, y) for x, y in pairs]
            if any(each is None for each in spans):
                return None
            sure = [each for each in spans if each is not None]
            return replace(sure[0], readings=tuple(sure))
        return self._join(first, right[0], a, b)

    def _join(self, first: int, last: int, a: Point, b: Point) -> TimeSpan | None:
        a = self._give_year(a, b)
        notes = (*(n for n in a.notes), *(n for n in b.notes))
        if a.start > b.end:
            return None
        span = TimeSpan(first=first, last=last, kind="range", start=a.start, end=b.end, unit=b.unit,
                        calendar=b.calendar or a.calendar, relative=a.relative or b.relative, notes=notes,
                        label=f"from {show_day(a.start)} to {show_day(b.end)}")  # fmt: skip
        return self._tail_words(span)

    def _give_year(self, a: Point, b: Point) -> Point:
        """ "January to March 2026", "Q1 to Q3 2026": the first takes the year of the second."""
        if a.day_number and a.month_number:
            made = make_day(b.end.year, a.month_number, a.day_number)
            if made and made > b.end:
                made = make_day(b.end.year - 1, a.month_number, a.day_number)
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

    def _tail(self, first: int, last: int, point: Point) -> TimeSpan:
        def make(each: Point) -> TimeSpan:
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
        if self.at(k) in ("current", "this", "running", "ongoing") and UNITS.get(self.at(k + 1)):
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
                notes=(f"{show_days(start, self.today)}",),
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
            start, end = span.start + DAY, self.today
        else:
            start, end = span.start, self.today - DAY
        return replace(span, start=start, end=end, last=last, notes=(f"{show_days(start, end)}",))

    def _close(self, i: int) -> int:
        return i + 1 if self.at(i) == ")" else i
