"""Where decimals of several scales meet, in a choice or a comparison, give them one scale first.

Every engine fits the type of what they have in common into 38 digits, and where two wide numbers meet that leaves
out digits after the point: a quotient of twelve digits became one of two beside a sum of money.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from semantic.compiler.binding import type_of

_COMPARISONS = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.NEQ)
MEETINGS = (exp.Case, exp.Coalesce, exp.Greatest, exp.Least, exp.If, exp.Nullif, *_COMPARISONS)


def scale_of(node: exp.Expr) -> int | None:
    """Return the digits after the point of an exact number; None of anything else, and where it cannot be told."""
    kind = type_of(node)
    return kind.scale if kind.kind in ("decimal", "integer") else None


def level(node: exp.Expr, decimal: Callable[[exp.Expr, int], exp.Expr]) -> None:
    """Cast what meets in `node` to one scale, where it has several; written numbers fit anywhere."""
    if isinstance(node, exp.If) and isinstance(node.parent, exp.Case):
        return
    places = list(_places(node))
    found = [parent.args[key] if index is None else parent.args[key][index] for parent, key, index in places]
    scales = [None if isinstance(each, exp.Literal) else scale_of(each) for each in found]
    known = {scale for scale in scales if scale is not None}
    if len(known) < 2:
        return
    for (parent, key, index), each, scale in zip(places, found, scales, strict=True):
        if scale is not None:
            parent.set(key, decimal(each.copy(), max(known)), index)


def _places(node: exp.Expr) -> Iterator[tuple[exp.Expr, str, int | None]]:
    """Where the numbers that meet stand: node, argument, place in a list."""
    if isinstance(node, exp.Case):
        for branch in node.args.get("ifs", ()):
            yield branch, "true", None
        if node.args.get("default") is not None:
            yield node, "default", None
    elif isinstance(node, exp.If):
        yield from ((node, key, None) for key in ("true", "false") if node.args.get(key) is not None)
    elif isinstance(node, (*_COMPARISONS, exp.Nullif)):
        yield from ((node, key, None) for key in ("this", "expression"))
    else:
        yield node, "this", None
        yield from ((node, "expressions", index) for index in range(len(node.expressions)))
