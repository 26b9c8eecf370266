"""May a change be split into price, volume and mix? Only where both add up over the members that make it.

Layer: semantic. Pure, over the catalog's types; the compiler does the arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datatrust.core.issues import Issue
from semantic.additivity import why_not_additive
from semantic.model import Catalog, Metric
from semantic.query import MetricQuery
from semantic.resolved import Key

PARTS = ("price", "volume", "mix", "members")
_BASES = ("previous_period", "previous_year")


def quantities(query: MetricQuery, metrics: Sequence[Metric]) -> list[str]:
    """Return the metrics that a bridge needs besides those that are asked."""
    return [each.bridge.quantity for each in metrics if query.bridge and each.bridge is not None]


def check_bridge(
    query: MetricQuery, catalog: Catalog, metrics: Sequence[Metric], keys: Sequence[Key]
) -> Iterator[Issue]:
    """What a bridge needs: a quantity, an earlier period, members, and values that add up."""
    if not query.bridge:
        return
    if query.compare is None or query.compare.to not in _BASES:
        yield Issue(
            code="DT311",
            message="a bridge explains a change between two periods: name the one to compare with",
            hint="compare: previous_year, or previous_period",
        )
    if not any(not key.grain for key in keys):
        yield Issue(
            code="DT311",
            message="a bridge needs the members whose prices and quantities changed",
            hint="group by a dimension such as the product",
        )
    if query.totals or (query.top is not None and query.top.others):
        yield Issue(
            code="DT311",
            message="prices of a total or of all others are no prices of members",
            hint="ask without totals and others: the parts of a bridge add up over its rows",
        )
    for metric in metrics:
        if metric.bridge is None:
            yield Issue(
                code="DT311",
                message=f"{metric.name} declares no quantity, so its change has no price and volume",
                at=metric.position,
                hint="bridge: {quantity: the metric of its units}",
            )
            continue
        for each in (metric, catalog.metrics[metric.bridge.quantity]):
            found = why_not_additive(catalog, each, over_time=False, ratios=False)
            if found is not None:
                yield Issue(
                    code="DT313",
                    message=f"a bridge of {each.name} says nothing: {found[1]}",
                    at=each.position,
                )
