"""Offer questions that can be answered: starters, next steps, and the nearest ones where an asker was not understood.

Each question offered was planned first, and gave exactly the query it stands for.
Layer: chatbot.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from rapidfuzz import fuzz, process

from chatbot.answer import Option
from chatbot.planner.language import FILLER
from chatbot.planner.plan import Plan
from chatbot.planner.say import dimension_words, say_question, upper_first
from chatbot.planner.stems import derive
from chatbot.planner.tokens import phrase_tokens
from semantic.model import Catalog, DimensionRef, Metric
from semantic.query import Compare, MetricQuery, TimeRange
from semantic.reach import reachable, reachable_together

Understands = Callable[[str], Plan | None]  # a question -> its plan, where it has exactly one
Near = Callable[[str], Sequence[str]]  # words -> metrics of a near meaning
_SHOWN = 3


def starters(
    catalog: Catalog, understands: Understands, *, declared: Sequence[str] = (), count: int = 6
) -> tuple[str, ...]:
    """Return questions to begin with: those declared for the asker, the catalog's own examples, then simple ones.

    Certified metrics come before others.
    """
    chosen = [each for each in dict.fromkeys(declared) if understands(each) is not None][:count]
    metrics = sorted(catalog.metrics.values(), key=lambda m: m.certified_by is None)
    for metric in metrics:
        for example in metric.examples[:1]:
            if len(chosen) < count and example.ask not in chosen and understands(example.ask) is not None:
                chosen.append(example.ask)
    for metric in metrics:
        if len(chosen) >= count:
            break
        if metric.deprecated or any(
            metric.name in (p.query.metrics if (p := understands(q)) else ()) for q in chosen
        ):
            continue
        query = _simple(metric, catalog)
        question = say_question(query, catalog)
        if question not in chosen and understands(question) is not None:
            chosen.append(question)
    return tuple(chosen)


def next_steps(
    query: MetricQuery, catalog: Catalog, accepts: Callable[[MetricQuery], bool], understands: Understands
) -> tuple[Option, ...]:
    """Return what one may ask next about an answer: another split, by month, against the year before."""
    if query.fold is not None or query.place is not None:
        return ()
    reach = reachable_together(catalog, query.metrics)
    plain = replace(query, order_by=(), top=None, totals=False)
    tries: list[tuple[str, MetricQuery]] = []
    if "time" in reach:
        grouped = any(g.startswith("time.") for g in query.group_by)
        if not grouped and not query.compare:
            tries.append(("By month", replace(plain, group_by=("time.month",))))
        if query.time and query.time.start and query.time.end and query.compare is None:
            tries.append(("Against the year before", replace(plain, compare=Compare(to="previous_year"))))
    for ref in splits(reach):
        if ref.query_name not in query.group_by and not any(f.field == ref.query_name for f in query.where):
            label = f"By {dimension_words(reach, ref.query_name)}"
            base = query.compare if query.contributions else None
            tries.append((label, replace(plain, group_by=(ref.query_name,), compare=base)))
        if len(tries) >= _SHOWN + 2:
            break
    options: list[Option] = []
    for label, wanted in tries:
        if len(options) >= _SHOWN:
            break
        question = say_question(wanted, catalog)
        if accepts(wanted) and _is_same(understands(question), wanted):
            options.append(Option(label=label, question=question))
    return tuple(options)


def nearest(
    words: str,
    catalog: Catalog,
    understands: Understands,
    near: Near | None = None,
    *,
    prefer: Iterable[str] = (),
    shape: MetricQuery | None = None,
) -> tuple[Option, ...]:
    """Return up to three answerable questions about the metrics nearest to some words.

    Args:
        near: finds metrics of a near meaning.
        prefer: metrics that were understood; they come first.
        shape: what else was understood, its period and its groups; kept where the metric has them.
    """
    found = [*prefer, *_by_words(words, catalog)]
    if len(found) < _SHOWN and near is not None:
        found += near(words)
    if not found:
        found = [m.name for m in sorted(catalog.metrics.values(), key=lambda m: m.certified_by is None)]
    options: list[Option] = []
    for name in dict.fromkeys(found):
        metric = catalog.metrics[name]
        if metric.deprecated or metric.kind in ("cumulative", "lifecycle"):
            continue
        for query in _simple_queries(metric, catalog, shape):
            question = say_question(query, catalog)
            plan = understands(question)
            if plan is not None and name in plan.query.metrics:
                options.append(Option(label=question, question=question))
                break
        if len(options) >= _SHOWN:
            break
    return tuple(options)


def describe_choice(queries: Sequence[MetricQuery], index: int, catalog: Catalog) -> str:
    """Return the words for a button that set one reading apart from the others."""
    query = queries[index]
    others = [q for i, q in enumerate(queries) if i != index]
    if any(q.metrics != query.metrics for q in others):
        label = " and ".join(catalog.metrics[m].label or m for m in query.metrics)
        return upper_first(label)
    if any(q.time != query.time for q in others) and query.time and query.time.start and query.time.end:
        return _days(query.time.start, query.time.end)
    if any(q.compare != query.compare for q in others) and query.compare:
        return {
            "previous_period": "Against the period before",
            "previous_year": "Against the year before",
            "constant_currency": "At constant currency",
        }.get(query.compare.to, f"Against {query.compare.to}")
    if any(q.currency != query.currency for q in others) and query.currency:
        return f"Converted to {query.currency}"
    reach = reachable_together(catalog, query.metrics)
    if any(q.group_by != query.group_by for q in others) and query.group_by:
        return "By " + " and ".join(dimension_words(reach, g) for g in query.group_by)
    if any(q.where != query.where for q in others):
        own = [f for f in query.where if not all(f in q.where for q in others)]
        if not own:
            return "Without that condition"
        return "; ".join(
            f"{upper_first(dimension_words(reach, f.field))} {', '.join(str(v) for v in f.values)}"
            for f in own
        )
    if any(q.top != query.top for q in others) and query.top:
        return f"For each {dimension_words(reach, query.top.per)}" if query.top.per else "Overall"
    return say_question(query, catalog)


def metrics_with_word(word: str, catalog: Catalog) -> list[Metric]:
    """Return the metrics whose name, label or synonyms hold all of some words, certified ones first."""
    tokens = phrase_tokens(word)
    forms = ({token.stem for token in tokens}, {derive(token.norm) for token in tokens})
    found = [
        metric
        for metric in catalog.metrics.values()
        if tokens
        and not metric.deprecated
        and any(wanted <= stems for wanted in forms for stems in _stems(metric))
    ]
    return sorted(found, key=lambda m: m.certified_by is None)


def _stems(metric: Metric) -> list[set[str]]:
    phrases = (metric.name.replace("_", " "), metric.label, *metric.synonyms)
    return [{token.stem for token in phrase_tokens(phrase)} for phrase in phrases if phrase]


def _days(start: dt.date, end: dt.date) -> str:
    from semantic.calendar import show_day

    return show_day(start) if start == end else f"{show_day(start)} to {show_day(end)}"


def _simple(metric: Metric, catalog: Catalog) -> MetricQuery:
    reach = reachable(catalog, metric.name)
    split = next(iter(splits(reach)), None)
    return MetricQuery(metrics=(metric.name,), group_by=(split.query_name,) if split else ())


def _simple_queries(metric: Metric, catalog: Catalog, shape: MetricQuery | None) -> Iterator[MetricQuery]:
    """The metric with what was understood beside it, then with less of it, then by itself."""
    plain = _simple(metric, catalog)
    if shape is not None:
        reach = reachable(catalog, metric.name)
        groups = tuple(name for name in shape.group_by if name.split(".")[0] == "time" or name in reach)
        dated = replace(plain, time=shape.time) if shape.time and "time" in reach else plain
        if groups:
            yield replace(dated, group_by=groups)
        if dated != plain:
            yield dated
    yield plain


def splits(reach: Mapping[str, DimensionRef]) -> list[DimensionRef]:
    """Return the categories that a metric is worth splitting by: few members first, as the catalog's hierarchy tells."""
    found: dict[str, DimensionRef] = {}
    for ref in reach.values():
        if ref.dimension.type in ("category", "flag"):
            found.setdefault(ref.query_name, ref)
    parents = {ref.dimension.parent for ref in found.values() if ref.dimension.parent}
    return sorted(
        found.values(), key=lambda r: (r.dimension.name not in parents, not r.dimension.values, len(r.path))
    )


