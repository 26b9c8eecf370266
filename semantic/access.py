"""Who asks: from a role or a user named at the door to the `Viewer` that goes through every call.

Without `configs/policies/access.yml` everyone may see all of gold. With it a viewer has one or more roles and sees
what all of them allow; who has none is let in nowhere. The policy of today holds on older releases too.
Layer: semantic. Reads the policy's file and the catalog.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from datatrust.core.errors import AccessDenied, UserError
from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from datatrust.core.settings import Project
from semantic.loader import load_catalog
from semantic.policy import (
    AccessPolicy,
    Attributes,
    Role,
    User,
    attributes_in,
    check_policy,
    read_policy,
    with_attributes,
)
from semantic.query import Access, Viewer

_KNOWN: dict[
    Path, tuple[tuple[tuple[str, int, int, int], ...], AccessPolicy]
] = {}  # policies that were read and checked
_LOCK = threading.Lock()


def load_viewer(
    project: Project, role: str | None = None, *, user: str | None = None, given: User | None = None
) -> Viewer:
    """Return who asks in `project`.

    Args:
        role: one role, or several with commas between, all of which bind; the policy's `cli_default` where None.
        user: someone that the policy knows, with the roles and attributes it gives them; `role` may then choose
            among these roles, never another.
        given: the roles and attributes of `user` as somebody says whom the project trusts, in place of the policy's.

    Raises:
        AccessDenied: nobody that the policy knows, or an attribute is missing that a row filter needs.
        UserError: the policy has faults; every issue at once.
    """
    if not project.access_policy.exists():
        return Viewer(role=role, user=user)
    policy = load_policy(project)
    names, attributes = _roles_of(policy, role, user, given)
    found = [policy.roles[name] for name in names]
    access = _effective(policy, found, attributes)
    return Viewer(role=",".join(names), user=user, policy=access.hash, access=access)


def load_policy(project: Project) -> AccessPolicy:
    """Return the project's access policy, checked against its catalog.

    Raises:
        UserError: the policy has faults; every issue at once.
    """
    path, shown = project.access_policy, project.shown(project.access_policy)
    stamp = _stamp(project)
    with _LOCK:
        known = _KNOWN.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        at = SourcePosition(file=shown)
        raise AccessDenied(
            Issue(code="DT370", message=f"the access policy cannot be read: {type(error).__name__}", at=at)
        ) from None
    catalog = load_catalog(project.catalog, shown_root=project.root, cache=project.state / "catalog")
    policy = read_policy(text, file=shown)
    issues = check_policy(policy, catalog)
    if issues:
        raise UserError.all(issues)
    with _LOCK:
        _KNOWN[path] = (stamp, policy)
    return policy


def starters_of(project: Project, viewer: Viewer) -> tuple[str, ...]:
    """Return the questions to begin with that the policy gives the roles of a viewer, each once; none where it gives none.

    Raises:
        UserError: the policy has faults.
    """
    if viewer.access is None or not viewer.role or not project.access_policy.exists():
        return ()
    roles = load_policy(project).roles
    given = (roles[name].starters for name in viewer.role.split(",") if name in roles)
    return tuple(dict.fromkeys(text for each in given for text in each))


def _stamp(project: Project) -> tuple[tuple[str, int, int, int], ...]:
    """What changes whenever the policy's file or one of the catalog's does."""
    files = [project.access_policy, *sorted(project.catalog.rglob("*.y*ml"))]
    found = ((str(file), file.stat()) for file in files)
    return tuple((name, stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in found)


def _roles_of(
    policy: AccessPolicy, role: str | None, user: str | None, given: User | None
) -> tuple[tuple[str, ...], Attributes]:
    """The roles that bind, in order, and the user's attributes."""
    wanted = tuple(sorted({each.strip() for each in (role or "").split(",") if each.strip()}))
    if user is not None:
        known = given or policy.users.get(user)
        if known is None:
            raise _refused(policy, "the access policy does not know this user")
        if not known.roles or not set(known.roles) <= set(policy.roles):
            raise _refused(policy, "this user has no role, or one that the access policy does not know")
        if not set(wanted) <= set(known.roles):
            raise _refused(policy, "this user does not have that role")
        return wanted or tuple(sorted(set(known.roles))), known.attributes
    if not wanted:
        if policy.cli_default is None:
            raise _refused(
                policy, "no role is given, and the access policy has no `cli_default`", "name one: --role R"
            )
        wanted = (policy.cli_default,)
    for name in wanted:
        if name not in policy.roles:
            raise _refused(policy, f'unknown role "{name}"', None, did_you_mean(name, policy.roles))
    return wanted, {}


def _refused(
    policy: AccessPolicy, message: str, hint: str | None = None, suggestion: str | None = None
) -> AccessDenied:
    at = SourcePosition(file=policy.file)
    return AccessDenied(Issue(code="DT330", message=message, at=at, hint=hint, suggestion=suggestion))


def _effective(policy: AccessPolicy, roles: Sequence[Role], attributes: Attributes) -> Access:
    """What several roles allow together: what each of them allows."""
    rows: dict[str, None] = {}
    masks: dict[str, str] = {}
    for role in roles:
        for text in role.rows:
            rows[_with_values(policy, role, text, {**role.attributes, **attributes})] = None
        for name, word in role.masks.items():
            masks[name] = min(word, masks.get(name, word))
    groups = {(role.min_group.least, role.min_group.of) for role in roles if role.min_group is not None}
    return Access(
        metrics=tuple(tuple(sorted(set(role.metrics))) for role in roles),
        dimensions=tuple(tuple(sorted(set(role.dimensions))) for role in roles),
        hidden=tuple(sorted({name for role in roles for name in role.hidden})),
        rows=tuple(sorted(rows)),
        masks=tuple(sorted(masks.items())),
        min_groups=tuple(sorted(groups, key=lambda group: (group[0], group[1] or ""))),
    )


def _with_values(policy: AccessPolicy, role: Role, text: str, attributes: Attributes) -> str:
    missing = [name for name in attributes_in(text) if not attributes.get(name)]
    if missing:
        raise _refused(
            policy,
            f'role "{role.name}" limits rows by the viewer\'s {", ".join(missing)}, which is not known of this viewer',
            "give the user these attributes",
        )
    try:
        return with_attributes(text, attributes)
    except ValueError as error:
        raise _refused(
            policy,
            f'role "{role.name}": the viewer has several values of {error}, and a row filter compares with one',
            f"write: in ('${{{error}}}')",
        ) from None
