"""How far the data behind a query reach: the difference between "nothing happened" and "has not arrived yet".

Layer: semantic. Reads no data but through `coverage`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from semantic.calendar import calendar_for, period_of
from semantic.model import Catalog
from semantic.reach import GRAINS, TIME, base_metrics, reachable

Coverage = Callable[[str], tuple[dt.date, dt.date] | None]  # metric -> its first and last day of data


def known_through(
    catalog: Catalog, bases: Sequence[str], coverage: Coverage, *, today: dt.date, until: dt.date
) -> dt.date:
    """Return the last day, up to `until`, that the data behind these base metrics know of.

    That is the last day that any of them has rows of. Where that is before `until`, a day on which nothing
    happened and a day that has not arrived yet look alike; then rows of other daily facts, which are published
    together, tell how far the data reach. A record that is dated by month stands for its whole month, and a
    closed period is known to its end. Balances count only where nothing else is asked, plans never.
    """
    flows = [base for base in bases if catalog.metrics[base].balance is None]
    own = [_whole_period(catalog, base, days[1]) for base in flows or bases if (days := coverage(base))]
    if not own:
        return until
    known = max([min(own), *([catalog.closed_through] if catalog.closed_through else [])])
    for base in _daily_facts(catalog):
        if known >= until:
            break
        days = coverage(base)
        if days is not None:
            known = max(known, min(days[1], today))
    return min(known, until)


def _daily_facts(catalog: Catalog) -> list[str]:
    """One base metric of each model whose rows are dated by day, plans and balances apart."""
    plans = {
        base
        for metric in catalog.metrics.values()
        for plan in metric.plan.values()
        if plan in catalog.metrics
        for base in base_metrics(catalog, plan)
    }
    found: dict[str, str] = {}
    for name, metric in catalog.metrics.items():
        if metric.model is None or metric.balance is not None or name in plans or metric.model in found:
            continue
        ref = reachable(catalog, name).get(TIME)
        if ref is not None and ref.dimension.grain == "day":
            found[metric.model] = name
    return list(found.values())


def _whole_period(catalog: Catalog, base: str, last: dt.date) -> dt.date:
    ref = reachable(catalog, base).get(TIME)
    grain = ref.dimension.grain if ref else "day"
    if grain not in GRAINS or grain == "day":
        return last
    return period_of(last, grain, calendar_for(catalog, grain=grain)).end
