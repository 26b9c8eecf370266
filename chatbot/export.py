"""Give an answer's rows as CSV or as a workbook, to the browser session that asked and to no other.

Numbers keep every digit; a text cell that a spreadsheet would run as a formula gets a leading apostrophe. The file
begins with a byte order mark, so that spreadsheets read it as UTF-8. Refuses, as if it did not exist, an export that
belongs to another session.
Layer: chatbot. Imports core only.
"""

from __future__ import annotations

import csv
import datetime as dt
import hmac
import io
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from datatrust.core.spreadsheet import defuse

MAX_EXPORTS = 2_000  # the oldest is dropped first


def write_cell(value: Any) -> str:
    """Return one value as CSV text: numbers with all digits, dates as ISO, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return defuse(str(value))


def write_csv(columns: Sequence[Mapping[str, Any]], rows: Sequence[Sequence[Any]]) -> bytes:
    """Return a table as CSV: one header row, then the rows; totals are left out, they are no rows."""
    labels = [str(column.get("label") or column["name"]) for column in columns]
    header = [
        label if labels.count(label) == 1 else str(column["name"])
        for label, column in zip(labels, columns, strict=True)
    ]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([defuse(name) for name in header])
    for row in rows:
        writer.writerow([write_cell(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def file_name(title: str, day: dt.date) -> str:
    """Return a safe name for the file: what was asked and the day.

    >>> file_name("Net revenue by region, ../../x", dt.date(2026, 6, 30))
    'net-revenue-by-region-x-2026-06-30.csv'
    """
    return f"{slug_of(title)}-{day.isoformat()}.csv"


def slug_of(title: str) -> str:
    """Return a title as a part of a file's name.

    >>> slug_of("Net revenue by region, ../../x"), slug_of("…")
    ('net-revenue-by-region-x', 'answer')
    """
    return (
        re.sub(r"[^a-z0-9]+", "-", title.lower().encode("ascii", "ignore").decode())[:60].strip("-")
        or "answer"
    )


def provenance_of(document: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return where an answer comes from, as words and what they say: what a reader of its file needs to find it again."""
    evidence: Mapping[str, Any] = document.get("evidence") or {}
    metrics = evidence.get("metrics") or {}
    lines = [
        ("Question", document.get("question")),
        ("Read as", document.get("interpretation")),
        *(("Assumed", each) for each in document.get("assumptions") or ()),
        *(("Note", str(each).replace("_", " ")) for each in document.get("flags") or ()),
        ("Release", evidence.get("release")),
        ("Data as of", evidence.get("fresh_as_of")),
        ("Quality of the release", evidence.get("quality")),
        *((f"Definition of {name}", f"{each.get('definition')}, owner {each.get('owner') or 'not named'},"
           f" {'certified' if each.get('certified') else 'not certified'}") for name, each in metrics.items()),
        ("Tables", ", ".join(f"{name} at {version}" for name, version in (evidence.get("tables") or {}).items())),
        ("Role", evidence.get("role")),
        ("Policy", evidence.get("policy")),
        ("Result", evidence.get("result")),
        ("Answer", document.get("id")),
        ("SQL", document.get("sql")),
    ]  # fmt: skip
    return tuple((word, str(said)) for word, said in lines if said)


@dataclass(frozen=True, kw_only=True)
class Export:
    """One table that may be fetched, and by whom."""

    owner: str
    name: str
    columns: tuple[Mapping[str, Any], ...]
    rows: tuple[tuple[Any, ...], ...]
    totals: tuple[Any, ...] | None = None
    about: tuple[tuple[str, str], ...] = ()  # where it comes from: a word and what it says

    def csv(self) -> bytes:
        return write_csv(self.columns, self.rows)

    def xlsx(self) -> bytes:
        from chatbot.workbook import write_workbook  # slow to import, and few want it

        return write_workbook(self.columns, self.rows, totals=self.totals, about=self.about)


class ExportStore:
    """Exports by unguessable id, in memory; safe to use from many threads."""

    def __init__(self, *, limit: int = MAX_EXPORTS) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Export] = OrderedDict()

    def add(self, export: Export) -> str:
        """Keep `export` and return its id."""
        key = secrets.token_urlsafe(24)
        with self._lock:
            self._kept[key] = export
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return key

    def find(self, key: str, *, owner: str | None) -> Export | None:
        """Return the export, if it is there and `owner` is the session that asked; else None."""
        with self._lock:
            export = self._kept.get(key)
        if export is None or not owner or not hmac.compare_digest(export.owner, owner):
            return None
        return export
