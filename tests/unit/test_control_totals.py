"""Control totals: a file that does not agree with its sender's figures is not taken in, and its source waits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from datatrust.core.errors import UserError
from datatrust.core.settings import Project
from pipeline.bronze import inspect
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.ledger import LedgerEntry, RawFile, append_ledger, find_new_files
from pipeline.readers.base import Layout, Refusal
from tests.support.projects import write_project

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: lines
version: 1.0.0
servers:
  - server: files
    type: local
    path: "**/lines*"
    format: csv
    delimiter: ";"
    customProperties:
      - property: numberFormat
        value: {decimal: ",", thousands: ".", negative: [trailing_minus]}
%s
schema:
  - name: lines
    properties:
      - {name: id, logicalType: integer, required: true}
      - {name: net, logicalType: number, physicalType: "decimal(12,2)"}
"""
TRAILER = """\
      - {property: footerPattern, value: "^T;"}
      - {property: controlTotals, value: {pattern: "^T;(?P<rows>[^;]+);(?P<sum>.+)$", column: net}}
"""
SIDE = """\
      - property: controlTotals
        value: {pattern: "rows=(?P<rows>[0-9]+)(?:.|\\\\n)*net=(?P<sum>.+)", column: net, file: "{name}.ctl"}
"""
BODY = "id;net\n1;1.000,50\n2;0,25-\n\n3;\n"


def project_of(tmp_path: Path, properties: str) -> tuple[Project, SourceSpec]:
    project = write_project(tmp_path, {"sources": {"include": "contracts/*.yml"}})
    folder = tmp_path / "configs"
    (folder / "contracts").mkdir(exist_ok=True)
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "masking.yml").write_text("classes: {email: {action: token}}\n")
    (folder / "contracts" / "lines.yml").write_text(CONTRACT % properties)
    (spec,) = load_contracts(project)
    return project, spec


def put(project: Project, name: str, body: str) -> None:
    project.raw.mkdir(parents=True, exist_ok=True)
    (project.raw / name).write_text(body)


def found(project: Project, spec: SourceSpec) -> list[RawFile]:
    findings = find_new_files(project, [spec])
    assert findings.unclaimed == ()
    return [file for delivery in findings.deliveries for file in delivery.files]


def verdicts(project: Project, spec: SourceSpec) -> dict[str, str]:
    """Return each new file's verdict: why it is refused, or nothing."""
    return {
        one.file.path: one.outcome.reason if isinstance(one.outcome, Refusal) else ""
        for one in inspect(spec, found(project, spec))
    }


@pytest.mark.parametrize(
    ("trailer", "told"),
    [
        ("T;3;1.000,25", ""),
        ("T;3;1000,25\n\n\n", ""),
        ("T;4;1.000,25", "say 4 rows, it has 3"),
        ("T;3;1.000,24", "say 1,000.24 as the sum of net, it has 1,000.25"),
        ("T;x;1.000,25", "are no numbers"),
        ("T;3;1,000.25", "are no numbers"),
        ("T-3", "the file may be cut off"),
        ("", "the file may be cut off"),
    ],
)
def test_a_trailer_line_holds_or_refuses(trailer: str, told: str, tmp_path: Path) -> None:
    project, spec = project_of(tmp_path, TRAILER)
    put(project, "lines.csv", BODY + trailer)
    reason = verdicts(project, spec)["lines.csv"]
    assert (told in reason) if told else reason == ""


def test_an_amount_that_is_no_number_agrees_with_no_sum(tmp_path: Path) -> None:
    project, spec = project_of(tmp_path, TRAILER)
    put(project, "lines.csv", "id;net\n1;5,00\n2;5.0\nT;2;5,00\n")
    assert "it has 5.00 and 1 values that are no number" in verdicts(project, spec)["lines.csv"]


def test_the_footer_is_no_record_and_every_line_is_accounted_for(tmp_path: Path) -> None:
    project, spec = project_of(tmp_path, TRAILER)
    put(project, "lines.csv", BODY + "\n \nT;3;1.000,25\n\n")
    (one,) = inspect(spec, found(project, spec))
    assert isinstance(one.outcome, Layout)
    assert (one.outcome.header_lines, one.outcome.footer_lines, one.outcome.footer) == (1, 3, "T;3;1.000,25")
    assert one.file.physical_lines == 1 + 3 + 1 + 3 + one.file.trailing_blank_lines


