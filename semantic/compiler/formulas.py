"""Compute metrics from aggregated columns at the query's grain: a ratio is never an average of ratios.

Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlglot import exp

from datatrust.core.errors import InternalError
from semantic.compiler import arithmetic as math
from semantic.compiler import sql
from semantic.compiler.arithmetic import Value
from semantic.compiler.measures import count_name, sum_name
from semantic.expressions import parse_expression
from semantic.model import Catalog, Metric
from semantic.schema import SqlType
from semantic.scopes import ASKED, Scope, slice_name

Lookup = Callable[[str, str], tuple[exp.Expr, SqlType]]  # (slice, leaf column) -> where it stands
SPLIT = "average"  # aggregation, or take of a balance, that is kept as a sum and a count


def is_split(metric: Metric) -> bool:
    """Whether a metric's value is the quotient of two aggregated columns."""
    return metric.agg == SPLIT or (metric.balance is not None and metric.balance.take == SPLIT)


class Formulas:
    """The values of metrics over one set of aggregated columns."""

    def __init__(self, catalog: Catalog, lookup: Lookup, part: str = "", scope: Scope = ASKED) -> None:
        self._catalog = catalog
        self._lookup = lookup
        self._part = part
        self._scope = scope
        self._slice = slice_name(part, scope)

    def value(self, metric: Metric) -> Value:
        """Return the finished value of `metric`, at the digits that it declares."""
        return math.rounded(self._value(metric), metric.decimals)

    def _value(self, metric: Metric) -> Value:
        value = self._plain_value(metric)
        return value if metric.fill is None else math.filled(value, metric.fill)

    def _plain_value(self, metric: Metric) -> Value:
        if metric.kind == "ratio":
            top, bottom = (self._value(self._catalog.metrics[name]) for name in metric.inputs)
            return math.divide(top, bottom, zero=metric.on_zero == "zero")
        if metric.kind == "derived":
            tree = parse_expression(metric.formula or "").ast
            return _Formula(self, metric).value(tree)
        if metric.kind == "cumulative":
            value = self._over(self._scope.over(metric)).named(metric.inputs[0])
            return replace(value, is_divided=True) if metric.take == "average" else value
        if is_split(metric):
            total = math.leaf(*self._lookup(self._slice, sum_name(metric)))
            return math.divide(total, math.leaf(*self._lookup(self._slice, count_name(metric))))
        return math.leaf(*self._lookup(self._slice, metric.name))

    def named(self, name: str, of: Metric | None = None) -> Value:
        """Return the unfinished value of the metric called `name`, in the formula of `of` where it is given."""
        own = of.own_inputs.get(name) if of is not None else None
        if own is not None:
            return self._over(self._scope.within(own)).named(own.metric)
        return self._value(self._catalog.metrics[name])

    def condition(self, metric: Metric, text: str) -> exp.Expr:
        """Return a condition over metrics, as `metric` declares it."""
        return _Formula(self, metric).condition(parse_expression(text).ast)

    def _over(self, scope: Scope) -> Formulas:
        return Formulas(self._catalog, self._lookup, self._part, scope)


class _Formula:
    """One derived metric's arithmetic."""

    def __init__(self, formulas: Formulas, metric: Metric) -> None:
        self._formulas = formulas
        self._zero = metric.on_zero == "zero"
        self._metric = metric

    def value(self, node: exp.Expr) -> Value:
        build = _BUILDERS.get(type(node))
        if build is None:
            raise InternalError(
                f'the formula of {self._metric.name} holds "{node.sql()}", which passed its checks; please report this'
            )
        return build(self, node)

    def whole(self, node: exp.Expr) -> Value:
        return math.finish(self.value(node))

    def condition(self, node: exp.Expr) -> exp.Expr:
        """A condition inside `case`: comparisons of values."""
        if isinstance(node, exp.Paren):
            return exp.Paren(this=self.condition(node.this))
        if isinstance(node, exp.And | exp.Or):
            return type(node)(this=self.condition(node.this), expression=self.condition(node.expression))
        if isinstance(node, exp.Not):
            return exp.Not(this=exp.Paren(this=self.condition(node.this)))
        if isinstance(node, exp.Is):
            return exp.Is(this=self.whole(node.this).top, expression=exp.Null())
        made = node.copy()
        for key, child in node.args.items():
            if isinstance(child, exp.Expr):
                made.set(key, self.whole(child).top)
        return made

    def column(self, node: exp.Expr) -> Value:
        return self._formulas.named(node.name, self._metric)

    def literal(self, node: exp.Expr) -> Value:
        assert isinstance(node, exp.Literal)
        return math.constant(node)

    def inner(self, node: exp.Expr) -> Value:
        return self.value(node.this)

    def negative(self, node: exp.Expr) -> Value:
        return math.negate(self.value(node.this))

    def plus(self, node: exp.Expr) -> Value:
        return math.add(self.value(node.this), self.value(node.expression))

    def minus(self, node: exp.Expr) -> Value:
        return math.add(self.value(node.this), self.value(node.expression), minus=True)

    def times(self, node: exp.Expr) -> Value:
        return math.multiply(self.value(node.this), self.value(node.expression))

    def over(self, node: exp.Expr) -> Value:
        return math.divide(self.value(node.this), self.value(node.expression), zero=self._zero)

    def null(self, node: exp.Expr) -> Value:
        return Value(top=node.copy(), scale=0)

    def function(self, node: exp.Expr) -> Value:
        """coalesce, nullif, abs, greatest, least: the arguments' own digits."""
        parts = [self.whole(each) for each in node.iter_expressions()]
        made = node.copy()
        arguments = iter(parts)
        for key, child in node.args.items():
            if isinstance(child, exp.Expr):
                made.set(key, next(arguments).top)
            elif isinstance(child, list):
                made.set(key, [next(arguments).top for _ in child])
        scale = max((part.scale or 0 for part in parts), default=0)
        return Value(top=made, scale=scale, is_divided=any(part.is_divided for part in parts))

    def rounding(self, node: exp.Expr) -> Value:
        digits = node.args.get("decimals")
        places = int(str(digits)) if digits is not None else 0
        value = self.whole(node.this)
        made = sql.decimal(exp.Round(this=value.top, decimals=sql.number(places)), places)
        return Value(top=made, scale=places)

    def cases(self, node: exp.Expr) -> Value:
        branches = [(each.this, self.whole(each.args["true"])) for each in node.args.get("ifs", ())]
        default = self.whole(node.args["default"]) if node.args.get("default") is not None else None
        results = [value for _, value in branches] + ([default] if default else [])
        made = exp.Case(
            ifs=[exp.If(this=self.condition(test), true=value.top) for test, value in branches],
            default=default.top if default else None,
        )
        return Value(
            top=made,
            scale=max((value.scale or 0 for value in results), default=0),
            is_divided=any(value.is_divided for value in results),
        )


_BUILDERS: Mapping[type[exp.Expr], Callable[[_Formula, exp.Expr], Value]] = {
    exp.Column: _Formula.column,
    exp.Literal: _Formula.literal,
    exp.Paren: _Formula.inner,
    exp.Neg: _Formula.negative,
    exp.Add: _Formula.plus,
    exp.Sub: _Formula.minus,
    exp.Mul: _Formula.times,
    exp.Div: _Formula.over,
    exp.Null: _Formula.null,
    exp.Coalesce: _Formula.function,
    exp.Nullif: _Formula.function,
    exp.Abs: _Formula.function,
    exp.Greatest: _Formula.function,
    exp.Least: _Formula.function,
    exp.Round: _Formula.rounding,
    exp.Case: _Formula.cases,
}
