"""A single value: the number itself is the picture.

Layer: chatbot.
"""

from __future__ import annotations

from chatbot.charts._shape import Chart, Shape


def is_single(shape: Shape) -> bool:
    """No rows, one row, or nothing to put on an axis."""
    return shape.rows <= 1 or not shape.measures or (shape.time is None and shape.category is None)


def draw_nothing(shape: Shape) -> None:
    """The page shows the number; there is nothing to draw."""


CHART = Chart(name="tile", rank=0, fits=is_single, draw=draw_nothing)
