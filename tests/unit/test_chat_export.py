"""CSV for the session that asked: exact, harmless in a spreadsheet, invisible to others."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest

from chatbot.export import Export, ExportStore, write_csv
from datatrust.core.spreadsheet import defuse

COLUMNS: tuple[dict[str, Any], ...] = (
    {"name": "region", "label": "Region", "kind": "dimension"},
    {"name": "revenue", "label": "Net revenue", "kind": "metric"},
)


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_numbers_keep_every_digit() -> None:
    rows = [
        ("EMEA", Decimal("-12345678901234567890.123456")),
        ("APAC", Decimal("1E+2")),
        ("x", 5),
        (None, None),
    ]
    assert read(write_csv(COLUMNS, rows))[1:] == [
        ["EMEA", "-12345678901234567890.123456"], ["APAC", "100"], ["x", "5"], ["", ""],
    ]  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_cannot_become_a_formula(start: str) -> None:
    text = f'{start}HYPERLINK("http://x")'
    assert read(write_csv(COLUMNS, [(text, Decimal(-1))]))[1] == ["'" + text, "-1"]


def test_quotes_commas_and_lines_survive() -> None:
    text = 'a "b", c\nd'
    assert read(write_csv(COLUMNS, [(text, dt.date(2026, 6, 30))]))[1] == [text, "2026-06-30"]


def test_headers_are_labels_unless_two_are_the_same() -> None:
    twice = ({"name": "a", "label": "Value"}, {"name": "b", "label": "Value"}, {"name": "c", "label": ""})
    assert read(write_csv(twice, []))[0] == ["a", "b", "c"]
    assert read(write_csv(COLUMNS, []))[0] == ["Region", "Net revenue"]
    assert defuse("-x") == "'-x"


def test_an_export_belongs_to_its_session() -> None:
    store = ExportStore(limit=2)
    keys = [store.add(Export(owner=owner, name="x.csv", columns=COLUMNS, rows=())) for owner in ("a", "b")]
    assert store.find(keys[0], owner="a") is not None
    assert store.find(keys[0], owner="b") is None
    assert store.find(keys[0], owner=None) is None
    assert store.find("guess", owner="a") is None
    assert len(set(keys)) == 2
    assert min(map(len, keys)) >= 32
    store.add(Export(owner="c", name="x.csv", columns=COLUMNS, rows=()))
    assert store.find(keys[0], owner="a") is None  # the oldest makes room
