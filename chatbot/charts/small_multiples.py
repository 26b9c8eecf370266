"""Several measures over the same axis: one panel each, in its own unit, periods and members in line.

Layer: chatbot.
"""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from chatbot.charts._shape import Chart, Measure, Shape
from chatbot.charts._style import (
    BASE,
    BLUE,
    HOVER,
    Scale,
    bar_rows,
    bars_height,
    bars_note,
    dress,
    escape,
    hovers,
    period_ticks,
    scale_of,
    shorten,
)

MOST = 6
PANEL = 190


def is_small_multiples(shape: Shape) -> bool:
    """Two measures or more, over time or over categories, not both."""
    return len(shape.measures) > 1 and (shape.time is None) != (shape.category is None)


def draw_small_multiples(shape: Shape) -> go.Figure:
    """Return one panel below another, each with its measure's name and unit as its title."""
    drawn = shape.measures[:MOST]
    scales = [scale_of(measure, more=measure.base or ()) for measure in drawn]
    places = bar_rows(drawn[0].values, is_ranked=shape.is_ranked)[::-1] if shape.category else []
    each = PANEL if shape.time else bars_height(len(places), series=2 if drawn[0].base else 1)
    height = 30 + each * len(drawn)
    figure = make_subplots(
        rows=len(drawn), cols=1, shared_xaxes=shape.time is not None, vertical_spacing=52 / height,
        subplot_titles=[_title(measure, scale) for measure, scale in zip(drawn, scales, strict=True)],
    )  # fmt: skip
    for row, (measure, scale) in enumerate(zip(drawn, scales, strict=True), start=1):
        sides = [(measure.label, measure.values, BLUE)]
        if measure.base is not None:
            sides.insert(0, (shape.base_label, measure.base, BASE))
        for name, values, colour in sides:
            is_base = colour == BASE
            told = {
                "name": escape(name if is_base else "Actual" if shape.is_plan else "This period"),
                "showlegend": row == 1 and len(sides) > 1, "legendgroup": colour, "hovertemplate": HOVER,
            }  # fmt: skip
            if shape.time is not None:
                figure.add_scatter(
                    x=period_ticks(shape.time.texts), y=scale.plot_all(values), mode="lines+markers",
                    line={"color": colour, "width": 2.25, "dash": "dot" if is_base else "solid"}, marker={"size": 6},
                    customdata=hovers(shape.time.texts, values, measure, locale=shape.locale), row=row, col=1, **told,
                )  # fmt: skip
            else:
                assert shape.category is not None  # is_small_multiples
                texts = [shape.category.texts[at] for at in places]
                shown = [values[at] for at in places]
                figure.add_bar(
                    y=[shorten(text) for text in texts], x=scale.plot_all(shown), orientation="h", marker_color=colour,
                    customdata=hovers(texts, shown, measure, locale=shape.locale), row=row, col=1, **told,
                )  # fmt: skip
    dress(figure, locale=shape.locale, height=height)
    _dress_panels(figure, shape, scales)
    return figure


def _title(measure: Measure, scale: Scale) -> str:
    return escape(f"{measure.label}, {scale.title}" if scale.title else measure.label)


def _dress_panels(figure: go.Figure, shape: Shape, scales: list[Scale]) -> None:
    for row, scale in enumerate(scales, start=1):
        tozero = "normal" if scale.percent else "tozero"
        if shape.time is not None:
            figure.update_yaxes(ticksuffix=scale.suffix, rangemode=tozero, nticks=5, row=row)
        else:
            figure.update_xaxes(ticksuffix=scale.suffix, rangemode="tozero", nticks=6, row=row)
    if shape.time is not None:
        figure.update_xaxes(type="category", showgrid=False, nticks=12)
    else:
        figure.update_yaxes(showgrid=False, type="category")
        figure.update_layout(barmode="group")
    has_base = any(measure.base is not None for measure in shape.measures[:MOST])
    figure.update_layout(
        legend={"yref": "container", "y": 0, "yanchor": "bottom", "traceorder": "reversed"},
        margin={"t": 28, "b": 44 if has_base else 8},
    )
    for row, note in enumerate(figure.layout.annotations, start=1):
        axis = "x domain" if row == 1 else f"x{row} domain"
        note.update(x=0, xanchor="left", xref=axis, font={"size": 12})


def _note(shape: Shape) -> str:
    cut = (
        f"The chart shows the first {MOST} of {len(shape.measures)} figures."
        if len(shape.measures) > MOST
        else ""
    )
    return f"{cut} {bars_note(shape, shape.rows) if shape.category else ''}".strip()


CHART = Chart(name="small_multiples", rank=15, fits=is_small_multiples, draw=draw_small_multiples, note=_note)
