"""Who asks: from a role named at the door to the `Viewer` that goes through every call.

Without `configs/policies/access.yml` everyone may see all of gold. Where that file exists its rules would have
to be applied to every statement; this version cannot, so it lets nobody in rather than everybody.
Layer: semantic.
"""

from __future__ import annotations

from datatrust.core.errors import AccessDenied
from datatrust.core.issues import Issue, SourcePosition
from datatrust.core.settings import Project
from semantic.query import Viewer


def load_viewer(project: Project, role: str | None = None) -> Viewer:
    """Return who asks in `project`.

    Raises:
        AccessDenied: the project has an access policy, which this version cannot apply.
    """
    if project.access_policy.exists():
        raise AccessDenied(
            Issue(
                code="DT330",
                message="this project has an access policy, and row and column policies cannot be applied yet",
                at=SourcePosition(file=project.shown(project.access_policy)),
                hint="nobody is let in; remove the file only if everyone may see all of gold",
            )
        )
    return Viewer(role=role)
