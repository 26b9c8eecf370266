"""Read another tool's SQL of a metric: aggregates with their conditions, quotients, formulas.

What comes out is of our own expression language or it is refused with a reason; a part of a formula that is a metric
of its own is called by its name, else it becomes a metric.
Layer: semantic. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from datatrust.core.errors import UserError
from semantic.dbt.losses import NotRead, Reason
from semantic.expressions import conjuncts, parse_expression, path_of, read_trees, replace_columns
from semantic.interchange.portable import column

Made = dict[str, Any]
Resolve = Callable[
    [tuple[str, ...]], tuple[str, ...]
]  # a name in the file -> (its model, a path there or a name)
MAX_CHARACTERS = 20_000

_AGGREGATES: dict[type[exp.Expr], str] = {
    exp.Sum: "sum", exp.Count: "count", exp.Avg: "average", exp.Min: "min", exp.Max: "max",
}  # fmt: skip
_TABLE = re.compile(r"[^\W\d][\w$-]*(\.[^\W\d][\w$-]*){0,2}")
_FRACTIONS = (exp.DType.DOUBLE, exp.DType.FLOAT)


def is_table(source: object) -> bool:
    """Whether a source is a table's name of at most three parts, and not a query.

    >>> is_table("main.shop.orders"), is_table("select 1"), is_table("a; drop table b")
    (True, False, False)
    """
    return isinstance(source, str) and _TABLE.fullmatch(source) is not None


def parse_sql(text: str, *, dialect: str | None) -> exp.Expr:
    """Return a tool's expression as a tree; None is standard SQL.

    Raises:
        NotRead: it is no single expression.
    """
    if len(text) > MAX_CHARACTERS:
        raise NotRead(Reason.FORMULA, f"it has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read")
    try:
        trees = read_trees(text) if dialect is None else sqlglot.parse(text, dialect=dialect)
    except (SqlglotError, RecursionError, ValueError):
        raise NotRead(Reason.FORMULA, f"cannot be read as SQL: {short(text)}") from None
    if len(trees) != 1 or trees[0] is None or isinstance(trees[0], exp.Query | exp.DDL | exp.DML):
        raise NotRead(Reason.FORMULA, f"is no single expression: {short(text)}")
    for node in trees[0].walk():
        node.comments = None
    return trees[0]


def row_expression(tree: exp.Expr, name: Callable[[tuple[str, ...]], exp.Expr]) -> str:
    """Return an expression over one row as ours, with names replaced.

    Raises:
        NotRead: it is more than our expressions are.
    """
    text = str(replace_columns(tree, name).sql())
    try:
        parse_expression(text)
    except UserError as error:
        raise NotRead(Reason.FORMULA, f"{error.issues[0].message}, in {short(text)}") from None
    return text


def short(text: str, width: int = 100) -> str:
    """Return a text on one line, cut off."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


