"""Whole runs on the smallest company: what is new, what is refused, and what a killed run leaves behind."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable

import pipeline.run
from datatrust.core.errors import OutcomeError, UnknownName, UserError
from datatrust.core.kept import rollback_release
from datatrust.core.release import list_releases, load_release
from datatrust.core.settings import Project, load_project
from pipeline.alerts.log import AlertLog
from pipeline.observe import load_steps
from pipeline.run import run_pipeline
from pipeline.status import load_status, render_status, render_summary
from tests.support.receiver import receiving
from tests.support.tiny import current, deliver, figures, gold, make_tiny_project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture
def project(tiny_project: Project) -> Project:
    return tiny_project


@pytest.fixture
def no_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting or asking Spark fails the test."""

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("Spark was asked for")

    monkeypatch.setattr("pipeline.session.open_session", refuse)


def test_a_release_holds_its_proof(tiny_release: Project) -> None:
    first = tiny_release
    release = current(first)
    (control,) = release.controls
    assert (control.read, control.valid, control.quarantined) == (3, 2, 1)
    assert control.amounts["EUR"]["read"] == Decimal("25.02")
    assert release.quality.status == "passed"
    assert release.lineage["gold.fct_expenses"] == ("expenses",)
    assert release.delivery == "2026-04"
    assert release.tables["gold.fct_expenses"].rows == 2
    assert {"bronze.expenses", "silver.expenses", "restricted.quarantine", "ops.ledger"} <= set(
        release.tables
    )
    for pin in release.tables.values():
        protocol = DeltaTable(str(first.warehouse / pin.path), version=pin.version).protocol()
        assert not set(protocol.reader_features or ()) & {"deletionVectors", "columnMapping", "typeWidening"}


@pytest.mark.usefixtures("no_spark")
def lineage_events(project: Project) -> list[tuple[str, str, dict[str, int]]]:
    """The events of lineage in the order of writing: job, state, and the rows of each table that it made."""
    events = []
    for file in sorted((project.logs / "openlineage").iterdir()):
        for event in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            rows = {
                each["name"]: each["outputFacets"]["outputStatistics"]["rowCount"]
                for each in event["outputs"]
            }
            events.append((event["job"]["name"], event["eventType"], rows))
    return events


def test_lineage_tools_hear_what_a_delivery_made(tiny_release: Project) -> None:
    rows = {name: pin.rows for name, pin in current(tiny_release).tables.items()}
    made = {name: rows[name] for name in ("bronze.expenses", "silver.expenses")}
    assert lineage_events(tiny_release) == [
        ("pipeline", "START", {}),
        ("ingest.expenses", "START", {}),
        ("ingest.expenses", "COMPLETE", made),
        ("gold.fct_expenses", "START", {}),
        ("gold.fct_expenses", "COMPLETE", {"gold.fct_expenses": 2}),
        ("pipeline", "COMPLETE", {}),
    ]


def test_nothing_new_is_said_without_spark(project: Project) -> None:
    summary = run_pipeline(project)
    assert summary.nothing_new
    assert summary.release == "000001"
    assert list_releases(project.warehouse) == [1]
    assert "nothing is new; release 000001 stands" in render_summary(summary)


@pytest.mark.usefixtures("no_spark")
def test_new_definitions_alone_need_no_spark(project: Project) -> None:
    metric = project.catalog / "metrics" / "expenses.yml"
    metric.parent.mkdir(parents=True)
    metric.write_text("metrics: []\n")
    rows = [("expenses", "2026-04-01", "month", "{}", Decimal("30.02"), "EUR")]
    summary = run_pipeline(project, business_metrics=lambda candidate: rows)
    release = current(project)
    assert summary.release == release.id == "000002"
    assert (
        release.tables["gold.fct_expenses"]
        == load_release(project.warehouse, "1").tables["gold.fct_expenses"]
    )
    assert release.tables["gold.business_metrics"].rows == 1
    assert release.files["semantic/catalog/metrics/expenses.yml"] == "metrics: []\n"


def test_only_the_rows_of_a_new_file_are_read(spark: SparkSession, project: Project) -> None:
    deliver(project, "2026-05/expenses.csv", [("A2", "20.03"), ("B1", "1.00")], day="2026-05-02")
    deliver(project, "2026-05/notes.txt", [])
    summary = run_pipeline(project)
    (done,) = summary.deliveries
    (line,) = done.sources
    assert (done.delivery, line.files, line.read, line.valid) == ("2026-05", 1, 2, 2)
    assert summary.unclaimed == ("2026-05/notes.txt",)
    assert gold(project) == [("A1", "10.00"), ("A2", "20.03"), ("B1", "1.00")]
    (control,) = current(project).controls
    assert (control.read, control.valid, control.quarantined, control.superseded) == (5, 3, 1, 1)
    assert "files that no contract claims:\n  2026-05/notes.txt" in render_summary(summary)

    status = load_status(project)
    assert (status.release, status.last_run, status.last_run_succeeded) == ("000002", 2, True)
    fact = next(table for table in status.tables if table.table == "gold.fct_expenses")
    assert (fact.rows, fact.written_by_run) == (3, 2)
    assert "range:amount" in render_status(status)
    assert status.alerts == (), "the closing before was told of, this one is well again"
    assert [entry.state for entry in AlertLog(project.logs).entries] == ["raised", "recovered"]


