"""The form of an Apache Ossie document (formerly Open Semantic Interchange), and what in a file is not of it.

Written from the published specification, versions 0.1.1 and 0.2.0.dev0; of the latter, which is still changing, both
layouts that have been published are of the form: one semantic model at the root, and a list `semantic_model`.
Layer: semantic. Imports core only.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.yaml import Document

VERSIONS = ("0.1.1", "0.2.0.dev0")
NEWEST = VERSIONS[-1]

_DIALECTS = {
    "0.1.1": ("ANSI_SQL", "SNOWFLAKE", "MDX", "TABLEAU", "DATABRICKS"),
    "0.2.0.dev0": (
        "ANSI_SQL", "SNOWFLAKE", "MDX", "TABLEAU", "DATABRICKS", "MAQL", "BIGQUERY", "SIGMA", "THOUGHTSPOT", "DAX",
        "OSSIE_SQL_2026",
    ),
}  # fmt: skip
_DATA_TYPES = (
    "String", "Integer", "Decimal", "Float", "Boolean", "Date", "Time", "DateTime", "DateTimeTz", "Opaque",
)  # fmt: skip

# of each object its fields; `!`: must be there; `[x]`: a list of x; `+`: of at least one
_COMMON = {"ai_context": "context", "custom_extensions": "[extension]"}
_SHAPES: Mapping[str, Mapping[str, str]] = {
    "document": {"version": "text!", "semantic_model": "[model]!"},
    "model": {
        "name": "text!", "description": "text", "datasets": "[dataset]+!", "relationships": "[relationship]",
        "metrics": "[metric]", **_COMMON,
    },
    "dataset": {
        "name": "text!", "source": "text!", "primary_key": "[text]", "unique_keys": "[[text]]",
        "description": "text", "fields": "[field]", **_COMMON,
    },
    "field": {
        "name": "text!", "expression": "expression!", "dimension": "dimension", "label": "text",
        "description": "text", **_COMMON,
    },
    "dimension": {"is_time": "flag"},
    "relationship": {
        "name": "text!", "from": "text!", "to": "text!", "from_columns": "[text]+!", "to_columns": "[text]+!",
        **_COMMON,
    },
    "metric": {"name": "text!", "expression": "expression!", "description": "text", **_COMMON},
    "expression": {"dialects": "[dialect_expression]+!"},
    "dialect_expression": {"dialect": "dialect!", "expression": "text!"},
    "extension": {"vendor_name": "text!", "data": "text!"},
}  # fmt: skip
_NEWER: Mapping[str, Mapping[str, str]] = {
    "document": {"ai_context": "context", "dialects": "[dialect]", "vendors": "[text]"},
    "dataset": {"metrics": "[metric]", "source": "source!"},
    "field": {"datatype": "datatype"},
    "metric": {"datatype": "datatype"},
    "source": {"kind": "text!", "object": "text!"},
}


def form_faults(document: Document) -> list[Issue]:
    """Return everything in a parsed file that is not of the form, in order."""
    data = document.data
    if not isinstance(data, dict):
        return [
            Issue(
                code="DT203",
                message="an Ossie file is a mapping with version and semantic_model, or datasets",
                at=document.at(),
            )
        ]
    version = data.get("version")
    if version is None:
        return [
            Issue(
                code="DT202",
                message='"version" is missing: this is no Ossie file',
                at=document.at(),
                hint=f"versions: {', '.join(VERSIONS)}",
            )
        ]
    if str(version) not in VERSIONS:
        return [
            Issue(
                code="DT204",
                message=f'Ossie version "{version}" is not read',
                at=document.at("version"),
                suggestion=did_you_mean(str(version), VERSIONS),
                hint=f"versions: {', '.join(VERSIONS)}",
            )
        ]
    return list(_Checker(document, str(version)).check())


class _Checker:
    def __init__(self, document: Document, version: str) -> None:
        self._document = document
        self._version = version
        newer = _NEWER if version != VERSIONS[0] else {}
        self._shapes = {
            name: {**_SHAPES.get(name, {}), **newer.get(name, {})} for name in {**_SHAPES, **newer}
        }

    def check(self) -> Iterator[Issue]:
        data = self._document.data
        if self._version != VERSIONS[0] and "semantic_model" not in data:
            self._shapes["document"] = {
                **self._shapes["model"],
                **self._shapes["document"],
                "semantic_model": "[model]",
            }
        yield from self._object("document", data, ())

    def _object(self, shape: str, value: Any, path: tuple[Hashable, ...]) -> Iterator[Issue]:
        if not isinstance(value, dict):
            yield self._fault(f"{_where(path)} must be a mapping", path)
            return
        fields = self._shapes[shape]
        for key in value:
            if key not in fields:
                yield Issue(
                    code="DT210",
                    message=f'{_where(path)}: unknown key "{key}"',
                    at=self._document.key_at(*path, key),
                    suggestion=did_you_mean(str(key), list(fields)),
                    hint=f"known here: {', '.join(fields)}",
                )
        for key, kind in fields.items():
            if key not in value:
                if kind.endswith("!"):
                    yield Issue(
                        code="DT202",
                        message=f'{_where(path)}: "{key}" is missing',
                        at=self._document.at(*path),
                    )
            else:
                yield from self._value(kind.removesuffix("!"), value[key], (*path, key))

    def _value(self, kind: str, value: Any, path: tuple[Hashable, ...]) -> Iterator[Issue]:
        if kind.endswith("+") and value == []:
            yield self._fault(f"{_where(path)} must not be empty", path)
            return
        kind = kind.removesuffix("+")
        if kind.startswith("["):
            if not isinstance(value, list):
                yield self._fault(f"{_where(path)} must be a list", path)
                return
            for index, each in enumerate(value):
                yield from self._value(kind[1:-1], each, (*path, index))
        elif kind == "text":
            if not isinstance(value, str):
                yield self._fault(f"{_where(path)} must be a text", path)
        elif kind == "flag":
            if not isinstance(value, bool):
                yield self._fault(f"{_where(path)} must be true or false", path)
        elif kind == "dialect":
            yield from self._choice(value, _DIALECTS[self._version], path)
        elif kind == "datatype":
            yield from self._choice(value, _DATA_TYPES, path)
        elif kind == "context":
            yield from self._context(value, path)
        elif kind == "source" and isinstance(value, str):
            return
        else:
            yield from self._object(kind, value, path)

    def _choice(self, value: Any, known: tuple[str, ...], path: tuple[Hashable, ...]) -> Iterator[Issue]:
        if value not in known:
            yield Issue(
                code="DT204",
                message=f'{_where(path)}: "{value}" is none of: {", ".join(known)}',
                at=self._document.at(*path),
                suggestion=did_you_mean(str(value), known),
            )

    def _context(self, value: Any, path: tuple[Hashable, ...]) -> Iterator[Issue]:
        """A text, or a mapping that may hold anything beside these three."""
        if isinstance(value, str):
            return
        if not isinstance(value, dict):
            yield self._fault(f"{_where(path)} must be a text or a mapping", path)
            return
        for key, kind in (("instructions", "text"), ("synonyms", "[text]"), ("examples", "[text]")):
            if key in value:
                yield from self._value(kind, value[key], (*path, key))

    def _fault(self, message: str, path: tuple[Hashable, ...]) -> Issue:
        return Issue(code="DT203", message=message, at=self._document.at(*path))


def _where(path: tuple[Hashable, ...]) -> str:
    """A place in the file, as people write it: semantic_model[0].metrics[2]."""
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
    return text.removeprefix(".") or "the file"
