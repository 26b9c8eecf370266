"""Categories as horizontal bars, the largest on top or in the order that was asked for, each with its value at the end.

Layer: chatbot.
"""

from __future__ import annotations

import plotly.graph_objects as go

from chatbot.charts._shape import Chart, Shape
from chatbot.charts._style import (
    BLUE,
    bar_rows,
    bars_height,
    bars_note,
    escape,
    first_note,
    new_figure,
    scale_of,
    shorten,
)
from chatbot.format import format_compact, format_number

ROOM = 0.15  # of the axis, for the value beside a negative bar


def is_bars(shape: Shape) -> bool:
    """Categories alone."""
    return shape.category is not None


def draw_bars(shape: Shape) -> go.Figure:
    """Return one bar a category."""
    assert shape.category is not None  # is_bars
    measure = shape.measures[0]
    places = bar_rows(measure.values, is_ranked=shape.is_ranked)[::-1]
    scale = scale_of(measure)
    lengths = scale.plot_all(measure.values[at] for at in places)
    figure = new_figure(locale=shape.locale, height=bars_height(len(places)))
    figure.add_bar(
        y=[shorten(shape.category.texts[at]) for at in places],
        x=lengths,
        orientation="h", marker_color=BLUE, cliponaxis=False, textposition="outside",
        text=[
            format_number(value, unit="percent", locale=shape.locale)
            if scale.percent else format_compact(value, locale=shape.locale)
            for at in places if (value := measure.values[at]) is not None
        ],
        customdata=[measure.text(measure.values[at], locale=shape.locale) for at in places],
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(margin={"r": 64, "t": 8})
    figure.update_xaxes(title_text=escape(scale.title), ticksuffix=scale.suffix)
    figure.update_yaxes(showgrid=False)
    known = [length for length in lengths if length is not None]
    lowest, highest = min(known, default=0.0), max(known, default=0.0)
    if lowest < 0:  # its value stands left of the bar, where the names of the categories are
        room = (max(highest, 0.0) - lowest) * ROOM
        figure.update_xaxes(range=[lowest - room, highest if highest > 0 else room])
    return figure


def _note(shape: Shape) -> str:
    return f"{first_note(shape)} {bars_note(shape, shape.rows)}".strip()


CHART = Chart(name="bars", rank=50, fits=is_bars, draw=draw_bars, note=_note)
