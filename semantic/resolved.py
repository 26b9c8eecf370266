"""A query whose every name has been found and whose every choice has been made: what the compiler works from.

Layer: semantic. Data only; made by the resolver.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from semantic.calendar import Period
from semantic.model import Calendar, Catalog, DimensionRef, Metric
from semantic.query import Filter, MetricQuery
from semantic.reach import GRAINS
from semantic.schema import Schema


@dataclass(frozen=True, kw_only=True)
class Key:
    """One column that rows are grouped by. `grain` is set for time."""

    name: str  # as asked, and as the result's column is called
    label: str
    grain: str | None = None
    calendar: Calendar | None = None
    is_own_time: bool = False  # each metric's own time, on which ranges and comparisons act


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """How the money of one base metric gets into the target currency."""

    source: str | None  # the expression of each row's currency
    code: str | None  # the one currency of all rows, where no column says it
    target: str
    group: str  # the currency that rates are in
    kind: str  # "average", "closing" or "transaction"
    column: str | None = None  # of the table of rates
    own_rate: str | None = None  # the row's own rate into the group currency


@dataclass(frozen=True, kw_only=True)
class Window:
    """The days whose rows make up one bucket: its own, or those that it is compared with."""

    bucket: dt.date
    start: dt.date
    end: dt.date
    day: dt.date | None = None  # of a period's several windows: the day that this one ends on


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One taking of the measures: the asked days, or the base of a comparison.

    Without `windows` it is the days from `start` to `end` (None is open), in the buckets of the keys. With
    them each bucket has days of its own.
    """

    # "" is what was asked, "base" or "plan" its base; with the rule's name of a cumulative metric
    name: str = ""
    bases: tuple[str, ...] = ()  # the base metrics that are taken
    start: dt.date | None = None
    end: dt.date | None = None
    windows: tuple[Window, ...] | None = None
    buckets: tuple[Window, ...] | None = None  # the buckets of the asked days, for balances that are carried
    conditions: tuple[str, ...] = ()  # of a derived metric's input, over names that a question may use
    rates_back: int = 0  # years that the exchange rates are earlier than the rows
    variant: str = ""  # of the compiler: tells apart windows that were widened
    take: str | None = None  # which of a period's several windows stand for it, as a metric's `take`
    aligned: str | None = None  # the grain that no window crosses a border of, for a faster join


@dataclass(frozen=True, kw_only=True)
class Order:
    """One column of the order; rows without a value always come last."""

    column: str
    descending: bool = False


@dataclass(frozen=True, kw_only=True)
class ResolvedQuery:
    """All that decides the statement."""

    query: MetricQuery  # completed: default order, exact dates where they are known
    catalog: Catalog
    schema: Schema
    today: dt.date
    metrics: tuple[Metric, ...]
    keys: tuple[Key, ...] = ()
    filters: tuple[Filter, ...] = ()  # values typed
    either: tuple[tuple[Filter, ...], ...] = ()  # values typed
    having: tuple[Filter, ...] = ()
    slices: tuple[Slice, ...] = (Slice(),)
    total_slices: tuple[Slice, ...] = (Slice(),)  # the same over all groups at once
    calendar: Calendar
    conversions: Mapping[str, Conversion] = field(default_factory=dict)  # base metric -> how it is converted
    scenario: Mapping[str, str] | None = None  # metric -> the metric it is compared with
    share_within: tuple[str, ...] = ()  # keys whose members are each a whole that shares are of
    order: tuple[Order, ...] = ()
    place: Filter | None = None  # value typed
    periods: int | None = None  # that a mean is over; None divides by the periods that have a value
    reach: Mapping[str, Mapping[str, DimensionRef]]  # base metric -> its names
    member_conversions: Mapping[str, Conversion] = field(
        default_factory=dict
    )  # of metrics that choose members
    member_reach: Mapping[str, Mapping[str, DimensionRef]] = field(default_factory=dict)
    shares_rows: bool = False  # groups or conditions go over a bridge table
    last_period: Period | None = None  # the last bucket or range that was asked
    assumptions: tuple[str, ...] = ()

    @property
    def own_time_keys(self) -> tuple[Key, ...]:
        """The keys that are each metric's own time."""
        return tuple(key for key in self.keys if key.is_own_time)

    @property
    def finest_time(self) -> Key | None:
        """The finest of the keys that are each metric's own time."""
        return min(self.own_time_keys, key=lambda key: GRAINS.index(key.grain or "day"), default=None)

    @property
    def is_compared(self) -> bool:
        """Whether each value has a base beside it."""
        return self.query.compare is not None
