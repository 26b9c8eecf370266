"""Write the same rows in every format that raw files come in, and read them back as bronze would have them."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

from pipeline.contracts.model import ColumnSpec, ColumnType, NumberFormat, SourceSpec
from pipeline.ledger import read_facts
from pipeline.readers import readers
from pipeline.readers.base import Extent, Layout, Refusal

MONEY = ColumnType(kind="decimal", precision=18, scale=2)
COLUMNS = (
    ColumnSpec(name="id", header="Id", type=ColumnType(kind="integer"), required=True),
    ColumnSpec(name="name", header="Name", type=ColumnType(kind="string")),
    ColumnSpec(name="amount", header="Amount", type=MONEY, required=True),
    ColumnSpec(name="day", header="Day", type=ColumnType(kind="date")),
    ColumnSpec(name="at", header="At", type=ColumnType(kind="timestamp")),
    ColumnSpec(name="paid", header="Paid", type=ColumnType(kind="boolean")),
)
HEADER = ("Id", "Name", "Amount", "Day", "At", "Paid", "Note")  # the last is unknown to the contract
ROWS: tuple[tuple[object, ...], ...] = (
    (1, "Kern, Vogt", Decimal("1234.50"), dt.date(2026, 4, 5), "2026-04-05 06:07:08", True, "n1"),
    (2, 'Panel 24" black', Decimal("-0.07"), dt.date(2026, 12, 31), "2026-12-31 00:00:00", False, "n2"),
    (3, "Jürgen Groß", Decimal("90000.00"), None, None, None, None),
    (4, None, Decimal("0.10"), dt.date(2000, 2, 29), "2000-02-29 23:59:59", True, "n4"),
    (
        5,
        "two words",
        Decimal("0.305"),
        dt.date(2026, 1, 1),
        "2026-01-01 12:00:00",
        False,
        "n5",
    ),  # three decimals
)
TEXTS = (
    ("1", "Kern, Vogt", "1234.50", "2026-04-05", "2026-04-05 06:07:08", "true"),
    ("2", 'Panel 24" black', "-0.07", "2026-12-31", "2026-12-31 00:00:00", "false"),
    ("3", "Jürgen Groß", "90000.00", None, None, None),
    ("4", None, "0.10", "2000-02-29", "2000-02-29 23:59:59", "true"),
    ("5", "two words", "0.305", "2026-01-01", "2026-01-01 12:00:00", "false"),
)


class Record(NamedTuple):
    line: int
    span: int
    values: tuple[str | None, ...]
    reason: str | None
    rescued: str | None
    extra: str | None


def spec_for(
    reader: str,
    columns: Sequence[ColumnSpec] = COLUMNS,
    number_format: NumberFormat | None = None,
    **options: object,
) -> SourceSpec:
    """Return a source of one format."""
    return SourceSpec(
        name="x", version="1", title="x", owner=None, file="x.yml", hash="", glob="*", reader=reader,
        reader_options=options, columns=tuple(columns), key=(), sequence=None, load_mode="upsert",
        duplicates="drop", silver_table="silver.x", quarantine_table=None, rules=(), foreign_keys=(),
    )  # fmt: skip


def read_back(path: Path, spec: SourceSpec) -> list[Record]:
    """Read a file and prove that every line of it is accounted for."""
    reader = readers()[spec.reader]
    layout = reader.layout(path, spec)
    assert isinstance(layout, Layout), layout
    layout = Layout.from_json(layout.to_json())
    records: list[Record] = []
    gaps = 0
    for chunk in reader.read(path, layout, spec):
        gaps += sum(chunk.gap)
        columns = zip(*chunk.values, strict=True)
        rows = zip(chunk.line, chunk.span, columns, chunk.reason, chunk.rescued, chunk.extra, strict=True)
        records += [Record(*row) for row in rows]
    facts = read_facts(path)
    extent = Extent(lines=facts.physical_lines, trailing_blank=facts.trailing_blank_lines)
    if reader.count is not None:
        extent = reader.count(path, spec)
    spans = sum(record.span for record in records)
    framed = layout.header_lines + layout.footer_lines
    assert framed + gaps + spans + extent.trailing_blank == extent.lines
    return records


def refused(path: Path, spec: SourceSpec) -> str:
    """Return why a file is refused."""
    outcome = readers()[spec.reader].layout(path, spec)
    assert isinstance(outcome, Refusal), outcome
    return outcome.reason


def _csv(path: Path, rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        for row in rows:
            writer.writerow(["" if v is None else str(v).lower() if isinstance(v, bool) else v for v in row])


def _jsonl(path: Path, rows: Sequence[Sequence[object]]) -> None:
    lines = []
    for row in rows[1:]:
        fields = dict(zip(map(str, rows[0]), row, strict=True))
        cells = [
            f"{json.dumps(name)}: {value if isinstance(value, Decimal) else json.dumps(value, default=str)}"
            for name, value in fields.items()
            if value is not None
        ]
        lines.append("{" + ", ".join(cells) + "}\n")
    path.write_text("".join(lines), encoding="utf-8")


def _parquet(path: Path, rows: Sequence[Sequence[object]]) -> None:
    kinds = (
        pa.int64(),
        pa.dictionary(pa.int32(), pa.string()),
        pa.decimal128(18, 4),
        pa.date32(),
        pa.timestamp("us"),
        pa.bool_(),
        pa.string(),
    )
    columns = list(zip(*rows[1:], strict=True))
    columns[4] = tuple(None if v is None else dt.datetime.fromisoformat(str(v)) for v in columns[4])
    table = pa.table(
        [
            pa.array(c, k.value_type if pa.types.is_dictionary(k) else k)
            for c, k in zip(columns, kinds, strict=True)
        ],
        names=[str(name) for name in rows[0]],
    )
    pq.write_table(table, path, use_dictionary=["Name"])


def _excel(path: Path, rows: Sequence[Sequence[object]]) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(list(rows[0]))
    for row in rows[1:]:
        at = None if row[4] is None else dt.datetime.fromisoformat(str(row[4]))
        amount = float(row[2]) if isinstance(row[2], Decimal) else row[2]
        book.active.append([*row[:2], amount, row[3], at, *row[5:]])
    book.save(path)


WRITERS: dict[str, Callable[[Path, Sequence[Sequence[object]]], None]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "excel": _excel,
}
SUFFIX = {"csv": "csv", "jsonl": "jsonl", "parquet": "parquet", "excel": "xlsx"}


def write_rows(folder: Path, reader: str, rows: Sequence[Sequence[object]] = (HEADER, *ROWS)) -> Path:
    """Write rows, the first of them the header, and return the file."""
    path = folder / f"rows.{SUFFIX[reader]}"
    WRITERS[reader](path, rows)
    return path
