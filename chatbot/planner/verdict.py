"""What a yes-or-no question holds its figure against, and whether it holds in a result.

Only what has one meaning gets a verdict: one figure, one row, and for "beat" a figure whose better side is known.
Layer: chatbot. Imports the catalog's and the query's types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from chatbot.planner.draft import Draft
from semantic.model import Catalog
from semantic.query import Filter, MetricQuery, Scalar

BETTER, AS_GOOD, WORSE = "better", "as good", "worse"
_SIDES = {BETTER: (">", "<"), AS_GOOD: (">=", "<="), WORSE: ("<", ">")}  # higher is better, lower is better


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`metric` is held against `values`, or against the base of the comparison where there are none."""

    metric: str
    op: str
    values: tuple[Scalar, ...] = ()


def find_verdict(
    draft: Draft, catalog: Catalog, query: MetricQuery, threshold: Filter | None
) -> Verdict | None:
    """Return what a question asks to be told yes or no about, if it is one thing."""
    if not (draft.whether or draft.why) or len(query.metrics) != 1 or (query.group_by and not draft.why):
        return None
    if any(len(condition.values) > 1 for condition in query.where):
        return None  # "did EMEA and APAC beat budget": together, or each?
    metric = query.metrics[0]
    if threshold is not None:
        return Verdict(metric=metric, op=threshold.op, values=threshold.values)
    tests = set(draft.tests)
    if len(tests) != 1 or query.compare is None:
        return None
    (test,) = tests
    better = catalog.metrics[metric].better
    if test in _SIDES:
        if better is None:
            return None
        test = _SIDES[test][0 if better == "higher" else 1]
    return Verdict(metric=metric, op=test)


def holds(verdict: Verdict, row: Mapping[str, Scalar]) -> bool | None:
    """Return whether it holds in a row; None where a number is missing."""
    value = row.get(verdict.metric)
    limits = verdict.values or (row.get(f"{verdict.metric}__base"),)
    numbers = [Decimal(each) for each in (value, *limits) if isinstance(each, int | Decimal)]
    if len(numbers) != 1 + len(limits):
        return None
    number, first, last = numbers[0], numbers[1], numbers[-1]
    return {
        ">": number > first,
        ">=": number >= first,
        "<": number < first,
        "<=": number <= first,
        "=": number == first,
        "!=": number != first,
        "between": first <= number <= last,
    }.get(verdict.op)
