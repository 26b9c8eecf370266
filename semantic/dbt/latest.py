"""Read dbt's second spelling (dbt 1.12, Fusion): entities and dimensions on the columns of `models:`, no measures.

A simple metric says itself how rows add up; it becomes a measure of its own name, which is all that differs.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from semantic.dbt.entry import Entry
from semantic.dbt.form import (
    DbtDimension,
    DbtMetric,
    Entity,
    Measure,
    MeasureInput,
    MetricInput,
    SemanticModel,
)
from semantic.dbt.legacy import (
    OwnMeasure,
    read_entity,
    read_input,
    read_non_additive,
    read_validity,
    table_name,
)
from semantic.dbt.losses import NotRead, Reason


def is_semantic(data: dict[str, object]) -> bool:
    """Whether an entry of `models:` is a semantic model, and switched on."""
    block = data.get("semantic_model")
    return block is True or (isinstance(block, dict) and block.get("enabled", True) is not False)


def read_model(entry: Entry, *, schema: str | None) -> SemanticModel:
    """Read one semantic model that stands on a dbt model."""
    block = entry.below("semantic_model") if isinstance(entry.data["semantic_model"], dict) else None
    entry.raw("semantic_model")
    entities: list[Entity] = []
    dimensions: list[DbtDimension] = []
    for column in entry.each("columns", "column"):
        _read_column(column, entities, dimensions)
    derived = entry.below("derived_semantics")
    if derived is not None:
        entities += [read_entity(each) for each in derived.each("entities", "entity")]
        dimensions += [_read_derived(each) for each in derived.each("dimensions", "dimension")]
    if block is not None:
        block.raw("enabled")
    name = entry.needed("name")
    return SemanticModel(
        name=(block.text("name") if block else None) or name,
        table=table_name(entry.text("alias") or name, entry.text("schema"), schema),
        description=entry.text("description") or "",
        label=(block.text("label") if block else None) or "",
        agg_time=entry.text("agg_time_dimension"),
        primary_entity=entry.text("primary_entity"),
        entities=tuple(entities),
        dimensions=tuple(dimensions),
        owner=entry.owner(),
        at=entry.at,
    )


def _read_column(column: Entry, entities: list[Entity], dimensions: list[DbtDimension]) -> None:
    name, described = column.needed("name"), column.text("description") or ""
    column.raw("config")
    entity, dimension = column.raw("entity"), column.raw("dimension")
    grain = (column.text("granularity") or "day").lower()
    if isinstance(entity, str):
        entities.append(Entity(name=name, type=entity.lower(), at=column.at))
    elif entity is not None and (body := column.below("entity")) is not None:
        called = body.text("name") or name
        kind = body.needed("type").lower()
        entities.append(Entity(name=called, type=kind, expr=name if called != name else None, at=body.at))
        body.text("description"), body.text("label")
    if isinstance(dimension, str):
        made = DbtDimension(
            name=name, type=dimension.lower(), grain=grain, description=described, at=column.at
        )
        dimensions.append(made)
    elif dimension is not None and (body := column.below("dimension")) is not None:
        called = body.text("name") or name
        dimensions.append(
            DbtDimension(
                name=called,
                type=(body.text("type") or "categorical").lower(),
                expr=name if called != name else None,
                grain=grain,
                is_partition=body.flag("is_partition"),
                validity=read_validity(body.below("validity_params")),
                label=body.text("label") or "",
                description=body.text("description") or described,
                at=body.at,
            )
        )


def _read_derived(entry: Entry) -> DbtDimension:
    return DbtDimension(
        name=entry.needed("name"),
        type=entry.needed("type").lower(),
        expr=entry.needed("expr"),
        grain=(entry.text("granularity") or "day").lower(),
        is_partition=entry.flag("is_partition"),
        validity=read_validity(entry.below("validity_params")),
        label=entry.text("label") or "",
        description=entry.text("description") or "",
        at=entry.at,
    )


def is_latest_metric(data: dict[str, object]) -> bool:
    """Whether a metric is written without `type_params`."""
    return "type_params" not in data


def read_metric(entry: Entry, *, model: str | None) -> tuple[DbtMetric, OwnMeasure | None]:
    """Read one metric; `model` is the semantic model that it stands in, which a simple metric needs."""
    name, kind = entry.needed("name"), entry.needed("type").lower()
    parts = tuple(_parts(entry))
    metric = DbtMetric(
        name=name,
        type=kind,
        label=entry.text("label") or "",
        description=entry.text("description") or "",
        filters=entry.filters(),
        grain=entry.text("time_granularity"),
        of=next((read_input(each) for each in entry.each("input_metric", "metric")), None),
        inputs=parts,
        expr=entry.text("expr"),
        window=entry.span("window"),
        to_date=entry.text("grain_to_date"),
        period_agg=(entry.text("period_agg") or "first").lower(),
        owner=entry.owner(),
        at=entry.at,
    )
    if kind == "conversion":
        for key in ("entity", "calculation", "base_metric", "conversion_metric", "constant_properties"):
            entry.raw(key)
    if kind != "simple":
        return metric, None
    if model is None:
        raise NotRead(Reason.SHAPE, "a simple metric stands under the model whose rows it counts")
    share = entry.number("percentile")
    made = Measure(
        name=name,
        agg=_AGGREGATIONS.get(entry.needed("agg").lower(), entry.needed("agg").lower()),
        expr=metric.expr,
        agg_time=entry.text("agg_time_dimension"),
        percentile=share / 100 if share is not None and share > 1 else share,
        is_discrete=entry.text("percentile_type") == "discrete",
        non_additive=read_non_additive(entry.below("non_additive_dimension")),
        at=entry.at,
    )
    taken = MeasureInput(
        name=name, fill=entry.number("fill_nulls_with"), joins_spine=entry.flag("join_to_timespine")
    )
    return replace(metric, measure=taken, expr=None), (model, made)


_AGGREGATIONS = {"avg": "average"}


def _parts(entry: Entry) -> Iterator[MetricInput]:
    for key in ("numerator", "denominator", "input_metrics"):
        yield from (read_input(each) for each in entry.each(key, "metric"))
