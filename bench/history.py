"""Thirty runs in one warehouse: time, memory and files of the last five beside those of the second to the sixth.

`make bench ONLY=history`; N=12 makes twelve. Each run is a process of its own with one new file a source, as a nightly
job has it, and the default clean-up follows every fifth. The first run is left out: it makes every table.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from datatrust.core.release import load_release  # noqa: E402
from datatrust.core.settings import Project  # noqa: E402
from pipeline.tables import list_files  # noqa: E402
from tests.support.many_sources import deliver_day, make_company  # noqa: E402
from tests.support.measured import Cost, maintain_apart, run_apart  # noqa: E402

RUNS = 30
SOURCES = 3
AT_MOST = 1.2


def run() -> list[dict[str, Any]]:
    """Return the rows of the benchmark."""
    runs = max(11, int(os.environ.get("N") or RUNS))
    costs: list[Cost] = []
    files: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        project = make_company(Path(folder), SOURCES)
        for day in range(runs):
            deliver_day(project, SOURCES, day)
            costs.append(run_apart(project))
            files.append(_files_read(project))
            if day % 5 == 4:
                maintain_apart(project)
    early, late = slice(1, 6), slice(runs - 5, runs)

    def row(case: str, unit: str, pick: Callable[[slice], list[float]]) -> dict[str, Any]:
        ours, base = statistics.median(pick(late)), statistics.median(pick(early))
        return {
            "case": f"{case}, runs {runs - 4} to {runs} beside 2 to 6 (goal {AT_MOST})",
            "ours": round(ours, 2),
            "baseline": round(base, 2),
            "ratio": round(ours / base, 2),
            "unit": unit,
            "peak_mb": max(cost.peak_mb for cost in costs),
        }

    return [
        row("a run after session start", "s", lambda part: [cost.seconds for cost in costs[part]]),
        row("peak memory", "MB", lambda part: [cost.peak_mb for cost in costs[part]]),
        row("files of the release's tables", "file", lambda part: [float(n) for n in files[part]]),
    ]


def _files_read(project: Project) -> int:
    """Return how many data files the tables of the current release are made of."""
    listed = (
        list_files(project.warehouse / pin.path) for pin in load_release(project.warehouse).tables.values()
    )
    return sum(len(each.paths) for each in listed if each is not None)
