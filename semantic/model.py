"""The catalog's nouns: models, dimensions, joins, metrics, calendars. Frozen data, made by the loader.

A `Catalog` that exists has passed validation: every name in it resolves. Nothing here reads files or writes SQL.
Layer: semantic. Imports core only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from datatrust.core.issues import SourcePosition

DimensionType = Literal["time", "category", "identifier", "number", "flag"]
MetricKind = Literal["aggregate", "ratio", "derived", "balance", "cumulative", "lifecycle"]
# a percentile lies between two rows in proportion; percentile_disc is the value of a row
Aggregation = Literal[
    "sum", "count", "count_distinct", "average", "min", "max", "median", "percentile", "percentile_disc"
]
Grain = Literal["day", "week", "month", "quarter", "year", "fiscal_month", "fiscal_quarter", "fiscal_year"]
Better = Literal["higher", "lower"]


@dataclass(frozen=True, kw_only=True)
class PeriodTable:
    """A table with one row a period, by its columns."""

    table: str
    start: str  # the first day
    end: str  # the last day, which is part of it
    year: str
    quarter: str
    number: str | None = None  # in its year; its place unsaid
    name: str | None = None  # made of number and year unsaid

    @property
    def columns(self) -> tuple[str | None, ...]:
        """The columns in the order in which rows are read."""
        return (self.start, self.end, self.year, self.quarter, self.number, self.name)


@dataclass(frozen=True, kw_only=True)
class TablePeriod:
    """One row of a table of periods."""

    start: dt.date
    end: dt.date
    year: int
    quarter: int
    number: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """How days make periods. `starts` is (month, day) of the first day of a year."""

    name: str
    starts: tuple[int, int] = (1, 1)
    named_by: Literal["start", "end"] = "end"  # a year that spans two is named after which
    week_starts: Literal["monday", "sunday", "saturday"] = "monday"
    default: bool = False
    pattern: str | None = None  # "4-4-5": weeks of the months of a quarter; years have 52 or 53 weeks
    year_begins: Literal["nearest", "on_or_before", "on_or_after"] = (
        "nearest"  # its weekday, seen from `starts`
    )
    periods: PeriodTable | None = None  # lists them, in place of all the rest but weeks
    rows: tuple[TablePeriod, ...] = ()  # of that table, once the data are open
    faults: tuple[str, ...] = ()  # why these rows make no calendar
    position: SourcePosition | None = None

    @property
    def weeks(self) -> tuple[int, ...]:
        """The weeks of the months of a quarter; nothing where months are those of the calendar."""
        return tuple(int(each) for each in self.pattern.split("-")) if self.pattern else ()

    @property
    def is_fiscal(self) -> bool:
        """Whether its years differ from calendar years."""
        return self.starts != (1, 1) or self.has_own_months

    @property
    def has_own_months(self) -> bool:
        """Whether the parts of its quarters are other than the months that everybody knows."""
        return self.pattern is not None or self.periods is not None


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """A column, or an expression over columns, to group and filter by."""

    name: str
    model: str
    type: DimensionType = "category"
    expr: str | None = None  # over the model's columns and dimensions; None is the column of this name
    grain: str = "day"  # of a time dimension: its finest
    label: str = ""
    description: str = ""
    synonyms: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # stored value -> what people call it
    parent: str | None = None  # the next coarser dimension of the same model
    bins: tuple[float, ...] = ()
    hidden: bool = False  # usable in expressions, not offered to askers
    mask: str | None = None  # the word that a viewer sees for each of its values
    position: SourcePosition | None = None
    positions: Mapping[str, SourcePosition] = field(
        default_factory=dict, compare=False
    )  # of its fields' values


@dataclass(frozen=True, kw_only=True)
class Join:
    """Many rows of this model to one of another. `alias` names the role when a table is joined twice.

    With `many` it leads to a bridge table: one row here may have several rows there. What is asked over it is shared
    between them by `weight`, or, where there is none, counted in each of their groups and once in the whole.
    """

    to: str
    key: tuple[str, ...]  # columns of this model
    to_key: tuple[str, ...]  # columns of the other; its key unless said
    alias: str  # the other model's name unless said
    where: str | None = None
    valid: tuple[str, str] | None = None  # (from, to) columns there: of several versions, the one of the day
    until: str | None = None  # "included": the day of `to` still counts
    at: str | None = None  # the day here; the model's time unless said
    many: bool = False  # to a bridge table
    weight: str | None = None  # the share of a row here that each row there has: an expression there
    label: str = ""
    synonyms: tuple[str, ...] = ()
    position: SourcePosition | None = None
    positions: Mapping[str, SourcePosition] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A named filter of a model, usable in metrics and in questions."""

    name: str
    expr: str
    label: str = ""
    synonyms: tuple[str, ...] = ()
    hidden: bool = False  # usable in metrics, not offered to this viewer
    position: SourcePosition | None = None


