"""Why a draft gives no reading: what an asker is told, and the exceptions that carry it out of the settling.

Layer: chatbot. Data only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a draft gives no reading. `kind`: metric, period, unreachable, unsupported, unknown."""

    kind: str
    words: tuple[str, ...] = ()
    message: str = ""


class Unreachable(Exception):
    """A word of the question that no join of the metric leads to."""


class Needs(Exception):
    """Something the question leaves open, or asks beyond what one query can say."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind, self.message = kind, message
        super().__init__(message)
