"""Rules about the inputs that a formula takes other rows or other days of. Layer: semantic."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, did_you_mean
from semantic.expressions import Expression, parse_expression, path_of
from semantic.model import Catalog, Metric, MetricInput
from semantic.reach import TIME, reachable

_CONDITIONS = (exp.Predicate, exp.Connector, exp.Not)


def check_input_names(catalog: Catalog) -> Iterator[Issue]:
    """A name in a formula means one thing, and an input that is declared is used."""
    for metric, given in _inputs(catalog):
        owner = _owner(metric, given)
        at = given.positions.get("as", given.position)
        if given.name in catalog.metrics:
            message = f'{owner}: "{given.name}" is a metric already, so the formula could mean either'
            yield Issue(code="DT205", message=message, at=at, hint="give the input another name")
        if not given.name.isidentifier():
            message = f"{owner}: a name has letters, digits and underscores, and no digit first"
            yield Issue(code="DT213", message=message, at=at)
        try:
            names = parse_expression(metric.formula or "").columns
        except UserError:
            continue
        if given.name not in names:
            yield Issue(
                code="DT213",
                message=f"{owner} is not in the formula",
                at=at,
                suggestion=did_you_mean(given.name, [name for name in names if name not in catalog.metrics]),
                hint=f"the formula names: {', '.join(names)}",
            )


def check_input_conditions(catalog: Catalog) -> Iterator[Issue]:
    """The condition of an input speaks of what a question on that metric may filter by."""
    for metric, given in _inputs(catalog):
        if not given.where:
            continue
        owner, at = _owner(metric, given), given.positions.get("where", given.position)
        try:
            condition = parse_expression(given.where, at=at)
        except UserError as error:
            for issue in error.issues:
                message = f"{owner}: {issue.message}"
                yield Issue(code=issue.code, message=message, at=issue.at, hint=issue.hint)
            continue
        if not is_condition(given.where):
            yield Issue(code="DT213", message=f"{owner}: its filter is no condition", at=at)
        told: set[str] = set()
        for base in bases_within(catalog, given.metric):
            for issue in _unreached(catalog, base, condition, owner, given):
                if issue.message not in told:
                    told.add(issue.message)
                    yield issue


def check_input_offsets(catalog: Catalog) -> Iterator[Issue]:
    """What is looked back to has a time, and is not added up again over a window."""
    for metric, given in _inputs(catalog):
        if not (given.offset or given.to_start):
            continue
        owner, at = _owner(metric, given), given.positions.get("offset", given.position)
        for base in bases_within(catalog, given.metric):
            if TIME not in reachable(catalog, base.name):
                message = f"{owner} looks back in time, but {base.name} has no time"
                yield Issue(code="DT216", message=message, at=at, hint="give the metric or its model `time:`")
    for metric in catalog.metrics.values():
        if metric.kind == "cumulative" and (within := _looking_back(catalog, metric)) is not None:
            yield Issue(
                code="DT213",
                message=f'metric "{metric.name}" adds up {within.name}, which looks back in time itself',
                at=metric.positions.get("of", metric.position),
                hint="add up the metrics that it is made of, and put the formula over those",
            )


def _inputs(catalog: Catalog) -> Iterator[tuple[Metric, MetricInput]]:
    for metric in catalog.metrics.values():
        for given in metric.own_inputs.values():
            yield metric, given


def _owner(metric: Metric, given: MetricInput) -> str:
    return f'metric "{metric.name}", input "{given.name}"'


def within(catalog: Catalog, name: str) -> Iterator[Metric]:
    """The metric and all that it is made of, each once; a ring or an unknown name is another rule's."""
    waiting, seen = [name], set()
    while waiting:
        each = waiting.pop(0)
        if each in seen or each not in catalog.metrics:
            continue
        seen.add(each)
        yield catalog.metrics[each]
        waiting += catalog.metrics[each].inputs


def bases_within(catalog: Catalog, name: str) -> list[Metric]:
    """The metrics on models that exist, of those that `name` is made of."""
    return [each for each in within(catalog, name) if each.is_base and each.model in catalog.models]


def _looking_back(catalog: Catalog, metric: Metric) -> Metric | None:
    inner = (each for each in within(catalog, metric.name) if each.name != metric.name)
    moved = (each for each in inner if any(own.offset or own.to_start for own in each.own_inputs.values()))
    return next(moved, None)


def _unreached(
    catalog: Catalog, base: Metric, condition: Expression, owner: str, given: MetricInput
) -> Iterator[Issue]:
    names, segments = reachable(catalog, base.name), catalog.models[base.model or ""].segments
    at = given.positions.get("where", given.position)
    for name in condition.columns:
        if name == TIME or (name not in names and name not in segments):
            known = sorted({ref.query_name for ref in names.values()} | set(segments))
            yield Issue(
                code="DT211",
                message=f'{owner}: {base.name} cannot be filtered by "{name}"',
                at=condition.position_of(name, at),
                suggestion=did_you_mean(name, known),
                hint=f"can be used: {', '.join(known[:25])}",
            )


def is_condition(text: str) -> bool:
    """Whether an expression holds or does not; a plain name is a segment or a flag, what cannot be read is told elsewhere."""
    try:
        tree = parse_expression(text).ast
    except UserError:
        return True
    return isinstance(tree.unnest(), _CONDITIONS) or path_of(tree.unnest()) is not None
