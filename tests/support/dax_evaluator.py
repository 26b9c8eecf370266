"""Evaluate the DAX that is exported, over plain rows: written from DAX's published meaning of BLANK and of filters.

Only what exports use is known; anything else is an error, so that nothing passes unevaluated. A filter of CALCULATE
must be kept by KEEPFILTERS: then it is an intersection with what the reader has filtered, which rows alone can show.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
TOKEN = re.compile(
    r"""\s*(?:(?P<column>'(?:[^']|'')+'\[(?:[^\]]|\]\])+\])|(?P<table>'(?:[^']|'')+')|(?P<measure>\[(?:[^\]]|\]\])+\])
    |(?P<text>"(?:[^"]|"")*")|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>\|\||&&|==|<>|>=|<=|[-+*/<>=(),]))""",
    re.VERBOSE,
)
BLANK = None


class Dax:
    """Measures over the rows of their tables."""

    def __init__(self, tables: dict[str, list[Row]], measures: dict[str, str]) -> None:
        self.tables = tables
        self.measures = measures

    def value(self, measure: str, rows: Callable[[Row], bool] = lambda row: True) -> Any:
        """Return a measure over the rows of its table that the reader has filtered."""
        return _Run(self, self.measures[measure], rows).result()


class _Run:
    def __init__(self, dax: Dax, text: str, rows: Callable[[Row], bool]) -> None:
        self.dax, self.rows = dax, rows
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            assert found is not None, f"no DAX: {text[at:]!r}"
            self.tokens.append((str(found.lastgroup), found[found.lastgroup]))  # type: ignore[index]
            at = found.end()
        self.at = 0
        self.variables: dict[str, Any] = {}

    def result(self) -> Any:
        while self._peek() == "VAR":
            self._take("VAR")
            name = self._next()[1]
            assert self._next()[1] == "="
            self.variables[name] = self._or(self.rows)
        if self._peek() == "RETURN":
            self._take("RETURN")
        value = self._or(self.rows)
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return value

    # every reader of an expression takes the rows that it is evaluated on, and in a filter the one row

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _next(self) -> tuple[str, str]:
        self.at += 1
        return self.tokens[self.at - 1]

    def _take(self, word: str) -> None:
        found = self._next()[1]
        assert found == word, f"{word} is missing before {found}"

    def _or(self, rows: Any, row: Row | None = None) -> Any:
        value = self._and(rows, row)
        while self._peek() == "||":
            self._next()
            value = bool(self._and(rows, row)) or bool(value)
        return value

    def _and(self, rows: Any, row: Row | None) -> Any:
        value = self._not(rows, row)
        while self._peek() == "&&":
            self._next()
            value = bool(self._not(rows, row)) and bool(value)
        return value

    def _not(self, rows: Any, row: Row | None) -> Any:
        if self._peek() == "NOT":
            self._next()
            return not self._not(rows, row)
        return self._compared(rows, row)

    def _compared(self, rows: Any, row: Row | None) -> Any:
        left = self._sum(rows, row)
        if self._peek() in ("==", "<>", ">", ">=", "<", "<="):
            sign = self._next()[1]
            right = self._sum(rows, row)
            if sign == "==":  # strict: BLANK is BLANK alone
                return (left is BLANK) == (right is BLANK) and left == right
            left, right = _alike(left, right), _alike(right, left)
            return {
                "<>": left != right, ">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right,
            }[sign]  # fmt: skip
        return left

    def _sum(self, rows: Any, row: Row | None) -> Any:
        value = self._product(rows, row)
        while self._peek() in ("+", "-"):
            sign = self._next()[1]
            other = self._product(rows, row)
            if value is BLANK and other is BLANK:
                continue
            left, right = (0 if each is BLANK else each for each in (value, other))
            value = _number(left, right, lambda a, b, sign=sign: a + b if sign == "+" else a - b)  # type: ignore[misc]
        return value

    def _product(self, rows: Any, row: Row | None) -> Any:
        value = self._unary(rows, row)
        while self._peek() == "*":
            self._next()
            other = self._unary(rows, row)
            value = BLANK if value is BLANK or other is BLANK else _number(value, other, lambda a, b: a * b)
        return value

    def _unary(self, rows: Any, row: Row | None) -> Any:
        if self._peek() == "-":
            self._next()
            value = self._unary(rows, row)
            return BLANK if value is BLANK else -value
        return self._atom(rows, row)

    def _atom(self, rows: Any, row: Row | None) -> Any:
        kind, text = self._next()
        if text == "(":
            value = self._or(rows, row)
            self._take(")")
            return value
        if kind == "number":
            return Decimal(text) if "." in text else int(text)
        if kind == "text":
            return text[1:-1].replace('""', '"')
        if kind == "measure":
            return self.dax.value(text[1:-1].replace("]]", "]"), rows)
        if kind == "column":
            assert row is not None, f"{text} outside a filter"
            return row[_column(text)]
        if kind == "word" and text in self.variables:
            return self.variables[text]
        assert kind == "word", f"{text} was not expected"
        if text == "SUM":
            return self._sum_of(rows)
        return getattr(self, f"_{text.lower()}")(rows, row)

    # ------------------------------------------------------------------------------------------------ functions

    def _arguments(self, rows: Any, row: Row | None) -> list[Any]:
        self._take("(")
        found = []
        while self._peek() != ")":
            found.append(self._or(rows, row))
            if self._peek() == ",":
                self._next()
        self._take(")")
        return found

    def _calculate(self, rows: Any, row: Row | None) -> Any:
        self._take("(")
        begin = self.at
        self._skip()
        predicates = []
        while self._peek() == ",":
            self._next()
            self._take("KEEPFILTERS")
            self._take("(")
            at = self.at
            predicates.append(at)
            self._skip()
            self._take(")")
        self._take(")")
        end = self.at

        def kept(each: Row) -> bool:
            if not rows(each):
                return False
            for at in predicates:
                self.at = at
                if not self._or(rows, each):
                    return False
            return True

        self.at = begin
        value = self._or(kept)
        self.at = end
        return value

    def _skip(self) -> None:
        """Pass over one argument."""
        depth = 0
        while depth or self._peek() not in (",", ")"):
            depth += {"(": 1, ")": -1}.get(self._peek(), 0)
            self.at += 1

    def _values(self, rows: Any) -> list[Any]:
        self._take("(")
        kind, text = self._next()
        self._take(")")
        assert kind == "column", text
        table = text[: text.index("[")][1:-1].replace("''", "'")
        found = [row[_column(text)] for row in self._rows_of(table, rows)]
        return [each for each in found if each is not BLANK]

    def _rows_of(self, table: str, rows: Any) -> list[Row]:
        return [row for row in self.dax.tables[table] if rows(row)]

    def _countrows(self, rows: Any, row: Row | None) -> Any:
        self._take("(")
        table = self._next()[1][1:-1].replace("''", "'")
        self._take(")")
        return len(self._rows_of(table, rows)) or BLANK

    def _sum_of(self, rows: Any) -> Any:
        values = self._values(rows)
        return sum(values[1:], values[0]) if values else BLANK

    def _count(self, rows: Any, row: Row | None) -> Any:
        return len(self._values(rows)) or BLANK

    def _distinctcountnoblank(self, rows: Any, row: Row | None) -> Any:
        return len(set(self._values(rows))) or BLANK

    def _min(self, rows: Any, row: Row | None) -> Any:
        return min(self._values(rows), default=BLANK)

    def _max(self, rows: Any, row: Row | None) -> Any:
        return max(self._values(rows), default=BLANK)

    def _isblank(self, rows: Any, row: Row | None) -> Any:
        return self._arguments(rows, row)[0] is BLANK

    def _exact(self, rows: Any, row: Row | None) -> Any:
        left, right = self._arguments(rows, row)
        return ("" if left is BLANK else left) == ("" if right is BLANK else right)

    def _if(self, rows: Any, row: Row | None) -> Any:
        condition, then, other = self._arguments(rows, row)
        return then if condition else other

    def _divide(self, rows: Any, row: Row | None) -> Any:
        top, bottom = self._arguments(rows, row)
        assert top is BLANK or isinstance(top, float), "money by a whole number is rounded to four digits"
        return BLANK if top is BLANK or not bottom else top / bottom

    def _convert(self, rows: Any, row: Row | None) -> Any:
        self._take("(")
        value = self._or(rows, row)
        self._take(",")
        self._take("DOUBLE")
        self._take(")")
        return BLANK if value is BLANK else float(value)

    def _blank(self, rows: Any, row: Row | None) -> Any:
        self._arguments(rows, row)
        return BLANK

    def _true(self, rows: Any, row: Row | None) -> Any:
        self._arguments(rows, row)
        return True

    def _false(self, rows: Any, row: Row | None) -> Any:
        self._arguments(rows, row)
        return False

    def _date(self, rows: Any, row: Row | None) -> Any:
        return dt.date(*self._arguments(rows, row))


def _alike(value: Any, other: Any) -> Any:
    """BLANK in a comparison is 0, an empty text, or the day before time."""
    if value is not BLANK:
        return value
    return "" if isinstance(other, str) else dt.date(1899, 12, 30) if isinstance(other, dt.date) else 0


def _number(left: Any, right: Any, how: Callable[[Any, Any], Any]) -> Any:
    if isinstance(left, float) or isinstance(right, float):
        return how(float(left), float(right))
    return how(left, right)


def _column(text: str) -> str:
    return text[text.index("[") + 1 : -1].replace("]]", "]")