@dataclass(frozen=True, kw_only=True)
class Model:
    """The logical view of one table."""

    name: str
    table: str  # "gold.fct_sales"
    key: tuple[str, ...] = ()
    time: str | None = None  # its main time dimension; a dotted path reaches over joins
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    joins: Mapping[str, Join] = field(default_factory=dict)  # by alias
    segments: Mapping[str, Segment] = field(default_factory=dict)
    via: Mapping[str, str] = field(default_factory=dict)  # model -> the join path that its short names mean
    where: str | None = None  # rows that the model leaves out for every metric
    rows: tuple[str, ...] = ()  # what a row must meet for this viewer to see it
    rows_paths: tuple[tuple[str, ...], ...] = ()  # the joins that `rows` reads
    closed: bool = False  # this viewer's rows of it cannot be told from others: nothing of it is read
    label: str = ""
    description: str = ""
    synonyms: tuple[str, ...] = ()
    owner: str | None = None
    position: SourcePosition | None = None
    positions: Mapping[str, SourcePosition] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A question whose answer is known by independent SQL over the model's tables."""

    ask: str
    check_sql: str | None = None
    position: SourcePosition | None = None


@dataclass(frozen=True, kw_only=True)
class BalanceRule:
    """How a balance is taken over time: it adds up over every dimension but time."""

    take: Literal["first", "last", "average", "min", "max"] = "last"
    carry_forward_days: int | None = None  # how old the last record may be
    per: tuple[str, ...] = ()  # the last row of each of these, instead of the last day of all
    valid: tuple[str, str] | None = None  # (from, to) columns of a stock kept as intervals
    until: str | None = None  # "included": the day of `to` still counts
    among: Literal["filtered"] | None = (
        None  # a day is taken among the rows that filters leave, not of the whole model
    )


@dataclass(frozen=True, kw_only=True)
class LifecycleRule:
    """Members of `entity` by what they did in a metric: new, active, returning or lost in a period."""

    entity: str
    state: Literal["new", "active", "returning", "lost"]
    inactive: tuple[int, str] | None = None  # (12, "month"): how long without a record makes one lost


@dataclass(frozen=True, kw_only=True)
class MemberRule:
    """Whose rows count: members of a model for which a condition over metrics holds in the period."""

    of: str  # a model with a key
    where: str  # over metrics: "revenue >= 10000"
    over: Literal["period", "all"] = "period"  # the days that decide: the asked ones, or all that there are


@dataclass(frozen=True, kw_only=True)
class BridgeRule:
    """What a change is explained by: the value is quantity times price."""

    quantity: str  # the metric of its units
    price: str | None = None  # the ratio of the value to the quantity, where the catalog has it


@dataclass(frozen=True, kw_only=True)
class MetricInput:
    """A metric that a formula calls by another name, because it takes other rows or other days of it."""

    name: str  # what the formula calls it
    metric: str
    where: str | None = None  # over the names that a question on the metric may use, and segments
    offset: tuple[int, str] | None = None  # (1, "year"): how much earlier than the asked days
    each_day: bool = False  # each day is moved by itself where the asked periods are longer than the offset
    to_start: str | None = None  # "month": the value at the start of the period that the asked days lie in
    position: SourcePosition | None = None
    positions: Mapping[str, SourcePosition] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, kw_only=True)
