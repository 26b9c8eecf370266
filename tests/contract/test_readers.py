"""Every reader keeps one promise: each line of a file is header, blank, or part of one record; nothing is lost."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from pipeline.contracts.model import ColumnSpec, ColumnType, SourceSpec
from pipeline.readers import csv as csv_reader
from pipeline.readers import readers
from pipeline.readers.base import Layout
from tests.support.formats import Record, read_back, refused, spec_for

NAMES = ("id", "name", "amount")


def spec_of(
    *, required: tuple[str, ...] = ("id", "amount"), names: tuple[str, ...] = NAMES, **options: object
) -> SourceSpec:
    text = ColumnType(kind="string")
    columns = [ColumnSpec(name=n, header=n, type=text, required=n in required) for n in names]
    return spec_for("csv", columns, **options)


def read(tmp_path: Path, body: bytes, spec: SourceSpec | None = None) -> list[Record]:
    """Read a file and prove that its lines add up."""
    path = tmp_path / "x.csv"
    path.write_bytes(body)
    return read_back(path, spec or spec_of())


def refuse(tmp_path: Path, body: bytes, spec: SourceSpec | None = None) -> str:
    path = tmp_path / "x.csv"
    path.write_bytes(body)
    return refused(path, spec or spec_of())


def values(records: list[Record]) -> list[tuple[str | None, ...]]:
    return [record.values for record in records]


@pytest.fixture(params=["one block", "tiny blocks"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the file whole, and in blocks that end in the middle of everything."""
    if request.param == "tiny blocks":
        monkeypatch.setattr(csv_reader, "BLOCK_BYTES", 7)


