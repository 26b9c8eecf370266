"""Read the words that group by time: "monthly", "by quarter", "in each of the last 8 weeks".

A unit with no word that groups it is left to the reader of the question.
Layer: chatbot.
"""

from __future__ import annotations

from dataclasses import replace

from chatbot.planner.timewords.comparison import ComparisonWords
from chatbot.planner.timewords.span import TimeSpan
from chatbot.planner.timewords.vocabulary import ADVERBS, UNITS
from semantic.model import Calendar


class GrainWords(ComparisonWords):
    """Grains of time, alone or with the range they split."""

    def _grain(self, i: int) -> TimeSpan | None:
        calendar, j = self.calendar_word(i)
        if self.at(j) in ADVERBS:
            unit = self.grain_of(ADVERBS[self.at(j)], calendar)
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
            unit = UNITS.get(self.at(i), "")
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
        unit = ADVERBS.get(self.at(k2), "") if self.at(i) == "on" else UNITS.get(self.at(k2), "")
        if not unit:
            return None
        unit, last = self.grain_of(unit, calendar), k2 + 1
        if self.at(last) == "of" and UNITS.get(self.at(self.skip(last + 1, "the"))):
            return None  # "by day of the week" is no day
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
        unit = UNITS.get(self.at(k), "")
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
