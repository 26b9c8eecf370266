"""Open the small SQLite files that a project's state is kept in, closed to other users, and write them all or none.

Layer: core. Knows no table.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

WAIT_SECONDS = 5.0


def open_private(file: Path, *, wait: float = WAIT_SECONDS) -> sqlite3.Connection:
    """Open a file that only its owner may read, made where there is none; any thread may use it, one at a time.

    Args:
        wait: seconds for another process that is writing.

    Raises:
        OSError, sqlite3.Error: it cannot be made or opened.
    """
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    return sqlite3.connect(file, timeout=wait, isolation_level=None, check_same_thread=False)


def open_store(file: Path, schema: str) -> sqlite3.Connection:
    """Open a file as `open_private` does, with the tables of `schema`, to be read while another process writes it."""
    connection = open_private(file)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.executescript(schema)
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Keep what the block writes, or nothing of it where it raises."""
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("rollback")
        raise
