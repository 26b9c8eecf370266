"""Follow-ups: read a short question as a change of the one before ("and by month?", "only EMEA", "what about last year").

What a follow-up says replaces that part of the earlier query, all else is kept, and both are told. "And margin?"
names a figure and nothing else: it is asked as the earlier one was. A question that stands alone is never bent to
the history.
Layer: chatbot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chatbot.planner.draft import Draft, MetricSlot
from chatbot.planner.lexicon import Meaning
from chatbot.planner.plan import Choices, NoPlan, Plan
from chatbot.planner.problems import Problem
from chatbot.planner.resolve import Candidate, resolve_draft
from chatbot.planner.say import dimension_words, list_words, metric_words
from chatbot.planner.timewords.span import TimeSpan
from semantic.calendar import range_period
from semantic.model import Catalog
from semantic.query import MetricQuery, TimeRange, Top
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


_SAME = re.compile(
    r"^(?:(?:and|now|then|please)\s+)*(?:do\s+)?(?:the\s+)?same(?:\s+thing)?(?:\s+but)?\s+(?=(?:for|with|by|in|per)\b)"
)
_PER = re.compile(r"^(?:and\s+)?(per\s+\w+(?:\s+\w+)?)\W*$")
_UNFILTERED = re.compile(
    r"^(?:please\s+)?(?:remove|drop|clear|reset|without|no)\s+(?:the\s+|that\s+|all\s+)?(?:filters?|conditions?)\W*$"
)
_SHOWN = re.compile(
    r"^(?:now\s+)?(?:show\s+)?(?:it\s+|this\s+|that\s+)?(?:as|in)\s+(?:a\s+|an\s+)?(?:bar\s+|line\s+|pie\s+)?(?:table|chart|graph|plot)\W*$"
)
_SHARED = re.compile(
    r"^(?:and\s+|now\s+|show\s+)*(?:it\s+|this\s+|that\s+)?(?:as|in)\s+(?:a\s+)?(?:percentages?|percent|shares?|%)(?:\s+of\s+(?:the\s+)?total)?\W*$"
)
_MOST_READINGS = 4
_BESIDE = ("and", "also", "plus", "with")


@dataclass(frozen=True, kw_only=True)
class Made:
    """An earlier turn that was not typed: the query that a chip, or an answer's link, stands for, and its words."""

    words: str
    query: MetricQuery


Earlier = str | Made  # one turn of a conversation, as the next question builds on it


def words_of(turns: Iterable[Earlier]) -> tuple[str, ...]:
    """Return what was asked in each turn, in words."""
    return tuple(each if isinstance(each, str) else each.words for each in turns)


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


def reworded(text: str) -> str:
    """Return a follow-up without "the same": "same for gross profit" asks "what about gross profit".

    >>> reworded("same for gross profit"), reworded("Same but by country")
    ('what about gross profit', 'by country')
    """
    match = _SAME.match(text.lower())
    if match is None:
        return text
    rest = text[match.end() :]
    return f"what about {rest.split(maxsplit=1)[1]}" if rest.lower().startswith(("for ", "with ")) else rest


def plain_change(text: str, earlier: MetricQuery) -> Change | None:
    """Return what a follow-up that names nothing of the catalog asks for: no filter, a table, shares."""
    said = text.lower().strip()
    if _UNFILTERED.match(said) and (earlier.where or earlier.either):
        return Change(query=replace(earlier, where=(), either=()), note="changed: filter removed")
    if _SHOWN.match(said):
        return Change(
            query=earlier, note="nothing changed: each answer has its table, and a chart where one fits"
        )
    if _SHARED.match(said) and earlier.group_by and earlier.fold is None and earlier.compare is None:
        return Change(query=replace(earlier, share_of="total"), note="changed: shares of the total")
    return None


def divisor(text: str) -> str | None:
    """Return "per order" of a follow-up that says no more.

    >>> divisor("and per order?"), divisor("per order and region")
    ('per order', None)
    """
    match = _PER.match(text.lower().strip())
    return match[1] if match and " and" not in match[1] else None


def divided(earlier: MetricQuery, said: MetricQuery) -> Change | None:
    """Return the earlier query with its figure divided as `said` divides it."""
    if len(earlier.metrics) != 1 or earlier.fold is not None or earlier.having or earlier.top is not None:
        return None
    if said.fold is None and said.metrics == earlier.metrics:
        return None
    groups = (*earlier.group_by, *(name for name in said.group_by if name not in earlier.group_by))
    query = replace(earlier, metrics=said.metrics, fold=said.fold, group_by=groups, order_by=())
    return Change(query=query, note="changed: figure; kept: all else")


