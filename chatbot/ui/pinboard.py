"""The dashboard tab: answers that the viewer pinned, computed anew when it is opened, under the rights of that moment.

Layer: chatbot. Imports Gradio; draws as the answer card does.
"""

from __future__ import annotations

import logging
import sqlite3
from typing import Any

import gradio as gr

from chatbot.desk import Desk, denied
from chatbot.history import MOST_PINNED
from chatbot.ui.asking import act_of, locale_of, scope_of
from chatbot.ui.context import PageContext
from chatbot.ui.render import render
from chatbot.ui.tiles import Tile, Tiles
from chatbot.ui.view import picture_of
from datatrust.core.errors import DataTrustError, UserError
from semantic.query import Viewer

LOG = logging.getLogger("datatrust.chat")


class Pinboard:
    """The handlers of the tab; keeps no number."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def build(self) -> None:
        """Make the tab's parts, inside the tab that is open."""
        with gr.Column(elem_classes=["dt-board"], min_width=0):
            self.head = gr.HTML(elem_classes=["dt-bare"], js_on_load=None, apply_default_css=False)
            self.tiles = Tiles("your dashboard", MOST_PINNED)

    @property
    def outputs(self) -> list[Any]:
        """Return what `open` and `act` fill."""
        return [self.head, *self.tiles.outputs]

    def open(self, request: gr.Request) -> list[Any]:
        """Compute every pinned answer anew."""
        try:
            viewer = self.desk.viewer_of(scope_of(request))
            pinned = self.desk.pinned(viewer)
        except UserError as error:
            return [render("denied.html", told=denied("", error)["text"]), *self.tiles.show(())]
        except (OSError, sqlite3.Error):
            LOG.exception("the dashboard cannot be read")
            return [render("pins.html", count=0, told="Your dashboard cannot be read just now."), *self.tiles.show(())]  # fmt: skip
        drawn = [(each, self._tile(each, viewer, locale=locale_of(request))) for each in pinned]
        # Drawing takes a while: what was taken off meanwhile must not come back when this arrives last.
        still = set(self.desk.pinned(viewer))
        tiles = [tile for each, tile in drawn if each in still]
        return [render("pins.html", count=len(tiles), told=""), *self.tiles.show(tiles)]

    def act(self, request: gr.Request, event: gr.EventData) -> list[Any]:
        """Take an answer off, or compute all of them once more."""
        name, answer_id = act_of(event)
        if name == "unpin":
            try:
                self.desk.unpin(answer_id, viewer=self.desk.viewer_of(scope_of(request)))
            except (UserError, OSError, sqlite3.Error):
                LOG.exception("an answer could not be taken off a dashboard")
        return self.open(request)

    def _tile(self, answer_id: str, viewer: Viewer, *, locale: str) -> Tile:
        try:
            document = self.desk.again(answer_id, channel="chat", viewer=viewer).to_json()
            context = PageContext(self.desk.agent, self.desk.project, lambda: viewer)
            view, figure = picture_of(document, context, locale=locale)
            head = render("pin_head.html", id=answer_id, view=view, told="")
            return Tile(head=head, figure=figure, foot=render("pin_foot.html", view=view, has_chart=figure is not None))  # fmt: skip
        except DataTrustError as error:
            message = error.issues[0].message if isinstance(error, UserError) else str(error)
            told = f"{message[:1].upper()}{message[1:]}."
        except Exception:  # one tile that cannot be drawn must not take the others down
            LOG.exception("a pinned answer failed")
            told = "This could not be computed just now."
        return Tile(head=render("pin_head.html", id=answer_id, view=None, told=told))
