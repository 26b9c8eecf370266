"""`pipeline plan`: what a run would do, told without Spark and without changing a file."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from datatrust.cli import main
from datatrust.core.release import Quality, Release, publish_release
from datatrust.core.settings import Project
from pipeline.bronze import inspect
from pipeline.contracts import load_contracts
from pipeline.controls import LineCount
from pipeline.entries import new_entry
from pipeline.fingerprint import compute_hashes
from pipeline.ledger import LEDGER, append_ledger, find_new_files
from pipeline.plan import Plan, make_plan, render_plan
from pipeline.tables import pin_table
from tests.support.payables import write_payables

CATALOG = {
    "calendar": "calendars: {gregorian: {default: true}}\nclosed_through: 2026-06-30\n",
    "models/payables": """\
model: payables
table: gold.payables
key: [invoice_id]
dimensions: [{name: invoice_id, type: identifier}, {name: vendor_id, type: category}]
""",
    "models/rates": """\
model: rates
table: gold.rates
key: [currency]
dimensions: [{name: currency, type: category}]
""",
    "metrics/all": """\
metrics:
  - {name: owed, label: Owed, description: What is owed., model: payables, agg: sum, expr: net}
  - {name: bills, label: Bills, description: How many., model: payables, agg: count, expr: invoice_id}
  - {name: average_bill, label: Average bill, description: Owed a bill., ratio: {numerator: owed, denominator: bills}, on_zero: undefined}
  - {name: best_rate, label: Best rate, description: The highest., model: rates, agg: max, expr: rate}
