"""The tabs beside the chat: what is pinned is computed anew under the viewer's rights, and nobody sees more there."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatbot.board import Board
from chatbot.desk import Desk
from chatbot.health import health_of
from chatbot.history import MOST_PINNED, History
from chatbot.ui.health_tab import HealthTab
from chatbot.ui.pinboard import Pinboard
from chatbot.ui.shelf import CatalogTab, grouped
from chatbot.ui.view import view_of
from datatrust.core.errors import UserError
from semantic.access import load_viewer
from semantic.projection import told_catalog
from semantic.query import Viewer
from tests.support.guarded import connect, write_guarded

REQUEST: Any = SimpleNamespace(headers={}, cookies={})


def event(act: str, value: str) -> Any:
    return SimpleNamespace(act=act, value=value)


class Seen:
    """A desk whose asker can be changed."""

    def __init__(self, folder: Path) -> None:
        self.project = write_guarded(folder)
        self.role = "whole"
        self.desk = Desk.open(self.project)
        self.desk.viewer = self.viewer

    def viewer(self) -> Viewer:
        return load_viewer(self.project, self.role)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return Seen(tmp_path_factory.mktemp("tabs"))


def heads(updates: list[Any]) -> list[str]:
    return [each for each in updates[2::4] if each]


def test_a_pin_keeps_no_number_and_is_computed_under_the_rights_of_the_moment(seen: Seen) -> None:
    seen.role = "whole"
    answer = seen.desk.ask("revenue by region in 2025", channel="chat", viewer=seen.viewer())
    assert answer.status == "answered"
    seen.desk.pin(answer.id, viewer=seen.viewer())
    with sqlite3.connect(seen.desk.history.file) as stored:
        assert stored.execute("select person, id from pinned").fetchall() == [("", answer.id)]
    tab = Pinboard(seen.desk)
    tab.tiles = SimpleNamespace(show=lambda tiles: list(tiles))  # type: ignore[assignment]
    with connect(seen.project) as books:
        truth = "select region, sum(amount) from sales join customers using (customer) join countries using (country)"
        truth += " where status = 'done' and year(day) = 2025 group by 1"
        by_region = dict(books.execute(truth).fetchall())
    for role, regions in (("whole", {"EMEA", "APAC", "AMER"}), ("region", {"EMEA"})):
        seen.role = role
        (tile,) = tab.open(REQUEST)[1:]
        for region, amount in by_region.items():
            assert (f"{amount:,.2f}" in tile.head + tile.foot) == (region in regions), (role, region)
    seen.role = "counter"
    (tile,) = tab.open(REQUEST)[1:]
    assert not any(f"{amount:,.2f}" in tile.head + tile.foot for amount in by_region.values())
    seen.role = "whole"
    assert tab.act(REQUEST, event("unpin", answer.id))[1:] == []


def test_what_is_taken_off_while_the_tab_is_drawn_does_not_come_back(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: the tab that began to open before the click arrives after it."""
    seen.role = "whole"
    answer = seen.desk.ask("orders by region", channel="chat", viewer=seen.viewer())
    seen.desk.pin(answer.id, viewer=seen.viewer())
    tab = Pinboard(seen.desk)
    tab.tiles = SimpleNamespace(show=lambda tiles: list(tiles))  # type: ignore[assignment]
    draw = tab._tile

    def taken_off_meanwhile(answer_id: str, viewer: Viewer, *, locale: str) -> Any:
        seen.desk.unpin(answer_id, viewer=viewer)
        return draw(answer_id, viewer, locale=locale)

    monkeypatch.setattr(tab, "_tile", taken_off_meanwhile)
    assert tab.open(REQUEST)[1:] == []


def test_a_dashboard_is_a_persons_own_and_holds_so_many(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    for number in range(MOST_PINNED):
        assert history.pin(f"id{number}", person="ana", at=f"{number:02}")
    assert history.pin("id3", person="ana", at="99"), "it is there already"
    assert not history.pin("more", person="ana", at="99")
    assert history.pinned("bob") == []
    history.unpin("id3", person="bob")
    assert history.pinned("ana") == [f"id{number}" for number in range(MOST_PINNED)]
    history.unpin("id0", person="ana")
    assert history.pin("more", person="ana", at="99")
    history.share("id1", person="ana")
    history.unshare("id1")
    assert not history.is_shared("id1")


def test_what_another_person_asked_cannot_be_pinned_or_taken_back(seen: Seen) -> None:
    seen.role = "whole"
    answer = seen.desk.ask("orders", channel="chat", viewer=seen.viewer())
    stranger = Viewer(user="akira", access=seen.viewer().access, policy="x")
    for change in (seen.desk.pin, seen.desk.unshare):
        with pytest.raises(UserError):
            change(answer.id, viewer=stranger)


def test_the_catalog_tab_lists_what_the_viewer_may_see(seen: Seen) -> None:
    for role in ("whole", "region", "counter"):
        seen.role = role
        catalog = told_catalog(seen.desk.catalog_of(seen.viewer()))
        listed = {entry.name for _, entries in grouped(catalog) for entry in entries}
        assert listed == set(catalog.metrics)
        shelf, entry = CatalogTab(seen.desk).open(REQUEST)
        assert ("Profit" in shelf) == (role == "whole")
        assert 'data-act="try"' in entry
    tab = CatalogTab(seen.desk)
    assert not isinstance(tab.show(REQUEST, event("metric", "profit")), str), "not theirs: nothing is told"
    seen.role = "whole"
    told = tab.show(REQUEST, event("metric", "revenue"))
    for words in ("Sum of completed sales.", "Revenue in APAC by country", "Lineage", "Region"):
        assert words in told


def test_health_is_told_to_who_sees_every_row(seen: Seen) -> None:
    seen.role = "region"
    health = health_of(Board(seen.desk.agent.layer, seen.viewer()))
    assert health.panels == ()
    assert "who sees everything" in health.told
    tab = HealthTab(seen.desk)
    tab.head, tab.tiles = None, SimpleNamespace(show=lambda tiles: list(tiles))  # type: ignore[assignment]
    assert "who sees everything" in list(tab.open(REQUEST))[-1][0]


def test_where_nothing_fell_the_heading_does_not_say_that_data_is_missing() -> None:
    common = {"status": "refused", "reason": "no_data", "question": "q", "text": "No decrease was found."}
    context: Any = SimpleNamespace(period_namer=lambda *_, **__: None)
    assert view_of(common, context, locale="en").headline == "There is none to name"
    missing = {**common, "interpretation": "Revenue in 1999"}
    assert view_of(missing, context, locale="en").headline == "There is no data for this"
