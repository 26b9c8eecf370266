"""What an alert says: what happened to what, in counts. Frozen data.

Layer: pipeline. Imports nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "quarantine", "rejected files", "drift", "stale", "failed source", "refused release", "failed run"
]
State = Literal["raised", "sent", "unsent", "repeated", "recovered"]


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One thing that a person should know; `text` holds counts and names of sources and rules, never a value.

    Two alerts of one kind and subject that say the same `sign` are one alert, said again.
    """

    kind: Kind
    subject: str  # a source, or the project
    text: str
    sign: str
    recovered: bool = False

    @property
    def about(self) -> tuple[str, str]:
        """Return what it is about: the same for an alert and for the word that all is well again."""
        return self.kind, self.subject
