"""Write a catalog as dbt's semantic models and metrics, as MetricFlow reads them; `semantic.dbt` reads them back.

Keys are entities, portable metrics measures with a metric each, quotients and formulas metrics of metrics. What the
form has no place for stands in `config: {meta: ...}`, as text that dbt's templates leave alone.
Layer: semantic. Pure.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from sqlglot import exp

from datatrust.core.yaml import Document
from semantic.dbt.files import EXTENSION, read_documents
from semantic.dbt.importer import made_of
from semantic.interchange.exported import Exported, export_losses
from semantic.interchange.imported import plain_of
from semantic.interchange.judged import dump_yaml
from semantic.interchange.native import column_of, field_sql, writable_joins
from semantic.interchange.overlay import Extension, extension_of
from semantic.interchange.plain import plain_catalog
from semantic.interchange.portable import Aggregate, Portable, formula_sql, names_in, portable_metrics
from semantic.model import Catalog, Dimension, Metric, Model

FILE = "semantic_models.yml"
_HEAD = "# Written by `datatrust semantic export --to dbt`; read by MetricFlow, and by `datatrust semantic import`.\n"

_NAME = re.compile(r"(?!.*__)[a-z][a-z0-9_]*[a-z0-9]")
_GRAINS = ("nanosecond", "microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")  # fmt: skip

Made = dict[str, Any]


def is_dbt_name(name: str) -> bool:
    """Whether dbt takes a name: small letters, digits and single underscores, and no word for a grain.

    >>> is_dbt_name("net_sales"), is_dbt_name("month"), is_dbt_name("custId")
    (True, False, False)
    """
    return _NAME.fullmatch(name) is not None and name not in _GRAINS


def export_dbt(catalog: Catalog) -> Exported:
    """Return a checked catalog as one file of semantic models and metrics."""
    portable = _expressible(catalog)
    entities = _entities(catalog)
    models = [
        _model(catalog, portable, each, entities)
        for each in catalog.models.values()
        if is_dbt_name(each.name)
    ]
    measures = {
        name: _measure_name(name, _names_of(models, each.model)) for name, each in portable.aggregates.items()
    }
    metrics = [_metric(catalog.metrics[name], portable, measures) for name in portable.names()]
    made: Made = {"semantic_models": models} | ({"metrics": metrics} if metrics else {})
    manifest, losses = read_documents([Document(FILE, made, {})])
    read = made_of(manifest, losses)
    read.judge()
    extension = extension_of(plain_catalog(catalog), plain_of(read))
    _extend(models, metrics, extension)
    return Exported(
        texts={FILE: dump_yaml(made, _HEAD)},
        losses=tuple(export_losses(extension, portable.reasons)),
        metrics=len(metrics),
        of=len(catalog.metrics),
    )


def _expressible(catalog: Catalog) -> Portable:
    portable = portable_metrics(catalog)
    reasons: dict[str, str] = {}
    for name in portable.names():
        found = portable.aggregates.get(name) or portable.formulas[name]
        if not is_dbt_name(name) or not is_dbt_name(found.model):
            reasons[name] = "dbt takes no such name, of it or of its model"
        elif not _time(catalog.models[found.model]):
            reasons[name] = "dbt adds up by a day of the same table, and its model has none"
    return portable.without(reasons)


def _time(model: Model) -> str | None:
    """The model's time, where it is a dimension that is written."""
    known = model.dimensions.get(model.time or "")
    return known.name if known is not None and field_sql(model, known) is not None else None


def _called(model: Model, name: str) -> str:
    """What a dimension is called: as here, where dbt takes the name."""
    if is_dbt_name(name):
        return name
    made = re.sub("_+", "_", re.sub(r"[^a-z0-9]", "_", name.lower())).strip("_")
    made = f"{made or 'x'}_column"
    while made in model.dimensions:
        made += "_2"
    return made if made[0].isalpha() else f"x_{made}"


def _entities(catalog: Catalog) -> dict[str, str]:
    """What the rows of each model with a key of one column are called: by the key, where that is clear."""
    keys = {name: model.key[0] for name, model in catalog.models.items() if len(model.key) == 1}
    many = Counter(keys.values())
    found: dict[str, str] = {}
    for name, key in keys.items():
        if many[key] == 1 and is_dbt_name(key) and _is_key_everywhere(catalog, name, key):
            found[name] = key
        else:
            names = {each for model in catalog.models.values() for each in model.dimensions}
            found[name] = f"{name}_key" if f"{name}_key" not in names else f"{name}_entity"
    return found


def _is_key_everywhere(catalog: Catalog, target: str, key: str) -> bool:
    """Whether in each model that joins the target its key's name, where it is one, is the key that is joined by."""
    for model in catalog.models.values():
        for alias, here, _ in writable_joins(catalog, model):
            if model.joins[alias].to == target and alias == target:
                known = model.dimensions.get(key)
                if known is not None and column_of(model, key) != here[0]:
                    return False
    own = catalog.models[target]
    return key not in own.dimensions or column_of(own, key) is not None


