"""Tell how a delimited text file is written: encoding, delimiter, quote, preamble and footer lines, header or none.

Every answer comes from the file's own bytes. Where two answers fit, one is taken and said.
Layer: pipeline. Standard library, and the classifier of personal data for first lines that may be a person's.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.profile.personal.person_name import is_known_name
from pipeline.profile.personal.words import fold

DELIMITERS = (",", ";", "\t", "|", "^", "~")
_LINES = 400  # that are enough to tell
_BLOCK_BYTES = 4 << 20
_MAX_FRAME = 20  # lines of a preamble or footer
_FOOTER = re.compile(
    r"\b(?:totals?|sum|sums|summe|gesamt|subtotal|trailer|trl|footer|end|ende|eof|fin|rows?|records?|lines?|count|anzahl|"
    r"zeilen|satze|control|lignes|filas|registros|somme|suma|totale)\b|^[-=*]{3,}$"
)
_VALUE = re.compile(
    r"[-+(]?[$€£]?[0-9][0-9.,' ]*[)%]?|[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}.*|\S+@\S+\.\S+"
)
_NAME = re.compile(r"[^\W\d_][\w .,/#%&()°º'’$€£:-]{0,79}|[_#№][\w .-]{1,40}")


@dataclass(frozen=True, kw_only=True)
class Delimited:
    """How a delimited file is written, in the words of the contract's server."""

    encoding: str
    delimiter: str
    quote: str
    header: tuple[str, ...] | None  # None: it has none
    width: int
    preamble_lines: int = 0
    footer_lines: int = 0
    notes: tuple[str, ...] = ()


class NotDelimited(ValueError):
    """The file is no text of rows; the words hold no value of it."""


def sniff_delimited(path: Path) -> Delimited:
    """Return how the file at `path` is written.

    Raises:
        NotDelimited: it is empty, binary, or its lines have no common form.
    """
    notes: list[str] = []
    encoding = _encoding(path, notes)
    head, tail, is_whole = _ends(path, encoding)
    lines = [line for line in head if line.strip()]
    if not lines:
        raise NotDelimited("the file is empty")
    delimiter, quote = _dialect(lines)
    rows = _rows(head, delimiter, quote)
    width = statistics.mode([len(row) for row in rows if row])
    preamble = _preamble(rows, width)
    footer = _footer(_rows(tail, delimiter, quote), width) if not is_whole or len(rows) > preamble + 2 else 0
    body = [row for row in rows[preamble:] if row]
    if is_whole and footer:
        body = body[: len(body) - footer]
    body = [row for row in body if len(row) == width]
    header = _header(body, notes)
    return Delimited(
        encoding=encoding,
        delimiter=delimiter,
        quote=quote,
        header=header,
        width=width,
        preamble_lines=preamble,
        footer_lines=footer,
        notes=tuple(notes),
    )


def _encoding(path: Path, notes: list[str]) -> str:
    """Read the whole file: UTF-8 where it is, else the Western code page that its bytes allow."""
    with path.open("rb") as file:
        start = file.read(4096)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise NotDelimited("the file is UTF-16 text, which is not read here: save it as UTF-8")
        if b"\x00" in start:
            raise NotDelimited("the file is binary, not text")
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        accented = broken = 0
        for line in file:
            if line.isascii():
                continue
            accented += 1
            try:
                decoder.decode(line, final=True)
            except UnicodeDecodeError:
                broken += 1
                decoder.reset()
    if not broken:
        return "utf-8"
    if broken < 0.5 * accented:
        notes.append(f"{broken} lines are no UTF-8 text, though the others are: they will be quarantined")
        return "utf-8"
    try:
        with path.open(encoding="cp1252") as text:
            while text.read(_BLOCK_BYTES):
                pass
    except UnicodeDecodeError:
        notes.append("the file is no UTF-8 text; it is taken as Latin-1: look at its accents")
        return "latin-1"
    notes.append("the file is no UTF-8 text; it is taken as Windows-1252: look at its accents")
    return "cp1252"


