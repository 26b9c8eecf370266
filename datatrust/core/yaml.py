"""Read YAML 1.2 with positions: only true/false are booleans, a duplicate key is an error, anchors are refused.

A country code NO stays a text, `on` is no trap, 07-01 is a text and a date stays a text until its reader
says otherwise. The result is made of plain dicts and lists whose positions are kept beside them.
Layer: core. Knows nothing of catalogs or contracts.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml as pyyaml

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition

MAX_BYTES = 2_000_000  # a hand-written catalog file is far smaller; guards the parser
MAX_DEPTH = 40

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)$")
_LOADER: Any = getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)
# where an anchor or an alias can begin; the product `a * b` is neither
_MAYBE_ALIAS = re.compile(r"(?:^|[\s\[{,:\ufeff])[&*]\S")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?$")


class Document:
    """A parsed file: `data` as plain values, and where each key and item stands.

    A path is a tuple of keys and indexes from the root: ``("metrics", 0, "name")``.
    """

    def __init__(self, file: str, data: Any, marks: dict[tuple[Hashable, ...], SourcePosition]) -> None:
        self.file = file
        self.data = data
        self._marks = marks

    def at(self, *path: Hashable) -> SourcePosition:
        """Return the position of the value at `path`, or of its nearest parent that has one."""
        while path and path not in self._marks:
            path = path[:-1]
        return self._marks.get(path, SourcePosition(file=self.file))

    def key_at(self, *path: Hashable) -> SourcePosition:
        """Return the position of the key (not the value) that ends `path`."""
        return self._marks.get((*path, _KEY), self.at(*path))


_KEY = "\0key"


def load_yaml(path: Path, *, shown_as: str | None = None) -> Document:
    """Read the YAML file at `path`.

    Raises:
        UserError: the file is missing, too large, not UTF-8 or not YAML of this kind.
    """
    name = shown_as or str(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UserError(
                Issue(
                    code="DT103",
                    message=f"file has {size:,} bytes; at most {MAX_BYTES:,} are read",
                    at=SourcePosition(file=name),
                )
            )
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UserError(Issue(code="DT101", message="no such file", at=SourcePosition(file=name))) from None
    except IsADirectoryError:
        raise UserError(
            Issue(code="DT101", message="is a folder, not a file", at=SourcePosition(file=name))
        ) from None
    except OSError as error:
        raise UserError(
            Issue(code="DT101", message=f"cannot be read: {error.strerror}", at=SourcePosition(file=name))
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UserError(
            Issue(code="DT102", message="not UTF-8 text", at=SourcePosition(file=name, line=line))
        ) from None
    return parse_yaml(text, file=name)


def parse_yaml(text: str, *, file: str) -> Document:
    """Parse YAML `text`; `file` is the name used in positions.

    Raises:
        UserError: not YAML of this kind, with its line and column.
    """
    if len(text) > MAX_BYTES:
        message = f"text has {len(text):,} characters; at most {MAX_BYTES:,} are read"
        raise UserError(Issue(code="DT103", message=message, at=SourcePosition(file=file)))
    marks: dict[tuple[Hashable, ...], SourcePosition] = {}
    try:
        _refuse_aliases(text, file)
        node = pyyaml.compose(text, Loader=_Untyped)
    except pyyaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = (
            SourcePosition(file=file, line=mark.line + 1, column=mark.column + 1)
            if mark
            else SourcePosition(file=file)
        )
        problem = (error.problem or str(error)).replace("\t", "\\t")
        raise UserError(Issue(code="DT104", message=f"not valid YAML: {problem}", at=at)) from None
    except pyyaml.YAMLError as error:
        raise UserError(
            Issue(
                code="DT104",
                message=f"not valid YAML: {str(error).splitlines()[0]}",
                at=SourcePosition(file=file),
            )
        ) from None
    except RecursionError:
        raise UserError(
            Issue(code="DT105", message="nested too deeply", at=SourcePosition(file=file))
        ) from None
    if node is None:
        return Document(file, None, marks)
    issues: list[Issue] = []
    data = _build(node, (), file, marks, issues)
    if issues:
        raise UserError.all(issues)
    return Document(file, data, marks)


class _Untyped(_LOADER):  # type: ignore[misc]
    """Reads nodes without guessing their types by patterns: `_scalar` gives each its type."""

    def resolve(self, kind: type, value: object, implicit: object) -> str:
        return "tag:yaml.org,2002:str"


def _refuse_aliases(text: str, file: str) -> None:
    """Anchors and aliases hide where a value comes from and make bombs possible: refuse them by position."""
    if not _MAYBE_ALIAS.search(text):
        return
    for event in pyyaml.parse(text, Loader=_LOADER):
        anchored = isinstance(event, pyyaml.AliasEvent) or getattr(event, "anchor", None)
        if anchored:
            mark: Any = event.start_mark
            raise UserError(
                Issue(
                    code="DT106",
                    message="anchors and aliases are not read here; write the value out",
                    at=SourcePosition(file=file, line=mark.line + 1, column=mark.column + 1),
                )
            )


def _build(
    node: Any,
    path: tuple[Hashable, ...],
    file: str,
    marks: dict[tuple[Hashable, ...], SourcePosition],
    issues: list[Issue],
) -> Any:
    at = SourcePosition(file=file, line=node.start_mark.line + 1, column=node.start_mark.column + 1)
    marks[path] = at
    if len(path) > MAX_DEPTH:
        issues.append(Issue(code="DT105", message="nested too deeply", at=at))
        return None
    if isinstance(node, pyyaml.MappingNode):
        built: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key_at = SourcePosition(
                file=file, line=key_node.start_mark.line + 1, column=key_node.start_mark.column + 1
            )
            if not isinstance(key_node, pyyaml.ScalarNode):
                issues.append(Issue(code="DT104", message="a key must be a plain word", at=key_at))
                continue
            key = key_node.value  # a key is a name: never a number or a boolean
            if key in built:
                issues.append(Issue(code="DT107", message=f'duplicate key "{key}"', at=key_at))
                continue
            built[key] = _build(value_node, (*path, key), file, marks, issues)
            marks[(*path, key, _KEY)] = key_at
        return built
    if isinstance(node, pyyaml.SequenceNode):
        return [_build(item, (*path, index), file, marks, issues) for index, item in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: Any) -> Any:
    text: str = node.value
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _INT.match(text):
        return int(text) if len(text) <= 18 else text
    if _FLOAT.match(text) and not text.isdigit():
        return float(text)
    return text