""",
}
MODELS = {
    "payables": "select * from {{ ref('vendor_invoices') }}",
    "vendor_invoices": "{{ config(alias='open_invoices') }} select * from {{ source('silver', 'bills') }}",
    "vendors": "select * from {{ source('silver', 'vendors') }}",
    "rates": "select * from {{ source('silver', 'rates') }} {# ref('payables') #}",
}
SOURCES = "sources: [{name: silver, tables: [{name: bills, identifier: invoices}, {name: vendors}, {name: rates}]}]\n"


def company(root: Path) -> Project:
    project = write_payables(root, deliveries="folder", dbt="dbt")
    texts = {f"semantic/catalog/{name}.yml": text for name, text in CATALOG.items()}
    texts |= {f"dbt/models/{name}.sql": text for name, text in MODELS.items()}
    texts |= {
        "dbt/models/sources.yml": SOURCES,
        "data/raw/1/vendors.csv": "vendor_id,clerk,mail,born,postcode,street,changed_on\nV1,A,,,,,2026-01-01\n",
        "data/raw/1/invoices.csv": "invoice_id,vendor_id,net,currency,note,version\nI1,V1,1.00,EUR,,1\n",
    }
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return project


def run_once(project: Project) -> None:
    """What a run leaves behind, as far as a plan looks at it: a ledger, and a release that pins it."""
    specs = load_contracts(project)
    for delivery in find_new_files(project, specs).deliveries:
        entries = [
            new_entry(spec, one, LineCount(records=1, lines=1, gaps=0), ())
            for spec in specs
            for one in inspect(spec, [f for f in delivery.files if f.source == spec.name])
        ]
        append_ledger(project.warehouse, entries)
    publish_release(
        project.warehouse,
        Release(
            number=1,
            created_at=dt.datetime(2026, 6, 30, tzinfo=dt.UTC),
            tables={LEDGER: pin_table(project.warehouse, LEDGER)},
            quality=Quality(status="passed"),
            hashes=compute_hashes(project, specs),
        ),
    )


def tree(root: Path) -> dict[str, int]:
    return {str(p.relative_to(root)): p.stat().st_mtime_ns for p in sorted(root.rglob("*"))}


def metrics_of(project: Project, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(["--project", str(project.root), "pipeline", "plan", "--json"]) == 0
    return [metric["metric"] for metric in json.loads(capsys.readouterr().out)["metrics"]]


def tables_of(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {reached.table: reached.because for reached in plan.models}


def test_a_first_run_is_planned_and_nothing_is_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = company(tmp_path)
    (project.raw / "1" / "vendors_copy.csv").write_bytes((project.raw / "1" / "vendors.csv").read_bytes())
    (project.raw / "1" / "invoices_broken.csv").write_text("colour,size\nred,1\n")
    (project.raw / "1" / "notes.txt").write_text("x")
    before = tree(tmp_path)
    plan = make_plan(project)
    text = render_plan(plan)
    assert tree(tmp_path) == before
    assert (plan.release, plan.nothing_new, plan.derived_again) == (None, False, {})
    (delivery,) = plan.deliveries
    assert {file.path: file.outcome for file in delivery.files} == {
        "1/vendors.csv": "load",
        "1/vendors_copy.csv": "resend",
        "1/invoices.csv": "load",
        "1/invoices_broken.csv": "refuse",
    }
    assert "has the same content as 1/vendors.csv" in text
    assert "names none of the contract's columns" in text
    assert plan.unclaimed == ("1/notes.txt",)
    assert tables_of(plan) == {
        "gold.open_invoices": ("invoices",),
        "gold.payables": ("invoices",),
        "gold.vendors": ("vendors",),
    }
    assert metrics_of(project, capsys) == ["average_bill", "bills", "owed"]


def test_nothing_new_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = company(tmp_path)
    run_once(project)
    plan = make_plan(project)
    assert (plan.nothing_new, plan.deliveries, plan.models) == (True, (), ())
    assert render_plan(plan) == "nothing is new; release 000001 would stand"
    assert metrics_of(project, capsys) == []


def test_drift_is_shown_with_the_decision_and_what_it_reaches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = company(tmp_path)
    contract = project.configs / "contracts" / "rates.yml"
    policy = (
        "    customProperties: [{property: drift, value: {newColumn: evolve, newColumns: {memo: freeze}}}]\n"
    )
    contract.write_text(contract.read_text().replace("    properties:\n", f"{policy}    properties:\n"))
    (project.raw / "1" / "rates.csv").write_text("currency,rate\nUSD,1\n")
    run_once(project)
    (project.raw / "2").mkdir()
    (project.raw / "2" / "rates.csv").write_text("currency,rate,desk\nUSD,1,A1\n")
    (project.raw / "3").mkdir()
    (project.raw / "3" / "rates.csv").write_text("currency,rate,desk,memo\nUSD,1,A1,x\n")
    plan = make_plan(project)
    second, third = plan.deliveries
    (grown,) = second.files
    assert [(d.change, d.column, d.decision) for d in grown.drift] == [("new_column", "desk", "evolve")]
    (frozen,) = third.files
    assert frozen.outcome == "refuse"
    assert [(d.column, d.decision) for d in frozen.drift] == [("memo", "freeze")], "desk is known by then"
    assert plan.derived_again == {"rates": "a new column evolves"}
    assert tables_of(plan) == {"gold.rates": ("rates",)}
    assert metrics_of(project, capsys) == ["best_rate"]
    assert 'new column "desk": taken into silver as text' in render_plan(plan)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (
            "configs/contracts/vendors.yml",
            {"vendors": "its contract has changed", "invoices": "vendors is derived again"},
        ),
        (
            "configs/policies/masking.yml",
            dict.fromkeys(("rates", "vendors", "invoices"), "the masking policy has changed"),
        ),
        ("dbt/models/rates.sql", {}),
    ],
)
def test_what_is_derived_again_and_why(tmp_path: Path, file: str, why: dict[str, str]) -> None:
    project = company(tmp_path)
    run_once(project)
    path = project.root / file
    path.write_text(path.read_text() + "\n")
    plan = make_plan(project)
    assert plan.derived_again == why
    assert plan.gold_rebuilt
    assert set(tables_of(plan)) == {
        f"gold.{name}" for name in ("open_invoices", "payables", "rates", "vendors")
    }


def test_a_dead_runs_ledger_does_not_count(tmp_path: Path) -> None:
    """A run would put the ledger back to the release first; the plan reads it as the release has it."""
    project = company(tmp_path)
    run_once(project)
    (project.raw / "2").mkdir()
    (project.raw / "2" / "rates.csv").write_text("currency,rate\nUSD,1\n")
    specs = load_contracts(project)
    (delivery,) = find_new_files(project, specs).deliveries
    spec = next(spec for spec in specs if spec.name == "rates")
    entries = [
        new_entry(spec, one, LineCount(records=1, lines=1, gaps=0), ())
        for one in inspect(spec, delivery.files)
    ]
    append_ledger(project.warehouse, [replace(entry, status="loaded") for entry in entries])
    assert find_new_files(project, specs).deliveries == ()
    (planned,) = make_plan(project).deliveries
    assert [file.path for file in planned.files] == ["2/rates.csv"]
