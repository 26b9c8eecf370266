"""Online Retail day by day and all at once: fifteen loads of new days end in the same gold as one load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datatrust.core.release import list_releases, load_release
from pipeline.run import run_pipeline
from tests.support.retail import RAW, gold_tables, make_retail

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.soak, pytest.mark.timeout(1800)]

LOADS = 15


def test_fifteen_loads_of_new_days_equal_one_load(spark: SparkSession, tmp_path: Path) -> None:
    days = sorted(RAW.glob("*.csv"))[:LOADS]
    if len(days) < LOADS:
        pytest.skip(f"the Online Retail files are not in {RAW}; DATATRUST_RAW names another place")
    daily = make_retail(tmp_path / "daily", days, one_load=False)
    once = make_retail(tmp_path / "once", days, one_load=True)
    run_pipeline(daily)
    run_pipeline(once)
    assert (list_releases(daily.warehouse)[-1], list_releases(once.warehouse)[-1]) == (LOADS, 1)
    ours, theirs = gold_tables(daily), gold_tables(once)
    assert len(ours["gold.fct_invoice_lines"]) > 10_000
    assert ours == theirs
    assert load_release(daily.warehouse).controls == load_release(once.warehouse).controls
