"""What a language model is to the planner: messages and a schema in, a JSON object and its cost in tokens out.

Layer: chatbot. Types only; one file of this folder for each kind of endpoint implements it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True, kw_only=True)
class Message:
    """One turn of the conversation with the model."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What came back. `data` is None where it was no JSON object; the token counts are None where it told none."""

    data: Mapping[str, Any] | None
    text: str
    tokens_in: int | None = None
    tokens_out: int | None = None


class ChatModel(Protocol):
    """A model that can be asked."""

    @property
    def name(self) -> str:
        """What it is called in evidence and messages."""
        ...

    def load(self) -> None:
        """Make ready to be asked: what takes long once and is not the model's own time.

        Raises:
            ModelFailure: what it needs is not here.
        """
        ...

    def complete(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, seconds: float
    ) -> Completion:
        """Return its reply, asked for in the form of `schema`; the reply may break that form.

        Raises:
            ModelFailure: it did not reply in time, or not at all.
        """
        ...
