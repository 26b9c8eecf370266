"""Time by category: one line each for the six largest, told apart by colour and by marker.

Layer: chatbot.
"""

from __future__ import annotations

from decimal import Decimal

import plotly.graph_objects as go

from chatbot.charts._shape import Chart, Shape
from chatbot.charts._style import (
    HOVER,
    MAX_LINES,
    PALETTE,
    first_note,
    hovers,
    new_figure,
    period_ticks,
    scale_of,
    shorten,
    title_axis,
)

MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "triangle-down")


def is_multi_line(shape: Shape) -> bool:
    """Time and a category."""
    return shape.time is not None and shape.category is not None


def draw_multi_line(shape: Shape) -> go.Figure:
    """Return a line for each of the largest categories, in descending order of their sums."""
    assert shape.time is not None  # is_multi_line
    assert shape.category is not None
    measure = shape.measures[0]
    periods: dict[object, str] = {}
    for key, text in sorted(
        zip(shape.time.keys, shape.time.texts, strict=True), key=lambda pair: str(pair[0])
    ):
        periods.setdefault(key, text)
    lines: dict[str, dict[object, Decimal | None]] = {}
    for at, name in enumerate(shape.category.texts):
        lines.setdefault(name, {})[shape.time.keys[at]] = measure.values[at]
    largest = sorted(lines, key=lambda name: -sum(abs(v) for v in lines[name].values() if v is not None))
    scale = scale_of(measure)
    ticks = period_ticks(periods.values())
    figure = new_figure(locale=shape.locale, height=380)
    for place, name in enumerate(largest[:MAX_LINES]):
        values = [lines[name].get(key) for key in periods]
        figure.add_scatter(
            x=ticks, y=scale.plot_all(values), name=shorten(name), mode="lines+markers",
            line={"color": PALETTE[place], "width": 2.25}, marker={"size": 7, "symbol": MARKERS[place]},
            customdata=[f"{shorten(name)}, {hover}" for hover in hovers(periods.values(), values, measure, locale=shape.locale)],
            hovertemplate=HOVER,
        )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False, nticks=12)
    title_axis(figure, scale, legend=True)
    return figure


def _note(shape: Shape) -> str:
    assert shape.category is not None  # is_multi_line
    count = len(set(shape.category.texts))
    cut = (
        f"The chart shows the {MAX_LINES} largest of {count}; the table has all." if count > MAX_LINES else ""
    )
    return f"{first_note(shape)} {cut}".strip()


CHART = Chart(name="multi_line", rank=30, fits=is_multi_line, draw=draw_multi_line, note=_note)
