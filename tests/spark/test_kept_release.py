"""Two releases, a rollback and a kept release after a real VACUUM: each reads back its own rows, or says why not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from deltalake import DeltaTable

from datatrust.core.errors import FilesGone
from datatrust.core.kept import keep_release, rollback_release
from datatrust.core.release import load_release
from datatrust.core.settings import Project
from pipeline.run import run_pipeline
from pipeline.tables import find_tables
from semantic.engine import SemanticLayer
from semantic.query import EVERYONE, MetricQuery
from tests.support.tiny import deliver, gold

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

MODEL = """
model: expenses
table: gold.fct_expenses
key: [expense_id]
time: expense_date
dimensions:
  - {name: expense_date, type: time, grain: day}
  - {name: expense_id, type: identifier}
"""
METRIC = "metrics: [{name: spent, label: Spent, model: expenses, agg: sum, expr: amount}]\n"


def read_back(project: Project, as_of: str | None) -> dict[str, Decimal]:
    """Every row of the fact as a question finds it."""
    layer = SemanticLayer.open(project, as_of=as_of)
    try:
        query = MetricQuery(metrics=("spent",), group_by=("expense_id",))
        return {str(row[0]): row[1] for row in layer.query(query, viewer=EVERYONE).rows}
    finally:
        layer.engine.close()


@contextmanager
def without_check(spark: SparkSession) -> Iterator[None]:
    name = "spark.databricks.delta.retentionDurationCheck.enabled"
    spark.conf.set(name, "false")
    try:
        yield
    finally:
        spark.conf.unset(name)


def test_each_release_reads_back_its_own_rows_after_a_vacuum(
    spark: SparkSession, tiny_project: Project
) -> None:
    project = tiny_project
    for name, text in {"models/expenses.yml": MODEL, "metrics/expenses.yml": METRIC}.items():
        (project.catalog / name).parent.mkdir(parents=True, exist_ok=True)
        (project.catalog / name).write_text(text)
    april = {"A1": Decimal("10.00"), "A2": Decimal("20.02")}
    may = {**april, "A2": Decimal("20.03"), "B1": Decimal("1.00")}
    assert run_pipeline(project).release == "000002", "the catalog is new, the rows are April's"
    deliver(project, "2026-05/expenses.csv", [("A2", "20.03"), ("B1", "1.00")], day="2026-05-02")
    run_pipeline(project)
    keep_release(project.warehouse, "2", reason="signed")
    rolled_back = rollback_release(project.warehouse, "2")
    assert read_back(project, None) == april
    run_pipeline(project)
    assert read_back(project, None) == may, "the run went on from the rollback and took the file in again"

    with without_check(spark):
        for folder in find_tables(project.warehouse).values():
            spark.sql(f"vacuum delta.`{folder}` retain 0 hours")
    releases = [load_release(project.warehouse, str(number)) for number in range(1, 6)]
    assert rolled_back == releases[3]
    wanted = {2: april, 4: april, 5: may}
    for number, rows in wanted.items():
        release = releases[number - 1]
        assert read_back(project, release.id) == rows
        assert read_back(project, release.created_at.isoformat()) == rows, "the release that was current then"
    with pytest.raises(FilesGone, match=r"release 000003 cannot be read: gold\.fct_expenses .* are gone"):
        read_back(project, "3")

    rollback_release(project.warehouse, "2")
    deliver(project, "2026-06/expenses.csv", [("C1", "5.00")], day="2026-06-02")
    run_pipeline(project)
    assert gold(project)[-2:] == [("B1", "1.00"), ("C1", "5.00")], "a run goes on from a kept release"


def test_gold_tables_are_serializable(tiny_release: Project) -> None:
    for name, folder in find_tables(tiny_release.warehouse).items():
        if name.startswith(("gold.", "silver.", "restricted.")):
            properties = DeltaTable(str(folder)).metadata().configuration
            assert properties["delta.isolationLevel"] == "Serializable", name
