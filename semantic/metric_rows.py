"""The catalog's metrics as rows of one table, for tools that read tables: by month, by fiscal year, and by a few groups.

Metrics that share their models are asked together. What has no value (no data, undefined) gives no row.
Layer: semantic. Asks through `SemanticLayer` like everybody else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

from datatrust.core.jsonio import dumps
from semantic.engine import SemanticLayer
from semantic.model import DimensionRef
from semantic.query import OWNER, MetricQuery
from semantic.reach import TIME, base_metrics, reachable_together

MetricRow = tuple[str, str, str, str, Decimal, str | None]
"""metric, first day of the period, grain of the period, groups as JSON, value, unit"""

MAX_MEMBERS = 25  # a dimension with more members is for questions, not for a table of everything
MAX_DIMENSIONS = 2
_GRAINS = ("month", "fiscal_year")


def metric_rows(layer: SemanticLayer) -> Iterator[MetricRow]:
    """Yield every metric of the layer's catalog by period, and by month and group of its smallest dimensions."""
    for names in _together(layer):
        grains = [grain for grain in _GRAINS if not _faults(layer, names, (f"{TIME}.{grain}",))]
        for grain in grains:
            yield from _rows(layer, names, grain, None)
        if grains and grains[0] == "month":
            for ref in _small_dimensions(layer, names):
                yield from _rows(layer, names, "month", ref)


def _together(layer: SemanticLayer) -> list[list[str]]:
    """Metrics that can be computed, those of the same models side by side."""
    groups: dict[frozenset[str], list[str]] = {}
    for name in layer.catalog.metrics:
        if _faults(layer, [name], ()):
            continue
        models = frozenset(
            layer.catalog.metrics[base].model or "" for base in base_metrics(layer.catalog, name)
        )
        groups.setdefault(models, []).append(name)
    return list(groups.values())


def _faults(layer: SemanticLayer, names: Sequence[str], by: tuple[str, ...]) -> bool:
    return bool(layer.check(MetricQuery(metrics=tuple(names), group_by=by), viewer=OWNER))


def _small_dimensions(layer: SemanticLayer, names: Sequence[str]) -> list[DimensionRef]:
    """The dimensions that people group by most: categories with declared values first, then those with few."""
    shared = reachable_together(layer.catalog, names)
    refs = {
        ref.query_name: ref
        for name, ref in shared.items()
        if ref.dimension.type == "category" and name == ref.query_name and not ref.dimension.bins
    }
    ordered = sorted(refs.values(), key=lambda ref: (not ref.dimension.values, len(ref.path), ref.query_name))
    chosen: list[DimensionRef] = []
    for ref in ordered:
        if len(chosen) == MAX_DIMENSIONS:
            break
        if len(layer.values(ref, viewer=OWNER, limit=MAX_MEMBERS + 1)) <= MAX_MEMBERS:
            chosen.append(ref)
    return chosen


def _rows(
    layer: SemanticLayer, names: Sequence[str], grain: str, ref: DimensionRef | None
) -> Iterator[MetricRow]:
    by = (f"{TIME}.{grain}", *([ref.query_name] if ref else []))
    result = layer.query(MetricQuery(metrics=tuple(names), group_by=by), viewer=OWNER)
    if "truncated" in result.flags:
        return
    columns = [column for column in result.columns if column.kind == "metric"]
    for row in result.rows:
        period = row[0]
        if not isinstance(period, dt.date):
            continue
        groups = dumps({ref.query_name: row[1]}) if ref else "{}"
        for column, value in zip(columns, row[len(by) :], strict=True):
            if isinstance(value, int | Decimal) and not isinstance(value, bool):
                yield (column.name, period.isoformat(), grain, groups, Decimal(value), column.unit)
