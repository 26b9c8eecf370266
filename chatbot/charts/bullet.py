"""One value beside its plan: a bar for what is, a band and a mark for what was planned.

Layer: chatbot.
"""

from __future__ import annotations

import plotly.graph_objects as go

from chatbot.charts._shape import Chart, Shape, signed_text
from chatbot.charts._style import (
    ADVERSE,
    BASE,
    BLUE,
    FAVOURABLE,
    INK,
    escape,
    new_figure,
    scale_values,
)

HEIGHT = 132


def is_bullet(shape: Shape) -> bool:
    """One row of one measure, planned and there."""
    if shape.rows != 1 or not shape.is_plan or len(shape.measures) != 1:
        return False
    (measure,) = shape.measures
    return measure.values[0] is not None and measure.base is not None and measure.base[0] is not None


def draw_bullet(shape: Shape) -> go.Figure:
    """Return the bar of the value, in the colour of its assessment, over the band of the plan."""
    measure = shape.measures[0]
    value, plan = measure.values[0], (measure.base or (None,))[0]
    good = (measure.favourable or (None,))[0]
    scale = scale_values((value, plan), measure)
    figure = new_figure(locale=shape.locale, height=HEIGHT)
    change = signed_text((measure.difference or (None,))[0], measure, locale=shape.locale)
    for name, amount, colour, width, told in (
        (shape.base_label, plan, BASE, 0.7, ""),
        ("Actual", value, BLUE if good is None else FAVOURABLE if good else ADVERSE, 0.34, change),
    ):
        words = escape(measure.text(amount, locale=shape.locale)) + (f" ({escape(told)})" if told else "")
        figure.add_bar(
            y=[""], x=[scale.plot(amount)], orientation="h", width=width, name=escape(name), marker_color=colour,
            customdata=[f"{escape(name)}: {words}"], hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    at = scale.plot(plan)
    figure.add_shape(
        type="line", x0=at, x1=at, y0=-0.42, y1=0.42, line={"color": INK, "width": 3}, layer="above"
    )
    figure.update_layout(barmode="overlay", legend={"traceorder": "reversed"})
    figure.update_xaxes(title_text=escape(scale.title), ticksuffix=scale.suffix, nticks=6, rangemode="tozero")
    figure.update_yaxes(showgrid=False, range=[-0.5, 0.5])
    return figure


CHART = Chart(name="bullet", rank=-10, fits=is_bullet, draw=draw_bullet)
