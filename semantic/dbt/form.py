"""dbt's semantic models in one neutral form, whichever of its three spellings they were read from.

Names and meanings are MetricFlow's; nothing here knows our catalog.
Layer: semantic. Data only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from datatrust.core.issues import SourcePosition

EntityType = Literal["primary", "foreign", "unique", "natural"]
Span = tuple[int, str]  # (14, "day"); the unit is lower case, without a plural s

STANDARD_GRAINS = ("day", "week", "month", "quarter", "year")
SUB_DAILY = ("nanosecond", "microsecond", "millisecond", "second", "minute", "hour")


@dataclass(frozen=True, kw_only=True)
class Entity:
    """What a row is about, by a key: two models that have it can be joined."""

    name: str
    type: str
    expr: str | None = None
    at: SourcePosition | None = None

    @property
    def key(self) -> str:
        """The column or expression of its key."""
        return self.expr or self.name


@dataclass(frozen=True, kw_only=True)
class DbtDimension:
    """A column or expression to group and filter by."""

    name: str
    type: str  # "time" or "categorical"
    expr: str | None = None
    grain: str = "day"
    is_partition: bool = False
    validity: Literal["start", "end"] | None = None  # of a table that keeps versions
    label: str = ""
    description: str = ""
    at: SourcePosition | None = None


@dataclass(frozen=True, kw_only=True)
class NonAdditive:
    """A measure that is taken at one end of a time instead of added up over it."""

    name: str  # the time dimension
    window: str  # "min" or "max"
    groupings: tuple[str, ...] = ()  # entities that each have an end of their own


@dataclass(frozen=True, kw_only=True)
class Measure:
    """How rows of a model add up."""

    name: str
    agg: str
    expr: str | None = None
    agg_time: str | None = None
    percentile: float | None = None
    is_discrete: bool = False
    is_approximate: bool = False
    non_additive: NonAdditive | None = None
    makes_metric: bool = False
    label: str = ""
    description: str = ""
    at: SourcePosition | None = None


@dataclass(frozen=True, kw_only=True)
class SemanticModel:
    """One table's entities, dimensions and measures."""

    name: str
    table: str
    description: str = ""
    label: str = ""
    agg_time: str | None = None
    primary_entity: str | None = None  # the name of its rows, where no entity has their key
    entities: tuple[Entity, ...] = ()
    dimensions: tuple[DbtDimension, ...] = ()
    measures: tuple[Measure, ...] = ()
    owner: str | None = None
    at: SourcePosition | None = None

    @property
    def rows_are(self) -> str | None:
        """The entity that one row is."""
        own = next((each.name for each in self.entities if each.type == "primary"), None)
        return own or self.primary_entity

    def dimension(self, name: str) -> DbtDimension | None:
        """Return the dimension of that name."""
        return next((each for each in self.dimensions if each.name == name), None)

    def entity(self, name: str) -> Entity | None:
        """Return the entity of that name."""
        return next((each for each in self.entities if each.name == name), None)

    @property
    def validity(self) -> tuple[DbtDimension, DbtDimension] | None:
        """The two ends of a version, of a table that keeps versions."""
        ends = {each.validity: each for each in self.dimensions if each.validity}
        return (ends["start"], ends["end"]) if {"start", "end"} <= set(ends) else None


@dataclass(frozen=True, kw_only=True)
class MeasureInput:
    """A measure as a metric takes it."""

    name: str
    filters: tuple[str, ...] = ()
    fill: float | None = None
    joins_spine: bool = False


@dataclass(frozen=True, kw_only=True)
class MetricInput:
    """A metric as another takes it."""

    name: str
    alias: str | None = None
    filters: tuple[str, ...] = ()
    offset: Span | None = None
    to_grain: str | None = None  # the value at the start of this period

    @property
    def called(self) -> str:
        """What the formula calls it."""
        return self.alias or self.name


@dataclass(frozen=True, kw_only=True)
class DbtMetric:
    """A metric: which fields are set depends on `type`."""

    name: str
    type: str  # "simple", "ratio", "derived", "cumulative", "conversion"
    label: str = ""
    description: str = ""
    filters: tuple[str, ...] = ()
    grain: str | None = None  # what a question gets that names no grain
    measure: MeasureInput | None = None
    of: MetricInput | None = None  # of a cumulative metric that is over a metric
    inputs: tuple[MetricInput, ...] = ()  # of a ratio: numerator and denominator
    expr: str | None = None
    window: Span | None = None
    to_date: str | None = None
    period_agg: str = "first"
    owner: str | None = None
    at: SourcePosition | None = None


@dataclass(frozen=True, kw_only=True)
class TimeSpine:
    """A table of days, with columns for grains of its own."""

    table: str
    column: str
    grain: str
    custom: Mapping[str, str] = field(default_factory=dict)  # name of the grain -> column


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All that was read."""

    models: tuple[SemanticModel, ...] = ()
    metrics: tuple[DbtMetric, ...] = ()
    spines: tuple[TimeSpine, ...] = ()
    extension: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict
    )  # of our own export: "metric revenue" -> data
