"""Which metrics another tool computes to the same number, as one tree of aggregates; and of the others, why not.

Portable are sums, counts, averages and extremes of a model's own rows, quotients and formulas of such metrics on one
model. Not portable is what another tool would compute otherwise or not at all: balances, cumulative and lifecycle
metrics, conversion of currencies, members, a day of its own, conditions over joins. Such a metric is never
approximated.
Layer: semantic. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sqlglot import exp

from semantic.expressions import conjuncts, parse_expression, path_of, replace_columns, walk_columns
from semantic.model import Catalog, Metric, Model

AGGREGATES = ("sum", "count", "count_distinct", "average", "min", "max")


@dataclass(frozen=True, kw_only=True)
class Aggregate:
    """Rows of one model, aggregated; over the columns of its table, with segments and dimensions written out."""

    metric: str
    model: str
    agg: str
    value: exp.Expr | None  # None counts rows
    conditions: tuple[exp.Expr, ...] = ()  # that all hold

    def under(self, conditions: tuple[exp.Expr, ...]) -> Aggregate:
        """Return the same aggregate under other conditions."""
        return replace(self, conditions=conditions)


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A formula over other portable metrics; `tree` names them by single names."""

    metric: str
    model: str
    tree: exp.Expr
    is_ratio: bool = False


class NotPortable(Exception):
    """Raised for a metric that is not portable; says why."""


@dataclass(frozen=True, kw_only=True)
class Portable:
    """The portable metrics of a catalog, each after those that it is made of, and why others are not."""

    aggregates: dict[str, Aggregate]
    formulas: dict[str, Formula]
    reasons: dict[str, str]

    def __contains__(self, name: str) -> bool:
        return name in self.aggregates or name in self.formulas

    def names(self) -> Iterator[str]:
        """Yield the names, inputs before what is made of them."""
        yield from self.aggregates
        yield from self.formulas

    def without(self, reasons: dict[str, str]) -> Portable:
        """Return it without some metrics and without what is made of them."""
        gone = dict(reasons)
        for name, formula in self.formulas.items():
            if name in gone:
                continue
            missing = next((each for each in names_in(formula.tree) if each in gone), None)
            if missing is not None:
                gone[name] = f'it is made of "{missing}", which is not exported'
        return Portable(
            aggregates={name: each for name, each in self.aggregates.items() if name not in gone},
            formulas={name: each for name, each in self.formulas.items() if name not in gone},
            reasons={**self.reasons, **gone},
        )


def portable_metrics(catalog: Catalog) -> Portable:
    """Sort the metrics of a checked catalog into portable ones and others."""
    aggregates: dict[str, Aggregate] = {}
    formulas: dict[str, Formula] = {}
    reasons: dict[str, str] = {}

    def model_of(name: str) -> str:
        found = aggregates.get(name) or formulas.get(name)
        assert found is not None
        return found.model

    def visit(name: str) -> None:
        if name in aggregates or name in formulas or name in reasons:
            return
        metric = catalog.metrics[name]
        for each in metric.inputs:
            visit(each)
        try:
            _refuse_settings(metric)
            if metric.kind == "aggregate":
                aggregates[name] = _aggregate(catalog, metric)
                return
            missing = next((each for each in metric.inputs if each in reasons), None)
            if missing is not None:
                raise NotPortable(f'it is made of "{missing}", which is not portable')
            models = {model_of(each) for each in metric.inputs}
            if len(models) != 1:
                raise NotPortable(f"it joins {' and '.join(sorted(models))}, each aggregated on its own rows")
            formulas[name] = _formula(metric, models.pop())
        except NotPortable as error:
            reasons[name] = str(error)

    for name in catalog.metrics:
        visit(name)
    return Portable(aggregates=aggregates, formulas=formulas, reasons=reasons)


def names_in(tree: exp.Expr) -> list[str]:
    """Return the single names of a tree, in order, each once."""
    return list(dict.fromkeys(path[-1] for _, path in walk_columns(tree)))


_KIND_REASONS = {
    "balance": "a balance is taken on a day of each period, not added up",
    "cumulative": "its period reaches back beyond the asked one",
    "lifecycle": "it follows members from period to period",
}


