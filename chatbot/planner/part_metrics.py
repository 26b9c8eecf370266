"""Find the catalog's figure for a part of another: the same rows and sum under conditions that the question names.

Only a figure whose definition says exactly these conditions will do; nothing near is taken for it.
Layer: chatbot. Imports the catalog's types.
"""

from __future__ import annotations

from collections.abc import Sequence

from datatrust.core.errors import UserError
from semantic.expressions import parse_filter
from semantic.model import Catalog, Metric
from semantic.query import Filter


def part_metrics(catalog: Catalog, whole: str, conditions: Sequence[Filter]) -> list[str]:
    """Return the metrics that are `whole` under these conditions."""
    base = catalog.metrics[whole]
    own = _conditions(base)
    if base.kind != "aggregate" or own is None:
        return []
    wanted = {_key(condition) for condition in conditions}
    found = []
    for name, metric in catalog.metrics.items():
        if metric.kind != base.kind or metric.deprecated or _counted(metric) != _counted(base):
            continue
        said = _conditions(metric)
        if said is not None and own <= said and said - own == wanted - own:
            found.append(name)
    return found


def wholes_of(catalog: Catalog, part: str) -> list[str]:
    """Return the metrics of which `part` is a part: the same sum or count under fewer conditions."""
    metric = catalog.metrics[part]
    own = _conditions(metric)
    if metric.kind != "aggregate" or not own:
        return []
    found = []
    for name, other in catalog.metrics.items():
        if other.kind != metric.kind or other.deprecated or _counted(other) != _counted(metric):
            continue
        said = _conditions(other)
        if said is not None and said < own:
            found.append(name)
    return found


def _counted(metric: Metric) -> tuple[object, ...]:
    """What is added up, over which rows, in which time and money."""
    return (
        metric.model, metric.agg, metric.expr, metric.percentile, metric.time,
        metric.unit, metric.currency, metric.currency_from, metric.currency_rate,
    )  # fmt: skip


def _conditions(metric: Metric) -> frozenset[tuple[object, ...]] | None:
    """A metric's own conditions; None where they are more than simple ones joined by and."""
    if not metric.where:
        return frozenset()
    try:
        return frozenset(_key(condition) for condition in parse_filter(metric.where))
    except UserError:
        return None


def _key(condition: Filter) -> tuple[object, ...]:
    return (condition.field, condition.op, frozenset(condition.values))
