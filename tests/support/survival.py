"""What tests of killed runs share: the second closing of the smallest company, and a lock that is given back."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from datatrust.core.errors import OutcomeError
from datatrust.core.settings import Project, load_project
from pipeline.lock import hold_lock
from tests.support.tiny import deliver

PATIENCE = 60.0  # seconds


def second_closing(first: Project, root: Path) -> Project:
    """Return a copy of the smallest company, in `root`, with a file that corrects one row and brings two."""
    shutil.copytree(first.root, root / "tiny")
    project = load_project(root / "tiny")
    deliver(
        project, "2026-05/expenses.csv", [("A2", "20.03"), ("B1", "1.00"), ("B2", "-7.00")], day="2026-05-02"
    )
    return project


def wait_for_the_lock(project: Project) -> None:
    """An orphaned Java process holds it until it sees that Python is gone; meanwhile the holder is named.

    Raises:
        OutcomeError: the lock is another's, or was not given back in time.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with hold_lock(project.warehouse):
                return
        except OutcomeError as error:
            named = "it was killed, and its Java process is still stopping" in str(error)
            if not named or time.monotonic() > until:
                raise
            time.sleep(0.5)
