"""Hold a file against the figures that its sender gave along: rows, and the sum of a column.

The figures stand in the file's footer or in a file beside it, where the contract's pattern finds them. A file
that does not agree is not taken in, and the source's other files of the delivery wait: what was sent together
belongs together. Rows that cannot be read count as rows; an amount that cannot be read agrees with no sum.
Layer: pipeline. Imports contracts, notation and readers; starts no Spark.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from decimal import Context, Decimal
from pathlib import Path

from pipeline.contracts.model import ColumnSpec, ControlTotals, SourceSpec
from pipeline.notation import BLANKS, plain_number
from pipeline.readers import readers
from pipeline.readers.base import Layout, Refusal

_MAX_SIDE_BYTES = 1 << 20
_EXACT = Context(prec=100)  # digits: more than a sum of numbers of 38 can have


@dataclass(frozen=True, kw_only=True)
class _Figures:
    rows: int | None
    total: Decimal | None


def side_file(raw: Path, totals: ControlTotals | None) -> Path | None:
    """Return the file beside a raw file in which its control totals come; None where they come in the file."""
    if totals is None or totals.side_file is None:
        return None
    return raw.with_name(totals.side_file.replace("{name}", raw.name).replace("{stem}", raw.stem))


def judged_by(spec: SourceSpec, raw: Path) -> str:
    """Return a hash of all that a verdict on this file rests on but the file: contract, and control totals beside it."""
    side = side_file(raw, spec.control_totals)
    if side is None:
        return spec.hash
    try:
        body = side.read_bytes() if side.stat().st_size <= _MAX_SIDE_BYTES else b"too large"
    except OSError:
        body = b""
    return hashlib.sha256(spec.hash.encode() + body).hexdigest()


def check_totals(spec: SourceSpec, raw: Path, layout: Layout) -> Refusal | None:
    """Refuse a file whose rows or sum are not what its sender says."""
    totals = spec.control_totals
    if totals is None:
        return None
    column = spec.column(totals.column) if totals.column else None
    promised = _read_figures(totals, column, raw, layout)
    if isinstance(promised, Refusal):
        return promised
    rows, found, unread = _count(spec, column, raw, layout)
    wrong = []
    if promised.rows is not None and promised.rows != rows:
        wrong.append(f"its control totals say {promised.rows:,} rows, it has {rows:,}")
    if promised.total is not None and (unread or promised.total != found):
        also = f" and {unread:,} values that are no number" if unread else ""
        name = column.header if column else ""
        wrong.append(
            f"its control totals say {promised.total:,} as the sum of {name}, it has {found:,}{also}"
        )
    return Refusal(reason="; ".join(wrong), stops_source=True) if wrong else None


def _read_figures(
    totals: ControlTotals, column: ColumnSpec | None, raw: Path, layout: Layout
) -> _Figures | Refusal:
    side = side_file(raw, totals)
    where = "its footer" if side is None else side.name
    text = layout.footer
    if side is not None:
        if not side.is_file():
            return Refusal(
                reason=f"{side.name}, which holds its control totals, is missing", stops_source=True
            )
        if side.stat().st_size > _MAX_SIDE_BYTES:
            return Refusal(reason=f"{side.name} is too large for control totals", stops_source=True)
        text = side.read_text(encoding="utf-8-sig", errors="replace")
    found = re.search(totals.pattern, text, re.MULTILINE)
    if found is None:
        return Refusal(reason=f"no control totals are found in {where}", stops_source=True)
    figures = {name: str(value).strip(BLANKS) for name, value in found.groupdict().items()}
    notation = column.number_format if column else None
    rows = re.sub(r"[^0-9]", "", figures["rows"]) if "rows" in figures else None
    total = plain_number(figures["sum"], notation) if "sum" in figures else None
    if rows == "" or ("sum" in figures and total is None):
        return Refusal(reason=f"the control totals in {where} are no numbers", stops_source=True)
    return _Figures(rows=None if rows is None else int(rows), total=None if total is None else Decimal(total))


def _count(
    spec: SourceSpec, column: ColumnSpec | None, raw: Path, layout: Layout
) -> tuple[int, Decimal, int]:
    """Return the records of a file, the exact sum of a column and how many of its values are no number."""
    rows = unread = 0
    total = Decimal(0)
    place = spec.columns.index(column) if column else None
    for records in readers()[spec.reader].read(raw, layout, spec):
        rows += len(records.line)
        if column is None or place is None:
            continue
        for text, reason in zip(records.values[place], records.reason, strict=True):
            bare = (text or "").strip(BLANKS)
            if reason is None and (not bare or bare in column.missing):
                continue
            plain = plain_number(bare, column.number_format)
            if plain is None:
                unread += 1
            else:
                total = _EXACT.add(total, Decimal(plain))
    return rows, total, unread
