"""From one value to another in steps: bars that begin where the one before ended, totals from the ground.

Layer: chatbot. Imports the house style.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import plotly.graph_objects as go

from chatbot.charts._shape import Measure, signed_text
from chatbot.charts._style import (
    ADVERSE,
    BASE,
    BLUE,
    FAVOURABLE,
    HOVER,
    escape,
    new_figure,
    scale_values,
    shorten,
)
from chatbot.format import format_compact


def draw_waterfall(
    labels: Sequence[str],
    values: Sequence[Decimal],
    totals: Sequence[bool],
    measure: Measure,
    *,
    locale: str,
    lower_is_better: bool = False,
) -> go.Figure:
    """Return the picture of steps between totals.

    Args:
        labels: one for each bar.
        values: of a total its value, of a step the change.
        totals: which bars stand on the ground.
        measure: what is measured, for units.
        lower_is_better: a fall is the good news.
    """
    ends, running = [], Decimal(0)
    for value, total in zip(values, totals, strict=True):
        running = value if total else running + value
        ends.append(running)
    scale = scale_values(ends, measure)
    rise, fall = (ADVERSE, FAVOURABLE) if lower_is_better else (FAVOURABLE, ADVERSE)
    figure = new_figure(locale=locale, height=400)
    figure.add_waterfall(
        x=[shorten(label) for label in labels],
        y=[scale.plot(value) for value in values],
        measure=["absolute" if total else "relative" for total in totals],
        increasing={"marker": {"color": rise}},
        decreasing={"marker": {"color": fall}},
        totals={"marker": {"color": BLUE}},
        connector={"line": {"color": BASE, "width": 1}},
        customdata=[
            f"{escape(label)}: "
            + escape(
                measure.text(value, locale=locale) if total else signed_text(value, measure, locale=locale)
            )
            for label, value, total in zip(labels, values, totals, strict=True)
        ],
        hovertemplate=HOVER,
        text=[
            ("" if total or value <= 0 else "+") + format_compact(value, locale=locale)
            for value, total in zip(values, totals, strict=True)
        ],
        textposition="outside",
        cliponaxis=False,
        showlegend=False,
    )
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(title_text=escape(scale.title), ticksuffix=scale.suffix)
    return figure
