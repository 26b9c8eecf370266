"""What an engine promises: read-only, limited in rows, time and memory, on tables that cannot change meanwhile.

Layer: semantic.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from datatrust.core.errors import EngineError, InternalError, Stopped
from datatrust.core.release import Release, TablePin
from datatrust.core.settings import Project
from datatrust.core.stopping import interrupting
from semantic.schema import Schema


@dataclass(frozen=True, kw_only=True)
class RawResult:
    """Rows as the engine gave them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool = False


class SqlEngine(Protocol):
    """One open engine on one release or file."""

    name: str
    dialect: str  # as sqlglot calls it
    release_id: str

    def schema(self) -> Schema:
        """Return the columns of every table it may read. A table that does not exist is left out."""

    def versions(self, tables: Iterable[str]) -> Mapping[str, int | str]:
        """Return the version that each table is read at."""

    def run(self, sql: str, *, tables: Iterable[str], max_rows: int, timeout_seconds: float) -> RawResult:
        """Run one statement that reads `tables`.

        Raises:
            EngineError: it failed, took too long, or its tables are gone.
        """

    def close(self) -> None:
        """Let go of files and memory."""


@dataclass(frozen=True, kw_only=True)
class EngineSpec:
    """How an engine is opened: `open(project, release, tables, timezone)`."""

    name: str
    family: str  # as `serving.engine` and `--engine` call it
    scheme: str | None  # of `serving.connection`; None needs no connection
    reads_releases: bool
    open: Callable[[Project, Release | None, tuple[str, ...], str], SqlEngine]


def given(release: Release | None) -> Release:
    """Return the release that an engine needs.

    Raises:
        InternalError: it was opened without one.
    """
    if release is None:
        raise InternalError("an engine that reads releases was opened without one; please report this")
    return release


@contextmanager
def stopped_after(seconds: float, stop: Callable[[], None], *, sql: str) -> Iterator[None]:
    """Call `stop` from another thread once the time is over; what the block raises from then on is said as that.

    Raises:
        EngineError: the time was over.
        Stopped: who asked stopped it.
    """
    overdue = threading.Event()

    def end() -> None:
        overdue.set()
        stop()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        with interrupting(stop):
            yield
    except Stopped:
        raise
    except Exception:
        if overdue.is_set():
            raise too_slow(seconds, sql) from None
        raise
    finally:
        timer.cancel()


def too_slow(seconds: float, sql: str) -> EngineError:
    """Return the error of a query that was stopped."""
    return EngineError(f"the query took longer than {seconds:g} s and was stopped", sql=sql)


def gone_message(release: str, table: str, pin: TablePin, what: str) -> str:
    """Say that a release cannot be read, why, and what to do."""
    return (
        f"release {release} cannot be read: {table} at version {pin.version}: {what}; choose a later release "
        "(datatrust release list)"
    )
