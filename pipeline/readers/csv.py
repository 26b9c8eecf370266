"""Read delimited text: one header line mapped by name, quotes by doubling, one bad line costs one line.

A quoted value may hold line breaks; lines are joined only when that closes the quote within a few lines and
gives the right number of fields, and never over a line that is a whole record by itself. Bytes that are not of
the encoding, NUL bytes, ragged lines and lines over the cap become rescued records with a reason.
Layer: pipeline. Runs on Spark's workers: standard library only.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from datatrust.core.issues import did_you_mean
from pipeline.contracts.model import SourceSpec
from pipeline.readers.base import BLANK, Layout, Reader, Records, Refusal

BLOCK_BYTES = 4 << 20
MAX_LINE_BYTES = 1 << 20
MAX_HEADER_BYTES = 256 << 10
MAX_JOINED_LINES = 50
KEPT_OF_LONG_LINE = 1000  # bytes of a line over the cap that its rescued record keeps

_OPTIONS = ("delimiter", "quote", "encoding", "header", "maxLineBytes")


@dataclass(frozen=True, kw_only=True)
class _Dialect:
    delimiter: str
    quote: str
    encoding: str
    max_line_bytes: int

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> _Dialect:
        return cls(
            delimiter=str(options.get("delimiter", ",")),
            quote=str(options.get("quote", '"')),
            encoding=str(options.get("encoding", "utf-8")),
            max_line_bytes=int(options.get("maxLineBytes", MAX_LINE_BYTES)),
        )


def _check(options: Mapping[str, Any]) -> Iterator[str]:
    for name in ("delimiter", "quote"):
        value = options.get(name)
        if value is not None and (not isinstance(value, str) or len(value) != 1 or not value.isascii()):
            yield f"`{name}` must be one character, not {value!r}"
    if options.get("delimiter", ",") == options.get("quote", '"'):
        yield "`delimiter` and `quote` are the same"
    encoding = str(options.get("encoding", "utf-8"))
    try:
        if codecs.lookup(encoding) and '\n,"'.encode(encoding) != b'\n,"':
            yield f"encoding {encoding} is not read here: lines must end in one byte (UTF-8, Latin-1, …)"
    except LookupError:
        yield f"unknown encoding {encoding}"
    if not isinstance(options.get("header", True), bool):
        yield "`header` must be true or false"
    cap = options.get("maxLineBytes", MAX_LINE_BYTES)
    if not isinstance(cap, int) or isinstance(cap, bool) or cap < 1:
        yield "`maxLineBytes` must be a whole number of bytes"


def _layout(path: Path, spec: SourceSpec) -> Layout | Refusal:
    """Map the header's names to the contract's columns; refuse a file whose head cannot be trusted."""
    dialect = _Dialect.of(spec.reader_options)
    with path.open("rb") as file:
        skipped, head = _first_line(file)
        following = file.read(4096)
    if not head:
        return Refusal(reason="the file is empty" if not skipped else "the file has blank lines only")
    if b"\x00" in head[:MAX_HEADER_BYTES] or head.startswith((b"\x1f\x8b", b"PK\x03\x04", b"PAR1")):
        return Refusal(reason="the file is binary, not text")
    if len(head) > MAX_HEADER_BYTES:
        return Refusal(reason=f"its first line has more than {MAX_HEADER_BYTES:,} bytes")
    if spec.reader_options.get("header", True) is False:
        width = len(spec.columns)
        return Layout(header_lines=0, width=width, places=tuple(range(width)))
    try:
        text = head.removeprefix(codecs.BOM_UTF8).decode(dialect.encoding).rstrip("\r\n")
    except UnicodeDecodeError:
        return Refusal(reason=f"its header is not {dialect.encoding} text")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Refusal(reason=f"the file is UTF-16, not {dialect.encoding}")
    fields = _split_quoted(text, dialect)
    if isinstance(fields, str):
        return Refusal(reason="its header has a broken quote")
    if "\r" in text and not following:
        return Refusal(reason="its lines end in carriage returns only")
    return _map_header([field.strip() for field in fields], skipped + 1, spec, dialect)


def _first_line(file: BinaryIO) -> tuple[int, bytes]:
    """Return the number of blank lines at the start and the first line that is none."""
    skipped = 0
    while line := file.readline(MAX_HEADER_BYTES + 1):
        if line.removeprefix(codecs.BOM_UTF8).strip(BLANK):
            return skipped, line
        skipped += 1
    return skipped, b""


def _map_header(
    names: Sequence[str], header_lines: int, spec: SourceSpec, dialect: _Dialect
) -> Layout | Refusal:
    folded = [name.lower() for name in names]
    twice = sorted({name for name in folded if name and folded.count(name) > 1})
    if twice:
        return Refusal(reason=f"its header names {_listed(twice, spec)} twice")
    places = tuple(
        folded.index(column.header.strip().lower()) if column.header.strip().lower() in folded else None
        for column in spec.columns
    )
    lacking = [column for column, place in zip(spec.columns, places, strict=True) if place is None]
    required = [column.header for column in lacking if column.required]
    unknown = tuple((i, name) for i, name in enumerate(names) if i not in places)
    if len(lacking) == len(spec.columns):
        return Refusal(
            reason=f"its first line names none of the contract's columns "
            f"(is the header missing, or the delimiter not {dialect.delimiter!r}?)"
        )
    if required:
        near = [did_you_mean(name, [n for _, n in unknown]) if unknown else None for name in required]
        hints = [f"{n} (perhaps written {m!r})" if m else n for n, m in zip(required, near, strict=True)]
        return Refusal(reason=f"its header lacks {', '.join(hints)}")
    notes = []
    if lacking:
        notes.append(f"lacks {', '.join(column.header for column in lacking)}: taken as empty")
    if unknown:
        notes.append(f"has {len(unknown)} columns that the contract does not know: kept in bronze only")
    return Layout(
        header_lines=header_lines, width=len(names), places=places, unknown=unknown, notes=tuple(notes)
    )


def _listed(names: Sequence[str], spec: SourceSpec) -> str:
    """Return the names that the contract has; a duplicate of another may be anything and is not shown."""
    known = {column.header.strip().lower() for column in spec.columns}
    return ", ".join(name for name in names if name in known) or "an unknown column"


def _read(path: Path, layout: Layout, options: Mapping[str, Any]) -> Iterator[Records]:
    """Yield the records of a file, some thousand at a time."""
    dialect = _Dialect.of(options)
    csv.field_size_limit(max(csv.field_size_limit(), 4 * dialect.max_line_bytes))
    with path.open("rb") as file:
        start = file.read(len(codecs.BOM_UTF8))
        if start != codecs.BOM_UTF8:
            file.seek(0)
        for _ in range(layout.header_lines):
            while (line := file.readline(BLOCK_BYTES)) and not line.endswith(b"\n"):
                pass
        scan = _Scan(layout, dialect)
        for block, is_last in _blocks(file):
            yield from scan.take(block, is_last=is_last)


def _blocks(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Yield the rest of the file in blocks, each with whether it is the last."""
    block = file.read(BLOCK_BYTES)
    while block:
        following = file.read(BLOCK_BYTES)
        yield block, not following
        block = following


