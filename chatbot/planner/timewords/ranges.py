"""Make ranges of days of the periods that words name: alone, from one to another, since, until, as of.

A range that ends before it starts is none. Words after a range that settle its edges belong to it. Where no year was
said, the range is the most recent one; where the running year has begun one too, both come back.
Layer: chatbot.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from chatbot.planner.timewords.parts import PartWords
from chatbot.planner.timewords.span import DAY, Point, TimeSpan, make_day, show_days
from chatbot.planner.timewords.vocabulary import UNITS
from semantic.calendar import calendar_month, fiscal_quarter, period_of, show_day, year_name
from semantic.model import Calendar

_TO = ("to", "until", "till", "through", "thru")
# Words that open a range at one side: what of the period they are held to.
_OPENERS = (
    (("on", "or", "after"), "since"), (("on", "or", "before"), "until"), (("no", "earlier", "than"), "since"),
    (("not", "before"), "since"), (("no", "later", "than"), "until"), (("not", "later", "than"), "until"),
    (("not", "after"), "until"), (("earlier", "than"), "before"), (("later", "than"), "after"), (("prior", "to"), "before"),
    (("up", "to"), "until"), (("up", "until"), "until"), (("up", "till"), "until"), (("since",), "since"),
    (("after",), "after"), (("before",), "before"), (("until",), "until"), (("till",), "until"), (("through",), "until"),
)  # fmt: skip
_VERSUS = {"vs", "versus", "against", "compared"}
_ALL_TIME = (
    ("all", "time"),
    ("since", "inception"),
    ("since", "the", "beginning"),
    ("ever",),
    ("from", "the", "beginning"),
)


def _number(point: Point) -> tuple[str, int]:
    """Which month, quarter or half of its year a period is."""
    unit = point.unit if point.unit != "days" else "day"
    return unit, point.start.month * 100 + (point.start.day if unit == "day" else 0)


def _touch(a: Point, b: Point) -> bool:
    return a.end + DAY == b.start or b.end + DAY == a.start


def is_yearless(point: Point) -> bool:
    """Whether a month, quarter, half or day was named without its year."""
    whole = point.named or point
    return bool(whole.month_number or whole.quarter_number or whole.half_number or whole.day_number)


class RangeWords(PartWords):
    """Ranges of days."""

    def _range(self, i: int) -> TimeSpan | None:
        word = self.at(i)
        if word in ("from", "between", "starting", "beginning"):
            return self._from(i, word)
        return self._opened(i) or self._of_state(i) or self._from_to(i) or self._all_time(i)

    def _from(self, i: int, word: str) -> TimeSpan | None:
        j = i + 1
        if word in ("starting", "beginning"):
            j = self.skip(j, "from", "on", "in", "with")
        if (days := self._days_of_month(self.skip(j, "the"))) is not None:
            return self._exclusive(self._tail(i, *days), days[1], days[1])
        left = self.bound(j)
        if left is None:
            return self._all_time(i)
        joint = self.skip(left[0], ",") if self.at(left[0]) == "," else left[0]
        if self.at(joint) in (*_TO, "and", "-", "up") or (joint < len(self.words) and self.words[joint].dash):
            k = joint if self.words[joint].dash else joint + 1
            right = self.bound(self.skip(k, "to", "and", "including", "the", "through"))
            if right is not None:
                return self._joined(i, left, right)
        if word == "between":
            return None
        if self.at(left[0]) in ("onwards", "onward", "on", "forward"):
            return self._half_open(i, left[0] + 1, left[1], "since")
        if word in ("starting", "beginning"):
            return self._half_open(i, left[0], left[1], "since")
        if self.at(joint) in _TO:
            return None  # to what was not understood: half of a range is none
        return self._from_alone(i, left)

    def _from_alone(self, i: int, left: tuple[int, Point]) -> TimeSpan | None:
        """ "from March": in March, or since March."""
        after, point = left
        if point.relative or point.others or self.at(after) in ("this", "last"):
            return None
        within, since = self._tail(i, after, point), self._half_open(i, after, point, "since")
        if within.last != after or point.unit in ("days", "week"):
            return within
        return replace(within, readings=(within, since))

    def _opened(self, i: int) -> TimeSpan | None:
        opener = next(((words, how) for words, how in _OPENERS if self.seq(i, *words)), None)
        if opener is None:
            return None
        words, how = opener
        j = i + len(words)
        if self.seq(j, "but", "not", "including") or self.seq(j, "but", "excluding"):
            how, j = (
                {"until": "before", "since": "after"}.get(how, how),
                j + (3 if self.at(j + 1) == "not" else 2),
            )
        elif self.at(j) == "excluding" or self.seq(j, "not", "including"):
            how, j = (
                {"until": "before", "since": "after"}.get(how, how),
                j + (1 if self.at(j) == "excluding" else 2),
            )
        elif self.seq(j, "and", "including") or self.at(j) == "including":
            how, j = {"before": "until", "after": "since"}.get(how, how), self.skip(j, "and", "including")
        found = self.bound(j)
        return self._half_open(i, found[0], found[1], how) if found is not None else None

    def _of_state(self, i: int) -> TimeSpan | None:
        word = self.at(i)
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
        return None

    def _from_to(self, i: int) -> TimeSpan | None:
        left = self.point(i) or (self.point(i + 1) if self.at(i) in ("in", "for", "during", "over") else None)
        dashed = left is not None and left[0] < len(self.words) and self.words[left[0]].dash
        if left is not None and (dashed or self.at(left[0]) in _TO):
            right = self.bound(left[0] + (0 if dashed else 1))
            if right is not None:
                return self._joined(i, left, right)
        if left is not None and self.at(left[0]) in ("onwards", "onward"):
            return self._half_open(i, left[0] + 1, left[1], "since")
        return None

    def _all_time(self, i: int) -> TimeSpan | None:
        """ "of all time", "to date": all that there is."""
        if self.seq(i, "to", "date") or self.seq(i, "so", "far"):
            note = f"all data up to {show_day(self.today)}"
            return TimeSpan(
                first=i, last=i + 2, kind="range", end=self.today, unit="day", relative=True, notes=(note,)
            )
        j = i + 1 if self.at(i) in ("of", "over", "in", "for", "across") else i
        for words in _ALL_TIME:
            if self.seq(j, *words) and self.at(j + len(words)) != "of":
                return TimeSpan(first=i, last=j + len(words), kind="range", relative=True)
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
            return TimeSpan(first=first, last=j + 1, kind="range", end=self.today, unit="day", state=True)
        if self.at(j) in ("each", "every") and (each := UNITS.get(self.at(j + 1))):
            return TimeSpan(first=first, last=j + 2, kind="grain", unit=each)
        found = self.point(j)
        if found is None:
            unit = next((UNITS[n] for n in self.norms[i:j] if n in UNITS), "")
            if not unit and self.at(j) in ("month", "quarter", "year") and j > i + 1:
                unit, j = self.at(j), j + 1  # "end of year": of which one was not said
            return TimeSpan(first=first, last=j, kind="edge", unit=unit) if unit and j > i + 1 else None
        point = found[1]

        def close(each: Point) -> TimeSpan:
            day = each.start - DAY if opening else each.end
            return TimeSpan(first=first, last=found[0], kind="range", end=day, unit="day", state=True,
                            relative=each.relative, notes=each.notes, label=f"as of {show_day(day)}")  # fmt: skip

        return replace(close(point), readings=tuple(close(each) for each in point.others))

    def _half_open(self, first: int, last: int, point: Point, how: str) -> TimeSpan:
        def cut(each: Point) -> TimeSpan:
            start, end = {
                "since": (each.start, None), "after": (each.end + DAY, None), "before": (None, each.start - DAY),
            }.get(how, (None, each.end))  # fmt: skip
            notes = each.notes
            if how == "until" and each.unit == "day":
                notes = (*notes, f"until {show_day(each.end)}, that day included")
            edge = show_day(start) if start else show_day(end) if end else ""
            return TimeSpan(first=first, last=last, kind="range", start=start, end=end, unit=each.unit,
                            calendar=each.calendar, relative=each.relative, notes=notes,
                            label=f"since {edge}" if start else f"until {edge}")  # fmt: skip

        readings = tuple(cut(each) for each in point.others)
        coming = self._year_later(point) if how in ("until", "before") and not readings else None
        if coming is not None and coming.start.year == self.today.year:  # "until June", asked in May
            readings = (cut(point), cut(replace(coming, notes=())))
        return replace(cut(point), readings=readings)

    def _joined(self, first: int, left: tuple[int, Point], right: tuple[int, Point]) -> TimeSpan | None:
        a, b = left[1], right[1]
        if a.others or b.others:
            pairs = list(zip(a.others or (a, a), b.others or (b, b), strict=False))
            spans = [self._join(first, right[0], x, y) for x, y in pairs]
            if any(each is None for each in spans):
                return None
            sure = [each for each in spans if each is not None]
            return replace(sure[0], readings=tuple(sure))
        span = self._join(first, right[0], a, b)
        later = self._year_later(b)
        if span is None or later is None or not is_yearless(a):
            return span
        running = self._join(first, right[0], a, replace(later, notes=()))
        if running is None or running.start is None or running.start > self.today:
            return span
        return replace(span, readings=(span, running))  # "April to June", asked in May

    def _join(self, first: int, last: int, a: Point, b: Point) -> TimeSpan | None:
        if is_yearless(a) and b.unit == "year":
            return None
        a = self.give_year(a, b)
        if is_yearless(b) and not is_yearless(a):  # "from November 2025 to February"
            while a.start > b.end and (later := self._year_later(b)) is not None:
                b = replace(later, notes=())
        notes = (*(n for n in a.notes), *(n for n in b.notes))
        if a.start > b.end:
            return None
        span = TimeSpan(first=first, last=last, kind="range", start=a.start, end=b.end, unit=b.unit,
                        calendar=b.calendar or a.calendar, relative=a.relative or b.relative, notes=notes,
                        ends=(replace(a, others=()), replace(b, others=())),
                        label=f"from {show_day(a.start)} to {show_day(b.end)}")  # fmt: skip
        return self._exclusive(self._tail_words(span), a, b)

    def _exclusive(self, span: TimeSpan, a: Point, b: Point) -> TimeSpan | None:
        """ "between 1 and 15 March exclusive": without its ends."""
        j = self.skip(span.last, ",", "(")
        if self.at(j) not in ("exclusive", "exclusively", "excl") or self.at(j + 1) in ("of", "the"):
            return span
        start, end = (span.start, span.end) if a is b else (a.end, b.start)
        if start is None or end is None or start + DAY > end - DAY:
            return None
        note = f"without the ends: {show_days(start + DAY, end - DAY)}"
        return replace(
            span,
            start=start + DAY,
            end=end - DAY,
            last=self._close(j + 1),
            readings=(),
            notes=(note,),
            label="",
        )

    def give_year(self, a: Point, b: Point) -> Point:
        """ "January to March 2026", "Q1 to Q3 2026": the first takes the year of the second."""
        if a.named is not None:
            whole = self.give_year(a.named, b.named or b)
            day = whole.start if a.start == a.named.start else whole.end
            return replace(a, start=day, end=day, notes=whole.notes)
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
        if a.quarter_number or a.half_number:
            calendar = self.calendars.get(b.calendar or "", self.default)
            year = year_name(b.end, calendar)
            whole = self._numbered(a, calendar, year)
            return whole if whole.start <= b.end else self._numbered(a, calendar, year - 1)
        return a

    def _numbered(self, point: Point, calendar: Calendar, year: int) -> Point:
        """The same quarter or half of another year."""
        if point.quarter_number:
            period = fiscal_quarter(calendar, year, point.quarter_number)
            return replace(point, start=period.start, end=period.end, notes=())
        half = self._half_point(point.half_number or 1, year, calendar)
        return replace(point, start=half.start, end=half.end, notes=())

    def _year_later(self, point: Point, years: int = 1) -> Point | None:
        """The next period of a name without a year; None where a year was said."""
        if point.named is not None:
            whole = self._year_later(point.named, years)
            if whole is None:
                return None
            day = whole.start if point.start == point.named.start else whole.end
            return replace(point, start=day, end=day, named=whole)
        if point.day_number and point.month_number:
            made = make_day(point.start.year + years, point.month_number, point.day_number)
            return replace(point, start=made, end=made) if made else None
        if point.month_number:
            period = calendar_month(point.start.year + years, point.month_number)
            return replace(point, start=period.start, end=period.end)
        if point.quarter_number or point.half_number:
            calendar = self.calendars.get(point.calendar or "", self.default)
            return self._numbered(point, calendar, year_name(point.start, calendar) + years)
        return None

    def _plain(self, i: int) -> TimeSpan | None:
        """A period alone, with or without its preposition."""
        j = i
        if self.at(j) in ("in", "during", "for", "on", "over", "within", "throughout", "of", "from"):
            j += 1
        if self.at(j) in ("the", "all", "whole", "entire", "period", "course"):
            j = self.skip(j, "the", "all", "whole", "entire", "of", "period", "course")
        found = self.point(j)
        if found is None:
            return None
        return self._tail(i, found[0], found[1])

    def _tail(self, first: int, last: int, point: Point) -> TimeSpan:
        def make(each: Point) -> TimeSpan:
            return TimeSpan(first=first, last=last, kind="range", start=each.start, end=each.end, unit=each.unit,
                            calendar=each.calendar, to_date=each.to_date, relative=each.relative, notes=each.notes,
                            label=each.label, point=replace(each, others=()))  # fmt: skip

        span = replace(make(point), readings=tuple(make(each) for each in point.others))
        return self._tail_words(span)

    def siblings(self, spans: Sequence[TimeSpan]) -> list[TimeSpan]:
        """Named periods side by side ("May and June 2026", "Q1 vs Q2") share their year where only one has it."""
        out = list(spans)
        for chain in self._chains(out):
            points = [out[n].point for n in chain]
            known = [p for p in points if p is not None]
            if len(known) < len(points) or not any(is_yearless(p) for p in known):
                continue
            said = [n for n, p in enumerate(known) if not is_yearless(p)]
            if len(chain) == 2 and set(self.norms[out[chain[0]].last : out[chain[1]].first]) & _VERSUS:
                pair = self._against_each_other(known[0], known[1], said)
                if pair is not None:
                    for n, point in zip(chain, pair, strict=True):
                        out[n] = self._placed(out[n], point)
                    continue
            settled = self._given(known, said)
            coming: list[Point] | None = None
            if not said and (later := self._year_later(known[-1])) is not None:
                coming = self._given([*known[:-1], replace(later, notes=())], [])
                if coming[0].start > self.today:
                    coming = None
            for place, n in enumerate(chain):
                made = self._placed(out[n], settled[place])
                if coming is not None:
                    made = replace(made, readings=(made, self._placed(out[n], coming[place])))
                out[n] = made
        return out

    def _against_each_other(self, a: Point, b: Point, said: list[int]) -> tuple[Point, Point] | None:
        """ "May vs April", "January 2026 vs December": the two that are nearest to each other; None: as in a list."""
        if _number(a) == _number(b):
            return a, b
        if not said:
            return (a, b) if _touch(a, b) else None
        open_, fixed = (b, a) if said == [0] else (a, b)
        same, *others = [self._beside_year(open_, fixed, n) for n in (0, -1, 1)]
        near = next((each for each in others if _touch(each, fixed)), same)
        chosen = near if same.start > self.today and not _touch(same, fixed) else same
        return (fixed, chosen) if said == [0] else (chosen, fixed)

    def _beside_year(self, point: Point, beside: Point, years: int) -> Point:
        """The same name in the year of a neighbour, or some years on."""
        if point.quarter_number or point.half_number:
            calendar = self.calendars.get(beside.calendar or point.calendar or "", self.default)
            return self._numbered(point, calendar, year_name(beside.start, calendar) + years)
        behind = beside.start.year + years - point.start.year
        moved = self._year_later(point, behind)
        return replace(moved, notes=()) if moved is not None else point

    def _given(self, points: list[Point], said: list[int]) -> list[Point]:
        """Each without a year takes that of the next with one, else of the one before."""
        out = list(points)
        last = said[-1] if said else len(out) - 1
        for n in range(last - 1, -1, -1):
            if n not in said:
                out[n] = self.give_year(out[n], out[n + 1])
        for n in range(last + 1, len(out)):
            made = self.give_year(
                replace(out[n], notes=()), replace(out[n - 1], end=self._year_end(out[n - 1]))
            )
            out[n] = replace(made, notes=())
        return out

    def _year_end(self, point: Point) -> dt.date:
        """The last day that a later neighbour in the same year may reach."""
        if point.month_number or point.unit in ("month", "day"):
            return dt.date(point.start.year, 12, 31)
        calendar = self.calendars.get(point.calendar or "", self.default)
        return period_of(point.start, "year", calendar).end

    def _placed(self, span: TimeSpan, point: Point) -> TimeSpan:
        if (span.start, span.end) == (point.start, point.end):
            return replace(span, readings=())
        return replace(span, start=point.start, end=point.end, point=point, readings=(),
                       notes=(f"{show_days(point.start, point.end)}, by its neighbour",))  # fmt: skip

    def _chains(self, spans: Sequence[TimeSpan]) -> list[list[int]]:
        """Runs of ranges with nothing but a link between them."""
        chains: list[list[int]] = []
        links = {
            "and",
            "or",
            ",",
            "/",
            "&",
            "+",
            "vs",
            "versus",
            ".",
            "against",
            "the",
            "in",
            "for",
            "with",
            "to",
            "compared",
        }
        for n, span in enumerate(spans):
            linked = (
                n > 0
                and span.kind == spans[n - 1].kind == "range"
                and all(w in links for w in self.norms[spans[n - 1].last : span.first])
                and span.first - spans[n - 1].last <= 3
            )
            if linked:
                chains[-1].append(n)
            else:
                chains.append([n])
        return [chain for chain in chains if len(chain) > 1]

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
                chosen = full or (
                    None if span.readings else self._before_running(span, UNITS[self.at(k + 1)])
                )
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

    def _before_running(self, span: TimeSpan, unit: str) -> TimeSpan | None:
        """ "this year excluding the current month": cut where the running month begins."""
        running = period_of(self.today, unit, self.default).start
        if span.start is None or span.end is None or span.start >= running:
            return None
        if span.end < running:
            return span
        end = running - DAY
        return replace(span, end=end, point=None, notes=(f"{show_days(span.start, end)}",))

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
