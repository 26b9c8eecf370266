"""How every chart looks: a palette that colour-blind readers can tell apart, quiet axes, scaled amounts.

Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/). Text and grid lines take the page's own
colours by its style sheet, so that one figure serves light and dark.
Layer: chatbot. Imports Plotly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go

from chatbot.charts._shape import Measure, Shape
from chatbot.format import separators

BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9",
)  # fmt: skip
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, VERMILLION, SKY)
BASE = "#9AA5B1"  # what is compared with: a grey that reads on light and dark
FAVOURABLE, ADVERSE = GREEN, VERMILLION
FONT = "'DT Inter', system-ui, sans-serif"
INK, GRID = "#5B6673", "rgba(128,140,155,0.25)"
MAX_BARS = 15
MAX_LINES = 6
SCALES = ((Decimal(10) ** 9, "billion"), (Decimal(10) ** 6, "million"), (Decimal(10) ** 3, "thousand"))


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What plotted values are divided by, and how the axis says so."""

    divisor: Decimal
    title: str
    percent: bool = False

    @property
    def suffix(self) -> str:
        """What stands after each tick."""
        return "%" if self.percent else ""

    def plot(self, value: Decimal | int | None) -> float | None:
        """Return a value as a point of the chart; pictures need no exact digits."""
        return None if value is None else float(Decimal(value) / self.divisor)

    def plot_all(self, values: Iterable[Decimal | int | None]) -> list[float | None]:
        return [self.plot(value) for value in values]


def scale_of(measure: Measure, *, more: Iterable[Decimal | None] = ()) -> Scale:
    """Return a scale in which the largest value of `measure`, and of `more`, has one to three digits."""
    return scale_values((*measure.values, *more), measure)


def scale_values(values: Iterable[Decimal | None], measure: Measure) -> Scale:
    """Return a scale for `values` that are in the unit of `measure`."""
    if measure.unit in ("percent", "points"):
        return Scale(divisor=Decimal("0.01"), title="", percent=True)
    largest = max((abs(v) for v in values if v is not None), default=Decimal(0))
    word = measure.currency or (measure.unit if measure.unit not in (None, "count", "currency") else "") or ""
    for divisor, name in SCALES:
        if largest >= divisor:
            return Scale(divisor=divisor, title=f"{word} {name}".strip())
    return Scale(divisor=Decimal(1), title=word)


def new_figure(*, locale: str, height: int) -> go.Figure:
    """Return an empty figure in the house style."""
    figure = go.Figure()
    dress(figure, locale=locale, height=height)
    return figure


def dress(figure: go.Figure, *, locale: str, height: int) -> None:
    """Set the house style on `figure`."""
    axis: dict[str, Any] = {
        "gridcolor": GRID, "zerolinecolor": GRID, "linecolor": GRID, "automargin": True,
        "tickfont": {"size": 13}, "title": {"font": {"size": 12}}, "fixedrange": True,
    }  # fmt: skip
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 24, "t": 36, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13, "color": INK},
        separators=separators(locale),
        colorway=list(PALETTE),
        hoverlabel={"font": {"family": FONT, "size": 13}},
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.0,
            "yanchor": "bottom",
            "title": {"text": ""},
        },
        dragmode=False,
        bargap=0.32,
        bargroupgap=0.08,
    )
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)


def title_axis(figure: go.Figure, scale: Scale, *, legend: bool) -> None:
    """Write the unit of the value axis above it, where it is read first, and the legend under the unit."""
    figure.update_yaxes(ticksuffix=scale.suffix, rangemode="normal" if scale.percent else "tozero")
    if scale.title:
        figure.update_layout(
            title={
                "text": escape(scale.title), "font": {"size": 12}, "x": 0, "xref": "paper", "xanchor": "left",
                "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 8},
            },
            margin={"t": 60 if legend else 36},
        )  # fmt: skip


def bars_height(count: int, *, series: int = 1) -> int:
    """Return a height in pixels in which each of `count` bars is easy to read."""
    return 84 + count * (34 if series == 1 else 24 * series)


def period_ticks(texts: Iterable[str]) -> list[str]:
    """Return period names over two lines, so that a phone shows them upright.

    >>> period_ticks(["Jul 2025"])
    ['Jul<br>2025']
    """
    return ["<br>".join(escape(text).rsplit(" ", 1)) for text in texts]


def hovers(
    texts: Iterable[str], values: Iterable[Decimal | None], measure: Measure, *, locale: str
) -> list[str]:
    """Return what the pointer shows: the name and the exact value."""
    return [
        f"{escape(text)}: {escape(measure.text(value, locale=locale))}"
        for text, value in zip(texts, values, strict=True)
    ]


HOVER = "%{customdata}<extra></extra>"


def shorten(text: str, *, limit: int = 30) -> str:
    """Return a label that leaves room for the bars; angle brackets are Plotly's mark-up and are escaped."""
    cut = text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
    return escape(cut)


def escape(text: str) -> str:
    """Return `text` without meaning to Plotly's own small mark-up."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def bars_note(shape: Shape, count: int) -> str:
    """Return which of `count` rows the bars show; nothing where they show all."""
    if count <= MAX_BARS:
        return ""
    which = f"first {MAX_BARS}" if shape.is_ranked else f"{MAX_BARS} largest"
    return f"The chart shows the {which} of {count}; the table has all."


def first_note(shape: Shape) -> str:
    """Return which measure is drawn, where one of several is."""
    return f"The chart shows {shape.measures[0].label}." if len(shape.measures) > 1 else ""


def bar_rows(values: Iterable[Decimal | None], *, is_ranked: bool, limit: int = MAX_BARS) -> list[int]:
    """Return the places of the rows that bars show, the topmost first.

    Rows in an order that was asked for keep it, and the first `limit` are shown; of others the largest by size, in
    descending order of value.
    """
    numbered = [(at, value) for at, value in enumerate(values) if value is not None]
    if is_ranked:
        return [at for at, _ in numbered[:limit]]
    kept = sorted(numbered, key=lambda pair: -abs(pair[1]))[:limit]
    return [at for at, _ in sorted(kept, key=lambda pair: (-pair[1], pair[0]))]