def test_a_mismatch_stops_its_source_and_the_others_wait(tmp_path: Path) -> None:
    project, spec = project_of(tmp_path, TRAILER)
    put(project, "lines_1.csv", BODY + "T;3;1.000,25\n")
    put(project, "lines_2.csv", BODY + "T;9;1.000,25\n")
    files = found(project, spec)
    (refused,) = inspect(spec, files)
    assert refused.file.path == "lines_2.csv"
    note(project, spec, refused.file, "rejected")
    assert verdicts(project, spec) == {"lines_1.csv": ""}  # the next run takes it


def note(project: Project, spec: SourceSpec, file: RawFile, status: str) -> None:
    """Write a file into the ledger as a run would."""
    from pipeline.entries import _entry

    entry: LedgerEntry = _entry(spec, file, status=status, message=None)  # type: ignore[arg-type]
    append_ledger(project.warehouse, [replace(entry, records=3 if status == "loaded" else 0)])


def test_a_side_file_holds_the_totals_and_is_looked_at_again(tmp_path: Path) -> None:
    project, spec = project_of(tmp_path, SIDE)
    put(project, "lines.csv", BODY)
    (file,) = found(project, spec)
    (one,) = inspect(spec, [file])
    assert isinstance(one.outcome, Refusal)
    assert one.outcome.reason == "lines.csv.ctl, which holds its control totals, is missing"
    note(project, spec, file, "rejected")
    assert found(project, spec) == []  # nothing has changed: not looked at again

    put(project, "lines.csv.ctl", "rows=3\nnet=1.000,00\n")
    (file,) = found(project, spec)
    assert "say 1,000.00" in verdicts(project, spec)["lines.csv"]
    note(project, spec, file, "rejected")
    assert found(project, spec) == []

    put(project, "lines.csv.ctl", "rows=3\nnet=1.000,25\n")
    assert verdicts(project, spec) == {"lines.csv": ""}
    (file,) = found(project, spec)
    note(project, spec, file, "loaded")
    put(project, "lines.csv.ctl", "rows=4\nnet=0\n")
    assert found(project, spec) == []  # what was taken in stays so


def test_a_copy_of_a_refused_file_does_not_bar_the_first(tmp_path: Path) -> None:
    """Trap: the copy was noted as a re-send, and the file itself then counted as loaded though it never was."""
    project, spec = project_of(tmp_path, TRAILER)
    put(project, "lines_1.csv", BODY)
    put(project, "lines_2.csv", BODY)
    first, copy = found(project, spec)
    assert copy.resent_of == "lines_1.csv"
    note(project, spec, first, "rejected")
    note(project, spec, copy, "resent")
    changed = replace(spec, hash="another contract", reader_options={"delimiter": ";"}, control_totals=None)
    (again,) = found(project, changed)
    assert (again.path, again.resent_of) == ("lines_1.csv", None)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("{property: controlTotals, value: 3}", "needs a `pattern`"),
        ("{property: controlTotals, value: {pattern: '(', file: '{name}.x'}}", "cannot be read"),
        ("{property: controlTotals, value: {pattern: '(?P<n>.)', file: '{name}.x'}}", "a group"),
        ("{property: controlTotals, value: {pattern: '(?P<sum>.)', file: '{name}.x'}}", "go together"),
        ("{property: controlTotals, value: {pattern: '(?P<rows>.)'}}", "needs `footerLines`"),
        ("{property: controlTotals, value: {pattern: '(?P<rows>.)', file: '../x'}}", "must be such as"),
        (
            "{property: controlTotals, value: {pattern: '(?P<rows>.)', file: '{stem}.x', fle: 1}}",
            "unknown key",
        ),
        (
            "{property: controlTotals, value: {pattern: '(?P<sum>.)', column: nett, file: '{stem}.x'}}",
            "is no column of numbers",
        ),
    ],
)
def test_totals_that_could_not_hold_are_refused_in_the_contract(
    value: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        project_of(tmp_path, f"      - {value}\n")
    assert told in str(caught.value)
