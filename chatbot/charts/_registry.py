"""Find every chart kind in this folder and choose the one that fits a result.

Layer: chatbot. Imports the chart files.
"""

from __future__ import annotations

from functools import cache

import plotly.graph_objects as go

import chatbot.charts as folder
from chatbot.charts._shape import Chart, Shape
from datatrust.core.plugins import load_plugins


@cache
def load_charts() -> tuple[Chart, ...]:
    """Return every chart kind, in the order in which they are asked."""
    found = load_plugins(folder.__name__, "CHART", Chart)
    return tuple(sorted(found, key=lambda chart: (chart.rank, chart.name)))


def choose_chart(shape: Shape) -> Chart | None:
    """Return the first kind that fits, None where none does."""
    return next((chart for chart in load_charts() if chart.fits(shape)), None)


def draw_chart(shape: Shape) -> go.Figure | None:
    """Return the picture of a result, None where words alone say more."""
    chart = choose_chart(shape)
    return chart.draw(shape) if chart else None


def chart_note(shape: Shape) -> str:
    """Return what the picture of a result leaves out of the table, in words."""
    chart = choose_chart(shape)
    return chart.note(shape) if chart else ""
