"""While an answer is in the making the page says what is being done, step by step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatbot.desk import Desk
from chatbot.export import ExportStore
from chatbot.ui.page import Page
from chatbot.ui.session import Conversation
from chatbot.ui.steps import told_meanwhile
from datatrust.core.settings import Config, Project
from tests.support import chat_double as double


def collect(work: Callable[[Callable[[str], None]], Any]) -> tuple[list[str], Any]:
    shown: list[str] = []
    steps = told_meanwhile(work, str.upper)
    while True:
        try:
            shown.append(next(steps))
        except StopIteration as end:
            return shown, end.value


def test_steps_are_shown_in_order_and_the_result_comes_last() -> None:
    def work(told: Callable[[str], None]) -> int:
        told("one")
        told("two")
        return 3

    assert collect(work) == (["ONE", "TWO"], 3)
    assert collect(lambda _: None) == ([], None)


def test_a_fault_of_the_work_is_raised_where_it_was_asked_for() -> None:
    def work(told: Callable[[str], None]) -> None:
        told("one")
        raise KeyError("x")

    with pytest.raises(KeyError):
        collect(work)


@pytest.mark.parametrize("question", ["total", "please explode"])
def test_the_page_says_what_is_being_done(tmp_path: Path, question: str) -> None:
    page = Page(Desk(double.FakeAgent(), Project(root=tmp_path, config=Config())), ExportStore())
    request, event = SimpleNamespace(headers={}, cookies={}), SimpleNamespace(act="ask", value=question)
    updates = list(page.act(Conversation(), request, event))  # type: ignore[arg-type]
    assert [update[5] for update in updates[:2]] == [
        "Reading the question …",
        "Looking it up in the release …",
    ]
    assert "Looking it up in the release …" in updates[1][2]
    assert "aria-busy" not in updates[-1][2]
    assert "machine room" not in str(updates)
