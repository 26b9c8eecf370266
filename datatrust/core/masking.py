"""What each class of personal data becomes before it may leave the restricted zone: the masking policy.

Reads `configs/policies/masking.yml` and refuses unknown actions, options and keys, every one at once. Knows
no key and no rows; the pipeline turns an action into an expression.
Layer: core.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.settings import Project
from datatrust.core.yaml import Document, load_yaml

REDACTED = "[redacted]"
OTHERWISE = "other"

# action -> its options; what each may be stands in `_OPTIONS`
_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "token": ("normalise",),
    "redact": (),
    "generalise": ("to", "keep", "width", "groups", "otherwise"),
    "drop": (),
}
# what a value can be generalised to -> the option that this needs
_FORMS: Mapping[str, str | None] = {"year": None, "prefix": "keep", "band": "width", "group": "groups"}


@dataclass(frozen=True, kw_only=True)
class MaskAction:
    """What one PII class becomes.

    token: a keyed HMAC, equal for equal values, so that joins survive. redact: a fixed word. generalise: the
    year of a date, the first `keep` characters, a band of `width` (numbers, or years of a date: an age would
    change from day to day), or the group that names the value. drop: the column does not exist in silver.
    """

    action: str
    normalise: str = "none"  # of a token: what is made equal before it is hashed
    to: str | None = None
    keep: int | None = None  # characters of a prefix
    width: int | None = None  # of a band: numbers, or years of a date
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)  # group -> the values it stands for
    otherwise: str = OTHERWISE  # the group of every value that none names

    @property
    def words(self) -> str:
        """Return what a person reads of this mask.

        >>> MaskAction(action="generalise", to="band", width=10).words
        'generalised: bands of 10'
        """
        if self.action != "generalise":
            return {"token": "keyed token", "redact": "redacted", "drop": "dropped"}[self.action]
        how = {
            "year": "year only",
            "prefix": f"first {self.keep} characters",
            "band": f"bands of {self.width}",
            "group": f"{len(self.groups)} groups",
        }[self.to or ""]
        return f"generalised: {how}"


_FEWEST_VALUES = 20


@dataclass(frozen=True, kw_only=True)
class MaskingPolicy:
    """The policy file as read; `hash` changes when it does."""

    classes: Mapping[str, MaskAction]
    key_variable: str  # environment variable that holds the key, instead of the local file
    file: str
    hash: str
    fewest_token_values: int = _FEWEST_VALUES  # of a column: tokens of fewer hide nothing

    def is_guessable(self, distinct: int, rows: int) -> bool:
        """Return whether so few values stand in so many rows that counting tells which token is which value.

        A young table has few values of everything, so that few rows tell nothing.

        >>> policy = MaskingPolicy(classes={}, key_variable="", file="", hash="")
        >>> policy.is_guessable(3, 1000), policy.is_guessable(3, 30), policy.is_guessable(90, 1000)
        (True, False, False)
        """
        return 0 < distinct < self.fewest_token_values and rows >= _ROWS_A_VALUE * self.fewest_token_values


_ROWS_A_VALUE = 10


def token_pattern(key_id: str) -> str:
    """Return what a token of a key looks like: the key's id, then HMAC-SHA256.

    >>> token_pattern("0123abcd")
    '^tok_0123abcd_[0-9a-f]{64}$'
    """
    return f"^tok_{key_id}_[0-9a-f]{{64}}$"


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
        fewest_token_values=(data.get("tokens") or {}).get("fewest_values", _FEWEST_VALUES),
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
    yield from _unknown_keys(document, (), document.data, ("classes", "key", "tokens"))
    key = document.data.get("key")
    if key is not None and (not isinstance(key, dict) or not isinstance(key.get("variable", ""), str)):
        yield Issue(
            code="DT480",
            message="`key` says only `variable`: the environment variable that holds the key",
            at=document.at("key"),
        )
    elif key is not None:
        yield from _unknown_keys(document, ("key",), key, ("variable",))
    tokens = document.data.get("tokens")
    if tokens is not None and (not isinstance(tokens, dict) or not _is_count(tokens.get("fewest_values", 1))):
        yield Issue(
            code="DT480",
            message="`tokens` says only `fewest_values`: how many different values a column of tokens must have",
            at=document.at("tokens"),
        )
    elif tokens is not None:
        yield from _unknown_keys(document, ("tokens",), tokens, ("fewest_values",))
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
    for option in options:
        is_good, wanted = _OPTIONS[option]
        if body.get(option) is not None and not is_good(body[option]):
            yield Issue(
                code="DT482",
                message=f'class "{name}": `{option}` must be {wanted}, not {body[option]!r}',
                at=document.at("classes", name, option),
            )
    if body["action"] == "generalise":
        yield from _check_form(document, name, body)


def _check_form(document: Document, name: str, body: Mapping[str, Any]) -> Iterator[Issue]:
    """A generalisation says what it gives, with the option of that form and of no other."""
    at = document.at("classes", name)
    form = body.get("to")
    if form is None:
        forms = ", ".join(_FORMS)
        yield Issue(code="DT482", message=f'class "{name}": say what it is generalised `to`: {forms}', at=at)
    elif form in _FORMS:
        needed = _FORMS[form]
        if needed is not None and needed not in body:
            yield Issue(code="DT482", message=f'class "{name}": `to: {form}` needs `{needed}`', at=at)
        for other, option in (*_FORMS.items(), ("group", "otherwise")):
            if option in body and other != form:
                yield Issue(
                    code="DT482",
                    message=f'class "{name}": `{option}` belongs to `to: {other}`, and only there',
                    at=at,
                )
    groups = body.get("groups")
    if isinstance(groups, dict) and _are_groups(groups):
        yield from _check_groups(document, name, groups)


def _check_groups(document: Document, name: str, groups: Mapping[str, Sequence[str]]) -> Iterator[Issue]:
    """A value stands in one group only, however it is written."""
    seen: dict[str, str] = {}
    for group, values in groups.items():
        for value in values:
            other = seen.setdefault(value.strip().lower(), group)
            if other != group:
                yield Issue(
                    code="DT482",
                    message=f'class "{name}": one value stands in the groups "{other}" and "{group}"',
                    at=document.at("classes", name, "groups", group),
                )


def _are_groups(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(name, str) and isinstance(values, list) for name, values in value.items())
        and all(isinstance(one, str) for values in value.values() for one in values)
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


_NORMALISE = ("none", "lower", "upper", "letters_digits")
# option -> whether a value is good, and what is wanted
_OPTIONS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "normalise": (lambda value: value in _NORMALISE, f"one of {', '.join(_NORMALISE)}"),
    "to": (lambda value: value in _FORMS, f"one of {', '.join(_FORMS)}"),
    "keep": (_is_count, "a whole number from 1"),
    "width": (_is_count, "a whole number from 1"),
    "groups": (_are_groups, "a mapping of group names to lists of texts"),
    "otherwise": (lambda value: isinstance(value, str), "a text"),
}


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
