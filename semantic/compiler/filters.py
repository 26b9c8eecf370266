"""Turn a typed filter into a condition on a bound expression.

What excludes keeps the rows that have no value: who leaves out EMEA has not left out the customers without a region.
Everything else matches only what is known (ADR 6).
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from semantic.compiler import sql
from semantic.query import Filter, FilterOp, Scalar

_COMPARISONS: dict[FilterOp, type[exp.Binary]] = {
    "=": exp.EQ, "!=": exp.NEQ, ">": exp.GT, ">=": exp.GTE, "<": exp.LT, "<=": exp.LTE,
}  # fmt: skip


def condition(subject: exp.Expr, wanted: Filter) -> exp.Expr:
    """Return the condition that `wanted` puts on `subject`."""
    if wanted.op in _COMPARISONS:
        return _compared(subject, wanted.op, wanted.values[0])
    return _OPERATORS[wanted.op](subject, wanted.values)


def _compared(subject: exp.Expr, op: FilterOp, value: Scalar) -> exp.Expr:
    if value is None:
        return _is_null(subject, ()) if op == "=" else _not_null(subject, ())
    if isinstance(value, bool):
        return _flag(subject, op, value)
    compared = _COMPARISONS[op](this=subject, expression=sql.literal(value))
    return _or_unknown(subject, compared) if op == "!=" else compared


def complement(condition: exp.Expr) -> exp.Expr:
    """Return what holds where `condition` does not, or is not known to."""
    return exp.Not(this=exp.Coalesce(this=exp.Paren(this=condition), expressions=[exp.Boolean(this=False)]))


def _flag(subject: exp.Expr, op: FilterOp, value: bool) -> exp.Expr:
    if op == "!=":
        holds = subject if value else exp.Not(this=exp.Paren(this=subject))
        return complement(holds)
    return subject if value else exp.Not(this=exp.Paren(this=subject))


def _or_unknown(subject: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return sql.any_of([condition, _is_null(subject.copy(), ())])


def _in(subject: exp.Expr, values: Sequence[Scalar]) -> exp.Expr:
    listed = [sql.literal(value) for value in values if value is not None]
    found: list[exp.Expr] = []
    if listed:
        found.append(exp.In(this=subject, expressions=listed))
    if len(listed) < len(values) or not values:
        found.append(_is_null(subject.copy(), ()) if values else exp.Boolean(this=False))
    return found[0] if len(found) == 1 else sql.any_of(found)


def _not_in(subject: exp.Expr, values: Sequence[Scalar]) -> exp.Expr:
    listed = [sql.literal(value) for value in values if value is not None]
    if not listed:
        return _not_null(subject, ()) if values else exp.Boolean(this=True)
    outside = exp.Not(this=exp.Paren(this=exp.In(this=subject, expressions=listed)))
    if len(listed) < len(values):  # no value is among what is left out
        return sql.all_of([outside, _not_null(subject.copy(), ())]) or outside
    return _or_unknown(subject, outside)


def _between(subject: exp.Expr, values: Sequence[Scalar]) -> exp.Expr:
    return exp.Between(this=subject, low=sql.literal(values[0]), high=sql.literal(values[1]))


def _contains(subject: exp.Expr, values: Sequence[Scalar]) -> exp.Expr:
    text = sql.literal(str(values[0]).lower())
    return exp.Contains(this=exp.Lower(this=sql.cast(subject, "TEXT")), expression=text)


def _not_contains(subject: exp.Expr, values: Sequence[Scalar]) -> exp.Expr:
    return _or_unknown(subject, exp.Not(this=_contains(subject, values)))


def _starts_with(subject: exp.Expr, values: Sequence[Scalar]) -> exp.Expr:
    text = sql.literal(str(values[0]).lower())
    return exp.StartsWith(this=exp.Lower(this=sql.cast(subject, "TEXT")), expression=text)


def _is_null(subject: exp.Expr, values: Sequence[Scalar]) -> exp.Expr:
    del values
    return exp.Is(this=subject, expression=exp.Null())


def _not_null(subject: exp.Expr, values: Sequence[Scalar]) -> exp.Expr:
    return exp.Not(this=_is_null(subject, values))


_OPERATORS: dict[FilterOp, Callable[[exp.Expr, Sequence[Scalar]], exp.Expr]] = {
    "in": _in, "not_in": _not_in, "between": _between, "contains": _contains, "not_contains": _not_contains,
    "starts_with": _starts_with, "is_null": _is_null, "not_null": _not_null,
}  # fmt: skip
