"""What a person who signed in may see: their name, and what the identity provider said of them, to a `Viewer`.

Layer: chatbot. Imports the semantic layer's access policy.
"""

from __future__ import annotations

from chatbot.signin.people import People
from datatrust.core.settings import Project
from semantic.access import load_viewer
from semantic.query import Viewer


def viewer_of(
    project: Project, role: str | None = None, user: str | None = None, *, people: People | None = None
) -> Viewer:
    """Return who asks, as of now: somebody whose roles the identity provider says has those it said last.

    Args:
        people: the persons of the project; looked up where None.

    Raises:
        AccessDenied: the access policy does not know them.
        UserError: the policy has faults.
    """
    known = (people or People.of(project)).get(user) if user is not None else None  # None: of an older answer
    return load_viewer(project, role, user=user, given=known.given if known else None)
