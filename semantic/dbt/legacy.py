"""Read dbt's first spelling: `semantic_models:` with measures, `metrics:` with type_params; `semantic_manifest.json` too.

The manifest is the same spelling with every default written out. Metrics that it took from the new spelling stand on
no measure (`metric_aggregation_params`); they get one of their own name.
Layer: semantic.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from semantic.dbt.entry import Entry
from semantic.dbt.form import (
    DbtDimension,
    DbtMetric,
    Entity,
    Measure,
    MeasureInput,
    MetricInput,
    NonAdditive,
    SemanticModel,
    TimeSpine,
)
from semantic.dbt.losses import NotRead, Reason

OwnMeasure = tuple[str, Measure]  # the model's name, and a measure that a metric brings along


def read_model(entry: Entry, *, schema: str | None) -> SemanticModel:
    """Read one semantic model."""
    defaults = entry.below("defaults")
    return SemanticModel(
        name=entry.needed("name"),
        table=_table(entry, schema),
        description=entry.text("description") or "",
        label=entry.text("label") or "",
        agg_time=defaults.text("agg_time_dimension") if defaults else None,
        primary_entity=entry.text("primary_entity"),
        entities=tuple(read_entity(each) for each in entry.each("entities", "entity")),
        dimensions=tuple(read_dimension(each) for each in entry.each("dimensions", "dimension")),
        measures=tuple(_read_measure(each) for each in entry.each("measures", "measure")),
        owner=entry.owner(),
        at=entry.at,
    )


def _table(entry: Entry, schema: str | None) -> str:
    relation, model = entry.below("node_relation"), entry.text("model")
    if relation is not None:
        return table_name(relation.needed("alias"), relation.text("schema_name"), schema)
    if model is None:
        raise NotRead(Reason.SHAPE, "it names no table (`model: ref('…')` or `node_relation`)")
    return table_name(model.strip().removeprefix("ref(").removesuffix(")").strip(" '\""), None, schema)


def table_name(alias: str, own_schema: str | None, schema: str | None) -> str:
    """Return a table as our models name it; a schema that is left open (`$source_schema`) is the given one."""
    chosen = schema if own_schema is None or own_schema.startswith("$") else own_schema
    name = alias.split(",")[-1].strip(" '\"")  # ref('package', 'model')
    return f"{chosen}.{name}" if chosen else name


def read_entity(entry: Entry) -> Entity:
    """Read one entity."""
    return Entity(
        name=entry.needed("name"), type=entry.needed("type").lower(), expr=entry.text("expr"), at=entry.at
    )


def read_dimension(entry: Entry) -> DbtDimension:
    """Read one dimension."""
    params = entry.below("type_params")
    validity = params.below("validity_params") if params else None
    return DbtDimension(
        name=entry.needed("name"),
        type=entry.needed("type").lower(),
        expr=entry.text("expr"),
        grain=((params.text("time_granularity") if params else None) or "day").lower(),
        is_partition=entry.flag("is_partition"),
        validity=read_validity(validity),
        label=entry.text("label") or "",
        description=entry.text("description") or "",
        at=entry.at,
    )


def read_validity(entry: Entry | None) -> Literal["start", "end"] | None:
    """Which end of a version a time dimension is."""
    if entry is None:
        return None
    if entry.flag("is_start"):
        return "start"
    return "end" if entry.flag("is_end") else None


def _read_measure(entry: Entry) -> Measure:
    params, apart = entry.below("agg_params"), entry.below("non_additive_dimension")
    return Measure(
        name=entry.needed("name"),
        agg=entry.needed("agg").lower(),
        expr=entry.text("expr"),
        agg_time=entry.text("agg_time_dimension"),
        percentile=params.number("percentile") if params else None,
        is_discrete=params.flag("use_discrete_percentile") if params else False,
        is_approximate=params.flag("use_approximate_percentile") if params else False,
        non_additive=read_non_additive(apart),
        makes_metric=entry.flag("create_metric"),
        label=entry.text("label") or "",
        description=entry.text("description") or "",
        at=entry.at,
    )


def read_non_additive(entry: Entry | None) -> NonAdditive | None:
    """Read `non_additive_dimension` in either spelling."""
    if entry is None:
        return None
    window = entry.text("window_choice") or entry.text("window_agg") or "min"
    groupings = entry.words("window_groupings") or entry.words("group_by")
    return NonAdditive(name=entry.needed("name"), window=window.lower(), groupings=groupings)


def read_metric(entry: Entry) -> tuple[DbtMetric, OwnMeasure | None]:
    """Read one metric, and the measure that it brings along where it stands on none."""
    params = entry.below("type_params") or entry.empty()
    cumulative = params.below("cumulative_type_params")
    name, kind = entry.needed("name"), entry.needed("type").lower()
    metric = DbtMetric(
        name=name,
        type=kind,
        label=entry.text("label") or "",
        description=entry.text("description") or "",
        filters=entry.filters(),
        grain=entry.text("time_granularity"),
        measure=_measure_input(params),
        of=next((read_input(each) for each in cumulative.each("metric", "metric")), None)
        if cumulative
        else None,
        inputs=_inputs(params),
        expr=params.text("expr"),
        window=(cumulative.span("window") if cumulative else None) or params.span("window"),
        to_date=(cumulative.text("grain_to_date") if cumulative else None) or params.text("grain_to_date"),
        period_agg=((cumulative.text("period_agg") if cumulative else None) or "first").lower(),
        owner=entry.owner(),
        at=entry.at,
    )
    own = params.below("metric_aggregation_params")
    params.raw("conversion_type_params")  # told as a metric of that kind
    if metric.measure is not None or own is None or kind != "simple":
        return metric, None
    made = replace(_read_measure(own.with_name(name)), expr=own.text("expr") or metric.expr)
    taken = MeasureInput(
        name=name, fill=params.number("fill_nulls_with"), joins_spine=params.flag("join_to_timespine")
    )
    return replace(metric, measure=taken), (own.needed("semantic_model"), made)


def _measure_input(params: Entry) -> MeasureInput | None:
    for each in params.each("measure", "measure"):
        return MeasureInput(
            name=each.needed("name"),
            filters=each.filters(),
            fill=each.number("fill_nulls_with"),
            joins_spine=each.flag("join_to_timespine"),
        )
    return None


def _inputs(params: Entry) -> tuple[MetricInput, ...]:
    parts = [read_input(each) for key in ("numerator", "denominator") for each in params.each(key, "metric")]
    return tuple(parts) or tuple(read_input(each) for each in params.each("metrics", "metric"))


def read_input(entry: Entry) -> MetricInput:
    """Read a metric that another is made of."""
    return MetricInput(
        name=entry.needed("name"),
        alias=entry.text("alias"),
        filters=entry.filters(),
        offset=entry.span("offset_window"),
        to_grain=entry.text("offset_to_grain"),
    )


def read_spine(entry: Entry, *, schema: str | None) -> TimeSpine:
    """Read one time spine of a project's configuration."""
    relation, column = entry.below("node_relation"), entry.below("primary_column")
    if relation is None or column is None:
        raise NotRead(Reason.SHAPE, "a time spine needs its table and its column")
    grains = {each.needed("name"): each.text("column_name") or each.needed("name")
              for each in entry.each("custom_granularities", "time spine")}  # fmt: skip
    return TimeSpine(
        table=table_name(relation.needed("alias"), relation.text("schema_name"), schema),
        column=column.needed("name"),
        grain=(column.text("time_granularity") or "day").lower(),
        custom=grains,
    )
