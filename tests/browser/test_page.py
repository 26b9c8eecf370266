"""The page in a real browser, over hand-made answers: layout, flow, states, and what must never happen."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tests.support.chat_double as double
from chatbot.server import build_app
from datatrust.core.settings import Config, Project
from tests.browser.conftest import PHONE, SCREENS, serious

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def agent() -> double.FakeAgent:
    return double.FakeAgent()


@pytest.fixture(scope="module")
def address(
    agent: double.FakeAgent, serve_app: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    project = Project(root=tmp_path_factory.mktemp("page"), config=Config(title="Lindenau Trading"))
    with serve_app(build_app(agent, project)) as url:
        yield url


def test_a_starter_is_one_tap_from_its_answer(address: str, open_tab: Any) -> None:
    tab = open_tab(address)
    tab.page.locator(".dt-card").first.click()
    tab.wait_for_turn(1)
    assert tab.page.locator(".dt-number").inner_text() == "€12,345,678.91"
    assert tab.page.locator(".dt-interpretation").inner_text().startswith("Net revenue, 1 Apr")
    assert not tab.page.locator("#dt-chart .js-plotly-plot").is_visible()
    assert tab.foreign_requests(address) == []
    assert tab.faults == []


def test_a_comparison_has_chart_table_and_words(address: str, open_tab: Any) -> None:
    tab = open_tab(address)
    tab.ask("Net revenue by region", enter=False)
    tab.page.locator("#dt-chart .js-plotly-plot .bars").first.wait_for(timeout=20_000)
    assert tab.page.locator(".dt-table tbody tr").count() == 3
    assert "favourable" in tab.page.locator(".dt-change").inner_text()
    assert double.HOSTILE in tab.page.locator(".dt-table").inner_text().replace("\n", "")
    assert tab.foreign_requests(address) == []
    assert tab.faults == []


def test_enter_sends_and_focus_stays(address: str, open_tab: Any) -> None:
    tab = open_tab(address)
    tab.ask("revenue")
    assert tab.page.evaluate("document.activeElement?.matches('#dt-question textarea')")
    assert tab.page.get_by_label("Your question").input_value() == ""
    tab.page.keyboard.type("revenue by month")
    tab.page.keyboard.press("Enter")
    tab.wait_for_turn(2)


def test_a_question_back_is_answered_by_one_tap(address: str, open_tab: Any) -> None:
    tab = open_tab(address)
    tab.ask("Revenue growth")
    assert tab.page.locator(".dt-number").count() == 0
    tab.page.get_by_role("button", name="Net revenue, total").click()
    tab.wait_for_turn(2)
    assert tab.page.locator(".dt-number").inner_text() == "€12,345,678.91"


@pytest.mark.parametrize("question", ["", "   ", "x" * 10_000, "How is the weather?"])
def test_what_cannot_be_answered_is_refused_politely(address: str, open_tab: Any, question: str) -> None:
    tab = open_tab(address)
    tab.ask(question)
    assert tab.page.locator(".dt-option").count() == 1
    assert tab.page.locator(".dt-number").count() == 0
    assert not tab.is_wider_than_screen()


def test_a_fault_is_told_in_words(address: str, open_tab: Any) -> None:
    tab = open_tab(address)
    tab.ask("explode please")
    text = tab.page.locator("body").inner_text()
    assert "Something went wrong" in text
    assert "reference" in text
    assert "secret-detail" not in tab.page.content()
    tab.ask("revenue")  # and the page goes on
    assert tab.page.locator(".dt-number").count() == 1


@pytest.mark.parametrize("screen", SCREENS)
def test_a_running_question_is_stopped(address: str, open_tab: Any, screen: Any) -> None:
    """By a click and by a key: the page says so, shows no number, and goes on."""
    tab = open_tab(address, **screen)
    tab.ask("revenue")
    box = tab.page.get_by_label("Your question")
    box.fill("a slow question about revenue")
    box.press("Enter")
    tab.page.get_by_role("button", name="Stop").click()
    tab.wait_for_turn(2)
    assert tab.page.locator(".dt-interpretation").inner_text() == "Stopped"
    assert tab.page.locator(".dt-number").count() == 0
    tab.page.locator("#dt-status", has_text="Stopped").wait_for()
    box.fill("a slow question again")
    box.press("Enter")
    tab.page.get_by_role("button", name="Stop").wait_for()
    tab.page.keyboard.press("Escape")
    tab.wait_for_turn(3)
    assert tab.page.locator(".dt-interpretation").inner_text() == "Stopped"
    tab.ask("revenue")
    assert tab.page.locator(".dt-number").count() == 1
    assert tab.faults == []


def test_earlier_questions_come_back_and_can_be_cleared(address: str, open_tab: Any, agent: Any) -> None:
    tab = open_tab(address)
    tab.ask("revenue")
    tab.ask("revenue by month")
    assert agent.asked[-1] == ("revenue by month", ("revenue",))
    asked = len(agent.asked)
    tab.page.locator(".dt-entry", has_text="revenue").last.click()
    tab.page.locator(".dt-interpretation", has_text="Net revenue, 1 Apr").wait_for()
    assert len(agent.asked) == asked  # shown again, not asked again
    tab.page.get_by_role("button", name="New question").click()
    tab.page.locator(".dt-welcome").wait_for()
    tab.page.get_by_role("button", name="Clear all").click()
    tab.page.get_by_text("Nothing asked yet").wait_for()


def test_one_tab_sees_nothing_of_another(address: str, open_tab: Any) -> None:
    first, second = open_tab(address), open_tab(address)
    first.ask("revenue by region")
    second.page.reload()
    second.page.locator(".dt-welcome").wait_for()
    assert second.page.locator(".dt-entry").count() == 0
    link = first.page.get_by_role("link", name="Download CSV").get_attribute("href")
    assert first.page.request.get(f"{address}/{link}").status == 200
    assert second.page.request.get(f"{address}/{link}").status == 404


def test_the_download_is_the_answers_rows(address: str, open_tab: Any) -> None:
    tab = open_tab(address)
    tab.ask("revenue by region")
    with tab.page.expect_download() as download:
        tab.page.get_by_role("link", name="Download CSV").click()
    assert download.value.suggested_filename.endswith("2026-06-30.csv")
    content = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert rows[1][:2] == ["EMEA", "5100000.10"]
    assert rows[3][0] == "'" + double.HOSTILE
    assert len(rows) == 4


def test_the_sql_can_be_copied(address: str, open_tab: Any) -> None:
    tab = open_tab(address, permissions=["clipboard-read", "clipboard-write"])
    tab.ask("revenue")
    assert not tab.page.locator(".dt-proof").is_visible()
    tab.page.get_by_text("How was this computed?").click()
    tab.page.get_by_role("button", name="Copy").click()
    tab.page.get_by_text("Copied").wait_for()
    assert tab.page.evaluate("navigator.clipboard.readText()") == double.SQL


@pytest.mark.parametrize("screen", SCREENS)
def test_each_kind_of_chart_is_drawn(address: str, open_tab: Any, screen: Any) -> None:
    tab = open_tab(address, **screen)
    for question, marks in (
        ("revenue against plan in all", ".barlayer path"),
        ("each part of the change of revenue", ".waterfalllayer path, .barlayer path"),
        ("revenue by price, volume and mix", ".waterfalllayer path, .barlayer path"),
        ("revenue by region and category", ".barlayer path"),
        ("monthly shares of revenue", ".barlayer path"),
        ("several figures by month", ".scatterlayer path"),
        ("budget by category", ".barlayer path"),
        ("margin by month", ".scatterlayer path"),
    ):
        tab.ask(question)
        chart = tab.page.locator("#dt-chart .js-plotly-plot")
        chart.locator(marks).first.wait_for(state="attached", timeout=20_000)
        assert not tab.is_wider_than_screen(), question
    assert serious(tab.page) == {}
    assert tab.foreign_requests(address) == []
    assert tab.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "question", ["revenue", "revenue by region", "budget by category", "margin by month"]
)
def test_a_phone_needs_no_sideways_scroll(address: str, open_tab: Any, scheme: str, question: str) -> None:
    tab = open_tab(address, viewport=PHONE, color_scheme=scheme)
    assert not tab.is_wider_than_screen()
    tab.ask(question)
    tab.page.get_by_text("How was this computed?").click()
    tab.page.wait_for_timeout(300)
    assert not tab.is_wider_than_screen()


def test_numbers_follow_the_browsers_language(address: str, open_tab: Any) -> None:
    tab = open_tab(address, locale="de-DE")
    tab.ask("revenue")
    assert tab.page.locator(".dt-number").inner_text().replace("\xa0", " ") == "12.345.678,91 €"
