"""The small language of cross-field conditions: SQL expressions over one contract's columns, nothing else.

Parsed by sqlglot and limited to an allow-list of nodes and functions; kinds are checked before Spark sees them
(Spark would stop the job where it cannot cast a value). Arithmetic becomes `try_` functions for the same reason.
Refuses statements, subqueries, unknown columns and functions, and comparisons between kinds.
Layer: pipeline. Imports contracts and sqlglot.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from datatrust.core.issues import did_you_mean
from pipeline.contracts.model import ColumnSpec
from pipeline.rules.base import Row

if TYPE_CHECKING:
    from pyspark.sql import Column

MAX_LENGTH = 2000
TODAY = "today"

_NUMBER, _TEXT, _DATE, _MOMENT, _TRUTH, _ANY = "number", "text", "date", "timestamp", "truth", "anything"
_KINDS = {
    "string": _TEXT, "integer": _NUMBER, "decimal": _NUMBER,
    "date": _DATE, "timestamp": _MOMENT, "boolean": _TRUTH,
}  # fmt: skip

# function -> (kinds of its arguments, kind of its result); the last kind repeats
_FUNCTIONS: Mapping[type[exp.Expr], tuple[tuple[str, ...], str]] = {
    exp.Abs: ((_NUMBER,), _NUMBER),
    exp.Round: ((_NUMBER,), _NUMBER),
    exp.Floor: ((_NUMBER,), _NUMBER),
    exp.Ceil: ((_NUMBER,), _NUMBER),
    exp.Sign: ((_NUMBER,), _NUMBER),
    exp.Length: ((_TEXT,), _NUMBER),
    exp.Upper: ((_TEXT,), _TEXT),
    exp.Lower: ((_TEXT,), _TEXT),
    exp.Left: ((_TEXT, _NUMBER), _TEXT),
    exp.Right: ((_TEXT, _NUMBER), _TEXT),
    exp.Substring: ((_TEXT, _NUMBER), _TEXT),
    exp.StartsWith: ((_TEXT,), _TRUTH),
    exp.Year: ((_DATE,), _NUMBER),
    exp.Month: ((_DATE,), _NUMBER),
    exp.Day: ((_DATE,), _NUMBER),
    exp.DayOfMonth: ((_DATE,), _NUMBER),
    exp.LastDay: ((_DATE,), _DATE),
}
_SPARK_NAMES: Mapping[type[exp.Expr], str] = {
    exp.Abs: "abs", exp.Round: "round", exp.Floor: "floor", exp.Ceil: "ceil", exp.Sign: "sign",
    exp.Length: "char_length", exp.Upper: "upper", exp.Lower: "lower", exp.Left: "left", exp.Right: "right",
    exp.Substring: "substring", exp.StartsWith: "startswith", exp.Year: "year", exp.Month: "month",
    exp.Day: "day", exp.DayOfMonth: "day", exp.LastDay: "last_day",
}  # fmt: skip
_ARITHMETIC: Mapping[type[exp.Expr], str] = {
    exp.Add: "try_add", exp.Sub: "try_subtract", exp.Mul: "try_multiply", exp.Div: "try_divide",
    exp.Mod: "try_mod",
}  # fmt: skip
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


class ExpressionError(ValueError):
    """The condition is not of this language; the message is for its author."""


def parse_condition(text: str, columns: Mapping[str, ColumnSpec]) -> exp.Expr:
    """Return the tree of a condition over `columns`.

    Raises:
        ExpressionError: it is no condition of this language, with the reason in words.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"a condition has at most {MAX_LENGTH} characters")
    try:
        trees = sqlglot.parse(text)
    except (SqlglotError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else "too deep"
        raise ExpressionError(f'cannot read the condition "{text}": {_plain(first)}') from None
    if len(trees) != 1 or trees[0] is None:
        raise ExpressionError("write one condition, without a semicolon")
    tree = trees[0]
    kind = _kind(tree, columns)
    if kind not in (_TRUTH, _ANY):
        raise ExpressionError(f'"{text}" is a {kind}, not a condition that is true or false')
    return tree


def columns_of(text: str, columns: Mapping[str, ColumnSpec]) -> tuple[str, ...]:
    """Return the columns that a condition names, in their order of appearance."""
    tree = parse_condition(text, columns)
    return tuple(
        dict.fromkeys(
            column.name for column in tree.find_all(exp.Column, bfs=False) if column.name in columns
        )
    )


def to_spark(text: str, row: Row, columns: Iterable[str]) -> Column:
    """Return the condition as a Spark column over the values of `row`."""
    specs = {name: row.spec(name) for name in columns}
    tree = parse_condition(text, specs)
    return _Builder(row, specs).build(tree)


def to_sql(text: str, columns: Mapping[str, ColumnSpec], today: dt.date) -> str:
    """Return the condition in Spark SQL over columns of the same names; nothing in it can stop a job."""

    def safe(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column):
            day = exp.cast(exp.Literal.string(today.isoformat()), exp.DType.DATE)
            return exp.column(node.name, quoted=True) if node.name in columns else day
        if type(node) in _ARITHMETIC:
            parts = [part.transform(safe) for part in (node.this, node.args["expression"])]
            return exp.Anonymous(this=_ARITHMETIC[type(node)], expressions=parts)
        return node

    return parse_condition(text, columns).transform(safe).sql(dialect="spark")


class _Builder:
    """Builds Spark columns node by node, so that no text of a contract ever reaches Spark's parser."""

    def __init__(self, row: Row, specs: Mapping[str, ColumnSpec]) -> None:
        self._row = row
        self._specs = specs

    def build(self, node: exp.Expr) -> Column:
        from pyspark.sql import functions as F  # noqa: N812

        if isinstance(node, exp.Paren):
            return self.build(node.this)
        if isinstance(node, exp.Column):
            if node.name in self._specs:
                return self._row.value(node.name)
            return F.lit(self._row.today)
        if isinstance(node, exp.Literal | exp.Boolean | exp.Null | exp.Cast):
            return _literal(node)
        if isinstance(node, exp.Neg):
            return -self.build(node.this)
        if isinstance(node, exp.Not):
            return ~self.build(node.this)
        if isinstance(node, exp.And):
            return self.build(node.left) & self.build(node.right)
        if isinstance(node, exp.Or):
            return self.build(node.left) | self.build(node.right)
        if type(node) in _ARITHMETIC:
            return F.call_function(
                _ARITHMETIC[type(node)], self.build(node.this), self.build(node.args["expression"])
            )
        if isinstance(node, _COMPARISONS):
            return _COMPARE[type(node)](*self._pair(node.left, node.right))
        if isinstance(node, exp.Is):
            return self.build(node.this).isNull()
        if isinstance(node, exp.In):
            value = self.build(node.this)
            found = F.lit(False)
            for item in node.expressions:
                found = found | (value == self._as(item, self._kind(node.this)))
            return found
        if isinstance(node, exp.Between):
            kind = self._kind(node.this)
            value = self.build(node.this)
            return (value >= self._as(node.args["low"], kind)) & (value <= self._as(node.args["high"], kind))
        if isinstance(node, exp.Like):
            return self.build(node.this).like(node.expression.name)
        if isinstance(node, exp.Coalesce):
            return F.coalesce(*[self.build(part) for part in (node.this, *node.expressions)])
        if isinstance(node, exp.Case):
            built = None
            for branch in node.args["ifs"]:
                when = (self.build(branch.this), self.build(branch.args["true"]))
                built = F.when(*when) if built is None else built.when(*when)
            assert built is not None
            default = node.args.get("default")
            return built.otherwise(self.build(default)) if default is not None else built
        return self._function(node)

    def _function(self, node: exp.Expr) -> Column:
        from pyspark.sql import functions as F  # noqa: N812

        arguments = [self.build(part) for part in _arguments(node)]
        return F.call_function(_SPARK_NAMES[type(node)], *arguments)

    def _kind(self, node: exp.Expr) -> str:
        return _kind(node, self._specs)

    def _pair(self, left: exp.Expr, right: exp.Expr) -> tuple[Column, Column]:
        return self._as(left, self._kind(right)), self._as(right, self._kind(left))

    def _as(self, node: exp.Expr, kind: str) -> Column:
        """Build a node; a quoted date beside a date or timestamp is meant as one."""
        if isinstance(node, exp.Literal) and node.is_string and kind in (_DATE, _MOMENT):
            return _date_literal(node.name)
        return self.build(node)


_COMPARE: Mapping[type[exp.Expr], Callable[[Column, Column], Column]] = {
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
}


def _literal(node: exp.Expr) -> Column:
    from decimal import Decimal

    from pyspark.sql import functions as F  # noqa: N812

    if isinstance(node, exp.Null):
        return F.lit(None)
    if isinstance(node, exp.Boolean):
        return F.lit(bool(node.this))
    if isinstance(node, exp.Cast):
        return _date_literal(node.this.name)
    assert isinstance(node, exp.Literal)
    if node.is_string:
        return F.lit(node.name)
    return F.lit(int(node.name)) if node.name.isdigit() else F.lit(Decimal(node.name))


def _date_literal(text: str) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    return F.lit(dt.date.fromisoformat(text) if len(text) == 10 else dt.datetime.fromisoformat(text))


def _arguments(node: exp.Expr) -> list[exp.Expr]:
    """Return the arguments of an allowed function in order."""
    places: Mapping[type[exp.Expr], tuple[str, ...]] = {
        exp.Round: ("this", "decimals"), exp.Substring: ("this", "start", "length"),
        exp.Left: ("this", "expression"), exp.Right: ("this", "expression"),
        exp.StartsWith: ("this", "expression"),
    }  # fmt: skip
    names = places.get(type(node), ("this",))
    given = [name for name, value in node.args.items() if value not in (None, [], False)]
    if odd := set(given) - set(names):
        raise ExpressionError(f"{node.key} takes no {', '.join(sorted(odd))} here")
    return [node.args[name] for name in names if node.args.get(name) is not None]


def _kind(node: exp.Expr, columns: Mapping[str, ColumnSpec]) -> str:
    """Return what kind of value a node gives, refusing what the language does not have."""
    if isinstance(node, exp.Paren):
        return _kind(node.this, columns)
    if isinstance(node, exp.Column):
        return _column_kind(node, columns)
    if isinstance(node, exp.Literal):
        return _TEXT if node.is_string else _NUMBER
    if isinstance(node, exp.Boolean):
        return _TRUTH
    if isinstance(node, exp.Null):
        return _ANY
    if isinstance(node, exp.Cast):
        return _date_kind(node)
    if isinstance(node, exp.Neg):
        return _need(node.this, _NUMBER, columns)
    if type(node) in _ARITHMETIC:
        _need(node.this, _NUMBER, columns)
        return _need(node.args["expression"], _NUMBER, columns)
    if isinstance(node, exp.Not):
        return _need(node.this, _TRUTH, columns)
    if isinstance(node, exp.And | exp.Or):
        _need(node.left, _TRUTH, columns)
        return _need(node.right, _TRUTH, columns)
    if isinstance(node, _COMPARISONS):
        _same(node, (node.left, node.right), columns)
        return _TRUTH
    if isinstance(node, exp.Is):
        if not isinstance(node.expression, exp.Null):
            raise ExpressionError(f'"{node.sql()}": write `is null` or `is not null`')
        _kind(node.this, columns)
        return _TRUTH
    if isinstance(node, exp.In) and node.expressions and not node.args.get("query"):
        _same(node, (node.this, *node.expressions), columns)
        return _TRUTH
    if isinstance(node, exp.Between):
        _same(node, (node.this, node.args["low"], node.args["high"]), columns)
        return _TRUTH
    if isinstance(node, exp.Like) and isinstance(node.expression, exp.Literal):
        _need(node.this, _TEXT, columns)
        return _TRUTH
    if isinstance(node, exp.Coalesce):
        return _same(node, (node.this, *node.expressions), columns)
    if isinstance(node, exp.Case) and node.this is None:
        for branch in node.args["ifs"]:
            _need(branch.this, _TRUTH, columns)
        results = [branch.args["true"] for branch in node.args["ifs"]]
        default = node.args.get("default")
        return _same(node, (*results, default) if default is not None else tuple(results), columns)
    if type(node) in _FUNCTIONS:
        wanted, result = _FUNCTIONS[type(node)]
        for place, part in enumerate(_arguments(node)):
            need = wanted[min(place, len(wanted) - 1)]
            if type(node) is exp.Round and place == 1 and not part.is_int:
                raise ExpressionError("the decimals of round() must be a whole number")
            _need(part, need, columns)
        return result
    raise ExpressionError(f'"{_plain(node.sql())}" is not part of the conditions\' language')


def _column_kind(node: exp.Column, columns: Mapping[str, ColumnSpec]) -> str:
    if node.table:
        raise ExpressionError(f'"{node.sql()}": name columns without a table')
    if node.name in columns:
        return _KINDS[columns[node.name].type.kind]
    if node.name == TODAY:
        return _DATE
    near = did_you_mean(node.name, columns)
    raise ExpressionError(
        f'unknown column "{node.name}" in a condition' + (f"; did you mean {near}?" if near else "")
    )


def _date_kind(node: exp.Cast) -> str:
    target = node.to.this
    if isinstance(node.this, exp.Literal) and node.this.is_string:
        try:
            if target == exp.DType.DATE:
                dt.date.fromisoformat(node.this.name)
                return _DATE
            if target in (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ):
                dt.datetime.fromisoformat(node.this.name)
                return _MOMENT
        except ValueError:
            raise ExpressionError(f'"{node.this.name}" is no date') from None
    raise ExpressionError("a cast is for date literals only: DATE '2026-06-30'")


def _need(node: exp.Expr, wanted: str, columns: Mapping[str, ColumnSpec]) -> str:
    kind = _kind(node, columns)
    if kind in (wanted, _ANY) or (wanted == _DATE and kind == _MOMENT):
        return wanted
    raise ExpressionError(f'"{_plain(node.sql())}" is a {kind} where a {wanted} is needed')


def _same(whole: exp.Expr, parts: tuple[exp.Expr, ...], columns: Mapping[str, ColumnSpec]) -> str:
    """Return the one kind of all parts; a quoted date counts as a date beside one."""
    kinds = [_kind(part, columns) for part in parts]
    if {_DATE, _MOMENT} & set(kinds):
        for place, part in enumerate(parts):
            if kinds[place] == _TEXT and isinstance(part, exp.Literal):
                try:
                    dt.datetime.fromisoformat(part.name)
                except ValueError:
                    raise ExpressionError(f'"{part.name}" is no date like 2026-06-30') from None
                kinds[place] = _DATE
    found = {_DATE if kind == _MOMENT else kind for kind in kinds} - {_ANY}
    if len(found) > 1:
        raise ExpressionError(f'"{_plain(whole.sql())}" mixes {" and ".join(sorted(found))}')
    return next((kind for kind in kinds if kind != _ANY), _ANY)


def _plain(text: str) -> str:
    """Return one short line without terminal codes (sqlglot underlines with them)."""
    return text.replace("\x1b[4m", "").replace("\x1b[0m", "").split("\n")[0][:200]
