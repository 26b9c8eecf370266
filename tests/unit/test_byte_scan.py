"""The scan for personal values sees what it must: wherever it stands, in either case, escaped, compressed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.byte_scan import ByteScan

NAMES = ("Jürgen Groß", "ann@club.example", "1984-02-29")


@pytest.mark.parametrize("before", range(17))
def test_a_text_is_found_at_every_place(before: int) -> None:
    content = b"." * before + "x Jürgen Groß".encode()
    assert ByteScan(NAMES).find(content) == {"Jürgen Groß"}
    assert ByteScan(NAMES).find(content[:-1]) == set()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", set()),
        (b"short", set()),
        (b"ANN@CLUB.EXAMPLE", {"ann@club.example"}),
        (b'{"name": "J\\u00fcrgen Gro\\u00df", "born": "1984-02-29"}', {"Jürgen Groß", "1984-02-29"}),
        (b"ann@club.exampl", set()),
    ],
)
def test_a_text_is_found_as_it_is_written(content: bytes, found: set[str]) -> None:
    assert ByteScan(NAMES).find(content) == found


def test_parquet_is_decoded_dates_lists_and_nested_values_too(tmp_path: Path) -> None:
    import datetime as dt

    table = pa.table(
        {
            "n": [1, 2],
            "born": [dt.date(1984, 2, 29), None],
            "reasons": [["none"], ["mail ann@club.example"]],
            "stats": [{"max": "Jürgen Groß"}, None],
        }
    )
    for name, columns in {"born": ["born"], "list": ["reasons"], "nested": ["stats"], "clean": ["n"]}.items():
        pq.write_table(table.select(columns), tmp_path / f"{name}.parquet", compression="zstd")
    files = sorted(tmp_path.iterdir())
    assert ByteScan(NAMES).find_in(tmp_path, files) == {
        "born.parquet": 1, "list.parquet": 1, "nested.parquet": 1,
    }  # fmt: skip


def test_a_text_that_is_too_short_is_refused() -> None:
    with pytest.raises(AssertionError, match="too short"):
        ByteScan(["short"])
