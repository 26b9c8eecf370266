"""Write a file whole or not at all.

Layer: core. Knows bytes, never what they mean.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def write_whole(file: Path, content: bytes) -> None:
    """Put `content` in the place of `file`, on disk when this returns; a reader sees the old one or all of the new.

    Args:
        file: in a folder that is there; made readable by its owner alone.

    Raises:
        OSError: it cannot be written; what stood there stands.
    """
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
