"""Corrected files of snapshots and histories: what was said wrongly first ends as if it had been said rightly."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.spark.test_load_modes import CONTRACTS, history, ingest, write_state
from tests.support.payables import Payables, make_payables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

HEAD = "sku,price,changed_on"


def stock(company: Payables) -> list[tuple[object, ...]]:
    return company.rows("silver.stock", "sku", "price")


def test_a_corrected_file_counts_as_if_it_had_come_right(tmp_path: Path, spark: SparkSession) -> None:
    """An older state and an older history are delivered again: junk comes right, a price is another, a row is new."""
    contracts = {name: CONTRACTS[name] for name in ("prices", "stock")}
    company = make_payables(tmp_path / "corrected", spark, contracts=contracts)
    company.write("prices_1.csv", HEAD, "S1,1.00,2026-01-01", "S2,x,2026-01-01", "S3,3.00,2026-01-01")
    write_state(company, ".", "2026-01-01", {"S1": "1.00", "S2": "2.00", "S3": "x"})
    ingest(company)
    company.write("prices_2.csv", HEAD, "S1,1.20,2026-03-01", "S3,3.00,2026-02-01")
    write_state(company, ".", "2026-02-01", {"S1": "1.00", "S2": "2.50", "S3": "9.00"})
    ingest(company)

    company.write("prices_1.csv", HEAD, "S1,1.10,2026-01-01", "S2,2.00,2026-01-01", "S3,3.50,2026-01-01")
    write_state(company, ".", "2026-01-01", {"S1": "1.00", "S2": "2.20", "S3": "9.00"})
    ingest(company)
    write_state(company, ".", "2026-02-01", {"S1": "1.01", "S2": "2.50", "S4": "4.00"})
    ingest(company)

    right = make_payables(tmp_path / "right", spark, contracts=contracts)
    shutil.copytree(company.project.raw, right.project.raw)
    ingest(right)
    assert history(company) == history(right)
    assert stock(company) == stock(right)
    assert company.rows("restricted.quarantine", "source", "_line") == []
    before = company.state()
    ingest(company, refresh=["prices", "stock"])
    assert company.state() == before
