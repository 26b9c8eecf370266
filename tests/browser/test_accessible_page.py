"""Every screen of the page for who cannot see it well, in light and in dark, each at a desk and on a phone; then its flows."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import SCREENS, Tab, serious

pytestmark = pytest.mark.browser
BY_REGION = "net revenue by region last quarter compared with the year before"
SLOW = 30_000


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_can_be_read_by_everyone(company: str, browser: Browser, screen: Any) -> None:
    context = browser.new_context(**screen)
    tab = Tab(context.new_page(), company)
    page = tab.page
    found = {"empty": serious(page)}
    tab.ask(BY_REGION)
    page.locator("#dt-chart .js-plotly-plot .bars").first.wait_for(timeout=SLOW)
    found["answer"] = serious(page)
    page.locator('[data-chip="metric:0"]').click()
    expect(page.locator("#dt-choices .dt-option").first).to_be_visible(timeout=SLOW)
    assert not tab.is_wider_than_screen()
    found["choices"] = serious(page)
    page.keyboard.press("Escape")
    expect(page.locator("#dt-choices")).to_have_count(0, timeout=SLOW)
    page.get_by_text("How was this computed?").click()
    expect(page.locator(".dt-lineage")).to_be_visible()
    found["evidence"] = serious(page)
    page.get_by_role("button", name="Pin to dashboard").click()
    expect(page.get_by_role("button", name="Unpin from dashboard")).to_be_visible(timeout=SLOW)
    tab.ask("How is the weather?")
    found["refusal"] = serious(page)
    for name, part in (
        ("Dashboard", ".dt-tile"),
        ("Catalog", ".dt-shelf"),
        ("Data health", ".dt-board-head"),
    ):
        page.get_by_role("tab", name=name).click()
        expect(page.locator(f"{part}:visible").first).to_be_visible(timeout=SLOW)
        assert not tab.is_wider_than_screen(), name
        found[name] = serious(page)
    page.get_by_role("tab", name="Dashboard").click()
    page.get_by_role("button", name="Unpin").click()
    expect(page.get_by_text("Nothing is pinned yet")).to_be_visible(timeout=SLOW)
    assert {screen: issues for screen, issues in found.items() if issues} == {}
    assert tab.foreign_requests(company) == []
    assert tab.faults == []
    context.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_replay_sign_judge_and_ask_on(company: str, browser: Browser, screen: Any) -> None:
    context = browser.new_context(**screen, accept_downloads=True)
    tab = Tab(context.new_page(), company)
    page = tab.page
    tab.ask(BY_REGION)
    page.get_by_text("How was this computed?").click()
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("Equal: the same rows")).to_be_visible(timeout=SLOW)
    page.get_by_label("What you sign and why").fill("the quarter's close")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("Signed by")).to_be_visible(timeout=SLOW)
    with page.expect_download() as paper:
        page.get_by_role("link", name="Certificate (PDF)").click()
    assert paper.value.path().read_bytes().startswith(b"%PDF")

    page.locator("summary", has_text="Not right").click()
    page.get_by_label("What is wrong with it").fill("the year before is another one")
    assert not tab.is_wider_than_screen()
    assert serious(page) == {}
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Noted as not right")).to_be_visible(timeout=SLOW)
    page.locator(".dt-detail .dt-option").first.click()
    tab.wait_for_turn(2)
    page.get_by_role("button", name="Right", exact=True).click()
    expect(page.get_by_text("Noted as right")).to_be_visible(timeout=SLOW)
    assert not tab.is_wider_than_screen()
    assert tab.faults == []
    context.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_a_question_of_the_catalog_is_asked(company: str, browser: Browser, screen: Any) -> None:
    context = browser.new_context(**screen)
    tab = Tab(context.new_page(), company)
    page = tab.page
    page.get_by_role("tab", name="Catalog").focus()
    page.keyboard.press("Enter")
    search = page.get_by_label("Search the catalog")
    search.wait_for(timeout=SLOW)
    search.fill("gross margin")
    expect(page.locator("[data-filtered]")).to_contain_text(" of ")
    page.locator(".dt-shelf li:not([hidden]) button").first.click()
    expect(page.locator("#dt-catalog-main h1")).to_contain_text("argin", timeout=SLOW)
    page.locator("#dt-catalog-main .dt-option").first.click()
    box = page.get_by_label("Your question")
    expect(box).not_to_have_value("", timeout=SLOW)
    expect(box).to_be_focused()
    page.keyboard.press("Enter")
    tab.wait_for_turn(1)
    assert tab.faults == []
    context.close()
