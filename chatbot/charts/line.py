"""One measure over time as a line; its base, where there is one, as a dotted line.

Layer: chatbot.
"""

from __future__ import annotations

import plotly.graph_objects as go

from chatbot.charts._shape import Chart, Shape
from chatbot.charts._style import (
    BASE,
    BLUE,
    HOVER,
    escape,
    hovers,
    new_figure,
    period_ticks,
    scale_of,
    title_axis,
)


def is_line(shape: Shape) -> bool:
    """Time alone."""
    return shape.time is not None and shape.category is None


def draw_line(shape: Shape) -> go.Figure:
    """Return the line of the measure, and of its base."""
    assert shape.time is not None  # is_line
    measure = shape.measures[0]
    labels = period_ticks(shape.time.texts)
    scale = scale_of(measure, more=measure.base or ())
    figure = new_figure(locale=shape.locale, height=340)
    if measure.base is not None:
        figure.add_scatter(
            x=labels, y=scale.plot_all(measure.base), name=escape(shape.base_label), mode="lines+markers",
            line={"color": BASE, "width": 2, "dash": "dot"}, marker={"size": 6},
            customdata=hovers(shape.time.texts, measure.base, measure, locale=shape.locale),
            hovertemplate=HOVER,
        )  # fmt: skip
    figure.add_scatter(
        x=labels, y=scale.plot_all(measure.values), name=escape(measure.label),
        mode="lines+markers" if shape.rows <= 40 else "lines",
        line={"color": BLUE, "width": 2.5}, marker={"size": 7},
        customdata=hovers(shape.time.texts, measure.values, measure, locale=shape.locale),
        hovertemplate=HOVER,
        showlegend=measure.base is not None,
    )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False, nticks=12)
    title_axis(figure, scale, legend=measure.base is not None)
    return figure


CHART = Chart(name="line", rank=40, fits=is_line, draw=draw_line)
