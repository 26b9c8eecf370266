"""What a query gives back: typed columns, exact rows, and the proof that came with them. Frozen data.

Numbers are Decimal or int, dates are dates, a percent is a fraction.
Layer: semantic. Imports core and the query's types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from semantic.query import MetricQuery, Scalar

MEMBERS = "members"  # the column of a count of members


@dataclass(frozen=True, kw_only=True)
class ResultColumn:
    """One column of the rows.

    `kind` is "dimension", "metric", "comparison", "share" or "running". `metric` names whose value it is or
    compares; `grain` is set where the values are first days of periods.
    """

    name: str
    label: str
    kind: str
    unit: str | None = None
    currency: str | None = None
    metric: str | None = None
    grain: str | None = None
    calendar: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the column as an object, without the keys that are empty."""
        shown = ("name", "label", "kind", "unit", "currency", "grain")
        return {key: getattr(self, key) for key in shown if getattr(self, key) is not None}


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a number can be traced to: data, definitions, checks, policy, and a hash of the rows."""

    release: str
    tables: Mapping[str, int | str]  # table -> Delta version, or the file's hash
    metrics: Mapping[str, Mapping[str, Any]]  # name -> definition, owner, certified
    quality: str | None = None
    fresh_as_of: str | None = None
    role: str | None = None
    policy: str = "none"
    result: str = ""  # sha256 over columns, rows and totals

    def to_json(self) -> dict[str, Any]:
        """Return it as `evidence` of an answer."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, kw_only=True)
class Excluded:
    """What quarantine withholds from the tables behind a result.

    `quarantined_amount` is set where all of it is in one currency; `by_currency` always says.
    """

    quarantined_rows: int = 0
    quarantined_amount: Decimal | None = None
    by_currency: Mapping[str, Decimal] = field(default_factory=dict)
    unparseable_amounts: int = 0


@dataclass(frozen=True, kw_only=True)
class QueryResult:
    """A metric query, answered."""

    query: MetricQuery  # as resolved: default order, exact dates
    columns: tuple[ResultColumn, ...]
    rows: tuple[tuple[Scalar, ...], ...]
    totals: tuple[Scalar, ...] | None = None
    sql: str = ""
    engine: str = ""
    flags: tuple[str, ...] = ()  # partial_period, open_period, stale, truncated
    assumptions: tuple[str, ...] = ()
    excluded: Excluded | None = Excluded()  # None where it must not be told
    evidence: Evidence
    timings_ms: Mapping[str, float] = field(default_factory=dict)  # compile, run, total

    def value(self, metric: str, row: int = 0) -> Scalar:
        """Return the value of a column in a row, by the column's name."""
        return self.rows[row][[column.name for column in self.columns].index(metric)]

    def to_json(self) -> dict[str, Any]:
        """Return the result as `semantic query --json` prints it."""
        return {
            "query": self.query,
            "columns": [column.to_json() for column in self.columns],
            "rows": self.rows,
            "totals": self.totals,
            "flags": self.flags,
            "assumptions": self.assumptions,
            "excluded": self.excluded,
            "sql": self.sql,
            "engine": self.engine,
            "evidence": self.evidence.to_json(),
            "timings_ms": dict(self.timings_ms),
        }
