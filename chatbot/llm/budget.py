"""Keep a language model within its limits: seconds, tokens and cost of a question, and the cost of a day.

What a server does not count is estimated from the text, high rather than low. Thread-safe.
Layer: chatbot.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Sequence

from chatbot.llm.base import Completion, Message
from chatbot.llm.settings import Limits, Prices
from datatrust.core.errors import ModelFailure

_CHARACTERS_PER_TOKEN = 3  # English has four; names and JSON have fewer


class DayBudget:
    """What one process has spent today (UTC)."""

    def __init__(self, limit: float | None, clock: Callable[[], dt.date] | None = None) -> None:
        self.limit = limit
        self._clock = clock or (lambda: dt.datetime.now(tz=dt.UTC).date())
        self._day = self._clock()
        self._spent = 0.0
        self._lock = threading.Lock()

    def left(self) -> float | None:
        """Return what may still be spent; None is without limit."""
        with self._lock:
            self._turn()
            return None if self.limit is None else self.limit - self._spent

    def spend(self, cost: float) -> None:
        """Note a cost."""
        with self._lock:
            self._turn()
            self._spent += cost

    def _turn(self) -> None:
        if (today := self._clock()) != self._day:
            self._day, self._spent = today, 0.0


class Meter:
    """What one question has taken."""

    def __init__(self, limits: Limits, prices: Prices | None, day: DayBudget) -> None:
        self.limits, self.prices, self.day = limits, prices, day
        self.started = time.monotonic()
        self.tokens = 0
        self.cost = 0.0

    def before(self, messages: Sequence[Message], schema_text: str) -> float:
        """Return the seconds that are left for a call.

        Raises:
            ModelFailure: a limit would be passed by it.
        """
        seconds = self.limits.seconds - (time.monotonic() - self.started)
        if seconds <= 0:
            raise ModelFailure("did not answer in time")
        asked, reply = self._prompt(messages, schema_text), self.limits.reply_tokens
        if self.tokens + asked + reply > self.limits.tokens:
            raise ModelFailure("would need more tokens than a question may take")
        cost = self._price(asked, reply)
        if self.limits.cost is not None and self.cost + cost > self.limits.cost:
            raise ModelFailure("would cost more than a question may")
        left = self.day.left()
        if left is not None and cost > left:
            raise ModelFailure("has used up its budget for today")
        return seconds

    def after(self, messages: Sequence[Message], schema_text: str, reply: Completion | None) -> None:
        """Note what a call took; of a failed one the prompt counts, for a server may have worked on it."""
        asked = (reply.tokens_in if reply else None) or self._prompt(messages, schema_text)
        said = ((reply.tokens_out if reply else None) or _tokens(len(reply.text))) if reply else 0
        cost = self._price(asked, said)
        self.tokens += asked + said
        self.cost += cost
        self.day.spend(cost)

    def _prompt(self, messages: Sequence[Message], schema_text: str) -> int:
        return _tokens(sum(len(each.text) for each in messages) + len(schema_text))

    def _price(self, asked: int, reply: int) -> float:
        prices = self.prices
        return (asked * prices.input + reply * prices.output) / 1_000_000 if prices else 0.0


def _tokens(characters: int) -> int:
    return -(-characters // _CHARACTERS_PER_TOKEN)