@pytest.mark.usefixtures("blocks")
class TestRecords:
    def test_plain_lines(self, tmp_path: Path) -> None:
        got = read(tmp_path, b"id,name,amount\n1,a,2.50\n2,,3\n")
        assert values(got) == [("1", "a", "2.50"), ("2", "", "3")]
        assert [record.line for record in got] == [2, 3]

    def test_header_is_mapped_by_name(self, tmp_path: Path) -> None:
        assert values(read(tmp_path, b"amount,id,name\n2.50,1,a\n")) == [("1", "a", "2.50")]

    def test_header_by_name_whatever_its_case_and_blanks(self, tmp_path: Path) -> None:
        assert values(read(tmp_path, b" ID ,Name,AMOUNT\n1,a,2\n")) == [("1", "a", "2")]

    def test_no_newline_at_the_end(self, tmp_path: Path) -> None:
        assert values(read(tmp_path, b"id,name,amount\n1,a,2")) == [("1", "a", "2")]

    def test_byte_order_mark_and_carriage_returns(self, tmp_path: Path) -> None:
        got = read(tmp_path, b"\xef\xbb\xbfid,name,amount\r\n1,a,2\r\n\r\n2,b,3\r\n")
        assert values(got) == [("1", "a", "2"), ("2", "b", "3")]
        assert [record.line for record in got] == [2, 4]

    def test_blank_lines_everywhere(self, tmp_path: Path) -> None:
        got = read(tmp_path, b"\n\nid,name,amount\n\n1,a,2\n   \n\n2,b,3\n\n \t\n")
        assert [record.line for record in got] == [5, 8]

    def test_quotes_commas_and_doubled_quotes(self, tmp_path: Path) -> None:
        got = read(tmp_path, b'id,name,amount\n1,"Kern, Vogt","2"\n2,"Panel 24"" black",3\n')
        assert values(got) == [("1", "Kern, Vogt", "2"), ("2", 'Panel 24" black', "3")]

    def test_a_quote_inside_an_unquoted_field_is_a_quote(self, tmp_path: Path) -> None:
        assert values(read(tmp_path, b'id,name,amount\n1,24" panel,2\n')) == [("1", '24" panel', "2")]

    def test_a_line_break_inside_quotes(self, tmp_path: Path) -> None:
        got = read(tmp_path, b'id,name,amount\n1,"two\n\nlines",2\n2,b,3\n')
        assert values(got) == [("1", "two\n\nlines", "2"), ("2", "b", "3")]
        assert [(record.line, record.span) for record in got] == [(2, 3), (5, 1)]

    def test_an_unclosed_quote_costs_its_own_line(self, tmp_path: Path) -> None:
        got = read(tmp_path, b'id,name,amount\n1,"open,2\n2,b,3\n3,"c, d",4\n4,e,5\n')
        assert got[0].reason == "unclosed_quote"
        assert got[0].rescued == '1,"open,2'
        assert values(got[1:]) == [("2", "b", "3"), ("3", "c, d", "4"), ("4", "e", "5")]

    def test_an_unclosed_quote_on_the_last_line(self, tmp_path: Path) -> None:
        got = read(tmp_path, b'id,name,amount\n1,a,2\n2,"open,3\n')
        assert [record.reason for record in got] == [None, "unclosed_quote"]

    def test_two_unclosed_quotes_do_not_close_each_other(self, tmp_path: Path) -> None:
        got = read(tmp_path, b'id,name,amount\n1,"open,2\n2,b,3\n3,"open,4\n')
        assert [record.reason for record in got] == ["unclosed_quote", None, "unclosed_quote"]

    def test_text_after_a_closing_quote(self, tmp_path: Path) -> None:
        got = read(tmp_path, b'id,name,amount\n1,"a"b,2\n2,b,3\n')
        assert [record.reason for record in got] == ["text_after_quote", None]

    def test_ragged_lines(self, tmp_path: Path) -> None:
        got = read(tmp_path, b"id,name,amount\n1,a\n2,b,3\n3,c,4,5\n")
        assert [record.reason for record in got] == ["too_few_fields", None, "too_many_fields"]
        assert got[2].rescued == "3,c,4,5"

    def test_bytes_of_another_encoding(self, tmp_path: Path) -> None:
        got = read(tmp_path, b"id,name,amount\n1,M\xfcller,2\n2,M\xc3\xbcller,3\n")
        assert got[0].reason == "encoding"
        assert got[0].rescued == "1,M\\xfcller,2"
        assert got[1].values == ("2", "Müller", "3")

    def test_a_declared_encoding(self, tmp_path: Path) -> None:
        got = read(tmp_path, b"id;name;amount\n1;M\xfcller;2\n", spec_of(encoding="latin-1", delimiter=";"))
        assert values(got) == [("1", "Müller", "2")]

    def test_nul_bytes(self, tmp_path: Path) -> None:
        got = read(tmp_path, b"id,name,amount\n1,a\x00,2\n2,b,3\n")
        assert [record.reason for record in got] == ["nul_byte", None]

    def test_a_line_over_the_cap(self, tmp_path: Path) -> None:
        body = b"id,name,amount\n1,a,2\n2," + b"x" * 300 + b",3\n3,c,4\n"
        got = read(tmp_path, body, spec_of(maxLineBytes=50))
        assert [record.reason for record in got] == [None, "line_too_long", None]
        assert [record.line for record in got] == [2, 3, 4]

    def test_line_separators_of_unicode_are_text(self, tmp_path: Path) -> None:
        got = read(tmp_path, "id,name,amount\n1,a\u2028b\x0bc,2\n".encode())
        assert values(got) == [("1", "a\u2028b\x0bc", "2")]

    def test_unknown_columns_are_kept_apart(self, tmp_path: Path) -> None:
        got = read(tmp_path, b"id,name,amount,note\n1,a,2,hello\n")
        assert got[0].extra == '{"note": "hello"}'

    def test_one_column(self, tmp_path: Path) -> None:
        got = read(tmp_path, b'id\n1\n\n"2"\n3\n', spec_of(names=("id",)))
        assert values(got) == [("1",), ("2",), ("3",)]

    def test_no_header(self, tmp_path: Path) -> None:
        got = read(tmp_path, b"1|a|2\n2|b|3\n", spec_of(header=False, delimiter="|"))
        assert values(got) == [("1", "a", "2"), ("2", "b", "3")]

    def test_a_header_and_nothing_else(self, tmp_path: Path) -> None:
        assert read(tmp_path, b"id,name,amount\n\n\n") == []


BODY = b"id,name,amount\n1,a,2\n\n2,b,3\n"


