"""Every phrase that a catalog gives to its metrics, dimensions, values, segments and models, indexed by stems.

Looking up a span of tokens gives `Meaning`s with a cost: 0 as the catalog writes it, more for inflection, spelling,
abbreviation and for a shortened name. Nothing is chosen here.
Layer: chatbot. Imports the catalog's types.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from chatbot.planner.language import (
    ABBREVIATIONS,
    AGGREGATES,
    ARTICLES,
    EXTREMES,
    FILLER,
    NAME_WORDS,
    SCENARIO_WORDS,
    TIME_NOUNS,
    TRUE_VALUES,
    VERB_NOUNS,
)
from chatbot.planner.spelling import Spelling
from chatbot.planner.stems import derive, stem
from chatbot.planner.stored import LONGEST, StoredValues
from chatbot.planner.tokens import Token, phrase_tokens
from semantic.model import Catalog, Dimension, Metric, Model
from semantic.query import Scalar

MeaningKind = Literal["metric", "dimension", "value", "segment", "entity", "scenario"]
Stems = tuple[str, ...]

_MOST_PARTS = 5  # a word that is a part of more values than this tells none of them apart
_NUMBER_WORDS = frozenset({"no", "nr", "number"})  # alone they deny or count
_NATURAL = {"sum": "sum", "count": "count", "count_distinct": "count", "average": "average", "min": "min",
            "max": "max", "median": "median"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """One thing that a span of words may stand for."""

    kind: MeaningKind
    metric: str | None = None
    needs: str | None = (
        None  # the aggregate word that must stand beside it: "average", "min", "max", "median"
    )
    model: str | None = None
    name: str | None = None  # of a dimension, segment or scenario
    role: str | None = None  # the join's alias, where words of the role were used
    value: Scalar = None
    verb: bool = False  # "joined" for a join date: only with a time beside it
    tail: bool = False  # "name" for "customer name": only where the customer is spoken of
    cost: float = 0.0
    note: str | None = None  # what was assumed to read it so
    unsure: bool = False  # an acronym, a shortened name: to be confirmed, unless said in full elsewhere
    acts: bool = False  # a count of things by what they did: only where the doing is spoken of

    @property
    def key(self) -> tuple[object, ...]:
        """What it stands for, whatever the words were."""
        return (self.kind, self.metric, self.model, self.name, self.value, self.role, self.verb)


@dataclass(frozen=True)
class _Entry:
    meaning: Meaning
    norms: Stems


@dataclass
class Lexicon:
    """The index of one catalog and its values. Build with `build_lexicon`."""

    entries: dict[Stems, list[_Entry]] = field(default_factory=lambda: defaultdict(list))
    compact: dict[str, set[Stems]] = field(default_factory=lambda: defaultdict(set))
    words: dict[str, str] = field(default_factory=dict)  # a form as written -> its stem
    derived: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stems: set[str] = field(default_factory=set)
    as_written: set[str] = field(default_factory=set)  # words that no other word is corrected to
    stored: StoredValues = field(default_factory=StoredValues)
    acronyms: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    spelling: Spelling = field(default_factory=lambda: Spelling(()))

    def add(self, phrase: str, meaning: Meaning) -> None:
        """Index one phrase, and its "X of Y" or "Y X" twin."""
        tokens = tuple(t for t in phrase_tokens(phrase) if t.norm not in ARTICLES)
        if tokens:
            self.add_tokens(tokens, meaning)

    def add_tokens(self, tokens: Sequence[Token], meaning: Meaning, *, twin: bool = True) -> None:
        if not tokens or len(tokens) > LONGEST:
            return
        stems, norms = tuple(t.stem for t in tokens), tuple(t.norm for t in tokens)
        known = self.entries[stems]
        if any(
            e.meaning.key == meaning.key
            and e.meaning.cost <= meaning.cost
            and e.meaning.needs == meaning.needs
            for e in known
        ):
            return
        known.append(_Entry(meaning, norms))
        self.compact["".join(stems)].add(stems)
        self.compact["".join(norms)].add(stems)
        self.stems.update(stems)
        for token in tokens:
            if token.kind == "word":
                self._add_word(token.norm, token.stem)
        if twin and meaning.kind != "value":
            self._add_twin(tokens, meaning)

    def add_stored(self, owner: tuple[str, str], values: Iterable[Scalar], *, is_whole: bool = True) -> None:
        """Index the stored values of a dimension, given as (model, dimension).

        Of a dimension whose values are not all here, a value is found as it is written only: what is near it, or a
        part of it, may be another one that was left out.
        """
        for found in self.stored.add(owner, values, by_part=is_whole):
            self.stems.update(found.stems)
            for norm, its_stem, is_word in zip(found.norms, found.stems, found.words, strict=True):
                if is_word:
                    self._add_word(norm, its_stem, is_near=is_whole)

    def _add_word(self, norm: str, its_stem: str, *, is_near: bool = True) -> None:
        if norm not in self.words:
            self.words[norm] = its_stem
            if not is_near:
                self.as_written.add(norm)
                return
        elif not is_near or norm not in self.as_written:
            return
        self.as_written.discard(norm)
        known = self.derived.get(root := derive(norm), ())
        if its_stem not in known:
            self.derived[root] = (*known, its_stem)

    def add_acronym(self, tokens: Sequence[Token], meaning: Meaning) -> None:
        """Index the initials of a phrase; they stand to be confirmed."""
        initials = "".join(t.norm[0] for t in tokens if t.norm not in ("of", "and", "to", "in", "by", "for"))
        if len(initials) >= 3:
            self.acronyms[initials].add(meaning.metric or "")
            self.acronyms[f"t{initials}"].add(meaning.metric or "")

    def lookup_acronym(self, token: Token) -> Iterator[Meaning]:
        """Yield the one metric whose initials an upper-case word gives."""
        named = self.acronyms.get(token.norm, set())
        if token.text.isupper() and len(named) == 1:
            (metric,) = named
            yield Meaning(kind="metric", metric=metric, unsure=True, cost=0.6)

    def lookup_part(self, token: Token) -> Iterator[Meaning]:
        """Yield the stored values that a rare word is a part of ("Nordwind" of "Nordwind GmbH"), to be confirmed."""
        if len(token.norm) >= 3:
            for owner, value in self.stored.with_word(token.norm, most=_MOST_PARTS):
                yield _stored(owner, value, cost=0.7, unsure=True)

    def _add_twin(self, tokens: Sequence[Token], meaning: Meaning) -> None:
        norms = [t.norm for t in tokens]
        if "of" in norms[1:-1]:
            at = norms.index("of", 1)
            self.add_tokens(
                (*tokens[at + 1 :], *tokens[:at]), replace(meaning, cost=meaning.cost + 0.1), twin=False
            )
        elif 2 <= len(tokens) <= 4 and tokens[-1].norm not in FILLER:
            if len(tokens) == 2 and meaning.kind == "metric":
                self.add_tokens(tokens[::-1], replace(meaning, cost=meaning.cost + 0.15), twin=False)
            of = Token(text="of", norm="of", stem="of")
            for cut in range(1, len(tokens)):
                self.add_tokens(
                    (*tokens[cut:], of, *tokens[:cut]), replace(meaning, cost=meaning.cost + 0.1), twin=False
                )

    def finish(self) -> None:
        """Put the stored values in order, and take in the words that spelling is corrected against."""
        self.stored.finish()
        never = FILLER | self.as_written
        self.spelling = Spelling(w for w in self.words if len(w) > 3 and w not in never)

    def lookup(
        self, tokens: Sequence[Token], stems: Sequence[tuple[str, float, str | None]] | None = None
    ) -> Iterator[Meaning]:
        """Yield what the tokens stand for; `stems` are corrected stems with what each correction costs."""
        chosen = stems or [(t.stem, 0.0, None) for t in tokens]
        key = tuple(s for s, _, _ in chosen)
        extra = sum(cost for _, cost, _ in chosen)
        note = next((n for _, _, n in chosen if n), None)
        norms = tuple(t.norm for t in tokens)
        for entry in self.entries.get(key, ()):
            bent = 0.06 if entry.meaning.kind == "value" else 0.02  # a name is meant as it is written
            inflected = 0.0 if entry.norms == norms or extra else bent
            yield replace(
                entry.meaning, cost=entry.meaning.cost + inflected + extra, note=note or entry.meaning.note
            )
        for owner, value, found in self.stored.of_stems(key):
            yield _stored(
                owner, value, cost=extra + (0.0 if found.norms == norms or extra else 0.06), note=note
            )

    def lookup_compact(self, tokens: Sequence[Token]) -> Iterator[Meaning]:
        """Yield what the tokens stand for when written as one word, or one word as several."""
        for joined in {"".join(t.norm for t in tokens), "".join(t.stem for t in tokens)}:
            for key in self.compact.get(joined, ()):
                if key == tuple(t.stem for t in tokens):
                    continue
                for entry in self.entries[key]:
                    yield replace(entry.meaning, cost=entry.meaning.cost + 0.15)
            for owner, value, found in self.stored.joined(joined):
                if found.stems != tuple(t.stem for t in tokens):
                    yield _stored(owner, value, cost=0.15)

    def corrections(self, token: Token, *, spelling: bool = True) -> list[tuple[str, float, str | None]]:
        """Return the stems that a word may be meant for: abbreviation, another part of speech, spelling."""
        word = token.norm
        nouns = [n for n in VERB_NOUNS.get(token.stem, ()) if stem(n) in self.stems]
        if nouns:
            return [(stem(n), 0.3, f'"{token.text}" read as "{self._written(stem(n))}"') for n in nouns[:1]]
        full = ABBREVIATIONS.get(word)
        if full and stem(full) in self.stems:
            return [(stem(full), 0.2, f'"{token.text}" read as "{full}"')]
        related = {s for s in self.derived.get(derive(word), ()) if s != token.stem}
        if related and len(derive(word)) >= 4:
            return [(s, 0.3, f'"{token.text}" read as "{self._written(s)}"') for s in sorted(related)]
        return [
            (self.words[w], 0.5 + 0.2 * d, f'"{token.text}" read as "{w}"') for w, d in self.spellings(word)
        ]

    def spellings(self, word: str) -> list[tuple[str, int]]:
        """Return the known words nearest to one that is not known, with their edit distance; only the nearest."""
        near = self.spelling.near(word)
        return [(w, d) for w, d in near if w[0] == word[0] or w[1:2] == word[:1]]

    def _written(self, wanted: str) -> str:
        return next((w for w, s in self.words.items() if s == wanted), wanted)


def build_lexicon(
    catalog: Catalog,
    values: Mapping[tuple[str, str], Iterable[Scalar]],
    *,
    partial: Collection[tuple[str, str]] = (),
) -> Lexicon:
    """Return the index of a catalog and the stored values of its dimensions.

    Args:
        values: (model, dimension) -> distinct values that the viewer may see.
        partial: the dimensions whose `values` are not all of them.
    """
    lexicon = Lexicon()
    for metric in catalog.metrics.values():
        if not metric.deprecated:
            _add_metric(lexicon, metric, catalog)
    for model in catalog.models.values():
        _add_model(lexicon, model, catalog)
    for model in catalog.models.values():
        for dimension in model.dimensions.values():
            if not dimension.hidden:
                key = (model.name, dimension.name)
                _add_values(lexicon, dimension, values.get(key, ()), is_whole=key not in partial)
    lexicon.finish()
    return lexicon


def natural_aggregate(metric: Metric) -> str | None:
    """Return the aggregate that a metric is, as askers name it; None for ratios and formulas."""
    return _NATURAL.get(metric.agg or "") if metric.kind == "aggregate" else None


def words_of(name: str) -> str:
    """Return a catalog name as words."""
    return name.replace("_", " ").strip()


def split_aggregate(tokens: Sequence[Token]) -> tuple[str | None, tuple[Token, ...]]:
    """Return the aggregate that a phrase names at its edge, and the rest.

    "average order value" -> average, order value; "customer count" -> count, customer.
    """
    norms = tuple(t.norm for t in tokens)
    for size in (4, 3, 2, 1):
        head = norms[:size]
        named = AGGREGATES.get(head) or (EXTREMES.get(head[0]) if size == 1 else None)
        if named and len(tokens) > size:
            inner = (
                split_aggregate(tokens[size:])
                if named in ("count", "distinct", "sum")
                else (None, tokens[size:])
            )
            return inner[0] if inner[0] in ("average", "min", "max", "median") else named, tuple(inner[1])
    if len(tokens) > 1 and norms[-1] in (
        "count",
        "average",
        "avg",
        "mean",
        "median",
        "minimum",
        "maximum",
        "min",
        "max",
    ):
        return AGGREGATES[(norms[-1],)], tuple(tokens[:-1])
    return None, tuple(tokens)


def _phrases(name: str, label: str, synonyms: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(p for p in (words_of(name), label, *synonyms) if p))


def _add_metric(lexicon: Lexicon, metric: Metric, catalog: Catalog) -> None:
    natural = natural_aggregate(metric)
    for phrase in _phrases(metric.name, metric.label, metric.synonyms):
        full = Meaning(kind="metric", metric=metric.name)
        lexicon.add(phrase, full)
        tokens = tuple(t for t in phrase_tokens(phrase) if t.norm not in ARTICLES)
        lexicon.add_acronym(tokens, full)
        named, core = split_aggregate(tokens)
        if named is None or not core:
            bare = [t for t in tokens if t.norm not in ("percent", "pct", "percentage", "rate", "ratio")]
            if bare and len(bare) < len(tokens) and metric.unit == "percent" and len(bare) > 1:
                lexicon.add_tokens(bare, replace(full, cost=0.1))
            continue
        if named in ("sum", "count", "distinct"):
            if natural in (None, "sum", "count"):
                lexicon.add_tokens(core, replace(full, cost=0.05))
        else:
            lexicon.add_tokens(core, replace(full, needs=named, cost=0.05))
    for scenario in metric.plan:
        for word in dict.fromkeys((words_of(scenario), *SCENARIO_WORDS.get(scenario, ()))):
            lexicon.add(
                word, Meaning(kind="scenario", name=scenario, cost=0.0 if word == words_of(scenario) else 0.1)
            )


def nouns_of(model: Model) -> list[str]:
    """Return what people call the things that are a model's rows."""
    return _phrases(model.name, model.label, model.synonyms)


