"""How much one person may ask: so many questions a minute, and so many at once; each is counted in the server's figures.

Layer: chatbot. Keeps counts in memory, of this process.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datatrust.core.errors import DataTrustError

if TYPE_CHECKING:
    from chatbot.figures import Figures

WINDOW = 60.0  # seconds
_MOST_KEPT = 10_000


class TooMany(DataTrustError):
    """The asker must wait; `seconds` says how long."""

    def __init__(self, why: str, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"{why}; try again in {seconds} second{'s' if seconds != 1 else ''}")


@dataclass
class _Count:
    began: deque[float] = field(default_factory=deque)
    running: int = 0


class Limits:
    """Counts what each person asks. Safe for many threads."""

    def __init__(self, *, a_minute: int, at_once: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_minute, self._at_once, self._clock = a_minute, at_once, clock
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    @contextlib.contextmanager
    def turn(self, person: str | None) -> Iterator[None]:
        """Hold one question of a person; nobody is counted where nobody signs in.

        Raises:
            TooMany: they asked too much, or have too many running.
        """
        if person is None:
            yield
            return
        count = self._begin(person)
        try:
            yield
        finally:
            with self._lock:
                count.running -= 1

    def _begin(self, person: str) -> _Count:
        now = self._clock()
        with self._lock:
            count = self._counts.setdefault(person, _Count())
            self._counts.move_to_end(person)
            if len(self._counts) > _MOST_KEPT:
                self._counts.popitem(last=False)
            while count.began and count.began[0] <= now - WINDOW:
                count.began.popleft()
            if count.running >= self._at_once:
                raise TooMany(f"{count.running} of your questions are being answered", 1)
            if len(count.began) >= self._a_minute:
                wait = int(-(-(count.began[0] + WINDOW - now) // 1))
                raise TooMany(f"you asked {len(count.began)} questions in a minute", max(1, wait))
            count.began.append(now)
            count.running += 1
        return count


@dataclass
class Turn:
    """One question on its way; whoever answers it says what came of it."""

    status: str = "failed"


class Turns:
    """Lets questions begin within the limits, and counts them. Both may be missing: then nothing is held or counted."""

    def __init__(self, limits: Limits | None = None, figures: Figures | None = None) -> None:
        self._limits, self._figures = limits, figures

    @contextlib.contextmanager
    def turn(self, channel: str, person: str | None) -> Iterator[Turn]:
        """Hold one question.

        Raises:
            TooMany: the person must wait.
        """
        with self._limits.turn(person) if self._limits else contextlib.nullcontext():
            turn, began = Turn(), time.perf_counter()
            if self._figures is not None:
                self._figures.began()
            try:
                yield turn
            finally:
                if self._figures is not None:
                    self._figures.ended(channel, turn.status, time.perf_counter() - began)
