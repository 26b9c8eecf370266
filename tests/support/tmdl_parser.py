"""A strict parser of TMDL, written from Microsoft's published description of the language.

Objects are declared as `type name`, with `= expression` where they have a default property; properties are
`name: value`, or a name alone for a truth; children are one tab deeper. An expression stands on the line of its `=`,
between lines of ```, or two tabs deeper than the line of its `=`. `///` describes the object that follows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NAME = r"(?:'(?:[^']|'')+'|[^\s'.=:]+)"
OBJECTS = {
    "": {"database", "model", "table", "relationship", "expression", "ref"},
    "model": {"annotation", "ref"},
    "table": {"column", "measure", "partition", "hierarchy", "annotation"},
    "measure": {"annotation"},
    "column": {"annotation"},
    "partition": {"annotation"},
    "relationship": {"annotation"},
}
WITH_EXPRESSION = {"measure", "partition", "expression", "annotation"}
PROPERTIES = {
    "database": {"compatibilityLevel"},
    "model": {"culture", "defaultPowerBIDataSourceVersion", "discourageImplicitMeasures"},
    "table": {"isHidden"},
    "column": {"dataType", "isHidden", "isKey", "formatString", "summarizeBy", "sourceColumn"},
    "measure": {"formatString", "isHidden"},
    "partition": {"mode", "source"},
    "relationship": {"fromColumn", "toColumn", "isActive"},
    "expression": set(),
    "annotation": set(),
}
TRUTHS = {"isHidden", "isKey", "discourageImplicitMeasures"}


class TmdlError(ValueError):
    """The text is not of the language."""


@dataclass
class TmdlObject:
    """One declared object."""

    kind: str
    name: str
    expression: str = ""
    description: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    children: list[TmdlObject] = field(default_factory=list)

    def of(self, kind: str) -> list[TmdlObject]:
        """Its children of a kind."""
        return [each for each in self.children if each.kind == kind]


def parse_tmdl(text: str) -> list[TmdlObject]:
    """Return the objects of a file."""
    root = TmdlObject("", "")
    stack = [root]
    lines = text.split("\n")
    at = 0
    described: list[str] = []
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip("\t"))
        body = line[depth:]
        if body != body.strip():
            raise TmdlError(f"line {at}: spaces around {body!r}")
        if depth > len(stack) - 1:
            raise TmdlError(f"line {at}: too deep")
        stack = stack[: depth + 1]
        parent = stack[-1]
        if body.startswith("///"):
            described.append(body[3:].strip())
            continue
        kind = body.split(" ")[0]
        if kind in OBJECTS.get(parent.kind, set()):
            made, rest = _declared(kind, body, at)
            made.description, described = " ".join(described), []
            if rest is not None:
                made.expression, at = _expression(rest, lines, at, depth)
            parent.children.append(made)
            stack.append(made)
            continue
        if described:
            raise TmdlError(f"line {at}: a description stands before no object")
        at = _property(parent, body, lines, at, depth)
    return root.children


def _declared(kind: str, body: str, at: int) -> tuple[TmdlObject, str | None]:
    if kind == "ref":
        found = re.fullmatch(rf"ref (table|role|culture) ({NAME})", body)
        if found is None:
            raise TmdlError(f"line {at}: {body!r}")
        return TmdlObject("ref", _unquoted(found[2])), None
    if body == kind:
        return TmdlObject(kind, ""), None
    found = re.fullmatch(rf"{kind} ({NAME})(?: =(?: (.*))?)?", body)
    if found is None:
        raise TmdlError(f"line {at}: {body!r} declares no {kind}")
    has_expression = " =" in body[found.end(1) :] or body.endswith(" =")
    if has_expression and kind not in WITH_EXPRESSION:
        raise TmdlError(f"line {at}: a {kind} has no expression")
    return TmdlObject(kind, _unquoted(found[1])), (found[2] or "") if has_expression else None


def _expression(rest: str, lines: list[str], at: int, depth: int) -> tuple[str, int]:
    if rest == "```":
        found = []
        while lines[at].strip() != "```":
            found.append(lines[at].strip("\t"))
            at += 1
        if not lines[at].startswith("\t" * (depth + 2)):
            raise TmdlError(f"line {at}: the block is not inside its object")
        return "\n".join(found), at + 1
    if rest:
        return rest, at
    found = []
    while at < len(lines) and lines[at].startswith("\t" * (depth + 2)):
        found.append(lines[at][depth + 2 :])
        at += 1
    if not found:
        raise TmdlError(f"line {at}: an expression is missing")
    return "\n".join(found), at


def _property(parent: TmdlObject, body: str, lines: list[str], at: int, depth: int) -> int:
    found = re.fullmatch(r"(\w+)(?:(:) (.+)|( =)(?: (.+))?)?", body)
    if found is None or found[1] not in PROPERTIES.get(parent.kind, set()):
        raise TmdlError(f"line {at}: {body!r} is no property of a {parent.kind}")
    name = found[1]
    if name in parent.properties:
        raise TmdlError(f"line {at}: {name} twice")
    if found[2]:
        parent.properties[name] = found[3]
    elif found[4]:
        parent.properties[name], at = _expression(found[5] or "", lines, at, depth)
    elif name in TRUTHS:
        parent.properties[name] = "true"
    else:
        raise TmdlError(f"line {at}: {name} has no value")
    return at


def _unquoted(name: str) -> str:
    return name[1:-1].replace("''", "'") if name.startswith("'") else name
