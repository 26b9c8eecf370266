"""Refuse names of sources that no contract has, all of them at once.

Layer: pipeline. Imports core and contracts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from datatrust.core.errors import UnknownName
from datatrust.core.issues import Issue, did_you_mean
from pipeline.contracts.model import SourceSpec


def check_sources(names: Iterable[str], specs: Sequence[SourceSpec]) -> None:
    """Refuse names that no source has.

    Raises:
        UnknownName: some have none; each with the nearest right name.
    """
    known = [spec.name for spec in specs]
    issues = [
        Issue(
            code="DT470",
            message=f'no source "{name}"',
            suggestion=did_you_mean(name, known),
            hint=f"sources: {', '.join(sorted(known))}",
        )
        for name in names
        if name not in known
    ]
    if issues:
        raise UnknownName(*issues)
