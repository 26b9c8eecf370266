"""Write an answer as an Excel workbook: its values with number formats, and a sheet that says where they come from.

A spreadsheet holds fifteen digits of a number: one that needs more stands as a text, so that no digit changes unseen. A
text that a spreadsheet would run as a formula is defused as in CSV, and is a text cell besides.
Layer: chatbot. Imports openpyxl; reads no data.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from datatrust.core.spreadsheet import defuse

DIGITS = 15  # that a spreadsheet keeps
MAX_TEXT = 32_000  # characters of a cell
MAX_ROWS = 1_048_000
_PLAIN = "#,##0.00;[Red]-#,##0.00"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # no cell holds these


def write_workbook(
    columns: Sequence[Mapping[str, Any]],
    rows: Sequence[Sequence[Any]],
    *,
    totals: Sequence[Any] | None = None,
    about: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return a workbook of two sheets: the values, then their provenance.

    Args:
        totals: a last row, told apart by its type.
        about: a word and what it says, one line each.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Values"
    labels = [str(column.get("label") or column["name"]) for column in columns]
    for at, (column, label) in enumerate(zip(columns, labels, strict=True), start=1):
        name = label if labels.count(label) == 1 else str(column["name"])
        currency = f" ({column['currency']})" if column.get("currency") else ""
        _put(sheet, 1, at, f"{name}{currency}").font = Font(bold=True)
    listed = list(rows[:MAX_ROWS])
    for place, row in enumerate(listed, start=2):
        for at, (value, column) in enumerate(zip(row, columns, strict=True), start=1):
            _put(sheet, place, at, value, column)
    if totals is not None:
        for at, (value, column) in enumerate(zip(totals, columns, strict=True), start=1):
            shown = "Total" if at == 1 and column["kind"] == "dimension" else value
            _put(sheet, len(listed) + 2, at, shown, column).font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for at in range(1, len(columns) + 1):
        widest = max((len(str(cell.value or "")) for cell in sheet[get_column_letter(at)][:200]), default=8)
        sheet.column_dimensions[get_column_letter(at)].width = min(48, max(10, widest + 3))
    _write_about(book.create_sheet("Provenance"), about)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write_about(sheet: Worksheet, about: Sequence[tuple[str, str]]) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 110
    note = "A spreadsheet keeps 15 digits of a number; the CSV of the same answer has all. A value that needs more is a text here."
    for place, (word, said) in enumerate((*about, ("Note", note)), start=1):
        _put(sheet, place, 1, word).font = Font(bold=True)
        _put(sheet, place, 2, said).alignment = Alignment(wrap_text=True, vertical="top")


def _put(sheet: Worksheet, row: int, at: int, value: Any, column: Mapping[str, Any] | None = None) -> Any:
    cell = sheet.cell(row=row, column=at)
    if isinstance(value, bool):
        cell.value = value
    elif isinstance(value, int | float | Decimal):
        number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
        kept = _in_digits(number)
        if kept is None:
            _put_text(cell, format(number, "f"))
        else:
            cell.value = kept
            cell.number_format = _format(column or {}, number)
    elif isinstance(value, dt.datetime):
        _put_text(cell, value.isoformat())
    elif isinstance(value, dt.date):
        cell.value = value
        cell.number_format = "yyyy-mm-dd"
    elif value is not None:
        _put_text(cell, str(value))
    return cell


def _put_text(cell: Any, text: str) -> None:
    cell.value = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", defuse(text))[:MAX_TEXT]
    cell.data_type = "s"  # never a formula, whatever it begins with


def _in_digits(number: Decimal) -> Decimal | None:
    """Return a number as fifteen digits hold it to the cent, or to its last place where it is small; None where they do not."""
    if not number.is_finite():
        return None
    whole = max(0, number.adjusted() + 1)
    if whole > DIGITS - 2 and number != number.to_integral_value():
        return None
    if whole > DIGITS:
        return None
    return number


def _format(column: Mapping[str, Any], number: Decimal) -> str:
    if column.get("kind") == "dimension":
        return "General"  # a year is no amount
    name = str(column.get("name", ""))
    if column.get("unit") == "percent" or name.endswith("__percent"):
        return "0.0%;[Red]-0.0%"
    if column.get("unit") == "count" or (number == number.to_integral_value() and not column.get("currency")):
        return "#,##0;[Red]-#,##0"
    return _PLAIN
