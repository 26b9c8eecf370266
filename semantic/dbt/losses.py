"""What an import does not carry over, each with a reason that a program can count.

Layer: semantic. Data only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from datatrust.core.issues import SourcePosition


class Reason(StrEnum):
    """Why something was not read, or was read otherwise."""

    CONVERSION = "conversion_metric"
    SUB_DAILY = "sub_daily_grain"
    CUSTOM_GRAIN = "custom_grain"
    FILTER = "filter_not_read"
    FORMULA = "formula_not_read"
    AGGREGATION = "aggregation_not_read"
    UNKNOWN_NAME = "unknown_name"
    AMBIGUOUS = "ambiguous_path"
    SHADOWED = "column_hidden_by_dimension"
    SPINE = "time_spine_not_kept"
    INPUT = "input_not_read"
    RULE = "breaks_a_rule_of_the_catalog"
    SHAPE = "shape_not_read"
    SAVED_QUERY = "saved_query"
    UNUSED = "measure_without_metric"
    NOT_CARRIED = "setting_not_carried"  # a note: no number depends on it
    EXTENSION = "held_in_the_extension"  # of an export, a note: another tool does not see it, our import does
    NOT_EXPORTED = "not_exported"  # the other tool would compute another number, or none
    CHANGED = "changed_since_the_export"  # a note: another tool's change stands, not the extension
    OTHERWISE = "read_otherwise"  # a note: the number may differ, the message says how

    @property
    def is_note(self) -> bool:
        """Whether the thing itself was read."""
        return self in _NOTES


_NOTES = frozenset({Reason.NOT_CARRIED, Reason.OTHERWISE, Reason.UNUSED, Reason.SAVED_QUERY,
                    Reason.EXTENSION, Reason.CHANGED})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Loss:
    """One thing that was not read, or not as it was written."""

    kind: str  # "metric", "measure", "dimension", "entity", "join", "model", "saved query", "file"
    name: str
    reason: Reason
    message: str
    at: SourcePosition | None = None

    @property
    def is_note(self) -> bool:
        """Whether the thing itself was read."""
        return self.reason.is_note

    def render(self) -> str:
        """Return it as one line."""
        where = f"{self.at}  " if self.at else ""
        return f'{where}{self.reason.value}  {self.kind} "{self.name}": {self.message}'

    def to_json(self) -> dict[str, Any]:
        """Return it as data."""
        at = str(self.at) if self.at else None
        return {
            "kind": self.kind,
            "name": self.name,
            "reason": self.reason.value,
            "message": self.message,
            "at": at,
        }


class NotRead(Exception):
    """Raised while one thing is read: it cannot be, for this reason."""

    def __init__(self, reason: Reason, message: str) -> None:
        self.reason = reason
        self.message = message
        super().__init__(message)
