"""Import dbt's semantic models: read them, write them as a catalog, and let the catalog's own rules judge the result.

What a rule refuses is left out with the rule's own words, until all that is left loads: the catalog that comes out
passes `semantic check`. Same input, same text.
Layer: semantic. Reads disk, writes none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semantic.dbt.files import read_dbt
from semantic.dbt.form import DbtMetric, Manifest
from semantic.dbt.graph import Graph
from semantic.dbt.losses import Loss, Reason
from semantic.dbt.metrics import MetricWriter
from semantic.dbt.models import ModelWriter
from semantic.interchange.imported import Imported, finished
from semantic.interchange.judged import MadeCatalog
from semantic.interchange.overlay import Extension, extension_from


def import_dbt(
    path: Path, *, schema: str | None = None, each_day: bool = False, extensions: bool = True
) -> Imported:
    """Read dbt's semantic models at `path` and return them as a catalog that passes its check.

    Args:
        path: a folder, a YAML file or a `semantic_manifest.json`.
        schema: the schema of tables whose schema dbt only knows when it runs.
        each_day: let an offset of months move each day by itself, as MetricFlow does, where periods are longer
            than the offset: then a day can count several times, or not at all.
        extensions: read what our own export has put into `config: {meta: ...}`.

    Raises:
        UserError: nothing to read there, or nothing of it could be read.
    """
    manifest, losses = read_dbt(path, schema=schema)
    made = made_of(manifest, losses, each_day=each_day)
    extension = extension_in(manifest) if extensions and manifest.extension else None
    return finished(made, losses, extension=extension, asked=made.places)


def made_of(manifest: Manifest, losses: list[Loss], *, each_day: bool = False) -> MadeCatalog:
    """Write a manifest as a catalog that has not been judged; what it does not carry goes to `losses`."""
    graph = Graph(manifest)
    models = ModelWriter(manifest, graph)
    metrics = MetricWriter(manifest, graph, models, each_day=each_day)
    losses += [*models.losses, *metrics.losses, *_notes(manifest.metrics)]
    places = {each.name: each.at for each in manifest.metrics}
    return MadeCatalog(tool="dbt", models=models.made, metrics=metrics.made, places=places)


def extension_in(manifest: Manifest) -> Extension:
    """Return what our own export has put beside models and metrics."""
    data: dict[str, dict[str, dict[str, Any]]] = {"model": {}, "metric": {}}
    rest: dict[str, Any] = {}
    for key, each in manifest.extension.items():
        kind, _, name = key.partition(" ")
        rest |= each.get("catalog", {})
        data[kind][name] = {field: value for field, value in each.items() if field != "catalog"}
    return extension_from(data["model"], data["metric"], rest)


def _notes(metrics: tuple[DbtMetric, ...]) -> Iterator[Loss]:
    for metric in metrics:
        if metric.grain is not None:
            message = f"a question names its grain; dbt's default of {metric.grain} is not kept"
            yield Loss(
                kind="metric", name=metric.name, reason=Reason.NOT_CARRIED, message=message, at=metric.at
            )
