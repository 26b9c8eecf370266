"""Keep the restricted zone closed: raw rows, quarantine and Spark's scratch are for their owner alone.

Folders get mode 0700 and files 0600. Spark writes files as the user's umask says; the closed folders above
them protect them at once, and each run closes what it wrote.
Refuses to go on where the zone stands open and belongs to somebody else.
Layer: pipeline. Imports core only.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition
from datatrust.core.release import RESTRICTED

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def close_zone(warehouse: Path) -> str | None:
    """Take every right of other users away; return a sentence where the zone itself stood open.

    Raises:
        UserError: it stands open and cannot be closed by this user.
    """
    zone = warehouse / RESTRICTED
    if not zone.is_dir():
        return None
    mode = stat.S_IMODE(zone.stat().st_mode)
    try:
        _close(zone, 0o700)
        for folder, folders, files in os.walk(zone):
            for name in folders:
                _close(Path(folder, name), 0o700)
            for name in files:
                _close(Path(folder, name), 0o600)
    except PermissionError as error:
        raise UserError(
            Issue(
                code="DT487",
                message="the restricted zone is open to other users and belongs to somebody else",
                at=SourcePosition(file=str(error.filename or zone)),
                hint=f"as its owner: chmod -R go-rwx {zone}",
            )
        ) from None
    if mode & _OTHERS:
        return f"the restricted zone stood open to other users (mode {mode:o}); it is closed again"
    return None


def _close(path: Path, mode: int) -> None:
    """Set a mode where others have rights; a file that is gone by now (scratch) needs none."""
    try:
        if os.lstat(path).st_mode & _OTHERS and not path.is_symlink():
            os.chmod(path, mode)
    except FileNotFoundError:
        return
