"""What a rule kind is: its name, the arguments it takes, and what is true where rows break it.

Three scopes: a `RowRule` looks at one row, a `GroupRule` at a row among others of its source, a `SourceRule` at a
whole source in one delivery. Row and group rules are Spark expressions of one plan; a source rule is plain Python
over figures that were counted before.
Layer: pipeline. Imported by every rule kind; rules on an absent value hold (only `required` asks for one).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.contracts.model import ColumnSpec, Rule, SourceSpec

if TYPE_CHECKING:
    from pyspark.sql import Column

Columns = Mapping[str, ColumnSpec]


class Row(Protocol):
    """One row while it is judged, as Spark columns."""

    @property
    def today(self) -> dt.date:
        """The project's today."""

    def spec(self, name: str) -> ColumnSpec:
        """Return the contract's word on a column."""

    def text(self, name: str) -> Column:
        """Return the trimmed raw text; null where there is nothing."""

    def value(self, name: str) -> Column:
        """Return the typed value; null where there is none or it could not be read."""

    def is_readable(self, name: str) -> Column:
        """Return true where the value is absent or fits its type and scale."""

    def has_parent(self, rule_id: str) -> Column:
        """Return true where the foreign key `rule_id` found its parent."""


class GroupedRow(Protocol):
    """One row while it is judged among others, as Spark columns."""

    @property
    def file(self) -> Column:
        """The number of its file; higher numbers came later."""

    @property
    def line(self) -> Column:
        """Its line in the file."""

    @property
    def key(self) -> Column:
        """What is equal for versions of the same thing."""

    @property
    def as_owner(self) -> Column:
        """File, line and key: the least of several came first."""

    @property
    def is_sound(self) -> Column:
        """True where it breaks no rule of its own, whatever other rows say."""

    @property
    def is_good(self) -> Column:
        """True where it breaks no rule so far and contradicts no row of its file."""

    @property
    def stands_in_file(self) -> Column:
        """True where it is good, and of the rows of its key in its file the one that counts."""

    def value(self, name: str) -> Column:
        """Return the typed value; null where there is none or it could not be read."""

    def spec(self, name: str) -> ColumnSpec:
        """Return the contract's word on a column."""

    def first_owner(self, rule_id: str) -> Column | None:
        """Return the first sound row of earlier files that has the same values, as `as_owner` gives it."""


@dataclass(frozen=True, kw_only=True)
class DeliveryFigures:
    """What one delivery brought to one source, and what deliveries before it had brought, oldest first."""

    rows: int
    earlier_rows: tuple[int, ...] = ()
    sums: Mapping[str, Decimal] = field(default_factory=dict)  # by currency, of the amount column
    earlier_sums: tuple[Mapping[str, Decimal], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SourceFacts:
    """What a source rule may ask about. `delivery` is None where nothing was delivered to the source."""

    today: dt.date
    newest: Mapping[str, dt.date]  # the latest value of a date column in silver
    arrived: dt.date | None  # when the newest file arrived
    delivery: DeliveryFigures | None = None


def own_column(arguments: Mapping[str, Any], columns: Columns, column: ColumnSpec | None) -> tuple[str, ...]:
    """Return the column under which the rule is written."""
    return (column.name,) if column else ()


@dataclass(frozen=True, kw_only=True)
class RuleKind:
    """A kind of rule: what its author may write, and the sentence that a person reads where it is broken."""

    name: str  # the family that rule ids begin with
    arguments: tuple[str, ...]
    needs_column: bool  # it is written under one column
    check: Callable[[Mapping[str, Any], Columns, ColumnSpec | None], Iterator[str]]
    reason: Callable[[Mapping[str, Any], str], str]  # the default sentence, from arguments and column
    summary: str  # one line for the table of kinds
    written: str  # how a contract declares it
    columns: Callable[[Mapping[str, Any], Columns, ColumnSpec | None], tuple[str, ...]] = own_column


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How Great Expectations asks a rule again, of rows that are typed already."""

    expectation: str  # a class of great_expectations.expectations
    arguments: Mapping[str, Any] = field(default_factory=dict)
    condition: str | None = None  # in Spark SQL: the expectation is about its result, not about the column
    of_text: bool = False  # it is about the raw text, which stored rows have no more


def holds(condition: str) -> Asked:
    """Ask whether a condition in Spark SQL is true; a null passes."""
    return Asked(
        expectation="ExpectColumnValuesToBeInSet", arguments={"value_set": [True]}, condition=condition
    )


@dataclass(frozen=True, kw_only=True)
class RowRule(RuleKind):
    """A rule of one row.

    `breaks` is true where the row breaks it. `asked` gives the same in other words, for the audit: a row holds
    where all of them pass; None where there are no other words and the audit asks `breaks` again.
    """

    breaks: Callable[[Rule, Row], Column]
    asked: Callable[[Rule, Columns, dt.date], tuple[Asked, ...] | None]


@dataclass(frozen=True, kw_only=True)
class GroupRule(RuleKind):
    """A rule of a row among others; asked in `rank` order, each of what the ones before it left good."""

    breaks: Callable[[Rule, GroupedRow], Column]
    failing: Callable[[Rule, SourceSpec], str]  # DuckDB's SQL: the rows of `stored` whose group fails
    rank: int


@dataclass(frozen=True, kw_only=True)
class SourceRule(RuleKind):
    """A rule of a whole source; `finds` says in figures what is wrong, or nothing."""

    finds: Callable[[Rule, SourceFacts], str | None]


def no_check(arguments: Mapping[str, Any], columns: Columns, column: ColumnSpec | None) -> Iterator[str]:
    """Accept any arguments: the kind takes none."""
    yield from ()
