"""A catalog as one viewer sees it: what is not allowed is not there, and rows are filtered where they are read.

A metric is left out with whatever is made of it: a quotient beside its divisor would tell the rest. A dimension that
is not allowed stays usable inside definitions and is offered to nobody. Texts that speak of what is left out are
dropped. Everything that is derived from such a catalog, words, suggestions, messages and plans, knows no more than
it does.
Layer: semantic. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlglot import exp

from semantic.expressions import parse_expression, replace_columns, walk_columns
from semantic.model import Catalog, Dimension, Join, Metric, Model, Segment
from semantic.policy import allows_dimension, allows_metric, inputs_of
from semantic.query import Access
from semantic.quotients import Metrics
from semantic.reach import base_metrics, follow_path, path_to, reachable

_WORDS_FOR_ALL = "As its owner has defined it"


def project_catalog(catalog: Catalog, access: Access) -> Catalog:
    """Return the part of `catalog` that a viewer with `access` may see."""
    if access.sees_everything:
        return catalog
    seen = _metrics_seen(catalog, access)
    models = {name: _model(catalog, model, access) for name, model in catalog.models.items()}
    models = _hide_segments(models, access)
    kept = _models_behind(catalog, seen)
    secrets = _Secrets(catalog, seen, models, kept)
    models = {name: _told_model(models[name], secrets, kept) for name in models if name in kept}
    made = {name: _metric(catalog.metrics[name], catalog, seen, secrets) for name in seen}
    # behind a quotient stand two groups: to a viewer of large groups alone, none is made
    metrics = made if access.min_groups else Metrics(made)
    return replace(catalog, models=models, metrics=metrics, identities={}, texts={}, whole=catalog)


def told_catalog(catalog: Catalog) -> Catalog:
    """Return of a viewer's catalog what may be told of it: nothing that is hidden, no expression, no value.

    It is for reading only; a question is compiled from the catalog itself.
    """
    if catalog.whole is None:
        return catalog
    models = {
        name: replace(
            model,
            where=None,
            dimensions={
                each.name: replace(each, expr=None, values={})
                for each in model.dimensions.values()
                if not each.hidden
            },
            segments={each.name: each for each in model.segments.values() if not each.hidden},
        )
        for name, model in catalog.models.items()
    }
    return replace(catalog, models=models)


def limits_rows(access: Access | None) -> bool:
    """Whether the viewer sees some rows only."""
    return access is not None and bool(access.rows)


def prune_values(catalog: Catalog, known: Mapping[tuple[str, str], frozenset[str]]) -> Catalog:
    """Return `catalog` with, of the declared values of dimensions, those that are among the viewer's rows."""
    models = {}
    for name, model in catalog.models.items():
        dimensions = {
            each.name: replace(
                each,
                values={
                    v: w for v, w in each.values.items() if v in known.get((name, each.name), frozenset())
                },
            )
            if each.values
            else each
            for each in model.dimensions.values()
        }
        models[name] = replace(model, dimensions=dimensions)
    return replace(catalog, models=models)


# ------------------------------------------------------------------------------------------------------- metrics


def _metrics_seen(catalog: Catalog, access: Access) -> dict[str, None]:
    allowed = {
        name
        for name, metric in catalog.metrics.items()
        if access.metrics and all(allows_metric(patterns, metric) for patterns in access.metrics)
    }
    return {
        name: None
        for name, metric in catalog.metrics.items()
        if name in allowed and allowed.issuperset(inputs_of(catalog, metric))
    }


def _metric(metric: Metric, catalog: Catalog, seen: Mapping[str, None], secrets: _Secrets) -> Metric:
    bridge = metric.bridge
    if bridge is not None and not {bridge.quantity, *([bridge.price] if bridge.price else [])} <= seen.keys():
        bridge = None
    words = metric.definition_words
    return replace(
        metric,
        examples=(),  # their questions name values and other figures
        plan={scenario: name for scenario, name in metric.plan.items() if name in seen},
        bridge=bridge,
        label=metric.label,
        description=secrets.told(metric.description),
        synonyms=metric.synonyms,
        deprecated=secrets.told(metric.deprecated) or "Use another figure" if metric.deprecated else None,
        definition_words=words if secrets.told(words, exact=True) else _WORDS_FOR_ALL,
        position=None,  # messages show the line of the file that a position names
        positions={},
    )


