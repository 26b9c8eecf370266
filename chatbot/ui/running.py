"""The questions that are being answered just now, so that whoever asked one can stop it.

Each has a word that nobody can guess; who signed in can stop their own alone.
Layer: chatbot. Keeps what runs in memory, of this process.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator

from datatrust.core.stopping import Stop


class Running:
    """The running questions of one server. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: dict[tuple[str, str | None], Stop] = {}

    @contextlib.contextmanager
    def begin(self, person: str | None) -> Iterator[tuple[str, Stop]]:
        """Hold one question of a person while it runs; yield its word and its stop."""
        word, stop = secrets.token_urlsafe(16), Stop()
        with self._lock:
            self._stops[word, person] = stop
        try:
            yield word, stop
        finally:
            with self._lock:
                del self._stops[word, person]

    def stop(self, word: str, person: str | None) -> bool:
        """Stop a question of a person; False where it is none of theirs, or done."""
        with self._lock:
            found = self._stops.get((word, person))
        return found is not None and found.stop()
