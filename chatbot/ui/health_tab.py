"""The data health tab: the panels of `chatbot.health`, computed when the tab is opened, under the viewer's rights.

Layer: chatbot. Imports Gradio.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import gradio as gr

from chatbot.board import Board, Panel
from chatbot.desk import Desk, denied
from chatbot.format import format_cell
from chatbot.health import health_of
from chatbot.ui.asking import locale_of, scope_of
from chatbot.ui.context import words
from chatbot.ui.render import render
from chatbot.ui.tiles import Tile, Tiles
from datatrust.core.errors import UserError

MOST_TILES = 12
MOST_ROWS = 200


class HealthTab:
    """The handlers of the tab; keeps nothing."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def build(self) -> None:
        """Make the tab's parts, inside the tab that is open."""
        with gr.Column(elem_classes=["dt-board"], min_width=0):
            self.head = gr.HTML(elem_classes=["dt-bare"], js_on_load=None, apply_default_css=False)
            self.tiles = Tiles("data health", MOST_TILES)

    @property
    def outputs(self) -> list[Any]:
        """Return what `open` fills."""
        return [self.head, *self.tiles.outputs]

    def open(self, request: gr.Request) -> Iterator[list[Any]]:
        """Fill the tab as things stand; reading takes a moment, which is said."""
        waiting = render("health.html", told="Reading what the runs wrote down …")
        yield [waiting, *self.tiles.show(())]
        yield self._filled(request)

    def _filled(self, request: gr.Request) -> list[Any]:
        try:
            viewer = self.desk.viewer_of(scope_of(request))
            board = Board(self.desk.agent.layer, viewer)
        except UserError as error:
            return [render("denied.html", told=denied("", error)["text"]), *self.tiles.show(())]
        health = health_of(board)
        head = render("health.html", told=health.told)
        return [head, *self.tiles.show([_tile(each, locale=locale_of(request)) for each in health.panels])]


def _tile(panel: Panel, *, locale: str) -> Tile:
    rows = [[format_cell(each, locale=locale) for each in row] for row in panel.rows[:MOST_ROWS]]
    numbers = [
        bool(panel.rows) and all(isinstance(row[at], int | Decimal | float | None) for row in panel.rows)
        for at in range(len(panel.columns))
    ]
    return Tile(
        head=render("tile_head.html", title=panel.title, about=""),
        figure=panel.figure,
        foot=render(
            "tile_foot.html", title=panel.title, heads=[words(each.replace(".", " ")) for each in panel.columns], rows=rows,
            numbers=numbers, is_open=panel.figure is None, left_out=len(panel.rows) - len(rows),
        ),
    )  # fmt: skip
