"""Read what a contract promises of a source as a whole: the standard's service levels, and rules of the source.

Latency and frequency add up to the age that the newest data may have; together they are one rule, which warns.
Other service levels are words for people.
Layer: pipeline. Imports core, the model, the rule kinds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datatrust.core.issues import Issue
from pipeline.contracts import vocabulary as words
from pipeline.contracts.model import ColumnSpec, Rule
from pipeline.contracts.quality import make_rule
from pipeline.contracts.reading import Reading


def sla_rules(reading: Reading, body: Mapping[str, Any], columns: Mapping[str, ColumnSpec]) -> list[Rule]:
    """Return the rule that latency and frequency make, if there are any."""
    from pipeline.rules.freshness import SLA, days_of

    days, place, column = 0, None, _dated(body.get("slaDefaultElement"), columns)
    for index, item in enumerate(reading.items(body.get("slaProperties"), "slaProperties")):
        here = ("slaProperties", index)
        entry = reading.keys(item, words.SLA, *here)
        if entry.get("property") not in SLA:
            continue
        place = here if place is None else place
        column = _dated(entry.get("element"), columns) or column
        try:
            days += days_of(entry.get("value"), entry.get("unit"))
        except ValueError as error:
            reading.wrong("DT417", f"{entry['property']}: {error}", *here)
    if place is None:
        return []
    arguments: dict[str, Any] = {"days": days} | ({"column": column} if column else {})
    entry = {"severity": "warning"}
    names = (column,) if column else ()
    at = reading.document.at(*place)
    return [make_rule("freshness", "sla", names, arguments, reading, at, entry=entry)]


def source_rules(rules: Sequence[Rule]) -> list[Rule]:
    """Return those of a contract's rules that are of the source as a whole."""
    from pipeline.rules import rule_kinds
    from pipeline.rules.base import SourceRule

    return [rule for rule in rules if isinstance(rule_kinds()[rule.kind], SourceRule)]


def check_sums(reading: Reading, rules: Sequence[Rule], amount_column: Any) -> None:
    """A rule of sums needs to know what to sum."""
    for rule in rules:
        if rule.kind == "sum_anomaly" and amount_column is None:
            reading.issues.append(
                Issue(
                    code="DT411",
                    message="sum_anomaly needs the table's amountColumn",
                    at=rule.position,
                    hint="customProperties: [{property: amountColumn, value: …}]",
                )
            )


def _dated(element: Any, columns: Mapping[str, ColumnSpec]) -> str | None:
    """Return the column that a service level is about where it is a date that may be told."""
    name = str(element or "").split(",")[0].rpartition(".")[2].strip()
    column = columns.get(name)
    if column is None or column.is_pii or column.type.kind not in ("date", "timestamp"):
        return None
    return name
