"""The newest data of a source must not be older than agreed. Layer: pipeline.

Asked once a run, of the last delivery; a backfill's older deliveries are not late. Counted in days from the
project's today to the newest value of `column`, or to the day the newest file arrived where none is named.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from datatrust.core.issues import did_you_mean
from pipeline.rules.base import Columns, SourceFacts, SourceRule

if TYPE_CHECKING:
    from pipeline.contracts.model import ColumnSpec, Rule

SLA = ("latency", "frequency")  # the standard's service levels that add up to an age
_DAYS: Mapping[str, Fraction | int] = {
    "hour": Fraction(1, 24),
    "day": 1,
    "week": 7,
    "month": 31,
    "quarter": 92,
    "year": 366,
}
_SHORT = {"h": "hour", "d": "day", "w": "week", "q": "quarter", "y": "year", "yr": "year"}


def days_of(value: Any, unit: Any) -> int:
    """Return a service level as whole days, rounded up.

    >>> days_of(1, "month"), days_of(36, "h")
    (31, 2)

    Raises:
        ValueError: no number, or no unit of time; the message is for its author.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{value!r} is no number of {unit or 'days'}")
    name = str(unit or "d").lower()
    name = _SHORT.get(name, name.removesuffix("s"))
    if name not in _DAYS:
        near = did_you_mean(str(unit), _DAYS)
        raise ValueError(
            f'"{unit}" is none of {", ".join(_DAYS)}' + (f"; did you mean {near}?" if near else "")
        )
    return math.ceil(Fraction(value) * _DAYS[name])


def _check(arguments: Mapping[str, Any], columns: Columns, column: ColumnSpec | None) -> Iterator[str]:
    if column is not None:
        yield "freshness belongs to the table: write it under its `quality`"
    days, name = arguments.get("days"), arguments.get("column")
    if not isinstance(days, int) or isinstance(days, bool) or days < 0:
        yield "freshness needs `days`, the whole number of days that the newest data may be old"
    if name is None:
        return
    if name not in columns:
        near = did_you_mean(str(name), columns)
        yield f'there is no column "{name}"' + (f"; did you mean {near}?" if near else "")
    elif columns[name].type.kind not in ("date", "timestamp") or columns[name].is_pii:
        yield f'column "{name}" is no date that may be told; name a date or timestamp without a PII class'


def _finds(rule: Rule, facts: SourceFacts) -> str | None:
    column, days = rule.arguments.get("column"), rule.arguments["days"]
    newest = facts.newest.get(column) if column else facts.arrived
    what = f"the newest {column}" if column else "the newest file"
    if newest is None:
        return f"nothing has come yet; {what} may be {days} days old"
    age = (facts.today - newest).days
    if age <= days:
        return None
    return f"{what} is of {newest}, {age} days before {facts.today}; {days} are agreed"


RULE = SourceRule(
    name="freshness",
    arguments=("days", "column"),
    needs_column=False,
    check=_check,
    columns=lambda arguments, columns, column: (arguments["column"],) if "column" in arguments else (),
    finds=_finds,
    reason=lambda arguments, column: f"data must not be older than {arguments.get('days')} days",
    summary="the newest data must not be older than agreed, on the last delivery of a run and in the status",
    written="slaProperties latency and frequency (a warning), or quality: {rule: freshness, days: 3, column: order_date}",
)