def _add_model(lexicon: Lexicon, model: Model, catalog: Catalog) -> None:
    nouns = nouns_of(model)
    for noun in nouns:
        lexicon.add(noun, Meaning(kind="entity", model=model.name))
    for dimension in model.dimensions.values():
        if not dimension.hidden:
            _add_dimension(lexicon, model, dimension, nouns, None)
    for segment in model.segments.values():
        if segment.hidden:
            continue
        for phrase in _phrases(segment.name, segment.label, segment.synonyms):
            lexicon.add(phrase, Meaning(kind="segment", model=model.name, name=segment.name))
    for join in model.joins.values():
        target = catalog.models.get(join.to)
        if target is None or (join.alias == join.to and not join.label and not join.synonyms):
            continue
        role_nouns = _phrases(join.alias, join.label, join.synonyms)
        for noun in role_nouns:
            lexicon.add(noun, Meaning(kind="entity", model=target.name, role=join.alias))
        for dimension in target.dimensions.values():
            if not dimension.hidden:
                _add_dimension(lexicon, target, dimension, role_nouns, join.alias)


def _add_dimension(
    lexicon: Lexicon, model: Model, dimension: Dimension, nouns: Sequence[str], role: str | None
) -> None:
    meaning = Meaning(kind="dimension", model=model.name, name=dimension.name, role=role)
    noun_tokens = [tuple(t for t in phrase_tokens(noun) if t.norm not in ARTICLES) for noun in nouns]
    for phrase in _phrases(dimension.name, dimension.label, dimension.synonyms):
        tokens = tuple(t for t in phrase_tokens(phrase) if t.norm not in ARTICLES)
        if not tokens:
            continue
        if role is None:
            lexicon.add_tokens(tokens, meaning)
            if (
                dimension.type in ("category", "identifier")
                and tokens[-1].stem not in NAME_WORDS
                and tokens[-1].norm not in ("id", "code", "number")
            ):
                name = phrase_tokens("name")
                lexicon.add_tokens((*tokens, *name), replace(meaning, cost=0.1))
        for noun in noun_tokens:
            heads = {t.stem for t in noun}
            if dimension.type == "time" and tokens[0].norm.endswith("ed"):
                continue  # "shipments delivered" is no name of a date: the verb is read for itself
            if not heads <= {t.stem for t in tokens}:
                lexicon.add_tokens((*noun, *tokens), replace(meaning, cost=0.02))
            elif (
                role is None
                and len(tokens) > len(noun)
                and tuple(t.stem for t in tokens[: len(noun)]) == tuple(t.stem for t in noun)
                and not {t.norm for t in tokens[len(noun) :]} <= _NUMBER_WORDS
            ):
                lexicon.add_tokens(tokens[len(noun) :], replace(meaning, tail=True, cost=0.3))
        if dimension.type == "time":
            core = tuple(t for t in tokens if t.stem not in TIME_NOUNS)
            if (core and len(core) < len(tokens)) or (len(tokens) == 1 and tokens[0].norm.endswith("ed")):
                lexicon.add_tokens(core, replace(meaning, verb=True, cost=0.1))


