"""A contract declares how numbers and dates are written, for its source or for one column, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from datatrust.core.errors import UserError
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.contracts.model import NumberFormat
from tests.support.projects import write_project

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: lines
version: 1.0.0
servers:
  - server: files
    type: local
    path: "lines*"
    format: csv
    encoding: cp1252
    customProperties:
      - {property: numberFormat, value: {decimal: ",", thousands: ".", currency: "€"}}
      - {property: dateFormats, value: [dd.MM.yyyy]}
      - {property: timestampFormats, value: "dd.MM.yyyy HH:mm"}
schema:
  - name: lines
    properties:
      - {name: id, logicalType: integer, required: true}
      - {name: net, logicalType: number, physicalType: "decimal(12,2)"}
      - name: usd
        logicalType: number
        physicalType: "decimal(12,2)"
        customProperties: [{property: numberFormat, value: {thousands: ",", negative: [parentheses], exponent: true}}]
      - {name: booked, logicalType: date}
      - {name: shipped, logicalType: date, logicalTypeOptions: {format: M/d/yyyy}}
      - {name: paid, logicalType: date, customProperties: [{property: dateFormats, value: [yyyyMMdd, yyyy-MM-dd]}]}
      - {name: changed, logicalType: timestamp}
      - {name: note, logicalType: string}
"""


def load(tmp_path: Path, text: str = CONTRACT) -> SourceSpec:
    project = write_project(tmp_path, {"sources": {"include": "contracts/*.yml"}})
    folder = tmp_path / "configs"
    (folder / "contracts").mkdir(exist_ok=True)
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "masking.yml").write_text("classes: {email: {action: token}}\n")
    (folder / "contracts" / "lines.yml").write_text(text, encoding="utf-8")
    (spec,) = load_contracts(project)
    return spec


def test_a_column_has_its_own_notation_or_that_of_the_source(tmp_path: Path) -> None:
    spec = load(tmp_path)
    german = NumberFormat(decimal=",", thousands=".", currency=("€",))
    assert spec.column("id").number_format == spec.column("net").number_format == german
    assert spec.column("usd").number_format == NumberFormat(
        thousands=",", negative=("parentheses",), exponent=True
    )
    assert spec.column("note").number_format is None
    formats = {column.name: column.date_formats for column in spec.columns if column.date_formats}
    assert formats == {
        "booked": ("dd.MM.yyyy",),
        "shipped": ("M/d/yyyy",),
        "paid": ("yyyyMMdd", "yyyy-MM-dd"),
        "changed": ("dd.MM.yyyy HH:mm",),
    }


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('decimal: ",", ', 'decimal: ".", ', "decimal and thousands are the same sign"),
        ('decimal: ",", ', 'decimel: ",", ', 'unknown key "decimel" in `numberFormat`'),
        ('{thousands: ",", negative: [parentheses], exponent: true}', "comma", "must be a mapping"),
        ("exponent: true", "exponent: often", "exponent must be true or false"),
        ("[parentheses]", "[brackets]", "negative must be of"),
        ("[yyyyMMdd, yyyy-MM-dd]", "[dd/MM/yyyy, MM/dd/yyyy]", "as two different days"),
        ("[dd.MM.yyyy]", "[DD.MM.YYYY]", "letters that are not read here"),
        ("{format: M/d/yyyy}", "{format: '%m/%d/%Y'}", "letters that are not read here"),
        (
            "{name: booked, logicalType: date}",
            "{name: booked, logicalType: string, customProperties: [{property: dateFormats, value: [d.M.yyyy]}]}",
            "is no date",
        ),
        (
            "{name: note, logicalType: string}",
            "{name: note, logicalType: string, customProperties: [{property: numberFormat, value: {}}]}",
            "is no number",
        ),
        ("    encoding: cp1252\n", "    encoding: cp9999\n", "unknown encoding cp9999"),
        ("format: csv", "format: parquet", "format parquet has no option `encoding`"),
        ("format: csv", "format: exel", "did you mean: excel?"),
    ],
)
def test_a_notation_that_cannot_be_read_is_told(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert old in CONTRACT
    with pytest.raises(UserError) as caught:
        load(tmp_path, CONTRACT.replace(old, new, 1))
    assert told in str(caught.value)
