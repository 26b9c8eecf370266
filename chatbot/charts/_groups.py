"""Counts by group and kind as horizontal bars, side by side or stacked: of records and runs, not of metrics.

Layer: chatbot. Imports the house style.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import plotly.graph_objects as go

from chatbot.charts._style import BLUE, PALETTE, bars_height, escape, new_figure, shorten
from chatbot.format import format_number


def draw_groups(
    labels: Sequence[str],
    series: Mapping[str, Sequence[Decimal | int]],
    unit: str,
    *,
    locale: str,
    stacked: bool = False,
) -> go.Figure:
    """Return one bar, or several, for each label; the first label on top."""
    figure = new_figure(
        locale=locale, height=bars_height(len(labels), series=1 if stacked else len(series)) + 30
    )
    order = list(range(len(labels)))[::-1]  # Plotly draws from the bottom up
    listed = list(enumerate(series.items()))
    for at, (name, values) in listed if stacked else listed[::-1]:
        figure.add_bar(
            y=[shorten(labels[place], limit=48) for place in order],
            x=[float(values[place]) for place in order],
            orientation="h",
            name=escape(name.capitalize()),
            marker_color=PALETTE[at % len(PALETTE)] if len(series) > 1 else BLUE,
            customdata=[
                f"{format_number(Decimal(values[place]), locale=locale)} {escape(unit)}" for place in order
            ],
            hovertemplate="%{y}: %{customdata}<extra>" + escape(name) + "</extra>",
            showlegend=len(series) > 1,
        )
    figure.update_layout(
        barmode="stack" if stacked else "group", legend={"traceorder": "normal" if stacked else "reversed"}
    )
    figure.update_xaxes(title_text=escape(unit), rangemode="tozero")
    figure.update_yaxes(showgrid=False, type="category")
    return figure
