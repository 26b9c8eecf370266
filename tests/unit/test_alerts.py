"""Alerts against a real HTTP receiver: sent once, tried again, given up in time, never lost from the log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pipeline.alerts import sender as sending
from pipeline.alerts.log import FILE, AlertLog
from pipeline.alerts.model import Alert
from pipeline.alerts.sender import AlertSender
from pipeline.alerts.slack import find_webhook, message_of, send_to_slack
from tests.support.receiver import Receiver, receiving

ALERT = Alert(
    kind="quarantine",
    subject="sales",
    text="2 of 10 new rows (20.0%) are quarantined: range:amount 2",
    sign="a",
)
Open = Callable[..., AlertSender]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def open_sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Make a sender as a run would; the pauses between attempts are short."""
    monkeypatch.setattr(sending, "_FIRST_PAUSE", 0.05)

    def make(url: str | None, *, run: int = 1, repeat_hours: float = 24) -> AlertSender:
        send = partial(send_to_slack, url, project="Lindenau") if url else None
        return AlertSender(AlertLog(tmp_path), run=run, send=send, repeat_hours=repeat_hours)

    return make


def states(folder: Path) -> list[str]:
    return [entry.state for entry in AlertLog(folder).entries]


def test_an_alert_arrives_while_the_run_goes_on(
    open_sender: Open, receiver: Receiver, tmp_path: Path
) -> None:
    sender = open_sender(receiver.url)
    begun = time.monotonic()
    sender.tell(ALERT)
    while not receiver.texts and time.monotonic() - begun < 5:
        time.sleep(0.01)
    assert receiver.texts == [message_of(ALERT, project="Lindenau")]
    sender.close()
    assert states(tmp_path) == ["raised", "sent"]
    assert "s3cr3t" not in (tmp_path / FILE).read_text()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_receiver_is_asked_again(
    open_sender: Open, receiver: Receiver, tmp_path: Path, status: int
) -> None:
    receiver.plan = [(status, {"Retry-After": "1"} if status == 429 else {})]
    sender = open_sender(receiver.url)
    sender.tell(ALERT)
    sender.close()
    assert len(receiver.texts) == 2
    assert states(tmp_path) == ["raised", "sent"]
    if status == 429:
        assert receiver.moments[1] - receiver.moments[0] >= 1, "it waits as long as it was told to"


@pytest.mark.parametrize("trouble", ["told to wait a minute", "says nothing", "not there", "refuses"])
def test_what_cannot_be_sent_holds_no_run_and_comes_with_the_next(
    open_sender: Open, receiver: Receiver, tmp_path: Path, trouble: str
) -> None:
    url = receiver.url
    if trouble == "told to wait a minute":
        receiver.plan = [(429, {"Retry-After": "60"})]
    elif trouble == "says nothing":
        receiver.plan = [30.0] * 4
    elif trouble == "refuses":
        receiver.plan = [(404, {})]
    else:
        url = "http://127.0.0.1:9/services/s3cr3t"
    sender = open_sender(url)
    sender.tell(ALERT)
    time.sleep(0.2)
    begun = time.monotonic()
    sender.close()
    assert time.monotonic() - begun < 5
    assert states(tmp_path) == ["raised", "unsent"]
    assert "s3cr3t" not in (tmp_path / FILE).read_text()

    receiver.plan, receiver.texts = [], []
    open_sender(receiver.url, run=2).close()
    assert receiver.texts == [message_of(ALERT, project="Lindenau")]
    assert states(tmp_path) == ["raised", "unsent", "sent"]
    open_sender(receiver.url, run=3).close()
    assert len(receiver.texts) == 1, "sent once"


def test_the_same_is_said_once_and_that_it_is_over_once(
    open_sender: Open, receiver: Receiver, tmp_path: Path
) -> None:
    over = replace(ALERT, recovered=True, text="well again", sign="")
    sender = open_sender(receiver.url)
    for told in (over, ALERT, ALERT, replace(ALERT, sign="b"), over, over, ALERT):
        sender.tell(told)
    sender.close()
    assert states(tmp_path).count("repeated") == 1
    assert ["recovered" in text for text in receiver.texts] == [False, False, True, False]
    again = open_sender(receiver.url, run=2, repeat_hours=0)
    again.tell(ALERT)
    again.close()
    assert len(receiver.texts) == 5, "after the agreed time it is said again"


def test_without_a_receiver_the_log_is_all(open_sender: Open, receiver: Receiver, tmp_path: Path) -> None:
    sender = open_sender(None)
    sender.tell(ALERT)
    sender.close()
    assert states(tmp_path) == ["raised"]
    open_sender(receiver.url, run=2).close()
    assert receiver.texts == [], "what nobody wanted to be told is no news later"


def test_a_log_that_cannot_be_written_stops_no_alert(
    open_sender: Open, receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / FILE).mkdir()
    sender = open_sender(receiver.url)
    sender.tell(ALERT)
    sender.close()
    assert len(receiver.texts) == 1


def test_half_a_line_is_skipped(open_sender: Open, tmp_path: Path) -> None:
    open_sender(None).tell(ALERT)
    with (tmp_path / FILE).open("a") as file:
        file.write('{"number": 2, "sta')
    assert [entry.alert for entry in AlertLog(tmp_path).entries] == [ALERT]


def test_nothing_in_a_message_is_markup() -> None:
    told = replace(ALERT, subject="<!channel>", text="a <https://x.example|link> & *bold* @here")
    said = message_of(told, project="A_B")
    assert "<" not in said
    assert "&lt;!channel&gt;" in said
    assert "*bold*" not in said


def test_the_address_is_a_secret_of_the_environment_or_of_a_file(tmp_path: Path) -> None:
    assert find_webhook(tmp_path, {}) is None
    (tmp_path / "slack_webhook").write_text("https://hooks.example/a\n")
    assert find_webhook(tmp_path, {}) == "https://hooks.example/a"
    assert (
        find_webhook(tmp_path, {"DATATRUST_SLACK_WEBHOOK": " https://hooks.example/b "})
        == "https://hooks.example/b"
    )
