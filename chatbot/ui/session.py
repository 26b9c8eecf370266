"""What one browser tab has asked so far. Kept on the server, for the tab's life.

Layer: chatbot. Knows answers as JSON documents only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chatbot.session import Earlier, Made
from semantic.query import MetricQuery

MAX_TURNS = 50  # older ones are forgotten


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One question and its answer; `document` is None where the answer failed, `reference` then names the log line."""

    question: str
    document: Mapping[str, Any] | None
    export: str | None = None  # id of its CSV
    reference: str | None = None
    noted: str = ""  # what the asker is told after calling it right or wrong
    proved: str = ""  # what came of running it again, or of signing it
    signed: bool = False  # it has a certificate
    link: str = ""  # where others may open it
    pinned: bool = False  # it is on the asker's dashboard
    asked: MetricQuery | None = None  # the query that it was read as
    is_made: bool = False  # it was not typed: its query says what its words may not


@dataclass(kw_only=True)
class Conversation:
    """The turns of one tab, oldest first, and which of them is shown."""

    turns: list[Turn] = field(default_factory=list)
    shown: int | None = None
    sought: str = ""  # the words of the last search among earlier questions
    owner: str | None = None  # who signed in and asked; None where nobody signs in
    opened: str = ""  # the chip whose choices are shown

    def of(self, owner: str | None) -> Conversation:
        """Return this conversation where it is `owner`'s or still nobody's; a new one of theirs where it is not."""
        if self.owner == owner or not self.turns:
            self.owner = owner
            return self
        return Conversation(owner=owner)

    def add(self, turn: Turn) -> None:
        """Append a turn and show it."""
        self.turns = [*self.turns, turn][-MAX_TURNS:]
        self.shown, self.opened = len(self.turns) - 1, ""

    def undo(self) -> None:
        """Take the last turn back, and show the one before it."""
        self.turns = self.turns[:-1]
        self.shown, self.opened = (len(self.turns) - 1 if self.turns else None), ""

    @property
    def can_undo(self) -> bool:
        """Whether the last turn is the one that is shown."""
        return self.shown is not None and self.shown == len(self.turns) - 1

    def show(self, place: int | None) -> Turn | None:
        """Show the turn at `place`; None, or a place that does not exist, shows none."""
        self.shown = place if place is not None and 0 <= place < len(self.turns) else None
        return self.turns[self.shown] if self.shown is not None else None

    def note(self, told: str) -> None:
        """Remember what was told about the turn that is shown."""
        self._change(noted=told)

    def prove(self, told: str, *, is_signed: bool = False) -> None:
        """Remember what came of a replay or a signature of the turn that is shown."""
        self._change(proved=told, **({"signed": True} if is_signed else {}))

    def give_link(self, link: str) -> None:
        """Remember where others may open the turn that is shown."""
        self._change(link=link)

    def pin(self, on: bool) -> None:
        """Remember whether the turn that is shown is on the asker's dashboard."""
        self._change(pinned=on)

    def _change(self, **changes: str | bool) -> None:
        if self.shown is not None:
            self.turns = [
                replace(turn, **changes) if place == self.shown else turn  # type: ignore[arg-type]
                for place, turn in enumerate(self.turns)
            ]

    def clear(self) -> None:
        """Forget every turn."""
        self.turns, self.shown = [], None

    def questions(self) -> tuple[Earlier, ...]:
        """Return the turns that were understood, oldest first: the context of the next one."""
        return self.before(len(self.turns))

    def before(self, place: int) -> tuple[Earlier, ...]:
        """Return the turns that were understood before the one at `place`."""
        return tuple(
            Made(words=turn.question, query=turn.asked) if turn.is_made and turn.asked else turn.question
            for turn in self.turns[:place]
            if turn.document is not None and turn.document.get("reason") != "stopped"
        )
