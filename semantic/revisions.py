"""The catalog as it was: in a release, or at a revision of the project's git repository.

Refuses a revision that neither knows, and a catalog that did not exist then.
Layer: semantic. Reads releases, and git by its command.
"""

from __future__ import annotations

import subprocess

from datatrust.core.errors import UnknownName, UserError
from datatrust.core.issues import Issue
from datatrust.core.release import list_releases, load_release
from datatrust.core.settings import Project
from semantic.loader import SUFFIXES, load_catalog
from semantic.model import Catalog

_SECONDS = 30


def load_revision(project: Project, revision: str) -> Catalog:
    """Return the catalog of a release id, or of a git revision such as HEAD~1, a tag or a commit.

    Raises:
        UnknownName: no such release and no such revision.
        UserError: there was no catalog, or it has faults.
    """
    texts = _from_release(project, revision)
    if texts is None:
        texts = _from_git(project, revision)
    if not texts:
        raise UserError(
            Issue(code="DT341", message=f"{revision} holds no catalog in {project.shown(project.catalog)}")
        )
    return load_catalog(project.catalog, texts=texts, shown_root=project.root)


def _from_release(project: Project, revision: str) -> dict[str, str] | None:
    if not revision.isdigit() or not list_releases(project.warehouse):
        return None
    try:
        release = load_release(project.warehouse, revision)
    except UnknownName:
        return None
    shown = project.shown(project.catalog)
    return {name: text for name, text in release.files.items() if name.startswith(f"{shown}/")}


def _from_git(project: Project, revision: str) -> dict[str, str]:
    commit = _git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not commit:
        raise UnknownName(
            Issue(
                code="DT340",
                message=f'"{revision}" is no release and no revision of a git repository here',
                hint="a release id (datatrust release list), or a git revision such as HEAD~1",
            )
        )
    folder = project.shown(project.catalog)
    listed = _git(project, "ls-tree", "-r", "-z", "--name-only", commit.strip(), "--", f"{folder}/")
    names = [name for name in (listed or "").split("\0") if name.endswith(SUFFIXES)]
    return {name: _git(project, "show", f"{commit.strip()}:./{name}") or "" for name in names}


def _git(project: Project, *arguments: str) -> str | None:
    """What git prints in the project's folder; None where it refuses or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(project.root), *arguments],
            capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", errors="replace") if done.returncode == 0 else None
