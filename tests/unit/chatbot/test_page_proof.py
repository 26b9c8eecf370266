"""Replay and sign on the page: what came of it stands beside the evidence."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatbot.desk import Desk
from chatbot.export import ExportStore
from chatbot.ui.page import Page
from chatbot.ui.session import Conversation
from tests.support.logistics import make_logistics

REQUEST: Any = SimpleNamespace(headers={}, cookies={})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder: Path = tmp_path_factory.mktemp("proof")
    return Page(Desk.open(make_logistics(folder)), ExportStore())


def detail(page: Page, conversation: Conversation, act: str, value: str = "") -> str:
    event: Any = SimpleNamespace(act=act, value=value)
    return str(list(page.act(conversation, REQUEST, event))[-1][4])


def test_an_answer_is_replayed_and_signed_under_its_evidence(page: Page) -> None:
    conversation = Conversation()
    shown = detail(page, conversation, "ask", "freight by carrier in April 2026")
    turn = conversation.turns[0]
    assert turn.document is not None
    assert turn.document["id"] in shown
    assert "Certificate" not in shown
    assert "Equal: the same rows" in detail(page, conversation, "replay")
    assert "the comment is empty" in detail(page, conversation, "sign", " ")
    signed = detail(page, conversation, "sign", "April close")
    assert "Signed by" in signed
    assert f"answers/{turn.document['id']}/certificate" in signed
    assert [each.body["comment"] for each in page.desk.log.signatures()] == ["April close"]


def test_without_a_log_the_page_refuses(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    conversation = Conversation()
    event: Any = SimpleNamespace(act="ask", value="freight by carrier in April 2026")
    shown = list(page.act(conversation, REQUEST, event))[-1]
    assert "No number without its record" in shown[2]
    assert "5,197.50" not in "".join(str(part) for part in shown)
    turn = conversation.turns[0]
    assert turn.document is not None
    assert turn.document["reason"] == "not_recorded"
    assert turn.document["rows"] == []