def _model(catalog: Catalog, portable: Portable, model: Model, entities: dict[str, str]) -> Made:
    made: Made = {"name": model.name}
    made |= {"description": _untemplated(model.description)} if model.description else {}
    made["model"] = f"ref('{model.table.rpartition('.')[2]}')"
    time = _time(model)
    made |= {"defaults": {"agg_time_dimension": _called(model, time)}} if time else {}
    own = _own_entities(catalog, model, entities)
    if own:
        made["entities"] = own
    if all(each["type"] != "primary" for each in own):
        made["primary_entity"] = entities.get(model.name, f"{model.name}_row")
    named = {each["name"] for each in own}
    dimensions = [
        entry
        for each in model.dimensions.values()
        if each.name not in named and (entry := _dimension(model, each))
    ]
    made |= {"dimensions": dimensions} if dimensions else {}
    taken = named | {each["name"] for each in dimensions}
    measures = [
        _measure(catalog.metrics[name], each, taken)
        for name, each in portable.aggregates.items()
        if each.model == model.name
    ]
    return made | ({"measures": measures} if measures else {})


def _own_entities(catalog: Catalog, model: Model, entities: dict[str, str]) -> list[Made]:
    made = []
    if model.name in entities and (key := column_of(model, model.key[0])):
        made.append(_entity(entities[model.name], "primary", key))
    for alias, here, _ in writable_joins(catalog, model):
        target = catalog.models[model.joins[alias].to]
        to_own_key = model.joins[alias].to_key == target.key and len(here) == 1
        if alias == target.name and target.name in entities and to_own_key:
            made.append(_entity(entities[target.name], "foreign", here[0]))
    return list({each["name"]: each for each in reversed(made)}.values())[::-1]


def _entity(name: str, kind: str, key: str) -> Made:
    return {"name": name, "type": kind} | ({"expr": key} if key != name else {})


def _dimension(model: Model, dimension: Dimension) -> Made | None:
    tree = field_sql(model, dimension)
    if tree is None:
        return None
    called = _called(model, dimension.name)
    made: Made = {"name": called, "type": "time" if dimension.type == "time" else "categorical"}
    made |= {"label": _untemplated(dimension.label)} if dimension.label else {}
    made |= {"description": _untemplated(dimension.description)} if dimension.description else {}
    if tree.sql() != called:
        made["expr"] = tree.sql()
    if dimension.type == "time":
        made["type_params"] = {"time_granularity": dimension.grain}
    return made


def _measure(metric: Metric, aggregate: Aggregate, taken: set[str]) -> Made:
    """An aggregate; its conditions stand in a `case`, for a measure has no filter of its own."""
    value = aggregate.value.copy() if aggregate.value is not None else exp.Literal.number(1)
    if aggregate.conditions:
        condition = exp.and_(*(each.copy() for each in aggregate.conditions))
        value = exp.Case(ifs=[exp.If(this=condition, true=value)])
    return {"name": _measure_name(metric.name, taken), "agg": aggregate.agg, "expr": value.sql()}


def _measure_name(name: str, taken: set[str]) -> str:
    """A measure is called like its metric, where no dimension of the model is."""
    return f"{name}_measure" if name in taken else name


def _names_of(models: list[Made], name: str) -> set[str]:
    """What the entities and dimensions of a written model are called."""
    return {
        each["name"]
        for model in models
        if model["name"] == name
        for part in ("entities", "dimensions")
        for each in model.get(part, ())
    }


def _metric(metric: Metric, portable: Portable, measures: dict[str, str]) -> Made:
    made: Made = {"name": metric.name, "label": _untemplated(metric.label)}
    made |= {"description": _untemplated(metric.description)} if metric.description else {}
    formula = portable.formulas.get(metric.name)
    if formula is None:
        made |= {"type": "simple", "type_params": {"measure": {"name": measures[metric.name]}}}
    elif formula.is_ratio:
        top, bottom = metric.inputs
        made |= {
            "type": "ratio",
            "type_params": {"numerator": {"name": top}, "denominator": {"name": bottom}},
        }
    else:
        text = formula_sql(formula.tree, lambda name: exp.column(name), exact=True).sql()
        inputs = [{"name": each} for each in names_in(formula.tree)]
        made |= {"type": "derived", "type_params": {"expr": text, "metrics": inputs}}
    return made


def _untemplated(text: str) -> str:
    """Text that dbt's templates leave alone."""
    for mark in ("{{", "{%", "{#"):
        text = text.replace(mark, f"{{ {mark[1]}")
    return text


def _extend(models: list[Made], metrics: list[Made], extension: Extension) -> None:
    for each in models:
        _put(each, dict(extension.models.get(each["name"], {})))
    for each in metrics:
        _put(each, dict(extension.metrics.get(each["name"], {})))
    if extension.rest and models:
        _put(models[0], {**extension.models.get(models[0]["name"], {}), "catalog": extension.rest})


def _put(entry: Made, data: Made) -> None:
    if data:
        text = json.dumps({EXTENSION: data}, ensure_ascii=False)
        for mark in ("{{", "{%", "{#"):  # inside texts only: no object begins so
            text = text.replace(mark, f"\\u007b{mark[1]}")
        entry["config"] = {"meta": {EXTENSION: text}}
