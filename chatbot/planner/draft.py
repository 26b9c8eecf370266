"""What a reader has made of a question, nothing resolved: slots for figures, groups, conditions and times.

A slot keeps every choice that the words leave open; `resolve` settles them.
Layer: chatbot.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chatbot.planner.lexicon import Meaning
from chatbot.planner.spans import Item
from chatbot.planner.timewords.span import TimeSpan
from semantic.query import Scalar


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
    bare: bool = False  # no word said what for


@dataclass
class FilterSlot:
    """A condition. `choices` are the dimensions (or values of dimensions) it may be on; None: perhaps no condition."""

    text: str
    choices: list[tuple[Meaning, ...]]  # one entry a value
    op: str = "in"
    values: tuple[Scalar, ...] = ()  # of conditions that name their value themselves
    optional: bool = False  # the words may just as well be context
    beside: bool = False  # "EMEA vs APAC": show them side by side
    direction: str | None = None  # "from" or "to" stood before it: of two roles of a table it is that one
    unsure: bool = False  # "in USD" may ask for a conversion
    other: bool = False  # "or": this, where the condition before does not hold


@dataclass
class HavingSlot:
    choices: tuple[Meaning, ...]
    op: str
    values: tuple[Scalar, ...]
    text: str
    said_as: str | None = None  # "percent" or "money"; None: a plain number
    things: tuple[Meaning, ...] = ()  # "customers with more than 10 orders": whose figure is limited
    of_mean: bool = False  # "whose average monthly revenue is above": the mean is limited


@dataclass
class TimeFilter:
    choices: tuple[Meaning, ...]
    span: TimeSpan
    text: str


@dataclass
class WeekdayFilter:
    """ "on Mondays": of the figures' own time where no dimension is named."""

    days: tuple[str, ...]
    text: str
    choices: tuple[Meaning, ...] = ()
    negative: bool = False


@dataclass
class PartSlot:
    """ "how many of these were late": conditions on a part of a figure, to be shown beside the whole."""

    text: str
    metric: MetricSlot
    filters: list[FilterSlot]


@dataclass
class Draft:
    """All that was read, nothing resolved."""

    metrics: list[MetricSlot] = field(default_factory=list)
    groups: list[GroupSlot] = field(default_factory=list)
    filters: list[FilterSlot] = field(default_factory=list)
    having: list[HavingSlot] = field(default_factory=list)
    parts: list[PartSlot] = field(default_factory=list)
    time_filters: list[TimeFilter] = field(default_factory=list)
    weekdays: list[WeekdayFilter] = field(default_factory=list)
    mean: GroupSlot | None = None  # the periods, or the things, that an average is over
    averaged: str | None = None  # "average revenue": over which periods must follow
    counted: GroupSlot | None = None  # members that conditions on figures choose, to be counted
    place: FilterSlot | None = None  # the member whose place among all is asked
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
    together: bool = False  # "combined": several periods make one number
    trend: bool = False
    direction: str | None = None  # of an explicit order
    order: MetricSlot | None = None
    superlative: str | None = None
    ranked_word: str = ""
    top_n: int | None = None
    why: bool = False
    bridge: bool = False  # the change told by price, volume and mix
    whether: bool = False  # wants yes or no
    tests: list[str] = field(default_factory=list)  # what would have to be true
    measure: str | None = None  # of a change that ranks: "difference" or "percent"
    threshold: HavingSlot | None = None  # the number that a yes-or-no question holds its figure against
    currency: str | None = None  # to be shown in, as an ISO code
    constant: str | None = None  # "at constant currency": at the exchange rates of the year before, beside it
    unsure: bool = False  # "highest revenue by region": the reading is to be confirmed
    unknown: list[str] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    vague: list[str] = field(default_factory=list)  # words of time without exact days
    notes: list[str] = field(default_factory=list)
    cost: float = 0.0
