"""Rules about metrics: what they are made of, and that it fits together. Layer: semantic."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition
from semantic.expressions import parse_expression
from semantic.model import Catalog, Metric
from semantic.reach import own_time
from semantic.rules.common import path_issue, place, unknown
from semantic.rules.models import time_issues
from semantic.units import NUMBER, formula_unit


def check_metric_models(catalog: Catalog) -> Iterator[Issue]:
    """A metric over rows names a model that exists."""
    for metric in catalog.metrics.values():
        if metric.model and metric.model not in catalog.models:
            owner = f'metric "{metric.name}"'
            yield unknown("DT211", "model", metric.model, owner, place(metric, "model"), catalog.models)


def check_metric_inputs(catalog: Catalog) -> Iterator[Issue]:
    """A ratio, formula or window is made of metrics that exist."""
    for metric in catalog.metrics.values():
        for index, name in enumerate(metric.inputs):
            if name not in catalog.metrics:
                owner = f'metric "{metric.name}"'
                at = _input_place(metric, index, name)
                hint = "a metric of this kind is made of metrics, not of columns"
                if "." in name:
                    hint = "metrics have plain names without a model before them"
                known = {**catalog.metrics, **metric.own_inputs}
                yield unknown("DT211", "metric", name, owner, at, known, hint)


def check_metric_cycles(catalog: Catalog) -> Iterator[Issue]:
    """No metric is made of itself; each ring is told once."""
    told: set[frozenset[str]] = set()
    done: set[str] = set()

    def walk(name: str, chain: tuple[str, ...]) -> Iterator[Issue]:
        if name in chain:
            ring = chain[chain.index(name) :]
            if frozenset(ring) not in told:
                told.add(frozenset(ring))
                metric = catalog.metrics[ring[0]]
                way = " -> ".join([*ring, ring[0]])
                message = f'metric "{ring[0]}" is made of itself: {way}'
                yield Issue(code="DT212", message=message, at=metric.position)
            return
        if name in done or name not in catalog.metrics:
            return
        for each in catalog.metrics[name].inputs:
            yield from walk(each, (*chain, name))
        done.add(name)

    for name in catalog.metrics:
        yield from walk(name, ())


def check_metric_time(catalog: Catalog) -> Iterator[Issue]:
    """A metric's own time is a time dimension that its model reaches; a balance has a time."""
    for metric in catalog.metrics.values():
        if metric.model not in catalog.models:
            continue
        owner = f'metric "{metric.name}"'
        if metric.time:
            yield from time_issues(catalog, metric.model or "", metric.time, owner, place(metric, "time"))
        if metric.balance and own_time(catalog, metric) is None:
            yield Issue(
                code="DT216",
                message=f"{owner}: a balance needs a time to be taken at",
                at=metric.position,
                hint=f"give it `time:`, or give model {metric.model} one",
            )


def check_plan(catalog: Catalog) -> Iterator[Issue]:
    """What a metric is set beside (budget, forecast) is another metric."""
    for metric in catalog.metrics.values():
        for scenario, name in metric.plan.items():
            owner = f'plan "{scenario}" of metric "{metric.name}"'
            if name not in catalog.metrics:
                yield unknown("DT211", "metric", name, owner, place(metric, "plan"), catalog.metrics)
            elif name == metric.name:
                yield Issue(code="DT212", message=f"{owner} is the metric itself", at=place(metric, "plan"))


def check_bridges(catalog: Catalog) -> Iterator[Issue]:
    """A bridge is over a metric of units; a price that it names is the ratio of the two."""
    for metric in catalog.metrics.values():
        rule = metric.bridge
        if rule is None:
            continue
        owner, at = f'bridge of metric "{metric.name}"', place(metric, "bridge")
        for name in (rule.quantity, *([rule.price] if rule.price else [])):
            if name not in catalog.metrics:
                yield unknown("DT211", "metric", name, owner, at, catalog.metrics)
        if rule.quantity == metric.name:
            yield Issue(code="DT212", message=f"{owner}: the quantity is the metric itself", at=at)
        price = catalog.metrics.get(rule.price or "")
        if price is not None and (price.kind, price.inputs) != ("ratio", (metric.name, rule.quantity)):
            yield Issue(
                code="DT213",
                message=f"{owner}: the price {price.name} is not {metric.name} over {rule.quantity}",
                at=at,
                hint=f"ratio: {{numerator: {metric.name}, denominator: {rule.quantity}}}",
            )


def check_units(catalog: Catalog) -> Iterator[Issue]:
    """A formula adds and subtracts only what is measured alike; money also in one currency."""
    for metric in catalog.metrics.values():
        if not metric.formula:
            continue
        try:
            tree = parse_expression(metric.formula).ast
        except UserError:
            continue
        mixed: list[tuple[str, str]] = []
        formula_unit(tree, partial(_unit_of, catalog, metric), mixed)
        for one, two in dict.fromkeys(mixed):
            yield Issue(
                code="DT217",
                message=f'metric "{metric.name}" adds or subtracts {_spoken(one)} and {_spoken(two)}',
                at=place(metric, "formula"),
                hint="bring both to one unit, or divide instead",
            )


