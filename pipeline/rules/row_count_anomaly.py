"""A delivery must bring about as many rows as those before it. Layer: pipeline."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.rules.base import SourceFacts, SourceRule
from pipeline.usual import ARGUMENTS, check_usual, usual_range

if TYPE_CHECKING:
    from pipeline.contracts.model import Rule


def _finds(rule: Rule, facts: SourceFacts) -> str | None:
    if facts.delivery is None:
        return None
    usual = usual_range([Decimal(rows) for rows in facts.delivery.earlier_rows], rule.arguments)
    if usual is None or usual.low <= facts.delivery.rows <= usual.high:
        return None
    return f"{facts.delivery.rows:,} rows; {usual.told}"


RULE = SourceRule(
    name="row_count_anomaly",
    arguments=ARGUMENTS,
    needs_column=False,
    check=check_usual,
    columns=lambda arguments, columns, column: (),
    finds=_finds,
    reason=lambda arguments, column: "a delivery must bring about as many rows as those before it",
    summary="a delivery must bring about as many rows as those before it (median and median deviation)",
    written="quality: {rule: row_count_anomaly, history: 4, deviations: 5, share: 0.2}",
)