def _refuse_settings(metric: Metric) -> None:
    if metric.kind in _KIND_REASONS:
        raise NotPortable(_KIND_REASONS[metric.kind])
    if metric.currency_from and metric.currency_rate != "none":
        raise NotPortable("its rows are converted from currencies by a table of rates")
    if metric.currency_from:
        raise NotPortable("its rows are in several currencies that must not be added up")
    if metric.fill is not None:
        raise NotPortable("it fills groups that have no value")
    if metric.on_zero == "zero":
        raise NotPortable("a division by zero gives zero")


def _aggregate(catalog: Catalog, metric: Metric) -> Aggregate:
    model = catalog.models[metric.model or ""]
    if metric.members:
        raise NotPortable("it counts the rows of chosen members")
    if metric.agg not in AGGREGATES:
        raise NotPortable("a percentile is no plain aggregate")
    if metric.time not in (None, model.time):
        raise NotPortable(f"it adds up by a day of its own, {metric.time}")
    value = None
    if metric.expr not in (None, "*", "1"):
        value = _own_rows(model, parse_expression(metric.expr or "").ast)
        flag = model.dimensions.get(metric.expr or "")
        if metric.agg != "count" and flag is not None and flag.type == "flag":
            raise NotPortable("it adds up a flag")
    conditions = [*model_condition(model), *_conditions(model, metric.where)]
    return Aggregate(
        metric=metric.name,
        model=model.name,
        agg=metric.agg or "sum",
        value=value,
        conditions=tuple({each.sql(): each for each in conditions}.values()),
    )


def model_condition(model: Model) -> tuple[exp.Expr, ...]:
    """Return what all rows of a model meet, over the columns of its table.

    Raises:
        NotPortable: a condition does not mean the same everywhere.
    """
    return tuple(_conditions(model, model.where))


def _conditions(model: Model, text: str | None) -> Iterator[exp.Expr]:
    if text is not None:
        for each in conjuncts(segments_written_out(model, parse_expression(text).ast)):
            yield _own_rows(model, each)


def segments_written_out(model: Model, tree: exp.Expr, above: tuple[str, ...] = ()) -> exp.Expr:
    """Return a condition with the conditions of named segments in their places."""

    def written(path: tuple[str, ...]) -> exp.Expr:
        name = path[0]
        if len(path) != 1 or name not in model.segments or name in above:
            return column(*path)
        inner = parse_expression(model.segments[name].expr).ast
        return exp.Paren(this=segments_written_out(model, inner, (*above, name)))

    return replace_columns(tree, written)


def dimensions_written_out(model: Model, tree: exp.Expr, above: tuple[str, ...] = ()) -> exp.Expr:
    """Return an expression over columns alone: dimensions with an expression are replaced by it."""

    def written(path: tuple[str, ...]) -> exp.Expr:
        known = model.dimensions.get(path[0]) if len(path) == 1 else None
        if known is None or known.expr is None or known.name in above:
            return column(*path)
        inner = dimensions_written_out(model, parse_expression(known.expr).ast, (*above, known.name))
        return inner if path_of(inner) else exp.Paren(this=inner)

    return replace_columns(tree, written)


def column(*path: str) -> exp.Expr:
    """Return a name as a tree."""
    parts = [exp.to_identifier(part) for part in path]
    return exp.Column(
        this=parts[-1], table=parts[-2] if len(parts) > 1 else None, db=parts[-3] if len(parts) > 2 else None
    )


_PLAIN: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Tuple, exp.EQ, exp.NEQ, exp.GT,
    exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.Like, exp.Is, exp.And, exp.Or, exp.Not, exp.Add, exp.Sub,
    exp.Mul, exp.Neg, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Abs, exp.Lower, exp.Upper, exp.Cast,
    exp.DataType,
)  # fmt: skip


def plain_fault(tree: exp.Expr) -> str | None:
    """Return what of an expression does not mean the same in every SQL, or None."""
    for node in tree.walk():
        if not isinstance(node, _PLAIN):
            word = node.sql_name().lower() if isinstance(node, exp.Func) else type(node).__name__.lower()
            return f'"{word}" does not mean the same in every tool'
        if isinstance(node, exp.Cast) and not node.to.is_type("date"):
            return "a cast does not mean the same in every tool"
    return None


