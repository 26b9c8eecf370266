"""Find a secret of a project: in the environment, or in a file of its folder of secrets that only the owner reads.

Layer: core.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def find_secret(
    folder: Path, *, variable: str, file: str, environment: Mapping[str, str] = os.environ
) -> str | None:
    """Return the secret without blanks around it, the environment's first; None where there is none.

    Args:
        folder: the project's secrets.
        file: its name there.
    """
    if said := environment.get(variable, "").strip():
        return said
    kept = folder / file
    return kept.read_text(encoding="utf-8").strip() or None if kept.is_file() else None
