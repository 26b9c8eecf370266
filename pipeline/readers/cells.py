"""Write a typed cell as the text that its column would have in a delimited file, every digit kept.

Bronze holds text only, so that one way leads from it to silver. A number or date that came with a type is
written in its column's own notation, and reads back as what it was; what cannot be written exactly is refused.
Layer: pipeline. Imports the notation; runs on Spark's workers, imports no Spark.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import simplejson

from pipeline.contracts.model import ColumnSpec
from pipeline.notation import read_date, write_date, write_number

EXACT_WHOLE = 2**53  # from here on a float no longer tells one whole number from the next


class CellFault(Exception):
    """A cell that has no exact text. Its words are the record's reason."""


def cell_text(value: object, column: ColumnSpec | None) -> str | None:
    """Return the text of a cell; `column` is None for a field that the contract does not know.

    Raises:
        CellFault: the value has no exact text.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return write_number(value, column.number_format if column else None)
    if isinstance(value, float):
        return _float_text(value, column)
    if isinstance(value, dt.datetime | dt.date):
        return _date_text(value, column)
    if isinstance(value, dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return _decoded(value)
    return simplejson.dumps(value, ensure_ascii=False, use_decimal=True, default=str)


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise CellFault("binary_value") from error


def _float_text(value: float, column: ColumnSpec | None) -> str:
    """Return the shortest text that names this float: its noise, where it has any, is seen and judged."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= EXACT_WHOLE:
        raise CellFault("inexact_number")
    exact = int(value) if value.is_integer() else Decimal(repr(value))
    return write_number(exact, column.number_format if column else None)


def _date_text(value: dt.date, column: ColumnSpec | None) -> str:
    kind = column.type.kind if column else "string"
    at = value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001
    if at.tzinfo is not None:
        return f"{at.astimezone(dt.UTC).replace(tzinfo=None).isoformat(sep=' ')}Z"
    if column is not None and column.date_formats and kind in ("date", "timestamp"):
        written = write_date(at, column.date_formats[0])
        if read_date(written, column.date_formats[0]) == at:
            return written
    is_day = at.time() == dt.time()
    if kind == "timestamp" or not (is_day and (kind == "date" or not isinstance(value, dt.datetime))):
        return at.isoformat(sep=" ")
    return at.date().isoformat()