@dataclass
class MetricReader:
    """Reads the metrics of one file; simple ones first, so that formulas can call them by name."""

    resolve: Callable[[exp.Expr], tuple[str, Callable[[tuple[str, ...]], exp.Expr]]]
    dialect: str | None
    made: dict[str, Made] = field(default_factory=dict)
    rename: dict[str, str] = field(default_factory=dict)  # what the file calls a measure -> our name
    _known: dict[tuple[Any, ...], str] = field(default_factory=dict)  # what a simple metric is -> its name
    _taken: set[str] = field(default_factory=set)

    def read(self, texts: dict[str, str], refused: Callable[[str, NotRead], None]) -> None:
        """Read metrics by name; what is not read goes to `refused`."""
        self._taken |= set(texts)
        trees: dict[str, exp.Expr] = {}
        for name, text in texts.items():
            try:
                tree = parse_sql(text, dialect=self.dialect).unnest()
                if _is_aggregate(tree):
                    self.made[name] = self._simple(tree)
                    self._known.setdefault(_essence(self.made[name]), name)
                else:
                    trees[name] = tree
            except NotRead as error:
                refused(name, error)
        for name, tree in trees.items():
            try:
                self.made[name] = self._formula(name, tree)
            except NotRead as error:
                refused(name, error)

    def _simple(self, tree: exp.Expr) -> Made:
        conditions: list[exp.Expr] = []
        if isinstance(tree, exp.Filter):
            conditions += conjuncts(tree.expression.this)
            tree = tree.this
        agg, value = _AGGREGATES[type(tree)], tree.this
        if isinstance(value, exp.Distinct):
            if agg != "count" or len(value.expressions) != 1:
                raise NotRead(Reason.AGGREGATION, "distinct is read in a count of one thing")
            agg, value = "count_distinct", value.expressions[0]
        if len([each for each in (tree.args.get("expressions") or ()) if each is not None]):
            raise NotRead(Reason.AGGREGATION, "an aggregate takes one thing")
        value = value.unnest()
        if isinstance(value, exp.Case) and _is_one_branch(value):
            branch = value.args["ifs"][0]
            conditions = conjuncts(branch.this) + conditions
            value = branch.args["true"]
        whole = exp.Tuple(expressions=[each.copy() for each in (*conditions, value)])
        model, name = self.resolve(whole)
        made: Made = {"model": model, "agg": agg}
        counts_rows = isinstance(value, exp.Star) or (agg == "count" and isinstance(value, exp.Literal))
        if not counts_rows:
            made["expr"] = row_expression(value, name)
        if conditions:
            made["where"] = " and ".join(_bracketed(row_expression(each, name)) for each in conditions)
        return made

    def _formula(self, name: str, tree: exp.Expr) -> Made:
        def written(node: exp.Expr) -> exp.Expr:
            node = _without_cast(node)
            if _is_aggregate(node):
                return column(self._part(name, node))
            if (
                isinstance(node, exp.Anonymous)
                and node.name.lower() == "measure"
                and len(node.expressions) == 1
            ):
                path = path_of(node.expressions[0])
                if path is None or len(path) != 1:
                    raise NotRead(Reason.FORMULA, "measure(...) takes one name")
                return column(self.rename.get(path[0], path[0]))
            if isinstance(node, exp.Div):
                return exp.Div(
                    this=written(_without_one(node.this)), expression=written(_not_zero(node.expression))
                )
            if isinstance(node, exp.Paren | exp.Neg):
                return type(node)(this=written(node.this))
            if isinstance(node, exp.Add | exp.Sub | exp.Mul):
                return type(node)(this=written(node.this), expression=written(node.expression))
            if isinstance(node, exp.Literal) and not node.is_string:
                return node.copy()
            raise NotRead(Reason.FORMULA, f"is more than arithmetic of aggregates: {short(node.sql())}")

        made = written(tree)
        if isinstance(made, exp.Div):
            top, bottom = path_of(made.this.unnest()), path_of(made.expression.unnest())
            if top and bottom:
                return {"ratio": {"numerator": top[0], "denominator": bottom[0]}, "on_zero": "undefined"}
        if path_of(made):
            return {"derived": made.sql()}
        has_division = any(True for _ in made.find_all(exp.Div))
        return {"derived": made.sql()} | ({"on_zero": "undefined"} if has_division else {})

    def _part(self, name: str, node: exp.Expr) -> str:
        made = self._simple(node)
        essence = _essence(made)
        if essence not in self._known:
            number = 1
            while f"{name}_part_{number}" in self._taken:
                number += 1
            part = f"{name}_part_{number}"
            self._taken.add(part)
            self._known[essence] = part
            self.made[part] = made
        return self._known[essence]


def _is_aggregate(node: exp.Expr) -> bool:
    inside = node.this if isinstance(node, exp.Filter) else node
    return type(inside) in _AGGREGATES


def _is_one_branch(node: exp.Case) -> bool:
    default = node.args.get("default")
    none = default is None or isinstance(default, exp.Null)
    return node.this is None and none and len(node.args["ifs"]) == 1


def _without_cast(node: exp.Expr) -> exp.Expr:
    """A cast to a fraction changes no value of ours: quotients are exact."""
    while isinstance(node, exp.Cast) and node.to.this in _FRACTIONS:
        node = node.this
    return node


def _without_one(node: exp.Expr) -> exp.Expr:
    """``1.0 * x`` keeps a quotient from being cut off, and is x."""
    inner = node.unnest()
    if (
        isinstance(inner, exp.Mul)
        and isinstance(inner.this, exp.Literal)
        and inner.this.this in ("1.0", "1.00")
    ):
        one: exp.Expr = inner.expression
        return one
    return node


def _not_zero(node: exp.Expr) -> exp.Expr:
    """``nullif(x, 0)`` under a division is x: a division by zero is undefined here."""
    inner = node.unnest()
    if (
        isinstance(inner, exp.Nullif)
        and isinstance(inner.expression, exp.Literal)
        and inner.expression.this == "0"
    ):
        value: exp.Expr = inner.this
        return value if path_of(value) or _is_aggregate(value) else exp.Paren(this=value)
    return node


def _bracketed(text: str) -> str:
    tree = parse_expression(text).ast
    return f"({text})" if isinstance(tree, exp.Or) else text


def _essence(made: Made) -> tuple[Any, ...]:
    return tuple(made.get(key) for key in ("model", "agg", "expr", "where"))
