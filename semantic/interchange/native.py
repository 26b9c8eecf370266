"""What every format asks of a catalog: columns behind names, expressions of fields, joins by plain keys.

Layer: semantic. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from semantic.expressions import parse_expression, path_of, walk_columns
from semantic.interchange.portable import Aggregate, column, column_fault, dimensions_written_out, plain_fault
from semantic.model import Catalog, Dimension, Model


def column_of(model: Model, name: str) -> str | None:
    """Return the column behind a column's or a dimension's name; None where it is an expression."""
    path = path_of(dimensions_written_out(model, column(name)))
    return path[0] if path and len(path) == 1 else None


def columns_of(aggregate: Aggregate) -> Iterator[str]:
    """Yield the columns that an aggregate reads."""
    for tree in (aggregate.value, *aggregate.conditions):
        if tree is not None:
            yield from (path[-1] for _, path in walk_columns(tree))


def field_sql(model: Model, dimension: Dimension) -> exp.Expr | None:
    """Return a dimension as an expression over columns that means the same everywhere, or None."""
    if dimension.bins:
        return None
    if dimension.expr in (None, dimension.name):
        return column(dimension.name)
    tree = dimensions_written_out(model, parse_expression(dimension.expr or "").ast, (dimension.name,))
    others = {name: each for name, each in model.dimensions.items() if name != dimension.name}
    if column_fault(_with(model, others), tree) or plain_fault(tree):
        return None
    return tree


def _with(model: Model, dimensions: dict[str, Dimension]) -> Model:
    return replace(model, dimensions=dimensions)


def writable_joins(catalog: Catalog, model: Model) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield the joins by plain keys: alias, columns here and columns there. A join by conditions, to versions or to a bridge table is none."""
    for alias, join in model.joins.items():
        target = catalog.models[join.to]
        here = [column_of(model, each) for each in join.key]
        there = [column_of(target, each) for each in join.to_key]
        if join.where or join.valid or join.many or not here or None in (*here, *there):
            continue
        yield alias, [each for each in here if each], [each for each in there if each]