def _own_rows(model: Model, tree: exp.Expr) -> exp.Expr:
    for _, path in walk_columns(tree):
        if len(path) != 1:
            raise NotPortable(f"it reads {'.'.join(path)} over a join")
    written = dimensions_written_out(model, tree)
    fault = column_fault(model, written) or plain_fault(written)
    if fault is not None:
        raise NotPortable(fault)
    return written


def column_fault(model: Model, written: exp.Expr) -> str | None:
    """Return why the columns of an expression cannot be named by themselves, or None."""
    for _, path in walk_columns(written):
        if len(path) != 1:
            return f"it reads {'.'.join(path)} over a join"
        known = model.dimensions.get(path[0])
        if known is not None and known.expr not in (None, path[0]):
            return f"it reads the column {path[0]}, whose name a dimension has that means something else"
    return None


_FORMULA_NODES = (exp.Column, exp.Identifier, exp.Literal, exp.Paren, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg)  # fmt: skip


def _formula(metric: Metric, model: str) -> Formula:
    if metric.kind == "ratio":
        tree: exp.Expr = exp.Div(this=column(metric.inputs[0]), expression=column(metric.inputs[1]))
        return Formula(metric=metric.name, model=model, tree=tree, is_ratio=True)
    if metric.own_inputs:
        raise NotPortable("its formula takes other rows or other days of a metric")
    tree = parse_expression(metric.formula or "").ast
    if not all(isinstance(node, _FORMULA_NODES) for node in tree.walk()):
        raise NotPortable("its formula is more than arithmetic")
    return Formula(metric=metric.name, model=model, tree=tree.copy())


# ------------------------------------------------------------------------------------------------------ SQL trees


def aggregate_sql(aggregate: Aggregate, name: Callable[[str], exp.Expr], *, filtered: bool) -> exp.Expr:
    """Return an aggregate as a tree of SQL.

    Args:
        aggregate: what to write.
        name: how a column of the model is named.
        filtered: conditions stand in `filter (where ...)`; else in a `case`, which every SQL has.
    """
    value = aggregate.value.copy() if aggregate.value is not None else None
    condition = exp.and_(*(each.copy() for each in aggregate.conditions)) if aggregate.conditions else None
    if condition is not None and not filtered:
        then = value if value is not None else exp.Literal.number(1)
        value = exp.Case(ifs=[exp.If(this=condition, true=then)])
    made = _called(aggregate.agg, value)
    if condition is not None and filtered:
        made = exp.Filter(this=made, expression=exp.Where(this=condition))
    return replace_columns(made, lambda path: name(path[-1]))


def _called(agg: str, value: exp.Expr | None) -> exp.Expr:
    if agg == "count":
        return exp.Count(this=value if value is not None else exp.Star())
    assert value is not None
    if agg == "count_distinct":
        return exp.Count(this=exp.Distinct(expressions=[value]))
    return {"sum": exp.Sum, "average": exp.Avg, "min": exp.Min, "max": exp.Max}[agg](this=value)


def formula_sql(tree: exp.Expr, value: Callable[[str], exp.Expr], *, exact: bool) -> exp.Expr:
    """Return a formula as a tree of SQL; a division by zero is null.

    Args:
        tree: the formula over names of metrics.
        value: what stands for a metric.
        exact: a quotient of whole numbers is made a fraction, for SQL that would cut it off.
    """
    if isinstance(tree, exp.Column):
        made = value(tree.name)
        return (
            made
            if isinstance(made, exp.Func | exp.Filter | exp.Column | exp.Anonymous)
            else exp.Paren(this=made)
        )
    if isinstance(tree, exp.Paren | exp.Neg):
        return type(tree)(this=formula_sql(tree.this, value, exact=exact))
    if isinstance(tree, exp.Binary):
        left = formula_sql(tree.this, value, exact=exact)
        right = formula_sql(tree.expression, value, exact=exact)
        if isinstance(tree, exp.Div):
            if exact:
                left = exp.Mul(this=exp.Literal.number("1.0"), expression=left)
            right = exp.Nullif(this=right.unnest(), expression=exp.Literal.number(0))
        return type(tree)(this=left, expression=right)
    return tree.copy()
