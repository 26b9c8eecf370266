"""A value must be of its column's type. Every column that is no text has this rule. Layer: pipeline."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pipeline.contracts.model import Rule
from pipeline.rules.base import Asked, Columns, Row, RowRule, no_check
from pipeline.values import has_surplus_decimals

if TYPE_CHECKING:
    from pyspark.sql import Column


def _breaks(rule: Rule, row: Row) -> Column:
    name = rule.columns[0]
    unread = row.text(name).isNotNull() & row.value(name).isNull()
    spec = row.spec(name)
    if spec.type.kind != "decimal":
        return unread
    return unread & ~has_surplus_decimals(row.text(name), spec.type, spec.number_format)


_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
_LEAP = r"([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_NO_DAYS = rf"^([0-9]{{4}}-(02-3[01]|(04|06|09|11)-31)|(?!{_LEAP})[0-9]{{4}}-02-29)"
_FORMS = {
    "boolean": r"^(?i)(true|false|t|f|yes|no|y|n|1|0)$",
    "integer": r"^[+-]?[0-9]{1,18}$",
    "date": f"^{_DAY}$",
    "timestamp": f"^{_DAY}[ T]{_CLOCK}$",
}


def _asked(rule: Rule, columns: Columns, today: dt.date) -> tuple[Asked, ...]:
    """Ask the raw text by forms of their own, unless it has a notation; stored rows have a type already."""
    column = columns[rule.columns[0]]
    kind = column.type
    if column.date_formats or column.number_format is not None:
        return ()
    if kind.kind == "decimal":
        whole = kind.precision - kind.scale
        return (_form(rf"^[+-]?(0*[0-9]{{0,{whole}}}(?<=[0-9])(\.[0-9]*)?|0*\.[0-9]+)$"),)
    found = [_form(_FORMS[kind.kind])]
    if kind.kind in ("date", "timestamp"):
        never = {"regex": _NO_DAYS}
        found.append(Asked(expectation="ExpectColumnValuesToNotMatchRegex", arguments=never, of_text=True))
    return tuple(found)


def _form(regex: str) -> Asked:
    return Asked(expectation="ExpectColumnValuesToMatchRegex", arguments={"regex": regex}, of_text=True)


RULE = RowRule(
    name="type",
    arguments=(),
    needs_column=True,
    check=no_check,
    breaks=_breaks,
    asked=_asked,
    summary="a value must be of its column's type, exactly: nothing is guessed, nothing rounded",
    written="logicalType: date",
    reason=lambda arguments, column: f"{column} cannot be read as its type",
)
