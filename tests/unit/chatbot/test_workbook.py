"""The workbook of an answer: no formula, no digit lost unseen, and where it comes from."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from chatbot.export import provenance_of
from chatbot.workbook import write_workbook
from datatrust.core.spreadsheet import defuse
from tests.support.chat_double import HOSTILE, by_region

REGION = {"name": "region", "label": "Region", "kind": "dimension"}
REVENUE = {"name": "revenue", "label": "Net revenue", "kind": "metric", "unit": "currency", "currency": "EUR"}
SHARE = {"name": "share", "label": "Share", "kind": "metric", "unit": "percent"}


def sheets(content: bytes) -> tuple[Any, dict[str, str]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return book["Values"], dict(book["Provenance"].iter_rows(values_only=True))


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "'=1",
        " =1",
        '=HYPERLINK("http://evil.example")',
        "=cmd|' /C calc'!A0",
    ],
)
def test_a_text_is_never_a_formula(text: str) -> None:
    """Trap: openpyxl takes every text that begins with an equals sign for a formula."""
    content = write_workbook(
        [{**REGION, "label": text}, REVENUE],
        [(text, Decimal(1))],
        totals=(None, Decimal(1)),
        about=[(text, text)],
    )
    values, about = sheets(content)
    for cell in (values["A1"], values["A2"]):
        assert cell.data_type == "s"
        assert cell.value.replace("\n", "\r") == defuse(text).replace("\n", "\r")
    assert any(
        said and said.replace("\n", "\r") == defuse(text).replace("\n", "\r") for said in about.values()
    )
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist())


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("12345678.905", "n"), ("-0.01", "n"), ("0", "n"), ("9999999999999.99", "n"), ("999999999999999", "n"),
        ("99999999999999.99", "s"), ("12345678901234567.89", "s"), ("1234567890123456", "s"), ("-12345678901234567", "s"),
    ],
)  # fmt: skip
def test_a_number_that_a_spreadsheet_would_round_is_a_text(number: str, kind: str) -> None:
    """Trap: the sixteenth digit of an amount becomes a nought, and nobody is told."""
    values, _ = sheets(write_workbook([REVENUE], [(Decimal(number),)]))
    cell = values["A2"]
    assert cell.data_type == kind
    if kind == "n":
        assert Decimal(repr(cell.value)) == Decimal(number)
    else:
        assert cell.value.lstrip("'") == number


def test_values_have_the_formats_of_their_units() -> None:
    rows = [("EMEA", Decimal("1234.5"), Decimal("0.0288372910")), ("APAC", None, Decimal("-0.5"))]
    values, _ = sheets(write_workbook([REGION, REVENUE, SHARE], rows, totals=(None, Decimal("1234.5"), None)))
    assert [cell.value for cell in values[1]] == ["Region", "Net revenue (EUR)", "Share"]
    assert values["B2"].number_format.startswith("#,##0.00")
    assert values["C2"].number_format.startswith("0.0%")
    assert values["B3"].value is None
    assert [cell.value for cell in values[4]] == ["Total", 1234.5, None]
    assert values.freeze_panes == "A2"
    years, _ = sheets(
        write_workbook(
            [{**REGION, "name": "year", "label": "Year"}], [(2026,), (dt.date(2026, 6, 30),), (True,)]
        )
    )
    assert years["A2"].number_format == "General"
    assert years["A3"].number_format == "yyyy-mm-dd"
    assert years["A4"].value is True


@pytest.mark.parametrize("text", ["\0", "a\x0bb", "\ud800", "x" * 100_000, "", "\N{GRINNING FACE}"])
def test_what_no_cell_holds_is_replaced(text: str) -> None:
    values, _ = sheets(write_workbook([REGION], [(text,)]))
    assert len(values["A2"].value or "") <= 32_767


def test_the_provenance_names_what_the_answer_rests_on() -> None:
    document = by_region("revenue by region").to_json()
    about = dict(provenance_of(document))
    assert about["Read as"] == document["interpretation"]
    assert about["Release"] == "000003"
    assert about["Result"] == "sha256:77aa"
    assert about["Definition of revenue"] == "sha256:ab12, owner controlling, certified"
    assert "gold.fct_sales at 12" in about["Tables"]
    assert about["SQL"].startswith("select")
