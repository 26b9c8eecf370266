"""Which metrics may be added up over groups, and why others may not.

Layer: semantic. Pure, over the catalog's types.
"""

from __future__ import annotations

from sqlglot import exp

from semantic.expressions import parse_expression
from semantic.model import Catalog, Metric

_OVERLAPPING = ("count_distinct", "median", "percentile", "percentile_disc", "min", "max")


def why_not_additive(
    catalog: Catalog, metric: Metric, *, over_time: bool, ratios: bool
) -> tuple[Metric, str] | None:
    """Return the part of `metric` that does not add up, and why; None where all of it does.

    Args:
        over_time: whether the groups are periods.
        ratios: whether quotients are allowed, because their tops and bottoms are added up apart.
    """
    waiting = [metric]
    while waiting:
        part = waiting.pop()
        reason = _own_reason(part, over_time=over_time, ratios=ratios)
        if reason is not None:
            return part, reason
        waiting += [] if part.is_base else [catalog.metrics[name] for name in part.inputs]
    return None


def _own_reason(part: Metric, *, over_time: bool, ratios: bool) -> str | None:
    if not ratios:
        if part.kind == "ratio":
            return "a ratio does not add up"
        if part.kind == "derived" and parse_expression(part.formula or "").ast.find(exp.Div):
            return "a quotient does not add up"
        if part.agg == "average":
            return "an average does not add up"
    if part.kind == "cumulative" and over_time:
        return "it is cumulative already"
    if part.fill:
        return "a value that is filled in where there is none is in each group, and once in the whole"
    if over_time and any(each.to_start or each.each_day for each in part.own_inputs.values()):
        return "the days that it looks back to count in several periods"
    if part.take is not None:
        return "each group has days of its own that stand for a period"
    if part.members is not None and part.members.over == "period" and over_time:
        return "its members are chosen anew in each period"
    if part.kind == "lifecycle":
        return "a member may stand in several groups"
    if part.balance is not None:
        if over_time:
            return "a balance does not add up over time"
        if part.balance.take in ("min", "max"):
            return f"the {part.balance.take} of a balance does not add up"
    if part.agg in _OVERLAPPING:
        return f"{part.agg} does not add up over groups"
    return None
