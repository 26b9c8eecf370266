"""A person at a browser: sign in, ask, share, download, find it again, sign out; at a desk in light, on a phone in dark."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import oidc_provider_mock
import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect

from chatbot.agent import Agent
from chatbot.server import build_app
from chatbot.signin.oidc import SECRET
from chatbot.signin.people import People
from chatbot.signin.reception import Reception
from datatrust.core.settings import OpenId, SignIn
from tests.browser.conftest import DESKTOP, SCREENS, serious
from tests.support.guarded import write_guarded
from tests.support.serving import serving
from tests.support.signed_in import PASSWORDS, Server, signed_in_server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with signed_in_server(tmp_path_factory.mktemp("browser")) as served:
        yield served


def enter(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def ask(page: Page, question: str) -> None:
    box = page.get_by_label("Your question")
    box.fill(question)
    box.press("Enter")
    expect(page.locator(".dt-asked")).to_have_text(f"You asked: {question}", timeout=30_000)
    expect(page.get_by_text("How was this computed?")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_day_of_a_person(browser: Browser, server: Server, screen: Any) -> None:
    context = browser.new_context(**screen, accept_downloads=True)
    page = context.new_page()
    foreign: list[str] = []
    faults: list[str] = []
    page.on(
        "request",
        lambda r: foreign.append(r.url) if not r.url.startswith((server.address, "data:", "blob:")) else None,
    )
    page.on("pageerror", lambda error: faults.append(str(error)))

    def fits() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    page.goto(f"{server.address}/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert serious(page) == {}
    enter(page, "chief", "a wrong password of somebody")
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    assert serious(page) == {}
    enter(page, "chief", PASSWORDS["chief"])
    expect(page.locator(".dt-welcome")).to_be_visible(timeout=30_000)
    expect(page.locator(".dt-person")).to_contain_text("chief")
    assert fits()

    ask(page, "buyers")
    ask(page, "orders by region")
    expect(page.locator(".dt-table tbody tr")).to_have_count(4)
    with page.expect_download() as workbook:
        page.get_by_role("link", name="Excel").click()
    values = openpyxl.load_workbook(io.BytesIO(workbook.value.path().read_bytes()))["Values"]
    assert {values["A2"].value, values["A3"].value} >= {"AMER"}
    with page.expect_download() as picture:
        page.get_by_role("button", name="Chart as PNG").click()
    assert picture.value.suggested_filename.startswith("orders-by-region")
    assert picture.value.path().read_bytes().startswith(b"\x89PNG")

    page.get_by_role("button", name="Share a link").click()
    link = page.locator("#dt-link")
    expect(link).to_be_visible(timeout=30_000)
    path = str(link.text_content())
    page.goto(server.address + path)
    expect(page.get_by_text("computed again just now")).to_be_visible(timeout=30_000)
    assert fits()

    expect(page.locator(".dt-past").filter(has_text="buyers").first).to_be_visible()
    page.get_by_label("Search your earlier questions").fill("region")
    page.get_by_label("Search your earlier questions").press("Enter")
    expect(page.locator(".dt-past").first).to_contain_text("orders by region", timeout=30_000)
    expect(page.locator(".dt-past").filter(has_text="buyers")).to_have_count(0, timeout=30_000)
    turns = page.locator(".dt-entry").count()
    page.locator(".dt-past").first.click()
    expect(page.locator(".dt-entry")).to_have_count(turns + 1, timeout=30_000)

    with browser.new_context() as other:  # who was sent the link sees what their own role may see
        theirs = other.new_page()
        theirs.goto(server.address + path)
        enter(theirs, "akira", PASSWORDS["akira"])
        expect(theirs.get_by_text("computed again just now")).to_be_visible(timeout=30_000)
        expect(theirs.locator(".dt-table tbody tr")).to_have_count(1)
        expect(theirs.get_by_role("button", name="Chart as PNG")).to_have_count(0)  # one bar is no chart

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    page.goto(server.address + path)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()
    assert foreign == []
    assert faults == []


def test_signing_out_of_a_company_account(browser: Browser, tmp_path: Path) -> None:
    """The way to the provider and back is not held up by the page's own policy of contents."""
    account = oidc_provider_mock.User(sub="ina", claims={"email": "ina@example.com", "email_verified": True})
    with (
        pytest.MonkeyPatch.context() as patch,
        oidc_provider_mock.run_server_in_thread(user_claims=[account]) as provider,
    ):
        patch.setenv(SECRET, "the secret of the client")
        project = write_guarded(tmp_path)
        with project.access_policy.open("a") as file:
            file.write("  ina@example.com: {roles: [whole]}\n")
        openid = OpenId(issuer=f"http://localhost:{provider.server_port}", client_id="datatrust")
        reception = Reception(project, SignIn(openid=openid), People.of(project))
        app = build_app(Agent.open(project), project, reception=reception)
        with serving(app) as address, closing(browser.new_context(viewport=DESKTOP)) as context:
            page = context.new_page()
            page.goto(f"{address}/")
            page.get_by_role("link", name="Sign in with your company account").click()
            page.get_by_role("button", name="ina", exact=True).click()
            expect(page.locator(".dt-person")).to_contain_text("ina@example.com", timeout=30_000)
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url(f"{openid.issuer}/oauth2/end_session**", timeout=30_000)
            page.get_by_role("button", name="End session").click()
            expect(page.get_by_role("status")).to_have_text("You are signed out.", timeout=30_000)
            assert page.url == f"{address}/sign-in?out"
