"""Online Retail, one load a day beside one load of everything: the same gold, and what a load costs.

`make bench ONLY=backfill` takes all daily files; N=30 the first thirty. Both projects are made from nothing. The rows of
every gold table are compared, every column of them; a difference ends the benchmark with an error.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pipeline.run import run_pipeline  # noqa: E402
from pipeline.session import close_session  # noqa: E402
from tests.support.retail import RAW, gold_tables, make_retail  # noqa: E402

DAYS_VARIABLE = "N"


def run() -> list[dict[str, Any]]:
    """Return the rows of the benchmark."""
    days = sorted(RAW.glob("*.csv"))
    days = days[: int(os.environ.get(DAYS_VARIABLE) or len(days))]
    with tempfile.TemporaryDirectory() as folder:
        daily, once = (
            make_retail(Path(folder) / name, days, one_load=name == "once") for name in ("daily", "once")
        )
        begun = time.monotonic()
        loads = run_pipeline(daily).deliveries
        seconds = time.monotonic() - begun
        close_session()
        begun = time.monotonic()
        run_pipeline(once)
        baseline = time.monotonic() - begun
        close_session()
        if gold_tables(daily) != gold_tables(once):
            raise SystemExit(f"gold of {len(days)} loads differs from gold of one load")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    each = [sum(load.seconds.values()) for load in loads]
    cases = [
        (f"{len(days)} loads of a day, beside one load: equal gold", seconds, baseline),
        ("one load, median", statistics.median(each), None),
        ("one load, median of the first ten", statistics.median(each[:10]), None),
        ("one load, median of the last ten", statistics.median(each[-10:]), None),
    ]
    return [
        {
            "case": case,
            "ours": round(ours, 2),
            "baseline": round(base, 2) if base else None,
            "ratio": round(ours / base, 2) if base else None,
            "unit": "s",
            "peak_mb": round(peak, 1),
        }
        for case, ours, base in cases
    ]