def _ends(path: Path, encoding: str) -> tuple[list[str], list[str], bool]:
    """Return the first and the last lines, and whether the first ones are the whole file."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        head = [_text(line) for line in itertools.islice(file, _LINES)]
        is_whole = not file.readline()
    if head:
        head[0] = head[0].removeprefix("\ufeff")
    if is_whole:
        return head, head, True
    with path.open("rb") as raw:
        raw.seek(max(0, path.stat().st_size - (256 << 10)))
        tail = raw.read().decode(encoding, errors="replace").split("\n")[1:]
    return head, [_text(line) for line in tail], False


def _text(line: str) -> str:
    return line.rstrip("\r\n")


def _rows(lines: Sequence[str], delimiter: str, quote: str) -> list[list[str]]:
    """Return the fields of each line; a line that a quote carries on counts to the record it belongs to."""
    csv.field_size_limit(max(csv.field_size_limit(), 1 << 24))
    try:
        return list(csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, quotechar=quote))
    except csv.Error:
        return [line.split(delimiter) for line in lines]


def _dialect(lines: Sequence[str]) -> tuple[str, str]:
    """Return delimiter and quote: those by which most lines have the same number of fields, and more than one."""
    best = (0.0, 0, ",", '"')
    for delimiter in DELIMITERS:
        if not any(delimiter in line for line in lines):
            continue
        quote = _quote(lines, delimiter)
        widths = Counter(len(row) for row in _rows(lines, delimiter, quote) if row)
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
        agreement = round(count / sum(widths.values()), 2)
        if width > 1 and (agreement, width) > best[:2]:
            best = (agreement, width, delimiter, quote)
    if best[0] < 0.5 and len(lines) > 2 and best[1]:
        raise NotDelimited("its lines have no common number of fields: is it a table?")
    return best[2], best[3]


def _quote(lines: Sequence[str], delimiter: str) -> str:
    single = sum(f"{delimiter}'" in line and f"'{delimiter}" in line for line in lines)
    double = sum('"' in line for line in lines)
    return "'" if single > 0.5 * len(lines) and not double else '"'


def _preamble(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the lines before the first row of the common width: those of a few fields, never a ragged row."""
    for index, row in enumerate(rows[:_MAX_FRAME]):
        if len(row) == width:
            return index
        if len(row) > max(1, width // 2):
            return 0
    return 0


def _footer(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the lines at the end that are no rows: of a few fields, one of which says total, count or end."""
    filled = [row for row in rows if row]
    few = max(1, width // 2)
    last = list(
        itertools.takewhile(lambda row: len(row) <= few and len(row) != width, reversed(filled[-_MAX_FRAME:]))
    )
    says_end = any(_FOOTER.search(fold(" ".join(row))) for row in last)
    return len(last) if says_end and len(last) < min(len(filled), _MAX_FRAME) else 0


def _header(rows: Sequence[Sequence[str]], notes: list[str]) -> tuple[str, ...] | None:
    """Return the names of the first row, or None where it is a row like the others."""
    if not rows:
        return None
    first, *others = [[cell.strip() for cell in row] for row in rows]
    named = [cell for cell in first if cell]
    if not named or len(named) < len(first) - 1:
        return None
    if any(_VALUE.fullmatch(cell) or not _NAME.fullmatch(cell) for cell in named):
        return None
    if not others:
        notes.append("the file has one line only; it is taken as its header")
        return tuple(first)
    columns = list(zip(*others, strict=True))
    if any(name in column for name, column in zip(first, columns, strict=True) if name):
        return None
    is_other_kind = any(
        sum(_VALUE.fullmatch(cell) is not None for cell in column if cell)
        > 0.9 * max(1, sum(map(bool, column)))
        and any(column)
        for column in columns
    )
    if is_other_kind:
        return tuple(first)
    if any(is_known_name(cell) and len(cell) > 2 for cell in named) or len(set(map(fold, named))) < len(
        named
    ):
        return None
    notes.append("all columns are text: the first line is taken as the header, look whether it is one")
    return tuple(first)
