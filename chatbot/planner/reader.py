"""Read items left to right into a `Draft`: what is asked, with every choice that the words leave open.

The reader knows how sentences are built (lists, "by", "top 5", "more than", "compared with"); what a word of the
business means stays a set of meanings until `resolve` has seen all of the question. A word that found no part in the
reading is kept in `unknown` or `unsupported`: the plan is then not used.
Layer: chatbot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from chatbot.planner.language import EXTREMES
from chatbot.planner.lexicon import Meaning, natural_aggregate
from chatbot.planner.spans import Item
from chatbot.planner.timephrases import TimeSpan
from semantic.model import Catalog
from semantic.query import Scalar

_LINKS = frozenset({"and", "or"})
_RELATIVE = frozenset({"who", "that", "which", "whose"})
_PREPOSITIONS = frozenset(
    {"for", "from", "of", "in", "on", "with", "by", "among", "within", "to", "who", "that", "which"}
)
_WH = frozenset({"which", "who", "what", "whose"})
_PARTICIPLES = frozenset({"made", "placed", "done", "occurred", "used"})
_GROUP_FIRST = frozenset(
    {"top", "bottom", "best", "worst", "leading", "largest", "biggest", "smallest", "weakest", "strongest"}
)


@dataclass
class MetricSlot:
    """A number that is asked for; `choices` are the metrics that the words may mean."""

    choices: tuple[Meaning, ...]
    text: str
    shown: bool = True
    things: tuple[Meaning, ...] = ()  # what else the words may be: things to list
    counted: bool = False  # "how many …"
    plural: bool = False


@dataclass
class GroupSlot:
    """Something to group by: a dimension, the things of a model, or a grain of time."""

    text: str
    choices: tuple[Meaning, ...] = ()
    grain: str | None = None
    calendar: str | None = None
    each: bool = False  # introduced by "each" or "per"
    ranked: bool = False  # what "top 5" counts
    focus: bool = False  # "which region …"
    plural: bool = False


@dataclass
class FilterSlot:
    """A condition. `choices` are the dimensions (or values of dimensions) it may be on; None: perhaps no condition."""

    text: str
    choices: list[tuple[Meaning, ...]]  # one entry a value
    op: str = "in"
    values: tuple[Scalar, ...] = ()  # of conditions that name their value themselves
    optional: bool = False  # the words may just as well be context
    beside: bool = False  # "EMEA vs APAC": show them side by side
    unsure: bool = False  # "in USD" may ask for a conversion


@dataclass
class HavingSlot:
    choices: tuple[Meaning, ...]
    op: str
    values: tuple[Scalar, ...]
    text: str


@dataclass
class TimeFilter:
    choices: tuple[Meaning, ...]
    span: TimeSpan
    text: str


@dataclass
class Draft:
    """All that was read, nothing resolved."""

    metrics: list[MetricSlot] = field(default_factory=list)
    groups: list[GroupSlot] = field(default_factory=list)
    filters: list[FilterSlot] = field(default_factory=list)
    having: list[HavingSlot] = field(default_factory=list)
    time_filters: list[TimeFilter] = field(default_factory=list)
    contexts: list[tuple[Item, tuple[Meaning, ...]]] = field(default_factory=list)
    bare: list[GroupSlot] = field(default_factory=list)
    tails: list[GroupSlot] = field(default_factory=list)
    times: list[TimeSpan] = field(default_factory=list)
    base: TimeSpan | None = None
    compare: str | None = None
    compare_unit: str | None = None
    scenario: str | None = None
    scenario_note: str | None = None
    change: bool = False
    share: bool = False
    running: bool = False
    trend: bool = False
    direction: str | None = None  # of an explicit order
    order: MetricSlot | None = None
    superlative: str | None = None
    ranked_word: str = ""
    top_n: int | None = None
    why: bool = False
    unsure: bool = False  # "highest revenue by region": the reading is to be confirmed
    unknown: list[str] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cost: float = 0.0


@dataclass
class _Word:
    """A significant item with the small words and marks before it."""

    item: Item
    before: tuple[str, ...] = ()
    comma: bool = False
    sentence: bool = False  # first of its sentence


class Reader:
    """Reads one cover of a question."""

    def __init__(self, items: Sequence[Item], catalog: Catalog, *, fragment: bool = False) -> None:
        self.catalog = catalog
        self.fragment = fragment
        self.words = _significant(items)
        self.draft = Draft(cost=sum(item.cost for item in items))
        self.at = 0
        self.grouping: str | None = None  # the group word in force
        self.agent = False
        self.aggregate: str | None = None
        self.negative = False
        self.versus = False
        self.comparing = False
        self.number: int | None = None
        self.superlative: tuple[str, str] | None = None  # direction, word
        self.last: str = ""  # the part that the word before took
        self.before_versus = self.before_negation = ""
        self.listing = False  # a group word has had its first word; others must be linked to it
        self.held: MetricSlot | None = None  # "with revenue …": a figure that waits for its condition
        self.ordering = False
        self.open_time_dim: tuple[tuple[Meaning, ...], str] | None = None
        self.tail = [w.before for w in self.words]

    def read(self) -> Draft:
        """Return the draft."""
        while self.at < len(self.words):
            word = self.words[self.at]
            before = self.at
            if word.sentence and self.at:
                self._end_sentence()
            self._one(word)
            self.at = max(self.at, before + 1)
        self._end_sentence()
        self._finish()
        return self.draft

    # ------------------------------------------------------------------------------------------------- one word

    def _one(self, word: _Word) -> None:
        item = word.item
        if item.unknown:
            if self._literal_of_dimension(word):
                return
            self.draft.unknown.append(item.text)
            self.last = "unknown"
        elif item.time is not None:
            self._time(word, item.time)
        elif item.meanings:
            self._mention(word)
        elif item.number is not None and not item.ops:
            self._number(word)
        else:
            self._operator(word)

    def _operator(self, word: _Word) -> None:
        item, draft = word.item, self.draft
        nxt = self._next()
        if item.op("why"):
            draft.why = True
        elif item.op("how"):
            pass
        elif (
            ((symbol := item.op("comparison")) and self._comparison(str(symbol), item))
            or (item.op("between") and self._between(item))
            or (item.op("missing") and self._missing(item, nxt))
            or ((how := item.op("contains")) and self._contains(str(how), item))
        ):
            return
        elif item.op("negation") and not (
            item.op("missing") and nxt and not nxt.item.of_kind("value", "segment")
        ):
            self.negative = True
            self.before_negation = self.last
            self.last = "negation"
        elif item.op("share"):
            draft.share = True
        elif item.op("running"):
            draft.running = True
        elif item.op("trend"):
            draft.trend = True
        elif item.op("order"):
            self.ordering, self.grouping = True, None
            self.last = "order"
        elif direction := item.op("direction"):
            draft.direction = str(direction)
        elif item.op("versus") or item.op("compare"):
            if (
                item.op("versus")
                and not self.fragment
                and not (draft.metrics or draft.filters or draft.times or draft.change)
            ):
                draft.unsupported.append(item.text)
            self.versus = bool(item.op("versus")) or self.versus
            self.before_versus = self.last
            self.comparing = True
            self.grouping = None
            self.last = "versus"
        elif item.op("variance") or item.op("beat"):
            self.versus = True
            self.last = "versus"
        elif (direction := item.op("superlative")) and self._starts_superlative(str(direction), item, nxt):
            return
        elif aggregate := item.op("aggregate"):
            self._set_aggregate(str(aggregate))
        elif item.op("change"):
            draft.change = True
        elif item.op("group"):
            self.agent = bool(_PARTICIPLES & set(word.before))
            self.grouping, self.listing = item.text.lower(), False
            self.last = "group"
        elif unit := item.op("unit"):
            self._unit(word, str(unit))
        elif item.number is not None:
            self._number(word)
        else:
            draft.unsupported.append(item.text)

    def _set_aggregate(self, aggregate: str) -> None:
        """ "average number of shares": the outer word decides, a count inside it only names the things."""
        outer = self.aggregate
        if outer in ("average", "min", "max", "median") and aggregate in ("count", "sum"):
            return
        if outer == "count" and aggregate == "distinct":
            self.aggregate = "distinct"
            return
        if outer == "distinct" and aggregate in ("count", "sum"):
            return
        self.aggregate = aggregate

    def _starts_superlative(self, direction: str, item: Item, nxt: _Word | None) -> bool:
        """Take "top 5", "most", "highest" and wait for what is ranked."""
        way, _, counted = direction.partition("-")
        self.superlative = (way, item.text.lower().split()[-1] if item.text.lower() != "the most" else "most")
        self.draft.superlative = way
        self.draft.ranked_word = item.text.lower()
        if self.last == "number" and self.number is not None:
            self.draft.top_n, self.number = self.number, None
        if nxt is not None and nxt.item.number is not None and not nxt.item.meanings:
            n = nxt.item.number.number
            if n is not None and n == int(n) and not nxt.item.number.percent:
                self.draft.top_n = int(n)
                self.at += 2
        if counted:
            self.aggregate = "count"
        self.grouping = None
        self.last = "superlative"
        return True

    def _number(self, word: _Word) -> None:
        token = word.item.number
        assert token is not None
        assert token.number is not None
        nxt = self._next()
        if nxt is not None and (symbol := nxt.item.op("after_number")):
            self.at += 2
            self._condition(str(symbol), (_value(word.item),), f"{word.item.text} {nxt.item.text}")
            return
        counts = nxt is not None and (nxt.item.meanings or nxt.item.op("superlative") or nxt.item.op("unit"))
        if counts and token.number == int(token.number) and not token.percent and 0 < token.number <= 1000:
            self.number = int(token.number)
            self.last = "number"
            return
        self.draft.unsupported.append(word.item.text)
        self.last = "unknown"

    # ------------------------------------------------------------------------------------------------ conditions

    def _comparison(self, symbol: str, item: Item) -> bool:
        nxt = self._next()
        if nxt is None:
            return False
        if nxt.item.time is not None or (symbol in (">", "<") and nxt.item.of_kind("scenario")):
            if symbol in (">", "<"):
                self.versus, self.last = True, "versus"
                return True
            return False
        if nxt.item.number is not None and not nxt.item.of_kind("value"):
            value = _value(nxt.item)
            self.at += 2
            following = self._here()
            if following is not None and (after := following.item.op("after_number")) and symbol == "=":
                symbol = str(after)
                self.at += 1
            self._condition(symbol, (value,), f"{item.text} {nxt.item.text}")
            return True
        if symbol in ("=", "!=") and nxt.item.of_kind("value"):
            self.negative = symbol == "!="
            return True
        return False

    def _between(self, item: Item) -> bool:
        low, high = self._next(), self._next(2)
        if low is None or high is None or low.item.number is None or high.item.number is None:
            return False
        self.at += 3
        self._condition(
            "between", (_value(low.item), _value(high.item)), f"between {low.item.text} and {high.item.text}"
        )
        return True

    def _condition(self, op: str, values: tuple[Scalar, ...], text: str) -> None:
        """A number to hold against the metric or number before it, or after it."""
        draft = self.draft
        money = {w.item.number.currency for w in self.words if w.item.number and w.item.number.currency}
        if self.catalog.currency and money - {self.catalog.currency}:
            draft.unsupported.append(text)
            return
        ahead = self._here()
        follows = (
            ahead is not None
            and not ahead.comma
            and not _LINKS & set(ahead.before)
            and bool(ahead.item.of_kind("metric") or ahead.item.op("aggregate"))
        )
        if self.last == "metric" and draft.metrics and not follows:
            slot = draft.metrics[-1]
            draft.having.append(HavingSlot(slot.choices, op, values, f"{slot.text} {text}"))
            self.last = "having"
            return
        if self.last == "held" and self.held is not None and not follows:
            draft.having.append(HavingSlot(self.held.choices, op, values, f"{self.held.text} {text}"))
            self.held = None
            self.last = "having"
            return
        if self.last == "bare" and draft.bare and any(self._is_number(m) for m in draft.bare[-1].choices):
            slot_b = draft.bare.pop()
            numbers = tuple(m for m in slot_b.choices if self._is_number(m))
            draft.filters.append(FilterSlot(f"{slot_b.text} {text}", [numbers], op=op, values=values))
            self.last = "filter"
            return
        here = self._here()
        while here is not None and here.item.op("aggregate") and not here.item.meanings:
            self._set_aggregate(str(here.item.op("aggregate")))
            self.at += 1
            here = self._here()
        if here is not None and here.item.meanings:
            metrics = self._metrics_of(here.item, self.aggregate)
            numbers = tuple(m for m in here.item.of_kind("dimension") if self._is_number(m))
            self.aggregate = None
            if metrics and numbers:
                if self._counts_rows_of(numbers):
                    metrics = ()  # "stays with more than 10 nights": each stay's own nights
                else:
                    draft.unsure = True
            if metrics:
                draft.having.append(HavingSlot(metrics, op, values, f"{text} {here.item.text}"))
                self._note(metrics)
                self.at += 1
                self.last = "having"
                return
            if numbers:
                draft.filters.append(FilterSlot(f"{text} {here.item.text}", [numbers], op=op, values=values))
                self.at += 1
                self.last = "filter"
                return
        draft.unsupported.append(text)

    def _counts_rows_of(self, numbers: Sequence[Meaning]) -> bool:
        """Whether the figure asked for counts the very rows that have these numbers."""
        if not self.draft.metrics:
            return False
        metric = self.catalog.metrics[self.draft.metrics[-1].choices[0].metric or ""]
        return natural_aggregate(metric) == "count" and metric.model in {m.model for m in numbers}

    def _is_number(self, meaning: Meaning) -> bool:
        if meaning.kind != "dimension" or meaning.model is None or meaning.name is None:
            return False
        return self.catalog.models[meaning.model].dimensions[meaning.name].type == "number"

    def _missing(self, item: Item, nxt: _Word | None) -> bool:
        op = str(item.op("missing"))
        if nxt is not None and nxt.item.of_kind("dimension") and not nxt.item.of_kind("value"):
            choices = nxt.item.of_kind("dimension")
            self.draft.filters.append(FilterSlot(f"{item.text} {nxt.item.text}", [choices], op=op))
            self.at += 2
            self.last = "filter"
            return True
        if self.last == "bare" and self.draft.bare:
            slot = self.draft.bare.pop()
            self.draft.filters.append(FilterSlot(f"{slot.text} {item.text}", [slot.choices], op=op))
            self.last = "filter"
            return True
        return False

    def _contains(self, how: str, item: Item) -> bool:
        nxt = self._next()
        choices: tuple[Meaning, ...] = ()
        text = ""
        if self.last == "bare" and self.draft.bare:
            slot = self.draft.bare.pop()
            choices, text = slot.choices, slot.text
        elif self.last == "group" and self.draft.groups:
            choices, text = self.draft.groups[-1].choices, self.draft.groups[-1].text
        elif self.last == "context" and self.draft.contexts:
            choices, text = self.draft.contexts[-1][1], self.draft.contexts[-1][0].text
        if nxt is None or not choices:
            return False
        if nxt.item.number is None and not nxt.item.unknown and not nxt.item.meanings:
            return False
        literal = nxt.item.text
        op = f"not_{how}" if self.negative and how == "contains" else how
        self.negative = False
        self.draft.filters.append(
            FilterSlot(f"{text} {item.text} {literal}", [choices], op=op, values=(literal,))
        )
        self.at += 2
        self.last = "filter"
        return True

    def _literal_of_dimension(self, word: _Word) -> bool:
        """A quoted text beside its dimension that is no stored value we know of: an honest filter, perhaps empty."""
        return False

    # ------------------------------------------------------------------------------------------------------ time

    def _time(self, word: _Word, span: TimeSpan) -> None:
        draft = self.draft
        if self.negative:
            draft.unsupported.append(f"not {word.item.text}")
            self.negative = False
            return
        if span.kind == "edge":
            return
        if span.kind == "compare":
            draft.compare, draft.compare_unit = span.compare, span.unit
            self.versus = False
            self.last = "time"
            return
        if span.kind == "grain":
            nxt = self._next()
            if self.aggregate in ("min", "max") and nxt is not None:
                found = self._metrics_of(nxt.item, self.aggregate)
                if found and all(
                    natural_aggregate(self.catalog.metrics[m.metric or ""]) == self.aggregate for m in found
                ):
                    return  # the lowest of the daily lows is the lowest
            if self.aggregate in ("average", "median") or (
                self.superlative and self.superlative[1] in EXTREMES and self.aggregate
            ):
                draft.unsupported.append(f"{self.aggregate} {word.item.text}")
            self._add_grain(span.unit or "month", span.calendar, word)
            self.last = "group"
            return
        if self.open_time_dim is not None and self.last in ("bare", "timedim"):
            choices, text = self.open_time_dim
            if self.last == "bare" and draft.bare:
                draft.bare.pop()
            draft.time_filters.append(TimeFilter(choices, span, f"{text} {word.item.text}"))
            self.open_time_dim = None
        elif self.versus or (
            self.comparing and draft.times and ("to" in word.before or "with" in word.before)
        ):
            if draft.base is not None:
                draft.unsupported.append(word.item.text)
            draft.base = span
            self.versus = False
        elif (
            draft.change and span.end is None and span.start is not None and span.relative and not draft.times
        ):
            draft.compare = "previous_year" if span.unit == "year" else "previous_period"
            draft.compare_unit = span.unit
        else:
            draft.times.append(span)
        if span.each:
            self._add_grain(span.each, span.calendar, word)
        self.grouping = None
        self.last = "time"

    def _add_grain(self, grain: str, calendar: str | None, word: _Word) -> None:
        if not any(g.grain == grain for g in self.draft.groups):
            each = any(w in ("each", "per", "every") for w in word.item.text.lower().split())
            self.draft.groups.append(
                GroupSlot(text=word.item.text, grain=grain, calendar=calendar, each=each)
            )

    def _unit(self, word: _Word, unit: str) -> None:
        """A bare "month" or "years"."""
        listed = word.comma or _LINKS & set(word.before)
        focus = bool(_WH & set(word.before))
        if (
            self.grouping
            or focus
            or self.superlative
            or listed
            or self.last in ("group", "bare", "superlative")
        ):
            self._add_grain(unit, None, word)
            slot = next(g for g in self.draft.groups if g.grain == unit)
            if focus or self.superlative:
                slot.ranked, slot.focus, slot.plural = True, focus, word.item.plural
                if self.number is not None:
                    self.draft.top_n, self.number = self.number, None
            if self.superlative and self.last == "superlative":
                self.superlative = None
            self.last = "group"
            return
        if any(g.grain == unit for g in self.draft.groups):
            return
        self.draft.unsupported.append(word.item.text)

    # -------------------------------------------------------------------------------------------------- mentions

    def _mention(self, word: _Word) -> None:
        item, draft = word.item, self.draft
        if self.versus and (scenario := item.of_kind("scenario")) and self._is_scenario(item):
            draft.scenario, draft.scenario_note = scenario[0].name, scenario[0].note
            self.versus, self.last = False, "scenario"
            return
        if self.negative:
            self._negative(word)
            return
        metrics = self._metrics_of(item, self.aggregate)
        groups = item.of_kind("dimension", "entity")
        values = item.of_kind("value", "segment")
        groups = tuple(m for m in groups if not m.verb)
        verbs = tuple(m for m in item.of_kind("dimension") if m.verb and not self._is_just(item, "metric"))
        nxt = self._next()
        dated = nxt is not None and nxt.item.time is not None and nxt.item.time.kind == "range"
        said = not metrics or set(word.before) & _RELATIVE or item.text.lower().endswith("ed") or not groups
        if verbs and dated and said:
            self.open_time_dim = (verbs, item.text)
            self.last = "timedim"
            return
        if self._continues_values(word, values):
            return
        if self.ordering and (metrics or groups):
            self._ordered_by(word, metrics, groups)
            return
        if self.grouping is not None and self._grouped(word, metrics, groups, values):
            return
        if self.superlative is not None and self._ranked(word, metrics, groups):
            return
        if self._focused(word, metrics, groups):
            return
        if self.aggregate is not None and metrics:
            self._take_metric(word, metrics)
            return
        if self.aggregate in ("average", "min", "max", "median", "count", "distinct") and not metrics:
            if self.aggregate in ("count", "distinct") and values and not groups:
                self._value(word, values)
                return
            draft.unsupported.append(f"{_AGGREGATE_WORDS[self.aggregate]} {item.text}")
            self.aggregate = None
            self.last = "unknown"
            return
        if self.number is not None and groups:
            draft.top_n, self.number = self.number, None
            self._group(word, groups, focus=True, ranked=True)
            return
        self._plain(word, metrics, groups, values)

    def _plain(
        self,
        word: _Word,
        metrics: tuple[Meaning, ...],
        groups: tuple[Meaning, ...],
        values: tuple[Meaning, ...],
    ) -> None:
        """A mention that no word before it asks for a part."""
        item, draft = word.item, self.draft
        nxt = self._next()
        linked = word.comma or bool(_LINKS & set(word.before))
        if metrics and linked and self.last == "metric" and _least(metrics) <= _least(values) + 0.1:
            self._take_metric(word, metrics)
            return
        costs = {"metric": _least(metrics), "group": _least(groups), "value": _least(values)}
        if (
            values
            and costs["value"] <= costs["metric"]
            and not (metrics and not draft.metrics and costs["metric"] <= costs["value"])
        ):
            if groups and costs["group"] <= costs["value"] + 0.1:
                self._value(word, values, optional=True)
            else:
                self._value(word, values)
            return
        dims = tuple(m for m in groups if m.kind == "dimension" and not m.tail)
        if dims and nxt is not None and self._is_condition_on(nxt.item, dims):
            self._bare(word, dims)
            return
        if (
            metrics
            and not word.sentence
            and {"who", "that", "which"} & set(word.before)
            and not self.superlative
        ):
            draft.unsupported.append(item.text)  # "who made a purchase": that there is one, not how many
            self.last = "unknown"
            return
        limits = self.fragment or bool({"for", "of", "from", "among"} & set(word.before))
        if metrics and limits and not draft.metrics:
            things = tuple(m for m in groups if m.kind == "entity")
            if things:  # "for customers with …, what is their …": whose figures, not how many
                draft.contexts.append((item, things))
                self.last = "context"
                return
        if metrics and self.last == "metric" and not word.before and not linked:
            draft.unsupported.append(item.text)  # two figures side by side with nothing between
            self.last = "unknown"
            return
        if (
            metrics
            and nxt is not None
            and nxt.item.ops
            and (nxt.item.op("comparison") or nxt.item.op("between"))
        ):
            after = self._next(2)
            limited = after is not None and after.item.number is not None
            if limited and (
                {"with", "where", "having", "whose", "have", "had"} & set(word.before) and draft.metrics
            ):
                self.held = MetricSlot(metrics, item.text)
                self.last = "held"
                return
        if metrics and self._is_beside_the_point(word):
            if all(m.kind != "entity" for m in groups):
                draft.unsupported.append(item.text)
                self.last = "unknown"
                return
            metrics = ()
        if metrics:
            self._take_metric(word, metrics)
            return
        if groups:
            self._bare(word, groups)
            return
        if scenario := item.of_kind("scenario"):
            draft.scenario, draft.scenario_note = scenario[0].name, scenario[0].note
            self.last = "scenario"
            return
        draft.unsupported.append(item.text)
        self.last = "unknown"

    def _is_beside_the_point(self, word: _Word) -> bool:
        """After a figure, "for successful transactions" or "made by customers" limits it and names no second one."""
        if not self.draft.metrics or word.comma or _LINKS & set(word.before) or self.aggregate or self.versus:
            return False
        if self.last == "value":  # "sell transactions": the same figure said again, with its condition
            known = {m.metric for slot in self.draft.metrics for m in slot.choices}
            if known & {m.metric for m in word.item.of_kind("metric")}:
                return False
        return bool(_PREPOSITIONS & set(word.before) or self.last in ("group", "value", "time", "context"))

    def _is_condition_on(self, item: Item, dims: tuple[Meaning, ...]) -> bool:
        if item.op("contains") or item.op("missing"):
            return True
        if (item.op("comparison") or item.op("between")) and any(self._is_number(m) for m in dims):
            return True
        wanted = {(m.model, m.name) for m in dims}
        return any((m.model, m.name) in wanted for m in item.of_kind("value"))

    def _is_scenario(self, item: Item) -> bool:
        """ "against budget": the plan, though a metric "budget" may exist too, while a metric is on the table."""
        return bool(self.draft.metrics) or not item.of_kind("metric")

    def _is_just(self, item: Item, kind: str) -> bool:
        return all(m.kind == kind for m in item.meanings)

    def _metrics_of(self, item: Item, aggregate: str | None) -> tuple[Meaning, ...]:
        """The metrics that an item may mean beside an aggregate word (None: there is none)."""
        found = []
        for meaning in item.of_kind("metric"):
            metric = self.catalog.metrics[meaning.metric or ""]
            natural = natural_aggregate(metric)
            if aggregate in ("average", "min", "max", "median"):
                fits = meaning.needs == aggregate or (meaning.needs is None and natural == aggregate)
            elif aggregate == "sum":
                fits = meaning.needs is None and natural in (None, "sum", "count")
            elif aggregate in ("count", "distinct"):
                fits = meaning.needs is None and (
                    natural == "count"
                    or (natural is None and metric.unit is None)
                    or (natural == "sum" and metric.unit not in ("currency", "percent"))
                    or (natural is None and metric.unit == "count")
                )
                if aggregate == "distinct" and metric.agg == "sum":
                    fits = False
            else:
                fits = meaning.needs is None
            if fits:
                cost = meaning.cost
                if aggregate == "distinct" and metric.agg == "count":
                    cost += 0.1
                if aggregate in ("count", "distinct") and metric.agg == "sum":
                    cost += 0.1
                found.append(replace(meaning, cost=cost))
        if not found and aggregate in ("count", "distinct"):
            for meaning in item.of_kind("entity"):
                for metric in self.catalog.metrics.values():
                    if (
                        metric.kind == "aggregate"
                        and metric.agg == "count"
                        and metric.model == meaning.model
                        and not metric.where
                        and metric.expr in (None, "*")
                    ):
                        found.append(Meaning(kind="metric", metric=metric.name, cost=meaning.cost + 0.1))
        least = min((m.cost for m in found), default=0.0)
        kept = [m for m in found if m.cost <= least + 0.25]
        if aggregate in (None, "count", "distinct"):
            kept += [
                m for m in self._counts_by_acts(item, least + 0.6) if m.metric not in {k.metric for k in kept}
            ]
        return tuple(kept)

    def _counts_by_acts(self, item: Item, cost: float) -> list[Meaning]:
        """ "customers", counted over what they did: a distinct count of the key that joins the act to them."""
        found = []
        things = {m.model for m in item.of_kind("entity")}
        for metric in self.catalog.metrics.values() if things else ():
            if metric.agg != "count_distinct" or metric.where or not metric.model:
                continue
            joins = self.catalog.models[metric.model].joins.values()
            dimension = self.catalog.models[metric.model].dimensions.get(metric.expr or "")
            column = (dimension.expr or dimension.name) if dimension else metric.expr
            if any(join.to in things and join.key == (column,) for join in joins):
                found.append(Meaning(kind="metric", metric=metric.name, cost=cost, acts=True))
        return found

    def _take_metric(self, word: _Word, metrics: tuple[Meaning, ...], *, shown: bool = True) -> MetricSlot:
        draft, item = self.draft, word.item
        names = {m.metric for m in metrics}
        known = next((s for s in draft.metrics if names & {m.metric for m in s.choices}), None)
        if known is None:
            things = tuple(m for m in item.of_kind("dimension", "entity") if not m.verb and not m.tail)
            counted = self.aggregate is not None
            known = MetricSlot(metrics, item.text, shown, things=things, counted=counted, plural=item.plural)
            draft.metrics.append(known)
        else:
            sure = {m.metric: m for m in metrics if not m.unsure}
            both = tuple(sure.get(m.metric, m) for m in known.choices if m.metric in names)
            known.choices = both or known.choices
        self._note(metrics)
        self.aggregate = None
        if self.superlative is not None:
            draft.order = known
            self.superlative = None
        if self.versus:
            self.versus = False
        self.grouping = None
        self.last = "metric"
        return known

    def _note(self, meanings: Sequence[Meaning]) -> None:
        if len(meanings) == 1 and meanings[0].note:
            self.draft.notes.append(meanings[0].note)

    def _grouped(
        self,
        word: _Word,
        metrics: tuple[Meaning, ...],
        groups: tuple[Meaning, ...],
        values: tuple[Meaning, ...],
    ) -> bool:
        """After "by", "per", "for each"."""
        item, nxt = word.item, self._next()
        if self.listing and not (word.comma or _LINKS & set(word.before)):
            self.grouping, self.listing = None, False
            return False
        if self.agent:
            self.agent, self.grouping = False, None
            if any(m.kind == "entity" for m in groups):
                self._bare(word, groups)
                return True
            return False
        follows = self.last == "group" or word.comma or _LINKS & set(word.before)
        if (
            groups
            and self.aggregate is None
            and not (metrics and self.draft.superlative and not self._is_each())
        ):
            clause = nxt is not None and bool(_RELATIVE & set(nxt.before)) and item.plural
            if clause and any(m.kind == "entity" for m in groups) and self._counts_acts():
                self.grouping = None
                self._bare(word, tuple(m for m in groups if m.kind == "entity"))
                return True
            if not follows:
                self.grouping = None
                return False
            self._group(word, groups, each=self._is_each())
            self.listing = True
            return True
        if metrics:
            ranks = self.draft.superlative or self.draft.direction or self.comparing
            if self.draft.metrics and not ranks:
                self.draft.unsupported.append(f"by {item.text}")
                self.grouping = None
                return True
            slot = self._take_metric(word, metrics)
            if self.draft.superlative:
                self.draft.order = slot
            return True
        self.grouping = None
        if values and follows and self.last == "group":
            self.draft.unsupported.append(item.text)
            return True
        return False

    def _is_each(self) -> bool:
        return bool({"each", "per", "every"} & set((self.grouping or "").split()))

    def _counts_acts(self) -> bool:
        if not self.draft.metrics:
            return False
        metric = self.catalog.metrics[self.draft.metrics[-1].choices[0].metric or ""]
        return natural_aggregate(metric) == "count"

    def _group(
        self,
        word: _Word,
        groups: tuple[Meaning, ...],
        *,
        each: bool = False,
        focus: bool = False,
        ranked: bool = False,
    ) -> None:
        plain = tuple(m for m in groups if not m.tail) or groups
        slot = GroupSlot(
            text=word.item.text, choices=plain, each=each, focus=focus, ranked=ranked, plural=word.item.plural
        )
        same = {m.key for m in plain}
        for known in self.draft.groups:
            if same & {m.key for m in known.choices}:
                known.ranked, known.focus, known.each = (
                    known.ranked or ranked,
                    known.focus or focus,
                    known.each or each,
                )
                known.choices = tuple(m for m in known.choices if m.key in same)
                break
        else:
            self.draft.groups.append(slot)
        self._note(plain)
        self.aggregate = None
        self.last = "group"

    def _ranked(self, word: _Word, metrics: tuple[Meaning, ...], groups: tuple[Meaning, ...]) -> bool:
        """After "top 5", "most", "highest"."""
        assert self.superlative is not None
        _, adjective = self.superlative
        extreme = EXTREMES.get(adjective)
        if extreme and not self.aggregate:
            fitting = self._metrics_of(word.item, extreme)
            if fitting and not (
                metrics and min(m.cost for m in metrics) + 0.01 < min(m.cost for m in fitting)
            ):
                if self.draft.top_n is None:
                    self.draft.superlative = None if not self._has_focus() else self.draft.superlative
                self._take_metric(word, fitting)
                return True
        group_first = adjective in _GROUP_FIRST or self.draft.top_n is not None
        if groups and (group_first or not metrics) and not (self.aggregate and metrics):
            self._group(word, groups, ranked=True)
            self.superlative = None
            self.grouping, self.listing = "list", True
            return True
        if metrics:
            self._take_metric(word, metrics)
            return True
        return False

    def _has_focus(self) -> bool:
        return any(g.focus or g.ranked for g in self.draft.groups)

    def _focused(self, word: _Word, metrics: tuple[Meaning, ...], groups: tuple[Meaning, ...]) -> bool:
        """ "which region …", "who are the customers that …", "the customer who …"."""
        if not groups or self.aggregate is not None:
            return False
        nxt = self._next()
        asks = bool({"which", "who"} & set(word.before)) or (
            "what" in word.before and self._superlative_ahead()
        )
        relative = nxt is not None and bool(_RELATIVE & set(nxt.before)) and self._superlative_ahead()
        if not (asks or relative) or (metrics and self._is_just(word.item, "metric")):
            return False
        if self.number is not None:
            self.draft.top_n, self.number = self.number, None
        self._group(word, groups, focus=True, ranked=True)
        self.grouping = None
        return True

    def _superlative_ahead(self) -> bool:
        for ahead in self.words[self.at + 1 :]:
            if ahead.sentence:
                return False
            if ahead.item.op("superlative"):
                return True
        return False

    def _ordered_by(self, word: _Word, metrics: tuple[Meaning, ...], groups: tuple[Meaning, ...]) -> None:
        self.ordering = False
        if metrics:
            shown = not self.draft.metrics
            names = {m.metric for m in metrics}
            known = next((s for s in self.draft.metrics if names & {m.metric for m in s.choices}), None)
            self.draft.order = known or self._take_metric(word, metrics, shown=shown)
            self.draft.direction = self.draft.direction or "order"
            self.last = "ordered"
        else:
            wanted = {m.key for m in groups}
            if any(wanted & {m.key for m in g.choices} for g in self.draft.groups):
                self.draft.direction = None
                self.last = "ordered"
            else:
                self.draft.unsupported.append(f"order by {word.item.text}")

    def _bare(self, word: _Word, groups: tuple[Meaning, ...]) -> None:
        """A dimension or a thing with no word that says what for."""
        dims = tuple(m for m in groups if m.kind == "dimension")
        entities = tuple(m for m in groups if m.kind == "entity")
        nxt = self._next()
        times = tuple(m for m in dims if self._is_time(m))
        if times and nxt is not None and (nxt.item.time is not None and nxt.item.time.kind == "range"):
            self.open_time_dim = (times, word.item.text)
            self.draft.bare.append(GroupSlot(text=word.item.text, choices=times))
            self.last = "bare"
            return
        plain = tuple(m for m in dims if not m.tail)
        if entities and (not plain or _least(entities) <= _least(plain)):
            self.draft.contexts.append((word.item, groups))
            self.last = "context"
            return
        if not plain and dims:
            self.draft.tails.append(GroupSlot(text=word.item.text, choices=dims, plural=word.item.plural))
            self.last = "tail"
            return
        self.draft.bare.append(GroupSlot(text=word.item.text, choices=plain, plural=word.item.plural))
        self.last = "bare"

    def _is_time(self, meaning: Meaning) -> bool:
        if meaning.kind != "dimension" or meaning.model is None or meaning.name is None:
            return False
        return self.catalog.models[meaning.model].dimensions[meaning.name].type == "time"

    # ---------------------------------------------------------------------------------------------------- values

    def _value(self, word: _Word, values: tuple[Meaning, ...], *, optional: bool = False) -> None:
        draft = self.draft
        if self.last == "bare" and draft.bare:
            owner = {(m.model, m.name) for m in draft.bare[-1].choices}
            own = tuple(m for m in values if (m.model, m.name) in owner)
            if own:
                values, optional = own, False
                draft.bare.pop()
            elif {m.model for m in draft.bare[-1].choices} & {m.model for m in values} and not word.before:
                models = {
                    m.model for m in draft.bare[-1].choices
                }  # "customer C0005": what kind of thing it is
                values = tuple(m for m in values if m.model in models)
                draft.bare.pop()
        else:
            nxt = self._next()
            if nxt is not None and nxt.item.meanings and not nxt.comma and not nxt.before:
                owner = {(m.model, m.name) for m in nxt.item.of_kind("dimension") if not m.verb}
                own = tuple(m for m in values if (m.model, m.name) in owner)
                if own and not nxt.item.of_kind("metric") and len(nxt.item.of_kind("value")) == 0:
                    values, optional = own, False
                    self.at += 2
        if "or" in word.before and self.last == "value":
            draft.unsupported.append(f"or {word.item.text}")
        if all(m.kind == "segment" for m in values):
            optional = False
        unsure = (
            "in" in word.before and self.last != "bare" and all("currency" in (m.name or "") for m in values)
        )
        draft.filters.append(FilterSlot(word.item.text, [values], optional=optional, unsure=unsure))
        if self.versus or self.comparing:
            draft.filters[-1].beside = True
        self._note(values)
        self.last = "value"
        self.grouping = None

    def _continues_values(self, word: _Word, values: tuple[Meaning, ...]) -> bool:
        """ "EMEA, APAC and Americas": one condition with several values."""
        draft = self.draft
        beside = self.last == "versus" and self.before_versus == "value"
        if not values or not (self.last == "value" or beside) or not draft.filters:
            return False
        slot = draft.filters[-1]
        linked = word.comma or _LINKS & set(word.before) or self.versus
        if not linked or slot.op not in ("in", "not_in"):
            return False
        have = {(m.model, m.name, m.role) for m in slot.choices[0] if m.kind == "value"}
        same = tuple(m for m in values if m.kind == "value" and (m.model, m.name, m.role) in have)
        if not same:
            return False
        keep = {(m.model, m.name, m.role) for m in same}
        slot.choices = [
            tuple(m for m in choice if (m.model, m.name, m.role) in keep) for choice in slot.choices
        ]
        slot.choices.append(same)
        slot.text += f", {word.item.text}"
        slot.optional = False
        if self.versus or self.comparing:
            slot.beside = True
            self.versus = False
        self._note(same)
        self.last = "value"
        return True

    def _negative(self, word: _Word) -> None:
        values = word.item.of_kind("value", "segment")
        draft = self.draft
        linked = word.comma or _LINKS & set(word.before)
        if values:
            if linked and self.last == "negative" and self._continues_negative(word, values):
                return
            if self.before_negation == "bare" and draft.bare:
                owner = {(m.model, m.name) for m in draft.bare[-1].choices}
                own = tuple(m for m in values if (m.model, m.name) in owner)
                if own:
                    values = own
                    draft.bare.pop()
            draft.filters.append(FilterSlot(f"not {word.item.text}", [values], op="not_in"))
            self._note(values)
            self.last = "negative"
            nxt = self._next()
            if not (
                nxt is not None and nxt.item.of_kind("value") and (nxt.comma or _LINKS & set(nxt.before))
            ):
                self.negative = False
                self.last = "value"
            return
        dims = word.item.of_kind("dimension", "entity")
        nxt = self._next()
        if dims and nxt is not None and (nxt.item.of_kind("value") or nxt.item.op("contains")):
            if nxt.item.op("contains"):
                self._bare(word, dims)
            return
        self.negative = False
        draft.unsupported.append(f"not {word.item.text}")

    def _continues_negative(self, word: _Word, values: tuple[Meaning, ...]) -> bool:
        self.last = "value"
        done = self._continues_values(replace_word(word), values)
        nxt = self._next()
        self.negative = bool(
            nxt is not None and nxt.item.of_kind("value") and (nxt.comma or _LINKS & set(nxt.before))
        )
        self.last = "negative" if self.negative else "value"
        return done

    # ------------------------------------------------------------------------------------------------- the whole

    def _here(self) -> _Word | None:
        return self.words[self.at] if self.at < len(self.words) else None

    def _next(self, steps: int = 1) -> _Word | None:
        index = self.at + steps
        if index >= len(self.words) or any(w.sentence for w in self.words[self.at + 1 : index + 1]):
            return None
        return self.words[index]

    def _end_sentence(self) -> None:
        draft = self.draft
        if self.aggregate in ("average", "min", "max", "median", "distinct"):
            draft.unsupported.append(_AGGREGATE_WORDS[self.aggregate])
        if self.negative:
            draft.unsupported.append("not")
        if self.number is not None:
            draft.unsupported.append(str(self.number))
        if self.open_time_dim is not None and self.last in ("timedim",):
            draft.unsupported.append(self.open_time_dim[1])
        if self.versus and self.last == "versus":
            draft.unsupported.append("compared")
        self.aggregate, self.number, self.grouping, self.open_time_dim = None, None, None, None
        self.negative = self.versus = self.ordering = False
        self.superlative = None
        self.last = ""

    def _finish(self) -> None:
        draft = self.draft
        if draft.superlative and not any(g.ranked for g in draft.groups):
            if len(draft.groups) == 1:
                draft.groups[0].ranked = True
                draft.unsure = (
                    draft.top_n is None
                    and draft.groups[0].grain is None
                    and draft.ranked_word not in ("top", "bottom")
                )
            elif not draft.groups and len(draft.bare) == 1:
                slot = draft.bare.pop()
                slot.ranked = True
                draft.groups.append(slot)
            elif not draft.groups and not draft.bare and draft.contexts:
                item, meanings = draft.contexts.pop(0)
                draft.groups.append(
                    GroupSlot(text=item.text, choices=meanings, ranked=True, plural=item.plural)
                )
        draft.groups.extend(draft.bare)
        draft.bare = []
        asked = {m.metric for slot in draft.metrics for m in slot.choices}
        if draft.having and not draft.groups and draft.contexts:
            item, meanings = draft.contexts.pop(0)
            draft.groups.append(GroupSlot(text=item.text, choices=meanings, plural=item.plural))
        if not draft.metrics and not draft.having and not self.fragment:
            for context in list(draft.contexts):
                promoted = self._metrics_of(context[0], None)
                if promoted:
                    draft.contexts.remove(context)
                    draft.metrics.append(MetricSlot(promoted, context[0].text))
        self._list_things()
        if not draft.metrics and draft.having:
            for having in draft.having:
                if not asked & {m.metric for m in having.choices}:
                    draft.metrics.append(MetricSlot(having.choices, having.text))

    def _list_things(self) -> None:
        """ "customers with more than 10 orders" lists customers; "how many customers with …" cannot be asked yet."""
        draft = self.draft
        if not draft.having or draft.groups:
            return
        limited = [h for h in draft.having if not self._is_asked(h)]
        if not limited:
            return
        if any(slot.counted for slot in draft.metrics) or not draft.metrics:
            draft.unsupported.append(limited[0].text)
            return
        slot = draft.metrics[0]
        if not slot.things:
            draft.unsupported.append(limited[0].text)
            return
        draft.metrics.remove(slot)
        draft.groups.append(GroupSlot(text=slot.text, choices=slot.things, plural=slot.plural))

    def _is_asked(self, having: HavingSlot) -> bool:
        names = {m.metric for m in having.choices}
        return any(names & {m.metric for m in slot.choices} for slot in self.draft.metrics)


_AGGREGATE_WORDS: dict[str | None, str] = {"average": "average", "min": "lowest", "max": "highest", "median": "median", "count": "number of",
                    "distinct": "distinct", "sum": "total"}  # fmt: skip


def replace_word(word: _Word) -> _Word:
    """The same word, linked to the list before it."""
    return _Word(word.item, (*word.before, "and"), True, word.sentence)


def _significant(items: Sequence[Item]) -> list[_Word]:
    words: list[_Word] = []
    before: list[str] = []
    comma = False
    sentence = True
    for item in items:
        if item.punct:
            if item.punct in ".?!;":
                sentence, before, comma = True, [], False
            elif item.punct in ",:":
                comma = True
        elif item.filler:
            before.append(item.text.lower())
        else:
            words.append(_Word(item, tuple(before), comma, sentence))
            before, comma, sentence = [], False, False
    return words


def _least(meanings: Sequence[Meaning]) -> float:
    return min((m.cost for m in meanings), default=99.0)


def _value(item: Item) -> Decimal:
    token = item.number
    assert token is not None
    assert token.number is not None
    return token.number / 100 if token.percent else token.number
