"""Cover a question with items: catalog mentions, time phrases, operators of the language, numbers, filler.

Every token ends in exactly one item. Of the ways to cover a question the cheapest come first: long catalog phrases
before short ones, catalog words before filler, anything before an unknown word.
Layer: chatbot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from babel.numbers import list_currencies
from rapidfuzz import process
from rapidfuzz.distance import OSA

from chatbot.planner import language as lang
from chatbot.planner.lexicon import Lexicon, Meaning
from chatbot.planner.stems import stem
from chatbot.planner.timewords.span import TimeSpan
from chatbot.planner.timewords.vocabulary import DAYS_OF_WEEK, MONTH_NAMES, VAGUE
from chatbot.planner.tokens import Token
from semantic.reach import WEEKDAY

_LONGEST = 8
_CROSSED = frozenset({"&", ",", ".", "/", "+", "#"})
_UNITS = {"day": "day", "week": "week", "month": "month", "quarter": "quarter", "year": "year"}

UNKNOWN_COST = 6.0
_BEFORE_VALUE = frozenset({"the", "in", "from", "for", "within"})


@dataclass(frozen=True, kw_only=True)
class Item:
    """Some tokens of the question and what they may be."""

    first: int
    last: int
    text: str
    cost: float
    ops: tuple[tuple[str, object], ...] = ()  # (operator, its data)
    meanings: tuple[Meaning, ...] = ()
    time: TimeSpan | None = None
    number: Token | None = None
    literal: Token | None = None
    filler: bool = False
    punct: str = ""
    unknown: bool = False
    quoted: bool = False
    plural: bool = False

    def op(self, name: str) -> object | None:
        """The data of an operator that these words may be, or None."""
        return next((data for op, data in self.ops if op == name), None)

    def of_kind(self, *kinds: str) -> tuple[Meaning, ...]:
        return tuple(m for m in self.meanings if m.kind in kinds)


def _operators() -> dict[tuple[str, ...], list[tuple[str, object]]]:
    table: dict[tuple[str, ...], list[tuple[str, object]]] = {}

    def put(phrases: Iterable[tuple[str, ...]], op: str, data: object = True) -> None:
        for phrase in phrases:
            table.setdefault(phrase, []).append((op, data))

    put(lang.GROUP_WORDS, "group")
    for phrase, aggregate in lang.AGGREGATES.items():
        put([phrase], "aggregate", aggregate)
    for phrase, direction in lang.SUPERLATIVES.items():
        put([phrase], "superlative", direction)
    for phrase, symbol in lang.COMPARISONS.items():
        put([phrase], "comparison", symbol)
    for phrase, symbol in lang.AFTER_NUMBER.items():
        put([phrase], "after_number", symbol)
    put(lang.NEGATIONS, "negation")
    put(lang.CONTAINS, "contains", "contains")
    put(lang.STARTS, "contains", "starts_with")
    put(lang.MISSING, "missing", "is_null")
    put(lang.PRESENT, "missing", "not_null")
    for phrase, code in lang.CURRENCY_WORDS.items():
        put([phrase], "currency", code)
    put(lang.CONVERT, "convert")
    put(lang.VERSUS, "versus")
    put([("than",)], "versus", "than")
    put([("compare",), ("comparison", "of"), ("comparison", "between"), ("comparing",)], "compare")
    put(lang.TREND, "trend")
    put(lang.RUNNING, "running")
    put(lang.SHARE, "share")
    put([("ratio", "of"), ("ratio", "between")], "ratio")
    put([("ratio",)], "ratio_after")
    put([("minus",), ("less",)], "minus")
    put(lang.ASCENDING, "direction", "asc")
    put(lang.DESCENDING, "direction", "desc")
    put(lang.ORDER, "order")
    put([("between",)], "between")
    for phrase, word in lang.PLAN_AND_ACTUAL.items():
        put([phrase], "plan_and_actual", word)
    put(lang.WHY, "why")
    put(
        [
            ("weekday",),
            ("weekdays",),
            ("day", "of", "the", "week"),
            ("day", "of", "week"),
            ("days", "of", "the", "week"),
        ],
        "unit",
        WEEKDAY,
    )
    for phrase, symbol in lang.COMPARATIVES.items():
        put([phrase], "comparative", symbol)
    for phrase, said in lang.CHANGE_PHRASES.items():
        put([phrase], "change", said)
    put(lang.MORE_THAN, "more_than")
    for phrase, column in lang.CHANGE_MEASURES.items():
        put([phrase], "measure", column)
    put(
        [
            ("how", "is"),
            ("how", "are"),
            ("how", "was"),
            ("how", "do", "you"),
            ("how", "do", "we"),
            ("how", "did"),
            ("how", "does"),
            ("how", "has"),
            ("how", "have"),
            ("how", "were"),
        ],
        "how",
    )
    put(lang.PLAIN_VERBS, "how")
    put(lang.BRIDGE, "bridge")
    put(lang.CONSTANT_CURRENCY, "constant")
    for phrase, test in lang.STANDINGS.items():
        put([phrase], "standing", test)
    return table


_OPERATORS = _operators()
_COUNTS = {phrase for phrase, kind in lang.AGGREGATES.items() if kind in ("count", "distinct")}
_OPERATOR_LENGTH = max(len(p) for p in _OPERATORS)
_LANGUAGE_WORDS = sorted(
    {w for phrase in _OPERATORS for w in phrase if len(w) >= 5}
    | {"quarter", "quarterly", "month", "monthly", "months", "yearly", "annual", "weekly", "daily", "fiscal", "yesterday"}
    | {"calendar", "previous", "current", "today", "quarters", "years", "weeks", "trailing"}
    | {name for name in MONTH_NAMES if len(name) >= 5}
    | set(DAYS_OF_WEEK)
)  # fmt: skip


def correct_language(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[tuple[Token, ...], tuple[str, ...]]:
    """Return the tokens with misspelled words of the language put right, and what was put right."""
    out, notes = [], []
    for token in tokens:
        word = token.norm
        if (
            token.kind == "word"
            and token.quote is None
            and len(word) >= 5
            and word.isalpha()
            and not is_known(token, lexicon)
        ):
            allowed = 1 if len(word) < 8 else 2
            found = process.extract(word, _LANGUAGE_WORDS, scorer=OSA.distance, score_cutoff=allowed, limit=3)
            nearest = [w for w, d, _ in found if d == found[0][1] and w[0] == word[0]]
            business = lexicon.spellings(word)
            at_least_as_near = nearest and business and business[0][1] <= found[0][1]
            if len(nearest) == 1 and not (at_least_as_near and business[0][0] not in nearest):
                notes.append(f'"{token.text}" read as "{nearest[0]}"')
                token = replace(token, norm=nearest[0], stem=stem(nearest[0]))
        out.append(token)
    return tuple(out), tuple(notes)


_ISO_CODES = list_currencies()
_PLAIN_WORDS = (
    {w for phrase in _OPERATORS for w in phrase} | lang.FILLER | set(_LANGUAGE_WORDS) | set(_UNITS) | VAGUE
)


def is_known(token: Token, lexicon: Lexicon) -> bool:
    """Whether the language or the catalog has this word in some form."""
    return (
        token.norm in _PLAIN_WORDS
        or token.norm in lexicon.words
        or token.stem in lexicon.stems
        or token.stem in lang.CHANGE
        or token.stem in lang.VARIANCE
        or token.stem in lang.BEAT
        or token.stem in _UNITS
    )


def cover(
    tokens: Sequence[Token], spans: Sequence[TimeSpan], lexicon: Lexicon, *, keep: int = 8
) -> list[list[Item]]:
    """Return the cheapest ways to cover the tokens with items, best first, at most `keep`."""
    candidates: list[list[Item]] = [[] for _ in tokens]
    spans = [span for span in spans if not _is_business(tokens, span, lexicon)]
    for span in spans:
        candidates[span.first].append(_item(tokens, span.first, span.last, cost=0.8, time=span))
    in_time = {i for span in spans for i in range(span.first, span.last)}
    vague = {i for span in spans if span.kind == "vague" for i in range(span.first, span.last)}
    for item in _mentions(tokens, lexicon, in_time):
        candidates[item.first].append(item)
    for i in range(len(tokens)):
        candidates[i].extend(_plain_items(tokens, i, i in in_time))
    if vague:  # no other reading may step over a word that names no days
        for i, items in enumerate(candidates):
            candidates[i] = [e for e in items if e.time or not vague & set(range(e.first, e.last))]
    for i, items in enumerate(candidates):  # a dimension that is called so comes before the day of the week
        if any(each.meanings for each in items):
            candidates[i] = [each for each in items if each.op("unit") != WEEKDAY]
    best: list[list[tuple[float, tuple[Item, ...]]]] = [[] for _ in range(len(tokens) + 1)]
    best[0] = [(0.0, ())]
    for i in range(len(tokens)):
        best[i] = sorted(best[i], key=lambda entry: entry[0])[:keep]
        for cost, path in best[i]:
            for item in candidates[i]:
                best[item.last].append((cost + item.cost, (*path, item)))
    ranked = sorted(best[-1], key=lambda entry: entry[0])[:keep]
    return [list(path) for _, path in ranked]


def _is_business(tokens: Sequence[Token], span: TimeSpan, lexicon: Lexicon) -> bool:
    """Whether the catalog knows the words: a channel "Summer", a segment "weekends"."""
    if span.kind == "weekdays":
        named = [token for token in tokens[span.first : span.last] if token.norm in DAYS_OF_WEEK]
        return any(token.norm in lexicon.words or token.stem in lexicon.stems for token in named)
    return span.kind == "vague" and all(
        token.norm in lexicon.words or token.stem in lexicon.stems for token in tokens[span.first : span.last]
    )


def _item(tokens: Sequence[Token], first: int, last: int, *, cost: float, **rest: object) -> Item:
    text = " ".join(t.text for t in tokens[first:last])
    final = tokens[last - 1].norm
    plural = (final.endswith("s") and not final.endswith(("ss", "us", "is"))) or final in (
        "people",
        "children",
    )
    quoted = tokens[first].quote is not None
    return Item(first=first, last=last, text=text, cost=cost, plural=plural, quoted=quoted, **rest)  # type: ignore[arg-type]


def _mentions(tokens: Sequence[Token], lexicon: Lexicon, in_time: set[int]) -> list[Item]:
    """Every span that the catalog has a phrase for; words that none covers are tried in other forms."""
    options: list[list[tuple[str, float, str | None]]] = [[(t.stem, 0.0, None)] for t in tokens]
    found = list(_windows(tokens, options, lexicon))
    covered = {i for item in found for i in range(item.first, item.last)}
    again = False
    for i, token in enumerate(tokens):
        if i in covered or i in in_time or token.kind != "word" or token.quote is not None:
            continue
        if (
            token.norm in _PLAIN_WORDS
            or token.stem in lang.CHANGE
            or token.stem in lang.VARIANCE
            or token.stem in lang.BEAT
        ):
            continue
        others = lexicon.corrections(token, spelling=not is_known(token, lexicon))
        options[i] += others
        again = again or bool(others)
    return list(_windows(tokens, options, lexicon)) if again else found


def _windows(
    tokens: Sequence[Token], options: Sequence[Sequence[tuple[str, float, str | None]]], lexicon: Lexicon
) -> Iterable[Item]:
    for i, token in enumerate(tokens):
        if token.kind == "punct" or (token.norm in lang.ARTICLES and token.quote is None):
            continue
        for last, window, comma in _spans_from(tokens, i, skip=frozenset()):
            yield from _window_item(tokens, i, last, window, comma, options, lexicon, 0.0)
        if any(t.norm in lang.AUXILIARIES for t in tokens[i + 1 : i + 4]):
            for last, window, comma in _spans_from(tokens, i, skip=lang.AUXILIARIES):
                last_word = tokens[window[-1]].norm
                if len(window) > 1 and last_word not in lang.AUXILIARIES and last_word != "no":
                    yield from _window_item(tokens, i, last, window, comma, options, lexicon, 0.1)


def _spans_from(
    tokens: Sequence[Token], i: int, *, skip: frozenset[str]
) -> Iterable[tuple[int, list[int], bool]]:
    """Growing windows from `i`: (index after, indexes of the words that count, whether a comma was crossed)."""
    window: list[int] = []
    comma = False
    for j in range(i, min(len(tokens), i + 2 * _LONGEST)):
        here = tokens[j]
        if here.kind == "punct":
            if here.norm not in _CROSSED:
                return
            comma = comma or here.norm in (",", ".")
            continue
        if j > i and here.quote is None and (here.norm in lang.ARTICLES or here.norm in skip):
            continue
        window.append(j)
        if len(window) > _LONGEST:
            return
        yield j + 1, list(window), comma


def _window_item(
    tokens: Sequence[Token], first: int, last: int, window: Sequence[int], comma: bool,
    options: Sequence[Sequence[tuple[str, float, str | None]]], lexicon: Lexicon, extra: float,
) -> Iterable[Item]:  # fmt: skip
    part = [tokens[k] for k in window]
    meanings = _meanings(part, [options[k] for k in window], lexicon)
    if comma:
        meanings = [m for m in meanings if m.kind == "value"]
    before = tokens[first - 1].norm if first else ""
    meanings = [m for m in meanings if _is_fair(m, part, before)]
    if meanings:
        plain = all(t.norm in _PLAIN_WORDS for t in part)  # a value that is also a small word: "US"
        base = 0.2 if plain and all(m.kind == "value" for m in meanings) else 1.0
        least = min(m.cost for m in meanings)
        yield _item(tokens, first, last, cost=base + least + extra, meanings=_distinct(meanings))


def _meanings(
    part: Sequence[Token], options: Sequence[Sequence[tuple[str, float, str | None]]], lexicon: Lexicon
) -> list[Meaning]:
    found: list[Meaning] = []
    combos = list(product(*options)) if any(len(o) > 1 for o in options) else [tuple(o[0] for o in options)]
    for combo in combos[:16]:
        found.extend(lexicon.lookup(part, combo))
    if not found and len(part) <= 4:
        found.extend(lexicon.lookup_compact(part))
    if not found and len(part) == 1:
        found.extend(lexicon.lookup_acronym(part[0]))
    if not found and len(part) == 1 and part[0].kind == "word" and part[0].norm not in _PLAIN_WORDS:
        found.extend(lexicon.lookup_part(part[0]))
    return found


def _is_fair(meaning: Meaning, part: Sequence[Token], before: str) -> bool:
    """A stored value that is also a plain word ("IN", "May", "other", "1") needs a sign that the value is meant."""
    if meaning.kind != "value" or part[0].quote is not None:
        return True
    if all(t.kind == "number" for t in part):
        return False
    if all(t.norm in _PLAIN_WORDS or t.norm in MONTH_NAMES for t in part):
        text = " ".join(t.text for t in part)
        if text.isupper() and len(text) > 1:
            return True
        named = text == str(meaning.value) and text[:1].isupper() and part[0].start > 0
        return named or (before in _BEFORE_VALUE and not any(t.norm in MONTH_NAMES for t in part))
    return True


def _distinct(meanings: Iterable[Meaning]) -> tuple[Meaning, ...]:
    best: dict[tuple[object, ...], Meaning] = {}
    for meaning in meanings:
        key = (*meaning.key, meaning.needs)
        if key not in best or meaning.cost < best[key].cost:
            best[key] = meaning
    return tuple(sorted(best.values(), key=lambda m: m.cost))


def _begins_operator(norms: Sequence[str]) -> bool:
    """Whether these words are an operator of the language: it may not pass for filler ("number of regions")."""
    return (norms[0],) in _OPERATORS or tuple(norms[:2]) in _COUNTS


def _plain_items(tokens: Sequence[Token], i: int, in_time: bool) -> Iterable[Item]:
    token = tokens[i]
    norms = [t.norm for t in tokens[i : i + _OPERATOR_LENGTH]]
    for size in range(len(norms), 0, -1):
        ops = _OPERATORS.get(tuple(norms[:size]))
        if ops:
            yield _item(tokens, i, i + size, cost=0.5, ops=tuple(ops))
    if token.norm == "%":  # what it is a part of was not understood: it may not be passed over
        yield _item(tokens, i, i + 1, cost=UNKNOWN_COST, unknown=True)
        return
    if token.kind == "punct" and (token.norm,) not in _OPERATORS:
        yield _item(tokens, i, i + 1, cost=0.05, punct=token.norm)
        return
    if i and tokens[i - 1].norm in ("in", "to") and token.text in _ISO_CODES and token.quote is None:
        yield _item(tokens, i, i + 1, cost=1.1, ops=(("currency", token.text),))
    if token.kind == "number" or token.number is not None:
        yield _item(tokens, i, i + 1, cost=0.5, number=token)
    if token.stem in lang.CHANGE:
        yield _item(tokens, i, i + 1, cost=0.6, ops=(("change", token.stem),))
    if token.stem in lang.VARIANCE:
        yield _item(tokens, i, i + 1, cost=0.6, ops=(("variance", True),))
    if token.stem in lang.BEAT:
        yield _item(tokens, i, i + 1, cost=0.7, ops=(("beat", True),))
    if token.stem in _UNITS:
        yield _item(tokens, i, i + 1, cost=0.9, ops=(("unit", _UNITS[token.stem]),))
    if token.quote is not None:
        last = i
        while last < len(tokens) and tokens[last].quote == token.quote:
            last += 1
        if i == 0 or tokens[i - 1].quote != token.quote:
            yield _item(tokens, i, last, cost=UNKNOWN_COST, unknown=True)
    if token.norm in lang.ARTICLES:
        yield _item(tokens, i, i + 1, cost=0.05, filler=True)
    elif (
        token.norm in lang.FILLER
        and token.quote is None
        and not _begins_operator(norms)
        and (
            token.norm not in lang.VERB_AFTER or (i > 0 and tokens[i - 1].norm in lang.VERB_AFTER[token.norm])
        )
    ):
        cost = 1.0 if in_time else 0.6 if token.norm in lang.SOFT else 0.3
        yield _item(tokens, i, i + 1, cost=cost, filler=True)
    elif token.kind != "number":
        yield _item(tokens, i, i + 1, cost=UNKNOWN_COST, unknown=True)
