"""A change in steps, from the value before to the value now: by price, volume and mix, or by the members that made it.

Layer: chatbot.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import plotly.graph_objects as go

from chatbot.charts._shape import Chart, Measure, Shape
from chatbot.charts._waterfall import draw_waterfall

MOST = 8  # members with a step of their own; the rest is one step
_NOTHING = Decimal(0)


def is_bridge(shape: Shape) -> bool:
    """All parts of one measure's change, over no time, that add up to it."""
    if not shape.is_change or shape.time is not None or len(shape.measures) != 1 or not shape.rows:
        return False
    (measure,) = shape.measures
    if (
        measure.base is None
        or measure.unit in ("percent", "points")
        or not (measure.bridge or shape.category)
    ):
        return False
    return _sum(measure.base) + sum(value for _, value in _steps(shape, measure)) == _sum(measure.values)


def draw_bridge(shape: Shape) -> go.Figure:
    """Return the steps between two totals, the largest first where they are members."""
    (measure,) = shape.measures
    steps = _steps(shape, measure)
    return draw_waterfall(
        [shape.base_label, *(name for name, _ in steps), "Now" if not shape.is_plan else "Actual"],
        [_sum(measure.base or ()), *(value for _, value in steps), _sum(measure.values)],
        [True, *(False for _ in steps), True],
        measure,
        locale=shape.locale,
        lower_is_better=measure.is_better_low,
    )


def _steps(shape: Shape, measure: Measure) -> list[tuple[str, Decimal]]:
    if measure.bridge:
        return [
            (part.capitalize() if part != "members" else "New and lost", _sum(values))
            for part, values in measure.bridge.items()
        ]
    assert shape.category is not None  # is_bridge
    changes = [
        (text, (now or _NOTHING) - (before or _NOTHING))
        for text, now, before in zip(shape.category.texts, measure.values, measure.base or (), strict=True)
    ]
    changes.sort(key=lambda change: -abs(change[1]))
    shown = changes if len(changes) <= MOST + 1 else changes[:MOST]
    rest = changes[len(shown) :]
    return [*shown, (f"{len(rest)} others", _sum(value for _, value in rest))] if rest else shown


def _sum(values: Iterable[Decimal | None]) -> Decimal:
    return sum((Decimal(value) for value in values if value is not None), _NOTHING)


CHART = Chart(name="bridge", rank=-20, fits=is_bridge, draw=draw_bridge)
