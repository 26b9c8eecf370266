"""MLlib's KMeans on planted outliers, beside the rule of three standard deviations; a re-run is equal to the last digit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.anomalies import write_anomalies
from pipeline.tables import query_tables
from tests.support.outliers import RULE, judge, planted, three_sigma, write_fact

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


def test_planted_outliers_beside_three_standard_deviations(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    amounts, wrong = planted()
    tables = []
    for place in ("first", "again"):
        write_fact(tmp_path / place, amounts)
        assert write_anomalies(spark, tmp_path / place, "gold.odd", RULE).fitted
        tables.append(query_tables("select * from t order by id", {"t": tmp_path / place / "gold/odd"}))
    assert tables[0] == tables[1], "centres, distances and scores"
    ours = judge((row["id"] for row in tables[0]), wrong)
    rule, on_logarithms = (judge(three_sigma(amounts, log=log), wrong) for log in (False, True))
    with capsys.disabled():
        print(f"\n50 planted outliers among {len(amounts):,} amounts: precision, recall, F1")
        for name, found in {
            "KMeans": ours, "3 sigma": rule, "3 sigma of logarithms": on_logarithms,
        }.items():  # fmt: skip
            print(f"  {name:22} {found.precision:.3f}  {found.recall:.3f}  {found.f1:.3f}")
    assert ours.f1 >= rule.f1
    assert ours.f1 >= on_logarithms.f1 - 0.02
    assert not write_anomalies(spark, tmp_path / "first", "gold.odd", RULE).fitted
