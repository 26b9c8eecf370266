"""Write down what each step of each run did: `ops.pipeline_metrics`, one row a step and table.

Failed runs are written too; the table is never restored, so that it tells of them afterwards.
Layer: pipeline. Imports core and tables; writes Delta by deltalake, starts no Spark.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from datatrust.core.release import METRICS_TABLE
from pipeline.tables import query_tables, table_path

MAINTENANCE = "maintain"  # what the steps of a maintenance begin with

_SCHEMA = pa.schema(
    [
        ("run", pa.int64()),
        ("delivery", pa.string()),
        ("step", pa.string()),
        ("table_name", pa.string()),
        ("row_count", pa.int64()),
        ("rows_in", pa.int64()),
        ("rows_out", pa.int64()),
        ("rejected", pa.int64()),
        ("duration_seconds", pa.float64()),
        ("success", pa.bool_()),
        ("message", pa.string()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(frozen=True, kw_only=True)
class StepMetric:
    """One step of a run, on one table or on all. Counts are None where the step has no such thing."""

    step: str
    table: str | None = None
    row_count: int | None = None  # rows of the table afterwards
    rows_in: int | None = None
    rows_out: int | None = None
    rejected: int | None = None
    duration_seconds: float | None = None
    success: bool = True
    message: str | None = None


@dataclass(frozen=True, kw_only=True)
class RecordedStep(StepMetric):
    """A step as the table has it."""

    run: int
    delivery: str | None
    timestamp: dt.datetime


def next_run(warehouse: Path) -> int:
    """Return the number of the next run: one more than the highest that was written down."""
    rows = _query(warehouse, "select coalesce(max(run), 0) + 1 as run from metrics")
    return int(rows[0]["run"]) if rows else 1


def record_steps(warehouse: Path, *, run: int, delivery: str | None, steps: Sequence[StepMetric]) -> None:
    """Append the steps of one delivery of one run; one commit."""
    now = dt.datetime.now(tz=dt.UTC)
    rows = [
        {
            "run": run,
            "delivery": delivery,
            "step": step.step,
            "table_name": step.table,
            "row_count": step.row_count,
            "rows_in": step.rows_in,
            "rows_out": step.rows_out,
            "rejected": step.rejected,
            "duration_seconds": step.duration_seconds,
            "success": step.success,
            "message": step.message,
            "timestamp": now,
        }
        for step in steps
    ]
    folder = warehouse / table_path(METRICS_TABLE)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_deltalake(str(folder), pa.Table.from_pylist(rows, schema=_SCHEMA), mode="append")


def load_steps(warehouse: Path) -> tuple[RecordedStep, ...]:
    """Return every step written down, oldest first."""
    rows = _query(warehouse, "select * from metrics order by run, timestamp")
    return tuple(RecordedStep(table=row.pop("table_name"), **row) for row in rows)


def load_run_steps(warehouse: Path) -> tuple[RecordedStep, ...]:
    """Return the steps of runs, oldest first; those of maintenance are left out."""
    return tuple(step for step in load_steps(warehouse) if not step.step.startswith(MAINTENANCE))


def seconds_by_run(steps: Iterable[RecordedStep]) -> dict[int, float]:
    """Return how long each run worked, in the order of `steps`.

    Only steps as a whole count: the seconds of a table lie inside those of its step, and those of several sources overlap.
    """
    seconds: dict[int, float] = {}
    for step in steps:
        whole = step.duration_seconds if step.table is None else None
        seconds[step.run] = seconds.get(step.run, 0.0) + (whole or 0.0)
    return seconds


def _query(warehouse: Path, sql: str) -> list[dict[str, Any]]:
    folder = warehouse / table_path(METRICS_TABLE)
    return query_tables(sql, {"metrics": folder}) if (folder / "_delta_log").is_dir() else []
