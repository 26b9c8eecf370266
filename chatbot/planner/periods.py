"""Settle several periods of one question: each shown by its grain, the earlier beside the later, or all as one range.

"May and June 2026" names two months: a reader wants both, not their sum. Periods that make no such pair are refused.
Layer: chatbot. Pure. Imports the calendar arithmetic of semantic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from chatbot.planner.comparing import is_longer, show_span, stands_to
from chatbot.planner.draft import Draft
from chatbot.planner.problems import Needs
from chatbot.planner.timewords.span import DAY, TimeSpan
from semantic.calendar import period_of
from semantic.loader import TIME_GRAINS
from semantic.model import Calendar, Catalog
from semantic.reach import WEEKDAY, base_metrics


@dataclass(frozen=True, kw_only=True)
class Together:
    """One range over several periods, and how each stays to be seen."""

    span: TimeSpan
    grain: str | None = None
    compare: str | None = None


def readings_together(spans: Sequence[TimeSpan]) -> list[tuple[TimeSpan, ...]]:
    """Return the readings of several periods, each taken the same way: all fiscal years, or all calendar years."""
    most = max(len(span.readings) for span in spans)
    if most == 0:
        return [tuple(spans)]
    return [
        tuple(span.readings[n] if len(span.readings) == most else span for span in spans) for n in range(most)
    ]


def periods_together(
    spans: Sequence[TimeSpan], catalog: Catalog, *, grains: Sequence[str], whole: bool
) -> Together | None:
    """Return how several named periods make one answer, or None.

    Args:
        grains: of time, that the question already groups by.
        whole: one range is asked for: "combined", or a ranking over all of it.
    """
    days = sorted(
        (s.start, s.end, n) for n, s in enumerate(spans) if s.start is not None and s.end is not None
    )
    if len(days) < len(spans):
        return None
    ordered = [spans[n] for _, _, n in days]
    calendar = catalog.calendars.get(ordered[0].calendar or "", catalog.default_calendar)
    if len({span.calendar for span in ordered}) > 1:
        return None
    notes = tuple(note for span in ordered for note in span.notes)
    touching = all(one[1] + DAY == other[0] for one, other in pairwise(days))
    joined = replace(
        ordered[0], end=ordered[-1].end, notes=notes, unit=None, point=None, label="", readings=()
    )
    named = " and ".join(show_span(span) for span in ordered)
    unit = _one_unit(ordered, calendar)
    if touching and whole:
        return Together(span=_noted(joined, f"{named}: taken together"))
    if touching and unit:
        if not grains:
            return Together(span=_noted(joined, f"{named}: each is shown, by {unit}"), grain=unit)
        return Together(span=joined) if not any(is_longer(grain, unit) for grain in grains) else None
    if whole or grains or len(ordered) != 2:
        return None
    earlier, later = days[0][:2], days[1][:2]
    compare = stands_to(earlier, later, calendar)
    note = f"{named}: the earlier is shown beside the later"
    return Together(span=_noted(ordered[1], *ordered[0].notes, note), compare=compare) if compare else None


def show_together(spans: Sequence[TimeSpan], catalog: Catalog, draft: Draft) -> Together:
    """Return how the periods of a draft make one answer.

    Raises:
        Needs: they make none.
    """
    whole = draft.together or draft.superlative or draft.top_n or draft.having or draft.share or draft.running
    grains = [slot.grain for slot in draft.groups if slot.grain and slot.grain != WEEKDAY]
    found = periods_together(spans, catalog, grains=grains, whole=bool(whole))
    held = draft.compare or draft.base or draft.scenario or draft.change or draft.whether or draft.why
    if found is None or (found.compare and held):
        named = " and ".join(show_span(span) for span in spans)
        raise Needs("period", f"how {named} make one answer: ask for one of them")
    return found


def as_flow(span: TimeSpan, catalog: Catalog, metrics: Sequence[str]) -> tuple[TimeSpan, ...]:
    """ "As of 31 March" is a day for a balance; a sum may mean all up to it, or its year up to it: both come back."""
    bases = [catalog.metrics[base] for metric in metrics for base in base_metrics(catalog, metric)]
    if not span.state or span.end is None or not any(b.balance is None and b.agg == "sum" for b in bases):
        return (span,)
    begun = period_of(span.end, "year", catalog.default_calendar).start
    return replace(span, start=begun, state=False), replace(span, state=False)


def _noted(span: TimeSpan, *notes: str) -> TimeSpan:
    return replace(span, notes=tuple(dict.fromkeys((*span.notes, *notes))))


def _one_unit(spans: Sequence[TimeSpan], calendar: Calendar) -> str | None:
    """The grain of which each of the spans is one whole period."""
    for unit in TIME_GRAINS:
        periods = [period_of(span.start, unit, calendar) for span in spans if span.start]
        if all((p.start, p.end) == (s.start, s.end) for p, s in zip(periods, spans, strict=True)):
            return unit
    return None
