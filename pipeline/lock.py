"""Let one run at a time write a warehouse.

A lock of the operating system on a file: it is gone when its holders are gone, so a killed run leaves none
behind. The Java process holds it too (its descriptor is inherited), so that an orphan cannot write beside
the next run.
Layer: pipeline. Imports core only.
"""

from __future__ import annotations

import datetime as dt
import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datatrust.core.errors import OutcomeError

LOCK_FILE = ".lock"


@contextmanager
def hold_lock(warehouse: Path) -> Iterator[int]:
    """Hold the warehouse's lock for the time of the block; gives its file descriptor.

    Raises:
        OutcomeError: another run holds it; says which process, and since when.
    """
    warehouse.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(warehouse / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise OutcomeError(f"another run is writing this warehouse{_holder(descriptor)}") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "since": _now()}).encode(), 0)
        try:
            yield descriptor
        finally:
            os.ftruncate(descriptor, 0)
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def is_running(pid: int) -> bool:
    """Return whether a process with this number exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _holder(descriptor: int) -> str:
    try:
        noted = json.loads(os.pread(descriptor, 1000, 0))
        pid, since = int(noted["pid"]), str(noted["since"])
    except (ValueError, KeyError, TypeError):
        return ""
    state = "" if is_running(pid) else "; it was killed, and its Java process is still stopping: try again"
    return f": process {pid}, since {since}{state}"


def _now() -> str:
    return dt.datetime.now(tz=dt.UTC).astimezone().isoformat(timespec="seconds")
