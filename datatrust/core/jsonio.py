"""Write JSON with every digit kept: a Decimal is a number, a date an ISO string. One encoder for CLI, REST and MCP.

Layer: core.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import simplejson


def to_plain(value: Any) -> Any:
    """Return `value` in JSON's own kinds, Decimals kept; dataclasses become objects, tuples lists.

    A Decimal is written without an exponent, so that 1E+2 reads 100.
    """
    if isinstance(value, Decimal):
        return Decimal(format(value, "f")) if value.is_finite() else None
    if isinstance(value, float):
        return value if value == value and value not in (float("inf"), float("-inf")) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(v) for v in value]
    if isinstance(value, set | frozenset):
        return [to_plain(v) for v in sorted(value, key=str)]
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def dumps(value: Any, *, indent: int | None = None, sort_keys: bool = False) -> str:
    """Return `value` as JSON text.

    >>> dumps({"net": Decimal("1234.50")})
    '{"net": 1234.50}'
    """
    return str(
        simplejson.dumps(
            to_plain(value), use_decimal=True, indent=indent, sort_keys=sort_keys, ensure_ascii=False
        )
    )


def loads(text: str) -> Any:
    """Return the value of JSON `text`, decimals as Decimal, so that a round trip keeps every digit."""
    return simplejson.loads(text, use_decimal=True)
