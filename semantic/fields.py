"""Read one mapping of a catalog file field by field: tolerant of shape, strict about names, with positions.

Every fault becomes an Issue in the shared list, and reading goes on, so that an author sees all of them at once.
Layer: semantic. Knows YAML shapes, not what a metric is.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from datatrust.core.yaml import Document

_DURATION = re.compile(r"(\d+)\s*(day|week|month|quarter|year)s?$", re.IGNORECASE)


class CatalogFile:
    """A parsed file, its text, and the issues found so far in the whole catalog."""

    def __init__(self, document: Document, text: str, issues: list[Issue]) -> None:
        self.document = document
        self.issues = issues
        self._lines = text.splitlines()

    def report(
        self, message: str, at: SourcePosition | None, *, code: str = "DT200", **more: str | None
    ) -> None:
        """Add an issue."""
        self.issues.append(Issue(code=code, message=message, at=at, **more))

    def text_at(self, *path: Hashable) -> SourcePosition:
        """Return where the first character of the text at `path` stands, behind its quote or block mark."""
        at = self.document.at(*path)
        line = self._lines[at.line - 1] if at.line <= len(self._lines) else ""
        mark = line[at.column - 1 : at.column]
        if mark in ("'", '"'):
            return SourcePosition(file=at.file, line=at.line, column=at.column + 1)
        if mark in ("|", ">"):
            for number in range(at.line, len(self._lines)):
                if self._lines[number].strip():
                    indent = len(self._lines[number]) - len(self._lines[number].lstrip())
                    return SourcePosition(file=at.file, line=number + 1, column=indent + 1)
        return at


class Fields:
    """One mapping: each reader takes a field and names what is wrong with it; `finish` names the unknown ones."""

    def __init__(
        self, file: CatalogFile, path: tuple[Hashable, ...], data: dict[str, Any], what: str
    ) -> None:
        self.file = file
        self.path = path
        self.data = data
        self.what = what  # how messages call it: 'metric "revenue"'
        self.plain = ""  # the field that stands for the whole entry, where it was written as a plain value
        self.key_at: tuple[str, SourcePosition] | None = None  # the field that was written as a mapping's key
        self._known: list[str] = []

    # ------------------------------------------------------------------------------------------------ positions

    @property
    def position(self) -> SourcePosition:
        """Where the mapping begins, or the key that it stands under."""
        if self.key_at is not None:
            return self.key_at[1]
        return self.file.document.at(*self.path)

    def at(self, *more: Hashable) -> SourcePosition:
        """Where the text of a field begins."""
        if self.key_at is not None and more == (self.key_at[0],):
            return self.key_at[1]
        if more == (self.plain,):
            return self.file.text_at(*self.path)
        return self.file.text_at(*self.path, *more)

    def positions(self) -> dict[str, SourcePosition]:
        """Where the text of each field that is there begins."""
        return {name: self.at(name) for name in self.data}

    def report(self, message: str, *more: Hashable, code: str = "DT200", **rest: str | None) -> None:
        """Add an issue about this mapping, or about one of its fields."""
        self.file.report(
            f"{self.what}: {message}", self.at(*more) if more else self.position, code=code, **rest
        )

    # -------------------------------------------------------------------------------------------------- readers

    def has(self, name: str) -> bool:
        """Whether the field is there with a value."""
        self._known.append(name)
        return self.data.get(name) is not None

    def raw(self, name: str) -> Any:
        """Return the field as it was parsed."""
        self._known.append(name)
        return self.data.get(name)

    def text(self, name: str, *, required: bool = False) -> str | None:
        """Return a text; a number or boolean counts as it was written."""
        value = self.raw(name)
        if value is None:
            if required:
                self.report(f'"{name}" is missing', code="DT202")
            return None
        if isinstance(value, dict | list):
            self.report(f'"{name}" must be a text, not {_shape(value)}', name, code="DT203")
            return None
        return _as_text(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; one text is a list of one."""
        value = self.raw(name)
        if value is None:
            return ()
        if isinstance(value, dict):
            self.report(f'"{name}" must be a list of texts, not a mapping', name, code="DT203")
            return ()
        items = value if isinstance(value, list) else [value]
        read = []
        for index, item in enumerate(items):
            if isinstance(item, dict | list) or item is None:
                self.report(f'each of "{name}" must be a text', name, index, code="DT203")
            else:
                read.append(_as_text(item))
        return tuple(read)

    def flag(self, name: str) -> bool:
        """Return true or false; missing is false."""
        value = self.raw(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.report(f'"{name}" must be true or false, not "{value}"', name, code="DT203")
        return False

    def number(self, name: str) -> float | None:
        """Return a number."""
        value = self.raw(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.report(f'"{name}" must be a number, not "{value}"', name, code="DT203")
            return None
        return float(value)

    def choice(
        self, name: str, allowed: Iterable[str], *, aliases: dict[str, str] | None = None
    ) -> str | None:
        """Return one of a closed list of words."""
        value = self.text(name)
        if value is None:
            return None
        word = value.strip().lower().replace(" ", "_").replace("-", "_")
        word = (aliases or {}).get(word, word)
        known = list(allowed)
        if word in known:
            return word
        self.report(
            f'{name} "{value}" is none of: {", ".join(known)}',
            name,
            code="DT204",
            suggestion=did_you_mean(word, known),
        )
        return None

    def date(self, name: str) -> dt.date | None:
        """Return a day written as 2026-06-30."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            self.report(f'{name} "{value}" is no date like 2026-06-30', name, code="DT203")
            return None

    def duration(self, name: str) -> tuple[int, str] | None:
        """Return a number of days, weeks, months, quarters or years; a bare number is days."""
        value = self.raw(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value, "day"
        found = _DURATION.match(value.strip()) if isinstance(value, str) else None
        if found and int(found[1]) > 0:
            return int(found[1]), found[2].lower()
        self.report(f'{name} "{value}" is no time span like 31 days or 12 months', name, code="DT203")
        return None

    def mapping(self, name: str, what: str | None = None) -> Fields | None:
        """Return the fields of a nested mapping."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.report(f'"{name}" must be a mapping, not {_shape(value)}', name, code="DT203")
            return None
        return Fields(self.file, (*self.path, name), value, what or f"{self.what}, {name}")

    def entries(self, name: str, *, key: str, what: str, plain: str | None = None) -> Iterator[Fields]:
        """Yield the mappings of a list, or of a mapping whose keys are the `key` field of each.

        Args:
            name: the field.
            key: the field that names an entry: "name".
            what: how messages call an entry: "dimension".
            plain: the field that an entry is, where it is a plain text in a list or the value in a mapping.
        """
        value = self.raw(name)
        if value is None:
            return
        if isinstance(value, dict):
            for own, body in value.items():
                path = (*self.path, name, own)
                data = {} if body is None else body if isinstance(body, dict) else {plain: body}
                if None in data or isinstance(body, list):
                    self.report(f'"{own}" must be a mapping, not {_shape(body)}', name, own, code="DT203")
                    continue
                entry = Fields(self.file, path, {key: own, **data}, f'{what} "{own}"')
                if key not in data:
                    entry.key_at = key, self.file.document.key_at(*path)
                entry.plain = plain or "" if body is not None and not isinstance(body, dict) else ""
                yield entry
            return
        if not isinstance(value, list):
            self.report(f'"{name}" must be a list, not {_shape(value)}', name, code="DT203")
            return
        for index, item in enumerate(value):
            path = (*self.path, name, index)
            if isinstance(item, str) and plain is not None:
                entry = Fields(self.file, path, {key: item}, f'{what} "{item}"')
                entry.plain = key
                yield entry
            elif isinstance(item, dict):
                yield Fields(self.file, path, item, f'{what} "{item[key]}"' if item.get(key) else f"a {what}")
            else:
                self.report(f"each {what} must be a mapping, not {_shape(item)}", name, index, code="DT203")

    def finish(self, *also: str) -> None:
        """Name every field that no reader asked for, with the nearest one that exists."""
        known = sorted({*self._known, *also})
        for name in self.data:
            if name not in known:
                self.file.report(
                    f'{self.what}: unknown key "{name}"',
                    self.file.document.key_at(*self.path, name),
                    code="DT210",
                    suggestion=did_you_mean(str(name), known),
                    hint=f"known here: {', '.join(known)}",
                )


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else f'"{value}"'
