"""A real Chromium and a real server on a free port."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from chatbot.agent import Agent
from chatbot.server import build_app
from tests.support.gold_double import make_gold_double
from tests.support.serving import serving

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SCREENS = [
    pytest.param({"viewport": DESKTOP, "color_scheme": "light"}, id="desk, light"),
    pytest.param({"viewport": PHONE, "color_scheme": "dark", "has_touch": True}, id="phone, dark"),
]
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "no Chromium on the path: install one (Debian: apt-get install chromium) or set CHROMIUM"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sample company's catalog over made-up rows, on a server that all of a worker's tests share."""
    project = make_gold_double(tmp_path_factory.mktemp("company") / "company")
    with serving(build_app(Agent.open(project), project)) as url:
        yield url


def serious(page: Page) -> dict[int, list[Any]]:
    """What axe finds on the screen as it stands that is serious or critical, by its width: at a desk and on a phone."""
    found, given = {}, page.viewport_size
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth", timeout=10_000)
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(AXE)
        told = "async () => (await axe.run()).violations.map((v) => [v.impact, v.id, v.nodes.map((n) => n.html.slice(0, 200))])"
        found[size["width"]] = [each for each in page.evaluate(told) if each[0] in ("serious", "critical")]
    page.set_viewport_size(given)  # type: ignore[arg-type]
    return {width: issues for width, issues in found.items() if issues}


class Tab:
    """One tab on the chat page; remembers every request, console error and failed response."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.faults: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("response", lambda r: self.faults.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.goto(address)
        page.locator(".dt-welcome").wait_for(timeout=30_000)

    def ask(self, question: str, *, enter: bool = True) -> None:
        """Type a question and wait for what comes of it."""
        turns = self.page.locator(".dt-entry").count()
        box = self.page.get_by_label("Your question")
        box.fill(question)
        if enter:
            box.press("Enter")
        else:
            self.page.get_by_role("button", name="Ask", exact=True).click()
        self.wait_for_turn(turns + 1)

    def wait_for_turn(self, turns: int) -> None:
        self.page.wait_for_function(
            "(n) => document.querySelectorAll('.dt-entry').length === n && !document.querySelector('.dt-waiting')",
            arg=turns,
            timeout=30_000,
        )

    def foreign_requests(self, address: str) -> list[str]:
        return [url for url in self.requests if not url.startswith((address, "data:", "blob:"))]

    def is_wider_than_screen(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Callable[..., Tab]]:
    """Open a tab in a browser session of its own."""
    contexts = []

    def open_one(address: str, *, viewport: Any = None, **options: Any) -> Tab:
        context = browser.new_context(viewport=viewport or DESKTOP, accept_downloads=True, **options)
        contexts.append(context)
        return Tab(context.new_page(), address)

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def serve_app() -> Callable[[Any], AbstractContextManager[str]]:
    return serving
