"""The way from raw sources to a metric, stage by stage, as the catalog and the release know it.

Layer: chatbot. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from datatrust.core.release import Release
from semantic.model import Catalog


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step on the way, and what stands there."""

    title: str
    names: tuple[str, ...]


def stages_of(
    metrics: Sequence[str],
    tables: Sequence[str],
    catalog: Catalog,
    release: Release | None,
    label: Callable[[str], str],
) -> tuple[Stage, ...]:
    """Return the stages that have something, from raw sources to `metrics`.

    Args:
        tables: what the metrics are computed from.
        release: knows the sources behind a table; None where that is not to be told, or not known.
    """
    sources: dict[str, None] = {}
    clean: dict[str, None] = {}
    if release is not None:
        sources = {source: None for table in tables for source in release.lineage.get(table, ())}
        clean = {each.table: None for each in release.controls if each.source in sources}
    below: dict[str, None] = {}

    def walk(name: str) -> None:
        found = catalog.metrics.get(name)
        for inner in found.inputs if found else ():
            if inner not in below:
                below[inner] = None
                walk(inner)

    for name in metrics:
        walk(name)
    stages = (
        Stage(title="Raw sources", names=tuple(sources)),
        Stage(title="Cleaned", names=tuple(clean)),
        Stage(title="Tables", names=tuple(tables)),
        Stage(title="Made of", names=tuple(label(name) for name in below if name not in metrics)),
        Stage(title="Metric", names=tuple(label(name) for name in metrics)),
    )
    return tuple(stage for stage in stages if stage.names)