@pytest.mark.usefixtures("blocks")
class TestFrame:
    """What stands around the records: lines before the header, lines after the last record."""

    @pytest.mark.parametrize(
        ("before", "after", "options"),
        [
            (b"Report\n\n", b"", {"preambleLines": 2}),
            (b"\xef\xbb\xbf# of today\n# by me\n", b"", {"preamblePattern": "^#"}),
            (b"", b"TOTAL,5\n", {"footerLines": 1}),
            (b"", b"\n \nTOTAL,5\n\nend\n\n", {"footerLines": 2}),
            (b"", b"TOTAL,5", {"footerPattern": "^TOTAL"}),
            (b"Report\n", b"--\nTOTAL\n\n\n", {"preambleLines": 1, "footerPattern": "^(--|TOTAL)"}),
        ],
    )
    def test_it_is_no_record_and_is_accounted_for(
        self, before: bytes, after: bytes, options: dict[str, object], tmp_path: Path
    ) -> None:
        for body, more in ((BODY, {}), (BODY.removeprefix(b"id,name,amount\n"), {"header": False})):
            got = read(tmp_path, before + body + after, spec_of(**options, **more))
            assert values(got) == [("1", "a", "2"), ("2", "b", "3")]

    @pytest.mark.parametrize(
        ("body", "options", "told"),
        [
            (b"a\nb\n", {"preambleLines": 3}, "it has 2 lines, fewer than its preamble of 3"),
            (b"Report\n\n", {"preambleLines": 1}, "ends with its preamble"),
            (
                BODY,
                {"footerPattern": "^TOTAL"},
                "its footer (its pattern) is missing: the file may be cut off",
            ),
            (b"id,name,amount\n", {"footerLines": 2}, "its footer (2 lines) is missing"),
            (b"id,name,amount\nTOTAL\n", {"footerLines": 2}, "begins before its first record"),
        ],
    )
    def test_one_that_is_not_there_refuses_the_file(
        self, body: bytes, options: dict[str, object], told: str, tmp_path: Path
    ) -> None:
        assert told in refuse(tmp_path, body, spec_of(**options))

    def test_a_footer_that_looks_like_a_record_is_none(self, tmp_path: Path) -> None:
        got = read(tmp_path, BODY + b"9,sum,5\n", spec_of(footerLines=1))
        assert values(got) == [("1", "a", "2"), ("2", "b", "3")]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_a_line_of_gigabytes_costs_itself_and_no_memory(name: str, tmp_path: Path) -> None:
    """The line is a hole in the file, so that the disk is spared; its bytes are read all the same."""
    first, last = (b"1,a,2\n", b"\n3,c,4\n") if name == "csv" else (b'{"id":1}\n', b'\n{"id":3}\n')
    path = tmp_path / "x"
    head = b"id,name,amount\n" if name == "csv" else b""
    with path.open("wb") as file:
        file.write(head + first + b"2,")
        file.seek(300 << 20, os.SEEK_CUR)
        file.write(last)
    spec = spec_for(name, spec_of(required=()).columns)
    tracemalloc.start()
    try:
        got = read_back(path, spec)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(record.line - bool(head), record.reason) for record in got] == [
        (1, None),
        (2, "line_too_long"),
        (3, None),
    ]
    assert len(got[1].rescued or "") < 10_000
    assert peak < 100 << 20
    with path.open("r+b") as file:  # and where no line ever ends
        file.write(b"x" * len(head + first))
    assert refused(path, spec)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "blank lines only"),
        (b"\x1f\x8b\x08\x00abc", "binary"),
        (b"id,name\n1,a\n", "lacks amount"),
        (b"id,name,amuont\n1,a,2\n", "perhaps written 'amuont'"),
        (b"id,name,amount,ID\n1,a,2,3\n", "names id twice"),
        (b"1,a,2\n2,b,3\n", "none of the contract's columns"),
        (b"id;name;amount\n1;a;2\n", "delimiter"),
        (b'id,"name,amount\n1,a,2\n', "broken quote"),
        (b"i\xfcd,name,amount\n1,a,2\n", "not utf-8 text"),
        ("id,name,amount\n1,a,2\n".encode("utf-16"), "binary"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused(tmp_path: Path, body: bytes, told: str) -> None:
    assert told in refuse(tmp_path, body)


def test_a_missing_optional_column_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"id,amount\n1,2\n")
    layout = readers()["csv"].layout(path, spec_of())
    assert isinstance(layout, Layout)
    assert layout.places == (0, None, 1)
    assert values(read(tmp_path, b"id,amount\n1,2\n")) == [("1", None, "2")]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"delimiter": "||"}, "one character"),
        ({"delimiter": '"'}, "are the same"),
        ({"encoding": "utf-16"}, "lines must end in one byte"),
        ({"encoding": "utf-99"}, "unknown encoding"),
        ({"header": "yes"}, "true or false"),
        ({"maxLineBytes": 0}, "whole number"),
        ({"preambleLines": 1, "preamblePattern": "x"}, "not both"),
        ({"preambleLines": -1}, "a number of lines"),
        ({"footerLines": True}, "a number of lines"),
        ({"footerPattern": "["}, "cannot be read"),
    ],
)
def test_wrong_options_are_told(options: dict[str, object], told: str) -> None:
    assert any(told in message for message in readers()["csv"].check(options))
