"""Import dbt's semantic models: read them, write them as a catalog, and let the catalog's own rules judge the result.

What a rule refuses is left out with the rule's own words, until all that is left loads: the catalog that comes out
passes `semantic check`. Same input, same text.
Layer: semantic. Reads disk, writes none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from semantic.dbt.files import read_dbt
from semantic.dbt.form import DbtMetric
from semantic.dbt.graph import Graph
from semantic.dbt.losses import Loss, Reason
from semantic.dbt.metrics import MetricWriter
from semantic.dbt.models import ModelWriter
from semantic.interchange.judged import MadeCatalog


def import_dbt(path: Path, *, schema: str | None = None, each_day: bool = False) -> Imported:
    """Read dbt's semantic models at `path` and return them as a catalog that passes its check.

    Args:
        path: a folder, a YAML file or a `semantic_manifest.json`.
        schema: the schema of tables whose schema dbt only knows when it runs.
        each_day: let an offset of months move each day by itself, as MetricFlow does, where periods are longer
            than the offset: then a day can count several times, or not at all.

    Raises:
        UserError: nothing to read there, or nothing of it could be read.
    """
    manifest, losses = read_dbt(path, schema=schema)
    graph = Graph(manifest)
    models = ModelWriter(manifest, graph)
    metrics = MetricWriter(manifest, graph, models, each_day=each_day)
    losses += [*models.losses, *metrics.losses, *_notes(manifest.metrics)]
    made = MadeCatalog(
        tool="dbt",
        models=models.made,
        metrics=metrics.made,
        places={each.name: each.at for each in manifest.metrics},
    )
    losses += made.judge()
    texts = made.texts()
    if not texts:
        raise UserError.all([Issue(code="DT213", message=each.render(), at=each.at) for each in losses])
    return Imported(
        texts=texts,
        losses=tuple(losses),
        metrics=sum(name in made.metrics for name in made.places),
        asked=len(made.places) + sum(each.kind == "metric" and each.name not in made.places for each in losses),
        models=len(made.models),
    )


def _notes(metrics: tuple[DbtMetric, ...]) -> Iterator[Loss]:
    for metric in metrics:
        if metric.grain is not None:
            message = f"a question names its grain; dbt's default of {metric.grain} is not kept"
            yield Loss(
                kind="metric", name=metric.name, reason=Reason.NOT_CARRIED, message=message, at=metric.at
            )
