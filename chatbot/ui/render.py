"""Turn views into HTML. Every value is escaped: templates are autoescaped, and none of them marks a text as safe.

Layer: chatbot. Imports Jinja.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chatbot.export import slug_of
from chatbot.history import Entry
from chatbot.ui.chips import FEW, ChipBar
from chatbot.ui.context import PageContext
from chatbot.ui.session import Conversation, Turn
from chatbot.ui.view import AnswerView, clip

HERE = Path(__file__).parent
STATIC = HERE / "static"


@cache
def environment() -> Environment:
    """Return the templates of this folder: everything escaped, an unknown name an error."""
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: Any) -> str:
    """Return one template's HTML."""
    return environment().get_template(template).render(**values)


def render_history(
    conversation: Conversation, *, earlier: Sequence[Entry] = (), has_earlier: bool = False
) -> str:
    """Return the questions of this tab and, of who signed in, those of other days."""
    entries = [
        {"place": place, "text": clip(turn.question, 90) or "(empty question)", "state": state_of(turn)}
        for place, turn in enumerate(conversation.turns)
    ]
    kept = [
        {
            "id": each.id,
            "text": clip(each.question, 90),
            "full": each.question,
            "state": each.status,
            "day": each.at[:10],
        }
        for each in earlier
        if each.question
    ]
    return render(
        "history.html", entries=entries[::-1], shown=conversation.shown, earlier=kept, has_earlier=has_earlier,
        sought=conversation.sought,
    )  # fmt: skip


def render_welcome(context: PageContext, starters: Sequence[str]) -> str:
    return render("welcome.html", title=context.title, starters=starters[:8])


def render_waiting(question: str, step: str = "", *, word: str = "") -> str:
    return render("waiting.html", question=clip(question, 400), step=step, word=word)


def render_failure(turn: Turn) -> str:
    return render(
        "failure.html", question=clip(turn.question, 400), again=turn.question, reference=turn.reference
    )


def render_lead(view: AnswerView, bar: ChipBar | None = None, *, can_undo: bool = False) -> str:
    return render("lead.html", view=view, bar=bar or ChipBar(), few=FEW, can_undo=can_undo)


def render_detail(
    view: AnswerView,
    *,
    export: str | None,
    noted: str = "",
    proved: str = "",
    signed: bool = False,
    link: str = "",
    pinned: bool = False,
    made: bool = False,
) -> str:
    return render(
        "detail.html", view=view, export=export, noted=noted, proved=proved, signed=signed, link=link,
        pinned=pinned, made=made,
        export_name=slug_of(view.interpretation),
    )  # fmt: skip


def state_of(turn: Turn) -> str:
    """Return "answered", "clarify", "refused" or "failed"."""
    return "failed" if turn.document is None else str(turn.document["status"])


def page_head(version: str) -> str:
    """Return what the page's head needs of ours: style, behaviour, icon. All local."""
    return (
        f'<link rel="stylesheet" href="./ui/chat.css?v={version}">'
        f'<script defer src="./ui/chat.js?v={version}"></script>'
        '<link rel="icon" type="image/svg+xml" href="./ui/logo.svg">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="robots" content="noindex">'
    )
