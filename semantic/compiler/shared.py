"""Rows that a bridge table shares between several members: how they are counted and never counted twice.

With a weight each member has its share of the row, and the shares of a row add up to the row. Without one the row
counts whole for each group that any of its members is in, and once in each: the rows are made distinct by the key of
their model before they are added up, so that groups may overlap and no group, and no total, holds a row twice.
Layer: semantic.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from semantic.compiler import sql
from semantic.compiler.binding import Binder, Proof, type_of, typed

ROWS = "own_rows"  # alias of the rows, each once in each group


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """How the rows of a pass may be repeated by bridge tables."""

    weights: tuple[exp.Expr, ...] = ()
    key: tuple[exp.Expr, ...] = ()  # what tells rows apart, where they must be made distinct
    proof: Proof | None = None  # that it does


def repeats_of(binder: Binder, names: str) -> Repeats:
    """Return how the rows of a pass are repeated, once all that it reads has been bound.

    Args:
        names: the metrics of the pass, for messages.

    Raises:
        UserError: rows without a key cannot be told apart, or weights are there for some bridge tables only.
    """
    if not binder.bridges:
        return Repeats()
    weights = binder.weights()
    if weights:
        return Repeats(weights=tuple(weights))
    over = ", ".join(sorted(".".join(path) for path in binder.bridges))
    if not binder.model.key:
        raise UserError(
            Issue(
                code="DT328",
                message=f'"{over}" leads from one row of {names} to several, and model {binder.model.name} has no key '
                "to count each row once",
                at=binder.model.position,
                hint=f"declare `key:` in model {binder.model.name}, or a `weight:` for the join",
            )
        )
    key = tuple(binder.expression(each) for each in binder.model.key)
    return Repeats(key=key, proof=binder.rows_proof())


def key_columns(repeats: Repeats) -> list[exp.Expr]:
    """Return the columns that tell rows apart, for a select of rows."""
    return [sql.aliased(each, f"row_key_{number}") for number, each in enumerate(repeats.key, start=1)]


class OwnRows:
    """Rows made distinct: `keep` puts a column among them, `over` reads them once each."""

    def __init__(self, repeats: Repeats) -> None:
        self._columns = key_columns(repeats)

    def keep(self, node: exp.Expr | None, name: str) -> exp.Column | None:
        """Keep a column of the rows; return how it is read outside."""
        if node is None:
            return None
        self._columns.append(sql.aliased(node, name))
        return typed(sql.column(name, ROWS), type_of(node))

    def select(self) -> exp.Select:
        """Return the select of the distinct rows, without FROM and WHERE."""
        return exp.Select(expressions=self._columns).distinct(copy=False)

    @staticmethod
    def over(rows: exp.Select, columns: list[exp.Expr]) -> exp.Select:
        """Return a select of `columns` over the distinct rows."""
        inner = exp.Subquery(this=rows, alias=exp.TableAlias(this=sql.name(ROWS)))
        return exp.Select(expressions=columns).from_(inner, copy=False)
