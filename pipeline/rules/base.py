"""What a rule kind is: its name, the arguments it takes, and the Spark expression that is true where a row breaks it.

Layer: pipeline. Imported by every rule kind; rules on an absent value hold (only `required` asks for one).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.contracts.model import ColumnSpec, Rule

if TYPE_CHECKING:
    from pyspark.sql import Column


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


@dataclass(frozen=True, kw_only=True)
class RuleKind:
    """A kind of rule. `check` yields what is wrong with the arguments, `breaks` builds the expression."""

    name: str  # the family that rule ids begin with
    arguments: tuple[str, ...]
    needs_column: bool
    check: Callable[[Mapping[str, Any], Mapping[str, ColumnSpec], ColumnSpec | None], Iterator[str]]
    breaks: Callable[[Rule, Row], Column]
    reason: Callable[[Mapping[str, Any], str], str]  # the default sentence, from arguments and column


def no_check(
    arguments: Mapping[str, Any], columns: Mapping[str, ColumnSpec], column: ColumnSpec | None
) -> Iterator[str]:
    """Accept any arguments: the kind takes none."""
    yield from ()
