"""The whole way of a repair: list, export, repair in a file, dry run, a run that dies, replay, and replay again."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from datatrust.cli import main
from datatrust.core.release import list_releases
from datatrust.core.settings import Project
from pipeline.contracts import load_contracts
from pipeline.ingest import ingest_delivery
from pipeline.ledger import find_new_files
from pipeline.quarantine_log import load_log
from pipeline.tables import find_tables
from tests.support.projects import run
from tests.support.tiny import current, deliver, gold, make_tiny_project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_tiny_project(tmp_path)
    policy = project.configs / "policies" / "restricted.yml"
    policy.parent.mkdir(parents=True, exist_ok=True)
    policy.write_text("unmasked_export: {roles: [steward]}\n")
    return project


def command(project: Project, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(["--project", str(project.root), "quarantine", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_repair_from_the_list_to_the_release(
    spark: SparkSession, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(project, "2026-04/expenses.csv", [("E1", "10.00"), ("E2", "2O.00"), ("E3", "-3.00"), ("E4", "x")])
    run(project)
    listed = command(project, capsys, "list", "expenses")
    assert [(row["line"], row["reasons"][0]["id"]) for row in listed["rows"]] == [
        (3, "type:amount"), (4, "range:amount"), (5, "type:amount"),
    ]  # fmt: skip

    out = project.root / "expenses.repaired.csv"
    asked = ("--unmasked", "--role", "steward", "--reason", "ticket 7", "--by", "Grace", "--out", str(out))
    assert command(project, capsys, "export", "expenses", *asked)["rows"] == 3
    _repair(out, project.raw / "2026-05" / out.name, {"row:1:3": "20.00", "row:1:4": "3.00"})
    before = _state(project)
    preview = command(project, capsys, "replay", "expenses", "--dry-run")
    assert preview["files"] == ["2026-05/expenses.repaired.csv"]
    (line,) = preview["lines"]
    assert line == {
        "source": "expenses", "before": 3, "freed": 0, "settled": 3, "rejected": 1, "after": 1,
        "valid_before": 1, "valid_after": 3,
    }  # fmt: skip
    assert _state(project) == before

    specs = load_contracts(project)
    (delivery,) = find_new_files(project, specs).deliveries
    ingest_delivery(spark, project, specs, delivery)  # a run that dies before it publishes
    done = command(project, capsys, "replay", "expenses", "--reason", "typing errors", "--by", "Grace")
    (published,) = done["deliveries"]
    assert published["release"] == "000002"
    assert gold(project) == [("E1", "10.00"), ("E2", "20.00"), ("E3", "3.00")]
    control = current(project).controls[0]
    assert (control.read, control.valid, control.quarantined, control.superseded) == (7, 3, 1, 3)
    assert control.amounts["EUR"]["read"] == Decimal("30.00")

    steps = [(step.action, step.rows, step.why, step.by) for step in load_log(project.warehouse)]
    assert steps == [
        ("unmasked export", 3, "ticket 7", "Grace"),
        ("replayed", 1, "typing errors", "Grace"),
        ("repaired", 3, "typing errors", "Grace"),
    ]
    assert load_log(project.warehouse)[-1].file == "2026-05/expenses.repaired.csv"
    assert "ops.quarantine_log" in current(project).tables

    again = command(project, capsys, "replay", "expenses")
    assert again["nothing_new"] is True
    assert list_releases(project.warehouse) == [1, 2]
    assert len(load_log(project.warehouse)) == 3


def _repair(export: Path, target: Path, amounts: dict[str, str]) -> None:
    """Put right amounts into an export, as a person does, and deliver it."""
    rows = list(csv.DictReader(io.StringIO(export.read_bytes().decode("utf-8-sig"))))
    for row in rows:
        row["amount"] = amounts.get(row["_ref"], row["amount"])
    target.parent.mkdir()
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _state(project: Project) -> dict[str, Any]:
    """Return every table's files of rows and of its log, by name."""
    return {
        name: sorted(str(path) for path in folder.rglob("*") if path.is_file())
        for name, folder in find_tables(project.warehouse).items()
    }
