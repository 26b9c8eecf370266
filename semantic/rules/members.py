"""Rules about metrics that count the rows of some members only. Layer: semantic."""

from __future__ import annotations

from collections.abc import Iterator

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from semantic.model import Catalog, Metric, Model
from semantic.reach import own_time, path_to
from semantic.rules.absent import Unsure, holds_without_rows
from semantic.rules.common import place, unknown
from semantic.rules.inputs import bases_within, is_condition, within


def check_members(catalog: Catalog) -> Iterator[Issue]:
    """Members have a key, every metric leads to one of them at most, and what chooses them adds up rows."""
    for metric in catalog.metrics.values():
        if metric.lifecycle and any(
            catalog.metrics[each].members for each in metric.inputs[:1] if each in catalog.metrics
        ):
            yield _issue(
                metric,
                "of",
                f"{metric.inputs[0]} counts some members only, and a lifecycle is of all records",
                hint="name a metric over all rows",
            )
        if metric.members is None:
            continue
        of = catalog.models.get(metric.members.of)
        if of is None:
            owner = f'metric "{metric.name}", members'
            yield unknown("DT211", "model", metric.members.of, owner, place(metric, "of"), catalog.models)
            continue
        if not of.key:
            yield _issue(
                metric,
                "of",
                f'model "{of.name}" has no key, so its members cannot be told apart',
                hint=f"declare `key:` in model {of.name}",
            )
        if not is_condition(metric.members.where):
            yield _issue(
                metric, "members", "its condition on members is no condition", hint="revenue >= 10000"
            )
        if all(name in catalog.metrics for name in metric.inputs):
            yield from _without_rows(catalog, metric, metric.members.where)
        yield from _unproved(catalog, metric, metric, of)
        for name in metric.inputs:
            yield from _wrong_kinds(catalog, metric, name)
            for base in bases_within(catalog, name):
                yield from _unproved(catalog, metric, base, of)
                by_period = metric.members.over == "period"
                if by_period and own_time(catalog, metric) and own_time(catalog, base) is None:
                    yield _issue(
                        metric, "members", f"{base.name} has no time, so it has no value in a period"
                    )


def _without_rows(catalog: Catalog, metric: Metric, condition: str) -> Iterator[Issue]:
    """Members without any rows are in no aggregate, so a condition that they meet would silently leave them out."""
    if any(name == metric.name for each in metric.inputs for name in (m.name for m in within(catalog, each))):
        return  # a ring, which is told elsewhere
    try:
        if not holds_without_rows(catalog, condition):
            return
        said = "also holds for members without any rows, which no aggregate has"
    except (Unsure, UserError):
        said = "may hold for members without any rows, which no aggregate has"
    yield _issue(
        metric,
        "members",
        f"its condition {said}",
        hint="ask for what is there: visits >= 1 and visits < 5",
    )


def _wrong_kinds(catalog: Catalog, metric: Metric, name: str) -> Iterator[Issue]:
    for each in within(catalog, name):
        looks_back = any(own.offset or own.to_start or own.where for own in each.own_inputs.values())
        if each.kind in ("balance", "cumulative", "lifecycle") or looks_back or each.members:
            what = (
                "has rows or days of its own" if looks_back or each.members else f'is of kind "{each.kind}"'
            )
            yield _issue(
                metric,
                "members",
                f"{each.name} {what}, and members are chosen by what adds up over the asked period",
                hint="choose them by sums, counts, averages and formulas over those",
            )


def _unproved(catalog: Catalog, metric: Metric, base: Metric, of: Model) -> Iterator[Issue]:
    """Each row that `base` counts belongs to one member at most, or the fix."""
    if base.model is None or base.model not in catalog.models:
        return
    path = path_to(catalog, base.model, of.name)
    if path is None:
        yield _issue(
            metric,
            "of",
            f'no one many-to-one path leads from {base.name} (model "{base.model}") to {of.name}: '
            "a row could belong to several of them, or to none",
            hint=f"join {of.name} in model {base.model}, or choose between its paths with `via:`",
        )
        return
    here = catalog.models[base.model]
    for alias in path:
        join = here.joins[alias]
        if join.valid:
            yield _issue(
                metric,
                "of",
                f'{base.name} is joined to versions ("{alias}"), and a version is no member',
                hint=f"join a model with one row for each of {of.name}",
            )
        here = catalog.models[join.to]


def _issue(metric: Metric, key: str, message: str, hint: str | None = None) -> Issue:
    return Issue(code="DT239", message=f'metric "{metric.name}": {message}', at=place(metric, key), hint=hint)
