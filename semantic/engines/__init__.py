"""Engines that run compiled queries: one file each with one constant `ENGINE`; this folder is the registry.

Layer: semantic. An engine knows SQL text and tables, never metrics.
"""

from __future__ import annotations

from functools import cache

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.plugins import load_plugins
from semantic.engines.base import EngineSpec

DEFAULT = "duckdb"


@cache
def load_engines() -> dict[str, EngineSpec]:
    """Return every engine of this folder by name."""
    return {spec.name: spec for spec in load_plugins(__name__, "ENGINE", EngineSpec)}


def engine_for(connection: str | None, family: str | None = None) -> EngineSpec:
    """Return the engine that serves a `serving.connection`, or releases where it is None.

    Args:
        family: "duckdb", "spark" or "databricks"; None is what the connection says, and DuckDB without one.

    Raises:
        UserError: no engine reads such a connection, or the wanted one does not.
    """
    specs = load_engines().values()
    scheme = connection.split("://")[0] if connection else None
    if scheme is not None and all(spec.scheme != scheme for spec in specs):
        known = sorted(spec.scheme for spec in specs if spec.scheme)
        raise UserError(
            Issue(
                code="DT112",
                message=f'serving.connection: no engine reads "{scheme}"',
                suggestion=did_you_mean(scheme, known),
                hint=f"known: {', '.join(f'{word}://' for word in known)}",
            )
        )
    wanted = family or next((spec.family for spec in specs if spec.scheme == scheme and scheme), DEFAULT)
    own = [spec for spec in specs if spec.scheme == scheme]
    for spec in own:
        if spec.family == wanted:
            return spec
    if (
        scheme is not None and own[0].reads_releases
    ):  # the address is the other engine's; releases are for all
        for spec in specs:
            if spec.scheme is None and spec.family == wanted:
                return spec
    families = sorted({spec.family for spec in own})
    raise UserError(
        Issue(
            code="DT116",
            message=f'the engine "{wanted}" does not read '
            + (f"a project on {scheme}://" if scheme else "releases: it needs a serving.connection"),
            suggestion=did_you_mean(wanted, families),
            hint=f"here: {', '.join(families)}",
        )
    )
