"""What a person asked is found by them alone, and bounded; so is how much one person may ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot import history as module
from chatbot.history import Entry, History
from chatbot.limits import Limits, TooMany, Turns


def entry(number: int, question: str = "") -> Entry:
    return Entry(
        id=f"id{number}", at=f"2026-06-{number:02}T00:00:00.000+00:00", question=question or f"question {number}", status="answered"
    )  # fmt: skip


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "state" / "history.sqlite")


def test_the_newest_first_and_each_their_own(history: History) -> None:
    assert history.find("ana") == []
    assert not history.file.exists(), "reading writes nothing"
    for number in (1, 3, 2):
        history.note("ana", entry(number))
    history.note("bob", entry(9))
    assert [each.id for each in history.find("ana")] == ["id3", "id2", "id1"]
    assert [each.id for each in history.find("ana", limit=1)] == ["id3"]
    assert history.file.stat().st_mode & 0o077 == 0
    history.clear("ana")
    assert history.find("ana") == []
    assert len(history.find("bob")) == 1


def test_words_are_found_whatever_stands_in_them(history: History) -> None:
    history.note("ana", entry(1, "Umsatz in KÖLN, 100% of 5_0"))
    history.note("ana", entry(2, "revenue"))
    for words in ("köln umsatz", "100%", "5_0", "  KÖLN  ", ""):
        assert "id1" in [each.id for each in history.find("ana", words)], words
    for words in ("köln revenue", "5x0", "%", "' or 1=1 --", "x" * 10_000):
        found = [each.id for each in history.find("ana", words)]
        assert found == (["id1"] if words == "%" else []), words


def test_only_so_many_are_kept(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 5)
    for number in range(1, 12):
        history.note("ana", entry(number))
    assert [each.id for each in history.find("ana")] == ["id11", "id10", "id9", "id8", "id7"]


def test_an_answer_is_shared_by_its_id_alone(history: History) -> None:
    assert not history.is_shared("id1")
    history.share("id1", person="ana")
    history.share("id1", person="ana")
    assert history.is_shared("id1")
    assert not history.is_shared("id2")
    history.close()
    assert History(history.file).is_shared("id1")


def test_a_person_waits_and_the_others_do_not() -> None:
    now = [0.0]
    limits = Limits(a_minute=2, at_once=5, clock=lambda: now[0])
    for _ in range(2):
        with limits.turn("ana"):
            pass
    with pytest.raises(TooMany) as slowed, limits.turn("ana"):
        pass
    assert slowed.value.seconds == 60
    with limits.turn("bob"), limits.turn(None):
        pass
    now[0] = 61
    with limits.turn("ana"):
        pass


def test_only_so_many_at_once_and_a_fault_gives_its_turn_back() -> None:
    limits = Limits(a_minute=100, at_once=1)
    with limits.turn("ana"), pytest.raises(TooMany), limits.turn("ana"):
        pass
    with pytest.raises(ValueError, match="x"), limits.turn("ana"):
        raise ValueError("x")
    with Turns(limits).turn("chat", "ana") as turn:
        assert turn.status == "failed"
