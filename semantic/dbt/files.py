"""Find dbt's semantic models at a path: a project's folder, one YAML file, or `semantic_manifest.json`.

A YAML file may hold several documents, and other parts of a dbt project, which are passed over.
Layer: semantic. Reads disk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition
from datatrust.core.yaml import Document, parse_yaml
from semantic.dbt import latest, legacy
from semantic.dbt.entry import Entry
from semantic.dbt.form import DbtMetric, Manifest, Measure, MeasureInput, SemanticModel, TimeSpine
from semantic.dbt.losses import Loss, NotRead, Reason
from semantic.interchange.exported import extension_data

EXTENSION = "datatrust360"  # the key in `config: {meta: ...}`
MAX_MANIFEST_BYTES = 100_000_000
_SKIPPED = frozenset({"target", "dbt_packages", "dbt_modules", ".git", ".venv", "node_modules"})
_Read = TypeVar("_Read")


@dataclass
class _Found:
    """What has been read so far."""

    schema: str | None
    models: dict[str, SemanticModel] = field(default_factory=dict)
    metrics: dict[str, DbtMetric] = field(default_factory=dict)
    own: list[legacy.OwnMeasure] = field(default_factory=list)
    spines: list[TimeSpine] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    extension: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # what our own export wrote: model or metric -> data

    def read(self, entry: Entry, how: Callable[[], _Read]) -> _Read | None:
        """Read one thing; what stops it and what it leaves unread become losses."""
        try:
            made = how()
        except NotRead as error:
            self.lose(entry.kind, entry.name or "without a name", error.reason, error.message, entry.at)
            return None
        self.losses += entry.unread()
        return made

    def lose(self, kind: str, name: str, reason: Reason, message: str, at: SourcePosition | None) -> None:
        self.losses.append(Loss(kind=kind, name=name, reason=reason, message=message, at=at))


def read_dbt(path: Path, *, schema: str | None = None) -> tuple[Manifest, list[Loss]]:
    """Read all semantic models and metrics at `path`.

    Args:
        path: a folder, a YAML file or a `semantic_manifest.json`.
        schema: the schema of tables whose schema dbt only knows when it runs.

    Raises:
        UserError: nothing there, or a file is broken; all at once.
    """
    found = _Found(schema)
    issues: list[Issue] = []
    for file in _files(path):
        try:
            for document in _documents(file, path):
                _read_document(document, found)
        except UserError as error:
            issues += error.issues
    if issues:
        raise UserError.all(issues)
    if not found.models and not found.metrics and not found.losses:
        raise UserError(
            Issue(
                code="DT101",
                message=f"{path} holds no semantic model of dbt",
                hint="name the folder of a dbt project, a YAML file with semantic models, or target/semantic_manifest.json",
            )
        )
    return _together(found), found.losses


def read_documents(
    documents: Iterable[Document], *, schema: str | None = None
) -> tuple[Manifest, list[Loss]]:
    """Read parsed files as `read_dbt` reads those of a folder."""
    found = _Found(schema)
    for document in documents:
        _read_document(document, found)
    return _together(found), found.losses


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UserError(Issue(code="DT101", message=f"no such file or folder: {path}"))
    files = [each for each in path.rglob("*") if each.suffix in (".yml", ".yaml") and each.is_file()]
    return sorted(each for each in files if not _SKIPPED & set(each.relative_to(path).parts))


def _documents(file: Path, root: Path) -> Iterator[Document]:
    shown = file.relative_to(root).as_posix() if file != root else file.name
    limit = MAX_MANIFEST_BYTES if file.suffix == ".json" else None
    try:
        if limit is not None and file.stat().st_size > limit:
            message = f"file has {file.stat().st_size:,} bytes; at most {limit:,} are read"
            raise UserError(Issue(code="DT103", message=message, at=SourcePosition(file=shown)))
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(
            Issue(code="DT102", message="not UTF-8 text", at=SourcePosition(file=shown))
        ) from None
    except OSError as error:
        raise UserError(
            Issue(code="DT101", message=f"cannot be read: {error.strerror}", at=SourcePosition(file=shown))
        ) from None
    if file.suffix == ".json":
        yield _json(text, shown)
        return
    line = 0
    for part in re.split(r"(?m)^---[ \t]*(?:#.*)?$", text):
        yield parse_yaml("\n" * line + part, file=shown)  # the lines before it keep its positions
        line += part.count("\n")


def _json(text: str, shown: str) -> Document:
    try:
        return Document(shown, json.loads(text), {})
    except (json.JSONDecodeError, RecursionError) as error:
        line, column = (error.lineno, error.colno) if isinstance(error, json.JSONDecodeError) else (1, 1)
        at = SourcePosition(file=shown, line=line, column=column)
        raise UserError(Issue(code="DT104", message="not valid JSON", at=at)) from None


def _read_document(document: Document, found: _Found) -> None:
    data = document.data
    if not isinstance(data, dict):
        return
    top = Entry(data, document, (), "file")
    for key in ("semantic_models", "semantic_model"):
        for entry in _entries(top, key, "model", found):
            _keep_extension(entry, found)
            model = found.read(entry, partial(legacy.read_model, entry, schema=found.schema))
            _add_model(entry, model, found)
    for entry in _entries(top, "models", "model", found):
        if latest.is_semantic(entry.data):
            _read_latest(entry, found)
    for key in ("metrics", "metric"):
        for entry in _entries(top, key, "metric", found):
            _keep_extension(entry, found)
            _read_metric(entry, None, found)
    for key in ("saved_queries", "saved_query"):
        for entry in _entries(top, key, "saved query", found):
            message = "a question is no definition; ask it by `semantic query`"
            found.lose("saved query", entry.name, Reason.SAVED_QUERY, message, entry.at)
    if isinstance(data.get("project_configuration"), dict):
        settings = top.below("project_configuration")
        assert settings is not None
        for entry in settings.each("time_spines", "time spine"):
            spine = found.read(entry, partial(legacy.read_spine, entry, schema=found.schema))
            found.spines += [spine] if spine else []


def _entries(top: Entry, key: str, kind: str, found: _Found) -> list[Entry]:
    try:
        return [each for each in top.each(key, kind) if each.name or kind != "model"]
    except NotRead as error:
        found.lose("file", key, error.reason, error.message, top.at)
        return []


def _keep_extension(entry: Entry, found: _Found) -> None:
    """Keep what our own export wrote into `config: {meta: {datatrust360: ...}}`."""
    config = entry.data.get("config")
    meta = config.get("meta") if isinstance(config, dict) else None
    text = meta.get(EXTENSION) if isinstance(meta, dict) else None
    if isinstance(text, str):
        found.extension[f"{entry.kind} {entry.name}"] = extension_data(text, EXTENSION, entry.at)


def _add_model(entry: Entry, model: SemanticModel | None, found: _Found) -> None:
    if model is None:
        return
    if model.name in found.models:
        found.lose("model", model.name, Reason.SHAPE, "is there twice; the first is kept", entry.at)
        return
    found.models[model.name] = model


def _read_latest(entry: Entry, found: _Found) -> None:
    entry.raw("metrics")
    metrics = _entries(entry.apart(), "metrics", "metric", found)  # what they leave unread is theirs to tell
    model = found.read(entry, partial(latest.read_model, entry, schema=found.schema))
    _add_model(entry, model, found)
    for each in metrics:
        _read_metric(each, model.name if model else None, found)


def _read_metric(entry: Entry, model: str | None, found: _Found) -> None:
    def how() -> tuple[DbtMetric, legacy.OwnMeasure | None]:
        if latest.is_latest_metric(entry.data):
            return latest.read_metric(entry, model=model)
        return legacy.read_metric(entry)

    made = found.read(entry, how)
    if made is None:
        return
    metric, own = made
    if metric.name in found.metrics:
        found.lose("metric", metric.name, Reason.SHAPE, "is there twice; the first is kept", entry.at)
        return
    found.metrics[metric.name] = metric
    found.own += [own] if own else []


def _together(found: _Found) -> Manifest:
    """Give models the measures that metrics brought along, and measures the metrics that they ask for."""
    models = dict(found.models)
    for name, measure in found.own:
        model = models.get(name)
        if model is not None and all(each.name != measure.name for each in model.measures):
            models[name] = replace(model, measures=(*model.measures, measure))
    metrics = dict(found.metrics)
    for model in models.values():
        for measure in model.measures:
            if measure.makes_metric and measure.name not in metrics:
                metrics[measure.name] = _metric_of(measure, model)
    return Manifest(
        models=tuple(models.values()),
        metrics=tuple(metrics.values()),
        spines=tuple(found.spines),
        extension=found.extension,
    )


def _metric_of(measure: Measure, model: SemanticModel) -> DbtMetric:
    return DbtMetric(
        name=measure.name,
        type="simple",
        label=measure.label,
        description=measure.description,
        measure=MeasureInput(name=measure.name),
        owner=model.owner,
        at=measure.at,
    )
