"""Small pieces of SQL tree that every part of the compiler uses. Identifiers are always quoted.

Layer: semantic.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache, reduce

from sqlglot import exp

from semantic.query import Scalar

DIGITS = 38
DEFAULT_SCHEMA = "main"


def name(text: str) -> exp.Identifier:
    """An identifier in quotes."""
    return exp.Identifier(this=text, quoted=True)


def column(text: str, table: str | None = None) -> exp.Column:
    """A column, of a table's alias where one is named."""
    return exp.Column(this=name(text), table=name(table) if table else None)


def table(text: str, alias: str | None = None) -> exp.Table:
    """A table such as ``gold.fct_sales``, every part in quotes."""
    *scope, last = text.split(".")
    made = exp.Table(
        this=name(last),
        db=name(scope[-1]) if scope else None,
        catalog=name(scope[-2]) if len(scope) > 1 else None,
    )
    if alias:
        made.set("alias", exp.TableAlias(this=name(alias)))
    return made


def stored_table(text: str, alias: str) -> exp.Table:
    """A table of the data. It always names its schema, so that no part of a statement can be taken for it."""
    return table(text if "." in text else f"{DEFAULT_SCHEMA}.{text}", alias)


def aliased(node: exp.Expr, text: str) -> exp.Expr:
    """`node` AS "text"."""
    return exp.Alias(this=node, alias=name(text))


@lru_cache(maxsize=200)
def _type(kind: str) -> exp.DataType:
    """A type, read once: parsing it is most of the price of a cast."""
    made = exp.DataType.build(kind)
    for node in made.walk():
        node._meta = None  # where its words stood in the text, which each copy would copy
    return made


def data_type(kind: str) -> exp.DataType:
    """A type such as DATE or DECIMAL(38, 2)."""
    made = _type(kind).__deepcopy__(None)  # copy() is the same by way of three more calls
    assert isinstance(made, exp.DataType)
    return made


def cast(node: exp.Expr, kind: str) -> exp.Cast:
    """CAST(node AS kind); the node itself where it is that cast already."""
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast) and node.to == _type(kind):
        return node
    return exp.Cast(this=node, to=data_type(kind))


def decimal(node: exp.Expr, scale: int) -> exp.Cast:
    """`node` as the widest decimal with `scale` digits after the point."""
    return cast(node, f"DECIMAL({DIGITS}, {min(scale, DIGITS)})")


def date(day: dt.date) -> exp.Expr:
    """A day as a literal."""
    return exp.Cast(this=exp.Literal.string(day.isoformat()), to=data_type("DATE"))


def literal(value: Scalar) -> exp.Expr:
    """A value as a literal: the printer escapes it."""
    if value is None:
        return exp.Null()
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, dt.date):
        return date(value)
    if isinstance(value, int | Decimal):
        text = format(abs(value), "f") if isinstance(value, Decimal) else str(abs(value))
        number = exp.Literal.number(text)
        return exp.Neg(this=number) if value < 0 else number
    return exp.Literal.string(value)


def number(value: int | Decimal) -> exp.Expr:
    """A number as a literal."""
    return literal(value)


def joined(
    select: exp.Select, table: exp.Expr, on: exp.Expr | None, *, side: str | None = None
) -> exp.Select:
    """Return `select` with a table joined; without a condition each row meets each. The tree's own way parses text."""
    join = exp.Join(this=table, on=on, side=side.upper() if side and on is not None else None)
    if on is None:
        join.set("kind", "CROSS")
    select.append("joins", join)
    return select


def read_from(select: exp.Select, table: exp.Expr) -> exp.Select:
    """Return `select` reading `table`. The tree's own way parses text."""
    select.set("from_", exp.From(this=table))
    return select


def limited(select: exp.Select, rows: int) -> exp.Select:
    """Return `select` cut to its first rows."""
    select.set("limit", exp.Limit(expression=exp.Literal.number(rows)))
    return select


def all_of(conditions: Iterable[exp.Expr | None]) -> exp.Expr | None:
    """The conditions joined by and; None where there are none."""
    found = [_bracketed(each) for each in conditions if each is not None]
    return reduce(_and, found) if found else None


def any_of(conditions: Sequence[exp.Expr]) -> exp.Expr:
    """The conditions joined by or."""
    return reduce(_or, [_bracketed(each) for each in conditions])


# The tree's own ways to join conditions look for text to parse first, at ten times the price.
def _and(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.And(this=left, expression=right)


def _or(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.Or(this=left, expression=right)


def same(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Equal, where two unknowns are equal too."""
    return exp.NullSafeEQ(this=left, expression=right)


def values(rows: Sequence[Sequence[exp.Expr]], columns: Sequence[str]) -> exp.Select:
    """SELECT * FROM (VALUES ...) with named columns."""
    made = exp.Values(
        expressions=[exp.Tuple(expressions=list(row)) for row in rows],
        alias=exp.TableAlias(this=name("listed"), columns=[name(each) for each in columns]),
    )
    return read_from(exp.Select(expressions=[column(each) for each in columns]), made)


def _bracketed(node: exp.Expr) -> exp.Expr:
    return exp.Paren(this=node) if isinstance(node, exp.Or | exp.And) else node
