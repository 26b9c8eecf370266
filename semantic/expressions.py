"""Read the small expression language of catalogs and questions: parsed, limited to an allow-list, never pasted.

One language for dimension and metric expressions, `where`, segments, `having` and the command line: names with
dotted paths, literals, dates, comparison, in, between, like, is null, and/or/not, arithmetic, case, coalesce,
nullif, abs, round, lower, upper and their like, date parts, date differences, `today`. Everything else is refused
with its position: subqueries, aggregates, windows, casts to unlisted types, unknown functions, statements.
Layer: semantic. Imports core and the query's types; knows no catalog.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sqlglot import TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError, TokenError

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition
from semantic.query import Filter, FilterOp, Scalar

MAX_CHARACTERS = 20_000

_UNITS = {"day": "DAY", "week": "WEEK", "month": "MONTH", "quarter": "QUARTER", "year": "YEAR"}
_UNITS |= {f"{word}s": unit for word, unit in _UNITS.items()}


@dataclass(frozen=True, kw_only=True)
class Expression:
    """An expression that is allowed. Its tree is shared between callers: copy it before changing it."""

    text: str
    ast: exp.Expr
    columns: tuple[str, ...] = ()  # names in order of appearance, each once; dotted paths as written
    offsets: tuple[int, ...] = ()  # where each of `columns` first stands in `text`

    def position_of(self, column: str, at: SourcePosition | None) -> SourcePosition | None:
        """Return where `column` stands in a file whose expression begins at `at`."""
        return shift_position(at, self.text, self.offsets[self.columns.index(column)])


def parse_expression(text: str, *, at: SourcePosition | None = None) -> Expression:
    """Parse one expression.

    Args:
        text: the expression as its author wrote it.
        at: where its first character stands, for messages.

    Raises:
        UserError: not an expression of this language; every fault at once.
    """
    found = _parse(text)
    if isinstance(found, Expression):
        return found
    raise UserError.all(
        [
            Issue(code=code, message=message, at=shift_position(at, text, offset), hint=hint)
            for code, message, offset, hint in found
        ]
    )


def path_of(node: exp.Expr) -> tuple[str, ...] | None:
    """Return the names of a dotted path (``customers.region``), or None where `node` is no name.

    A path of five or more parts is a tree of dots in sqlglot; the outermost node stands for the whole path.
    """
    if isinstance(node, exp.Column | exp.Dot):
        return tuple(part.name for part in node.parts)
    return None


def walk_columns(node: exp.Expr) -> Iterator[tuple[exp.Expr, tuple[str, ...]]]:
    """Yield each name of `node` with its path, in order; a long path once, by its outermost node."""
    path = path_of(node)
    if path is not None:
        yield node, path
        return
    for child in node.iter_expressions():
        yield from walk_columns(child)


def replace_columns(node: exp.Expr, replacement: Callable[[tuple[str, ...]], exp.Expr]) -> exp.Expr:
    """Return a copy of `node` in which each name stands replaced by what `replacement` gives for its path."""
    path = path_of(node)
    if path is not None:
        return replacement(path)
    copied = node.copy()
    for name, parts in list(walk_columns(copied)):
        name.replace(replacement(parts))
    return copied


def conjuncts(node: exp.Expr) -> list[exp.Expr]:
    """Return the conditions that `node` joins by and, in order."""
    if isinstance(node, exp.Paren):
        return conjuncts(node.this)
    if isinstance(node, exp.And):
        return [*conjuncts(node.left), *conjuncts(node.right)]
    return [node]


def shift_position(at: SourcePosition | None, text: str, offset: int) -> SourcePosition | None:
    """Return the place of the character at `offset` of `text`, whose first character stands at `at`.

    >>> str(shift_position(SourcePosition(file="a.yml", line=3, column=9), "x = 1", 4))
    'a.yml:3:13'
    """
    if at is None:
        return None
    before = text[:offset]
    lines = before.count("\n")
    column = at.column + offset if not lines else len(before) - before.rfind("\n")
    return SourcePosition(file=at.file, line=at.line + lines, column=column)


# ------------------------------------------------------------------------------------------ filters of a question


def parse_filter(text: str, *, at: SourcePosition | None = None) -> tuple[Filter, ...]:
    """Parse conditions joined by and, as `--where` and `--having` take them, into a query's filters.

    A bare name is a flag or a named segment that must hold: ``net_sales`` reads ``net_sales = true``.

    Raises:
        UserError: not of this language, or more than simple conditions on one name each.

    >>> parse_filter("region = 'EMEA' and amount > 10")[1]
    Filter(field='amount', op='>', values=(10,))
    """
    expression = parse_expression(text, at=at)
    filters: list[Filter] = []
    issues: list[Issue] = []
    for index, condition in enumerate(conjuncts(expression.ast)):
        found = _filter_of(condition)
        if found is not None:
            filters.append(found)
            continue
        issues.append(
            Issue(
                code="DT222",
                message=f'a filter compares one name with values; this does not: "{condition.sql()}"',
                at=shift_position(at, text, _starts(text)[index]),
                hint="join simple conditions by and; or-conditions on one name read: name in ('a', 'b')",
            )
        )
    if issues:
        raise UserError.all(issues)
    return tuple(filters)


def _starts(text: str) -> list[int]:
    """Where each of the joined conditions begins."""
    return [_offset(each) for tree in read_trees(text) if tree is not None for each in conjuncts(tree)]


_COMPARISONS: dict[type[exp.Expr], FilterOp] = {
    exp.EQ: "=", exp.NEQ: "!=", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=",
}  # fmt: skip
_MIRRORED: dict[FilterOp, FilterOp] = {"=": "=", "!=": "!=", ">": "<", ">=": "<=", "<": ">", "<=": ">="}
_NEGATED: dict[FilterOp, FilterOp] = {
    "=": "!=", "!=": "=", "in": "not_in", "not_in": "in", ">": "<=", ">=": "<", "<": ">=", "<=": ">",
    "contains": "not_contains", "not_contains": "contains", "is_null": "not_null", "not_null": "is_null",
}  # fmt: skip


def _filter_of(node: exp.Expr) -> Filter | None:
    node = node.unnest()
    if (name := _name(node)) is not None:
        return Filter(field=name, op="=", values=(True,))
    if isinstance(node, exp.Not):
        inner = _filter_of(node.this)
        if inner is None or inner.op not in _NEGATED:
            return None
        if inner.op == "=" and inner.values[0] is True:
            return Filter(field=inner.field, op="=", values=(False,))
        return Filter(field=inner.field, op=_NEGATED[inner.op], values=inner.values)
    if isinstance(node, exp.Or):
        return _one_of(node)
    if (op := _COMPARISONS.get(type(node))) is not None:
        left, right = node.this, node.expression
        if _name(left) is None:
            left, right, op = right, left, _MIRRORED[op]
        return _made(left, op, (right,))
    if isinstance(node, exp.In):
        return _made(node.this, "in", node.expressions) if node.expressions else None
    if isinstance(node, exp.Between):
        return _made(node.this, "between", (node.args["low"], node.args["high"]))
    if isinstance(node, exp.Is):
        if isinstance(node.expression, exp.Null):
            return _made(node.this, "is_null", ())
        return _made(node.this, "=", (node.expression,))
    if isinstance(node, exp.Like | exp.ILike):
        return _pattern(node)
    if isinstance(node, exp.StartsWith):
        return _made(node.this, "starts_with", (node.expression,))
    if isinstance(node, exp.Contains):
        return _made(node.this, "contains", (node.expression,))
    return None


def _name(node: exp.Expr) -> str | None:
    path = path_of(node)
    return ".".join(path) if path else None


def _made(left: exp.Expr, op: FilterOp, values: Sequence[exp.Expr]) -> Filter | None:
    name = _name(left.unnest())
    read = [literal_value(value) for value in values]
    if name is None or any(value is None for value in read):
        return None
    return Filter(field=name, op=op, values=tuple(value.value for value in read if value is not None))


def _one_of(node: exp.Or) -> Filter | None:
    """``a = 1 or a = 2`` is ``a in (1, 2)``."""
    sides = [_filter_of(node.left), _filter_of(node.right)]
    first, second = sides
    if first is None or second is None or first.field != second.field:
        return None
    if any(side.op not in ("=", "in") for side in (first, second)):
        return None
    return Filter(field=first.field, op="in", values=(*first.values, *second.values))


def _pattern(node: exp.Like | exp.ILike) -> Filter | None:
    value = literal_value(node.expression)
    if value is None or not isinstance(value.value, str):
        return None
    pattern = value.value
    inner = pattern.strip("%")
    if "%" in inner or "_" in inner or not inner:
        return None
    made: dict[tuple[bool, bool], FilterOp] = {(True, True): "contains", (False, True): "starts_with"}
    op = made.get((pattern.startswith("%"), pattern.endswith("%")))
    name = _name(node.this)
    return Filter(field=name, op=op, values=(inner,)) if op and name else None


@dataclass(frozen=True)
class Literal:
    """A value that was written out; wraps it so that a written null differs from no value."""

    value: Scalar


def literal_value(node: exp.Expr) -> Literal | None:
    """Return the value of a literal (text, number, date, boolean, null), or None where `node` is none."""
    node = node.unnest()
    if isinstance(node, exp.Neg):
        inner = literal_value(node.this)
        return Literal(-inner.value) if inner and isinstance(inner.value, int | Decimal) else None
    if isinstance(node, exp.Literal):
        if node.is_string:
            return Literal(str(node.this))
        text = str(node.this)
        return Literal(int(text) if text.isdigit() else Decimal(text))
    if isinstance(node, exp.Boolean):
        return Literal(bool(node.this))
    if isinstance(node, exp.Cast) and node.to.is_type("date") and isinstance(node.this, exp.Literal):
        return Literal(dt.date.fromisoformat(str(node.this.this)))
    return None


# ------------------------------------------------------------------------------------------------ the allow-list

_NODES: frozenset[type[exp.Expr]] = frozenset(
    {
        exp.Column, exp.Dot, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Tuple, exp.Var,
        exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.Like, exp.ILike, exp.Is,
        exp.And, exp.Or, exp.Not, exp.StartsWith, exp.Contains, exp.EndsWith,
        exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg,
        exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Greatest,
        exp.Least, exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Concat, exp.DPipe, exp.Left, exp.Right,
        exp.Substring, exp.Replace, exp.Cast, exp.DataType, exp.DataTypeParam,
        exp.CurrentDate, exp.DateDiff, exp.Extract, exp.Year, exp.Quarter, exp.Month, exp.Week, exp.Day,
        exp.DayOfWeekIso, exp.DateTrunc, exp.Interval,
    }
)  # fmt: skip
# Parts of a date or moment that every engine counts alike; "dow" is 0 to 6 in one and 1 to 7 in another.
_PARTS = ("year", "quarter", "month", "week", "day", "isodow", "doy", "isoyear", "hour", "minute")
_TYPES = (
    "DATE", "TIMESTAMP", "INT", "BIGINT", "DECIMAL", "DOUBLE", "TEXT", "VARCHAR", "BOOLEAN",
)  # fmt: skip
_AGGREGATE_HINT = "an expression is for one row; say how rows add up with `agg`"
_HINT = "allowed: names, values, comparison, in, between, like, is null, and/or/not, arithmetic, case, dates"

_Fault = tuple[str, str, int, str | None]  # code, message, offset in the text, hint


# Functions of ours, by their lower-case names. They are read as functions that sqlglot does not know, so that their
# arguments come as they stand: its own `date_diff` takes the third one for a unit. (A parser class of ours could say
# so as well, but sqlglot's compiled form allows none.)
_OWN: dict[str, Callable[[list[Any]], exp.Expr | None]] = {
    "date_diff": lambda args: _date_diff(args),
    "datediff": lambda args: _date_diff(args),
    "days_between": lambda args: _date_diff([exp.Literal.string("day"), *args]),
    "months_between": lambda args: _date_diff([exp.Literal.string("month"), *args]),
    "today": lambda args: None if args else exp.CurrentDate(),
}
_MARK = "own "  # no function's name has a space
_DIALECT = Dialect()


def _date_diff(args: list[Any]) -> exp.Expr | None:
    """``date_diff('day', start, end)``, or ``datediff(end, start)`` in days; None where it is neither."""
    if len(args) == 2:
        return exp.DateDiff(this=args[0], expression=args[1], unit=exp.Var(this="DAY"))
    if len(args) == 3:
        unit = _UNITS.get(str(args[0].name).lower())
        if unit:
            return exp.DateDiff(this=args[2], expression=args[1], unit=exp.Var(this=unit))
    return None


def read_trees(text: str) -> list[exp.Expr | None]:
    """Return what sqlglot reads, one tree a statement: standard SQL, with one meaning for a date difference."""
    tokens = _DIALECT.tokenize(text)
    for token, following in pairwise(tokens):
        if following.token_type == TokenType.L_PAREN and token.text.lower() in _OWN:
            token.text = _MARK + token.text.lower()
    return [tree and _with_own(tree) for tree in _DIALECT.parser().parse(tokens, text)]


def _with_own(tree: exp.Expr) -> exp.Expr:
    """Return `tree` with our functions in the place of the calls that were marked; inner ones first."""
    for node in reversed(list(tree.find_all(exp.Anonymous))):
        name = str(node.this)
        if name.startswith(_MARK):
            name = name.removeprefix(_MARK)
            read = _OWN[name](node.expressions)
            tree = _swap(tree, node, read or exp.Anonymous(this=name, expressions=node.expressions))
    return tree


@lru_cache(maxsize=20_000)
def _parse(text: str) -> Expression | tuple[_Fault, ...]:
    if not isinstance(text, str) or not text.strip():
        return (("DT220", "the expression is empty", 0, None),)
    if len(text) > MAX_CHARACTERS:
        message = f"the expression has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read"
        return (("DT220", message, 0, None),)
    try:
        trees = read_trees(text)
    except (ParseError, TokenError) as error:
        return (_parse_fault(text, error),)
    except (SqlglotError, RecursionError, ValueError) as error:
        return (("DT220", f"not an expression: {type(error).__name__}", 0, _HINT),)
    if len(trees) != 1 or trees[0] is None:
        return (("DT221", "one expression, not several statements", 0, None),)
    try:
        faults = tuple(_faults(trees[0]))
        if faults:
            return faults
        return _finished(text, trees[0])
    except RecursionError:
        return (("DT220", "nested too deeply", 0, None),)


def _finished(text: str, tree: exp.Expr) -> Expression:
    for node in list(tree.walk()):
        node.comments = None
        if isinstance(node, exp.Column) and node.name.lower() == "today" and len(node.parts) == 1:
            tree = _swap(tree, node, exp.CurrentDate())
    for negated in [node for node in tree.walk() if node.args.get("negate")]:
        positive = negated.copy()
        positive.set("negate", None)
        tree = _swap(tree, negated, exp.Not(this=positive))
    for difference in list(tree.find_all(exp.Sub)):
        sides = (difference.this.unnest(), difference.expression.unnest())
        today = any(isinstance(side, exp.CurrentDate) for side in sides)
        if today and not any(isinstance(side, exp.Interval | exp.Literal) for side in sides):
            days = exp.DateDiff(this=sides[0], expression=sides[1], unit=exp.Var(this="DAY"))
            tree = _swap(tree, difference, days)
    seen: dict[str, int] = {}
    for node, path in walk_columns(tree):
        seen.setdefault(".".join(path), _offset(node))
    for node in tree.walk():  # where words stood is known now, and would be a third of the price of each copy
        node._meta = None
    return Expression(text=text, ast=tree, columns=tuple(seen), offsets=tuple(seen.values()))


def _swap(tree: exp.Expr, node: exp.Expr, other: exp.Expr) -> exp.Expr:
    """Return `tree` with `other` in the place of `node`, which may be the tree itself."""
    if node is tree:
        return other
    node.replace(other)
    return tree


def _parse_fault(text: str, error: ParseError | TokenError) -> _Fault:
    details = getattr(error, "errors", None) or [{}]
    first = details[0]
    highlight = first.get("highlight") or ""
    line, column = first.get("line") or 1, first.get("col") or 1
    lines = text.split("\n")
    offset = sum(len(each) + 1 for each in lines[: line - 1]) + max(0, column - max(1, len(highlight)))
    offset = min(offset, max(0, len(text) - 1))
    shown = f' near "{highlight}"' if highlight else ""
    return ("DT220", f'cannot be read as an expression{shown}: "{_short(text)}"', offset, _HINT)


def _faults(tree: exp.Expr) -> Iterator[_Fault]:
    for node in tree.walk(prune=lambda each: type(each) not in _NODES):
        kind = type(node)
        if kind not in _NODES:
            word = node.name if isinstance(node, exp.Anonymous) else _word(node)
            hint = _AGGREGATE_HINT if isinstance(node, exp.AggFunc) else _HINT
            yield ("DT221", f'"{word}" is not allowed in an expression', _offset(node), hint)
        elif isinstance(node, exp.Cast):
            yield from _cast_faults(node)
        elif isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest")):
            yield ("DT221", "in takes values, not a query", _offset(node), None)
        elif isinstance(node, exp.Interval) and _interval_unit(node) is None:
            yield ("DT221", "an interval counts days, weeks, months, quarters or years", _offset(node), None)
        elif isinstance(node, exp.Extract) and node.name.lower() not in _PARTS:
            hint = f"parts: {', '.join(_PARTS)} (isodow: Monday is 1, Sunday is 7)"
            yield ("DT221", f'"{node.name.lower()}" is no part of a date here', _offset(node), hint)
        elif isinstance(node, exp.DateTrunc) and node.text("unit").lower() not in _UNITS:
            message = "date_trunc goes to a day, week, month, quarter or year"
            yield ("DT221", message, _offset(node), None)
        elif isinstance(node, exp.EQ | exp.NEQ) and isinstance(node.expression, exp.Null):
            yield ("DT221", "nothing equals null; write: is null, or: is not null", _offset(node), None)


def _cast_faults(node: exp.Cast) -> Iterator[_Fault]:
    if not any(node.to.is_type(name) for name in _TYPES):
        yield (
            "DT221",
            f'cast to "{node.to.sql()}" is not allowed',
            _offset(node),
            f"types: {', '.join(_TYPES)}",
        )
    elif node.to.is_type("date") and isinstance(node.this, exp.Literal):
        try:
            dt.date.fromisoformat(str(node.this.this))
        except ValueError:
            yield ("DT221", f'"{node.this.this}" is no date like 2026-06-30', _offset(node), None)


def _interval_unit(node: exp.Interval) -> str | None:
    return _UNITS.get(str(node.text("unit")).lower())


def _offset(node: exp.Expr) -> int:
    """Where `node` begins, as far as its names tell."""
    starts = [int(each.meta["start"]) for each in node.walk() if each.meta_get("start") is not None]
    return min(starts, default=0)


def _word(node: exp.Expr) -> str:
    if isinstance(node, exp.Func):
        return node.sql_name().lower()
    return type(node).__name__.lower()


def _short(text: str, width: int = 120) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"
