"""Tell how a raw file is written, whatever its format, in the words of the reader that will read it.

Layer: pipeline. Imports the readers; pyarrow and openpyxl for the formats that need them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from pipeline.profile.delimited import NotDelimited, sniff_delimited
from pipeline.readers import readers

_LOOKED_AT = 1_000  # lines of JSON from which its fields are told


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """A reader, its options, and the fields that the file has."""

    reader: str
    options: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    is_named: bool = True  # whether the file itself names its fields
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Return the format in a few words for people."""
        said = [f"{name} {value!r}" for name, value in self.options.items() if name != "header"]
        if not self.is_named:
            said.append("no header")
        return ", ".join([self.reader, *said])


def tell_format(path: Path, *, shown: str) -> FileFormat:
    """Return how the file at `path` is written.

    Raises:
        UserError: no reader reads it.
    """
    reader = next((r.name for r in readers().values() if path.suffix.lower() in r.suffixes), "csv")
    try:
        return _TELL[reader](path)
    except NotDelimited as fault:
        raise UserError(
            Issue(code="DT494", message=f"{shown}: {fault}", hint=f"readers: {', '.join(sorted(readers()))}")
        ) from None
    except OSError as error:
        raise UserError(
            Issue(code="DT494", message=f"{shown} cannot be read: {error.strerror or type(error).__name__}")
        ) from None


def _delimited(path: Path) -> FileFormat:
    told = sniff_delimited(path)
    options: dict[str, Any] = {"delimiter": told.delimiter, "encoding": told.encoding}
    if told.quote != '"':
        options["quote"] = told.quote
    if told.preamble_lines:
        options["preambleLines"] = told.preamble_lines
    if told.footer_lines:
        options["footerLines"] = told.footer_lines
    if told.header is None:
        options["header"] = False
    names = told.header or tuple(f"column_{place}" for place in range(1, told.width + 1))
    return FileFormat(
        reader="csv", options=options, fields=names, is_named=told.header is not None, notes=told.notes
    )


def _json_lines(path: Path) -> FileFormat:
    names: dict[str, None] = {}
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for line in itertools.islice(file, _LOOKED_AT):
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                names.update(dict.fromkeys(row))
    if not names:
        raise NotDelimited("its first lines hold no JSON object")
    return FileFormat(reader="jsonl", fields=tuple(names))


def _parquet(path: Path) -> FileFormat:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = tuple(pq.read_schema(path).names)
    except (pa.ArrowException, ValueError):
        raise NotDelimited("the file is no whole Parquet file") from None
    return FileFormat(reader="parquet", fields=names)


def _excel(path: Path) -> FileFormat:
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except Exception:  # openpyxl raises whatever a broken part leads to; its words may quote cells
        raise NotDelimited("the workbook is damaged or locked") from None
    try:
        sheet = book.worksheets[0]
        row = next(sheet.iter_rows(values_only=True), ())
        several = len(book.worksheets) > 1
        name = sheet.title
    finally:
        book.close()
    fields = tuple(str(cell).strip() for cell in row if cell is not None)
    if not fields:
        raise NotDelimited(f'the first row of sheet "{name}" is empty')
    notes = (f'the workbook has several sheets; the first one, "{name}", is taken',) if several else ()
    return FileFormat(reader="excel", options={"sheet": name} if several else {}, fields=fields, notes=notes)


_TELL = {"csv": _delimited, "jsonl": _json_lines, "parquet": _parquet, "excel": _excel}
