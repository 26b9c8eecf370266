"""Who may take unmasked values out of the restricted zone: the policy `configs/policies/restricted.yml`.

A project without the file allows nobody. Refuses unknown keys and wrong types, every one at once. It stands apart
from the masking policy, so that a change of people does not derive every table again.
Layer: core. Knows roles and no rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from datatrust.core.errors import AccessDenied, UserError
from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.settings import Project
from datatrust.core.yaml import Document, load_yaml

_EXPORT = "unmasked_export"


@dataclass(frozen=True, kw_only=True)
class RestrictedPolicy:
    """The policy file as read."""

    export_roles: tuple[str, ...]  # may export quarantined rows as they came
    file: str


def load_restricted_policy(project: Project) -> RestrictedPolicy:
    """Read the project's policy; without the file no role may do anything.

    Raises:
        UserError: the file is not such a policy; every issue at once.
    """
    path = project.restricted_policy
    shown = project.shown(path)
    if not path.exists():
        return RestrictedPolicy(export_roles=(), file=shown)
    document = load_yaml(path, shown_as=shown)
    if issues := list(_check(document)):
        raise UserError.all(issues)
    roles = (document.data or {}).get(_EXPORT, {}).get("roles", [])
    return RestrictedPolicy(export_roles=tuple(roles), file=shown)


def check_may_export(policy: RestrictedPolicy, role: str | None) -> str:
    """Return the role if it may export unmasked rows.

    Raises:
        AccessDenied: no role was given, or it may not; the roles that may are not listed.
    """
    if role is not None and role in policy.export_roles:
        return role
    who = f'role "{role}" may not' if role else "without --role nobody may"
    hint = (
        f"the roles that may are named in {policy.file}"
        if policy.export_roles
        else f"no role may: name one in {policy.file}, `{_EXPORT}: {{roles: [...]}}`"
    )
    raise AccessDenied(Issue(code="DT490", message=f"{who} export unmasked rows", hint=hint))


def _check(document: Document) -> Iterator[Issue]:
    data = document.data
    if data is None:
        return
    if not isinstance(data, dict):
        yield Issue(code="DT491", message=f"must be a mapping with `{_EXPORT}`", at=document.at())
        return
    for name in data:
        if name != _EXPORT:
            yield Issue(
                code="DT491",
                message=f'unknown key "{name}"',
                at=document.key_at(name),
                suggestion=did_you_mean(str(name), [_EXPORT]),
            )
    body = data.get(_EXPORT, {})
    roles = body.get("roles", []) if isinstance(body, dict) and set(body) <= {"roles"} else None
    if not isinstance(roles, list) or not all(isinstance(role, str) and role for role in roles):
        yield Issue(
            code="DT491", message=f"`{_EXPORT}` says only `roles`: a list of names", at=document.at(_EXPORT)
        )
