"""The same rows in every format give the same texts; a bad file of any format is refused with a clear word."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from pipeline.bronze import inspect
from pipeline.contracts.model import ColumnSpec, ColumnType
from pipeline.notation import plain_number, read_date
from pipeline.readers import readers
from pipeline.readers.base import Layout, Refusal
from tests.support.formats import (
    COLUMNS,
    HEADER,
    ROWS,
    TEXTS,
    WRITERS,
    read_back,
    refused,
    spec_for,
    write_rows,
)
from tests.support.notations import FRENCH, GERMAN

ALL = sorted(readers())


def normal(values: tuple[str | None, ...]) -> tuple[object, ...]:
    """Return bronze texts by what they mean: "1234.5000" and "1234.5" are one amount, "" is nothing."""
    amount = None if values[2] is None else Decimal(values[2])
    return tuple(amount if place == 2 else value or None for place, value in enumerate(values))


def test_every_reader_is_held_to_the_suite() -> None:
    assert set(ALL) == set(WRITERS)


@pytest.mark.parametrize("name", ALL)
def test_the_same_rows_give_the_same_texts(name: str, tmp_path: Path) -> None:
    found = read_back(write_rows(tmp_path, name), spec_for(name))
    assert [normal(record.values) for record in found] == [normal(texts) for texts in TEXTS]
    assert [record.reason for record in found] == [None] * len(TEXTS)
    notes = [json.loads(record.extra)["Note"] if record.extra else None for record in found]
    assert [note or None for note in notes] == [row[-1] for row in ROWS]


@pytest.mark.parametrize("name", ALL)
def test_columns_are_found_by_name_in_any_order(name: str, tmp_path: Path) -> None:
    if name == "parquet":
        path = tmp_path / "x.parquet"
        pq.write_table(pa.table({"AMOUNT": [Decimal("2.50")], " id ": [7]}), path)
    else:
        path = tmp_path / f"x.{name}"
        WRITERS[name](path, [("AMOUNT", " id ", "a", "b", "c"), (Decimal("2.50"), 7, None, None, None)])
    (record,) = read_back(path, spec_for(name))
    assert (record.values[0], Decimal(str(record.values[2]))) == ("7", Decimal("2.50"))
    assert record.values[1] is None


@pytest.mark.parametrize("name", ["jsonl", "parquet", "excel"])
@pytest.mark.parametrize("notation", [GERMAN, FRENCH])
def test_typed_cells_come_in_the_notation_of_their_column(
    name: str, notation: object, tmp_path: Path
) -> None:
    """Trap: under a decimal comma and thousands points, the typed number 1.234 must not become 1234."""
    from dataclasses import replace

    columns = [
        replace(column, number_format=notation if column.type.kind in ("decimal", "integer") else None)
        for column in COLUMNS
    ]
    columns[3] = replace(columns[3], date_formats=("dd.MM.yyyy",))
    path = write_rows(
        tmp_path, name, (HEADER, (1, "x", Decimal("1.234"), dt.date(2026, 4, 5), None, None, None))
    )
    (record,) = read_back(path, spec_for(name, columns))
    assert Decimal(plain_number(str(record.values[2]), columns[2].number_format) or "0") == Decimal("1.234")
    written = record.values[3]
    assert written == ("2026-04-05" if name == "jsonl" else "05.04.2026")  # JSON has no dates: a text stays
    if name != "jsonl":
        assert read_date(str(written), "dd.MM.yyyy") is not None


@pytest.mark.parametrize("name", ALL)
def test_a_header_and_nothing_else_is_taken_and_told(name: str, tmp_path: Path) -> None:
    if name == "parquet":
        path = tmp_path / "x.parquet"
        pq.write_table(pa.table({"Id": pa.array([], pa.int64()), "Amount": pa.array([], pa.float64())}), path)
    else:
        path = write_rows(tmp_path, name, (HEADER,))
        if name == "jsonl":
            path.write_text("rows: 0\n")
    spec = spec_for(name, **({"footerLines": 1} if name == "jsonl" else {}))
    assert read_back(path, spec) == []
    layout = readers()[name].layout(path, spec)
    assert isinstance(layout, Layout)
    assert any("no records" in note for note in layout.notes)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "binary|not Parquet|no whole Excel"),
        (b"\x1f\x8b\x08\x00abc", "binary|not Parquet|no whole Excel"),
        (b"PK\x03\x04 cut", "binary|not Parquet|no whole Excel"),
        (b"PAR1 cut off", "binary|footer is missing|no whole Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "binary|not Parquet|old format"),
    ],
)
def test_a_file_that_is_none_of_its_format_is_refused(
    name: str, body: bytes, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "x"
    path.write_bytes(body)
    reason = refused(path, spec_for(name))
    assert any(word in reason for word in told.split("|")), reason


@pytest.mark.parametrize("name", ALL)
def test_a_file_cut_off_anywhere_loses_nothing_in_silence(name: str, tmp_path: Path) -> None:
    """Half a file is refused, or its last record is rescued; the records before it are whole."""
    path = write_rows(tmp_path, name)
    body = path.read_bytes()
    spec = spec_for(name)
    for size in range(1, len(body), max(1, len(body) // 40)):
        path.write_bytes(body[:size])
        outcome = readers()[name].layout(path, spec)
        if isinstance(outcome, Refusal):
            continue
        assert name in ("csv", "jsonl")
        found = read_back(path, spec)
        whole = [normal(record.values) for record in found if record.reason is None]
        expected = [normal(texts) for texts in TEXTS]
        assert whole[:-1] == expected[: len(whole[:-1])]


@pytest.mark.parametrize("name", ["csv", "parquet", "excel"])
@pytest.mark.parametrize(
    ("header", "told"),
    [
        (("Id", "Name", "Amuont", "Day", "At", "Paid", "Note"), "perhaps written 'Amuont'"),
        (("Id", "Name", "Amount", "Day", "At", "Paid", " ID"), "names id twice"),
        (("a", "b", "c", "d", "e", "f", "g"), "none of the contract's columns"),
    ],
)
def test_a_wrong_header_is_refused(name: str, header: tuple[str, ...], told: str, tmp_path: Path) -> None:
    assert told in refused(write_rows(tmp_path, name, (header, *ROWS)), spec_for(name))


@pytest.mark.parametrize("name", ALL)
def test_a_file_over_its_cap_is_refused_unread(name: str, tmp_path: Path) -> None:
    from pipeline.ledger import RawFile, read_facts

    path = write_rows(tmp_path, name)
    facts = read_facts(path)
    file = RawFile(
        source="x", path=path.name, absolute=path, delivery=None, sequence=1, sha256=facts.sha256,
        size=facts.size, arrived_at=dt.datetime.now(tz=dt.UTC), physical_lines=0, trailing_blank_lines=0,
    )  # fmt: skip
    (one,) = inspect(spec_for(name, maxFileBytes=100), [file])
    assert isinstance(one.outcome, Refusal)
    assert "more than the 100" in one.outcome.reason
    (one,) = inspect(spec_for(name), [file])
    assert isinstance(one.outcome, Layout)
    assert list(readers()[name].check({"maxFileBytes": 0})) == [
        "`maxFileBytes` must be a whole number of bytes"
    ]


class TestJsonLines:
    def read(self, tmp_path: Path, body: str | bytes, **options: object) -> list[tuple[object, ...]]:
        path = tmp_path / "x.jsonl"
        path.write_bytes(body.encode() if isinstance(body, str) else body)
        columns = (COLUMNS[0], COLUMNS[1], COLUMNS[2])
        found = read_back(path, spec_for("jsonl", columns, **options))
        return [(record.line, record.reason or record.values) for record in found]

    def test_numbers_keep_every_digit(self, tmp_path: Path) -> None:
        body = '{"id":1,"amount":12345678901234567890.123456789}\n{"id":2,"amount":1.50}\n{"id":3,"amount":1e3}\n'
        assert [row[1] for row in self.read(tmp_path, body)] == [
            ("1", None, "12345678901234567890.123456789"),
            ("2", None, "1.50"),
            ("3", None, "1000"),
        ]

    def test_a_number_of_a_billion_digits_is_not_written_out(self, tmp_path: Path) -> None:
        assert self.read(tmp_path, '{"id":1,"amount":1e999999999}\n')[0][1] == ("1", None, "1E+999999999")

    def test_bad_lines_cost_themselves(self, tmp_path: Path) -> None:
        body = (
            '{"id":1,"amount":2}\n\n{"id":2,"amount":\n[1]\n"x"\n{"id":3,"ID":3}\n{"id":NaN}\n'
            + "[" * 100_000
            + '\n{"id":4,"amount":5}'
        )
        assert self.read(tmp_path, body) == [
            (1, ("1", None, "2")),
            (3, "bad_json"),
            (4, "not_an_object"),
            (5, "not_an_object"),
            (6, "field_twice"),
            (7, "bad_json"),
            (8, "bad_json"),
            (9, ("4", None, "5")),
        ]

    def test_bytes_of_another_encoding_and_long_lines(self, tmp_path: Path) -> None:
        body = b'{"id":1,"name":"M\xfcller"}\n{"id":2,"name":"' + b"x" * 500 + b'"}\n{"id":3}\n'
        got = self.read(tmp_path, body, maxLineBytes=100)
        assert [row[1] for row in got] == ["encoding", "line_too_long", ("3", None, None)]
        assert self.read(tmp_path, body, encoding="latin-1")[0][1] == ("1", "Müller", None)

    def test_nested_fields_are_text(self, tmp_path: Path) -> None:
        assert self.read(tmp_path, '{"id":1,"name":{"a":[1,2.50]}}\n')[0][1] == (
            "1",
            '{"a": [1, 2.50]}',
            None,
        )

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ('[{"id":1}]', "one JSON array"),
            ("id,name\n1,2\n", "none of its first lines is a JSON object"),
            ('{"x":1}\n', "none of the contract's fields"),
            ("\n \n", "blank lines only"),
            ("\ufeff\n", "blank lines only"),
        ],
    )
    def test_another_shape_is_refused(self, body: str, told: str, tmp_path: Path) -> None:
        path = tmp_path / "x.jsonl"
        path.write_text(body)
        assert told in refused(path, spec_for("jsonl"))


class TestParquet:
    def test_a_damaged_page_refuses_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        table = pa.table({"Id": list(range(5000)), "Amount": [f"{i}.25" for i in range(5000)]})
        pq.write_table(table, path, compression="zstd", write_page_checksum=True)
        body = bytearray(path.read_bytes())
        middle = len(body) // 3
        body[middle : middle + 64] = bytes(64)
        path.write_bytes(bytes(body))
        assert "damaged" in refused(path, spec_for("parquet"))

    def test_many_row_groups_are_all_read(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        pq.write_table(pa.table({"Id": list(range(5000)), "Amount": [1.5] * 5000}), path, row_group_size=700)
        found = read_back(path, spec_for("parquet"))
        assert [record.values[0] for record in found] == [str(i) for i in range(5000)]
        assert found[-1].line == 5000

    def test_float_noise_stays_visible(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        amounts = pa.array([0.1 + 0.2, 0.1, None, float("nan")], pa.float64())
        pq.write_table(pa.table({"Id": [1, 2, 3, 4], "Amount": amounts}), path)
        values = [record.values[2] for record in read_back(path, spec_for("parquet"))]
        assert values == ["0.30000000000000004", "0.1", None, "nan"]
        single = pa.array([12.34], pa.float32())
        pq.write_table(pa.table({"Id": [1], "Amount": single}), path)
        (record,) = read_back(path, spec_for("parquet"))
        assert record.values[2] == "12.34000015258789"

    def test_what_has_no_exact_text_costs_its_row(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        table = {"Id": [1, 2, 3], "Name": [b"ok", b"\xff\xfe", b"ok"], "Amount": [1e17, 2.0, 3.0]}
        pq.write_table(pa.table(table), path)
        assert [r.reason for r in read_back(path, spec_for("parquet"))] == [
            "inexact_number",
            "binary_value",
            None,
        ]

    def test_instants_keep_their_zone_and_nanoseconds(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        zoned = pa.array([dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)], pa.timestamp("us", "Europe/Berlin"))
        pq.write_table(pa.table({"Id": [1], "Amount": [1], "At": zoned}), path)
        assert read_back(path, spec_for("parquet"))[0].values[4] == "2026-01-01 12:00:00Z"
        fine = pa.array([1_767_225_600_000_000_001], pa.timestamp("ns"))
        pq.write_table(pa.table({"Id": [1], "Amount": [1], "At": fine}), path)
        assert read_back(path, spec_for("parquet"))[0].values[4] == "2026-01-01 00:00:00.000000001"

    def test_a_row_over_the_cap(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        pq.write_table(pa.table({"Id": [1, 2], "Amount": [1, 2], "Name": ["x" * 5000, "y"]}), path)
        found = read_back(path, spec_for("parquet", maxLineBytes=1000))
        assert [record.reason for record in found] == ["line_too_long", None]


class TestExcel:
    def book(self, tmp_path: Path, *rows: tuple[object, ...], sheets: tuple[str, ...] = ("Data",)) -> Path:
        book = Workbook()
        assert book.active is not None
        book.active.title = sheets[0]
        for name in sheets[1:]:
            book.create_sheet(name)
        for row in rows:
            book.active.append(list(row))
        path = tmp_path / "x.xlsx"
        book.save(path)
        return path

    def test_titles_above_blank_rows_between_and_a_total_below(self, tmp_path: Path) -> None:
        path = self.book(
            tmp_path,
            ("Quarterly report",),
            (),
            ("Id", "Amount"),
            (1, 2.5),
            (),
            (2, 3),
            (),
            ("Total", 5.5),
            (),
        )
        spec = spec_for("excel", preambleLines=1, footerLines=1)
        found = read_back(path, spec)
        assert [(r.line, r.values[0], r.values[2]) for r in found] == [(4, "1", "2.5"), (6, "2", "3")]
        again = read_back(path, spec_for("excel", preamblePattern="report", footerPattern="^Total"))
        assert again == found
        layout = readers()["excel"].layout(path, spec)
        assert isinstance(layout, Layout)
        assert layout.footer == "Total\t5.5"
        assert "footer" in refused(path, spec_for("excel", preambleLines=1, footerPattern="^Sum"))

    def test_without_header_columns_come_by_order(self, tmp_path: Path) -> None:
        path = self.book(tmp_path, (1, "a", 2.5, None, None, True), (2, "b", 3))
        found = read_back(path, spec_for("excel", header=False))
        assert [record.values for record in found] == [
            ("1", "a", "2.5", None, None, "true"),
            ("2", "b", "3", None, None, None),
        ]

    def test_the_sheet_is_named_or_numbered_or_the_only_one(self, tmp_path: Path) -> None:
        path = self.book(tmp_path, ("Id", "Amount"), (1, 2), sheets=("Data", "Notes"))
        assert "2 sheets (Data, Notes)" in refused(path, spec_for("excel"))
        assert "no sheet 'Other'" in refused(path, spec_for("excel", sheet="Other"))
        assert "no sheet 3" in refused(path, spec_for("excel", sheet=3))
        assert "the sheet is empty" in refused(path, spec_for("excel", sheet=2))
        assert len(read_back(path, spec_for("excel", sheet="Data"))) == 1
        assert len(read_back(path, spec_for("excel", sheet=1))) == 1

    def test_errors_and_surplus_cells_cost_their_row(self, tmp_path: Path) -> None:
        path = self.book(
            tmp_path, ("Id", "Amount"), (1, "#DIV/0!"), (2, 3, "beside"), (3, 1e17), (4, 0.1 + 0.7)
        )
        found = read_back(path, spec_for("excel"))
        assert [record.reason for record in found] == [
            "error_cell",
            "too_many_fields",
            "inexact_number",
            None,
        ]
        assert found[0].rescued == "1\t#DIV/0!"
        assert found[3].values[2] == "0.7999999999999999"

    def test_a_time_of_day_is_not_cut_from_a_date(self, tmp_path: Path) -> None:
        path = self.book(tmp_path, ("Id", "Amount", "Day"), (1, 2, dt.datetime(2026, 4, 5, 6, 7)))  # noqa: DTZ001
        (record,) = read_back(path, spec_for("excel"))
        assert record.values[3] == "2026-04-05 06:07:00"  # no date: the type rule will say so

    def test_formulas_without_results_refuse_the_file(self, tmp_path: Path) -> None:
        path = self.book(tmp_path, ("Id", "Amount"), (1, "=1+1"))
        assert "cell B2 has a formula" in refused(path, spec_for("excel"))

    def test_a_workbook_that_unpacks_to_too_much(self, tmp_path: Path) -> None:
        path = self.book(tmp_path, ("Id", "Amount"), (1, 2))
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/media/bomb.bin", bytes(50 << 20))
        assert path.stat().st_size < 1 << 20
        assert "unpacks to" in refused(path, spec_for("excel", maxUnpackedBytes=10 << 20))
        assert len(read_back(path, spec_for("excel"))) == 1

    @pytest.mark.parametrize(
        ("part", "old", "new", "told"),
        [
            ("xl/worksheets/sheet1.xml", b"<worksheet", b"<!DOCTYPE x><worksheet", "entities"),
            ("xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="1"', "out of order"),
            ("xl/worksheets/sheet1.xml", b'r="A2"', b'r="ZZZZ2"', "outside the columns"),
            ("xl/worksheets/sheet1.xml", b"</sheetData>", b"", "cannot be read"),
            ("xl/workbook.xml", b"<sheets>", b"", "cannot be read"),
        ],
    )
    def test_broken_parts_refuse_the_file(
        self, part: str, old: bytes, new: bytes, told: str, tmp_path: Path
    ) -> None:
        path = self.book(tmp_path, ("Id", "Amount"), (1, 2))
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        assert old in parts[part]
        parts[part] = parts[part].replace(old, new, 1)
        with zipfile.ZipFile(path, "w") as archive:
            for name, body in parts.items():
                archive.writestr(name, body)
        assert told in refused(path, spec_for("excel"))

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"sheet": 0}, "`sheet`"),
            ({"header": "no"}, "`header`"),
            ({"maxUnpackedBytes": "1"}, "`maxUnpackedBytes`"),
            ({"footerLines": -1}, "`footerLines`"),
            ({"footerLines": 1, "footerPattern": "x"}, "not both"),
            ({"preamblePattern": "("}, "cannot be read"),
        ],
    )
    def test_wrong_options_are_told(self, options: dict[str, object], told: str) -> None:
        assert any(told in message for message in readers()["excel"].check(options))


def test_a_plain_text_column_takes_typed_cells_as_they_are(tmp_path: Path) -> None:
    columns = tuple(ColumnSpec(name=n, header=n, type=ColumnType(kind="string")) for n in ("a", "b"))
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": [1.5, 2.0], "b": [dt.date(2026, 1, 1), None]}), path)
    found = read_back(path, spec_for("parquet", columns))
    assert [record.values for record in found] == [("1.5", "2026-01-01"), ("2", None)]
