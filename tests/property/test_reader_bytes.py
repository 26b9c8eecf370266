"""Whatever bytes arrive, a reader refuses the file or accounts for every line of it; it never fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.readers import readers
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
