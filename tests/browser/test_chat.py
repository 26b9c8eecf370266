"""The chat over the sample company's own release, as its users meet it: ask, read, prove, take away."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chatbot.agent import Agent
from chatbot.export import write_cell
from chatbot.server import build_app
from datatrust.core.jsonio import loads
from datatrust.core.settings import Project

pytestmark = [pytest.mark.browser, pytest.mark.spark]

IMAGES = Path(__file__).parents[2] / "docs" / "images"
TOTAL = "net revenue last quarter"
BY_REGION = "net revenue by region last quarter compared with the year before"
AGAINST_BUDGET = "revenue by category this fiscal year compared to budget"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def address(sample_project: Project, serve_app: Callable[..., Any]) -> Iterator[str]:
    with serve_app(build_app(Agent.open(sample_project), sample_project)) as url:
        yield url


def over_rest(tab: Any, address: str, question: str) -> dict[str, Any]:
    reply = tab.page.request.post(f"{address}/api/v1/ask", data={"question": question})
    assert reply.ok
    answer: dict[str, Any] = loads(reply.text())
    return answer


def test_ask_prove_and_take_away(address: str, open_tab: Any) -> None:
    """One question from the box to the file: the number, its evidence, and the same rows as REST gives."""
    tab = open_tab(address)
    tab.ask(TOTAL)
    shown = tab.page.locator(".dt-number")
    number = over_rest(tab, address, TOTAL)["rows"][0][0]
    assert Decimal(shown.get_attribute("title")) == number
    assert shown.inner_text() == f"€{number.quantize(Decimal('0.01')):,}"

    tab.ask(BY_REGION)
    answer = over_rest(tab, address, BY_REGION)
    assert answer["status"] == "answered"
    assert tab.page.locator(".dt-table tbody tr").count() == len(answer["rows"])

    tab.page.get_by_text("How was this computed?").click()
    proof = tab.page.locator(".dt-proof")
    assert answer["evidence"]["release"] in proof.inner_text()
    assert answer["evidence"]["result"] in proof.inner_text()
    assert proof.locator("pre").inner_text().strip() == answer["sql"].strip()
    for table, version in answer["evidence"]["tables"].items():
        assert f"{table} at {version}" in proof.inner_text()

    with tab.page.expect_download() as download:
        tab.page.get_by_role("link", name="Download CSV").click()
    content = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert rows[1:] == [[write_cell(value) for value in row] for row in answer["rows"]]
    assert tab.foreign_requests(address) == []
    assert tab.faults == []


def test_every_starter_is_answered(address: str, open_tab: Any) -> None:
    tab = open_tab(address)
    starters = [card.inner_text().removesuffix("→").strip() for card in tab.page.locator(".dt-card").all()]
    assert starters
    for starter in starters:
        assert over_rest(tab, address, starter)["status"] == "answered", starter


@pytest.mark.parametrize(
    "question", ["", "z" * 10_000, "How will the weather be tomorrow?", "¿Cuántos años tienes?"]
)
def test_what_it_cannot_answer_is_refused_with_suggestions(
    address: str, open_tab: Any, question: str
) -> None:
    tab = open_tab(address)
    tab.ask(question)
    assert tab.page.locator(".dt-number").count() == 0
    options = tab.page.locator(".dt-option")
    assert options.count() >= 1
    options.first.click()
    tab.wait_for_turn(2)
    assert tab.page.locator(".dt-lead.is-answered").count() == 1


def test_a_question_back_leads_to_an_answer(address: str, open_tab: Any) -> None:
    tab = open_tab(address)
    tab.ask("last quarter")
    assert tab.page.locator(".dt-lead.is-clarify").count() == 1
    tab.page.locator(".dt-option").first.click()
    tab.wait_for_turn(2)
    assert tab.page.locator(".dt-lead.is-answered").count() == 1


def test_phone_in_the_dark_has_no_sideways_scroll(address: str, open_tab: Any) -> None:
    tab = open_tab(address, viewport=PHONE, color_scheme="dark")
    tab.ask(AGAINST_BUDGET)
    tab.page.get_by_text("How was this computed?").click()
    tab.page.wait_for_timeout(500)
    assert not tab.is_wider_than_screen()


def test_the_pictures_of_the_docs(address: str, open_tab: Any, tmp_path: Path) -> None:
    """DATATRUST_SNAP=1 puts the pictures into docs/images; else they are taken and thrown away."""
    folder = IMAGES if os.environ.get("DATATRUST_SNAP") else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    tab = open_tab(address, viewport={"width": 1440, "height": 1020})
    for question in (TOTAL, BY_REGION, AGAINST_BUDGET):
        tab.ask(question)
        tab.page.get_by_role("button", name="Pin to dashboard").click()
        tab.page.get_by_role("button", name="Unpin from dashboard").wait_for()
    tab.page.locator("#dt-chart .js-plotly-plot .bars").first.wait_for(timeout=60_000)
    tab.page.wait_for_timeout(500)
    tab.page.screenshot(path=str(folder / "chat.png"))
    for name, part in (
        ("Dashboard", ".dt-tile .bars"),
        ("Catalog", ".dt-lineage"),
        ("Data health", ".dt-tile .bars"),
    ):
        tab.page.get_by_role("tab", name=name).click()
        tab.page.locator(f"{part}:visible").first.wait_for(timeout=60_000)
        tab.page.wait_for_timeout(500)
        tab.page.screenshot(path=str(folder / f"{name.split()[-1].lower()}.png"))
    for name in ("chat", "dashboard", "catalog", "health"):
        assert (folder / f"{name}.png").stat().st_size > 20_000
