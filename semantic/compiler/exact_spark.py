"""Put a tree in words that Spark and Databricks compute exactly.

Spark fits every decimal into 38 digits, and where that is too few it drops digits after the point without a word: a
product keeps 6 of them, a sum of two wide numbers one less, a choice between scales those of the widest whole part.
So no number is given more than 25 digits before the point, and every operation gets operands that leave room for
all digits of its result. A number that does not fit is an error, never a rounded one. Medians and percentiles are
taken from sorted lists: Spark's own are floating numbers. A WITH inside a WITH gets names of its own, since Spark's
printer lifts them to the top, where names must differ.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from semantic.compiler import scales, sql
from semantic.compiler.arithmetic import EXACT_QUOTIENT
from semantic.compiler.binding import type_of
from semantic.compiler.measures import EXACT_PERCENTILE, EXACT_PERCENTILE_DISC
from semantic.compiler.scales import scale_of

WHOLE = 25  # digits before the point of any decimal: two of them add up within 38 at the scale of quotients
_ALL = 38
_PARTS = {"ISODOW": "DAYOFWEEK_ISO", "ISOYEAR": "YEAROFWEEK"}
_BORDERS: dict[str, tuple[int, str | None]] = {
    "MONTH": (12, "MONTH"),
    "QUARTER": (4, "QUARTER"),
    "YEAR": (1, None),
}
_KEPT = 6  # digits after the point that Spark never drops


def prepare(tree: exp.Expr) -> None:
    """Make `tree` one whose WITH can be printed at the top; changes it in place."""
    _rename_inner(tree)


def lowered(node: exp.Expr) -> exp.Expr:
    """Return what `node` is in Spark's words; what is below it has been put so already."""
    if isinstance(node, exp.Anonymous):
        if node.this == EXACT_QUOTIENT:
            return _quotient(*node.expressions)
        if node.this == EXACT_PERCENTILE:
            value, share, kept = node.expressions
            return _percentile(value, share, kept)
        if node.this == EXACT_PERCENTILE_DISC:
            return _percentile_disc(*node.expressions)
        return node
    if isinstance(node, exp.Extract):
        node.set("this", exp.Var(this=_PARTS.get(node.name.upper(), node.name)))
        return node
    if isinstance(node, exp.DayOfWeekIso | exp.Week):
        part = "WEEK" if isinstance(node, exp.Week) else "DAYOFWEEK_ISO"
        return exp.Extract(this=exp.Var(this=part), expression=node.this)
    if isinstance(node, exp.DateDiff) and node.text("unit").upper() in _BORDERS:
        return _borders_between(node)
    if isinstance(node, exp.DateTrunc) and node.text("unit").upper() == "DAY":
        return sql.cast(node.this, "DATE")
    if isinstance(node, exp.Cast):
        return _rounded_cast(node) if node.to.is_type("int", "bigint") else _narrow_cast(node)
    if isinstance(node, exp.Mul) and not _is_factor(node):
        return _product(node)
    if isinstance(node, exp.Sub) and type_of(node.this).kind == type_of(node.expression).kind == "date":
        return exp.DateDiff(this=node.this, expression=node.expression, unit=exp.Var(this="DAY"))
    if isinstance(node, exp.Add | exp.Sub):
        return _sum(node)
    if isinstance(node, scales.MEETINGS):
        scales.level(node, _decimal)
        return node
    if isinstance(node, exp.Sum | exp.Median | exp.Filter | exp.Window) and not _is_inside(node):
        return _aggregate(node)
    return node


# -------------------------------------------------------------------------------------------------- digits


def _decimal(node: exp.Expr, scale: int, whole: int = WHOLE) -> exp.Expr:
    """`node` with `scale` digits after the point, and `whole` before it where that leaves room for them."""
    return _as_decimal(node, min(_ALL, whole + scale), scale)


def _as_decimal(node: exp.Expr, digits: int, scale: int) -> exp.Expr:
    if (
        isinstance(node, exp.Cast)
        and not isinstance(node, exp.TryCast)
        and (_size(node) or (0, -1))[1] == scale
    ):
        node = node.this  # the same digits after the point: the last cast alone says how many come before it
    return exp.Cast(this=node, to=sql.data_type(f"DECIMAL({digits}, {scale})"))


def _size(node: exp.Cast) -> tuple[int, int] | None:
    """Digits and scale of a cast to a decimal."""
    if not node.to.is_type("decimal"):
        return None
    sizes = [int(each.name) for each in node.to.expressions]
    return (sizes[0], sizes[1] if len(sizes) > 1 else 0) if sizes else None


