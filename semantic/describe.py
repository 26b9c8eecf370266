"""What `datatrust semantic describe` and `check` tell: plain data, and its rendering as text.

Layer: semantic. Reads a loaded catalog; opens no table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from datatrust.core.errors import UnknownName, UserError
from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.release import list_releases, load_release
from datatrust.core.settings import Project
from semantic.engines import engine_for
from semantic.loader import load_catalog
from semantic.model import Catalog, Dimension, Metric, Model
from semantic.reach import TIME, base_metrics, grains_of, own_time, reachable, tables_of
from semantic.schema import tables_of as engine_tables
from semantic.validation import check_columns, lint_catalog

Description = dict[str, Any]


def check_catalog(project: Project) -> tuple[list[Issue], list[Issue], dict[str, int]]:
    """Return the errors, the warnings and the counts of a project's catalog.

    Columns are checked against the current release or the file that the project stands on, where there is one.
    Of a catalog that does not load only the files are counted.
    """
    try:
        catalog = load_catalog(project.catalog, shown_root=project.root)
    except UserError as error:
        return list(error.issues), [], {"files": len(list(project.catalog.rglob("*.yml")))}
    tables = table_columns(project, catalog)
    errors = check_columns(catalog, tables) if tables is not None else []
    return errors, lint_catalog(catalog), count(catalog)


def table_columns(project: Project, catalog: Catalog) -> dict[str, tuple[str, ...]] | None:
    """Return the columns of the tables that a project's questions run on; None before its first release."""
    connection = project.config.serving.connection
    if connection is None:
        if not list_releases(project.warehouse):
            return None
        pins = load_release(project.warehouse).tables
        return {table: tuple(name for name, _ in pin.columns) for table, pin in pins.items()}
    engine = engine_for(connection).open(project, None, engine_tables(catalog), catalog.timezone)
    try:
        schema = engine.schema()
    finally:
        engine.close()
    return {
        table: tuple(column.name for column in columns.values()) for table, columns in schema.tables.items()
    }


def count(catalog: Catalog) -> dict[str, int]:
    """Return how many things of each kind the catalog has."""
    return {
        "models": len(catalog.models),
        "dimensions": sum(len(model.dimensions) for model in catalog.models.values()),
        "metrics": len(catalog.metrics),
        "examples": sum(len(metric.examples) for metric in catalog.metrics.values()),
    }


def describe(catalog: Catalog, name: str | None = None) -> Description:
    """Return what the catalog says of one metric, model, dimension or segment; of everything without a name.

    A dimension is named alone where one model has it, else "model.dimension".

    Raises:
        UnknownName: nothing has that name.
    """
    if name is None:
        return _overview(catalog)
    found: list[Description] = []
    if name in catalog.metrics:
        found.append(_metric(catalog, catalog.metrics[name]))
    if name in catalog.models:
        found.append(_model(catalog, catalog.models[name]))
    found += [
        _dimension(catalog, dimension)
        for model in catalog.models.values()
        for dimension in model.dimensions.values()
        if name in (dimension.name, f"{model.name}.{dimension.name}")
    ]
    found += [
        {
            "kind": "segment",
            "name": segment.name,
            "model": model.name,
            "label": segment.label,
            "where": segment.expr,
        }
        for model in catalog.models.values()
        for segment in model.segments.values()
        if name in (segment.name, f"{model.name}.{segment.name}")
    ]
    if not found:
        raise UnknownName(
            Issue(
                code="DT211",
                message=f'nothing in the catalog is called "{name}"',
                suggestion=did_you_mean(name, _all_names(catalog)),
                hint="list all: datatrust semantic describe",
            )
        )
    if len(found) == 1:
        return found[0]
    return {"kind": "several", "name": name, "found": found}


def render_description(description: Mapping[str, Any]) -> str:
    """Return a description as text for a terminal."""
    return "\n".join(_RENDERERS[description["kind"]](description))


# ------------------------------------------------------------------------------------------------------------ data


def _overview(catalog: Catalog) -> Description:
    return {
        "kind": "catalog",
        "counts": count(catalog),
        "calendar": catalog.default_calendar.name,
        "calendars": sorted(catalog.calendars),
        "closed_through": catalog.closed_through,
        "timezone": catalog.timezone,
        "currency": catalog.currency,
        "metrics": [
            {"name": m.name, "label": m.label, "kind": m.kind, "unit": m.unit, "owner": m.owner,
             "certified": m.certified_by is not None}
            for m in catalog.metrics.values()
        ],
        "models": [
            {"name": m.name, "label": m.label, "table": m.table,
             "dimensions": [d.name for d in m.dimensions.values() if not d.hidden]}
            for m in catalog.models.values()
        ],
    }  # fmt: skip


