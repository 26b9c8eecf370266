"""Read delimited text: one header line mapped by name, quotes by doubling, one bad line costs one line.

A quoted value may hold line breaks; lines are joined only when that closes the quote within a few lines and
gives the right number of fields, and never over a line that is a whole record by itself. Bytes that are not of
the encoding, NUL bytes, ragged lines and lines over the cap become rescued records with a reason.
Layer: pipeline. Runs on Spark's workers: imports Arrow, no Spark.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.contracts.model import SourceSpec
from pipeline.readers.base import (
    BLANK,
    CAPS,
    FRAME,
    KEPT_OF_LONG_RECORD,
    ArrowTexts,
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
from pipeline.readers.text import (
    MAX_HEADER_BYTES,
    check_encoding,
    check_frame,
    find_frame,
    refuse_text,
    skip_line,
    skip_lines,
)

BLOCK_BYTES = 4 << 20
MAX_JOINED_LINES = 50

_OPTIONS = ("delimiter", "quote", "encoding", "header", *FRAME, *CAPS)


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
            max_line_bytes=cap_of(options, "maxLineBytes"),
        )


def _check(options: Mapping[str, Any]) -> Iterator[str]:
    for name in ("delimiter", "quote"):
        value = options.get(name)
        if value is not None and (not isinstance(value, str) or len(value) != 1 or not value.isascii()):
            yield f"`{name}` must be one character, not {value!r}"
    if options.get("delimiter", ",") == options.get("quote", '"'):
        yield "`delimiter` and `quote` are the same"
    if not isinstance(options.get("header", True), bool):
        yield "`header` must be true or false"
    for check in (check_encoding, check_frame, check_caps):
        yield from check(options)


def _layout(path: Path, spec: SourceSpec) -> Layout | Refusal:
    """Map the header's names to the contract's columns; refuse a file whose head cannot be trusted."""
    if refusal := refuse_text(path):
        return refusal
    frame = find_frame(path, spec.reader_options)
    if isinstance(frame, Refusal):
        return frame
    with path.open("rb") as file:
        for _ in range(frame.skip):
            skip_line(file)
        records_at = file.tell()
        blank, head = _first_line(file)
        has_header = spec.reader_options.get("header", True) is True
        if has_header:
            records_at = file.tell()
        following = file.read(4096)
    if not head:
        return Refusal(
            reason="the file has blank lines only" if not frame.skip else "the file ends with its preamble"
        )
    if frame.end is not None and frame.end < records_at:
        return Refusal(reason="its footer begins before its first record: lines are missing")
    layout = _map(head, following, frame.skip + blank + 1, spec) if has_header else by_order(spec, frame.skip)
    if isinstance(layout, Refusal):
        return layout
    is_bare = frame.end == records_at if frame.end is not None else not following.strip(BLANK)
    return replace(
        layout,
        footer_lines=frame.footer_lines,
        end=frame.end,
        footer=frame.footer,
        notes=(*layout.notes, *(["has a header and no records"] if has_header and is_bare else [])),
    )


def _first_line(file: BinaryIO) -> tuple[int, bytes]:
    """Return the number of blank lines at the start and the first line that is none."""
    skipped = 0
    while line := file.readline(MAX_HEADER_BYTES + 1):
        if line.removeprefix(codecs.BOM_UTF8).strip(BLANK):
            return skipped, line
        skipped += 1
    return skipped, b""


def _map(head: bytes, following: bytes, header_lines: int, spec: SourceSpec) -> Layout | Refusal:
    dialect = _Dialect.of(spec.reader_options)
    if b"\x00" in head:
        return Refusal(reason="the file is binary, not text")
    if len(head) > MAX_HEADER_BYTES:
        return Refusal(reason=f"its first line has more than {MAX_HEADER_BYTES:,} bytes")
    try:
        text = head.removeprefix(codecs.BOM_UTF8).decode(dialect.encoding).rstrip("\r\n")
    except UnicodeDecodeError:
        return Refusal(reason=f"its header is not {dialect.encoding} text")
    fields = _split_quoted(text, dialect)
    if isinstance(fields, str):
        return Refusal(reason="its header has a broken quote")
    if "\r" in text and not following:
        return Refusal(reason="its lines end in carriage returns only")
    hint = f"is the header missing, or the delimiter not {dialect.delimiter!r}?"
    return map_header([field.strip() for field in fields], header_lines, spec, hint=hint)


def _read(path: Path, layout: Layout, spec: SourceSpec) -> Iterator[Records]:
    """Yield the records of a file, some thousand at a time."""
    dialect = _Dialect.of(spec.reader_options)
    csv.field_size_limit(max(csv.field_size_limit(), 4 * dialect.max_line_bytes))
    with path.open("rb") as file:
        skip_lines(file, layout.header_lines)
        scan = _Scan(layout, dialect)
        for block, is_last in _blocks(file, layout.end):
            yield from scan.take(block, is_last=is_last)


def _blocks(file: BinaryIO, end: int | None) -> Iterator[tuple[bytes, bool]]:
    """Yield the rest of the file up to its footer in blocks, each with whether it is the last."""

    def following() -> bytes:
        return file.read(BLOCK_BYTES if end is None else max(0, min(BLOCK_BYTES, end - file.tell())))

    block = following()
    while block:
        after = following()
        yield block, not after
        block = after


class _Scan:
    """Splits blocks of bytes into records and keeps count of lines; holds at most a few lines back."""

    def __init__(self, layout: Layout, dialect: _Dialect) -> None:
        self._layout = layout
        self._dialect = dialect
        self._tally = Tally(len(layout.places), first_line=layout.header_lines + 1)
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
            records = self._tally.new_records()
            self._rescue(records, "line_too_long", self._held[:KEPT_OF_LONG_RECORD])
            self._held, self._dropping = b"", True
            yield records

    def _fast(self, body: bytes) -> Records | None:
        """Return the records of a block without quotes, blank lines or bad bytes; None where it is not so plain.

        Arrow splits it, ten times as fast as Python. What Arrow would take in another way than `_slow` is left to that:
        a quote, a carriage return that ends no line, a byte order mark, an empty line, a line over the cap.
        """
        if self._dialect.quote.encode() in body or b"\x00" in body or self._layout.width < 2:
            return None
        if body.count(b"\r") != body.count(b"\r\n") or body.startswith(codecs.BOM_UTF8):
            return None
        if body.startswith((b"\n", b"\r\n")) or b"\n\n" in body or b"\n\r\n" in body:
            return None
        if _longest_line(body) > self._dialect.max_line_bytes:
            return None
        columns = _split_plain(body, self._dialect, self._layout.width)
        if columns is None:
            return None
        count = len(columns[0])
        tally = self._tally
        records = tally.new_records()
        records.line = list(range(tally.line, tally.line + count))
        records.span = [1] * count
        records.gap = [tally.gap] + [0] * (count - 1)
        records.reason = [None] * count
        records.rescued = [None] * count
        records.extra = self._extras(columns) if self._layout.unknown else [None] * count
        records.values = [
            columns[place] if place is not None else [None] * count for place in self._layout.places
        ]
        tally.line += count
        tally.gap = 0
        return records

    def _extras(self, columns: Sequence[ArrowTexts]) -> list[str | None]:
        names = [name for _, name in self._layout.unknown]
        rows = zip(*(columns[place] for place, _ in self._layout.unknown), strict=True)
        return [extra_json(dict(zip(names, row, strict=True))) for row in rows]

    def _slow(self, body: bytes, *, is_last: bool) -> Records:
        """Return the records of a block line by line; lines that may go on in the next block are held back."""
        lines = body.split(b"\n")
        if not lines[-1]:
            lines.pop()
        records = self._tally.new_records()
        quote = self._dialect.quote.encode()
        at = 0
        while at < len(lines):
            line = lines[at].removesuffix(b"\r")
            if not line.strip(BLANK):
                self._tally.blank()
                at += 1
                continue
            text, reason = self._decode(line)
            if reason is not None:
                self._rescue(records, reason, line)
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
                self._rescue(records, "too_few_fields" if few else "too_many_fields", line)
            else:
                self._rescue(records, fields, line)
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

    def _add(self, records: Records, fields: Sequence[str], span: int) -> None:
        values = [None if place is None else fields[place] for place in self._layout.places]
        self._tally.add(records, values, extra=self._extra(fields), span=span)

    def _rescue(self, records: Records, reason: str, raw: bytes) -> None:
        kept = raw[:KEPT_OF_LONG_RECORD] if reason == "line_too_long" else raw
        self._tally.rescue(records, reason, kept.decode(self._dialect.encoding, errors="backslashreplace"))

    def _extra(self, fields: Sequence[str]) -> str | None:
        return extra_json({name: fields[place] for place, name in self._layout.unknown})


def _split_plain(body: bytes, dialect: _Dialect, width: int) -> tuple[ArrowTexts, ...] | None:
    """Return the fields of lines without quotes, column by column; None where a line has more or fewer."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    names = [str(place) for place in range(width)]
    try:
        # Arrow reads UTF-8, and checks it; only what is in another encoding passes through Python's texts.
        text = body if dialect.encoding in _UTF_8 else body.decode(dialect.encoding).encode()
        table = arrow_csv.read_csv(
            pa.BufferReader(text),
            read_options=arrow_csv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(text) + 1
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=dialect.delimiter, quote_char=False, double_quote=False, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except (UnicodeDecodeError, pa.ArrowInvalid):
        return None
    return tuple(ArrowTexts(column.combine_chunks()) for column in table.columns)


def _longest_line(body: bytes) -> int:
    import numpy as np

    ends = np.flatnonzero(np.frombuffer(body, dtype=np.uint8) == 0x0A)
    return int(np.diff(ends, prepend=-1, append=len(body)).max())


_UTF_8 = ("utf-8", "utf8")
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


READER = Reader(
    name="csv", suffixes=(".csv", ".tsv", ".txt"), options=_OPTIONS, check=_check, layout=_layout, read=_read
)
