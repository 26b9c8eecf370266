"""Word what the machine, Spark and our own mistakes do to a run, as one of our errors.

Data that an outside error may quote goes nowhere: of Spark only the name of the condition is told, of Python only
the kind and the trace, in a log.
Layer: pipeline. Imports core; PySpark late.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import re
import tempfile
import traceback
from pathlib import Path

from datatrust.core.errors import DataTrustError, EngineError, InternalError, OutcomeError
from datatrust.core.settings import Project

_PROBE = b"\0" * 262_144  # more than a file system keeps back for itself

# what the system says -> in words, and the next step
_DISK = {
    errno.ENOSPC: ("the disk is full", "free some space and run again"),
    errno.EDQUOT: ("the disk quota is used up", "free some space and run again"),
    errno.EROFS: ("the disk is mounted read-only", "mount it writable and run again"),
    errno.EACCES: ("this user has no right to it", "give the right and run again"),
    errno.EPERM: ("this user has no right to it", "give the right and run again"),
}


def worded(error: Exception, project: Project, step: str) -> DataTrustError:
    """Return an outside error as one of ours: the disk's fault, Spark's, or else a bug to report."""
    if (fault := _disk_fault(error, project.warehouse)) is not None:
        said, hint = _DISK[fault]
        place = Path(error.filename) if isinstance(error, OSError) and error.filename else project.warehouse
        return OutcomeError(
            f"{project.shown(place)}: {said}; the run stopped at step {step}, nothing was published\n"
            f"  {hint}; the last release still serves"
        )
    shown = log_trace(error, project, step)
    if (condition := _spark_condition(error)) is not None:
        table = _broken_table(error, project.warehouse)
        where = f" on a data file of {table}: restore it from a copy of the warehouse" if table else ""
        return EngineError(
            f"Spark failed at step {step}: {condition}{where}; nothing was published\n"
            f"  details: {shown} and spark.log"
        )
    return InternalError(
        f"an unexpected {type(error).__name__} at step {step}; nothing was published\n"
        f"  this is a fault of ours: please report it with {shown}"
    )


def log_trace(error: Exception, project: Project, step: str) -> str:
    """Write down where an error came from, and no word of what it says; return the log's name."""
    log = project.logs / "pipeline.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as out:
        out.write(f"{dt.datetime.now(tz=dt.UTC).isoformat()} {step}: {type(error).__name__}\n")
        out.writelines(traceback.format_tb(error.__traceback__))
    return project.shown(log)


def is_disk_fault(error: BaseException, warehouse: Path) -> bool:
    """Say whether the disk refuses, which is no fault of one source."""
    return _disk_fault(error, warehouse) is not None


def _disk_fault(error: BaseException, warehouse: Path) -> int | None:
    """Return what the disk refuses, by the error itself, by what Java says of it, or by trying."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in _DISK:
            return seen.errno
        text = f"{seen} {getattr(seen, '_stackTrace', '')}"
        for number in _DISK:
            if os.strerror(number) in text:
                return number
        seen = seen.__cause__ or getattr(seen, "_cause", None)
    try:
        with tempfile.NamedTemporaryFile(dir=warehouse, prefix=".probe-") as file:
            file.write(_PROBE)
            file.flush()
    except OSError as refused:
        return refused.errno if refused.errno in _DISK else None
    return None


def _broken_table(error: Exception, warehouse: Path) -> str | None:
    """Return the table whose data file Spark named; a path holds no value of a row."""
    found = re.search(rf"{re.escape(str(warehouse))}/(\S+)/[^/\s]+\.parquet", str(error))
    return ".".join(found.group(1).split("/")[-2:]) if found else None


def _spark_condition(error: Exception) -> str | None:
    from pyspark.errors import PySparkException

    if not isinstance(error, PySparkException):
        return None
    return error.getCondition() or type(error).__name__
