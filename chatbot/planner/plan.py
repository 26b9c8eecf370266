"""From a question to a plan: the one reading that fits, a question back, or what stands in the way.

Tokens, time phrases and catalog mentions make covers; each cover is read and settled; the best complete reading wins
only where no other is as good. Knows no data beyond the values in its lexicon.
Layer: chatbot.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.planner.draft import Draft
from chatbot.planner.lexicon import Lexicon
from chatbot.planner.problems import Problem
from chatbot.planner.reader import Reader
from chatbot.planner.resolve import TIE, Candidate, resolve_draft
from chatbot.planner.spans import Item, correct_language, cover
from chatbot.planner.timephrases import parse_time
from chatbot.planner.tokens import clean, tokenize
from chatbot.planner.verdict import Verdict
from datatrust.core.errors import UserError
from semantic.model import Catalog
from semantic.query import MetricQuery

_COVERS = 8
_SLACK = 1.15  # how much dearer than the cheapest another cover may be and still be heard


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The question was understood: one query, and what was assumed."""

    query: MetricQuery
    notes: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()  # the metrics that were asked for; others are only conditions
    verdict: Verdict | None = None  # of a yes-or-no question


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Two or more readings are as good as each other."""

    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, kw_only=True)
class NoPlan:
    """Not understood, or not answerable; `draft` holds what was."""

    problem: Problem
    draft: Draft


def make_plan(
    question: str, catalog: Catalog, lexicon: Lexicon, *, today: dt.date, fragment: bool = False
) -> Plan | Choices | NoPlan:
    """Return the plan of a question; of a `fragment` ("and by month?") only what it says, no figure read into it."""
    tokens, corrected = correct_language(tokenize(clean(question)), lexicon)
    try:
        spans = parse_time(tokens, today=today, default=catalog.default_calendar, calendars=catalog.calendars)
    except UserError as error:  # a table lists the calendar's periods, and not the one that was said
        return NoPlan(problem=Problem(kind="unsupported", message=error.issues[0].message), draft=Draft())
    covers = cover(tokens, spans, lexicon, keep=_COVERS)
    complete: list[tuple[Candidate, Draft]] = []
    first: NoPlan | None = None
    cheapest = sum(item.cost for item in covers[0]) if covers else 0.0
    meant = _meant(covers[0]) if covers else []
    for items in covers:
        if sum(item.cost for item in items) > cheapest + _SLACK:
            break
        if first is not None and any(mention <= _passed_over(items) for mention in meant):
            continue  # "US" is not "us" because nothing could be made of "US"
        draft = Reader(items, catalog, fragment=fragment).read()
        draft.notes[:0] = corrected
        outcome = resolve_draft(draft, catalog)
        if isinstance(outcome, Problem):
            first = first or NoPlan(problem=outcome, draft=draft)
            continue
        complete += [(candidate, draft) for candidate in outcome]
    if not complete:
        assert first is not None
        return first
    return _choose(complete)


def _meant(items: Sequence[Item]) -> list[frozenset[int]]:
    """The tokens of each mention of the catalog or of time in a cover."""
    return [frozenset(range(item.first, item.last)) for item in items if item.meanings or item.time]


def _passed_over(items: Sequence[Item]) -> frozenset[int]:
    return frozenset(i for item in items if item.filler for i in range(item.first, item.last))


def _choose(complete: Sequence[tuple[Candidate, Draft]]) -> Plan | Choices:
    best: dict[MetricQuery, tuple[Candidate, Draft]] = {}
    for candidate, draft in sorted(complete, key=lambda pair: pair[0].cost):
        best.setdefault(candidate.query, (candidate, draft))
    ranked = sorted(best.values(), key=lambda pair: pair[0].cost)
    near = [pair for pair in ranked if pair[0].cost < ranked[0][0].cost + TIE]
    if len(near) > 1 or near[0][0].unsure:
        return Choices(candidates=tuple(candidate for candidate, _ in near))
    candidate, draft = near[0]
    hidden = {m.metric for slot in draft.metrics if not slot.shown for m in slot.choices}
    shown = tuple(name for name in candidate.shown if name not in hidden)
    return Plan(
        query=candidate.query,
        notes=candidate.notes,
        shown=shown or candidate.shown,
        verdict=candidate.verdict,
    )
