"""Stop a piece of work from another thread: what runs outside of Python is interrupted, what comes after does not begin.

A stop and the end of the work exclude each other: whoever is first decides, so that nothing is both stopped and done.
Layer: core.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from datatrust.core.errors import Stopped

_AGAIN_SECONDS = 0.05  # an interrupt that comes before its statement has begun is lost: it is said again


class Stop:
    """The stop of one piece of work. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interrupts: list[Callable[[], None]] = []
        self._is_stopped = False
        self._is_done = False

    @property
    def is_stopped(self) -> bool:
        """Whether the work is to end."""
        return self._is_stopped

    def stop(self) -> bool:
        """Stop the work; False where it is done already."""
        with self._lock:
            if self._is_done:
                return False
            if not self._is_stopped:
                self._is_stopped = True
                threading.Thread(target=self._interrupt, name="stop", daemon=True).start()
        return True

    def finish(self) -> bool:
        """Note that the work is done, so that it cannot be stopped any more; False where it was stopped before."""
        with self._lock:
            self._is_done = True
            return not self._is_stopped

    @contextlib.contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Call `interrupt` from another thread, until the block ends, once the work is stopped.

        Raises:
            Stopped: it was stopped before or in the block.
        """
        with self._lock:
            self._raise()
            self._interrupts.append(interrupt)
        try:
            yield
        except Exception:
            self._raise()
            raise
        finally:
            with self._lock:  # an interrupt that is being called is waited for
                self._interrupts.remove(interrupt)
        self._raise()

    def _raise(self) -> None:
        if self._is_stopped:
            raise Stopped("stopped") from None

    def _interrupt(self) -> None:
        while not self._is_done:
            with self._lock:
                for interrupt in self._interrupts:
                    with contextlib.suppress(Exception):  # the block that is interrupted says what went wrong
                        interrupt()
            time.sleep(_AGAIN_SECONDS)


_CURRENT: ContextVar[Stop | None] = ContextVar("stop", default=None)


@contextlib.contextmanager
def stoppable(stop: Stop | None) -> Iterator[None]:
    """Let `stop` end what this thread does in the block."""
    token = _CURRENT.set(stop)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def interrupting(interrupt: Callable[[], None]) -> contextlib.AbstractContextManager[None]:
    """Call `interrupt` once what this thread does is stopped; nothing where nobody can stop it.

    Raises:
        Stopped: on entering or leaving the block, where it was stopped.
    """
    stop = _CURRENT.get()
    return contextlib.nullcontext() if stop is None else stop.interrupting(interrupt)