class _Scan:
    """Splits blocks of bytes into records and keeps count of lines; holds at most a few lines back."""

    def __init__(self, layout: Layout, dialect: _Dialect) -> None:
        self._layout = layout
        self._dialect = dialect
        self._line = layout.header_lines + 1  # number of the next line
        self._gap = 0
        self._held = b""
        self._dropping = False  # inside a line over the cap, whose record has been given

    def take(self, block: bytes, *, is_last: bool) -> Iterator[Records]:
        """Yield the records that `block` completes."""
        data = self._held + block
        if self._dropping:
            end = data.find(b"\n")
            if end < 0:
                self._held = b""
                return
            data, self._dropping = data[end + 1 :], False
        cut = len(data) if is_last else data.rfind(b"\n") + 1
        body, self._held = data[:cut], data[cut:]
        if body:
            fast = self._fast(body)
            yield fast if fast is not None else self._slow(body, is_last=is_last)
        if len(self._held) > self._dialect.max_line_bytes and b"\n" not in self._held:
            records = self._new_records()
            self._rescue(records, "line_too_long", self._held[:KEPT_OF_LONG_LINE], 1)
            self._held, self._dropping = b"", True
            yield records

    def _fast(self, body: bytes) -> Records | None:
        """Return the records of a block without quotes, blank lines or bad bytes; None where it is not so plain."""
        width = self._layout.width
        if self._dialect.quote.encode() in body or b"\x00" in body or width < 2:
            return None
        try:
            text = body.decode(self._dialect.encoding)
        except UnicodeDecodeError:
            return None
        lines = text.split("\n")
        if not lines[-1]:
            lines.pop()
        if "\r" in text:
            lines = [line[:-1] if line.endswith("\r") else line for line in lines]
        delimiter = self._dialect.delimiter
        rows = [line.split(delimiter) for line in lines]
        if any(len(row) != width for row in rows) or max(map(len, lines)) > self._dialect.max_line_bytes // 4:
            return None
        count = len(rows)
        columns = list(zip(*rows, strict=True))
        records = self._new_records()
        records.line = list(range(self._line, self._line + count))
        records.span = [1] * count
        records.gap = [self._gap] + [0] * (count - 1)
        records.reason = [None] * count
        records.rescued = [None] * count
        records.extra = [self._extra(row) for row in rows] if self._layout.unknown else [None] * count
        records.values = [
            list(columns[place]) if place is not None else [None] * count for place in self._layout.places
        ]
        self._line += count
        self._gap = 0
        return records

    def _slow(self, body: bytes, *, is_last: bool) -> Records:
        """Return the records of a block line by line; lines that may go on in the next block are held back."""
        lines = body.split(b"\n")
        if not lines[-1]:
            lines.pop()
        records = self._new_records()
        quote = self._dialect.quote.encode()
        at = 0
        while at < len(lines):
            line = lines[at].removesuffix(b"\r")
            if not line.strip(BLANK):
                self._gap += 1
                self._line += 1
                at += 1
                continue
            text, reason = self._decode(line)
            if reason is not None:
                self._rescue(records, reason, line, 1)
                at += 1
                continue
            fields: list[str] | str
            span = 1
            if quote in line:
                fields = _split_quoted(text, self._dialect)
                if fields == _UNCLOSED:
                    if not is_last and at + MAX_JOINED_LINES > len(lines):
                        held = b"\n".join(lines[at:]) + b"\n"
                        if len(held) < MAX_JOINED_LINES * self._dialect.max_line_bytes:
                            self._held = held + self._held
                            return records
                    fields, span = self._join(text, lines, at)
            else:
                fields = text.split(self._dialect.delimiter)
            if isinstance(fields, list) and len(fields) == self._layout.width:
                self._add(records, fields, span)
            elif isinstance(fields, list):
                few = len(fields) < self._layout.width
                self._rescue(records, "too_few_fields" if few else "too_many_fields", line, 1)
            else:
                self._rescue(records, fields, line, 1)
            at += span
        return records

    def _decode(self, line: bytes) -> tuple[str, str | None]:
        if len(line) > self._dialect.max_line_bytes:
            return "", "line_too_long"
        if b"\x00" in line:
            return "", "nul_byte"
        try:
            return line.decode(self._dialect.encoding), None
        except UnicodeDecodeError:
            return "", "encoding"

    def _join(self, text: str, lines: Sequence[bytes], at: int) -> tuple[list[str] | str, int]:
        """Return the fields and the line count of a record that goes on over line ends, or why it is none."""
        joined = text
        for span in range(2, min(MAX_JOINED_LINES, len(lines) - at) + 1):
            following, reason = self._decode(lines[at + span - 1].removesuffix(b"\r"))
            if reason is not None:
                break
            if self._layout.width > 2 and self._is_whole(following):
                break
            joined += "\n" + following
            fields = _split_quoted(joined, self._dialect)
            if isinstance(fields, list):
                if len(fields) == self._layout.width:
                    return fields, span
                break
            if fields != _UNCLOSED:
                break
        return _UNCLOSED, 1

    def _is_whole(self, text: str) -> bool:
        fields = _split_quoted(text, self._dialect)
        return isinstance(fields, list) and len(fields) == self._layout.width

    def _new_records(self) -> Records:
        return Records(values=[[] for _ in self._layout.places])

    def _add(self, records: Records, fields: Sequence[str], span: int) -> None:
        self._meta(records, span)
        records.reason.append(None)
        records.rescued.append(None)
        records.extra.append(self._extra(fields))
        for column, place in zip(records.values, self._layout.places, strict=True):
            column.append(None if place is None else fields[place])

    def _rescue(self, records: Records, reason: str, raw: bytes, span: int) -> None:
        self._meta(records, span)
        records.reason.append(reason)
        kept = raw[:KEPT_OF_LONG_LINE] if reason == "line_too_long" else raw
        records.rescued.append(kept.decode(self._dialect.encoding, errors="backslashreplace"))
        records.extra.append(None)
        for column in records.values:
            column.append(None)

    def _meta(self, records: Records, span: int) -> None:
        records.line.append(self._line)
        records.span.append(span)
        records.gap.append(self._gap)
        self._line += span
        self._gap = 0

    def _extra(self, fields: Sequence[str]) -> str | None:
        if not self._layout.unknown:
            return None
        return json.dumps({name: fields[place] for place, name in self._layout.unknown}, ensure_ascii=False)


_UNCLOSED = "unclosed_quote"
_AFTER = "text_after_quote"


def _split_quoted(text: str, dialect: _Dialect) -> list[str] | str:
    """Return the fields of one record, or the reason why it is none."""
    rows = csv.reader(
        [text], delimiter=dialect.delimiter, quotechar=dialect.quote, doublequote=True, strict=True
    )
    try:
        return next(rows)
    except StopIteration:
        return []
    except csv.Error as error:
        return _UNCLOSED if "unexpected end" in str(error) else _AFTER


READER = Reader(name="csv", options=_OPTIONS, check=_check, layout=_layout, read=_read)
