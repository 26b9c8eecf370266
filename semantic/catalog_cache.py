"""Keep a checked catalog as JSON, so that a large one opens without being parsed and checked again.

A file is named by the hash of the catalog's texts, of how messages call its files and of this package's own code: whatever
changes, another file counts. The format is plain JSON with a closed list of types; what cannot be read is built anew.
Only catalogs without a fault are kept.
Layer: semantic. Reads and writes one folder.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from datatrust.core.issues import SourcePosition
from semantic import model

KEPT = 8  # files of a folder: today's catalog and some of the past
_TYPES: dict[str, Any] = {
    each.__name__: each
    for each in (
        model.Calendar, model.PeriodTable, model.TablePeriod, model.Dimension, model.Join, model.Segment, model.Model, model.Example, model.BalanceRule,
        model.LifecycleRule, model.BridgeRule, model.MetricInput, model.MemberRule, model.CurrencyRates, model.Metric, model.Identity, model.Catalog,
    )
}  # fmt: skip
# of each type: its fields with their default, and whether an empty mapping is what a field has by itself
_FIELDS: dict[type, list[tuple[str, Any, bool]]] = {
    kind: [
        (each.name, None if each.default is MISSING else each.default, each.default_factory is not MISSING)
        for each in fields(kind)
    ]
    for kind in _TYPES.values()
}
_PLAIN = {str, int, bool, type(None)}
_PLACE, _DAY, _NUMBER = "\0p", "\0d", "\0n"  # first item of a list that is no list


def load_cached(folder: Path, key: str, texts: Mapping[str, str]) -> model.Catalog | None:
    """Return the catalog that is kept under `key`, or None."""
    try:
        stored = json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
        catalog = _decoded(stored)
    except (OSError, ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
    return replace(catalog, texts=dict(texts)) if isinstance(catalog, model.Catalog) else None


def keep(folder: Path, key: str, catalog: model.Catalog) -> None:
    """Keep `catalog` under `key`; a folder that cannot be written keeps nothing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            # in one string: the encoder that writes piece by piece is Python's, many times slower
            out.write(json.dumps(_encoded(replace(catalog, texts={})), separators=(",", ":")))
        os.replace(name, folder / f"{key}.json")
        kept = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
        for old in kept[KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        return


def cache_key(texts: Mapping[str, str], shown: str) -> str:
    """Return the name of what these texts become under the code as it stands."""
    found = hashlib.sha256(f"{_code()}\0{shown}".encode())
    for name in sorted(texts):
        found.update(f"\0{name}\0{len(texts[name])}\0".encode())
        found.update(texts[name].encode())
    return found.hexdigest()


@cache
def _code() -> str:
    """The hash of the code that turns texts into a catalog."""
    folders = (Path(__file__).parent, Path(model.__file__).parents[1] / "datatrust" / "core")
    found = hashlib.sha256()
    for file in sorted(file for folder in folders for file in folder.rglob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()


def _encoded(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind in _FIELDS:
        made: dict[str, Any] = {"\0": kind.__name__}
        for name, default, empty in _FIELDS[kind]:
            each = getattr(value, name)
            if each is not default and each != default and not (empty and each == {}):
                made[name] = _encoded(each)
        return made
    if kind is SourcePosition:
        return [_PLACE, value.file, value.line, value.column]
    if isinstance(value, Mapping):
        return {name: _encoded(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_encoded(each) for each in value]
    if isinstance(value, dt.date):
        return [_DAY, value.isoformat()]
    if isinstance(value, Decimal):
        return [_NUMBER, str(value)]
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        kind = value.pop("\0", None)
        made = {
            name: _decoded(each) if isinstance(each, dict | list) else each for name, each in value.items()
        }
        return _TYPES[kind](**made) if kind is not None else made
    if isinstance(value, list):
        mark = value[0] if value else None
        if mark == _PLACE:
            return SourcePosition(file=value[1], line=value[2], column=value[3])
        if mark == _DAY:
            return dt.date.fromisoformat(value[1])
        if mark == _NUMBER:
            return Decimal(value[1])
        return tuple(_decoded(each) if isinstance(each, dict | list) else each for each in value)
    return value
