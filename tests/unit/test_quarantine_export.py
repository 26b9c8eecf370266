"""The quarantine shown and taken out: values hidden, roles, reasons, file modes, formulas, and the log of it all."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from datatrust.cli import main
from datatrust.core.errors import AccessDenied, UserError
from datatrust.core.release import Quality, Release, publish_release
from datatrust.core.restricted import load_restricted_policy
from datatrust.core.settings import Project
from pipeline.contracts import load_contracts
from pipeline.quarantine_export import ExportedRows, UnmaskedRequest, export_quarantine
from pipeline.quarantine_log import load_log
from pipeline.tables import find_tables, pin_table, table_path
from pipeline.waiting import load_waiting
from tests.support.payables import write_payables

PERSON = "ada@example.com"
INVOICE = {"vendor_id": "V1", "currency": "EUR", "version": "1", "note": "x"}
BROKEN: list[dict[str, Any]] = [
    {"line": 2, "invoice_id": "I1", "net": "12,5O", "reasons": ["type:net"]},
    {"line": 3, "invoice_id": PERSON, "net": "2.00", "reasons": ["pattern:invoice_id"]},
    {"line": 4, "invoice_id": None, "net": None, "reasons": ["format:too_few_fields"], "raw": f"I3,{PERSON}"},
    {
        "line": 5,
        "invoice_id": "I5",
        "net": "-1.5",
        "note": "=HYPERLINK(1)",
        "reasons": ["reference:vendor_id"],
    },
    {
        "line": 6,
        "invoice_id": "I6",
        "net": "9.00",
        "note": "'+1",
        "reasons": ["conflict:version", "old:rule"],
    },
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Payables with five quarantined invoices and one vendor, in a release."""
    project = write_payables(tmp_path)
    (project.configs / "policies" / "restricted.yml").write_text("unmasked_export: {roles: [steward]}\n")
    bronze, quarantine, masked = [], [], []
    for row in BROKEN:
        raw, line = row.get("raw"), row["line"]
        fields = {**INVOICE, **{name: row[name] for name in ("invoice_id", "net", "note") if name in row}}
        bronze.append(
            {"_sequence": 7, "_line": line, "_rescued": raw, **(dict.fromkeys(fields) if raw else fields)}
        )
        quarantine.append(_entry("invoices", "4/invoices.csv", 7, line, row["invoice_id"], row["reasons"]))
        masked.append({"invoice_id": "I1" if line == 2 else None, "first_seen_sequence": 7, "_line": line})
    quarantine.append(_entry("vendors", "4/vendors.csv", 8, 2, "V9", ["required:clerk"]))
    _write(project, "bronze.invoices", bronze)
    _write(project, "restricted.quarantine", quarantine)
    _write(project, "silver.invoices_quarantine", masked)
    _publish(project, 1)
    return project


def _entry(source: str, file: str, sequence: int, line: int, key: str | None, reasons: list[str]) -> Any:
    return {
        "source": source, "_sequence": sequence, "_line": line, "_file": file, "key": key, "reasons": reasons,
        "contract_version": "1.0.0",
    }  # fmt: skip


