"""Read the idioms that ask for a comparison with an earlier period: "YoY", "same period last year", "the month before".

Gives no days: what is compared is settled with the rest of the question.
Layer: chatbot.
"""

from __future__ import annotations

from chatbot.planner.timewords.ranges import RangeWords
from chatbot.planner.timewords.span import TimeSpan
from chatbot.planner.timewords.vocabulary import LAST, OVER, UNITS


class ComparisonWords(RangeWords):
    """Comparisons with an earlier period."""

    def _compare(self, i: int) -> TimeSpan | None:
        """Fixed idioms: year over year, YoY, same period last year, the year before."""
        word = self.at(i)
        if word in OVER:
            return self._against(i, i + 1, OVER[word])
        if word in ("y", "m", "q", "w") and self.at(i + 1) in ("/", "o") and self.at(i + 2) == word:
            return self._against(i, i + 3, {"y": "year", "m": "month", "q": "quarter", "w": "week"}[word])
        if UNITS.get(word) and self.at(i + 1) in ("over", "on", "vs", "versus") and self.at(i + 2) == word:
            return self._against(i, i + 3, UNITS[word])
        j = self.skip(i, "the")
        if self.at(j) in ("same", "corresponding", "equivalent") and self.at(j + 1) in (
            "period", "time", "month", "quarter", "week", "day", "months", "weeks", "quarters", "days", "dates",
        ):  # fmt: skip
            k = self.skip(j + 2, "in", "of", "the", "during", "a", "one")
            if self.at(k) in LAST and (unit := self._year_unit(k + 1)):
                return TimeSpan(first=i, last=unit[1], kind="compare", compare="previous_year", unit="year")
            if self.at(k) == "year" and self.at(k + 1) in ("before", "ago", "earlier", "prior"):
                return TimeSpan(first=i, last=k + 2, kind="compare", compare="previous_year", unit="year")
            if self.at(k) == "py":
                return TimeSpan(first=i, last=k + 1, kind="compare", compare="previous_year", unit="year")
            if self.at(k) in LAST and UNITS.get(self.at(k + 1)) in ("month", "quarter", "week"):
                return TimeSpan(
                    first=i,
                    last=k + 2,
                    kind="compare",
                    compare="previous_period",
                    unit=UNITS[self.at(k + 1)],
                )
        if self.seq(j, "this", "time", "last", "year"):
            return TimeSpan(first=i, last=j + 4, kind="compare", compare="previous_year", unit="year")
        if self.at(j) in ("a", "one"):
            j += 1
        named = UNITS.get(self.at(j), "") if j > i or self.at(i - 1) in ("the", "a", "one") else ""
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
