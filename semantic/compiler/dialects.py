"""Print a tree in a dialect: DuckDB, Spark, Databricks. Nodes of our own are put in each dialect's words first.

Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from semantic.compiler import exact_spark, scales, sql
from semantic.compiler.arithmetic import EXACT_QUOTIENT
from semantic.compiler.measures import EXACT_PERCENTILE, EXACT_PERCENTILE_DISC

DIALECTS = ("duckdb", "spark", "databricks")
Dialect.get_or_raise("duckdb")  # loaded with this module, not with the first question


def print_sql(select: exp.Expr, dialect: str) -> str:
    """Return the text of `select`."""
    if dialect == "duckdb":
        lowered = _rewritten([each for each in select.dfs() if type(each) in _LOWERED], select, _lowered)
    else:
        exact_spark.prepare(select)
        lowered = _rewritten(list(select.dfs()), select, exact_spark.lowered)
    return lowered.sql(dialect=dialect, pretty=True, identify=True, comments=False, copy=False)


def _with_subclasses(kinds: Iterable[type[exp.Expr]]) -> set[type[exp.Expr]]:
    return {each for kind in kinds for each in (kind, *_with_subclasses(kind.__subclasses__()))}


# What DuckDB says otherwise: one look-up a node instead of a tenth of a compile spent on asking for each kind.
_LOWERED = frozenset(_with_subclasses((exp.Anonymous, *scales.MEETINGS)))


def _rewritten(nodes: list[exp.Expr], tree: exp.Expr, lower: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """Replace `nodes` of `tree` from the leaves up, so that one inside another is in the dialect's words before it."""
    for node in reversed(nodes):
        parent, key, index = node.parent, node.arg_key, node.index
        made = lower(node)
        if made is node:
            continue
        if parent is None or key is None:
            return made
        parent.set(key, made, index)
    return tree


def _lowered(node: exp.Expr) -> exp.Expr:
    if isinstance(node, scales.MEETINGS):
        scales.level(node, sql.decimal)
    if not isinstance(node, exp.Anonymous):
        return node
    lower = _LOWERINGS.get(str(node.this))
    return lower(*node.expressions) if lower else node


def _scale(node: exp.Expr) -> int:
    return int(str(node.this))


def _duckdb_quotient(
    top: exp.Expr, top_scale: exp.Expr, bottom: exp.Expr, bottom_scale: exp.Expr, scale: exp.Expr
) -> exp.Expr:
    """Divide whole numbers, rounding half away from zero: DuckDB's own `/` of decimals is one of floats."""
    one, other, digits = _scale(top_scale), _scale(bottom_scale), _scale(scale)
    common = max(one, other)
    above = _whole(top, one, common - one + digits)
    below = _whole(bottom, other, common - other)
    half = exp.Mul(this=exp.Sign(this=above.copy()), expression=exp.Abs(this=below.copy()))
    twice = exp.Add(this=exp.Mul(this=exp.Literal.number(2), expression=above), expression=half)
    divisor = exp.Nullif(
        this=exp.Mul(this=exp.Literal.number(2), expression=below), expression=exp.Literal.number(0)
    )
    quotient = exp.IntDiv(this=exp.Paren(this=twice), expression=divisor)
    unit = sql.cast(exp.Literal.number("0." + "0" * (digits - 1) + "1"), f"DECIMAL(38, {digits})")
    return exp.Mul(this=sql.cast(quotient, "DECIMAL(38, 0)"), expression=unit)


def _whole(node: exp.Expr, scale: int, more: int) -> exp.Expr:
    """`node` counted in units of its last digit, then times ten to the power `more`."""
    units = (
        node
        if scale == 0
        else exp.Mul(this=sql.decimal(node, scale), expression=exp.Literal.number(10**scale))
    )
    whole: exp.Expr = exp.Cast(this=units, to=sql.data_type("INT128"))
    if more:
        whole = exp.Mul(this=whole, expression=exp.Literal.number(10**more))
    return whole if not isinstance(whole, exp.Mul) else exp.Paren(this=whole)


def _listed(value: exp.Expr, kept: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """Sorted values as a list, and how many there are."""
    listed = exp.Filter(
        this=exp.ArrayAgg(this=exp.Order(this=value, expressions=[exp.Ordered(this=value.copy())])),
        expression=exp.Where(this=kept),
    )
    return listed, exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=kept.copy()))


def _duckdb_percentile_disc(value: exp.Expr, share: exp.Expr, kept: exp.Expr) -> exp.Expr:
    """Of n sorted values the one at place n * share, rounded up."""
    listed, count = _listed(value, kept)
    place = sql.cast(exp.Ceil(this=exp.Mul(this=count, expression=share)), "BIGINT")
    return exp.Anonymous(this="LIST_EXTRACT", expressions=[listed, place])


def _duckdb_percentile(value: exp.Expr, share: exp.Expr, kept: exp.Expr) -> exp.Expr:
    """Between the two neighbours of position (n - 1) * share of the n sorted values, in proportion."""
    listed, count = _listed(value, kept)
    position = exp.Mul(
        this=exp.Paren(this=exp.Sub(this=count, expression=exp.Literal.number(1))), expression=share
    )
    floor = sql.cast(exp.Floor(this=position.copy()), "BIGINT")
    low = exp.Anonymous(
        this="LIST_EXTRACT", expressions=[listed, exp.Add(this=floor, expression=exp.Literal.number(1))]
    )
    high = exp.Anonymous(
        this="LIST_EXTRACT",
        expressions=[listed.copy(), exp.Add(this=floor.copy(), expression=exp.Literal.number(2))],
    )
    rest = exp.Paren(this=exp.Sub(this=position, expression=floor.copy()))
    step = exp.Coalesce(
        this=exp.Mul(this=exp.Paren(this=exp.Sub(this=high, expression=low.copy())), expression=rest),
        expressions=[exp.Literal.number(0)],
    )
    return exp.Paren(this=exp.Add(this=low, expression=step))


_LOWERINGS: dict[str, Callable[..., exp.Expr]] = {
    EXACT_QUOTIENT: _duckdb_quotient,
    EXACT_PERCENTILE: _duckdb_percentile,
    EXACT_PERCENTILE_DISC: _duckdb_percentile_disc,
}
