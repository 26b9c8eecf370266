"""What fixes a metric's value, as words for people and as a hash for certificates.

The hash covers all that changes a number: aggregation, expression, conditions with their segments written out, the
dimensions and joins they use, table, time, and the hashes of the metrics it is made of. Labels, synonyms,
descriptions, owners and examples do not count; neither does the way a file is laid out.
Layer: semantic. Pure, over a checked catalog.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

from sqlglot import exp

from datatrust.core.jsonio import dumps
from semantic.expressions import conjuncts, parse_expression, path_of, walk_columns
from semantic.model import Catalog, Metric, MetricInput, Model
from semantic.reach import base_metrics, follow_path, path_to, reachable

_AGG_WORDS = {
    "sum": "Sum", "count": "Number", "count_distinct": "Number of different", "average": "Average",
    "min": "Smallest", "max": "Largest", "median": "Median", "percentile": "Percentile", "percentile_disc": "Percentile",
}  # fmt: skip
_TAKE_WORDS = {
    "last": "at the end of the period", "first": "at the start of the period",
    "average": "averaged over the days of the period", "min": "at its lowest in the period",
    "max": "at its highest in the period",
}  # fmt: skip
_DAY_WORDS = {
    None: "", "first": ", on the first day of a period that has a value",
    "first_day": ", on the first day of a period", "last": ", on the last day of a period that has a value", "average": ", averaged over the days of a period",
}  # fmt: skip
_STATE_WORDS = {
    "new": "for the first time", "active": "in the period", "returning": "in the period and before it",
    "lost": "no longer",
}  # fmt: skip


def define(catalog: Catalog) -> dict[str, Metric]:
    """Return the metrics of a checked catalog with `definition_hash` and `definition_words` filled in.

    A certification that names another definition than the metric's own has lapsed.
    """
    done: dict[str, Metric] = {}

    def visit(name: str) -> Metric:
        if name not in done:
            metric = catalog.metrics[name]
            inputs = {each: visit(each).definition_hash for each in metric.inputs}
            text = dumps(_pruned(_essence(catalog, metric, inputs)), sort_keys=True)
            digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
            lapsed = metric.certified_definition not in (None, digest)
            done[name] = replace(
                metric,
                definition_hash=digest,
                definition_words=definition_words(catalog, metric),
                certified_by=None if lapsed else metric.certified_by,
                lapsed=lapsed,
            )
        return done[name]

    return {name: visit(name) for name in catalog.metrics}


def definition_words(catalog: Catalog, metric: Metric) -> str:
    """Return how a metric is computed, as a sentence without its full stop.

    For example: Sum of net_amount over sales where net_sales (status in completed, refunded).
    """
    if metric.kind == "ratio":
        return f"{metric.inputs[0]} divided by {metric.inputs[1]}{_zero_words(metric)}"
    if metric.kind == "derived":
        own = "".join(f", where {each.name} is {_input_words(each)}" for each in metric.own_inputs.values())
        return f"{' '.join((metric.formula or '').split())}{own}{_zero_words(metric)}"
    if metric.kind == "cumulative":
        of, taken = metric.inputs[0], _DAY_WORDS[metric.take]
        if metric.rolling:
            number, unit = metric.rolling
            return f"{of} over the last {number} {unit}{'s' if number != 1 else ''}{taken}"
        if metric.to_date:
            return f"{of} from the start of the {metric.to_date.replace('_', ' ')} to date{taken}"
        return f"{of} over all time to date{taken}"
    if metric.kind == "lifecycle" and metric.lifecycle:
        rule = metric.lifecycle
        since = f" for {rule.inactive[0]} {rule.inactive[1]}s" if rule.inactive else ""
        return f"Number of {rule.entity} with {metric.inputs[0]} {_STATE_WORDS[rule.state]}{since}"
    model = catalog.models[metric.model or ""]
    words = [_aggregation_words(metric), f"over {model.name}"]
    conditions = [
        words_of for text in (model.where, metric.where) if text for words_of in _condition_words(text, model)
    ]
    if conditions:
        words.append(f"where {' and '.join(conditions)}")
    if metric.members:
        ever = " over all time" if metric.members.over == "all" else ""
        words.append(
            f"of {metric.members.of} with {_plain_words(parse_expression(metric.members.where).ast)}{ever}"
        )
    if metric.balance:
        words.append(_balance_words(metric))
    return " ".join(words)


def own_conditions(catalog: Catalog, metric: Metric, dimension: str) -> tuple[str, ...]:
    """Return the conditions of a metric's own definition that limit one dimension of its model, as people read them.

    A question that limits the same dimension sees only what both let through: it should be told.
    """
    if metric.model is None:
        return ()
    model = catalog.models[metric.model]
    found = []
    waiting = [text for text in (model.where, metric.where) if text]
    while waiting:
        for node in conjuncts(parse_expression(waiting.pop()).ast):
            paths = [path for _, path in walk_columns(node)]
            named = path_of(node)
            if named and len(named) == 1 and named[0] in model.segments:
                waiting.append(model.segments[named[0]].expr)
            elif (dimension,) in paths and not any(_is_kept_back(model, path) for path in paths):
                found.append(_plain_words(node))
    return tuple(dict.fromkeys(found))


def _is_kept_back(model: Model, path: tuple[str, ...]) -> bool:
    """Whether a name stands for something that the viewer of this catalog does not see."""
    known = model.dimensions.get(path[0]) if len(path) == 1 else None
    return known is not None and (known.hidden or known.mask is not None)


def _input_words(given: MetricInput) -> str:
    words = given.metric
    if given.where:
        words += f" with {' and '.join(plain for _, plain in _conditions(given.where))}"
    if given.offset:
        count, unit = given.offset
        words += f" {count} {unit}{'s' if count != 1 else ''} before{' each day' if given.each_day else ''}"
    if given.to_start:
        words += f" at the start of the {given.to_start.replace('_', ' ')}"
    return words


def _zero_words(metric: Metric) -> str:
    return ", zero where the divisor is zero" if metric.on_zero == "zero" else ""


def _aggregation_words(metric: Metric) -> str:
    agg = metric.agg or "sum"
    expr = " ".join((metric.expr or "").split())
    if agg == "count" and expr in ("", "*", "1"):
        return "Number of rows"
    if agg.startswith("percentile"):
        which = ", as the value of a row" if agg == "percentile_disc" else ""
        return f"{(metric.percentile or 0) * 100:g}th percentile of {expr}{which}"
    return f"{_AGG_WORDS[agg]} {expr}" if agg == "count_distinct" else f"{_AGG_WORDS[agg]} of {expr}"


def _balance_words(metric: Metric) -> str:
    rule = metric.balance
    assert rule is not None
    words = _TAKE_WORDS[rule.take]
    if rule.valid:
        last = "until" if rule.until == "included" else "until the day before"
        words = f"valid from {rule.valid[0]} {last} {rule.valid[1]}, {words}"
    if rule.among:
        words += ", of the rows that filters leave"
    if rule.per:
        words += f", for each {', '.join(rule.per)}"
    if rule.carry_forward_days:
        words += f", from records at most {rule.carry_forward_days} days old"
    return words


def _condition_words(text: str, model: Model) -> list[str]:
    """Conditions as people read them; a segment by its name, with what it stands for in brackets."""
    words = []
    for segment, plain in _conditions(text):
        if segment in model.segments:
            inner = " and ".join(_condition_words(model.segments[segment].expr, model))
            words.append(f"{segment} ({inner})")
        else:
            words.append(plain)
    return words


@lru_cache(maxsize=5000)
def _conditions(text: str) -> tuple[tuple[str, str], ...]:
    """Each condition that `text` joins by and: the plain name that it is, if it is one, and its words."""
    found = []
    for node in conjuncts(parse_expression(text).ast):
        path = path_of(node)
        found.append((path[0] if path and len(path) == 1 else "", _plain_words(node)))
    return tuple(found)


def _plain_words(node: exp.Expr) -> str:
    if isinstance(node, exp.In) and node.expressions:
        return f"{node.this.sql()} in {', '.join(each.name or each.sql() for each in node.expressions)}"
    if isinstance(node, exp.Not) and isinstance(node.this, exp.In) and node.this.expressions:
        inside = node.this
        return (
            f"{inside.this.sql()} not in {', '.join(each.name or each.sql() for each in inside.expressions)}"
        )
    if isinstance(node, exp.EQ) and isinstance(node.expression, exp.Literal):
        return f"{node.this.sql()} = {node.expression.name}"
    if isinstance(node, exp.Not) and isinstance(node.this, exp.Is):
        return f"{node.this.this.sql()} is not {node.this.expression.sql().lower()}"
    words = node.sql()
    for keyword in ("AND", "OR", "NOT", "IS", "NULL", "BETWEEN", "LIKE"):
        words = re.sub(rf"\b{keyword}\b", keyword.lower(), words)
    return words


@lru_cache(maxsize=20_000)
def _canonical(text: str) -> str:
    """An expression in one spelling, whatever its spaces and brackets of writing."""
    return parse_expression(text).ast.sql()


# ------------------------------------------------------------------------------------------------------------ hash


def _essence(catalog: Catalog, metric: Metric, inputs: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": metric.kind,
        "agg": metric.agg,
        "percentile": metric.percentile,
        "fill": metric.fill,
        "take": metric.take,
        "formula": _canonical(metric.formula) if metric.formula else None,
        "inputs": [inputs[name] for name in metric.inputs],
        "input_names": metric.inputs if metric.formula or metric.members else None,
        "own_inputs": {each.name: _input_essence(catalog, each) for each in metric.own_inputs.values()},
        "on_zero": metric.on_zero or "undefined",
        "members": _member_essence(catalog, metric),
        "balance": asdict(metric.balance) if metric.balance else None,
        "rolling": metric.rolling,
        "to_date": metric.to_date,
        "lifecycle": asdict(metric.lifecycle) if metric.lifecycle else None,
        "currency": [metric.currency, metric.currency_from, metric.currency_rate],
        "currency_column": metric.currency_column,
        "decimals": metric.decimals,
    }
    if metric.currency_from and catalog.rates:
        rates = catalog.rates
        found["rates"] = [rates.table, rates.column(metric.currency_rate or "average")]
        found["rates_by"] = [rates.currency, rates.period, rates.grain]
    if metric.to_date and metric.to_date.removeprefix("fiscal_") in ("week", "quarter", "year"):
        calendar = catalog.default_calendar
        found["calendar"] = [calendar.starts, calendar.named_by, calendar.week_starts]
        if calendar.periods:
            found["calendar_of_table"] = [calendar.periods.table, calendar.periods.columns]
        if calendar.pattern:
            found["calendar_of_weeks"] = [calendar.pattern, calendar.year_begins]
    if metric.model:
        model = catalog.models[metric.model]
        used: dict[str, Any] = {}
        texts = {"expr": metric.expr, "where": metric.where, "model_where": model.where}
        found |= {key: _canonical(text) if text else None for key, text in texts.items()}
        found["table"] = model.table
        found["time"] = metric.time or model.time
        names = [metric.time or model.time, *(metric.balance.per if metric.balance else ())]
        for text in [*texts.values(), *names]:
            if text:
                _use(catalog, model, text, used, key="")
        found["used"] = used
    return found


def _member_essence(catalog: Catalog, metric: Metric) -> dict[str, Any]:
    """Whose rows count, by which key, and over which joins."""
    if metric.members is None:
        return {}
    of, used = catalog.models[metric.members.of], dict[str, Any]()
    path = path_to(catalog, metric.model or "", of.name) or ()
    for name in of.key:
        _use(catalog, catalog.models[metric.model or ""], ".".join((*path, name)), used, key="")
    over = None if metric.members.over == "period" else metric.members.over
    return {"key": [of.table, of.key], "where": _canonical(metric.members.where), "used": used, "over": over}


def _input_essence(catalog: Catalog, given: MetricInput) -> dict[str, Any]:
    """What a formula takes of an input, with what the names of its condition stand for in each model."""
    used: dict[str, Any] = {}
    names = parse_expression(given.where).columns if given.where else ()
    for base in base_metrics(catalog, given.metric):
        reach, model = reachable(catalog, base), catalog.models[catalog.metrics[base].model or ""]
        for name in names:
            ref = reach.get(name)
            path = ".".join((*ref.path, ref.dimension.name)) if ref is not None else name
            _use(catalog, model, path, used, key="")
    where = _canonical(given.where) if given.where else None
    moved = {"offset": given.offset, "each_day": given.each_day or None, "to_start": given.to_start}
    return {"metric": given.metric, "where": where, "used": used, **moved}


def _pruned(value: Any) -> Any:
    """What is not said does not count, so that a field that the language gains changes no older definition."""
    if isinstance(value, dict):
        kept = {key: _pruned(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each not in (None, (), [], {})}
    return value


def _use(catalog: Catalog, model: Model, text: str, used: dict[str, Any], key: str) -> None:
    """Add to `used` what each name of an expression stands for: segments, dimensions and joins, as deep as they go."""
    for _, path in walk_columns(parse_expression(text).ast):
        *steps, last = path
        followed = follow_path(catalog, model.name, steps)
        if followed is None:
            continue
        aliases, target = followed
        here = model
        for alias in aliases:
            join = here.joins[alias]
            here = catalog.models[join.to]
            version = [join.valid, join.until, join.at] if join.valid else []
            shared = ["one_to_many", join.weight] if join.many else []
            used[f"{model.name}/join {alias}"] = [
                here.table, join.key, join.to_key, join.where, *version, *shared,
            ]  # fmt: skip
        name = f"{target.name}/{last}"
        if name in used or name == key:
            continue
        if last in target.segments:
            used[name] = _canonical(target.segments[last].expr)
            _use(catalog, target, target.segments[last].expr, used, name)
        elif last in target.dimensions and target.dimensions[last].expr:
            expr = target.dimensions[last].expr or ""
            used[name] = [_canonical(expr), target.dimensions[last].grain]
            _use(catalog, target, expr, used, name)
