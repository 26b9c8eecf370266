"""Say what a figure usually is, from earlier ones: by the median and the median deviation, which outliers do not move.

The usual range is the median plus and minus `deviations` times 1.4826 times the median absolute deviation (that is
one standard deviation where figures are spread normally; Leys et al. 2013, "Detecting outliers"), and at least
plus and minus `share` of the median, so that a history without any spread does not make every change unusual.
Fewer than `history` earlier figures say nothing.
Layer: pipeline. Exact decimals; pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.contracts.model import ColumnSpec

ARGUMENTS = ("history", "deviations", "share")
_HISTORY, _DEVIATIONS, _SHARE = 4, 5, 0.2
_TO_DEVIATION = Decimal("1.4826")
_CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Usual:
    """The range in which a figure is not remarkable."""

    median: Decimal
    low: Decimal
    high: Decimal
    count: int  # earlier figures

    @property
    def told(self) -> str:
        """Return the range in words.

        >>> usual_range([Decimal(n) for n in (100, 102, 98, 100)], {}).told
        'usual is 80 to 120, by the median 100 of 4 deliveries'
        """
        low, high, middle = (_plain(value) for value in (self.low, self.high, self.median))
        return f"usual is {low} to {high}, by the median {middle} of {self.count} deliveries"


def usual_range(earlier: Sequence[Decimal], arguments: Mapping[str, Any]) -> Usual | None:
    """Return the range that `earlier` figures make usual; None where they are too few to say."""
    if len(earlier) < arguments.get("history", _HISTORY):
        return None
    middle = median(earlier)
    spread = median([abs(value - middle) for value in earlier])
    by_spread = Decimal(str(arguments.get("deviations", _DEVIATIONS))) * _TO_DEVIATION * spread
    by_share = Decimal(str(arguments.get("share", _SHARE))) * abs(middle)
    width = max(by_spread, by_share)
    return Usual(median=middle, low=middle - width, high=middle + width, count=len(earlier))


def check_usual(
    arguments: Mapping[str, Any], columns: Mapping[str, ColumnSpec], column: ColumnSpec | None
) -> Iterator[str]:
    """Yield what is wrong with the arguments of a rule of usual figures."""
    if column is not None:
        yield "this rule belongs to the table: write it under its `quality`"
    history = arguments.get("history", _HISTORY)
    if not isinstance(history, int) or isinstance(history, bool) or history < 2:
        yield "`history` must be a whole number of deliveries, at least 2"
    for name, given in (("deviations", _DEVIATIONS), ("share", _SHARE)):
        value = arguments.get(name, given)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            yield f"`{name}` must be a number, not {value!r}"


def _plain(value: Decimal) -> str:
    rounded = value.quantize(_CENT)
    return f"{int(rounded):,}" if rounded == int(rounded) else f"{rounded:,}"
