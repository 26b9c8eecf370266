"""Three hundred sources in one run beside thirty: seconds a source once the session is open, and the memory of all.

`make bench ONLY=sources`; N=60 takes sixty beside six. Each run is made from nothing in a process of its own. The
baseline of the second row is what a tenth of the sources costs, times ten: a ratio over 1 is growth faster than linear.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.many_sources import deliver_day, make_company  # noqa: E402
from tests.support.measured import run_apart  # noqa: E402

COUNT = 300


def run() -> list[dict[str, Any]]:
    """Return the rows of the benchmark."""
    many = int(os.environ.get("N") or COUNT)
    few = max(1, many // 10)
    costs = {}
    for count in (few, many):
        with tempfile.TemporaryDirectory() as folder:
            project = make_company(Path(folder), count)
            deliver_day(project, count, 0)
            costs[count] = run_apart(project)
    small, large = costs[few], costs[many]
    return [
        {
            "case": f"a source of {many} after session start, beside one of {few}",
            "ours": round(large.seconds / many, 2),
            "baseline": round(small.seconds / few, 2),
            "ratio": round(large.seconds / many / (small.seconds / few), 2),
            "unit": "s",
            "peak_mb": large.peak_mb,
        },
        {
            "case": f"the run of {many}, beside ten times that of {few}",
            "ours": round(large.seconds, 1),
            "baseline": round(small.seconds * many / few, 1),
            "ratio": round(large.seconds / (small.seconds * many / few), 2),
            "unit": "s",
            "peak_mb": large.peak_mb,
        },
        {
            "case": f"peak memory of {many}, beside {few}",
            "ours": large.peak_mb,
            "baseline": small.peak_mb,
            "ratio": round(large.peak_mb / small.peak_mb, 2),
            "unit": "MB",
            "peak_mb": large.peak_mb,
        },
    ]
