"""Whatever bytes arrive, a reader refuses the file or accounts for every line of it; it never fails."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.readers import csv, readers
from pipeline.readers.base import Refusal
from tests.support.formats import read_back, spec_for, write_rows

FEW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
PIECES = st.sampled_from(
    [b'"', b",", b"\n", b"\r\n", b"\r", b" ", b"1", b"Id", b"\x00", b"\xff", b'{"Id":1}', b"{", b"}", b"[", b"T", b"\xef\xbb\xbf"]
)  # fmt: skip
HEADS = {"csv": b"Id,Name,Amount\n", "jsonl": b'{"Id": 1, "Amount": 2}\n'}


@pytest.mark.parametrize("name", sorted(HEADS))
@FEW
@given(
    body=st.lists(PIECES, max_size=60).map(b"".join),
    options=st.sampled_from(
        [{}, {"maxLineBytes": 5}, {"footerLines": 1}, {"footerPattern": "T"}, {"preamblePattern": "^1"}]
    ),
)
def test_text_of_any_shape(name: str, body: bytes, options: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "x"
    for head in (HEADS[name], b""):
        path.write_bytes(head + body)
        spec = spec_for(name, **options)
        if not isinstance(readers()[name].layout(path, spec), Refusal):
            read_back(path, spec)


@settings(FEW, max_examples=300)
@given(
    body=st.lists(
        st.sampled_from(
            [b"1,a,2", b"1,a,2", b"3,\xc3\xa9,", b",,", b" , ,", b"1,a", b"1,a,2,b", b"", b" ", b"x\ry,b,c", b"\xff,1,2",
             b"\xef\xbb\xbf1,2,3", b"\xe2\x80\xa8,\x0b,\x1c", b"NULL,nan,N/A", b"\xed\xa0\x80,1,2"]
        ),
        max_size=12,
    ),
    end=st.sampled_from([b"\n", b"\r\n"]),
    last=st.booleans(),
    options=st.sampled_from([{}, {"encoding": "latin-1"}, {"encoding": "ascii"}, {"maxLineBytes": 6}]),
)  # fmt: skip
def test_arrow_and_the_line_by_line_way_read_the_same(
    body: list[bytes], end: bytes, last: bool, options: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "x"
    path.write_bytes(HEADS["csv"] + end.join(body) + (end if last else b""))
    spec = spec_for("csv", **options)
    if isinstance(readers()["csv"].layout(path, spec), Refusal):
        return
    found = read_back(path, spec)
    with patch.object(csv._Scan, "_fast", lambda self, body: None):
        assert found == read_back(path, spec)


@pytest.mark.parametrize("name", ["parquet", "excel"])
@FEW
@given(place=st.floats(0, 0.999), junk=st.binary(min_size=1, max_size=40))
def test_damaged_bytes_anywhere(name: str, place: float, junk: bytes, tmp_path: Path) -> None:
    path = write_rows(tmp_path, name)
    body = bytearray(path.read_bytes())
    at = int(place * len(body))
    body[at : at + len(junk)] = junk
    path.write_bytes(bytes(body))
    spec = spec_for(name)
    if not isinstance(readers()[name].layout(path, spec), Refusal):
        read_back(path, spec)
