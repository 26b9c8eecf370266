"""Read JSON lines: one object a line, fields by name in any order, numbers with every digit they are written in.

A line that is no object, names a field twice or is longer than the cap becomes a rescued record. A field that
is absent is empty; a list or object inside a field is kept as JSON text.
Refuses a file whose first lines hold no object with a field of the contract.
Layer: pipeline. Runs on Spark's workers: standard library only.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pipeline.contracts.model import ColumnSpec, SourceSpec
from pipeline.readers.base import (
    BLANK,
    CAPS,
    FRAME,
    KEPT_OF_LONG_RECORD,
    Layout,
    Reader,
    Records,
    Refusal,
    Tally,
    cap_of,
    check_caps,
    extra_json,
    fold,
)
from pipeline.readers.cells import CellFault, cell_text
from pipeline.readers.text import (
    check_encoding,
    check_frame,
    find_frame,
    read_lines,
    refuse_text,
    skip_lines,
)

_OPTIONS = ("encoding", *FRAME, *CAPS)
_LOOKED_AT = 100  # lines from which a file's fields are told
_BATCH = 2000  # records given at a time


class _TwiceError(ValueError):
    """An object names a field twice."""


def _check(options: Mapping[str, Any]) -> Iterator[str]:
    for check in (check_encoding, check_frame, check_caps):
        yield from check(options)


def _layout(path: Path, spec: SourceSpec) -> Layout | Refusal:
    """Look whether the first lines are objects with the contract's fields."""
    if refusal := refuse_text(path):
        return refusal
    frame = find_frame(path, spec.reader_options)
    if isinstance(frame, Refusal):
        return frame
    cap, encoding = cap_of(spec.reader_options, "maxLineBytes"), _encoding(spec)
    seen: set[str] = set()
    lines = objects = 0
    has_content = False
    with path.open("rb") as file:
        skip_lines(file, frame.skip)
        for line, is_long in read_lines(file, cap=cap, end=frame.end):
            has_content |= bool(line.strip(BLANK))
            if is_long or not line.strip(BLANK):
                continue
            lines += 1
            if lines == 1 and line.lstrip(BLANK).startswith(b"["):
                return Refusal(reason="the file is one JSON array; one object a line is read here")
            fields = _fields(line, encoding)
            if isinstance(fields, dict):
                objects += 1
                seen.update(map(fold, fields))
            if lines == _LOOKED_AT:
                break
    is_bare = not has_content
    if is_bare and not frame.skip and frame.end is None:
        return Refusal(reason="the file has blank lines only")
    known = {fold(column.header) for column in spec.columns}
    if lines and not objects:
        return Refusal(reason="none of its first lines is a JSON object")
    if objects and not seen & known:
        return Refusal(reason="its objects have none of the contract's fields")
    notes = ["has no records"] if is_bare else []
    notes = [] if lines else ["has no records"]
    return Layout(
        header_lines=frame.skip,
        notes=tuple(notes),
        footer_lines=frame.footer_lines,
        end=frame.end,
        footer=frame.footer,
    )


def _read(path: Path, layout: Layout, spec: SourceSpec) -> Iterator[Records]:
    """Yield the records of a file, some thousand at a time."""
    cap, encoding = cap_of(spec.reader_options, "maxLineBytes"), _encoding(spec)
    tally = Tally(len(spec.columns), first_line=layout.header_lines + 1)
    records = tally.new_records()
    columns = [(fold(column.header), column) for column in spec.columns]
    size = 0
    with path.open("rb") as file:
        skip_lines(file, layout.header_lines)
        for line, is_long in read_lines(file, cap=cap, end=layout.end):
            if not line.strip(BLANK):
                tally.blank()
                continue
            size += len(line)
            fields = "line_too_long" if is_long else _fields(line, encoding)
            if isinstance(fields, str):
                kept = line[:KEPT_OF_LONG_RECORD] if is_long else line
                tally.rescue(records, fields, kept.decode(encoding, errors="backslashreplace"))
            else:
                _add(tally, records, fields, columns, line.decode(encoding))
            if len(records.line) >= _BATCH or size > 8 * cap:
                yield records
                records, size = tally.new_records(), 0
    if records.line:
        yield records


def _add(
    tally: Tally,
    records: Records,
    fields: dict[str, Any],
    columns: Sequence[tuple[str, ColumnSpec]],
    raw: str,
) -> None:
    names = {fold(name): name for name in fields}
    try:
        values = [cell_text(fields.pop(names.get(name, ""), None), column) for name, column in columns]
        extra = extra_json({name: cell_text(value, None) for name, value in fields.items()})
    except CellFault as fault:
        tally.rescue(records, str(fault), raw)
    else:
        tally.add(records, values, extra=extra)


def _fields(line: bytes, encoding: str) -> dict[str, Any] | str:
    """Return an object's fields by folded name, or the reason why the line is none."""
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError:
        return "encoding"
    try:
        found = json.loads(
            text,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except _TwiceError:
        return "field_twice"
    except (ValueError, RecursionError):
        return "bad_json"
    if not isinstance(found, dict):
        return "not_an_object"
    return found if len({fold(name) for name in found}) == len(found) else "field_twice"


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError
    return found


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _encoding(spec: SourceSpec) -> str:
    name = str(spec.reader_options.get("encoding", "utf-8"))
    return codecs.lookup(name).name


READER = Reader(
    name="jsonl",
    suffixes=(".jsonl", ".ndjson", ".json"),
    options=_OPTIONS,
    check=_check,
    layout=_layout,
    read=_read,
)
