"""Read one sheet of an Excel workbook: columns by name, a row a record, numbers and dates as they are stored.

Excel stores numbers as floats: each is written as the shortest text that names it, so that a cell with more
decimals than its column keeps is that row's fault and is never rounded here. A cell with an Excel error costs
its row. Of a workbook with several sheets the contract must say which one.
Refuses workbooks that are damaged, locked, too large unpacked, or hold formulas without results.
Layer: pipeline. Runs on Spark's workers: imports openpyxl, no Spark.
"""

from __future__ import annotations

import re
import warnings
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.contracts.model import ColumnSpec, SourceSpec
from pipeline.readers.base import (
    CAPS,
    FRAME,
    KEPT_OF_LONG_RECORD,
    Extent,
    Layout,
    Reader,
    Records,
    Refusal,
    Tally,
    by_order,
    cap_of,
    check_caps,
    extra_json,
    map_header,
)
from pipeline.readers.cells import CellFault, cell_text
from pipeline.readers.text import check_frame
from pipeline.readers.workbook import SheetFault, refuse_archive, scan_sheet, sheet_names

MAX_UNPACKED_BYTES = 1 << 30
_MAX_FOOTER_ROWS = 1000
_BATCH = 2000  # records given at a time


@dataclass(frozen=True, kw_only=True)
class _ErrorCell:
    """A cell that shows an error such as #DIV/0!."""

    shown: str


_Row = tuple[int, Sequence[object]]  # number from 1, values


def _check(options: Mapping[str, Any]) -> Iterator[str]:
    sheet = options.get("sheet")
    if sheet is not None and not (isinstance(sheet, str) or (isinstance(sheet, int) and sheet > 0)):
        yield "`sheet` must be a sheet's name, or its number from 1"
    if not isinstance(options.get("header", True), bool):
        yield "`header` must be true or false"
    unpacked = options.get("maxUnpackedBytes", 1)
    if not isinstance(unpacked, int) or isinstance(unpacked, bool) or unpacked < 1:
        yield "`maxUnpackedBytes` must be a whole number of bytes"
    yield from check_frame(options)
    yield from check_caps(options)


def _layout(path: Path, spec: SourceSpec) -> Layout | Refusal:
    """Choose the sheet, prove that nothing of it is lost in silence, and map its header."""
    options = spec.reader_options
    if refusal := refuse_archive(path, max_unpacked=int(options.get("maxUnpackedBytes", MAX_UNPACKED_BYTES))):
        return refusal
    try:
        names = sheet_names(path)
        sheet = _choose(names, options.get("sheet"))
        if sheet is None:
            return _no_sheet(names, options.get("sheet"))
        facts = scan_sheet(path, sheet)
        with _rows(path, sheet) as rows:
            layout = _map(rows, spec)
        if isinstance(layout, Refusal):
            return layout
        return _with_footer(path, sheet, layout, facts.filled, options)
    except SheetFault as fault:
        return Refusal(reason=str(fault))
    except Exception:  # openpyxl raises whatever a broken part leads to; its words may quote cells
        return Refusal(reason="the workbook is damaged: a part of it cannot be read")


def _choose(names: Sequence[str], wanted: object) -> str | None:
    if wanted is None:
        return names[0] if len(names) == 1 else None
    if isinstance(wanted, int):
        return names[wanted - 1] if wanted <= len(names) else None
    return str(wanted) if wanted in names else None


def _no_sheet(names: Sequence[str], wanted: object) -> Refusal:
    there = ", ".join(names[:10]) or "none"
    if wanted is None:
        return Refusal(reason=f"the workbook has {len(names)} sheets ({there}): name one as `sheet`")
    return Refusal(reason=f"the workbook has no sheet {wanted!r}; it has {there}")


@contextmanager
def _rows(path: Path, sheet: str) -> Iterator[Iterator[_Row]]:
    """Give the rows of a sheet, empty ones too."""
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with (
            path.open("rb") as file,  # a file, so that its name does not count
            closing(load_workbook(file, read_only=True, data_only=True, keep_links=False)) as book,
        ):
            table = book[sheet]
            table.reset_dimensions()
            yield (
                (number, [_value(cell) for cell in row])
                for number, row in enumerate(table.iter_rows(), start=1)
            )


def _value(cell: Any) -> object:
    return _ErrorCell(shown=str(cell.value)) if cell.data_type == "e" else cell.value


def _is_blank(row: Sequence[object]) -> bool:
    return all(value is None for value in row)


