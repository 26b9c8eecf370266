"""Parts of a whole as stacked bars: members of two dimensions that add up, or shares of each period.

Layer: chatbot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import plotly.graph_objects as go

from chatbot.charts._shape import Axis, Chart, Measure, Shape
from chatbot.charts._style import (
    HOVER,
    MAX_BARS,
    MAX_LINES,
    PALETTE,
    Scale,
    bars_height,
    bars_note,
    escape,
    new_figure,
    period_ticks,
    scale_values,
    shorten,
)

CLOSE = Decimal("0.000001")  # shares are rounded at twelve digits each


def is_stacked(shape: Shape) -> bool:
    """One measure whose parts are seen to make the whole: the answer's own total, or all of each period."""
    if len(shape.measures) != 1 or shape.measures[0].base is not None or shape.rows < 2:
        return False
    (measure,) = shape.measures
    if any(value is not None and value < 0 for value in measure.values):
        return False
    if shape.time is not None:
        return len(shape.categories) == 1 and _count(shape.categories[0]) <= MAX_LINES and _is_shares(shape)
    if len(shape.categories) != 2 or measure.total is None:
        return False
    return min(map(_count, shape.categories)) <= MAX_LINES and _sum(measure.values) == measure.total


def draw_stacked(shape: Shape) -> go.Figure:
    """Return one bar a period or a member, of one piece for each member of the other dimension."""
    return _over_time(shape) if shape.time is not None else _over_members(shape)


def _over_time(shape: Shape) -> go.Figure:
    assert shape.time is not None
    measure, (category,) = shape.measures[0], shape.categories
    periods = dict(sorted(zip(shape.time.keys, shape.time.texts, strict=True), key=lambda pair: str(pair[0])))
    values = dict(zip(zip(shape.time.keys, category.texts, strict=True), measure.values, strict=True))
    scale = scale_values(values.values(), measure)
    figure = new_figure(locale=shape.locale, height=380)
    for place, name in enumerate(_by_size(category, measure)):
        row = [values.get((key, name)) for key in periods]
        figure.add_bar(
            x=period_ticks(periods.values()), y=scale.plot_all(row), name=shorten(name), marker_color=PALETTE[place],
            customdata=_hovers(periods.values(), name, row, measure, shape.locale), hovertemplate=HOVER,
        )  # fmt: skip
    figure.update_layout(barmode="stack", margin={"t": 60})
    figure.update_xaxes(type="category", showgrid=False, nticks=12)
    figure.update_yaxes(ticksuffix=scale.suffix, rangemode="tozero")
    return figure


def _over_members(shape: Shape) -> go.Figure:
    measure = shape.measures[0]
    bars, pieces = _bars_and_pieces(shape)
    names = _bars(shape, bars)
    values = dict(zip(zip(bars.texts, pieces.texts, strict=True), measure.values, strict=True))
    sums = {name: _sum(v for (bar, _), v in values.items() if bar == name) for name in names}
    scale: Scale = scale_values(sums.values(), measure)
    figure = new_figure(locale=shape.locale, height=bars_height(len(names)) + 30)
    for place, piece in enumerate(_by_size(pieces, measure)):
        row = [values.get((name, piece)) for name in reversed(names)]  # Plotly draws from the bottom up
        figure.add_bar(
            y=[shorten(name) for name in reversed(names)], x=scale.plot_all(row), orientation="h",
            name=shorten(piece), marker_color=PALETTE[place],
            customdata=_hovers(reversed(names), piece, row, measure, shape.locale), hovertemplate=HOVER,
        )  # fmt: skip
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"})
    figure.update_xaxes(title_text=escape(scale.title), ticksuffix=scale.suffix, rangemode="tozero")
    figure.update_yaxes(showgrid=False, type="category")
    return figure


def _bars_and_pieces(shape: Shape) -> tuple[Axis, Axis]:
    """Which dimension is a bar each and which are its pieces: the asked order, unless the second has too many."""
    bars, pieces = shape.categories
    return (bars, pieces) if _count(pieces) <= MAX_LINES else (pieces, bars)


def _bars(shape: Shape, axis: Axis) -> list[str]:
    """The members that get a bar, the topmost first."""
    named = list(dict.fromkeys(axis.texts)) if shape.is_ranked else _by_size(axis, shape.measures[0])
    return named[:MAX_BARS]


def _by_size(axis: Axis, measure: Measure) -> list[str]:
    sums: dict[str, Decimal] = {}
    for text, value in zip(axis.texts, measure.values, strict=True):
        sums[text] = sums.get(text, Decimal(0)) + (Decimal(value) if value is not None else 0)
    return sorted(sums, key=lambda text: -sums[text])


def _is_shares(shape: Shape) -> bool:
    assert shape.time is not None  # is_stacked
    (measure,) = shape.measures
    if measure.unit != "percent":
        return False
    sums: dict[object, Decimal] = {}
    for key, value in zip(shape.time.keys, measure.values, strict=True):
        sums[key] = sums.get(key, Decimal(0)) + (Decimal(value) if value is not None else 0)
    return all(abs(whole - 1) <= CLOSE for whole in sums.values())


def _hovers(
    texts: Iterable[str], piece: str, values: Sequence[Decimal | None], measure: Measure, locale: str
) -> list[str]:
    return [
        f"{escape(text)}, {escape(piece)}: {escape(measure.text(value, locale=locale))}"
        for text, value in zip(texts, values, strict=True)
    ]


def _count(axis: Axis) -> int:
    return len(set(axis.texts))


def _sum(values: Iterable[Decimal | None]) -> Decimal:
    return sum((Decimal(value) for value in values if value is not None), Decimal(0))


def _note(shape: Shape) -> str:
    return "" if shape.time else bars_note(shape, _count(_bars_and_pieces(shape)[0]))


CHART = Chart(name="stacked", rank=25, fits=is_stacked, draw=draw_stacked, note=_note)