def _borders_between(node: exp.DateDiff) -> exp.Expr:
    """How many months, quarters or years begin from one day to another; Spark's own counts those that are complete."""
    per_year, part = _BORDERS[node.text("unit").upper()]

    def place(day: exp.Expr) -> exp.Expr:
        year: exp.Expr = exp.Extract(this=exp.Var(this="YEAR"), expression=day)
        if part is None:
            return year
        inside = exp.Extract(this=exp.Var(this=part), expression=day.copy())
        return exp.Add(this=exp.Mul(this=year, expression=sql.number(per_year)), expression=inside)

    first, last = (exp.Paren(this=place(each)) for each in (node.expression, node.this))
    return exp.Paren(this=exp.Sub(this=last, expression=first))


def _rounded_cast(node: exp.Cast) -> exp.Expr:
    """A cast to a whole number rounds, as DuckDB's does (floating numbers to the even one); Spark's own cuts off."""
    kind = type_of(node.this).kind
    if kind in ("decimal", "double") and not isinstance(node.this.unnest(), exp.Floor | exp.Ceil | exp.Round):
        rounding = exp.Round(this=node.this) if kind == "decimal" else None
        node.set("this", rounding or exp.Anonymous(this="BROUND", expressions=[node.this]))
    return node


def _narrow_cast(node: exp.Cast) -> exp.Expr:
    size = _size(node)
    if size is None or size[0] < _ALL:
        return node
    node.set("to", sql.data_type(f"DECIMAL({min(_ALL, WHOLE + size[1])}, {size[1]})"))
    return node


def _is_factor(node: exp.Expr) -> bool:
    return isinstance(node.parent, exp.Mul)


