"""Read Parquet: columns by name, typed values written as exact text, in batches of bounded size.

The whole file is decoded once before any of it is taken in, so that a damaged page refuses the file and never
stops a run midway. Dates and decimals keep every digit; instants finer than a microsecond fit no type and show.
Refuses files that are cut off, damaged or of another format, and headers that cannot be trusted.
Layer: pipeline. Runs on Spark's workers: imports pyarrow, no Spark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contracts.model import ColumnSpec, SourceSpec
from pipeline.readers.base import (
    CAPS,
    KEPT_OF_LONG_RECORD,
    Extent,
    Layout,
    Reader,
    Records,
    Refusal,
    Tally,
    cap_of,
    check_caps,
    extra_json,
    map_header,
)
from pipeline.readers.cells import CellFault, cell_text

_MAGIC = b"PAR1"
_BATCH = 2000  # records decoded at a time
_FAULTS = (pa.ArrowException, OSError, ValueError)


def _check(options: Mapping[str, Any]) -> Iterator[str]:
    yield from check_caps(options)


def _layout(path: Path, spec: SourceSpec) -> Layout | Refusal:
    """Map the column names; decode every page once, so that reading cannot fail later."""
    with path.open("rb") as file:
        begins = file.read(len(_MAGIC))
        file.seek(max(0, path.stat().st_size - len(_MAGIC)))
        ends = file.read(len(_MAGIC))
    if not begins:
        return Refusal(reason="the file is empty")
    if begins != _MAGIC:
        return Refusal(reason="the file is not Parquet")
    if ends != _MAGIC:
        return Refusal(reason="the file is cut off: Parquet's footer is missing")
    try:
        with _opened(path) as file:
            names = list(file.schema_arrow.names)
            rows = sum(len(batch) for batch in file.iter_batches(_BATCH, use_threads=False))
            promised = file.metadata.num_rows
    except _FAULTS:
        return Refusal(reason="the file is damaged: not every page of it can be decoded")
    if rows != promised:
        return Refusal(reason=f"the file is damaged: it promises {promised:,} rows and has {rows:,}")
    layout = map_header(names, 0, spec, hint="is it another table?")
    if isinstance(layout, Layout) and not rows:
        return replace(layout, notes=(*layout.notes, "has no records"))
    return layout


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        yield file


def _count(path: Path, spec: SourceSpec) -> Extent:
    """Return the rows that the footer promises."""
    return Extent(lines=pq.read_metadata(path).num_rows)


def _read(path: Path, layout: Layout, spec: SourceSpec) -> Iterator[Records]:
    """Yield the rows of a file, some thousand at a time."""
    tally = Tally(len(spec.columns), first_line=1)
    cap = cap_of(spec.reader_options, "maxLineBytes")
    columns: dict[int, ColumnSpec] = {
        place: column for place, column in zip(layout.places, spec.columns, strict=True) if place is not None
    }
    with _opened(path) as file:
        for batch in file.iter_batches(_BATCH, use_threads=False):
            texts = [_texts(batch.column(index), columns.get(index)) for index in range(batch.num_columns)]
            records = tally.new_records()
            for row in zip(*texts, strict=True):
                _add(tally, records, row, layout, cap)
            yield records


def _add(
    tally: Tally, records: Records, row: tuple[str | CellFault | None, ...], layout: Layout, cap: int
) -> None:
    fault = next((cell for cell in row if isinstance(cell, CellFault)), None)
    texts = [cell for cell in row if not isinstance(cell, CellFault)]
    if fault is None and sum(map(len, filter(None, texts))) > cap:
        fault = CellFault("line_too_long")
    if fault is not None:
        kept = "\t".join(text or "" for text in texts)
        tally.rescue(records, str(fault), kept[:KEPT_OF_LONG_RECORD])
        return
    values = [None if place is None else texts[place] for place in layout.places]
    tally.add(records, values, extra=extra_json({name: texts[index] for index, name in layout.unknown}))


def _texts(values: pa.Array, column: ColumnSpec | None) -> list[str | CellFault | None]:
    """Return the texts of a column, or the fault of a value that has none."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _texts(values.dictionary_decode(), column)
    is_plain = column is None or (column.number_format is None and not column.date_formats)
    is_day = pa.types.is_date32(kind) and (column is None or column.type.kind != "timestamp")
    if is_plain and (is_day or pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        return list(values.cast(pa.string()).to_pylist())
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        try:
            values = values.cast(pa.timestamp("us", kind.tz))
        except pa.ArrowInvalid:
            values = values.cast(pa.string())
    elif pa.types.is_duration(kind):
        values = values.cast(pa.int64())
    return [_text(value, column) for value in _values(values)]


def _values(values: pa.Array) -> list[object]:
    """Return a column as Python's own values; bytes that are no text and days that are none become faults."""
    try:
        return list(values.to_pylist())
    except (ValueError, OverflowError):
        return [_value(value) for value in values]


def _value(value: pa.Scalar) -> object:
    try:
        return value.as_py()
    except (ValueError, OverflowError):
        return CellFault("unreadable_value")


def _text(value: object, column: ColumnSpec | None) -> str | CellFault | None:
    if isinstance(value, CellFault):
        return value
    try:
        return cell_text(value, column)
    except CellFault as fault:
        return fault


READER = Reader(
    name="parquet",
    suffixes=(".parquet", ".pq"),
    options=tuple(CAPS),
    check=_check,
    layout=_layout,
    read=_read,
    count=_count,
)
