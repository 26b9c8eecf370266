"""Find the words of a question that speak of time, and say which exact days they mean.

`parse_time` is pure: tokens, a `today` and the catalog's calendars in, spans out. Years, halves and quarters follow
the default calendar unless the asker says "calendar" or "fiscal". Words with two honest readings (03/04/2026, "the
last 3 months") come back with both in `readings`; nothing is chosen silently: what was assumed stands in `notes`.
Layer: chatbot. Imports the calendar arithmetic of semantic.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from chatbot.planner.timewords.grains import GrainWords
from chatbot.planner.timewords.span import TimeSpan
from chatbot.planner.timewords.vocabulary import DAYS_OF_WEEK, ONE_OF_THEM, UNITS, VAGUE, WEEKDAYS
from chatbot.planner.tokens import Token
from semantic.model import Calendar


class _TimeReader(GrainWords):
    """All rules together."""

    def span(self, i: int) -> TimeSpan | None:
        """The longest time phrase that begins at i."""
        found = [rule(i) for rule in (self._compare, self._grain, self._range, self._each_of, self._plain)]
        spans = [each for each in found if each is not None]
        return max(spans, key=lambda each: each.last, default=None) or self._weekdays(i) or self._vague(i)

    def _weekdays(self, i: int) -> TimeSpan | None:
        """ "On Mondays", "at weekends", "on a Friday", "Saturdays and Sundays": some days of every week."""
        j = i + 1 if self.at(i) in ("on", "at", "over", "during") else i
        said = self.at(j) in ("a", "any") and j > i
        j = self.skip(j, "a", "any", "the")
        if self.at(j - 1) in ONE_OF_THEM or (self.at(j) in WEEKDAYS and not said):
            return None
        days: list[str] = []
        last = j
        while (found := DAYS_OF_WEEK.get(self.at(j))) is not None:
            if self.at(j).startswith("weekend") and self.default.week_starts not in ("monday", "sunday"):
                return None  # where the week begins on a Saturday, it ends on a Friday
            days += found
            last = j + 1
            j = self.skip(last, ",", "and", "or", "&", "on", "the", "a")
        if not days:
            return None
        return TimeSpan(first=i, last=last, kind="weekdays", days=tuple(dict.fromkeys(days)))

    def _vague(self, i: int) -> TimeSpan | None:
        """ "summer", "day of the week": of time, and no days and no grain."""
        if self.at(i) in VAGUE or (
            self.at(i) == "about" and self.at(i - 1) not in ("what", "how") and self._ago(i + 1)
        ):
            return TimeSpan(first=i, last=i + 1, kind="vague")
        j = self.skip(i + 2, "the")
        of_week = UNITS.get(self.at(i)) == "day" and UNITS.get(self.at(j)) == "week"
        if UNITS.get(self.at(i)) and self.at(i + 1) == "of" and UNITS.get(self.at(j)) and not of_week:
            return TimeSpan(first=i, last=j + 1, kind="vague")
        return None


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
    reader = _TimeReader(tokens, today, default, calendars or {default.name: default})
    spans: list[TimeSpan] = []
    i = 0
    while i < len(tokens):
        span = None if tokens[i].quote is not None else reader.span(i)
        if span is not None and span.last > i:
            spans.append(span)
            i = span.last
        else:
            i += 1
    return tuple(reader.siblings(spans))
