"""Write a metric as DAX, where DAX gives the same number as we do; refuse it with a reason where it may not.

What differs between DAX and SQL, and is met here: BLANK counts as 0 in sums, products and comparisons, so that every
formula asks for BLANK first and comparisons are strict; a filter in CALCULATE replaces the reader's own on the same
column, so that each is kept by KEEPFILTERS; `=` on texts does not see the case of letters, so that texts are
compared by EXACT; money by a whole number is rounded to four digits, so that quotients are of DOUBLE.
Layer: semantic. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from sqlglot import exp

from semantic.expressions import literal_value, path_of, walk_columns
from semantic.interchange.portable import Aggregate, Formula, NotPortable, names_in
from semantic.schema import SqlType

Typed = Callable[[str], SqlType]  # the type of a column
Named = Callable[[str], str]  # a column or a metric as DAX names it

_MONEY_DIGITS = 4  # of Power BI's fixed decimal number
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "==", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=",
}  # fmt: skip
_MIRRORED = {"==": "==", "<>": "<>", ">": "<", ">=": "<=", "<": ">", "<=": ">="}
_NEGATED = {"==": "<>", "<>": "==", ">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def data_type(kind: SqlType) -> str | None:
    """Return Power BI's type that holds every value of a column, or None."""
    if kind.kind == "decimal":
        return "decimal" if kind.scale <= _MONEY_DIGITS else None
    return {
        "integer": "int64", "date": "dateTime", "boolean": "boolean", "text": "string",
    }.get(kind.kind)  # fmt: skip


def aggregate_dax(aggregate: Aggregate, table: str, column: Named, typed: Typed) -> str:
    """Return an aggregate over rows of `table` as DAX, on lines of their own where there are several.

    Raises:
        NotPortable: DAX may give another number.
    """
    values = (aggregate.value,) if aggregate.value is not None else ()
    for tree in (*aggregate.conditions, *values):
        for _, read in walk_columns(tree):
            if data_type(typed(read[-1])) is None:
                raise NotPortable(f"Power BI has no type that holds {read[-1]} to every digit")
    filters = [f"KEEPFILTERS({_condition(each, column, typed)})" for each in aggregate.conditions]

    def under(call: str, *more: str) -> str:
        given = [*filters, *more]
        return f"CALCULATE({', '.join((call, *given))})" if given else call

    if aggregate.value is None:
        return f"{under(f'COUNTROWS({table})')} + 0"
    path = path_of(aggregate.value.unnest())
    if path is None:
        raise NotPortable("it aggregates an expression, not a column")
    name, kind = column(path[-1]), typed(path[-1])
    if aggregate.agg == "count":
        return f"{under(f'COUNTROWS({table})', f'KEEPFILTERS(NOT ISBLANK({name}))')} + 0"
    if aggregate.agg == "count_distinct":
        return f"{under(f'DISTINCTCOUNTNOBLANK({name})')} + 0"
    if aggregate.agg in ("min", "max"):
        if kind.kind in ("text", "boolean"):
            raise NotPortable("the smallest and largest of texts and flags are not the same in DAX")
        return under(f"{aggregate.agg.upper()}({name})")
    if not kind.is_number:
        raise NotPortable("it adds up what is no number")
    if aggregate.agg == "sum":
        return under(f"SUM({name})")
    return "\n".join(
        (
            f"VAR total = {under(f'SUM({name})')}",
            f"VAR counted = {under(f'COUNT({name})')}",
            "RETURN IF(ISBLANK(total), BLANK(), DIVIDE(CONVERT(total, DOUBLE), CONVERT(counted, DOUBLE)))",
        )
    )


def _condition(node: exp.Expr, column: Named, typed: Typed) -> str:
    """A condition on one column, true where SQL's is; where SQL's is unknown, false."""
    paths = {path[-1] for _, path in walk_columns(node)}
    if len(paths) != 1:
        raise NotPortable("a condition compares several columns")
    own = paths.pop()
    return _written(node, column(own), typed(own))


