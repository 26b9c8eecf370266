"""Actual beside a plan, and the difference as bars of their own: favourable and adverse by colour and by sign.

Layer: chatbot.
"""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from chatbot.charts._shape import Chart, Measure, Shape, signed_text
from chatbot.charts._style import (
    ADVERSE,
    BASE,
    BLUE,
    FAVOURABLE,
    HOVER,
    bar_rows,
    bars_height,
    bars_note,
    dress,
    escape,
    hovers,
    period_ticks,
    scale_of,
    scale_values,
    shorten,
)

BELOW = {"yref": "container", "y": 0, "yanchor": "bottom"}


def is_variance(shape: Shape) -> bool:
    """One measure against a scenario, over time or over categories, not both."""
    return (
        shape.is_plan
        and len(shape.measures) == 1
        and shape.measures[0].base is not None
        and shape.measures[0].difference is not None
        and (shape.time is None) != (shape.category is None)
    )


def draw_variance(shape: Shape) -> go.Figure:
    """Return two panels: actual and plan, and the difference."""
    return _over_time(shape) if shape.time else _over_categories(shape)


def _colours(measure: Measure, places: list[int]) -> list[str]:
    favourable = measure.favourable or (None,) * len(measure.values)
    return [BLUE if favourable[at] is None else FAVOURABLE if favourable[at] else ADVERSE for at in places]


def _over_categories(shape: Shape) -> go.Figure:
    assert shape.category is not None  # is_variance
    measure = shape.measures[0]
    base, difference = measure.base or (), measure.difference or ()
    places = bar_rows(measure.values, is_ranked=shape.is_ranked)[::-1]  # Plotly draws from the bottom up
    labels = [shorten(shape.category.texts[at]) for at in places]
    scale, small = scale_of(measure, more=base), scale_values(difference, measure)
    figure = make_subplots(
        rows=1, cols=2, shared_yaxes=True, column_widths=[0.62, 0.38], horizontal_spacing=0.05,
        subplot_titles=(f"Actual and {escape(shape.base_label.lower())}", "Difference"),
    )  # fmt: skip
    figure.add_bar(
        y=labels, x=scale.plot_all(base[at] for at in places), orientation="h", name=escape(shape.base_label),
        marker_color=BASE, customdata=[measure.text(base[at], locale=shape.locale) for at in places],
        hovertemplate="%{y}: %{customdata}", row=1, col=1,
    )  # fmt: skip
    figure.add_bar(
        y=labels, x=scale.plot_all(measure.values[at] for at in places), orientation="h", name="Actual",
        marker_color=BLUE, customdata=[measure.text(measure.values[at], locale=shape.locale) for at in places],
        hovertemplate="%{y}: %{customdata}", row=1, col=1,
    )  # fmt: skip
    figure.add_bar(
        y=labels, x=small.plot_all(difference[at] for at in places), orientation="h", showlegend=False,
        marker_color=_colours(measure, places), name="Difference",
        customdata=[signed_text(difference[at], measure, locale=shape.locale) for at in places],
        hovertemplate="%{y}: %{customdata}", row=1, col=2,
    )  # fmt: skip
    dress(figure, locale=shape.locale, height=bars_height(len(places), series=2) + 36)
    figure.update_layout(barmode="group", legend={**BELOW, "traceorder": "reversed"}, margin={"b": 44})
    figure.update_yaxes(showgrid=False)
    for place, each in enumerate((scale, small), start=1):
        figure.update_xaxes(
            title_text=escape(each.title), nticks=5, tickangle=0, ticksuffix=each.suffix, col=place
        )
    _title_style(figure)
    return figure


def _over_time(shape: Shape) -> go.Figure:
    assert shape.time is not None  # is_variance
    measure = shape.measures[0]
    base, difference = measure.base or (), measure.difference or ()
    places = list(range(shape.rows))
    labels = period_ticks(shape.time.texts)
    scale, small = scale_of(measure, more=base), scale_values(difference, measure)
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.66, 0.34], vertical_spacing=0.14,
        subplot_titles=(f"Actual and {escape(shape.base_label.lower())}", "Difference"),
    )  # fmt: skip
    figure.add_bar(
        x=labels, y=scale.plot_all(measure.values), name="Actual", marker_color=BLUE,
        customdata=hovers(shape.time.texts, measure.values, measure, locale=shape.locale),
        hovertemplate=HOVER, row=1, col=1,
    )  # fmt: skip
    figure.add_scatter(
        x=labels, y=scale.plot_all(base), name=escape(shape.base_label), mode="lines+markers",
        line={"color": BASE, "width": 2, "dash": "dot"}, marker={"size": 7},
        customdata=hovers(shape.time.texts, base, measure, locale=shape.locale),
        hovertemplate=HOVER, row=1, col=1,
    )  # fmt: skip
    figure.add_bar(
        x=labels, y=small.plot_all(difference), name="Difference", showlegend=False,
        marker_color=_colours(measure, places),
        customdata=[
            f"{escape(text)}: {signed_text(value, measure, locale=shape.locale)}"
            for text, value in zip(shape.time.texts, difference, strict=True)
        ],
        hovertemplate=HOVER, row=2, col=1,
    )  # fmt: skip
    dress(figure, locale=shape.locale, height=430)
    figure.update_layout(legend=BELOW, margin={"b": 44})
    figure.update_xaxes(type="category", showgrid=False)
    for place, each in enumerate((scale, small), start=1):
        figure.update_yaxes(title_text=escape(each.title), nticks=5, ticksuffix=each.suffix, row=place)
    _title_style(figure)
    return figure


def _title_style(figure: go.Figure) -> None:
    figure.update_annotations(font={"size": 12})
    for note, axis in zip(figure.layout.annotations, ("x domain", "x2 domain"), strict=False):
        note.update(x=0, xanchor="left", xref=axis)


def _note(shape: Shape) -> str:
    return "" if shape.time else bars_note(shape, shape.rows)


CHART = Chart(name="variance", rank=10, fits=is_variance, draw=draw_variance, note=_note)
