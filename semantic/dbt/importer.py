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
from typing import Any

import yaml as pyyaml

from datatrust.core.errors import InternalError, UserError
from datatrust.core.issues import Issue
from datatrust.core.yaml import Document, parse_yaml
from semantic.dbt.files import read_dbt
from semantic.dbt.form import DbtMetric
from semantic.dbt.graph import Graph
from semantic.dbt.losses import Loss, Reason
from semantic.dbt.metrics import MetricWriter
from semantic.dbt.models import ModelWriter
from semantic.loader import load_catalog

METRICS = "metrics.yml"
_HEAD = "# Imported from dbt by `datatrust semantic import`: {words}.\n"

_PARTS = ("dimensions", "joins")  # of a model, that can be left out alone

Made = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A catalog's files, and what of dbt is not in them."""

    texts: Mapping[str, str]  # file name -> YAML
    losses: tuple[Loss, ...]
    metrics: int  # that were read, of those that dbt has
    asked: int
    models: int

    @property
    def refused(self) -> tuple[Loss, ...]:
        """The metrics that were not read."""
        return tuple(each for each in self.losses if each.kind == "metric" and not each.is_note)

    @property
    def reasons(self) -> dict[str, int]:
        """How many losses there are of each reason."""
        return dict(sorted(Counter(each.reason.value for each in self.losses).items()))


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
    made = _Catalog(
        models=models.made, metrics=metrics.made, asked={each.name: each for each in manifest.metrics}
    )
    losses += made.judge()
    texts = made.texts()
    if not texts:
        raise UserError.all([Issue(code="DT213", message=each.render(), at=each.at) for each in losses])
    return Imported(
        texts=texts,
        losses=tuple(losses),
        metrics=sum(name in made.metrics for name in made.asked),
        asked=len(made.asked) + sum(each.kind == "metric" and each.name not in made.asked for each in losses),
        models=len(made.models),
    )


def _notes(metrics: tuple[DbtMetric, ...]) -> Iterator[Loss]:
    for metric in metrics:
        if metric.grain is not None:
            message = f"a question names its grain; dbt's default of {metric.grain} is not kept"
            yield Loss(
                kind="metric", name=metric.name, reason=Reason.NOT_CARRIED, message=message, at=metric.at
            )


@dataclass
class _Catalog:
    """What has been written, and may still be left out."""

    models: dict[str, Made]
    metrics: dict[str, Made]
    asked: dict[str, DbtMetric]

    def texts(self) -> dict[str, str]:
        found = {
            f"models/{name}.yml": _dump(made, f"the model {name}")
            for name, made in sorted(self.models.items())
        }
        if self.metrics:
            found[METRICS] = _dump({"metrics": list(self.metrics.values())}, f"{len(self.metrics)} metrics")
        return found

    def judge(self) -> list[Loss]:
        """Leave out what the catalog's rules refuse, and say so."""
        losses: list[Loss] = []
        while self.models or self.metrics:
            texts = self.texts()
            try:
                load_catalog(Path("imported"), texts=texts)
            except UserError as error:
                found = self._left_out(error.issues, texts)
                if not found:
                    raise InternalError(
                        f"the imported catalog does not load: {error}; please report this"
                    ) from error
                losses += found
            else:
                return losses
        return losses

    def _left_out(self, issues: tuple[Issue, ...], texts: Mapping[str, str]) -> list[Loss]:
        """Leave out the thing that each issue is about; models and what they hold first, for metrics may follow them."""
        documents = {name: parse_yaml(text, file=name) for name, text in texts.items()}
        about = [(each, _place(each, documents)) for each in issues]
        in_models = [(each, place) for each, place in about if place and place[0] != METRICS]
        named = list(self.metrics)
        parts = {
            (name, key): list(model.get(key, ())) for name, model in self.models.items() for key in _PARTS
        }
        losses = []
        for issue, place in in_models or about:
            if place is None:
                continue
            file, entry = place
            if file == METRICS:
                loss = self._leave_out_metric(issue, named[entry[1]]) if entry else None
            else:
                name = file.removeprefix("models/").removesuffix(".yml")
                loss = self._leave_out_of_model(
                    issue, name, parts[name, entry[0]][entry[1]] if entry else None, entry
                )
            losses += [loss] if loss else []
        return losses

    def _leave_out_metric(self, issue: Issue, name: str) -> Loss | None:
        if self.metrics.pop(name, None) is None:
            return None
        at = self.asked[name].at if name in self.asked else None
        reason = Reason.INPUT if issue.code == "DT211" and "unknown metric" in issue.message else Reason.RULE
        return Loss(kind="metric", name=name, reason=reason, message=issue.message, at=at)

    def _leave_out_of_model(
        self, issue: Issue, name: str, part: Made | None, entry: tuple[Any, ...]
    ) -> Loss | None:
        model = self.models.get(name)
        if model is None:
            return None
        if part is not None:
            if all(each is not part for each in model[entry[0]]):
                return None
            model[entry[0]] = [each for each in model[entry[0]] if each is not part]
            kind = str(entry[0])[:-1]
            called = f"{name}.{part.get('name') or part.get('as') or part.get('to')}"
            return Loss(kind=kind, name=called, reason=Reason.RULE, message=issue.message)
        del self.models[name]
        return Loss(kind="model", name=name, reason=Reason.RULE, message=issue.message)


def _place(issue: Issue, documents: Mapping[str, Document]) -> tuple[str, tuple[Any, ...]] | None:
    """The file and the entry that an issue is about: the last one that begins before it."""
    if issue.at is None or issue.at.file not in documents:
        return None
    document = documents[issue.at.file]
    best: tuple[Any, ...] = ()
    for key in ("metrics", *_PARTS):
        for index, _ in enumerate(document.data.get(key) or ()):
            at = document.at(key, index)
            if at.line <= issue.at.line and (not best or document.at(*best).line <= at.line):
                best = (key, index)
    if best and best[0] != "metrics":
        end = document.key_at(best[0]).line
        best = best if end <= issue.at.line else ()
    return issue.at.file, best


class _Dumper(pyyaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _dump(made: Made, words: str) -> str:
    body = pyyaml.dump(
        made, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )
    return _HEAD.format(words=words) + body