def test_a_changed_rule_judges_old_rows_again(spark: SparkSession, project: Project) -> None:
    contract = project.configs / "contracts" / "expenses.yml"
    contract.write_text(contract.read_text().replace("exclusiveMinimum: 0", "exclusiveMinimum: -100"))
    summary = run_pipeline(project)
    assert [done.delivery for done in summary.deliveries] == ["2026-04"]
    assert gold(project) == [("A1", "10.00"), ("A2", "20.02"), ("A3", "-5.00")]
    assert current(project).controls[0].quarantined == 0


def test_a_file_that_cannot_be_read_is_told_and_the_release_goes_on(
    spark: SparkSession, project: Project
) -> None:
    deliver(project, "2026-05/expenses.csv", [("B1", "1.00")])
    (project.raw / "2026-05" / "expenses_broken.csv").write_text("colour,size\nred,1\n")
    summary = run_pipeline(project)
    assert summary.release == "000002"
    (problem,) = summary.problems
    assert problem.startswith("2026-05/expenses_broken.csv: ")
    assert gold(project)[-1] == ("B1", "1.00")
    assert run_pipeline(project).nothing_new, "a refused file is not tried again until its contract changes"


def test_a_cent_lost_in_silver_stops_the_publish(
    spark: SparkSession, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between ingest and audit: the last release serves, and the next run repairs what was damaged."""
    deliver(project, "2026-05/expenses.csv", [("B1", "1.00")])
    build = pipeline.run._Run._build_gold

    def lossy(self: Any, *arguments: Any) -> Any:
        DeltaTable(str(self.project.warehouse / "silver/expenses")).update(
            predicate="expense_id = 'B1'", updates={"amount": "amount - cast('0.01' as decimal(18, 2))"}
        )
        return build(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(pipeline.run._Run, "_build_gold", lossy)
        with pytest.raises(OutcomeError, match=r"EUR valid now, and then: 31\.01 is not 31\.02"):
            run_pipeline(project)
    assert current(project).id == "000001"
    failed = [step for step in load_steps(project.warehouse) if not step.success]
    assert [(step.run, step.step) for step in failed] == [(2, "audit")]
    assert load_status(project).last_run_succeeded is False

    summary = run_pipeline(project)
    assert summary.release == "000002"
    assert "ops.ledger" in summary.restored
    assert gold(project)[-1] == ("B1", "1.00")


def test_a_row_lost_on_the_way_to_the_facts_stops_the_publish(spark: SparkSession, project: Project) -> None:
    model = project.dbt / "models" / "fct_expenses.sql"
    model.write_text(
        model.read_text().replace("'expenses') }}", "'expenses') }} where expense_id <> 'A1'", 1)
    )
    with pytest.raises(OutcomeError, match="test facts_tie_to_valid_rows: 1 rows fail"):
        run_pipeline(project)
    assert current(project).id == "000001"


def test_too_many_quarantined_rows_stop_the_publish_and_are_told(
    spark: SparkSession, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = project.config_file
    config.write_text(config.read_text().replace("{", '{"publish": {"max_quarantined_share": 0.4}, ', 1))
    deliver(project, "2026-05/expenses.csv", [("B1", "1.00"), ("B2", "-1.00")])
    with receiving() as slack:
        monkeypatch.setenv("DATATRUST_SLACK_WEBHOOK", slack.url)
        with pytest.raises(OutcomeError, match="expenses: 1 of 2 rows quarantined"):
            run_pipeline(load_project(project.root))
        quarantined, refused = slack.texts
    assert current(project).id == "000001"
    assert "1 of 2 new rows (50.0%) are quarantined, more than 5.0%: range:amount 1" in quarantined
    assert "the run stopped at the step silver; the last release still serves" in refused
    assert "alert: refused release, tiny: the run stopped" in render_status(load_status(project))
    assert [each for each in lineage_events(project) if each[0] == "pipeline"][-1] == ("pipeline", "FAIL", {})
    told = (project.logs / "alerts.jsonl").read_text()
    assert "-1.00" not in told
    assert slack.url not in told


def test_a_rollback_is_gone_on_from(spark: SparkSession, project: Project) -> None:
    deliver(project, "2026-05/expenses.csv", [("B1", "1.00")])
    run_pipeline(project)
    rollback_release(project.warehouse, "1")
    summary = run_pipeline(project)
    assert summary.release == "000004", "the file of the release that was taken back is new again"
    assert gold(project)[-1] == ("B1", "1.00")
    assert figures(current(project)) == figures(load_release(project.warehouse, "2"))


def test_wrong_requests_are_told(spark: SparkSession, project: Project, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r'no source "expences"(.|\n)*did you mean: expenses'):
        run_pipeline(project, select=["expences"])
    empty = make_tiny_project(tmp_path / "empty")
    with pytest.raises(UserError, match="no raw file for any source in data/raw"):
        run_pipeline(empty)