def _metric(catalog: Catalog, metric: Metric) -> Description:
    names = reachable(catalog, metric.name)
    shown = {key: ref for key, ref in names.items() if ref.query_name == key and key != TIME}
    time = own_time(catalog, metric)
    return {
        "kind": "metric",
        "metric_kind": metric.kind,
        "name": metric.name,
        "label": metric.label,
        "description": metric.description,
        "synonyms": metric.synonyms,
        "formula": metric.definition_words,
        "unit": metric.unit,
        "currency": metric.currency,
        "better": metric.better,
        "owner": metric.owner,
        "certified": {"by": metric.certified_by, "since": metric.certified_since} if metric.certified_by else None,
        "lapsed": metric.lapsed,
        "deprecated": metric.deprecated,
        "definition": metric.definition_hash,
        "time": time if time else (names[TIME].query_name if TIME in names else None),
        "plan": dict(metric.plan),
        "dimensions": [
            {"name": key, "label": ref.label, "type": ref.dimension.type, "model": ref.dimension.model,
             "grains": grains_of(ref.dimension)}
            for key, ref in shown.items()
        ],
        "lineage": _lineage(catalog, metric.name),
        "used_by": [m.name for m in catalog.metrics.values() if metric.name in m.inputs],
        "examples": [example.ask for example in metric.examples],
        "declared": str(metric.position) if metric.position else None,
    }  # fmt: skip


def _model(catalog: Catalog, model: Model) -> Description:
    return {
        "kind": "model",
        "name": model.name,
        "label": model.label,
        "description": model.description,
        "synonyms": model.synonyms,
        "table": model.table,
        "key": model.key,
        "time": model.time,
        "where": model.where,
        "owner": model.owner,
        "dimensions": [
            {
                "name": d.name,
                "label": d.label,
                "type": d.type,
                "expr": d.expr,
                "parent": d.parent,
                "hidden": d.hidden,
            }
            for d in model.dimensions.values()
        ],
        "joins": [
            {"to": j.to, "as": j.alias, "key": dict(zip(j.key, j.to_key, strict=False))}
            | ({"cardinality": "one_to_many", "weight": j.weight} if j.many else {})
            for j in model.joins.values()
        ],
        "segments": {s.name: s.expr for s in model.segments.values()},
        "metrics": [m.name for m in catalog.metrics.values() if m.model == model.name],
        "declared": str(model.position) if model.position else None,
    }


def _dimension(catalog: Catalog, dimension: Dimension) -> Description:
    metrics = [
        name
        for name in catalog.metrics
        if any(ref.dimension is dimension for ref in reachable(catalog, name).values())
    ]
    return {
        "kind": "dimension",
        "name": dimension.name,
        "model": dimension.model,
        "label": dimension.label,
        "description": dimension.description,
        "synonyms": dimension.synonyms,
        "type": dimension.type,
        "expr": dimension.expr,
        "grains": grains_of(dimension),
        "parent": dimension.parent,
        "children": [
            d.name for d in catalog.models[dimension.model].dimensions.values() if d.parent == dimension.name
        ],
        "values": dict(dimension.values),
        "metrics": metrics,
        "declared": str(dimension.position) if dimension.position else None,
    }


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """What a metric stands on: metrics on the way down, the models of their rows, the tables of those."""

    metrics: tuple[str, ...]
    models: tuple[str, ...]
    tables: tuple[str, ...]


def _lineage(catalog: Catalog, name: str) -> Lineage:
    below: dict[str, None] = {}

    def walk(each: str) -> None:
        for inner in catalog.metrics[each].inputs:
            below.setdefault(inner)
            walk(inner)

    walk(name)
    models = [catalog.metrics[base].model for base in base_metrics(catalog, name)]
    return Lineage(
        metrics=tuple(below),
        models=tuple(dict.fromkeys(model for model in models if model)),
        tables=tables_of(catalog, name),
    )


def _all_names(catalog: Catalog) -> set[str]:
    names = {*catalog.metrics, *catalog.models}
    for model in catalog.models.values():
        names |= {*model.dimensions, *model.segments}
    return names


# ------------------------------------------------------------------------------------------------------------ text