def _factors(node: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(node, exp.Mul):
        yield from _factors(node.this)
        yield from _factors(node.expression)
    else:
        yield node


def _product(node: exp.Mul) -> exp.Expr:
    """Share the digits before the point among the factors, where the product has more scale than Spark keeps."""
    factors = list(_factors(node))
    known = [scale for each in factors if (scale := scale_of(each)) is not None]
    if len(known) < len(factors) or sum(known) <= _KEPT:
        return node
    written = [_written(each) for each in factors]
    room = _ALL - (len(factors) - 1) - sum(known) - sum(digits for digits in written if digits)
    open_ones = sum(digits is None for digits in written) or 1
    made: exp.Expr | None = None
    for factor, scale, digits in zip(factors, known, written, strict=True):
        part = factor if digits is not None else _as_decimal(factor, scale + max(1, room // open_ones), scale)
        made = part if made is None else exp.Mul(this=made, expression=part)
    assert made is not None
    return made


def _written(node: exp.Expr) -> int | None:
    """Digits before the point of a literal."""
    if not isinstance(node, exp.Literal) or node.is_string:
        return None
    return len(str(node.this).partition(".")[0].lstrip("0"))


def _sum(node: exp.Add | exp.Sub) -> exp.Expr:
    one, other = scale_of(node.this), scale_of(node.expression)
    if one is None or other is None or max(one, other) <= _KEPT:
        return node
    scale = max(one, other)
    for side in ("this", "expression"):
        node.set(side, _decimal(node.args[side], scale))
    return _decimal(node, scale)


# ---------------------------------------------------------------------------------------------- aggregates


def _is_inside(node: exp.Expr) -> bool:
    """Whether a FILTER or an OVER around it belongs to the same aggregate."""
    return isinstance(node.parent, exp.Filter | exp.Window) and node.arg_key == "this"


def _aggregate(node: exp.Expr) -> exp.Expr:
    inner, kept = node, None
    while isinstance(inner, exp.Filter | exp.Window):
        kept = inner.expression.this if isinstance(inner, exp.Filter) else kept
        inner = inner.this
    if isinstance(inner, exp.Sum):
        scale = scale_of(inner.this)
        return _decimal(node, scale) if scale is not None and scale > _KEPT else node
    if isinstance(inner, exp.Median):
        return _median(inner.this, kept)
    return node


def _median(value: exp.Expr, kept: exp.Expr | None) -> exp.Expr:
    """The compiler gives a median the one digit more that half of two neighbours needs: nothing is cut off."""
    there = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
    middle = _percentile(value, exp.Literal.number("0.5"), sql.all_of([kept, there]) or there)
    return _decimal(middle, scale_of(value) or 0)


def _sorted_rows(value: exp.Expr, kept: exp.Expr) -> exp.Expr:
    listed = exp.Filter(
        this=exp.Anonymous(this="COLLECT_LIST", expressions=[value]), expression=exp.Where(this=kept)
    )
    return exp.Anonymous(this="SORT_ARRAY", expressions=[listed])


def _percentile_disc(value: exp.Expr, share: exp.Expr, kept: exp.Expr) -> exp.Expr:
    """Of n sorted values the one at place n * share, rounded up; `get` counts from 0, and gives none of no rows."""
    rows = _sorted_rows(value, kept)
    count = _as_decimal(exp.Anonymous(this="SIZE", expressions=[rows]), 11, 0)
    place = exp.Anonymous(this="CEIL", expressions=[exp.Mul(this=count, expression=share)])
    index = exp.Sub(this=sql.cast(place, "INT"), expression=exp.Literal.number(1))
    return exp.Anonymous(this="GET", expressions=[rows.copy(), index])


def _percentile(value: exp.Expr, share: exp.Expr, kept: exp.Expr) -> exp.Expr:
    """Sorted values as a list; between the two neighbours of position (n - 1) * share in proportion."""
    rows = _sorted_rows(value, kept)
    scale, digits = scale_of(value) or 0, len(str(share.this).partition(".")[2])
    last = exp.Sub(this=exp.Anonymous(this="SIZE", expressions=[rows]), expression=exp.Literal.number(1))
    position = exp.Mul(this=_as_decimal(last, 11, 0), expression=share)
    floor = sql.cast(exp.Anonymous(this="FLOOR", expressions=[position]), "INT")
    low = exp.Anonymous(this="GET", expressions=[rows.copy(), floor])
    after = exp.Add(this=floor.copy(), expression=exp.Literal.number(1))
    high = exp.Anonymous(this="GET", expressions=[rows.copy(), after])
    rest = _as_decimal(exp.Sub(this=position.copy(), expression=floor.copy()), digits + 1, digits)
    gap = _as_decimal(exp.Sub(this=high, expression=low), _ALL - 2 - digits, scale)
    step = exp.Coalesce(this=exp.Mul(this=gap, expression=rest), expressions=[exp.Literal.number(0)])
    result = scale + digits
    added = exp.Add(this=_decimal(low.copy(), result), expression=_decimal(step, result))
    return _decimal(added, result)


def _quotient(
    top: exp.Expr, top_scale: exp.Expr, bottom: exp.Expr, bottom_scale: exp.Expr, scale: exp.Expr
) -> exp.Expr:
    """Divide so that Spark rounds once, at the digits that are wanted.

    The scale of its quotient is 38 less the digits before the point, those of the dividend and the scale of the
    divisor: the dividend is given just as many as leave the scale that is wanted.
    """
    one, other, digits = (int(str(each.this)) for each in (top_scale, bottom_scale, scale))
    other = max(other, one - digits)  # the dividend has no room for more
    above = _as_decimal(top, _ALL - digits + one - other, one)
    below = exp.Nullif(this=_as_decimal(bottom, _ALL, other), expression=exp.Literal.number(0))
    return _decimal(exp.Div(this=above, expression=below, typed=True), digits)


# ---------------------------------------------------------------------------------------- names in a WITH


def _rename_inner(tree: exp.Expr) -> None:
    """Give the parts of a WITH inside another names that no other part has."""
    taken: set[str] = set()
    inner = [each for each in tree.find_all(exp.With) if each.parent is not tree]
    for each in reversed(inner):
        body = each.parent
        assert body is not None
        parts = list(each.expressions)
        outer = body.find_ancestor(exp.CTE)
        for place, part in enumerate(parts):
            old = part.alias
            new = base = f"{outer.alias}__{old}" if outer is not None else f"inner__{old}"
            number = 1
            while new in taken:
                number += 1
                new = f"{base}_{number}"
            taken.add(new)
            part.args["alias"].set("this", sql.name(new))
            unseen = {id(earlier) for earlier in parts[: place + 1]}
            for table in list(body.find_all(exp.Table)):
                if not table.args.get("db") and table.name == old and not _is_under(table, unseen, body):
                    table.set("this", sql.name(new))
                    if not table.alias:
                        table.set("alias", exp.TableAlias(this=sql.name(old)))


def _is_under(node: exp.Expr, parts: set[int], top: exp.Expr) -> bool:
    """Whether `node` stands in one of `parts`, which do not see the name yet."""
    here: exp.Expr | None = node
    while here is not None and here is not top:
        if id(here) in parts:
            return True
        here = here.parent
    return False
