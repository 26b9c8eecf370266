"""What several rules need: parsing that yields issues, and following names through joins.

Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from semantic.expressions import Expression, parse_expression
from semantic.model import Catalog, Join, Metric, Model
from semantic.reach import follow_path


@dataclass(frozen=True, kw_only=True)
class Text:
    """An expression of the catalog: what it belongs to, where it begins, and the model whose names it uses."""

    owner: str  # how messages call it: 'metric "revenue"'
    text: str
    at: SourcePosition | None
    model: Model
    own_name: str | None = None  # a dimension's own name stands for the column in its own expression


def model_texts(catalog: Catalog, model: Model) -> Iterator[Text]:
    """Yield every expression of a model."""
    if model.where:
        yield Text(owner=f'model "{model.name}"', text=model.where, at=place(model, "where"), model=model)
    for dimension in model.dimensions.values():
        if dimension.expr:
            yield Text(
                owner=f'dimension "{model.name}.{dimension.name}"',
                text=dimension.expr,
                at=dimension.positions.get("expr", dimension.position),
                model=model,
                own_name=dimension.name,
            )
    for segment in model.segments.values():
        if segment.expr:
            yield Text(
                owner=f'segment "{model.name}.{segment.name}"',
                text=segment.expr,
                at=segment.position,
                model=model,
                own_name=segment.name,
            )
    for join in model.joins.values():
        if join.weight and join.to in catalog.models:
            owner = f'weight of join "{join.alias}" of model "{model.name}"'
            at = place(join, "weight")
            yield Text(owner=owner, text=join.weight, at=at, model=catalog.models[join.to])
        if join.where and join.to in catalog.models:
            owner = f'join "{join.alias}" of model "{model.name}"'
            yield Text(owner=owner, text=join.where, at=place(join, "where"), model=catalog.models[join.to])


def metric_texts(catalog: Catalog, metric: Metric) -> Iterator[Text]:
    """Yield every expression of a metric that stands on a model; a formula is over metrics and not among them."""
    model = catalog.models.get(metric.model or "")
    if model is None:
        return
    for key, text in (("expr", metric.expr), ("where", metric.where)):
        if text and not (key == "expr" and metric.agg == "count" and text.strip() == "*"):
            yield Text(owner=f'metric "{metric.name}"', text=text, at=place(metric, key), model=model)


def all_texts(catalog: Catalog) -> Iterator[Text]:
    """Yield every expression over models in the catalog."""
    for model in catalog.models.values():
        yield from model_texts(catalog, model)
    for metric in catalog.metrics.values():
        yield from metric_texts(catalog, metric)


def place(thing: Model | Join | Metric, key: str) -> SourcePosition | None:
    """Return where a field's value begins, or the thing itself."""
    return thing.positions.get(key, thing.position)


def parsed(text: Text) -> Expression | None:
    """Return the expression, or None where it cannot be read (a rule of its own says so)."""
    try:
        return parse_expression(text.text, at=text.at)
    except UserError:
        return None


def unknown(
    code: str,
    what: str,
    name: str,
    owner: str,
    at: SourcePosition | None,
    known: Mapping[str, object],
    hint: str = "",
) -> Issue:
    """Return the issue that `owner` names a `what` that does not exist."""
    listed = ", ".join(sorted(known)[:12]) + (", …" if len(known) > 12 else "")
    return Issue(
        code=code,
        message=f'unknown {what} "{name}" in {owner}',
        at=at,
        suggestion=did_you_mean(name, known),
        hint=hint or (f"known: {listed}" if known else f"there is no {what} yet"),
    )


def path_issue(
    catalog: Catalog, model: Model, name: str, owner: str, at: SourcePosition | None
) -> Issue | None:
    """Return what is wrong with the steps of a dotted path from `model`, or None where they lead somewhere."""
    *steps, _ = name.split(".")
    here = model
    for index, step in enumerate(steps):
        followed = follow_path(catalog, here.name, [step])
        if followed is None or (index > 0 and step == here.name):
            roles = [alias for alias, join in here.joins.items() if join.to == step]
            message = f'no join "{step}" from model "{here.name}", in "{name}" of {owner}'
            if len(roles) > 1:
                message = (
                    f'model "{here.name}" joins "{step}" as {" and as ".join(roles)}: say which in "{name}"'
                )
            return Issue(
                code="DT215",
                message=message,
                at=at,
                suggestion=did_you_mean(step, here.joins),
                hint=f"joins of {here.name}: {', '.join(here.joins) or 'none'}",
            )
        path, target = followed
        if any(here.joins[alias].many for alias in path):
            return Issue(
                code="DT215",
                message=f'"{name}" of {owner} leads over "{step}" from one row to several',
                at=at,
                hint="questions may group and filter by what lies behind it; a definition speaks of one row",
            )
        here = target
    return None
