"""Decide how money is converted: which metrics, from and to which currency, at which rate. Never by guess.

A flow is converted at the average rate of the period in which each row happened, a balance at the closing rate of
the period of its day, a transaction at the rate of its own day or row (IAS 21.21 to 21.23). Refuses what has no rate,
no time to find a rate by, or no one currency to be shown in.
Layer: semantic. Pure; used by the resolver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from datatrust.core.issues import Issue
from semantic.expressions import parse_expression
from semantic.model import Catalog, Metric
from semantic.query import Filter, MetricQuery
from semantic.quotients import Metrics
from semantic.reach import TIME, base_metrics, reachable
from semantic.resolved import Conversion, Key

DECIMALS = 2  # of converted money whose metric declares none
_VALUES = ("sum", "average", "min", "max", "median", "percentile", "percentile_disc")


def plan_conversions(
    query: MetricQuery, catalog: Catalog, names: Sequence[str], issues: list[Issue]
) -> dict[str, Conversion]:
    """Return how each base metric of `names` is converted; what cannot be is added to `issues`."""
    found: dict[str, Conversion] = {}
    target = query.currency
    if target is not None and (len(target) != 3 or not target.isalpha()):
        issues.append(Issue(code="DT324", message=f'currency "{query.currency}" is no ISO code like EUR'))
        return {}
    for name in dict.fromkeys(base for each in names for base in base_metrics(catalog, each)):
        metric = catalog.metrics[name]
        if not _is_money(metric) or (metric.currency_from is None and target in (None, metric.currency)):
            continue
        made = _conversion(query, catalog, metric, target, issues)
        if made is not None:
            found[name] = made
    money = [name for name in names if catalog.metrics[name].unit == "currency"]
    if target is not None and not money and not issues:
        issues.append(
            Issue(
                code="DT324",
                message=f"{', '.join(names)}: no money, so there is nothing to show in {target}",
                hint="give the metric `unit: currency`, or ask without a currency",
            )
        )
    if found:
        issues.extend(_added_numbers(catalog, names))
    return found


def in_target(catalog: Catalog, conversions: dict[str, Conversion], target: str | None) -> Catalog:
    """Return the catalog with the money of converted metrics in the currency that they come in."""
    shown = target or catalog.currency
    metrics = Metrics(catalog.metrics)
    for name, metric in catalog.metrics.items():
        if metric.unit == "currency" and any(base in conversions for base in base_metrics(catalog, name)):
            decimals = metric.decimals if metric.decimals is not None else DECIMALS
            metrics[name] = replace(metric, currency=shown, decimals=decimals)
    return replace(catalog, metrics=metrics)


def check_one_currency(
    catalog: Catalog, names: Sequence[str], keys: Sequence[Key], filters: Sequence[Filter]
) -> Iterator[Issue]:
    """Money that stays in each row's own currency is added up within one currency only."""
    split = {key.name.rpartition(".")[2] for key in keys}
    split |= {
        each.field.rpartition(".")[2] for each in filters if each.op in ("=", "in") and len(each.values) == 1
    }
    for name in dict.fromkeys(base for each in names for base in base_metrics(catalog, each)):
        metric = catalog.metrics[name]
        column = (metric.currency_from or "").rpartition(".")[2]
        if metric.currency_rate == "none" and column not in split:
            yield Issue(
                code="DT325",
                message=f"{name} is in several currencies, which do not add up",
                hint=f"group by {column}, or limit it to one: {column} = 'EUR'",
                at=metric.position,
            )


def check_constant_currency(
    query: MetricQuery, catalog: Catalog, conversions: Mapping[str, Conversion]
) -> Iterator[Issue]:
    """Constant rates say something only of what rates change."""
    for name in query.metrics:
        metric = catalog.metrics.get(name)
        if metric is not None and not any(base in conversions for base in base_metrics(catalog, name)):
            yield Issue(
                code="DT308",
                message=f"{name} is not converted from other currencies, so rates do not change it",
                hint="compare it with previous_year, or declare currency: {from: …, rate: …}",
                at=metric.position,
            )
    if query.rates_on is not None:
        yield Issue(
            code="DT308", message="constant_currency sets the rates itself", hint="leave rates_on out"
        )


def is_converted(catalog: Catalog, name: str) -> bool:
    """Whether exchange rates have a part in a metric's value, as the catalog declares it."""
    bases = (catalog.metrics[base] for base in base_metrics(catalog, name))
    return any(_is_money(each) and each.currency_from is not None for each in bases)


def _is_money(metric: Metric) -> bool:
    return metric.unit == "currency" and metric.agg in _VALUES and metric.currency_rate != "none"


def _conversion(
    query: MetricQuery, catalog: Catalog, metric: Metric, target: str | None, issues: list[Issue]
) -> Conversion | None:
    rates, group = catalog.rates, catalog.currency
    kind = metric.currency_rate or ("closing" if metric.balance else "average")
    to = target or group

    def refuse(message: str, hint: str) -> None:
        issues.append(Issue(code="DT324", message=message, hint=hint, at=metric.position))

    if metric.currency is None and metric.currency_from is None:
        refuse(f"{metric.name} is in no stated currency", "give it `currency:`")
        return None
    is_own = metric.currency_column is not None and query.rates_on is None
    needs_rates = not is_own or to != group
    if group is None or (needs_rates and rates is None):
        refuse(
            f"{metric.name} cannot be shown in {to}: the catalog has no rates",
            "calendar.yml: currency: {group: EUR, rates: gold.fx_rates, average: …, closing: …}",
        )
        return None
    own_kind = kind if kind != "transaction" or not is_own else "average"
    column = rates.column(own_kind) if rates is not None else None
    if needs_rates and column is None:
        refuse(
            f"{metric.name} needs the {own_kind} rate, which the catalog does not name",
            f"currency: {{{own_kind}: …}}",
        )
        return None
    if needs_rates and reachable(catalog, metric.name).get(TIME) is None and query.rates_on is None:
        refuse(f"{metric.name} has no time to find a rate by", "name a day: rates_on")
        return None
    rule = metric.balance
    is_older = rule is not None and bool(rule.per or rule.carry_forward_days or rule.valid)
    if is_older and query.rates_on is None:
        refuse(
            f"{metric.name} takes records of earlier days, whose rate is not that of the period's end",
            "name the day whose rates count: rates_on",
        )
        return None
    return Conversion(
        source=metric.currency_from,
        code=None if metric.currency_from else metric.currency,
        target=to or "",
        group=group,
        kind=own_kind,
        column=column,
        own_rate=metric.currency_column if is_own else None,
    )


def _added_numbers(catalog: Catalog, names: Iterable[str]) -> Iterator[Issue]:
    """A written amount in a formula is in the formula's own currency and cannot be shown in another."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        metric = catalog.metrics[name]
        waiting += metric.inputs
        if metric.unit != "currency" or metric.formula is None:
            continue
        for number in parse_expression(metric.formula).ast.find_all(exp.Literal):
            if (
                not isinstance(number.parent, exp.Mul | exp.Div | exp.Round)
                and str(number.this).strip("0.") != ""
            ):
                yield Issue(
                    code="DT324",
                    message=f"{name} adds the written amount {number.this}, which is in one currency only",
                    at=metric.position,
                    hint="ask for it in its own currency",
                )
                break
