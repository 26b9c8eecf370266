"""A governed run of one and of ten million sales lines, beside a plain Spark script of the same steps.

`make bench ONLY=pipeline`; N=100000 takes that many lines and ten times as many. Ours reads the contract, judges every
row, masks, keeps each rejected row with its reasons, builds gold by dbt, proves that no row and no cent is lost, audits
and publishes a release. The script casts, filters, subtracts, sums and writes. Both run in processes of their own,
with the same session; the seconds begin when it is open.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.big_sales import make_big_company  # noqa: E402
from tests.support.measured import Cost, run_apart  # noqa: E402
from tests.support.plain_script import run_plain  # noqa: E402

LINES = 1_000_000


def run() -> list[dict[str, Any]]:
    """Return the rows of the benchmark."""
    few = int(os.environ.get("N") or LINES)
    rows = []
    for lines in (few, 10 * few):
        with tempfile.TemporaryDirectory() as folder:
            project = make_big_company(Path(folder), lines)
            plain = {form: run_plain(project.raw, form=form) for form in ("delta", "parquet")}
            ours = run_apart(project)
        rows += [
            _row(f"{lines:,} lines, beside the script in {form}", ours, cost) for form, cost in plain.items()
        ]
        rows.append(
            {
                "case": f"{lines:,} lines: peak memory, beside the script in delta",
                "ours": ours.peak_mb,
                "baseline": plain["delta"].peak_mb,
                "ratio": round(ours.peak_mb / plain["delta"].peak_mb, 2),
                "unit": "MB",
                "peak_mb": ours.peak_mb,
            }
        )
    return rows


def _row(case: str, ours: Cost, script: Cost) -> dict[str, Any]:
    return {
        "case": case,
        "ours": round(ours.seconds, 1),
        "baseline": round(script.seconds, 1),
        "ratio": round(ours.seconds / script.seconds, 2),
        "unit": "s",
        "peak_mb": ours.peak_mb,
    }
