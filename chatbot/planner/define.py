"""Questions about the catalog itself: how a metric is computed, what a word means, who owns it, what can be asked.

Answered from definitions, never from data.
Layer: chatbot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.planner.language import ARTICLES, FILLER
from chatbot.planner.lexicon import Lexicon, Meaning
from chatbot.planner.say import dimension_words, list_words, lower_first
from chatbot.planner.tokens import Token
from semantic.model import Catalog, Metric
from semantic.reach import reachable

_COMPUTED = {"computed", "calculated", "defined", "measured", "derived", "determined", "worked"}
_HELP = (
    ("what", "can", "i", "ask"), ("what", "can", "you", "answer"), ("what", "can", "you", "do"), ("help",),
    ("what", "metrics"), ("which", "metrics"), ("list", "metrics"), ("show", "metrics"), ("what", "can", "you", "tell", "me"),
    ("what", "data"), ("which", "data"), ("what", "figures"), ("which", "figures"), ("what", "kpis"), ("which", "kpis"), ("list", "kpis"),
    ("what", "information"), ("what", "do", "you", "know"), ("what", "can", "we", "ask"), ("list", "all", "metrics"), ("show", "all", "metrics"), ("what", "questions", "can", "i", "ask"), ("available", "metrics"),
)  # fmt: skip
_SPLITTING = frozenset(
    {
        "can",
        "i",
        "we",
        "use",
        "with",
        "for",
        "of",
        "split",
        "break",
        "down",
        "up",
        "slice",
        "group",
        "filter",
        "by",
        "are",
        "there",
        "does",
        "have",
    }
)
_ENDINGS = {
    "are",
    "there",
    "available",
    "do",
    "you",
    "have",
    "know",
    "me",
    "please",
    "exist",
    "here",
    "about",
    "the",
    "with",
}


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What the catalog says; `metric` where it is about one."""

    text: str
    interpretation: str
    metric: Metric | None = None
    is_help: bool = False


def find_definition(tokens: Sequence[Token], catalog: Catalog, lexicon: Lexicon) -> Definition | None:
    """Return the catalog's answer where the question is about definitions, else None."""
    words = [t for t in tokens if t.kind == "word"]
    norms = tuple(t.norm for t in words)
    if _is_help(norms):
        names = [lower_first(m.label or m.name) for m in catalog.metrics.values() if not m.deprecated]
        shown = list_words(names[:40])
        more = f", and {len(names) - 40} more" if len(names) > 40 else ""
        return Definition(
            text=f"These figures can be asked for: {shown}{more}.",
            interpretation="What can be asked",
            is_help=True,
        )
    if (split := _split_of(norms, words, catalog, lexicon)) is not None:
        return split
    found = _subject(norms, words)
    if found is None:
        return None
    kind, subject = found
    meanings = _meanings(subject, lexicon)
    metrics = list(
        dict.fromkeys(m.metric for m in meanings if m.kind == "metric" and m.metric and not m.needs)
    )
    if len(metrics) == 1:
        return _of_metric(kind, catalog.metrics[metrics[0]])
    dimensions = [
        m for m in meanings if m.kind == "dimension" and not m.verb and not m.tail and m.model and m.name
    ]
    if not metrics and dimensions and kind != "owner":
        dimension = catalog.models[dimensions[0].model or ""].dimensions[dimensions[0].name or ""]
        label = dimension.label or dimension.name.replace("_", " ")
        said = dimension.description or f"A {dimension.type} of {dimension.model.replace('_', ' ')}."
        return Definition(text=f"{label}: {said}", interpretation=f"What {lower_first(label)} means")
    return None


def _of_metric(kind: str, metric: Metric) -> Definition:
    label = metric.label or metric.name.replace("_", " ")
    if kind == "owner":
        owner = metric.owner or "nobody in particular"
        certified = f" It is certified by {metric.certified_by}." if metric.certified_by else ""
        return Definition(
            text=f"{label} is owned by {owner}.{certified}",
            interpretation=f"Who owns {lower_first(label)}",
            metric=metric,
        )
    parts = [f"{label}: {metric.description.strip()}" if metric.description else f"{label}."]
    if metric.definition_words:
        parts.append(f"It is computed as {metric.definition_words.strip().rstrip('.')}.")
    if metric.owner:
        parts.append(f"Owner: {metric.owner}.")
    return Definition(
        text=" ".join(parts), interpretation=f"How {lower_first(label)} is defined", metric=metric
    )


