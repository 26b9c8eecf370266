"""Write one field of one metric into its catalog file and leave every other byte as it was, comments included.

Finds the entry by the position that the loader gave its metric, so it changes the text that was read and no other.
Refuses an entry that it cannot find.
Layer: semantic. Texts in, texts out; reads and writes no file.
"""

from __future__ import annotations

from typing import Any

import yaml

from datatrust.core.errors import InternalError
from datatrust.core.issues import SourcePosition


def set_field(text: str, at: SourcePosition, field: str, value: str) -> str:
    """Return `text` with `field: value` in the entry whose name stands at `at`.

    Args:
        text: a catalog file.
        at: where the entry's name stands: the value of `name`, or the key that the entry stands under.
        field: the field's name.
        value: its value as YAML on one line.

    >>> at = SourcePosition(file="a.yml", line=1, column=17)
    >>> set_field("metrics: [{name: sales, agg: count}]  # all", at, "owner", "me")
    'metrics: [{name: sales, agg: count, owner: me}]  # all'
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    entry = _entry(root, at) if root is not None else None
    if entry is None:
        raise InternalError(f"no entry stands at {at}; please report this")
    for key, old in entry.value:
        if key.value == field:
            return text[: old.start_mark.index] + value + text[_end(old, text) :]
    first, last = entry.value[0][0], entry.value[-1][1]
    end = _end(last, text)
    if entry.flow_style:
        return f"{text[:end]}, {field}: {value}{text[end:]}"
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    indent = " " * first.start_mark.column
    return f"{text[:line_end]}\n{indent}{field}: {value}{text[line_end:]}"


def _entry(node: Any, at: SourcePosition) -> Any:
    """The mapping with the name that stands at `at`."""
    if isinstance(node, yaml.SequenceNode):
        return next((found for each in node.value if (found := _entry(each, at)) is not None), None)
    if not isinstance(node, yaml.MappingNode):
        return None
    for key, value in node.value:
        if key.value == "name" and _stands_at(value, at):
            return node
        if _stands_at(key, at) and isinstance(value, yaml.MappingNode):
            return value
        if (found := _entry(value, at)) is not None:
            return found
    return None


def _stands_at(node: Any, at: SourcePosition) -> bool:
    quote = 1 if getattr(node, "style", None) in ("'", '"') else 0
    return (node.start_mark.line + 1, node.start_mark.column + 1 + quote) == (at.line, at.column)


def _end(node: Any, text: str) -> int:
    """Where the text of a value ends, without the blank lines and comments behind it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, yaml.MappingNode) else last, text)
    written = text[node.start_mark.index : node.end_mark.index]
    return int(node.start_mark.index) + len(written.rstrip())