def _map(rows: Iterator[_Row], spec: SourceSpec) -> Layout | Refusal:
    options = spec.reader_options
    skip, pattern = int(options.get("preambleLines", 0)), options.get("preamblePattern")
    if options.get("header", True) is False and pattern is None:
        return by_order(spec, skip)
    for number, row in rows:
        if number <= skip or _is_blank(row):
            continue
        if pattern is not None and re.search(str(pattern), _joined(row)):
            skip = number
            continue
        if options.get("header", True) is False:
            return by_order(spec, skip)
        names = [(_shown(value) or "").strip() for value in row]
        while names and not names[-1]:
            names.pop()
        return map_header(names, number, spec, hint="is the header on another row, or on another sheet?")
    return Refusal(reason="the sheet is empty")


def _with_footer(
    path: Path, sheet: str, layout: Layout, filled: int, options: Mapping[str, Any]
) -> Layout | Refusal:
    """Return the layout with the rows at the end of the sheet that are no records."""
    count, pattern = int(options.get("footerLines", 0)), options.get("footerPattern")
    if not count and pattern is None:
        is_bare = filled <= layout.header_lines
        return replace(layout, notes=(*layout.notes, "has a header and no records")) if is_bare else layout
    last: deque[tuple[int, str]] = deque(maxlen=_MAX_FOOTER_ROWS)
    with _rows(path, sheet) as rows:
        for number, row in rows:
            if number <= layout.header_lines or _is_blank(row):
                continue
            last.append((number, _joined(row)))
    taken: list[str] = []
    while last and (len(taken) < count if pattern is None else re.search(str(pattern), last[-1][1])):
        taken.insert(0, last.pop()[1])
    if len(taken) < max(count, 1):
        wanted = f"{count} lines" if count else "its pattern"
        return Refusal(reason=f"its footer ({wanted}) is missing: the file may be cut off")
    end = last[-1][0] if last else layout.header_lines
    return replace(layout, end=end + 1, footer_lines=filled - end, footer="\n".join(taken))


def _joined(row: Sequence[object]) -> str:
    return "\t".join(_shown(value) or "" for value in row).strip("\t")


def _shown(value: object) -> str | None:
    if isinstance(value, _ErrorCell):
        return value.shown
    try:
        return cell_text(value, None)
    except CellFault:
        return str(value)


def _count(path: Path, spec: SourceSpec) -> Extent:
    """Return the rows that the sheet's XML has."""
    sheet = _choose(sheet_names(path), spec.reader_options.get("sheet"))
    assert sheet is not None
    facts = scan_sheet(path, sheet)
    return Extent(lines=facts.rows, trailing_blank=facts.rows - facts.filled)


def _read(path: Path, layout: Layout, spec: SourceSpec) -> Iterator[Records]:
    """Yield the rows of the sheet, some thousand at a time."""
    sheet = _choose(sheet_names(path), spec.reader_options.get("sheet"))
    assert sheet is not None
    tally = Tally(len(spec.columns), first_line=layout.header_lines + 1)
    columns = {
        place: column for place, column in zip(layout.places, spec.columns, strict=True) if place is not None
    }
    cap = cap_of(spec.reader_options, "maxLineBytes")
    records = tally.new_records()
    with _rows(path, sheet) as rows:
        for number, row in rows:
            if number <= layout.header_lines:
                continue
            if layout.end is not None and number >= layout.end:
                break
            if _is_blank(row):
                tally.blank()
                continue
            _add(tally, records, row, columns, layout, cap)
            if len(records.line) >= _BATCH:
                yield records
                records = tally.new_records()
    if records.line:
        yield records


def _add(
    tally: Tally,
    records: Records,
    row: Sequence[object],
    columns: Mapping[int, ColumnSpec],
    layout: Layout,
    cap: int,
) -> None:
    try:
        if not _is_blank(row[layout.width :]):
            raise CellFault("too_many_fields")
        if any(isinstance(value, _ErrorCell) for value in row):
            raise CellFault("error_cell")
        texts = [cell_text(value, columns.get(place)) for place, value in enumerate(row[: layout.width])]
        if sum(len(text) for text in texts if text is not None) > cap:
            raise CellFault("line_too_long")
    except CellFault as fault:
        kept = _joined(row)
        tally.rescue(
            records, str(fault), kept[:KEPT_OF_LONG_RECORD] if str(fault) == "line_too_long" else kept
        )
        return
    texts += [None] * (layout.width - len(texts))
    values = [None if place is None else texts[place] for place in layout.places]
    tally.add(records, values, extra=extra_json({name: texts[place] for place, name in layout.unknown}))


READER = Reader(
    name="excel",
    suffixes=(".xlsx", ".xlsm"),
    options=("sheet", "header", "maxUnpackedBytes", *FRAME, *CAPS),
    check=_check,
    layout=_layout,
    read=_read,
    count=_count,
)
