"""The server's own routes and its guard, over an agent with hand-made answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import tests.support.chat_double as double
from chatbot.server import build_app, check_host, serve
from datatrust.core.errors import UserError
from datatrust.core.jsonio import loads
from datatrust.core.settings import Config, Project

pytestmark = pytest.mark.slow  # Gradio takes seconds to import

PROJECT = Project(root=Path("/nowhere"), config=Config(title="Lindenau Trading"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    project = replace(PROJECT, root=tmp_path_factory.mktemp("project"))
    with TestClient(build_app(double.FakeAgent(), project), base_url="http://127.0.0.1:7860") as ready:
        yield ready


def test_ready_says_which_release(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ready", "release": "000003", "version": "0.1.0"}


def test_ask_gives_the_answers_json_with_every_digit(client: TestClient) -> None:
    reply = client.post("/api/v1/ask", json={"question": "revenue", "today": "2026-06-30"})
    assert reply.status_code == 200
    assert "12345678.905" in reply.text
    answer = loads(reply.text)
    assert answer == {**double.total("revenue").to_json(), "id": answer["id"]}


@pytest.mark.parametrize(
    "body", [{}, {"question": 5}, {"question": "x", "today": "soon"}, {"question": "x", "role": "boss"},
             {"question": "x" * 30_000}, []],
)  # fmt: skip
def test_a_wrong_body_is_refused(client: TestClient, body: object) -> None:
    assert client.post("/api/v1/ask", json=body).status_code == 422


def test_a_fault_is_told_without_its_inside(client: TestClient) -> None:
    reply = client.post("/api/v1/ask", json={"question": "explode"})
    assert reply.status_code == 500
    assert reply.json()["reference"]
    assert "secret-detail" not in reply.text
    assert "Traceback" not in reply.text


def test_metrics_are_listed(client: TestClient) -> None:
    assert client.get("/api/v1/metrics").json()[0]["name"] == "revenue"


def test_no_interactive_api_page_from_elsewhere(client: TestClient) -> None:
    assert "/api/v1/ask" in client.get("/api/v1/openapi.json").json()["paths"]


def test_another_host_name_is_refused(client: TestClient) -> None:
    """Trap: DNS rebinding lets a foreign page talk to a loopback server under its own name."""
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 421
    assert client.get("/healthz", headers={"host": "localhost:7860"}).status_code == 200


def test_the_page_is_ours_and_stays_on_the_machine(client: TestClient) -> None:
    reply = client.get("/")
    assert reply.status_code == 200
    assert "./ui/chat.css" in reply.text
    assert "og:image" not in reply.text
    assert "connect-src 'self'" in reply.headers["content-security-policy"]
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite" in cookie


@pytest.mark.parametrize("file", ["chat.css", "chat.js", "logo.svg", "inter-latin.woff2"])
def test_assets_are_served_and_name_no_other_host(client: TestClient, file: str) -> None:
    reply = client.get(f"/ui/{file}")
    assert reply.status_code == 200
    assert b"//fonts." not in reply.content


def test_an_unknown_export_is_not_found(client: TestClient) -> None:
    assert client.get("/export/nothing").status_code == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "example.com", "", "::"])
def test_only_loopback_is_served(host: str) -> None:
    with pytest.raises(UserError, match="without sign-in"):
        check_host(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.9"])
def test_loopback_is_fine(host: str) -> None:
    check_host(host)


def test_a_taken_port_is_told_before_anything_loads() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match="cannot be used"):
            serve(PROJECT, port=taken.getsockname()[1])
    with pytest.raises(UserError, match="not between"):
        serve(PROJECT, port=70_000)