def other_figure(text: str, earlier: MetricQuery, said: MetricQuery, catalog: Catalog) -> Change | None:
    """Return the earlier query asked of another figure, or beside it; None where `said` stands alone."""
    words = text.lower().split()
    plain = MetricQuery(metrics=said.metrics, group_by=said.group_by, where=said.where)
    cued = words[:1] in (["and"], ["also"], ["plus"]) or words[:2] in (["what", "about"], ["how", "about"])
    if said != plain or not cued or earlier.fold is not None or earlier.place is not None:
        return None
    if said.group_by or said.where:
        if earlier.having or earlier.top is not None or earlier.share_of is not None or earlier.running:
            return None
        fields = {each.field for each in said.where}
        where = (*(each for each in earlier.where if each.field not in fields), *said.where)
        groups = said.group_by or earlier.group_by
        query = replace(earlier, metrics=said.metrics, group_by=groups, where=where, order_by=())
        return Change(query=query, note=_kept_of(earlier, query, catalog))
    if set(said.metrics) <= set(earlier.metrics):
        return None
    is_beside = words[0] in _BESIDE
    if is_beside and earlier.compare is None:
        query = replace(earlier, metrics=(*earlier.metrics, *said.metrics))
    elif earlier.having or len(said.metrics) != 1:
        return None
    else:
        (name,) = said.metrics
        order = tuple(_renamed(each, earlier.metrics, name) for each in earlier.order_by)
        query = replace(earlier, metrics=said.metrics, order_by=order)
    return Change(query=query, note=_kept_of(earlier, query, catalog))


def _kept_of(earlier: MetricQuery, query: MetricQuery, catalog: Catalog) -> str:
    names = reachable_together(catalog, query.metrics)
    kept = [dimension_words(names, name) for name in query.group_by if name in earlier.group_by]
    kept += ["filter"] if set(query.where) & set(earlier.where) or earlier.either else []
    kept += ["period"] if earlier.time is not None else []
    return "changed: figure" + (f"; kept: {list_words(kept)}" if kept else "")


def _renamed(order: str, metrics: Sequence[str], name: str) -> str:
    sign, column = ("-", order[1:]) if order.startswith("-") else ("", order)
    metric, dunder, measure = column.partition("__")
    return f"{sign}{name}{dunder}{measure}" if metric in metrics else order


def _cut(earlier: MetricQuery, draft: Draft) -> Change | None:
    """ "Just the top 3": of what was shown."""
    more = (
        draft.times
        or draft.filters
        or draft.having
        or draft.groups
        or draft.bare
        or draft.contexts
        or draft.metrics
    )
    if draft.superlative is None or draft.top_n is None or more or draft.unsupported or draft.unknown:
        return None
    if (
        len(earlier.group_by) != 1
        or earlier.fold is not None
        or earlier.compare is not None
        or earlier.running
    ):
        return None
    sign = "-" if draft.superlative == "desc" else ""
    query = replace(earlier, top=Top(n=draft.top_n), order_by=(f"{sign}{earlier.metrics[0]}",))
    return Change(query=query, note="changed: ranking; kept: all else")


def follow_up(earlier: MetricQuery, outcome: NoPlan, catalog: Catalog) -> Change | Choices | NoPlan | None:
    """Return the earlier query with what the follow-up says in it; None where it is no follow-up.

    Args:
        outcome: of reading the follow-up alone; it must lack a figure and nothing else.
    """
    if outcome.problem.kind != "metric":
        return None
    draft = _asked_why(outcome.draft, earlier)
    if (cut := _cut(earlier, draft)) is not None:
        return cut
    metrics = [MetricSlot((Meaning(kind="metric", metric=name),), name) for name in earlier.metrics]
    times = draft.times or _kept_period(earlier, catalog)
    completed = replace(draft, metrics=metrics, times=times)
    found = resolve_draft(completed, catalog)
    if isinstance(found, Problem):
        is_why = found.kind == "split" and not earlier.where and not earlier.either and not earlier.having
        return NoPlan(problem=found, draft=completed) if is_why else None
    converted = [each for each in found if each.query.currency]
    if converted and len(found) == 2:
        found = [replace(converted[0], unsure=False)]  # "in dollars": the same figure, converted
    if any(each.unsure for each in found) or len(found) > _MOST_READINGS:
        return None
    changes = [_applied(earlier, each, draft, catalog) for each in found]
    if len(found) == 1:
        return changes[0]
    if None in changes:
        return None
    return Choices(
        candidates=tuple(
            replace(candidate, query=change.query)
            for candidate, change in zip(found, changes, strict=True)
            if change is not None
        )
    )


def _applied(earlier: MetricQuery, candidate: Candidate, draft: Draft, catalog: Catalog) -> Change | None:
    said = candidate.query
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
    return Change(query=new, note=_told(changed, earlier, new, catalog), notes=candidate.notes)


def _asked_why(draft: Draft, earlier: MetricQuery) -> Draft:
    """ "why by region?" after a comparison: the change that it showed."""
    if not draft.why or draft.compare or draft.base or draft.scenario:
        return draft
    if earlier.compare is None:
        return replace(draft, change=True)
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
