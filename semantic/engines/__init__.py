"""Engines that run compiled queries: one file each with one constant `ENGINE`; this folder is the registry.

Layer: semantic. An engine knows SQL text and tables, never metrics.
"""

from __future__ import annotations

from functools import cache

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.plugins import load_plugins
from semantic.engines.base import EngineSpec


@cache
def load_engines() -> dict[str, EngineSpec]:
    """Return every engine of this folder by name."""
    return {spec.name: spec for spec in load_plugins(__name__, "ENGINE", EngineSpec)}


def engine_for(connection: str | None) -> EngineSpec:
    """Return the engine that serves a `serving.connection`, or releases where it is None.

    Raises:
        UserError: no engine reads such a connection.
    """
    engines = load_engines()
    scheme = connection.split("://")[0] if connection else None
    for spec in engines.values():
        if spec.scheme == scheme:
            return spec
    known = sorted(spec.scheme for spec in engines.values() if spec.scheme)
    raise UserError(
        Issue(
            code="DT112",
            message=f'serving.connection: no engine reads "{scheme}"',
            suggestion=did_you_mean(scheme or "", known),
            hint=f"known: {', '.join(f'{word}:///file' for word in known)}",
        )
    )