def _add_flag(lexicon: Lexicon, dimension: Dimension, distinct: Iterable[Scalar]) -> None:
    """ "is_active": the word "active" means the value that says yes, however it is stored."""
    stored = {str(value).lower(): value for value in distinct if value is not None}
    yes = next((value for text, value in stored.items() if text in TRUE_VALUES), True)
    for phrase in _phrases(dimension.name, dimension.label, dimension.synonyms):
        tokens = phrase_tokens(phrase)
        bare = tokens[1:] if tokens and tokens[0].norm in ("is", "has", "was") else tokens
        meaning = Meaning(kind="value", model=dimension.model, name=dimension.name, value=yes, cost=0.05)
        lexicon.add_tokens(bare, meaning)


def _add_values(
    lexicon: Lexicon, dimension: Dimension, distinct: Iterable[Scalar], *, is_whole: bool
) -> None:
    if dimension.type == "flag":
        _add_flag(lexicon, dimension, distinct)
        return
    lexicon.add_stored(
        (dimension.model, dimension.name),
        (value for value in distinct if value is not None and not isinstance(value, bool)),
        is_whole=is_whole,
    )
    base = Meaning(kind="value", model=dimension.model, name=dimension.name)
    for value, synonyms in dimension.values.items():
        for synonym in (value, *synonyms):
            lexicon.add(synonym, replace(base, value=value))


def _stored(owner: tuple[str, str], value: Scalar, *, cost: float, **more: Any) -> Meaning:
    return Meaning(kind="value", model=owner[0], name=owner[1], value=value, cost=cost, **more)
