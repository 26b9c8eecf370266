"""What each class of personal data becomes before it may leave the restricted zone: the masking policy.

Reads `configs/policies/masking.yml` and refuses unknown actions, options and keys, every one at once. Knows
no key and no rows; the pipeline turns an action into an expression.
Layer: core.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.settings import Project
from datatrust.core.yaml import Document, load_yaml

TOKEN_PATTERN = "^tok_[0-9a-f]{8}_[0-9a-f]{64}$"  # key id, then HMAC-SHA256
REDACTED = "[redacted]"

# action -> its options and the values they may have (None: a number from 1)
_ACTIONS: Mapping[str, Mapping[str, tuple[str, ...] | None]] = {
    "token": {"normalise": ("none", "lower", "upper", "letters_digits")},
    "redact": {},
    "generalise": {"to": ("year", "prefix"), "keep": None},
    "drop": {},
}


@dataclass(frozen=True, kw_only=True)
class MaskAction:
    """What one PII class becomes.

    token: a keyed HMAC, equal for equal values, so that joins survive. redact: a fixed word. generalise: the
    year of a date, or the first `keep` characters. drop: the column does not exist in silver.
    """

    action: str
    normalise: str = "none"  # of a token: what is made equal before it is hashed
    to: str | None = None
    keep: int | None = None


@dataclass(frozen=True, kw_only=True)
class MaskingPolicy:
    """The policy file as read; `hash` changes when it does."""

    classes: Mapping[str, MaskAction]
    key_variable: str  # environment variable that holds the key, instead of the local file
    file: str
    hash: str


def load_masking_policy(project: Project) -> MaskingPolicy:
    """Read the project's masking policy; a project without the file has no classes.

    Raises:
        UserError: the file is not a policy; every issue at once.
    """
    path = project.masking_policy
    shown = project.shown(path)
    if not path.exists():
        return MaskingPolicy(classes={}, key_variable=_KEY_VARIABLE, file=shown, hash="")
    document = load_yaml(path, shown_as=str(path))
    issues = list(_check(document))
    if issues:
        raise UserError.all(issues)
    data: dict[str, Any] = document.data
    return MaskingPolicy(
        classes={name: MaskAction(**body) for name, body in data["classes"].items()},
        key_variable=(data.get("key") or {}).get("variable", _KEY_VARIABLE),
        file=shown,
        hash=_sha256(path),
    )


_KEY_VARIABLE = "DATATRUST_MASKING_KEY"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check(document: Document) -> Iterator[Issue]:
    if not isinstance(document.data, dict):
        yield Issue(code="DT480", message="must be a mapping with `classes`", at=document.at())
        return
    yield from _unknown_keys(document, (), document.data, ("classes", "key"))
    key = document.data.get("key")
    if key is not None and (not isinstance(key, dict) or not isinstance(key.get("variable", ""), str)):
        yield Issue(
            code="DT480",
            message="`key` says only `variable`: the environment variable that holds the key",
            at=document.at("key"),
        )
    elif key is not None:
        yield from _unknown_keys(document, ("key",), key, ("variable",))
    classes = document.data.get("classes")
    if not isinstance(classes, dict):
        yield Issue(code="DT480", message="`classes` is missing or no mapping", at=document.at("classes"))
        return
    for name, body in classes.items():
        yield from _check_class(document, name, body)


def _check_class(document: Document, name: str, body: Any) -> Iterator[Issue]:
    if not isinstance(body, dict) or not isinstance(body.get("action"), str):
        yield Issue(
            code="DT480",
            message=f'class "{name}" needs an `action`: {", ".join(_ACTIONS)}',
            at=document.at("classes", name),
        )
        return
    options = _ACTIONS.get(body["action"])
    if options is None:
        yield Issue(
            code="DT481",
            message=f'class "{name}": unknown action "{body["action"]}"',
            at=document.at("classes", name, "action"),
            suggestion=did_you_mean(body["action"], _ACTIONS),
            hint=f"actions: {', '.join(_ACTIONS)}",
        )
        return
    yield from _unknown_keys(document, ("classes", name), body, ("action", *options))
    for option, allowed in options.items():
        value = body.get(option)
        if value is None:
            continue
        good = (
            value in allowed
            if allowed
            else isinstance(value, int) and not isinstance(value, bool) and value > 0
        )
        if not good:
            wanted = f"one of {', '.join(allowed)}" if allowed else "a whole number from 1"
            yield Issue(
                code="DT482",
                message=f'class "{name}": `{option}` must be {wanted}, not {value!r}',
                at=document.at("classes", name, option),
            )
    if body["action"] == "generalise":
        if body.get("to") is None:
            yield Issue(
                code="DT482",
                message=f'class "{name}": say what it is generalised `to`: year or prefix',
                at=document.at("classes", name),
            )
        elif (body["to"] == "prefix") != ("keep" in body):
            yield Issue(
                code="DT482",
                message=f'class "{name}": `keep` (characters) belongs to `to: prefix`, and only there',
                at=document.at("classes", name),
            )


def _unknown_keys(
    document: Document, path: tuple[str, ...], body: Mapping[str, Any], known: tuple[str, ...]
) -> Iterator[Issue]:
    for name in body:
        if name not in known:
            yield Issue(
                code="DT480",
                message=f'unknown key "{name}"',
                at=document.key_at(*path, name),
                suggestion=did_you_mean(name, known),
            )