def _split_of(
    norms: tuple[str, ...], words: Sequence[Token], catalog: Catalog, lexicon: Lexicon
) -> Definition | None:
    """ "Which dimensions can I use for revenue", "how can I split revenue": what a figure can be split by."""
    asks = norms[:2] in (("which", "dimensions"), ("what", "dimensions")) or (
        norms[:3] in (("how", "can", "i"), ("how", "can", "we"), ("what", "can", "i"), ("what", "can", "we"))
        and bool({"split", "break", "slice", "group", "filter"} & set(norms))
    )
    if not asks:
        return None
    kept = [token for token in words[2:] if token.norm not in _SPLITTING]
    metrics = list(
        dict.fromkeys(m.metric for m in _meanings(kept, lexicon) if m.kind == "metric" and m.metric)
    )
    if len(metrics) != 1:
        return None
    metric = catalog.metrics[metrics[0]]
    names = reachable(catalog, metric.name)
    shown = [
        dimension_words(names, name)
        for name, ref in names.items()
        if name == ref.query_name and ref.dimension.type != "identifier"
    ]
    label = metric.label or metric.name.replace("_", " ")
    listed = list_words(list(dict.fromkeys(shown))[:40])
    return Definition(
        text=f"{label} can be split and limited by {listed}.",
        interpretation=f"What {lower_first(label)} can be split by",
        metric=metric,
    )


def _is_help(norms: tuple[str, ...]) -> bool:
    for phrase in _HELP:
        if norms[: len(phrase)] == phrase and set(norms[len(phrase) :]) <= _ENDINGS | ARTICLES:
            return True
    return False


def _subject(norms: tuple[str, ...], words: Sequence[Token]) -> tuple[str, Sequence[Token]] | None:
    """What kind of definition is asked, and the words of the thing."""
    if not norms:
        return None
    if norms[0] == "how" and len(norms) > 2:
        last = next((i for i, w in enumerate(norms) if w in _COMPUTED), None)
        if last is not None and norms[1] in ("is", "are", "was", "were"):
            return "meaning", words[2:last]
        if (
            last is None
            and norms[1] in ("do", "does")
            and any(w in ("compute", "calculate", "define", "measure") for w in norms)
        ):
            verb = next(i for i, w in enumerate(norms) if w in ("compute", "calculate", "define", "measure"))
            return "meaning", words[verb + 1 :]
    if norms[:2] == ("what", "does") and norms[-1] in ("mean", "include", "contain", "stand"):
        return "meaning", words[2:-1]
    if norms[:2] == ("what", "does") and norms[-2:] == ("stand", "for"):
        return "meaning", words[2:-2]
    if (
        norms[0] in ("define", "definition")
        or norms[:4] == ("what", "is", "the", "definition")
        or norms[:4] == ("what", "is", "the", "meaning")
        or norms[:4] == ("what", "is", "the", "formula")
    ):
        at = norms.index("of") + 1 if "of" in norms else norms.index("for") + 1 if "for" in norms else 1
        return "meaning", words[at:]
    if norms[:2] == ("what", "is") and norms[2:4] == ("meant", "by"):
        return "meaning", words[4:]
    if norms[0] in ("explain", "describe") and len(norms) > 1:
        return "meaning", words[1:]
    if norms[:2] in (("who", "owns"), ("who", "certified"), ("who", "maintains")):
        return "owner", words[2:]
    if (
        norms[:3] == ("who", "is", "responsible")
        or norms[:4] == ("who", "is", "the", "owner")
        or norms[:2] == ("owner", "of")
    ):
        at = max((i for i, w in enumerate(norms) if w in ("for", "of")), default=2) + 1
        return "owner", words[at:]
    return None


def _meanings(subject: Sequence[Token], lexicon: Lexicon) -> list[Meaning]:
    kept = [t for t in subject if t.norm not in ARTICLES]
    while kept and kept[-1].norm in FILLER | {"metric", "kpi", "measure", "metrics"}:
        kept.pop()
    while kept and kept[0].norm in ("metric", "kpi", "measure", "term", "word"):
        kept.pop(0)
    if not kept:
        return []
    found = list(lexicon.lookup(kept)) or list(lexicon.lookup_compact(kept))
    least = min((m.cost for m in found), default=0.0)
    return [m for m in found if m.cost <= least + 0.04]
