"""Categories beside their base (the year or the period before): grouped bars.

Layer: chatbot.
"""

from __future__ import annotations

import plotly.graph_objects as go

from chatbot.charts._shape import Chart, Shape
from chatbot.charts._style import (
    BASE,
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


def is_comparison(shape: Shape) -> bool:
    """Categories without time, each with a base."""
    return shape.category is not None and shape.time is None and shape.measures[0].base is not None


def draw_comparison(shape: Shape) -> go.Figure:
    """Return two bars a category, by the asked value or in the order that was asked for."""
    assert shape.category is not None  # is_comparison
    measure = shape.measures[0]
    base = measure.base or ()
    places = bar_rows(measure.values, is_ranked=shape.is_ranked)[::-1]
    labels = [shorten(shape.category.texts[at]) for at in places]
    scale = scale_of(measure, more=base)
    figure = new_figure(locale=shape.locale, height=bars_height(len(places), series=2))
    for name, values, colour in (
        (shape.base_label, base, BASE),
        (measure.label, measure.values, BLUE),
    ):
        figure.add_bar(
            y=labels, x=scale.plot_all(values[at] for at in places), orientation="h", name=escape(name),
            marker_color=colour, customdata=[measure.text(values[at], locale=shape.locale) for at in places],
            hovertemplate="%{y}: %{customdata}",
        )  # fmt: skip
    figure.update_layout(barmode="group", legend={"traceorder": "reversed"})
    figure.update_xaxes(title_text=escape(scale.title), ticksuffix=scale.suffix)
    figure.update_yaxes(showgrid=False)
    return figure


def _note(shape: Shape) -> str:
    return f"{first_note(shape)} {bars_note(shape, shape.rows)}".strip()


CHART = Chart(name="comparison", rank=20, fits=is_comparison, draw=draw_comparison, note=_note)
