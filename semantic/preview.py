"""The question behind `semantic preview`: the last 13 months of one metric, or the finest periods it is kept by.

Thirteen, so that the last month stands beside the same month of the year before.
Layer: semantic. Asks through `SemanticLayer` like everybody else.
"""

from __future__ import annotations

from semantic.calendar import calendar_for, period_of, shift
from semantic.engine import SemanticLayer
from semantic.query import MetricQuery, TimeRange, Viewer
from semantic.reach import TIME, base_metrics, grains_of, reachable

PERIODS = 13


def preview_query(layer: SemanticLayer, metric: str, *, viewer: Viewer) -> MetricQuery:
    """Return the question whose answer shows `metric` by period, to the last period that has data.

    Raises:
        UnknownName: no such metric.
    """
    names = layer.reachable(metric)
    grain = _grain(layer, metric) if TIME in names else None
    days = layer.coverage(metric, viewer=viewer) if grain else None
    if grain is None or days is None:
        return MetricQuery(metrics=(metric,))
    calendar = calendar_for(layer.catalog, grain=grain)
    last = period_of(max(days[0], min(days[1], layer.today)), grain, calendar)
    first = shift(last, 1 - PERIODS, calendar)
    return MetricQuery(
        metrics=(metric,),
        group_by=(f"{TIME}.{grain}",),
        time=TimeRange(start=first.start, end=last.end),
    )


def _grain(layer: SemanticLayer, metric: str) -> str | None:
    """Months; else the finest grain that all of its inputs' times are kept by."""
    kept = [
        grains_of(ref.dimension)
        for base in base_metrics(layer.catalog, metric)
        if (ref := reachable(layer.catalog, base).get(TIME)) is not None
    ]
    shared = [grain for grain in ("month", "quarter", "year", "week", "day") if all(grain in g for g in kept)]
    return shared[0] if shared else None
