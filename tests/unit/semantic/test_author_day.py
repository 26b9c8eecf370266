"""An author's day at the command line: add a metric, misspell a column, mend it, ask, compare, certify, change again."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from datatrust.cli import main
from tests.support.books import write_file_project

TABLES = """
CREATE TABLE bills (bill VARCHAR, vendor VARCHAR, day DATE, amount_net DECIMAL(18,2), status VARCHAR);
INSERT INTO bills VALUES
  ('B1', 'V1', '2026-04-10', 100, 'open'), ('B2', 'V1', '2026-05-10', 50, 'open'),
  ('B3', 'V2', '2026-05-20', 30, 'paid'), ('B4', 'V2', '2026-06-02', 7, 'open');
CREATE TABLE vendors (vendor VARCHAR, city VARCHAR); INSERT INTO vendors VALUES ('V1', 'Ulm'), ('V2', 'Kiel');
"""
MODELS = """
models:
  - model: bills
    table: bills
    key: [bill]
    time: day
    joins: [{to: vendors, key: vendor}]
    dimensions: [{name: day, type: time}, {name: status}]
  - {model: vendors, table: vendors, key: [vendor], dimensions: [city]}
"""
METRICS = """\
# What we owe.
metrics:
  - name: payables   # the headline number
    label: Open payables
    description: What is still to be paid.
    owner: accounting
    model: bills
    agg: sum
    expr: amount_net
    where: status = 'open'   # not the paid ones
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_file_project(tmp_path, TABLES, {"models": MODELS, "metrics": METRICS})
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "semantic"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    return tmp_path


def run(project: Path, *arguments: str) -> int:
    return main(["--project", str(project), "semantic", *arguments])


def test_an_authors_day(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "semantic/catalog/metrics.yml"
    new = "  - {name: billed, description: All bills., owner: accounting, model: bills, agg: sum, expr: amout_net}\n"
    file.write_text(METRICS + new)

    assert run(project, "check") == 2
    said = capsys.readouterr().err
    assert "semantic/catalog/metrics.yml:11:94  DT201" in said
    assert "did you mean: amount_net?" in said
    assert run(project, "query", "--metrics", "billed") == 2

    file.write_text(METRICS + new.replace("amout", "amount"))
    assert run(project, "check") == 0
    capsys.readouterr()

    assert run(project, "query", "--metrics", "billed,payables", "--by", "city", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == [["Kiel", 37, 7], ["Ulm", 150, 150]]

    file.write_text(file.read_text().replace("status = 'open'   #", "status in ('open', 'paid')   #"))
    assert run(project, "diff", "HEAD", "--json") == 0
    changes = {each["name"]: each for each in json.loads(capsys.readouterr().out)["metrics"]}
    assert changes["billed"]["status"] == "added"
    assert [p["after"] for p in changes["billed"]["periods"]] == [100, 80, 7]
    changed = [
        (p["period"], p["before"], p["after"], p["difference"]) for p in changes["payables"]["periods"]
    ]
    assert changed == [("2026-04-01", 100, 100, 0), ("2026-05-01", 50, 80, 30), ("2026-06-01", 7, 7, 0)]

    assert run(project, "preview", "payables") == 0
    assert "2026-05-01          80.00" in capsys.readouterr().out


def test_a_certification_lapses_when_the_definition_changes(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / "semantic/catalog/metrics.yml"
    assert run(project, "certify", "payables", "--by", "the board") == 0
    written = file.read_text()
    kept, added = written[: len(METRICS) - 1], written[len(METRICS) - 1 :]
    assert kept == METRICS[:-1]  # comments and layout are as they were
    assert added.startswith('\n    certified: {by: "the board", since: 2026-06-30, definition: "sha256:')

    def is_certified() -> bool:
        capsys.readouterr()
        assert run(project, "query", "--metrics", "payables", "--json") == 0
        found = json.loads(capsys.readouterr().out)["evidence"]["metrics"]["payables"]["certified"]
        return bool(found)

    assert is_certified()
    file.write_text(written.replace("still to be paid", "not yet paid"))
    assert is_certified()  # words are no definition
    file.write_text(written.replace("status = 'open'", "status <> 'paid'"))
    assert not is_certified()
    assert run(project, "check") == 0
    assert "has changed since it was certified" in capsys.readouterr().err
    assert run(project, "certify", "payables") == 0
    assert is_certified()
    assert file.read_text().count("certified:") == 1


def test_a_revision_that_is_none_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for revision in ("no_such", "--output=x", "000007"):
        assert run(project, "diff", "--", revision) == 2
        assert "is no release and no revision" in capsys.readouterr().err