def _write(project: Project, name: str, rows: list[dict[str, Any]]) -> None:
    folder = project.warehouse / table_path(name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_deltalake(str(folder), pa.Table.from_pylist(rows), mode="overwrite")


def _publish(project: Project, number: int) -> None:
    import datetime as dt

    tables = {name: pin_table(project.warehouse, name) for name in find_tables(project.warehouse)}
    now = dt.datetime(2026, 6, 30, tzinfo=dt.UTC)
    release = Release(number=number, created_at=now, tables=tables, quality=Quality(status="passed"))
    publish_release(project.warehouse, release)


def _export(project: Project, source: str | None, **options: Any) -> ExportedRows:
    options = {"out": None, "form": "csv", **options}
    return export_quarantine(project, load_contracts(project), source=source, **options)


def test_a_list_names_rules_and_owners_and_hides_values(project: Project) -> None:
    found = load_waiting(project, load_contracts(project))
    assert found.total == 6
    keys = [(row.line, row.key) for row in found.rows if row.source == "invoices"]
    assert keys == [(2, "I1"), (3, None), (4, None), (5, "I5"), (6, None)]  # a rule of old: who knows of what
    assert [row.key for row in found.rows if row.source == "vendors"] == ["V9"]
    words = {group.reason.id: group.reason.words for group in found.groups}
    assert words["format:too_few_fields"] == "the record cannot be read: too few fields"
    assert words["reference:vendor_id"] == "vendor_id is not among the valid rows of vendors"
    assert words["old:rule"] == "old:rule: a rule that the contract no longer has"


@pytest.mark.parametrize(
    ("asked", "lines"), [("type:net", [2]), ("format", [4]), ("reference", [5]), ("range:net", [])]
)
def test_a_list_of_one_reason(
    project: Project, capsys: pytest.CaptureFixture[str], asked: str, lines: list[int]
) -> None:
    if not lines:
        with pytest.raises(UserError, match=r'no rule "range:net"'):
            load_waiting(project, load_contracts(project), reason=asked)
        return
    assert main(["--project", str(project.root), "quarantine", "list", "--reason", asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["line"] for row in told["rows"]] == lines
    assert {group["reason"]["id"].split(":")[0] for group in told["groups"]} == {asked.split(":")[0]}


def test_a_release_is_shown_as_it_was_published(project: Project) -> None:
    """What an unfinished run has written since is not shown."""
    _write(project, "restricted.quarantine", [_entry("vendors", "x.csv", 9, 2, None, ["required:clerk"])])
    assert load_waiting(project, load_contracts(project)).total == 6
    _publish(project, 2)
    assert load_waiting(project, load_contracts(project)).total == 1


def test_a_masked_export_shows_what_the_masked_quarantine_shows(project: Project) -> None:
    rows = list(csv.DictReader(io.StringIO(_export(project, "invoices").text)))
    assert [row["invoice_id"] for row in rows] == ["I1", "", "", "", ""]
    assert "note" not in rows[0]
    everything = _export(project, None).text + _export(project, None, form="jsonl").text
    assert PERSON not in everything
    assert "HYPERLINK" not in everything
    assert [step.action for step in load_log(project.warehouse)] == ["export"] * 3


def test_an_unmasked_export_can_come_back(project: Project, tmp_path: Path) -> None:
    out = tmp_path / "invoices.repaired.csv"
    asked = UnmaskedRequest(role="steward", why="ticket 12", by="Grace")
    assert _export(project, "invoices", out=out, unmasked=asked).rows == 5
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(out.read_bytes().decode("utf-8-sig"))))
    assert [row["_ref"] for row in rows] == [f"row:7:{line}" for line in (2, 3, 4, 5, 6)]
    assert [row["invoice_id"] for row in rows] == ["I1", PERSON, "", "I5", "I6"]
    assert [row["net"] for row in rows] == ["12,5O", "2.00", "", "-1.5", "9.00"]
    assert [row["note"] for row in rows[3:]] == ["'=HYPERLINK(1)", "''+1"]  # each with an apostrophe more
    assert rows[2]["_raw"] == f"I3,{PERSON}"

    (step,) = load_log(project.warehouse)
    assert (step.action, step.source, step.rows, step.role) == ("unmasked export", "invoices", 5, "steward")
    assert (step.why, step.by, step.release) == ("ticket 12", "Grace", "000001")
    assert step.os_user
    stored = b"".join(p.read_bytes() for p in (project.warehouse / "ops").rglob("*") if p.is_file())
    assert PERSON.encode() not in stored


@pytest.mark.parametrize("role", [None, "viewer", "Steward"])
def test_only_a_role_that_policy_names_sees_values(
    project: Project, tmp_path: Path, role: str | None
) -> None:
    out = tmp_path / "x.csv"
    with pytest.raises(AccessDenied) as refused:
        _export(project, "invoices", out=out, unmasked=UnmaskedRequest(role=role, why="w"))
    assert "steward" not in str(refused.value)
    assert not out.exists()
    assert load_log(project.warehouse) == ()


def test_without_the_policy_nobody_does(project: Project, tmp_path: Path) -> None:
    (project.configs / "policies" / "restricted.yml").unlink()
    with pytest.raises(AccessDenied, match="no role may"):
        _export(project, "invoices", out=tmp_path / "x", unmasked=UnmaskedRequest(role="steward", why="w"))


@pytest.mark.parametrize(
    ("source", "why", "out", "told"),
    [
        ("invoices", " ", "x.csv", ["needs a reason"]),
        (None, None, None, ["needs a reason", "is of one source", "a file that only you can read"]),
        ("invoices", "w", "data/raw/x.csv", ["is in the raw folder"]),
        ("invoices", "w", "no/such/x.csv", ["is in no folder that exists"]),
        ("invoices", "w", "configs", ["is a folder"]),
    ],
)
def test_an_unmasked_export_that_is_not_whole_is_refused(
    project: Project, source: str | None, why: str | None, out: str | None, told: list[str]
) -> None:
    project.raw.mkdir(parents=True)
    place = project.root / out if out else None
    with pytest.raises(UserError) as refused:
        _export(project, source, out=place, unmasked=UnmaskedRequest(role="steward", why=why))
    assert all(words in issue.message for issue, words in zip(refused.value.issues, told, strict=True))
    assert load_log(project.warehouse) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("unmasked_exports: {roles: [a]}", 'unknown key "unmasked_exports"'),
        ("unmasked_export: {roles: steward}", "a list of names"),
        ("unmasked_export: {roles: [1]}", "a list of names"),
        ("unmasked_export: {role: [a]}", "a list of names"),
        ("[a]", "must be a mapping"),
    ],
)
def test_a_policy_that_is_none_is_refused(project: Project, text: str, told: str) -> None:
    (project.configs / "policies" / "restricted.yml").write_text(text)
    with pytest.raises(UserError, match=told):
        load_restricted_policy(project)
