"""Write down who did what to quarantined rows, when and why: `ops.quarantine_log`, append-only, without a value of a row.

It is never restored: it tells of exports and of runs that died, too.
Layer: pipeline. Imports core and tables; writes Delta by deltalake, starts no Spark.
"""

from __future__ import annotations

import datetime as dt
import os
import pwd
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from datatrust.core.release import QUARANTINE_LOG
from pipeline.tables import query_tables, table_path

_SCHEMA = pa.schema(
    [
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("by", pa.string()),
        ("os_user", pa.string()),
        ("role", pa.string()),
        ("action", pa.string()),
        ("source", pa.string()),
        ("rows", pa.int64()),
        ("why", pa.string()),
        ("file", pa.string()),
        ("release", pa.string()),
    ]
)


@dataclass(frozen=True, kw_only=True)
class QuarantineStep:
    """One thing that was done to quarantined rows of one source (None: of all)."""

    action: str  # "export", "unmasked export", "freed", "corrected", "judged again", …
    source: str | None
    rows: int
    why: str
    role: str | None = None
    file: str | None = None  # the export's file, or the raw file that brought a correction
    release: str | None = None  # the one that was read, or that holds what was done


@dataclass(frozen=True, kw_only=True)
class LoggedStep(QuarantineStep):
    """A step as the log has it."""

    timestamp: dt.datetime
    by: str
    os_user: str


def log_steps(warehouse: Path, steps: Sequence[QuarantineStep], *, by: str | None = None) -> None:
    """Append steps; one commit. `by` is who the person says they are; the account they used stands beside it."""
    if not steps:
        return
    now, account = dt.datetime.now(tz=dt.UTC), os_user()
    rows = [
        {
            "timestamp": now,
            "by": by or account,
            "os_user": account,
            "role": step.role,
            "action": step.action,
            "source": step.source,
            "rows": step.rows,
            "why": step.why,
            "file": step.file,
            "release": step.release,
        }
        for step in steps
    ]
    folder = warehouse / table_path(QUARANTINE_LOG)
    folder.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    write_deltalake(str(folder), table, mode="append", configuration={"delta.appendOnly": "true"})


def load_log(warehouse: Path) -> tuple[LoggedStep, ...]:
    """Return every step written down, oldest first."""
    folder = warehouse / table_path(QUARANTINE_LOG)
    if not (folder / "_delta_log").is_dir():
        return ()
    rows: list[dict[str, Any]] = query_tables("select * from log order by timestamp", {"log": folder})
    return tuple(LoggedStep(**row) for row in rows)


def os_user() -> str:
    """Return the name of the account that runs this process; its number where it has no name."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
