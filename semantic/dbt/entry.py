"""One mapping of a dbt file: typed reads, and afterwards the settings that nothing read.

Layer: semantic. Imports core only.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import Any

from datatrust.core.issues import SourcePosition
from datatrust.core.yaml import Document
from semantic.dbt.form import Span
from semantic.dbt.losses import Loss, NotRead, Reason

# what describes a thing to dbt itself, and changes no number
_SILENT = frozenset({"metadata", "docs", "tests", "data_tests", "constraints", "data_type", "datatype", "quote",
                     "version", "input_measures", "is_private", "relation_name", "access", "versions"})  # fmt: skip


class Entry:
    """A mapping, where it stands, and which of its keys have been read."""

    def __init__(
        self, data: dict[str, Any], document: Document, path: tuple[Hashable, ...], kind: str
    ) -> None:
        self.data = data
        self.kind = kind
        self._document = document
        self._path = path
        self._read: set[str] = set()
        self._below: list[Entry] = []

    @property
    def at(self) -> SourcePosition:
        """Where it stands."""
        return self._document.at(*self._path)

    @property
    def name(self) -> str:
        """Its name, for messages."""
        return str(self.data.get("name") or "")

    def raw(self, key: str) -> Any:
        """Return a value as it was written; None where it is missing or empty."""
        self._read.add(key)
        value = self.data.get(key)
        return None if value in ("", [], {}) else value

    def text(self, key: str) -> str | None:
        """Return a text; a number counts as one."""
        value = self.raw(key)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        raise NotRead(Reason.SHAPE, f'"{key}" must be a text')

    def needed(self, key: str) -> str:
        """Return a text that must be there."""
        value = self.text(key)
        if value is None:
            raise NotRead(Reason.SHAPE, f'"{key}" is missing')
        return value

    def flag(self, key: str) -> bool:
        """Return a truth; unsaid, false."""
        value = self.raw(key)
        if isinstance(value, str):
            return value.lower() == "true"
        return bool(value)

    def number(self, key: str) -> float | None:
        """Return a number."""
        value = self.raw(key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        try:
            return float(str(value))
        except ValueError:
            raise NotRead(Reason.SHAPE, f'"{key}" must be a number, not "{value}"') from None

    def below(self, key: str) -> Entry | None:
        """Return a nested mapping."""
        value = self.raw(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise NotRead(Reason.SHAPE, f'"{key}" must be a mapping')
        return self._child(value, (*self._path, key), self.kind)

    def each(self, key: str, kind: str) -> Iterator[Entry]:
        """Yield the mappings of a list; a plain word stands for its name."""
        values = self.raw(key)
        if values is None:
            return
        for index, value in enumerate(values if isinstance(values, list) else [values]):
            made = {"name": value} if isinstance(value, str) else value
            if not isinstance(made, dict):
                raise NotRead(Reason.SHAPE, f'an entry of "{key}" must be a mapping')
            yield self._child(made, (*self._path, key, index), kind)

    def empty(self) -> Entry:
        """Return a mapping without anything in it, at the same place."""
        return Entry({}, self._document, self._path, self.kind)

    def apart(self) -> Entry:
        """Return the same mapping, of which nothing has been read."""
        return Entry(self.data, self._document, self._path, self.kind)

    def with_name(self, name: str) -> Entry:
        """Return the same mapping under a name."""
        return self._child({**self.data, "name": name}, self._path, self.kind)

    def _child(self, data: dict[str, Any], path: tuple[Hashable, ...], kind: str) -> Entry:
        made = Entry(data, self._document, path, kind)
        self._below.append(made)
        return made

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; one text is a list of one."""
        value = self.raw(key)
        if value is None:
            return ()
        return tuple(str(each) for each in (value if isinstance(value, list) else [value]))

    def filters(self, key: str = "filter") -> tuple[str, ...]:
        """Return where-filters: a text, a list of texts, or `{where_filters: [{where_sql_template: ...}]}`."""
        value = self.raw(key)
        if isinstance(value, dict):
            value = value.get("where_filters") or value.get("where_sql_template") or []
        found = []
        for each in value if isinstance(value, list) else [value]:
            text = each.get("where_sql_template") if isinstance(each, dict) else each
            if text is not None and str(text).strip():
                found.append(" ".join(str(text).split()))
        return tuple(found)

    def span(self, key: str) -> Span | None:
        """Return a time span: "14 days", or a count and its granularity."""
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, dict):
            value = f"{value.get('count')} {value.get('granularity')}"
        found = re.fullmatch(r"\s*(\d+)\s+(\w+)\s*", str(value))
        if found is None:
            raise NotRead(Reason.SHAPE, f'"{key}" must be a span such as 7 days, not "{value}"')
        unit = found[2].lower()
        return int(found[1]), unit[:-1] if unit.endswith("s") else unit

    def owner(self) -> str | None:
        """Return `config: {meta: {owner: ...}}`, dbt's usual place for it."""
        config = self.raw("config")
        meta = config.get("meta") if isinstance(config, dict) else None
        found = (meta if isinstance(meta, dict) else {}).get("owner")
        return str(found) if found else None

    def unread(self) -> Iterator[Loss]:
        """Name what stands here and has not been read."""
        for key, value in self.data.items():
            if key in self._read or key in _SILENT or value in (None, "", [], {}, False):
                continue
            yield Loss(
                kind=self.kind, name=self.name or self.kind, reason=Reason.NOT_CARRIED,
                message=f'"{key}" has no counterpart and is left out', at=self._document.at(*self._path, key),
            )  # fmt: skip
        for each in self._below:
            yield from each.unread()
