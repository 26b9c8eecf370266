"""What is told of a file: how it is written, its columns' types, its key; told only where the file proves it."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner
from open_data_contract_standard.model import OpenDataContractStandard
from openpyxl import Workbook

from datatrust.cli import root
from datatrust.core.errors import UserError
from datatrust.core.masking import load_masking_policy
from datatrust.core.settings import Project, load_project
from pipeline.contracts import load_contracts
from pipeline.profile.delimited import NotDelimited, sniff_delimited
from pipeline.profile.draft import Draft, draft_source, write_draft
from pipeline.profile.types import settle, tell_type
from tests.support.personal import tables
from tests.support.projects import write_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return write_project(
        tmp_path / "house",
        {"name": "house", "today": "2026-06-30", "sources": {"include": "contracts/*.yml"}},
    )


def _draft(project: Project, text: str, *, file: str = "bookings.csv", encoding: str = "utf-8") -> Draft:
    path = project.raw / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding=encoding)
    return draft_source(project, path, name=None, overwrite=False)


def _types(draft: Draft) -> dict[str, str]:
    return {column.name: column.type.spark for column in draft.spec.columns}


def _lines(header: str, rows: int, make: Any) -> str:
    return "\n".join([header, *(make(row) for row in range(rows))]) + "\n"


# how a file is written


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b\n1,2\n3,4\n", ("utf-8", ",", ("a", "b"), 0, 0)),
        ("\ufeffname;wert\nä;1,5\n".encode(), ("utf-8", ";", ("name", "wert"), 0, 0)),
        ("ort;wert\nKöln;1\nMünchen;2\n".encode("cp1252"), ("cp1252", ";", ("ort", "wert"), 0, 0)),
        (b"1|x\n2|y\n3|z\n", ("utf-8", "|", None, 0, 0)),
        (b"a\tb\n1\t2\n", ("utf-8", "\t", ("a", "b"), 0, 0)),
        (b"Report of May\n\na,b,c\n1,2,3\n4,5,6\n7,8,9\n", ("utf-8", ",", ("a", "b", "c"), 2, 0)),
        (b"a,b,c\n1,2,3\n4,5,6\n7,8,9\nTotal 3 rows\n", ("utf-8", ",", ("a", "b", "c"), 0, 1)),
        (b"a,b,c,d\n1,2,3\n1,2,3,4\n2,3,4,5\n3,4,5,6\n5,6,7\n", ("utf-8", ",", ("a", "b", "c", "d"), 0, 0)),
        (b'id,text\n1,"x, ""y""\nz"\n2,b\n', ("utf-8", ",", ("id", "text"), 0, 0)),
        (b"Ada,Lovelace\nAlan,Turing\nGrace,Hopper\n", ("utf-8", ",", None, 0, 0)),
    ],
)  # fmt: skip
def test_how_a_delimited_file_is_written(
    tmp_path: Path, content: bytes, told: tuple[str, str, tuple[str, ...] | None, int, int]
) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    found = sniff_delimited(file)
    assert (found.encoding, found.delimiter, found.header, found.preamble_lines, found.footer_lines) == told


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\x00", "a,b\n1,2\n".encode("utf-16")])
def test_a_file_that_is_no_text_of_rows_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    with pytest.raises(NotDelimited):
        sniff_delimited(file)


# types


@pytest.mark.parametrize(
    ("values", "spark", "formats"),
    [
        (["1", "-20", "300"], "bigint", ()),
        (["007", "012"], "string", ()),
        (["1.5", "20"], "decimal(18,2)", ()),
        (["1.23456"], "decimal(18,6)", ()),
        (["$1,234.50", "($3.00)", "$5"], "decimal(18,2)", ()),
        (["1.234,50 €", "7,00 €-", "12 €"], "decimal(18,2)", ()),
        (["$90,000", "$1,000"], "bigint", ()),
        (["1,234", "5,678"], "string", ()),  # thousands, or three decimals
        (["1.5E-3", "2.0"], "string", ()),
        (["2026-01-31", "2026-02-01"], "date", ()),
        (["31.01.2026", "1.2.2026"], "date", ("d.M.yyyy",)),
        (["1/31/2026", "02/01/2026"], "date", ("M/d/yyyy",)),
        (["01/02/2026", "03/04/2026"], "string", ()),  # day or month first
        (["1-Mar-2026"], "date", ("d-MMM-yyyy",)),
        (["2026-01-31 00:00:00.000"], "date", ("yyyy-MM-dd HH:mm:ss.SSS",)),
        (["2026-01-31 08:15:00", "2026-02-01 00:00:00"], "timestamp", ()),
        (["31/12/2026 8:15", "1/1/2026 10:00"], "timestamp", ("d/M/yyyy H:mm",)),
        (["2026-02-30"], "string", ()),
        (["2026-01-31", "31.01.2026"], "string", ()),
        (["Y", "N"], "boolean", ()),
        (["0", "1"], "bigint", ()),
        (["AW001", "AW002"], "string", ()),
        ([], "string", ()),
    ],
)  # fmt: skip
def test_the_type_that_every_value_has(values: list[str], spark: str, formats: tuple[str, ...]) -> None:
    guess = tell_type(values, is_identifier=False)
    assert (guess.type.spark, guess.date_formats) == (spark, formats)


def test_an_identifier_stays_as_it_is_written() -> None:
    assert tell_type(["1", "2"], is_identifier=True).type.kind == "string"


def test_words_for_nothing_do_not_make_numbers_text() -> None:
    guess = tell_type(["1.50", "n/a", "-", "2.00"], is_identifier=False)
    assert (guess.type.spark, guess.missing) == ("decimal(18,2)", ("-", "n/a"))
    assert tell_type(["NA", "DE", "FR"], is_identifier=False).missing == ()  # Namibia


def test_day_and_month_are_settled_by_the_other_dates_of_the_file_only() -> None:
    guess = tell_type(["01/02/2026", "03/04/2026"], is_identifier=False)
    assert set(guess.open_readings) == {"d/M/yyyy", "M/d/yyyy"}
    settled = settle(guess, ["01/02/2026", "03/04/2026"], ["M/d/yyyy"])
    assert (settled.date_formats, settled.low) == (("M/d/yyyy",), dt.date(2026, 1, 2))
    assert settle(guess, ["01/02/2026"], ["M/d/yyyy", "d/M/yyyy"]).type.kind == "string"
    assert settle(guess, ["01/02/2026"], []).type.kind == "string"


def test_eight_digits_are_a_date_only_by_name() -> None:
    assert tell_type(["20260131"], is_identifier=False).type.kind == "integer"
    assert tell_type(["20260131"], is_identifier=False, says_date=True).date_formats == ("yyyyMMdd",)


# whole drafts


def test_a_german_ledger_is_told_whole(project: Project) -> None:
    draft = _draft(
        project,
        _lines(
            "Beleg-Nr;Konto;Buchungsdatum;Betrag;Währung;Geändert am;Text",
            200,
            lambda n: (
                f"B{n:05d};{n % 7:04d};{n % 28 + 1:02d}.01.2026;{n}.{n:03d},50 €;EUR;2026-02-01 08:00:00;"
                f"Miete {n} {'x' * (n % 5)}"
            ),
        ),
        encoding="cp1252",
    )
    assert _types(draft) == {
        "beleg_nr": "string",
        "konto": "string",
        "buchungsdatum": "date",
        "betrag": "decimal(18,2)",
        "wahrung": "string",
        "geandert_am": "timestamp",
        "text": "string",
    }
    spec = draft.spec
    assert dict(spec.reader_options) == {"delimiter": ";", "encoding": "cp1252"}
    assert (spec.key, spec.sequence) == (("beleg_nr",), "geandert_am")
    assert (spec.amount_column, spec.currency_column) == ("betrag", "wahrung")
    assert spec.column("betrag").number_format is not None
    assert spec.column("buchungsdatum").date_formats == ("d.M.yyyy",)
    assert draft.columns[3].guess.low == Decimal("0.50")
    assert all(
        rule.severity == "warn" for rule in spec.rules if rule.kind in ("pattern", "range", "value_set")
    )


def test_a_free_text_is_never_required_and_a_rare_value_makes_no_value_set(project: Project) -> None:
    draft = _draft(
        project,
        _lines(
            "id,kind,mood,note", 300, lambda n: f"{n},{'AB'[n % 2]},{'once' if n == 7 else 'often'},note {n}"
        ),
    )
    rules = {rule.id for rule in draft.spec.rules}
    assert "value_set:kind" in rules
    assert "value_set:mood" not in rules
    assert not draft.spec.column("note").required
    assert draft.spec.column("kind").required


def test_a_key_of_two_columns_is_no_accident(project: Project) -> None:
    draft = _draft(
        project,
        _lines(
            "currency_code,month,rate",
            240,
            lambda n: f"C{'ABCDEFGHIJ'[n % 10]}R,{2024 + n // 120}-{n // 10 % 12 + 1:02d}-01,{1 + n % 13}.{n % 10}",
        ),
    )  # fmt: skip
    assert draft.spec.key == ("currency_code", "month")


def test_columns_that_differ_by_chance_are_no_key(project: Project) -> None:
    draft = _draft(
        project,
        _lines(
            "height,weight,remark",
            60,
            lambda n: f"{150 + n * 37 % 61}.{n % 7},{50 + n * 17 % 53}.1,was here {n}",
        ),
    )
    assert draft.spec.key == ()
    assert draft.spec.load_mode == "append"


def test_a_name_that_nearly_tells_the_rows_apart_is_said_and_not_taken(project: Project) -> None:
    draft = _draft(project, _lines("order_id,qty", 200, lambda n: f"O{n if n != 9 else 8},{n % 9}"))
    assert draft.spec.key == ()
    assert "order_id differs in all but 1 rows: is it the key, and are those wrong?" in draft.look


def test_a_line_number_belongs_to_the_key_though_each_order_has_one_line(project: Project) -> None:
    draft = _draft(project, _lines("order_id,line_no,qty", 150, lambda n: f"O{n},1,{n % 4 + 1}"))
    assert draft.spec.key == ("order_id", "line_no")


def test_a_due_date_may_lie_in_the_future_and_a_booking_date_may_not(project: Project) -> None:
    draft = _draft(
        project, _lines("id,booking_date,due_date", 150, lambda n: f"{n},2026-01-{n % 28 + 1:02d},2026-03-01")
    )
    ranges = {rule.columns: dict(rule.arguments) for rule in draft.spec.rules if rule.kind == "range"}
    assert ranges == {("booking_date",): {"maximum": "today"}}


@pytest.mark.parametrize("name", [name for name in sorted(tables()) if tables()[name].personal])
def test_no_personal_value_stands_in_a_draft_or_what_is_said_of_it(project: Project, name: str) -> None:
    table = tables()[name]
    has_header = not name.startswith("headless")
    rows = ["|".join(str(cell) for cell in row) for row in zip(*table.columns.values(), strict=True)]
    path = project.raw / f"{name}.csv"
    path.parent.mkdir(parents=True)
    path.write_text(
        "\n".join([*(["|".join(table.columns)] if has_header else []), *rows]) + "\n", encoding="utf-8"
    )
    said = CliRunner().invoke(root, ["--project", str(project.root), "source", "add", str(path)])
    assert said.exit_code == 0, said.output
    spec = next(spec for spec in load_contracts(project) if spec.pii_columns)
    assert {c.header: c.pii_class for c in spec.pii_columns} == table.personal
    contract = next((project.configs / "contracts").glob("*.yml")).read_text(encoding="utf-8")
    for column in table.personal:
        for value in table.columns[column]:
            if value and len(value) > 4:
                assert value not in contract
                assert value not in said.output


def test_a_class_that_the_policy_lacks_is_added_with_a_safe_default_and_comments_stay(
    project: Project,
) -> None:
    policy = project.masking_policy
    policy.parent.mkdir(parents=True)
    policy.write_text("# ours\nclasses:\n  email: {action: token}  # joins\n", encoding="utf-8")
    draft = _draft(
        project,
        _lines("nr,email,telefon", 120, lambda n: f"{n},p{n}@example.org,+49 30 {1000000 + n}"),
    )
    write_draft(draft)
    text = policy.read_text(encoding="utf-8")
    assert text.startswith("# ours\nclasses:\n  email: {action: token}  # joins\n  phone: {action: redact}")
    assert dict(draft.new_classes) == {"phone": "redact"}
    assert load_masking_policy(project).classes["phone"].action == "redact"
    assert any("phone" in change.undo for change in draft.changes)


def test_a_token_is_never_drafted_for_few_values(project: Project) -> None:
    policy = project.masking_policy
    policy.parent.mkdir(parents=True)
    policy.write_text("classes: {email: {action: token}}\n", encoding="utf-8")
    draft = _draft(project, _lines("ticket_id,email", 200, lambda n: f"T{n},desk{n % 3}@example.org"))
    write_draft(draft)
    assert draft.classes == {"email": "email_few"}
    assert load_masking_policy(project).classes["email_few"].action == "redact"


def test_a_masked_column_is_no_key(project: Project) -> None:
    draft = _draft(project, _lines("email,visits", 200, lambda n: f"p{n}@example.org,{n % 9}"))
    assert draft.spec.key == ()


# formats


def test_json_lines_parquet_and_excel_are_drafted_and_valid(project: Project, tmp_path: Path) -> None:
    rows = [{"id": f"A{n}", "paid": n % 2 == 0, "amount": f"{n}.50", "day": "2026-01-05"} for n in range(150)]
    folder = project.raw
    folder.mkdir(parents=True)
    (folder / "lines.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(rows), folder / "columns.parquet")
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    content = io.BytesIO()
    book.save(content)
    (folder / "sheet.xlsx").write_bytes(content.getvalue())
    for file, reader in (("lines.jsonl", "jsonl"), ("columns.parquet", "parquet"), ("sheet.xlsx", "excel")):
        draft = draft_source(project, folder / file, name=None, overwrite=False)
        write_draft(draft)
        assert draft.spec.reader == reader
        assert _types(draft) == {"id": "string", "paid": "boolean", "amount": "decimal(18,2)", "day": "date"}
        assert draft.spec.key == ("id",)
        OpenDataContractStandard.from_string(draft.path.read_text(encoding="utf-8"))


# the project around it


def test_nothing_is_overwritten_without_force(project: Project) -> None:
    write_draft(_draft(project, "id,x\n1,2\n2,3\n"))
    contract = project.configs / "contracts/bookings.yml"
    contract.write_text(f"# mine\n{contract.read_text(encoding='utf-8')}", encoding="utf-8")
    file = project.raw / "bookings.csv"
    runner = CliRunner()
    refused = runner.invoke(root, ["--project", str(project.root), "source", "add", str(file)])
    assert isinstance(refused.exception, UserError)
    assert "is not overwritten" in str(refused.exception)
    assert contract.read_text(encoding="utf-8").startswith("# mine\n")
    again = runner.invoke(
        root, ["--project", str(project.root), "source", "add", str(file), "--force", "--json"]
    )
    assert again.exit_code == 0
    assert json.loads(again.output)["contract"] == "configs/contracts/bookings.yml"
    assert not contract.read_text(encoding="utf-8").startswith("# mine\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{\n  "name": "a",\n  "sources": [\n    {"contract": "c/x.yml"}\n  ]\n}\n',
         '{\n  "name": "a",\n  "sources": [\n    {"contract": "c/x.yml"},\n    {"contract": "contracts/bookings.yml"}\n  ]\n}\n'),
        ('{"sources": []}', '{"sources": [{"contract": "contracts/bookings.yml"}]}'),
        ('{"sources": {"include": "c/*.yml"}}',
         '{"sources": {"include": "c/*.yml"}}'),
        ('{"sources": {"include": "c/*/x.yml"}}',
         '{"sources": [{"include": "c/*/x.yml"}, {"contract": "contracts/bookings.yml"}]}'),
        ('{"name": "a"}\n', '{"name": "a",\n  "sources": [{"contract": "contracts/bookings.yml"}]\n}\n'),
    ],
)  # fmt: skip
def test_the_config_keeps_its_form(tmp_path: Path, before: str, after: str) -> None:
    config = tmp_path / "configs/pipeline_config.json"
    config.parent.mkdir()
    config.write_text(before, encoding="utf-8")
    if other := next((name for name in ("c/x.yml", "c/*/x.yml") if name in before), None):
        contract = config.parent / other.replace("*", "a")
        contract.parent.mkdir(parents=True)
        contract.write_text(
            "{apiVersion: v3.1.0, kind: DataContract, id: x, version: 1.0.0, schema: [{name: other, properties: "
            "[{name: a, logicalType: string}]}], servers: [{server: f, type: local, path: o.csv, format: csv}]}",
            encoding="utf-8",
        )
    write_draft(_draft(load_project(tmp_path), "id,x\n1,2\n2,3\n"))
    assert config.read_text(encoding="utf-8") == after
    assert "bookings" in {spec.name for spec in load_contracts(load_project(tmp_path))}


def test_what_cannot_be_drafted_is_said(project: Project) -> None:
    with pytest.raises(UserError, match="no such file"):
        draft_source(project, project.raw / "gone.csv", name=None, overwrite=False)
    with pytest.raises(UserError, match="is no name of a source"):
        _draft_named(project, "Sales 2026")
    with pytest.raises(UserError, match="its header names a twice"):
        _draft(project, "a,a\n1,2\n", file="twice.csv")


def _draft_named(project: Project, name: str) -> Draft:
    file = project.raw / "x.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("id\n1\n", encoding="utf-8")
    return draft_source(project, file, name=name, overwrite=False)


def test_texts_that_look_like_other_things_come_back_as_they_are(project: Project) -> None:
    """A value set of NO, 1e3 and 007 is read back as those texts."""
    values = ["NO", "1e3", "007", "on", "null x"]
    draft = _draft(project, _lines("id,sort", 400, lambda n: f"{n},{values[n % 5]}"))
    [rule] = [rule for rule in draft.spec.rules if rule.kind == "value_set"]
    assert sorted(rule.arguments["validValues"]) == sorted(values)
    assert yaml.safe_load(draft.changes[0].text)
