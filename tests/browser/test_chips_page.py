"""An answer's parts are changed and left out by key and by tap, and the last step is taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESKTOP, PHONE, Tab

pytestmark = pytest.mark.browser
SLOW = 15_000


def test_by_key_at_a_desk(company: str, browser: Browser) -> None:
    """Change the figure, leave the filter out, undo that, and follow up on what is there then."""
    context = browser.new_context(viewport=DESKTOP)
    tab = Tab(context.new_page(), company)
    page = tab.page
    tab.ask("net revenue by category for EMEA last quarter")
    said = page.locator(".dt-interpretation")

    page.get_by_role("button", name="Metric Net revenue: change").focus()
    page.keyboard.press("Enter")
    search = page.get_by_label("Search these")
    expect(search).to_be_focused(timeout=SLOW)
    page.keyboard.type("gross profit")
    expect(page.get_by_role("button", name="Orders", exact=True)).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Gross profit", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    tab.wait_for_turn(2)
    expect(said).to_have_text(
        "Gross profit by category, where region is EMEA, 1 Jan to 31 Mar 2026 (Q3 FY2026) (complete)"
    )
    expect(page.locator(".dt-asked")).to_contain_text("Gross profit by category for region")
    expect(page.locator(".dt-chip-change").first).to_be_focused(timeout=SLOW)

    page.get_by_role("button", name="Remove Where: Region is EMEA").press("Enter")
    tab.wait_for_turn(3)
    expect(said).to_have_text("Gross profit by category, 1 Jan to 31 Mar 2026 (Q3 FY2026) (complete)")
    page.get_by_role("button", name="Undo").press("Enter")
    tab.wait_for_turn(2)
    expect(said).to_contain_text("where region is EMEA")
    expect(page.get_by_role("button", name="Undo")).to_be_focused(timeout=SLOW)
    tab.ask("and by month?")
    expect(said).to_contain_text("Gross profit by category and month, where region is EMEA")

    chip = page.get_by_role("button", name="Dates 1 Jan 2026 to 31 Mar 2026: change")
    chip.press("Enter")
    expect(page.get_by_role("button", name="The period before: 1 Oct to 31 Dec 2025")).to_be_focused(
        timeout=SLOW
    )
    page.keyboard.press("Escape")
    expect(page.locator("#dt-choices")).to_have_count(0, timeout=SLOW)
    expect(chip).to_be_focused()
    assert tab.faults == []
    context.close()


def test_by_tap_on_a_phone(company: str, browser: Browser) -> None:
    """Add a condition by its dimension and its member, then a comparison; take all of it back."""
    context = browser.new_context(viewport=PHONE, color_scheme="dark", has_touch=True)
    tab = Tab(context.new_page(), company)
    page = tab.page
    tab.ask("orders by month last quarter")
    page.get_by_role("button", name="Only where").tap()
    page.get_by_role("button", name="Regions", exact=True).tap()
    page.get_by_role("button", name="APAC", exact=True).tap()
    tab.wait_for_turn(2)
    expect(page.get_by_role("button", name="Where Region is APAC: change")).to_be_visible()
    page.get_by_role("button", name="Compare with").tap()
    page.get_by_role("button", name="The year before", exact=True).tap()
    tab.wait_for_turn(3)
    expect(page.locator(".dt-interpretation")).to_contain_text("where region is APAC")
    expect(page.locator(".dt-interpretation")).to_contain_text("beside the year before")
    assert not tab.is_wider_than_screen()
    for turns in (2, 1):
        page.get_by_role("button", name="Undo").tap()
        tab.wait_for_turn(turns)
    page.get_by_role("button", name="Undo").tap()
    page.locator(".dt-welcome").wait_for(timeout=SLOW)
    assert tab.faults == []
    context.close()