def _render_catalog(about: Mapping[str, Any]) -> Iterable[str]:
    yield ", ".join(f"{number} {what}" for what, number in about["counts"].items())
    yield f"calendar {about['calendar']}, currency {about['currency'] or 'none'}, {about['timezone']}"
    if about["closed_through"]:
        yield f"closed through {about['closed_through']}"
    yield ""
    width = max((len(metric["name"]) for metric in about["metrics"]), default=0)
    for metric in about["metrics"]:
        marks = " (certified)" if metric["certified"] else ""
        unit = f", {metric['unit']}" if metric["unit"] else ""
        yield f"  {metric['name']:<{width}}  {metric['label']}{unit}{marks}"
    yield ""
    for model in about["models"]:
        yield f"  {model['name']} ({model['table']}): {', '.join(model['dimensions'])}"


def _render_metric(about: Mapping[str, Any]) -> Iterable[str]:
    yield f"{about['name']}: {about['label']}"
    yield from _lines(
        ("", about["description"]),
        ("formula", about["formula"]),
        ("kind", about["metric_kind"]),
        ("unit", " ".join(each for each in (about["unit"], about["currency"]) if each)),
        ("better", about["better"]),
        ("also called", ", ".join(about["synonyms"])),
        ("owner", about["owner"]),
        (
            "certified",
            "lapsed: its definition has changed" if about["lapsed"] else _certified_words(about["certified"]),
        ),
        ("deprecated", about["deprecated"]),
        ("time", about["time"]),
        ("plan", ", ".join(f"{scenario}: {name}" for scenario, name in about["plan"].items())),
        ("made of", ", ".join(about["lineage"].metrics)),
        ("tables", ", ".join(about["lineage"].tables)),
        ("used by", ", ".join(about["used_by"])),
        ("dimensions", ", ".join(each["name"] for each in about["dimensions"])),
        ("examples", "; ".join(about["examples"])),
        ("definition", about["definition"]),
        ("declared in", about["declared"]),
    )


def _render_model(about: Mapping[str, Any]) -> Iterable[str]:
    yield f"{about['name']}: {about['label']}"
    joins = (
        f"{each['to']} as {each['as']}" if each["as"] != each["to"] else each["to"] for each in about["joins"]
    )
    yield from _lines(
        ("", about["description"]),
        ("table", about["table"]),
        ("key", ", ".join(about["key"])),
        ("time", about["time"]),
        ("where", about["where"]),
        ("joins", ", ".join(joins)),
        ("segments", "; ".join(f"{name}: {expr}" for name, expr in about["segments"].items())),
        ("dimensions", ", ".join(each["name"] for each in about["dimensions"])),
        ("metrics", ", ".join(about["metrics"])),
        ("owner", about["owner"]),
        ("declared in", about["declared"]),
    )


def _render_dimension(about: Mapping[str, Any]) -> Iterable[str]:
    yield f"{about['model']}.{about['name']}: {about['label']}"
    yield from _lines(
        ("", about["description"]),
        ("type", about["type"]),
        ("formula", about["expr"]),
        ("grains", ", ".join(about["grains"])),
        ("also called", ", ".join(about["synonyms"])),
        ("within", about["parent"]),
        ("contains", ", ".join(about["children"])),
        ("metrics", ", ".join(about["metrics"])),
        ("declared in", about["declared"]),
    )
    for value, words in about["values"].items():
        yield f"    {value}" + (f": {', '.join(words)}" if words else "")


def _render_segment(about: Mapping[str, Any]) -> Iterable[str]:
    yield f"{about['model']}.{about['name']}: {about['label']}"
    yield from _lines(("where", about["where"]))


def _render_several(about: Mapping[str, Any]) -> Iterable[str]:
    for index, each in enumerate(about["found"]):
        if index:
            yield ""
        yield f"[{each['kind']}]"
        yield render_description(each)


_RENDERERS = {
    "catalog": _render_catalog,
    "metric": _render_metric,
    "model": _render_model,
    "dimension": _render_dimension,
    "segment": _render_segment,
    "several": _render_several,
}


def _lines(*pairs: tuple[str, Any]) -> Iterable[str]:
    for name, value in pairs:
        if value:
            yield f"  {name + ':':<13} {value}" if name else f"  {value}"


def _certified_words(certified: Mapping[str, Any] | None) -> str:
    if not certified:
        return ""
    since = f" since {certified['since']}" if certified["since"] else ""
    return f"by {certified['by']}{since}"
