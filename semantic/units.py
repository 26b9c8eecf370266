"""Infer what a metric is measured in, where its author did not say, from what it is made of.

Counts are counts; money over money is a share and reads as a percent; money over a count is money for each; sums
keep the unit of their terms. What cannot be told stays without a unit. Also says where a formula mixes units.
Layer: semantic. Pure, over the catalog's types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlglot import exp

from datatrust.core.errors import UserError
from semantic.expressions import parse_expression, path_of
from semantic.model import Catalog, Metric

_KEEPS = (exp.Paren, exp.Neg, exp.Abs, exp.Round, exp.Coalesce, exp.Nullif, exp.Floor, exp.Ceil)
NUMBER = "number"  # a bare number in a formula: takes any unit


def infer_units(catalog: Catalog) -> dict[str, Metric]:
    """Return the metrics with `unit` and `currency` filled in."""
    done: dict[str, Metric] = {}

    def visit(name: str, above: tuple[str, ...]) -> Metric | None:
        if name in done:
            return done[name]
        metric = catalog.metrics.get(name)
        if metric is None or name in above:
            return metric
        inputs = {each: visit(each, (*above, name)) for each in metric.inputs}
        known = {each: found for each, found in inputs.items() if found is not None}
        unit = metric.unit or ("count" if _is_flag_sum(catalog, metric) else _unit_of(metric, known))
        currency = metric.currency
        if unit == "currency" and currency is None:
            currencies = {each.currency for each in known.values() if each.currency}
            currency = currencies.pop() if len(currencies) == 1 else catalog.currency
        done[name] = replace(metric, unit=unit, currency=currency if unit == "currency" else None)
        return done[name]

    for name in catalog.metrics:
        visit(name, ())
    return {name: done[name] for name in catalog.metrics}


def formula_unit(
    tree: exp.Expr, unit_of: Callable[[str], str | None], mixed: list[tuple[str, str]] | None = None
) -> str | None:
    """Return the unit of a formula over metrics; NUMBER for a bare number, None where it cannot be told.

    Args:
        tree: the formula.
        unit_of: the unit of a metric by name.
        mixed: where given, each sum or difference of two units that differ is added as a pair.
    """
    path = path_of(tree)
    if path is not None:
        return unit_of(".".join(path))
    if isinstance(tree, exp.Literal):
        return NUMBER
    if isinstance(tree, _KEEPS):
        return formula_unit(tree.this, unit_of, mixed)
    if isinstance(tree, exp.Add | exp.Sub):
        one, two = (formula_unit(side, unit_of, mixed) for side in (tree.this, tree.expression))
        if mixed is not None and one and two and one != two and NUMBER not in (one, two):
            mixed.append((one, two))
        if one == NUMBER:
            return two
        return one if two in (one, NUMBER) else None
    if isinstance(tree, exp.Mul):
        one, two = (formula_unit(side, unit_of, mixed) for side in (tree.this, tree.expression))
        scales = (NUMBER, "count", "percent")
        if one in scales:
            return two if one != two or one == NUMBER else None
        return one if two in scales else None
    if isinstance(tree, exp.Div):
        one, two = (formula_unit(side, unit_of, mixed) for side in (tree.this, tree.expression))
        if two == NUMBER:
            return one
        if one == two:
            return "percent" if one == "currency" else None
        return "currency" if one == "currency" and two == "count" else None
    return None


def _is_flag_sum(catalog: Catalog, metric: Metric) -> bool:
    """A sum over a flag counts the rows where it holds."""
    model = catalog.models.get(metric.model or "")
    flag = model.dimensions.get(metric.expr or "") if model else None
    return metric.agg == "sum" and flag is not None and flag.type == "flag"


def _unit_of(metric: Metric, inputs: Mapping[str, Metric]) -> str | None:
    if metric.kind in ("aggregate", "balance"):
        if metric.currency or metric.currency_from:
            return "currency"
        return "count" if metric.agg in ("count", "count_distinct") else None
    if metric.kind == "lifecycle":
        return "count"
    if metric.kind == "cumulative":
        return next((each.unit for each in inputs.values()), None)
    if metric.kind == "ratio" and len(metric.inputs) == 2:
        top, bottom = (inputs.get(name) for name in metric.inputs)
        return ratio_unit(top, bottom) if top and bottom else None
    if metric.formula is not None:
        try:
            tree = parse_expression(metric.formula).ast
        except UserError:
            return None
        unit = formula_unit(
            tree, lambda name: inputs[metric.behind(name)].unit if metric.behind(name) in inputs else None
        )
        return None if unit == NUMBER else unit
    return None


def ratio_unit(top: Metric, bottom: Metric) -> str | None:
    """Return what one metric over another is measured in, None where it cannot be told."""
    if top.unit is None or bottom.unit is None:
        return None
    if top.unit == bottom.unit:
        if top.unit != "count":
            return "percent"
        # orders over customers is no share; returned orders over orders is
        same = (top.model, top.agg, top.expr) == (bottom.model, bottom.agg, bottom.expr)
        return "percent" if same and top.model else None
    return top.unit if bottom.unit == "count" else None