def check_currency(catalog: Catalog) -> Iterator[Issue]:
    """Rows in several currencies can be converted only where the catalog says to what, and by which rates."""
    for metric in catalog.metrics.values():
        if not metric.currency_from or metric.currency_rate == "none":
            continue
        rates = catalog.rates
        missing = []
        if catalog.currency is None:
            missing.append("group")
        kind = metric.currency_rate or "average"
        if metric.currency_column is None and rates is None:
            missing.append("rates")
        elif metric.currency_column is None and rates is not None and rates.column(kind) is None:
            missing.append(kind)
        if missing:
            yield Issue(
                code="DT219",
                message=f'metric "{metric.name}" converts currencies, but the catalog has no {" and no ".join(missing)}',
                at=place(metric, "currency"),
                hint="calendar.yml: currency: {group: EUR, rates: gold.fx_rates, average: …, closing: …}",
            )


def check_entities(catalog: Catalog) -> Iterator[Issue]:
    """The columns that a balance is taken per are reached by joins that exist."""
    for metric in catalog.metrics.values():
        model = catalog.models.get(metric.model or "")
        if model is None or metric.balance is None:
            continue
        for name in (*metric.balance.per, *(metric.balance.valid or ())):
            issue = path_issue(catalog, model, name, f'metric "{metric.name}"', place(metric, "balance"))
            if issue:
                yield issue


def check_lifecycles(catalog: Catalog) -> Iterator[Issue]:
    """A lifecycle is of a metric over rows that has a time, and its entity is there."""
    for metric in catalog.metrics.values():
        rule = metric.lifecycle
        if rule is None or not metric.inputs or metric.inputs[0] not in catalog.metrics:
            continue
        owner = f'metric "{metric.name}"'
        of = catalog.metrics[metric.inputs[0]]
        if of.kind != "aggregate":
            yield Issue(
                code="DT213",
                message=f'{owner}: "{of.name}" is of kind "{of.kind}"; a lifecycle is of a metric over rows',
                at=place(metric, "of"),
                hint="name a count or sum on the model whose rows are what members do",
            )
        elif (model := catalog.models.get(metric.model or "")) is not None:
            if own_time(catalog, metric) is None:
                yield Issue(code="DT216", message=f"{owner}: its rows need a time", at=metric.position)
            issue = path_issue(catalog, model, rule.entity, owner, place(metric, "entity"))
            if issue:
                yield issue


def check_takes(catalog: Catalog) -> Iterator[Issue]:
    """Days that stand for a period are found in one column of values; an average of days needs values, not averages."""
    for metric in catalog.metrics.values():
        if metric.take is None or not metric.inputs or metric.inputs[0] not in catalog.metrics:
            continue
        of = catalog.metrics[metric.inputs[0]]
        why = None
        if of.kind != "aggregate":
            why = f'{of.name} is of kind "{of.kind}", whose parts could stand on different days'
        elif of.agg == "average":
            why = f"{of.name} is an average, which is not averaged or taken again"
        elif of.members is not None:
            why = f"{of.name} counts the rows of some members, who are chosen by period and not by day"
        if why is not None:
            yield Issue(
                code="DT213",
                message=f'metric "{metric.name}" takes days of a period, but {why}',
                at=place(metric, "cumulative"),
                hint="leave out `take`, or put the formula over metrics that take the same days",
            )


def check_identities(catalog: Catalog) -> Iterator[Issue]:
    """Both sides of an identity are formulas over metrics that exist."""
    for identity in catalog.identities.values():
        owner = f'identity "{identity.name}"'
        names = [name for side in (identity.left, identity.right) for name in parse_expression(side).columns]
        if not names:
            yield Issue(code="DT211", message=f"{owner} names no metric", at=identity.position)
        for name in dict.fromkeys(names):
            if name not in catalog.metrics:
                yield unknown("DT211", "metric", name, owner, identity.position, catalog.metrics)


def _input_place(metric: Metric, index: int, name: str) -> SourcePosition | None:
    if metric.members:
        try:
            return parse_expression(metric.members.where).position_of(name, place(metric, "members"))
        except (UserError, ValueError):
            return place(metric, "members")
    own = next((each for each in metric.own_inputs.values() if each.metric == name), None)
    if own is not None:
        return own.positions.get("metric", own.position)
    if metric.formula:
        try:
            return parse_expression(metric.formula).position_of(name, place(metric, "formula"))
        except (UserError, ValueError):
            return place(metric, "formula")
    keys = ("numerator", "denominator") if metric.kind == "ratio" else ("of",)
    key = keys[min(index, len(keys) - 1)]
    return metric.positions.get(key, place(metric, metric.kind))


def _unit_of(catalog: Catalog, metric: Metric, name: str) -> str | None:
    """What a name in the formula of `metric` is measured in."""
    found = catalog.metrics.get(metric.behind(name))
    if found is None:
        return None
    if found.unit == "currency" and found.currency:
        return f"currency {found.currency}"
    return found.unit


def _spoken(unit: str) -> str:
    return "a plain number" if unit == NUMBER else f'"{unit}"'
