"""What a question comes back as: a number with its proof, a question in return, or a refusal. Frozen data.

`to_json` gives exactly the document of `datatrust ask --json`; the page, REST and MCP show the same.
Refuses nothing and computes nothing: every figure in it was copied from a result.
Layer: chatbot. Imports core and the semantic query types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from datatrust.core.jsonio import dumps, to_plain
from semantic.query import MetricQuery, Scalar

Status = Literal["answered", "clarify", "refused"]
Reason = Literal[
    "ambiguous", "unknown_term", "out_of_scope", "not_allowed", "no_data", "not_recorded", "stopped"
]


@dataclass(frozen=True, kw_only=True)
class Option:
    """A question that can be asked as it stands: a reading to choose, or a next step. `label` is for the button."""

    label: str
    question: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the rows. `unit` and `currency` are absent from the JSON where they say nothing."""

    name: str
    label: str
    kind: str  # "dimension", "metric", "comparison", "share", "running"
    unit: str | None = None
    currency: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the column as an object, without the keys that are empty."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Excluded:
    """What quarantine withholds from the tables behind the number."""

    quarantined_rows: int
    quarantined_amount: Any = None  # Decimal, in one currency; None where it cannot be said as one figure


@dataclass(frozen=True, kw_only=True)
class Timings:
    """Milliseconds spent."""

    plan: float = 0.0
    compile: float = 0.0
    run: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One question and what came of it.

    answered   rows and columns, and all of the evidence; a definition question has text alone
    clarify    a reason and two or more options, no rows
    refused    a reason and options that can be answered, no rows
    """

    id: str
    status: Status
    question: str
    interpretation: str = ""
    query: MetricQuery | None = None
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Scalar, ...], ...] = ()
    totals: tuple[Scalar, ...] | None = None
    text: str = ""
    assumptions: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    excluded: Excluded | None = None
    options: tuple[Option, ...] = ()
    reason: Reason | None = None
    sql: str | None = None
    engine: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    timings_ms: Timings = Timings()
    asked: MetricQuery | None = (
        None  # the query before days, order and totals were filled in; not of the document
    )

    def to_json(self) -> dict[str, Any]:
        """Return the answer in JSON's own kinds, Decimals kept."""
        document = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "asked"}
        document["columns"] = [column.to_json() for column in self.columns]
        plain: dict[str, Any] = to_plain(document)
        return plain

    def dumps(self, *, indent: int | None = None) -> str:
        """Return the answer as JSON text, every digit kept."""
        return dumps(self.to_json(), indent=indent)
