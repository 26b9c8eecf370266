"""Hold one contract while it is read: what is known so far, and what is wrong with it, by position.

Layer: pipeline. Imports core and the standard's words.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.masking import MaskingPolicy
from datatrust.core.yaml import Document
from pipeline.contracts import vocabulary as words

Path_ = tuple[Hashable, ...]


@dataclass
class Reading:
    """One contract while it is read: what has been found so far, and what is wrong."""

    document: Document
    shown: str
    policy: MaskingPolicy
    issues: list[Issue] = field(default_factory=list)
    owner: str | None = None

    def wrong(
        self,
        code: str,
        message: str,
        *path: Hashable,
        key: bool = False,
        near: str | None = None,
        hint: str | None = None,
    ) -> None:
        at = self.document.key_at(*path) if key else self.document.at(*path)
        self.issues.append(Issue(code=code, message=message, at=at, suggestion=near, hint=hint))

    def keys(self, body: Any, known: frozenset[str] | tuple[str, ...], *path: Hashable) -> dict[str, Any]:
        """Return `body` as a mapping, reporting keys that the standard does not have."""
        if body is None:
            return {}
        if not isinstance(body, dict):
            self.wrong("DT402", "must be a mapping", *path)
            return {}
        for name in body:
            if name not in known:
                self.wrong(
                    "DT401", f'unknown key "{name}"', *path, name, key=True, near=did_you_mean(name, known)
                )
        return body

    def items(self, body: Any, *path: Hashable) -> list[Any]:
        if body is None:
            return []
        if not isinstance(body, list):
            self.wrong("DT402", "must be a list", *path)
            return []
        return body

    def custom(self, body: Mapping[str, Any], known: tuple[str, ...], *path: Hashable) -> dict[str, Any]:
        """Return the customProperties of `body` by name, reporting ours that are misspelt.

        Properties with a `vendor` other than datatrust are another tool's.
        """
        found: dict[str, Any] = {}
        for index, item in enumerate(self.items(body.get("customProperties"), *path, "customProperties")):
            here = (*path, "customProperties", index)
            entry = self.keys(item, words.CUSTOM_PROPERTY, *here)
            name = entry.get("property")
            if entry.get("vendor") not in (None, "datatrust") or not isinstance(name, str):
                continue
            if name not in known:
                self.wrong(
                    "DT401",
                    f'unknown custom property "{name}"',
                    *here,
                    "property",
                    near=did_you_mean(name, known),
                    hint=f"known here: {', '.join(known)}; another tool's own carries `vendor`",
                )
            else:
                found[name] = entry.get("value")
        return found
