"""A number must have the sign that its row's kind asks for, e.g. invoices positive, credit notes negative.

The kinds are declared one by one; a kind that is not among them has no agreed sign, so its rows break the rule.
Layer: pipeline.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from datatrust.core.issues import did_you_mean
from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.rules.base import Asked, Columns, Row, RowRule, holds

if TYPE_CHECKING:
    from pyspark.sql import Column

_TESTS: Mapping[str, tuple[str, Callable[[Column], Column]]] = {
    "positive": ("> 0", lambda number: number > 0),
    "negative": ("< 0", lambda number: number < 0),
    "not_positive": ("<= 0", lambda number: number <= 0),
    "not_negative": (">= 0", lambda number: number >= 0),
    "zero": ("= 0", lambda number: number == 0),
    "any": ("is not null", lambda number: number.isNotNull()),
}


def _check(arguments: Mapping[str, Any], columns: Columns, column: ColumnSpec | None) -> Iterator[str]:
    if column is not None and column.type.kind not in ("integer", "decimal"):
        yield f'a sign needs a number; column "{column.name}" is a {column.type.kind}'
    by = arguments.get("by")
    if not isinstance(by, str) or by not in columns:
        near = did_you_mean(str(by), columns) if by else None
        yield "`by` must name the column of the row's kind" + (f"; did you mean {near}?" if near else "")
    elif columns[by].type.kind not in ("string", "integer", "boolean"):
        yield f'`by`: a {columns[by].type.kind} such as "{by}" is no kind'
    signs = arguments.get("signs")
    if not isinstance(signs, dict) or not signs:
        yield "`signs` must say the sign for each kind, e.g. {invoice: positive, credit_note: negative}"
        return
    for kind, sign in signs.items():
        if sign not in _TESTS:
            near = did_you_mean(str(sign), _TESTS)
            yield f'`signs`: "{sign}" of {kind} is none of {", ".join(_TESTS)}' + (
                f"; did you mean {near}?" if near else ""
            )


def _breaks(rule: Rule, row: Row) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    number, kind = row.value(rule.columns[0]), row.text(rule.columns[1])
    fits = F.lit(False)
    for name, sign in rule.arguments["signs"].items():
        fits = F.when(kind == str(name), _TESTS[sign][1](number)).otherwise(fits)
    return number.isNotNull() & kind.isNotNull() & ~fits


def _asked(rule: Rule, columns: Columns, today: dt.date) -> tuple[Asked, ...]:
    number, by = (f"`{name}`" for name in rule.columns)
    cases = " ".join(
        f"when '{_escaped(str(kind))}' then {number} {_TESTS[sign][0]}"
        for kind, sign in rule.arguments["signs"].items()
    )
    fits = f"case cast({by} as string) {cases} else false end"
    return (holds(f"{number} is null or {by} is null or {fits}"),)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _reason(arguments: Mapping[str, Any], column: str) -> str:
    signs = arguments.get("signs") or {}
    listed = ", ".join(f"{sign.replace('_', ' ')} for {kind}" for kind, sign in signs.items())
    return f"{column} must be {listed}; other kinds have no agreed sign"


RULE = RowRule(
    name="sign",
    arguments=("by", "signs"),
    needs_column=True,
    check=_check,
    columns=lambda arguments, columns, column: (column.name if column else "", arguments["by"]),
    breaks=_breaks,
    asked=_asked,
    reason=_reason,
    summary="a number must have the sign that the row's kind asks for; a kind not named breaks it",
    written="quality: {rule: sign, by: document_type, signs: {invoice: positive, credit_note: negative}}",
)