def _written(node: exp.Expr, name: str, kind: SqlType, *, negated: bool = False) -> str:
    node = node.unnest()
    if isinstance(node, exp.Not):
        return _written(node.this, name, kind, negated=not negated)
    if isinstance(node, exp.And | exp.Or):
        is_and = isinstance(node, exp.And) is not negated
        sides = (_written(side, name, kind, negated=negated) for side in (node.this, node.expression))
        return f"({(' && ' if is_and else ' || ').join(sides)})"
    if path_of(node) is not None:
        if kind.kind != "boolean":
            raise NotPortable("a condition that is a column must be a flag")
        return f"{name} == {'FALSE()' if negated else 'TRUE()'}"
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null) and path_of(node.this):
        return f"NOT ISBLANK({name})" if negated else f"ISBLANK({name})"
    if isinstance(node, exp.In) and path_of(node.this):
        each = [_compared("<>" if negated else "==", name, kind, value) for value in node.expressions]
        return f"({(' && ' if negated else ' || ').join(each)})"
    if isinstance(node, exp.Between) and path_of(node.this):
        low, high = node.args["low"], node.args["high"]
        parts = (_compared("<" if negated else ">=", name, kind, low), _compared(">" if negated else "<=", name, kind, high))  # fmt: skip
        return f"({(' || ' if negated else ' && ').join(parts)})"
    if (op := _COMPARISONS.get(type(node))) is not None:
        left, right = node.this, node.expression
        if path_of(left.unnest()) is None:
            left, right, op = right, left, _MIRRORED[op]
        if path_of(left.unnest()) is not None:
            return _compared(_NEGATED[op] if negated else op, name, kind, right)
    raise NotPortable("a condition is more than comparisons of one column with values")


def _compared(op: str, name: str, kind: SqlType, value: exp.Expr) -> str:
    found = literal_value(value)
    if found is None:
        raise NotPortable("a condition compares with more than a value")
    if isinstance(found.value, str):
        if kind.kind != "text" or op not in ("==", "<>"):
            raise NotPortable("texts are compared for being the same only")
        if not found.value:
            raise NotPortable("an empty text is not told from nothing")
        same = f"EXACT({name}, {_text(found.value)})"
        return same if op == "==" else f"(NOT ISBLANK({name}) && NOT {same})"
    written = _value(found.value, kind)
    if op == "==":
        return f"{name} == {written}"
    return f"(NOT ISBLANK({name}) && {name} {op} {written})"


def _value(value: object, kind: SqlType) -> str:
    if isinstance(value, bool):
        if kind.kind == "boolean":
            return "TRUE()" if value else "FALSE()"
    elif isinstance(value, int | Decimal):
        if kind.is_number:
            return str(value)
    elif isinstance(value, dt.date) and kind.kind == "date":
        return f"DATE({value.year}, {value.month}, {value.day})"
    raise NotPortable("a condition compares a column with a value of another type")


def _text(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def formula_dax(formula: Formula, measure: Named) -> str:
    """Return a formula over other measures as DAX: nothing where one of them is nothing, as in SQL.

    Raises:
        NotPortable: DAX may give another number.
    """
    names = names_in(formula.tree)
    fractions = any(isinstance(node, exp.Mul | exp.Div) for node in formula.tree.walk())
    for node in formula.tree.find_all(exp.Div):
        above = node.parent
        while above is not None:
            if isinstance(above, exp.Add | exp.Sub):
                raise NotPortable("it adds a quotient, which is nothing where it divides by zero")
            above = above.parent
    variables = {name: f"value{number}" for number, name in enumerate(names, 1)}
    lines = [f"VAR {variables[name]} = {measure(name)}" for name in names]
    nothing = " || ".join(f"ISBLANK({each})" for each in variables.values())

    def written(node: exp.Expr) -> str:
        if isinstance(node, exp.Column):
            own = variables[node.name]
            return f"CONVERT({own}, DOUBLE)" if fractions else own
        if isinstance(node, exp.Paren):
            return f"({written(node.this)})"
        if isinstance(node, exp.Neg):
            return f"-{written(node.this)}"
        if isinstance(node, exp.Div):
            return f"DIVIDE({written(node.this)}, {written(node.expression)})"
        if isinstance(node, exp.Add | exp.Sub | exp.Mul):
            sign = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}[type(node)]
            return f"{written(node.this)} {sign} {written(node.expression)}"
        return str(node.this)

    lines.append(f"RETURN IF({nothing}, BLANK(), {written(formula.tree)})")
    return "\n".join(lines)
