"""A posting must have been entered before the books of its period were closed.

The row itself says when it was entered, so that the verdict never changes: what came in time stays right when a
later closing is declared, and rows judged again years later are judged alike. No clock, no arrival time is asked.
Layer: pipeline.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from datatrust.core.issues import did_you_mean
from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.rules.base import Asked, Columns, Row, RowRule, holds

if TYPE_CHECKING:
    from pyspark.sql import Column

_DAYS = ("date", "timestamp")


def _check(arguments: Mapping[str, Any], columns: Columns, column: ColumnSpec | None) -> Iterator[str]:
    if column is not None and column.type.kind not in _DAYS:
        yield f'a posting date is needed; column "{column.name}" is a {column.type.kind}'
    entered = arguments.get("entered")
    if not isinstance(entered, str) or entered not in columns:
        near = did_you_mean(str(entered), columns) if entered else None
        yield "`entered` must name the column that says when a row was entered" + (
            f"; did you mean {near}?" if near else ": without it a closing would throw out all history"
        )
    elif columns[entered].type.kind not in _DAYS:
        yield f'`entered`: column "{entered}" is a {columns[entered].type.kind}, not a date or timestamp'
    days, through, on = (arguments.get(name) for name in ("days", "closed_through", "closed_on"))
    if days is None and through is None:
        yield "say when books close: `days` after each month's end, or `closed_through` a date"
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or days < 0):
        yield f"`days` must be a whole number, not {days!r}"
    dates = {}
    for name, value in (("closed_through", through), ("closed_on", on)):
        if value is not None:
            try:
                dates[name] = dt.date.fromisoformat(str(value))
            except ValueError:
                yield f"`{name}`: {value!r} is no date like 2026-03-31"
    if on is not None and through is None:
        yield "`closed_on` is the day on which the books up to `closed_through` were closed: give both"
    if len(dates) == 2 and dates["closed_on"] < dates["closed_through"]:
        yield "`closed_on` lies before `closed_through`"


def _breaks(rule: Rule, row: Row) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    posted, entered = (row.value(name).cast("date") for name in rule.columns)
    late = F.lit(False)
    if (days := rule.arguments.get("days")) is not None:
        late = late | (entered > F.date_add(F.last_day(posted), days))
    if (closing := _closing(rule)) is not None:
        through, on = closing
        late = late | ((posted <= F.lit(through)) & (entered > F.lit(on)))
    return late


def _asked(rule: Rule, columns: Columns, today: dt.date) -> tuple[Asked, ...]:
    posted, entered = (f"cast(`{name}` as date)" for name in rule.columns)
    asked = []
    if (days := rule.arguments.get("days")) is not None:
        asked.append(holds(f"datediff({entered}, last_day({posted})) <= {days}"))
    if (closing := _closing(rule)) is not None:
        through, on = closing
        asked.append(holds(f"{posted} > date'{through}' or {entered} <= date'{on}'"))
    return tuple(asked)


def _closing(rule: Rule) -> tuple[dt.date, dt.date] | None:
    """Return through which day the books are closed, and the last day on which they took entries."""
    through = rule.arguments.get("closed_through")
    if through is None:
        return None
    on = rule.arguments.get("closed_on", through)
    return dt.date.fromisoformat(str(through)), dt.date.fromisoformat(str(on))


def _reason(arguments: Mapping[str, Any], column: str) -> str:
    said = []
    if arguments.get("days") is not None:
        said.append(f"more than {arguments['days']} days after the end of its month")
    if arguments.get("closed_through") is not None:
        on = arguments.get("closed_on", arguments["closed_through"])
        said.append(f"after {on} into the books closed through {arguments['closed_through']}")
    return f"{column} lies in a closed period: the row was entered {', or '.join(said)}"


RULE = RowRule(
    name="period_open",
    arguments=("entered", "days", "closed_through", "closed_on"),
    needs_column=True,
    check=_check,
    columns=lambda arguments, columns, column: (column.name if column else "", arguments["entered"]),
    breaks=_breaks,
    asked=_asked,
    reason=_reason,
    summary="a posting must have been entered before the books of its period closed",
    written="quality: {rule: period_open, entered: entered_at, days: 10}, or with closed_through: 2026-03-31, closed_on: 2026-04-10",
)