def _models_behind(catalog: Catalog, seen: Iterable[str]) -> set[str]:
    """The models that the metrics stand on, and all that these join."""
    found: set[str] = set()
    waiting = [catalog.metrics[base].model or "" for name in seen for base in base_metrics(catalog, name)]
    waiting += [rule.of for name in seen if (rule := catalog.metrics[name].members) is not None]
    while waiting:
        name = waiting.pop()
        if name in found or name not in catalog.models:
            continue
        found.add(name)
        waiting += [join.to for join in catalog.models[name].joins.values()]
    return found


# -------------------------------------------------------------------------------------------------------- models


def _model(catalog: Catalog, model: Model, access: Access) -> Model:
    masks = dict(access.masks)
    dimensions = {name: _dimension(each, access, masks) for name, each in model.dimensions.items()}
    rows: list[str] = []
    paths: dict[tuple[str, ...], None] = {}
    closed = False
    for text in access.rows:
        found = _from_model(catalog, model, text)
        if found is None:
            closed = True
            continue
        rows.append(found[0])
        paths |= dict.fromkeys(found[1])
    return replace(model, dimensions=dimensions, rows=tuple(rows), rows_paths=tuple(paths), closed=closed)


def _dimension(dimension: Dimension, access: Access, masks: Mapping[str, str]) -> Dimension:
    whole = f"{dimension.model}.{dimension.name}"
    hidden = dimension.hidden or _is_kept_back(access, dimension.model, dimension.name)
    made = replace(dimension, hidden=hidden, position=None, positions={})
    if whole in masks:
        made = replace(made, mask=masks[whole], type="category", values={}, bins=())
    return made


def _from_model(catalog: Catalog, model: Model, text: str) -> tuple[str, tuple[tuple[str, ...], ...]] | None:
    """A row filter as it reads from `model`, and the joins it goes over; None where no one path leads there."""
    names: dict[tuple[str, ...], tuple[str, ...]] = {}
    for _, path in walk_columns(parse_expression(text).ast):
        target, last = ".".join(path[:-1]), path[-1]
        if target not in catalog.models or last not in catalog.models[target].dimensions:
            return None
        way = path_to(catalog, model.name, target)
        if way is None:
            return None
        names[path] = (*way, last)

    def qualified(path: tuple[str, ...]) -> exp.Expr:
        return parse_expression(".".join(f'"{part}"' for part in names[path])).ast.copy()

    read = replace_columns(parse_expression(text).ast, qualified).sql()
    return f"({read})", tuple(dict.fromkeys(path[:-1] for path in names.values()))


def _hide_segments(models: Mapping[str, Model], access: Access) -> dict[str, Model]:
    """Hide the named filters that speak of what is kept from the viewer."""

    def speaks_of_kept(model: Model, segment: Segment, within: frozenset[str]) -> bool:
        inside = within | {f"{model.name}.{segment.name}"}
        return any(
            is_kept(model, path, inside) for _, path in walk_columns(parse_expression(segment.expr).ast)
        )

    def is_kept(model: Model, path: tuple[str, ...], within: frozenset[str]) -> bool:
        here = model
        for index, step in enumerate(path[:-1]):
            join = here.joins.get(step) or _only_join(here, step)
            if join is None and index == 0 and step == here.name:
                continue
            if join is None:
                return True
            here = models[join.to]
        last = path[-1]
        if last not in here.dimensions and last in here.segments and f"{here.name}.{last}" not in within:
            return speaks_of_kept(here, here.segments[last], within)
        return _is_kept_back(access, here.name, last) or f"{here.name}.{last}" in dict(access.masks)

    return {
        name: replace(
            model,
            segments={
                each.name: replace(each, hidden=speaks_of_kept(model, each, frozenset()), position=None)
                for each in model.segments.values()
            },
        )
        for name, model in models.items()
    }


