"""A delivery must bring about the same sum of the amount column as those before it, currency by currency.

A currency that no delivery had before is not judged; one that stays away counts as zero. Layer: pipeline.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.rules.base import SourceFacts, SourceRule
from pipeline.usual import ARGUMENTS, check_usual, usual_range

if TYPE_CHECKING:
    from pipeline.contracts.model import Rule

_NONE = Decimal(0)


def _finds(rule: Rule, facts: SourceFacts) -> str | None:
    if facts.delivery is None:
        return None
    found = []
    for currency in sorted({name for sums in facts.delivery.earlier_sums for name in sums}):
        earlier = [sums.get(currency, _NONE) for sums in facts.delivery.earlier_sums]
        usual = usual_range(earlier, rule.arguments)
        total = facts.delivery.sums.get(currency, _NONE)
        if usual is not None and not usual.low <= total <= usual.high:
            found.append(f"{currency} {total:,}".strip() + f" in sum; {usual.told}")
    return "; ".join(found) or None


RULE = SourceRule(
    name="sum_anomaly",
    arguments=ARGUMENTS,
    needs_column=False,
    check=check_usual,
    columns=lambda arguments, columns, column: (),
    finds=_finds,
    reason=lambda arguments, column: "a delivery must bring about the same sum as those before it",
    summary="a delivery must bring about the same sum of the amount column as those before it, by currency",
    written="quality: {rule: sum_anomaly, history: 4, deviations: 5, share: 0.2}",
)
