"""A grid of tiles, each a heading, a chart and what stands below it; as many as are needed are shown.

Layer: chatbot. Imports Gradio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.ui.asking import ON_CLICK


@dataclass(frozen=True, kw_only=True)
class Tile:
    """What one tile shows; the texts are HTML of our own templates."""

    head: str
    figure: Any = None
    foot: str = ""


class Tiles:
    """The places of one tab; Gradio wants them before it is known how many are needed."""

    def __init__(self, name: str, count: int) -> None:
        self.count = count
        self.heads: list[Any] = []
        self.feet: list[Any] = []
        self.outputs: list[Any] = []
        with gr.Column(elem_classes=["dt-tiles"], min_width=0):
            for at in range(count):
                with gr.Column(visible=False, elem_classes=["dt-tile"], min_width=0) as column:
                    head = gr.HTML(js_on_load=ON_CLICK, apply_default_css=False, elem_classes=["dt-bare"])
                    plot = gr.Plot(
                        show_label=False, container=False, label=f"Chart {at + 1} of {name}",
                        elem_classes=["dt-plot"], visible=False,
                    )  # fmt: skip
                    foot = gr.HTML(js_on_load=None, apply_default_css=False, elem_classes=["dt-bare"])
                self.heads.append(head)
                self.feet.append(foot)
                self.outputs += [column, head, plot, foot]

    def show(self, tiles: Sequence[Tile]) -> list[Any]:
        """Return the updates that show these tiles and hide the other places."""
        updates: list[Any] = []
        for tile in tiles[: self.count]:
            has_figure = tile.figure is not None
            updates += [
                gr.update(visible=True), tile.head, gr.update(visible=has_figure, value=tile.figure), tile.foot,
            ]  # fmt: skip
        empty = [gr.update(visible=False), "", gr.update(visible=False, value=None), ""]
        return updates + empty * (self.count - min(len(tiles), self.count))