def _is_kept_back(access: Access, model: str, name: str) -> bool:
    """Whether the policy does not let this viewer ask for a dimension, or for a column that may be one."""
    allowed = bool(access.dimensions) and all(
        allows_dimension(patterns, model, name) for patterns in access.dimensions
    )
    return not allowed or allows_dimension(access.hidden, model, name)


def _only_join(model: Model, target: str) -> Join | None:
    found = [join for join in model.joins.values() if join.to == target]
    return found[0] if len(found) == 1 else None


def _told_model(model: Model, secrets: _Secrets, kept: Iterable[str]) -> Model:
    dimensions = {
        name: each
        if each.hidden
        else replace(each, description=secrets.told(each.description), parent=_parent(model, each))
        for name, each in model.dimensions.items()
    }
    joins = {
        alias: replace(join, position=None, positions={})
        for alias, join in model.joins.items()
        if join.to in kept
    }
    return replace(
        model, dimensions=dimensions, joins=joins, description=secrets.told(model.description), position=None,
        positions={},
    )  # fmt: skip


def _parent(model: Model, dimension: Dimension) -> str | None:
    parent = model.dimensions.get(dimension.parent or "")
    return dimension.parent if parent is not None and not parent.hidden else None


class _Secrets:
    """The names that the viewer does not see, to find texts that tell of them."""

    def __init__(
        self, catalog: Catalog, seen: Mapping[str, None], models: Mapping[str, Model], kept: Iterable[str]
    ) -> None:
        names: set[str] = set()
        labels: set[str] = set()
        for name, metric in catalog.metrics.items():
            if name not in seen:
                names.add(name)
                labels |= {metric.label, *metric.synonyms}
        shown: set[str] = set()
        for model in models.values():
            if model.name not in kept:
                names.add(model.name)
                labels.add(model.label)
            parts: list[Dimension | Segment] = [*model.dimensions.values(), *model.segments.values()]
            for each in parts:
                is_kept = each.hidden and not _was_hidden(catalog, model, each.name)
                (names if is_kept else shown).add(each.name)
                (labels if is_kept else shown).update((each.label, *each.synonyms))
        told = set(seen) | shown
        told |= {
            word for name in seen for word in (catalog.metrics[name].label, *catalog.metrics[name].synonyms)
        }
        plain = {each.casefold() for each in told if each}
        self._exact = _pattern(name for name in names if name.casefold() not in plain)
        self._any = _pattern(name for name in names | labels if name.casefold() not in plain)

    def told(self, text: str | None, *, exact: bool = False) -> str:
        """Return the text, or nothing where it speaks of what is kept from the viewer."""
        pattern = self._exact if exact else self._any
        return "" if not text or (pattern is not None and pattern.search(text)) else text


def _was_hidden(catalog: Catalog, model: Model, name: str) -> bool:
    """Whether the catalog's author hides it from everyone: such names are columns, and stand in definitions."""
    known = catalog.models[model.name].dimensions.get(name)
    return known is not None and known.hidden


def _pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    listed = sorted({word for word in words if len(word) > 1}, key=len, reverse=True)
    if not listed:
        return None
    joined = "|".join(re.escape(word).replace("_", "[_ ]") for word in listed)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE)


def closed_models(catalog: Catalog, metric: str) -> tuple[str, ...]:
    """Return the models of a metric whose rows the viewer's filter cannot tell apart."""
    found = (catalog.metrics[base].model or "" for base in base_metrics(catalog, metric))
    return tuple(dict.fromkeys(name for name in found if catalog.models[name].closed))


def ways_to(catalog: Catalog, dimension: Dimension) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the models with rows of the viewer that reach a dimension, and how: where its values can be found."""
    found: dict[tuple[str, tuple[str, ...]], None] = {}
    for name in catalog.metrics:
        for base in base_metrics(catalog, name):
            model = catalog.models[catalog.metrics[base].model or ""]
            if model.closed:
                continue
            for ref in reachable(catalog, base).values():
                if (ref.dimension.model, ref.dimension.name) == (dimension.model, dimension.name):
                    followed = follow_path(catalog, model.name, ref.path)
                    if followed is not None:
                        found[model.name, ref.path] = None
    return tuple(found)
