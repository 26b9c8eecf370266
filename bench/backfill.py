"""Online Retail, one load a day beside one load of everything: the same gold, and what a load costs.

`make bench ONLY=backfill` takes all daily files; N=30 the first thirty. Both projects are made from nothing, in one
Spark session whose start is not counted; the one load comes second, when everything is warm. The rows of every gold table
are compared, every column of them; a difference ends the benchmark with an error.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pipeline.run import run_pipeline  # noqa: E402
from tests.support.measured import peak_mb  # noqa: E402
from tests.support.retail import RAW, gold_tables, make_retail  # noqa: E402

DAYS_VARIABLE = "N"


def run() -> list[dict[str, Any]]:
    """Return the rows of the benchmark."""
    days = sorted(RAW.glob("*.csv"))
    days = days[: int(os.environ.get(DAYS_VARIABLE) or len(days))]
    with tempfile.TemporaryDirectory() as folder:
        daily = make_retail(Path(folder) / "daily", days, one_load=False)
        once = make_retail(Path(folder) / "once", days, one_load=True)
        each = [sum(load.seconds.values()) for load in run_pipeline(daily).deliveries]
        whole = sum(sum(load.seconds.values()) for load in run_pipeline(once).deliveries)
        if gold_tables(daily) != gold_tables(once):
            raise SystemExit(f"gold of {len(days)} loads differs from gold of one load")
    return _rows(each, whole)


def _rows(each: Sequence[float], whole: float) -> list[dict[str, Any]]:
    cases = {
        f"{len(each)} loads of a day beside one load of all, equal gold": (sum(each), whole),
        "a load of a day, median": (statistics.median(each), None),
        "a load of a day, median of the first ten": (statistics.median(each[:10]), None),
        "a load of a day, median of the last ten": (statistics.median(each[-10:]), None),
    }
    return [
        {
            "case": case,
            "ours": round(ours, 2),
            "baseline": None if base is None else round(base, 2),
            "ratio": None if base is None else round(ours / base, 2),
            "unit": "s",
            "peak_mb": peak_mb(),
        }
        for case, (ours, base) in cases.items()
    ]
