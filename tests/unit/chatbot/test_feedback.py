"""What askers call right or wrong becomes a case of a file: once, without personal data, without a number."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatbot import feedback
from chatbot.desk import Desk
from chatbot.export import ExportStore
from chatbot.personal import mask_personal
from chatbot.ui.page import Page
from chatbot.ui.session import Conversation
from datatrust.core.settings import Config, Project
from datatrust.evaluation.cases import load_cases
from tests.support import chat_double as double


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("orders of ana.silva@example.com last year", "orders of [masked] last year"),
        ("revenue of customer +49 170 1234567 89", "revenue of customer [masked]"),
        ("sales on card 4111 1111 1111 1111 and 4222-2222-2222-2222", "sales on card [masked] and [masked]"),
        ("paid from DE89 3704 0044 0532 0130 00 today", "paid from [masked] today"),
        ("GB29NWBK60161331926819", "[masked]"),
        ("revenue from 2025-01-01 to 31.12.2025 over 10,000 EUR", None),
        ("top 10 customers by revenue 2024 2025", None),
        ("", None),
    ],
)
def test_personal_data_is_masked_and_dates_are_not(text: str, masked: str | None) -> None:
    assert mask_personal(text) == (text if masked is None else masked)


def click(page: Page, conversation: Conversation, act: str, value: str = "") -> list[tuple[Any, ...]]:
    request = SimpleNamespace(headers={}, cookies={})
    return list(page.act(conversation, request, SimpleNamespace(act=act, value=value)))  # type: ignore[arg-type]


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(Desk(double.FakeAgent(), Project(root=tmp_path, config=Config())), ExportStore())


def test_an_answer_that_is_called_wrong_becomes_a_case(page: Page, tmp_path: Path) -> None:
    conversation = Conversation()
    click(page, conversation, "ask", "revenue by region")
    shown = click(page, conversation, "ask", "total for ana@example.com")[-1]
    assert 'data-act="wrong"' in shown[4]
    noted = click(page, conversation, "wrong", "it is for ana@example.com not\n the whole")[-1]
    assert 'data-act="wrong"' not in noted[4]
    assert "Noted as not right" in noted[4]
    click(page, conversation, "wrong")  # a second time is no second case
    file = tmp_path / ".datatrust" / feedback.FILE
    assert file.stat().st_mode & 0o077 == 0
    (case,) = load_cases(file)
    assert (case.question, case.history, case.family) == (
        "total for [masked]", ("revenue by region",), "feedback")  # fmt: skip
    assert case.today == double.TODAY
    assert not case.accepted
    text = file.read_text()
    assert "12345678" not in text
    said = json.loads(text)["noted"]
    assert set(said) == {"at", "verdict", "why", "status", "reason", "read_as", "release", "second_reader"}
    assert (said["verdict"], said["why"]) == ("wrong", "it is for [masked] not the whole")


def test_an_answer_that_is_called_right_is_kept_as_such(page: Page, tmp_path: Path) -> None:
    conversation = Conversation()
    click(page, conversation, "ask", "revenue by region")
    noted = click(page, conversation, "right")[-1]
    assert "Noted as right" in noted[4]
    assert 'data-act="wrong"' not in noted[4]
    (line,) = (tmp_path / ".datatrust" / feedback.FILE).read_text().splitlines()
    said = json.loads(line)["noted"]
    assert (said["verdict"], said["why"]) == ("right", "")


def test_what_cannot_be_written_is_said(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MAX_BYTES", 10)
    conversation = Conversation()
    click(page, conversation, "wrong")  # nothing is shown yet
    click(page, conversation, "ask", "total")
    (tmp := page.desk.project.state).mkdir(parents=True, exist_ok=True)
    (tmp / feedback.FILE).write_text("x" * 20)
    assert "could not be noted" in click(page, conversation, "wrong")[-1][4]
