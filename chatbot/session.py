"""Follow-ups: read a short question as a change of the one before ("and by month?", "only EMEA", "what about last year").

A follow-up names no figure of its own. What it says replaces that part of the earlier query, all else is kept, and
both are told. A question that stands alone is never bent to the history.
Layer: chatbot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from chatbot.planner.draft import Draft, MetricSlot
from chatbot.planner.lexicon import Meaning
from chatbot.planner.plan import NoPlan, Plan
from chatbot.planner.problems import Problem
from chatbot.planner.resolve import resolve_draft
from chatbot.planner.say import dimension_words, list_words, metric_words
from chatbot.planner.timewords.span import TimeSpan
from semantic.calendar import range_period
from semantic.model import Catalog
from semantic.query import MetricQuery, TimeRange
from semantic.reach import reachable_together

_CUES = frozenset(
    [
        "and",
        "only",
        "but",
        "now",
        "just",
        "also",
        "then",
        "instead",
        "compared",
        "compare",
        "versus",
        "vs",
        "by",
        "for",
        "in",
        "per",
        "with",
        "without",
        "excluding",
        "same",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a follow-up made of the earlier query."""

    query: MetricQuery
    note: str  # "changed: period; kept: net revenue, region"
    notes: tuple[str, ...] = ()


def is_fragment(text: str) -> bool:
    """Whether a question begins like the rest of another one.

    >>> is_fragment("and by month?"), is_fragment("revenue by month")
    (True, False)
    """
    words = re.findall(r"[a-z]+", text.lower())
    return bool(words) and (words[0] in _CUES or tuple(words[:2]) in (("what", "about"), ("how", "about")))


def follow_up(earlier: MetricQuery, outcome: NoPlan, catalog: Catalog) -> Change | None:
    """Return the earlier query with what the follow-up says in it; None where it is no follow-up.

    Args:
        outcome: of reading the follow-up alone; it must lack a figure and nothing else.
    """
    if outcome.problem.kind != "metric":
        return None
    draft = _asked_why(outcome.draft, earlier)
    metrics = [MetricSlot((Meaning(kind="metric", metric=name),), name) for name in earlier.metrics]
    times = draft.times or _kept_period(earlier, catalog)
    found = resolve_draft(replace(draft, metrics=metrics, times=times), catalog)
    if isinstance(found, Problem):
        return None
    converted = [each for each in found if each.query.currency]
    if converted and len(found) == 2:
        found = [replace(converted[0], unsure=False)]  # "in dollars": the same figure, converted
    if len(found) != 1 or found[0].unsure:
        return None
    said = found[0].query
    changed: list[str] = []
    new = earlier
    if said.group_by:
        kept = (
            tuple(g for g in earlier.group_by if g.startswith("time."))
            if not _has_time(said.group_by)
            else ()
        )
        others = (
            tuple(g for g in earlier.group_by if not g.startswith("time."))
            if _has_time(said.group_by)
            else ()
        )
        new = replace(
            new, group_by=(*others, *kept, *(g for g in said.group_by if g not in (*others, *kept)))
        )
        changed.append("split")
    if said.where:
        fields = {f.field for f in said.where}
        new = replace(new, where=(*(f for f in earlier.where if f.field not in fields), *said.where))
        changed.append("filter")
    if draft.times and said.time is not None:
        new = replace(new, time=said.time)
        changed.append("period")
    elif said.time is not None and said.time.calendar:
        new = replace(new, time=replace(earlier.time or TimeRange(), calendar=said.time.calendar))
    if said.compare is not None:
        new = replace(new, compare=said.compare)
        changed.append("comparison")
    if said.contributions:
        new = replace(new, contributions=True)
        changed.append("explanation")
    if said.top is not None or said.order_by:
        new = replace(new, top=said.top, order_by=said.order_by)
        changed.append("ranking")
    if said.currency != new.currency and (said.currency or draft.currency):
        new = replace(new, currency=said.currency)
        changed.append("currency")
    if said.having:
        new = replace(new, having=said.having)
        changed.append("threshold")
    if not changed or new == earlier:
        return None
    if new.top is not None and not new.group_by:
        return None
    if new.contributions and (len(new.group_by) != 1 or _has_time(new.group_by)):
        return None
    return Change(query=new, note=_told(changed, earlier, new, catalog), notes=found[0].notes)


def _asked_why(draft: Draft, earlier: MetricQuery) -> Draft:
    """ "why by region?" after a comparison: the change that it showed."""
    if not draft.why or earlier.compare is None or draft.compare or draft.base or draft.scenario:
        return draft
    if earlier.compare.to in ("previous_period", "previous_year"):
        return replace(draft, compare=earlier.compare.to)
    return replace(draft, scenario=earlier.compare.to)


def _kept_period(earlier: MetricQuery, catalog: Catalog) -> list[TimeSpan]:
    """The earlier period, for a comparison that needs one."""
    time = earlier.time
    if time is None or time.start is None or time.end is None:
        return []
    calendar = catalog.calendars.get(time.calendar or "", catalog.default_calendar)
    period = range_period(time.start, time.end, calendar)
    unit = period.grain.removeprefix("fiscal_") if period else None
    return [
        TimeSpan(
            first=0, last=0, kind="range", start=time.start, end=time.end, unit=unit, calendar=time.calendar
        )
    ]


def as_plan(change: Change, shown: tuple[str, ...]) -> Plan:
    """Return the change as a plan."""
    return Plan(query=change.query, notes=(change.note, *change.notes), shown=shown)


def _has_time(names: tuple[str, ...]) -> bool:
    return any(name.startswith("time.") for name in names)


def _told(changed: list[str], earlier: MetricQuery, new: MetricQuery, catalog: Catalog) -> str:
    names = reachable_together(catalog, new.metrics)
    kept = [metric_words(catalog, m) for m in new.metrics]
    kept += [dimension_words(names, g) for g in new.group_by if g in earlier.group_by]
    kept += [dimension_words(names, f.field) for f in new.where if f in earlier.where]
    if "period" not in changed and earlier.time and (earlier.time.start or earlier.time.end):
        kept.append("period")
    return f"changed: {list_words(changed)}; kept: {list_words(list(dict.fromkeys(kept)))}"