def _is_same(plan: Plan | None, wanted: MetricQuery) -> bool:
    if plan is None:
        return False
    got = plan.query
    same_time = (got.time or TimeRange()) == (wanted.time or TimeRange()) or (
        got.time is not None
        and wanted.time is not None
        and (got.time.start, got.time.end) == (wanted.time.start, wanted.time.end)
    )
    return (
        same_time
        and got.metrics == wanted.metrics
        and got.group_by == wanted.group_by
        and set(got.where) == set(wanted.where)
        and got.compare == wanted.compare
    )


def _by_words(words: str, catalog: Catalog) -> list[str]:
    """Return the metrics that share words with a text, most words first; a misspelled word counts for its nearest."""
    stems: dict[str, set[str]] = {}
    for metric in catalog.metrics.values():
        for phrase in _stems(metric):
            for each in phrase:
                stems.setdefault(each, set()).add(metric.name)
    shared: dict[str, float] = {}
    for token in phrase_tokens(words):
        if token.norm in FILLER or len(token.norm) < 3:
            continue
        said = token.stem
        if said not in stems and len(said) >= 5:
            close = process.extractOne(said, list(stems), scorer=fuzz.ratio, score_cutoff=80)
            said = close[0] if close else said
        for name in stems.get(said, ()):
            shared[name] = shared.get(name, 0.0) + 1.0 / len(stems[said])  # a rare word says more
    certified = {m.name for m in catalog.metrics.values() if m.certified_by}
    return sorted(shared, key=lambda name: (-shared[name], name not in certified))
