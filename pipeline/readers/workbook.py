"""Look at an Excel workbook as the zip of XML that it is, before and apart from reading it.

Counts a sheet's rows and finds what would be lost in silence: formulas without a stored result, rows out of
order, archives that are cut off or unpack to more than they may.
Layer: pipeline. Runs on Spark's workers: standard library only.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from pipeline.readers.base import Refusal

MAX_ROWS, MAX_COLUMN = 1_048_576, "XFD"  # of a sheet, by the format's own limits
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_MAX_TEXTS = 256 << 20  # bytes of the shared texts, which are held in memory
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass(frozen=True, kw_only=True)
class SheetFacts:
    """What a pass over a sheet's XML tells."""

    rows: int  # number of the last row
    filled: int  # number of the last row that has a value


class SheetFault(Exception):
    """A sheet whose values would be lost or misread; its words say why."""


def refuse_archive(path: Path, *, max_unpacked: int) -> Refusal | None:
    """Refuse a file that is no workbook, is damaged, or unpacks to more than it may."""
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        return Refusal(reason="the file is empty")
    if head.startswith(_OLD_OFFICE):
        return Refusal(
            reason="the workbook is in the old format or has a password: save it as .xlsx without one"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return _refuse_parts(archive, max_unpacked)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError):
        return Refusal(
            reason="the file is no whole Excel workbook: it is cut off, damaged or of another format"
        )


def _refuse_parts(archive: zipfile.ZipFile, max_unpacked: int) -> Refusal | None:
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if unpacked > max_unpacked:
        return Refusal(
            reason=f"the workbook unpacks to {unpacked:,} bytes, more than the {max_unpacked:,} it may have "
            "(maxUnpackedBytes)"
        )
    if "[Content_Types].xml" not in archive.namelist():
        return Refusal(reason="the file is a zip archive, but no Excel workbook")
    for part in parts:
        if part.filename.endswith("sharedStrings.xml") and part.file_size > _MAX_TEXTS:
            return Refusal(
                reason=f"the workbook's texts take {part.file_size:,} bytes, more than {_MAX_TEXTS:,}"
            )
        if part.filename.endswith((".xml", ".rels")):
            with archive.open(part) as file:
                head = file.read(4096)
                if any(word in head for word in _DECLARATIONS):
                    return Refusal(reason="the workbook declares entities of its own, which no Excel writes")
    damaged = archive.testzip()
    return Refusal(reason="the workbook is damaged: a part of it does not unpack") if damaged else None


def sheet_names(path: Path) -> list[str]:
    """Return the names of the worksheets in their order."""
    with zipfile.ZipFile(path) as archive:
        return [name for name, _ in _sheets(archive)]


def scan_sheet(path: Path, sheet: str) -> SheetFacts:
    """Count the rows of a sheet, reading its XML once in little memory.

    Raises:
        SheetFault: values of the sheet would be lost or misread.
    """
    about = path.stat()
    return _scan_once(path, sheet, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=64)
def _scan_once(path: Path, sheet: str, size: int, changed: int) -> SheetFacts:
    """Size and time of the last change tell one state of a file from another."""
    with zipfile.ZipFile(path) as archive, archive.open(dict(_sheets(archive))[sheet]) as file:
        return _scan(file)


def _scan(file: IO[bytes]) -> SheetFacts:
    rows = filled = 0
    has_value = False
    for _, element in ElementTree.iterparse(file):
        tag = element.tag.rpartition("}")[2]
        if tag == "c":
            parts = {part.tag.rpartition("}")[2]: part for part in element}
            is_filled = "is" in parts or ("v" in parts and bool(parts["v"].text))
            has_value |= is_filled
            if not is_filled and "f" in parts and element.get("t") != "str":
                where = element.get("r", f"in row {rows + 1}")
                raise SheetFault(
                    f"cell {where} has a formula whose result is not stored: open and save it in Excel"
                )
            found = _REFERENCE.fullmatch(element.get("r", "A1"))
            if found is None or (len(found[1]), found[1]) > (len(MAX_COLUMN), MAX_COLUMN):
                raise SheetFault("a cell lies outside the columns that a sheet has")
        elif tag == "row":
            number = int(element.get("r", rows + 1))
            if not rows < number <= MAX_ROWS:
                raise SheetFault("its rows are out of order or outside the rows that a sheet has")
            rows = number
            if has_value:
                filled = number
            has_value = False
            element.clear()
    return SheetFacts(rows=rows, filled=filled)


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield each worksheet's name and the part it stands in."""
    (book,) = [
        target for kind, target in _relations(archive, "").values() if kind.endswith("/officeDocument")
    ]
    parts = _relations(archive, book)
    root = ElementTree.fromstring(archive.read(book))
    for sheet in root.iterfind("{*}sheets/{*}sheet"):
        identity = next(value for name, value in sheet.items() if name.endswith("}id"))
        kind, target = parts[identity]
        if kind.endswith("/worksheet"):
            yield sheet.get("name", ""), target


def _relations(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return the kind and target of each relation of a part, by its id."""
    folder, name = posixpath.split(part)
    root = ElementTree.fromstring(archive.read(posixpath.join(folder, "_rels", f"{name}.rels")))
    return {
        str(item.get("Id")): (
            str(item.get("Type")),
            posixpath.normpath(posixpath.join("/", folder, str(item.get("Target")))).lstrip("/"),
        )
        for item in root
    }
