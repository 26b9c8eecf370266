"""What a good catalog also does: warnings, never errors. Layer: semantic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlglot import exp

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from semantic.expressions import parse_expression
from semantic.model import Catalog
from semantic.rules.common import place


def warn_description(catalog: Catalog) -> Iterator[Issue]:
    """A metric says in words what it means."""
    for metric in catalog.metrics.values():
        if not metric.description:
            message = f'metric "{metric.name}" has no description'
            yield Issue(code="DT231", message=message, at=metric.position, hint="add `description:`")


def warn_owner(catalog: Catalog) -> Iterator[Issue]:
    """A metric has someone to ask."""
    for metric in catalog.metrics.values():
        if not metric.owner:
            message = f'metric "{metric.name}" has no owner'
            yield Issue(
                code="DT232",
                message=message,
                at=metric.position,
                hint="add `owner:`, or defaults: {owner: …}",
            )


def warn_on_zero(catalog: Catalog) -> Iterator[Issue]:
    """A metric that divides says what a zero divisor means; unsaid, the result is undefined."""
    for metric in catalog.metrics.values():
        divides = metric.kind == "ratio"
        if metric.formula:
            try:
                tree = parse_expression(metric.formula).ast
            except UserError:
                continue
            divides = any(not isinstance(each.expression, exp.Literal) for each in tree.find_all(exp.Div))
        if divides and metric.on_zero is None:
            yield Issue(
                code="DT214",
                message=f'metric "{metric.name}" divides: say what a zero divisor means',
                at=metric.position,
                hint="on_zero: undefined, or on_zero: zero",
            )


def warn_shared_words(catalog: Catalog) -> Iterator[Issue]:
    """A word stands for one metric: shared names, labels and synonyms make every question ambiguous."""
    owners: dict[str, list[str]] = defaultdict(list)
    for metric in catalog.metrics.values():
        words = {metric.name.replace("_", " "), metric.label, *metric.synonyms}
        for word in {each.strip().lower() for each in words if each}:
            owners[word].append(metric.name)
    for word, names in sorted(owners.items()):
        if len(names) > 1:
            second = catalog.metrics[names[1]]
            yield Issue(
                code="DT233",
                message=f'"{word}" stands for {len(names)} metrics: {", ".join(names)}',
                at=place(second, "synonyms"),
                hint="askers will be asked which one they mean; leave the word to one of them",
            )


def warn_shared_values(catalog: Catalog) -> Iterator[Issue]:
    """A word stands for one value of a dimension."""
    for model in catalog.models.values():
        for dimension in model.dimensions.values():
            owners: dict[str, list[str]] = defaultdict(list)
            for value, words in dimension.values.items():
                for word in {value.lower(), *(each.lower() for each in words)}:
                    owners[word].append(value)
            for word, values in sorted(owners.items()):
                if len(values) > 1:
                    message = f'"{word}" stands for several values of {model.name}.{dimension.name}: {", ".join(values)}'
                    at = dimension.positions.get("values", dimension.position)
                    yield Issue(code="DT233", message=message, at=at)


def warn_key(catalog: Catalog) -> Iterator[Issue]:
    """A model says what one of its rows is."""
    for model in catalog.models.values():
        if not model.key:
            message = f'model "{model.name}" has no key: that no row counts twice cannot be checked'
            yield Issue(code="DT234", message=message, at=model.position, hint="add `key:`")


def warn_currency(catalog: Catalog) -> Iterator[Issue]:
    """Money says in which currency it is."""
    for metric in catalog.metrics.values():
        if metric.unit == "currency" and metric.currency is None:
            message = f'metric "{metric.name}" is money in no stated currency'
            yield Issue(
                code="DT235",
                message=message,
                at=place(metric, "unit"),
                hint="add `currency: EUR`, or the group currency in calendar.yml",
            )


def warn_certified(catalog: Catalog) -> Iterator[Issue]:
    """A certification that names a definition holds for that definition only."""
    for metric in catalog.metrics.values():
        if metric.lapsed:
            message = f'metric "{metric.name}" has changed since it was certified'
            yield Issue(
                code="DT236",
                message=message,
                at=place(metric, "certified"),
                hint=f"datatrust semantic certify {metric.name}",
            )


def warn_unbound(catalog: Catalog) -> Iterator[Issue]:
    """A certification names the definition that it vouches for, so that it lapses with a change."""
    for metric in catalog.metrics.values():
        if metric.certified_by and metric.certified_definition is None:
            yield Issue(
                code="DT238",
                message=f'metric "{metric.name}" is certified whatever its definition becomes',
                at=place(metric, "certified"),
                hint=f"datatrust semantic certify {metric.name}",
            )


def warn_deprecated(catalog: Catalog) -> Iterator[Issue]:
    """A metric in use is not made of one that is not."""
    for metric in catalog.metrics.values():
        for name in metric.inputs:
            used = catalog.metrics.get(name)
            if used is not None and used.deprecated and not metric.deprecated:
                message = f'metric "{metric.name}" uses "{name}", which is deprecated: {used.deprecated}'
                yield Issue(code="DT237", message=message, at=metric.position)