class CurrencyRates:
    """The table of exchange rates: group currency for one unit of each currency, by period."""

    table: str
    average: str | None = None  # column of the period's average rate
    closing: str | None = None  # column of the rate on its last day
    transaction: str | None = None  # column of the rate of a day, where rates are kept by day
    currency: str = "currency"  # column of the ISO code
    period: str = "month"  # column of a day in the period
    grain: str = "month"  # how long a period is
    position: SourcePosition | None = None

    def column(self, kind: str) -> str | None:
        """Return the column of a kind of rate: "average", "closing", "transaction"."""
        return {"average": self.average, "closing": self.closing, "transaction": self.transaction}.get(kind)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One governed number: what it means, who owns it, how it is computed.

    Which fields are set depends on `kind`:
      aggregate   agg, expr, where, percentile, members with inputs = the metrics of its condition
      ratio       inputs = (numerator, denominator), on_zero
      derived     formula over metric names and the names of own_inputs, inputs = the metrics behind them, on_zero
      balance     agg, expr, where, balance
      cumulative  inputs = (of,), rolling (a number of days, weeks, months, years) | to_date | neither: all time;
                  take
      lifecycle   inputs = (of,), lifecycle; model, where and time are those of that metric
    """

    name: str
    kind: MetricKind
    label: str = ""
    description: str = ""
    synonyms: tuple[str, ...] = ()
    owner: str | None = None
    unit: str | None = None  # "currency", "percent", "count", "days" or the author's own word
    currency: str | None = None  # of unit "currency": the ISO code that the values are in
    currency_from: str | None = (
        None  # the column that holds each row's currency, where rows must be converted
    )
    currency_rate: str | None = None  # "average", "closing", "transaction"; "none" leaves each row in its own
    currency_column: str | None = None  # of a transaction rate: the row's own rate into the group currency
    model: str | None = None  # of aggregates and balances
    agg: Aggregation | None = None
    percentile: float | None = None
    expr: str | None = None
    where: str | None = None  # segment names and conditions, joined by and
    members: MemberRule | None = None
    time: str | None = None  # its own time dimension, else the model's
    inputs: tuple[str, ...] = ()
    formula: str | None = None
    own_inputs: Mapping[str, MetricInput] = field(default_factory=dict)  # by the name that the formula uses
    on_zero: Literal["undefined", "zero"] | None = None
    balance: BalanceRule | None = None
    rolling: tuple[int, str] | None = None  # (90, "day")
    rolling_days: int | None = None  # where the window is counted in days or weeks
    to_date: str | None = None  # the grain that it starts again with: "month", "fiscal_year"
    # which days of a period stand for it: of those with a value the first or last, all of them, or its first day; its
    # last day where nothing is said
    take: Literal["first", "last", "average", "first_day"] | None = None
    fill: Decimal | None = None  # what stands where a group has no value
    every_period: bool = False  # periods without rows are shown too
    lifecycle: LifecycleRule | None = None
    better: Better | None = None
    bridge: BridgeRule | None = None
    plan: Mapping[str, str] = field(default_factory=dict)  # scenario -> metric that holds it
    certified_by: str | None = None
    certified_since: dt.date | None = None
    certified_definition: str | None = None  # the definition hash that was certified; None: as it stands
    lapsed: bool = (
        False  # it was certified, and its definition has changed since; `certified_by` is then None
    )
    decimals: int | None = None
    examples: tuple[Example, ...] = ()
    tags: tuple[str, ...] = ()  # for access policies: "tag:sales"
    deprecated: str | None = None  # what to use instead
    definition_words: str = ""  # the formula in words
    definition_hash: str = ""  # sha256 over all that fixes the value, inputs included
    position: SourcePosition | None = None
    positions: Mapping[str, SourcePosition] = field(default_factory=dict, compare=False)

    @property
    def is_base(self) -> bool:
        """Whether it is taken from rows, and not made of other metrics' values."""
        return self.kind in ("aggregate", "balance", "lifecycle")

    def behind(self, name: str) -> str:
        """Return the metric that its formula means by `name`."""
        own = self.own_inputs.get(name)
        return own.metric if own is not None else name


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Two formulas over metrics that must give the same: assets = liabilities + equity."""

    name: str
    left: str
    right: str
    by: tuple[str, ...] = ()  # must hold for each group of these
    tolerance: Decimal = Decimal(0)
    description: str = ""
    position: SourcePosition | None = None

    @property
    def words(self) -> str:
        """The identity as it is written."""
        return f"{self.left} = {self.right}"


@dataclass(frozen=True, kw_only=True)
class DimensionRef:
    """A dimension as one metric reaches it: over which joins, and what a query may call it."""

    dimension: Dimension
    path: tuple[str, ...] = ()  # join aliases from the metric's model
    query_name: str  # "region", or "ship_to.region" where the short name is not its own
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """All of it, checked."""

    models: Mapping[str, Model]
    metrics: Mapping[str, Metric]
    calendars: Mapping[str, Calendar]
    default_calendar: Calendar
    identities: Mapping[str, Identity] = field(default_factory=dict)
    closed_through: dt.date | None = None
    timezone: str = "UTC"
    currency: str | None = None  # the group currency
    rates: CurrencyRates | None = None
    texts: Mapping[str, str] = field(default_factory=dict)  # file -> text, as read
    hash: str = ""
    whole: Catalog | None = (
        None  # of a viewer's part of a catalog: all of it, for conditions inside definitions
    )
