"""Delta's own OPTIMIZE and Z-ORDER under `maintain`: every retained release reads back its rows, and runs go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from deltalake import DeltaTable

from datatrust.core.errors import FilesGone
from datatrust.core.kept import keep_release, table_folder
from datatrust.core.release import load_release
from datatrust.core.retired import refuse_retired
from datatrust.core.settings import Project, load_project
from pipeline.maintenance.run import maintain
from pipeline.run import run_pipeline
from pipeline.tables import query_tables
from tests.support.tiny import deliver, gold

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

POLICY = {
    "retain": {"releases": 1, "days": 0},
    "small_files": 2,
    "tables": ["*"],
    "z_order": {"gold.fct_expenses": ["expense_date", "expense_id"]},
}


def fact_of(project: Project, release: str) -> list[tuple[str, str]]:
    """The fact's rows at the version that a release pins, where that release reads them."""
    found = load_release(project.warehouse, release)
    pin = found.tables["gold.fct_expenses"]
    rows = query_tables(
        "select expense_id, amount from t order by 1",
        {"t": table_folder(project.warehouse, found, pin)},
        versions={"t": pin.version},
    )
    return [(row["expense_id"], str(row["amount"])) for row in rows]


def test_maintenance_between_runs(spark: SparkSession, tiny_project: Project) -> None:
    settings = json.loads(tiny_project.config_file.read_text())
    tiny_project.config_file.write_text(json.dumps({**settings, "maintenance": POLICY}))
    project = load_project(tiny_project.root)
    deliver(project, "2026-05/expenses.csv", [("A2", "20.03"), ("B1", "1.00")], day="2026-05-02")
    run_pipeline(project)
    april, may = fact_of(project, "1"), fact_of(project, "2")
    assert april != may
    keep_release(project.warehouse, "1", reason="signed")

    report = maintain(project)
    assert report.published
    assert [v.number for v in report.retired] == [2]
    assert [(v.number, v.reason) for v in report.retained] == [(1, "kept"), (3, "current")]
    assert (fact_of(project, "1"), fact_of(project, "3"), gold(project)) == (april, may, may)
    rewritten = {table.table for table in report.tables if table.fragmented}
    assert "bronze.expenses" in rewritten, "append-only tables can be rewritten too"
    own = "ops.pipeline_metrics"  # which maintenance itself goes on adding to
    assert {table.files_after for table in report.tables if table.fragmented and table.table != own} == {1}
    table = DeltaTable(str(project.warehouse / "gold/fct_expenses"))
    assert not table.protocol().reader_features
    if "gold.fct_expenses" in rewritten:
        operation = next(each for each in table.history() if each["operation"] == "OPTIMIZE")
        assert "expense_date" in str(operation["operationParameters"])
    assert table.metadata().configuration["delta.enableExpiredLogCleanup"] == "false"
    with pytest.raises(FilesGone, match="has the same rows: --as-of 3"):
        refuse_retired(project.warehouse, load_release(project.warehouse, "2"))

    deliver(project, "2026-06/expenses.csv", [("B1", "2.00"), ("C1", "5.00")], day="2026-06-02")
    summary = run_pipeline(project)
    assert (summary.release, summary.restored) == ("000004", ()), "a run finds nothing to put back"
    assert gold(project) == [("A1", "10.00"), ("A2", "20.03"), ("B1", "2.00"), ("C1", "5.00")]
    control = load_release(project.warehouse).controls[0]
    assert (control.read, control.valid, control.quarantined, control.superseded) == (7, 4, 1, 2)
    assert run_pipeline(project).nothing_new
    assert not maintain(project, dry_run=True).published
