"""Find what stands around the records of a text file: lines before its header and after its last record.

Preamble and footer are declared by a number of lines or by a pattern. A footer is looked for near the end of the
file only, however long that is; one that was declared by a pattern and is not there means a file cut off.
Layer: pipeline. Runs on Spark's workers: standard library only.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.readers.base import BLANK, Refusal

MAX_HEADER_BYTES = 256 << 10
_BINARY = (  # how files begin that are sent by mistake: archives, pictures, documents
    b"\x1f\x8b",
    b"BZh",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf",
    b"PK\x03\x04",
    b"PAR1",
    b"%PDF",
    b"\xd0\xcf\x11\xe0",
    b"\x89PNG",
    b"\xff\xd8\xff",
)
_TAIL_BYTES = 256 << 10
_BLOCK_BYTES = 4 << 20


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What stands around the records of a file."""

    skip: int = 0  # physical lines of the preamble
    end: int | None = None  # byte where the footer begins
    footer_lines: int = 0
    footer: str = ""


def check_frame(options: Mapping[str, Any]) -> Iterator[str]:
    """A preamble and a footer are each declared in one way that can be read."""
    for part in ("preamble", "footer"):
        count, pattern = options.get(f"{part}Lines"), options.get(f"{part}Pattern")
        if count is not None and pattern is not None:
            yield f"write `{part}Lines` or `{part}Pattern`, not both"
        if count is not None and (
            not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= 1000
        ):
            yield f"`{part}Lines` must be a number of lines up to 1000"
        if pattern is not None:
            try:
                re.compile(str(pattern))
            except re.error as error:
                yield f"`{part}Pattern` cannot be read: {error}"


def check_encoding(options: Mapping[str, Any]) -> Iterator[str]:
    """An encoding is known and ends its lines in one byte."""
    encoding = str(options.get("encoding", "utf-8"))
    try:
        if codecs.lookup(encoding) and '\n,"'.encode(encoding) != b'\n,"':
            yield f"encoding {encoding} is not read here: lines must end in one byte (UTF-8, Latin-1, …)"
    except LookupError:
        yield f"unknown encoding {encoding}"


def refuse_text(path: Path) -> Refusal | None:
    """Refuse a file whose first bytes show that it is no text of one byte a line end."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        return Refusal(reason="the file is empty")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Refusal(reason="the file is UTF-16 text (binary to this reader): send it as UTF-8")
    if head.startswith(_BINARY) or b"\x00" in head.split(b"\n", 1)[0]:
        return Refusal(reason="the file is binary, not text")
    return None


def find_frame(path: Path, options: Mapping[str, Any]) -> Frame | Refusal:
    """Return what stands around the records of a file."""
    encoding = str(options.get("encoding", "utf-8"))
    skip = _preamble(path, options, encoding)
    if isinstance(skip, Refusal):
        return skip
    count, pattern = int(options.get("footerLines", 0)), options.get("footerPattern")
    if not count and pattern is None:
        return Frame(skip=skip)
    lines = _tail(path)
    while lines and not lines[-1][1].strip(BLANK):
        lines.pop()
    ends = len(lines)
    first = ends
    taken = 0
    for index in range(ends - 1, -1, -1):
        text = _decode(lines[index][1], encoding)
        if not text.strip():
            continue
        if taken == count if pattern is None else not re.search(str(pattern), text):
            break
        taken += 1
        first = index
    if taken < max(count, 1):
        wanted = f"{count} lines" if count else "its pattern"
        return Refusal(reason=f"its footer ({wanted}) is missing: the file may be cut off")
    while first and not lines[first - 1][1].strip(BLANK):
        first -= 1
    footer = "\n".join(_decode(line, encoding) for _, line in lines[first:])
    return Frame(skip=skip, end=lines[first][0], footer_lines=ends - first, footer=footer.strip())


def _preamble(path: Path, options: Mapping[str, Any], encoding: str) -> int | Refusal:
    count, pattern = int(options.get("preambleLines", 0)), options.get("preamblePattern")
    with path.open("rb") as file:
        for read in range(count):
            if not skip_line(file):
                return Refusal(reason=f"it has {read} lines, fewer than its preamble of {count}")
        if pattern is None:
            return count
        lines = found = 0
        while line := file.readline(MAX_HEADER_BYTES):
            lines += 1
            text = _decode(line.removeprefix(codecs.BOM_UTF8), encoding)
            if re.search(str(pattern), text):
                found = lines
            elif text.strip():
                break
        return found


def skip_line(file: BinaryIO) -> bool:
    """Pass over one line, however long; say whether there was one."""
    line = file.readline(_BLOCK_BYTES)
    there = bool(line)
    while line and not line.endswith(b"\n"):
        line = file.readline(_BLOCK_BYTES)
    return there


def skip_lines(file: BinaryIO, count: int) -> None:
    """Pass over a byte-order mark and `count` lines."""
    if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
        file.seek(0)
    for _ in range(count):
        skip_line(file)


def read_lines(file: BinaryIO, *, cap: int, end: int | None) -> Iterator[tuple[bytes, bool]]:
    """Yield each line without its end, and whether it is longer than `cap`; of such a line only the beginning."""
    while end is None or file.tell() < end:
        line = file.readline(cap + 2)
        if not line:
            return
        is_whole = line.endswith(b"\n") or len(line) <= cap
        if not is_whole:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(_BLOCK_BYTES)
        body = line.removesuffix(b"\n").removesuffix(b"\r")
        yield body, len(body) > cap


def _tail(path: Path) -> list[tuple[int, bytes]]:
    """Return the last lines of a file with the bytes at which they begin."""
    size = path.stat().st_size
    start = max(0, size - _TAIL_BYTES)
    with path.open("rb") as file:
        file.seek(start)
        data = file.read()
    at = start
    lines = []
    for line in data.split(b"\n"):
        lines.append((at, line))
        at += len(line) + 1
    if start:
        return lines[1:]  # the first one may have begun before
    return [(0, lines[0][1].removeprefix(codecs.BOM_UTF8)), *lines[1:]]


def _decode(line: bytes, encoding: str) -> str:
    return line.decode(encoding, errors="replace").rstrip("\r\n")
