"""What a server keeps for each person over real HTTP: history, links, downloads, limits; and its health and figures."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from chatbot.figures import TOKEN
from chatbot.limits import Limits
from chatbot.log import AnswerLog
from chatbot.server import build_app
from datatrust.core.jsonio import loads
from semantic.query import Viewer
from tests.support.guarded import connect, write_guarded
from tests.support.signed_in import PAGE, Server, chat, signed_in_server

pytestmark = pytest.mark.slow  # Gradio takes seconds to import

APAC = "customer in (select customer from customers join countries using (country) where region = 'APAC')"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with signed_in_server(tmp_path_factory.mktemp("per-person")) as served:
        yield served


def ask(client: httpx.Client, question: str) -> dict[str, Any]:
    reply = client.post("/api/v1/ask", json={"question": question})
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = loads(reply.text)
    return answer


# ----------------------------------------------------------------------------------------------------- history


def test_each_person_finds_what_they_asked_and_nobody_else_does(server: Server) -> None:
    with server.browser("akira") as akira, server.browser("chief") as chief:
        mine = ask(akira, "orders by category")
        chat(akira, "revenue by region")
        asked_back = ask(akira, "weather in Paris")
        ask(chief, "cost of sales by category")
        found = akira.get("/api/v1/history").json()
        assert [each["question"] for each in found][:3] == [
            "weather in Paris",
            "revenue by region",
            "orders by category",
        ]
        assert found[2]["id"] == mine["id"]
        assert found[0]["status"] == asked_back["status"]
        assert not any("cost" in each["question"] for each in found)
        assert [
            e["question"] for e in akira.get("/api/v1/history", params={"words": "CATEGORY orders"}).json()
        ] == ["orders by category"]
        for words in ("cost", "%", "_", "'", "a' or 1=1 --", "\\"):
            assert akira.get("/api/v1/history", params={"words": words}).json() == [], words
        assert len(akira.get("/api/v1/history", params={"limit": 1}).json()) == 1
        for wrong in ({"limit": 0}, {"limit": 10_000}, {"limit": "x"}, {"words": "x" * 300}):
            assert akira.get("/api/v1/history", params=wrong).status_code == 422
        page = load_page(akira)
        assert "orders by category" in page
        assert "cost of sales" not in page


def test_personal_data_in_a_question_is_masked_in_the_history(server: Server) -> None:
    with server.browser("chief") as client:
        ask(client, "orders of jane.doe@example.com")
        assert "jane.doe" not in client.get("/api/v1/history").text
        kept = b"".join(each.read_bytes() for each in Path(server.project.state).glob("history*"))
        assert b"jane.doe" not in kept


def test_a_full_disk_for_the_history_costs_no_answer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(server.app.state.desk.history, "note", full)
    with server.browser("chief") as client:
        assert ask(client, "orders")["rows"] == [[400]]


def load_page(client: httpx.Client, query: str = "") -> str:
    """What the page shows when it is opened, as its own script asks for it."""
    config = client.get("/config").json()
    load = next(each for each in config["dependencies"] if each["api_name"] == "open_page")
    tab = f"load{time.monotonic_ns()}"
    body = {"data": [None], "fn_index": load["id"], "session_hash": tab}
    assert client.post(f"/gradio_api/queue/join?__theme=light{query}", json=body).status_code == 200
    found = []
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": tab}) as stream:
        for line in stream.iter_lines():
            found.append(line)
            if '"close_stream"' in line:
                break
    return "\n".join(found)


# ------------------------------------------------------------------------------------------------------- links


def test_a_link_computes_again_under_the_readers_rights(server: Server) -> None:
    sql = connect(server.project)

    def total(where: str) -> Decimal:
        [[value]] = sql.execute(f"select sum(amount) from sales where status = 'done' and {where}").fetchall()
        return Decimal(str(value))

    with (
        server.browser("chief") as chief,
        server.browser("akira") as akira,
        server.browser("stranger") as stranger,
    ):
        answer = ask(chief, "revenue")
        path = f"/a/{answer['id']}"
        opened = chief.get(path, headers=PAGE)
        assert (opened.status_code, opened.headers["location"]) == (303, f"/?answer={answer['id']}")
        again = loads(chief.get(f"/api/v1/answers/{answer['id']}").text)
        assert again["rows"] == answer["rows"] == [[total("true")]]
        assert again["id"] != answer["id"]
        assert "computed again just now" in " ".join(again["assumptions"])
        assert AnswerLog.of(server.project).answer(again["id"]).body["repeats"] == answer["id"]

        for client in (akira, stranger):  # before it is shared it is not there
            assert client.get(path, headers=PAGE).status_code in (403, 404)
        assert akira.get(path, headers=PAGE).status_code == 404
        assert (
            akira.get(f"/api/v1/answers/{answer['id']}").text == akira.get(f"/api/v1/answers/{'0' * 24}").text
        )
        assert akira.post(f"/api/v1/answers/{answer['id']}/share").status_code == 404

        assert chief.post(f"/api/v1/answers/{answer['id']}/share").json() == {"link": path}
        theirs = loads(akira.get(f"/api/v1/answers/{answer['id']}").text)
        assert theirs["rows"] == [[total(APAC)]]
        assert theirs["evidence"]["role"] == "region"
        assert f"{total('true')}" not in akira.get(f"/api/v1/answers/{answer['id']}").text
        shown = load_page(akira, f"&answer={answer['id']}")
        assert f"{total(APAC):,.2f}" in shown
        assert f"{total('true'):,.2f}" not in shown
        denied = stranger.get(path, headers=PAGE)
        assert denied.status_code == 403
        assert "does not know this user" in denied.text
        assert stranger.get(f"/api/v1/answers/{answer['id']}").status_code == 403
    with server.browser() as nobody:
        assert nobody.get(path, headers=PAGE).headers["location"] == f"/sign-in?next=%2Fa%2F{answer['id']}"
        assert nobody.get(f"/api/v1/answers/{answer['id']}").status_code == 401


def test_a_shared_answer_that_the_reader_may_not_see_says_so(server: Server) -> None:
    with server.browser("chief") as chief, server.browser("akira") as akira:
        answer = ask(chief, "cost of sales by category")
        assert answer["status"] == "answered"
        chief.post(f"/api/v1/answers/{answer['id']}/share")
        for reply in (
            akira.get(f"/a/{answer['id']}", headers=PAGE),
            akira.get(f"/api/v1/answers/{answer['id']}"),
        ):
            assert reply.status_code == 403
            assert "does not allow this answer" in reply.text
            assert "cost" not in reply.text.lower()
        assert "cost" not in load_page(akira, f"&answer={answer['id']}").lower()


def test_who_lost_a_right_does_not_see_the_number_again(server: Server) -> None:
    """Trap: a number that was frozen into a link or a tab outlives the right to see it."""
    policy = server.project.access_policy
    text = policy.read_text()
    with server.browser("chief") as chief:
        answer = ask(chief, "cost of sales by category")
        number = str(answer["rows"][0][1])
        assert number in chief.get(f"/api/v1/answers/{answer['id']}").text
        try:
            policy.write_text(text.replace("chief: {roles: [whole]}", "chief: {roles: [counter]}"))
            for path in (f"/a/{answer['id']}", f"/api/v1/answers/{answer['id']}"):
                reply = chief.get(path, headers=PAGE)
                assert reply.status_code == 403
                assert number not in reply.text
            assert number not in load_page(chief, f"&answer={answer['id']}")
        finally:
            policy.write_text(text)


@pytest.mark.parametrize("wrong", ["x", "0" * 24, "a" * 200, "%00", "..%2f..%2fetc", "'%20or%201=1", "é"])
def test_a_link_to_nothing(server: Server, wrong: str) -> None:
    with server.browser("akira") as client:
        reply = client.get(f"/a/{wrong}", headers=PAGE)
        assert reply.status_code == 404
        assert "Traceback" not in reply.text


def test_an_answer_without_a_number_has_no_link(server: Server) -> None:
    with server.browser("akira") as client:
        answer = ask(client, "weather in Paris")
        reply = client.get(f"/a/{answer['id']}", headers=PAGE)
        assert reply.status_code == 400
        assert "gave no number" in reply.text
        assert client.post(f"/api/v1/answers/{answer['id']}/share").status_code == 400


# --------------------------------------------------------------------------------------------------- downloads


def test_a_workbook_has_the_values_and_where_they_come_from(server: Server) -> None:
    sql = connect(server.project)
    expected = sql.execute(
        "select category, sum(amount) from sales join products using (product) where status = 'done' and "
        f"{APAC} group by 1"
    ).fetchall()
    with server.browser("akira") as akira, server.browser("chief") as chief:
        key = re.search(r"/export/([\w-]+)", chat(akira, "revenue by category"))
        assert key
        reply = akira.get(f"/export/{key[1]}", params={"as": "xlsx"})
        assert reply.headers["content-disposition"].endswith('.xlsx"')
        assert reply.headers["cache-control"] == "no-store"
        book = openpyxl.load_workbook(io.BytesIO(reply.content))
        values, about = book["Values"], dict(book["Provenance"].iter_rows(values_only=True))
        rows = list(values.iter_rows(min_row=2, values_only=True))
        assert {(name, Decimal(str(value))) for name, value in rows if name != "Total"} == set(expected)
        assert values["B2"].number_format.startswith("#,##0.00")
        assert about["Question"] == "revenue by category"
        assert about["Role"] == "region"
        assert about["Release"] == akira.get("/healthz").json()["release"]
        assert chief.get(f"/export/{key[1]}", params={"as": "xlsx"}).status_code == 404
        assert akira.get(f"/export/{key[1]}", params={"as": "pdf"}).status_code == 422


# ------------------------------------------------------------------------------------------------------ limits


def test_a_person_who_asks_too_much_waits_and_others_do_not(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = server.app.state.desk.turns
    monkeypatch.setattr(turns, "_limits", Limits(a_minute=3, at_once=2))
    with server.browser("akira") as akira, server.browser("chief") as chief, server.program("akira") as tool:
        assert [akira.post("/api/v1/query", json={"metrics": ["orders"]}).status_code for _ in range(3)] == [
            200
        ] * 3
        for client in (akira, tool):
            slowed = client.post("/api/v1/ask", json={"question": "orders"})
            assert slowed.status_code == 429
            assert 0 < int(slowed.headers["retry-after"]) <= 60
            assert "try again in" in slowed.json()["error"]
        assert "try again in" in chat(akira, "orders")
        assert ask(chief, "orders")["status"] == "answered"


def test_only_so_many_at_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = server.app.state.desk
    monkeypatch.setattr(desk.turns, "_limits", Limits(a_minute=100, at_once=1))
    held, free = threading.Event(), threading.Event()
    real = desk.agent.ask

    def slow(question: str, **more: Any) -> Any:
        if question == "orders by region":
            held.set()
            free.wait(20)
        return real(question, **more)

    monkeypatch.setattr(desk.agent, "ask", slow)
    with server.program("akira") as one, server.program("akira") as two:
        found: list[int] = []
        first = threading.Thread(
            target=lambda: found.append(
                one.post("/api/v1/ask", json={"question": "orders by region"}).status_code
            )
        )
        first.start()
        assert held.wait(20)
        assert two.post("/api/v1/ask", json={"question": "orders"}).status_code == 429
        free.set()
        first.join(30)
        assert found == [200]
        assert two.post("/api/v1/ask", json={"question": "orders"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"question": "' + b"x" * 300_000 + b'"}', 413),
        (b"[" * 5_000 + b"]" * 5_000, 400),
        (b'{"question": "orders", "history": ' + b"[" * 100 + b"]" * 100 + b"}", 400),
        (b'{"question": "' + b"[" * 5_000 + b'"}', 200),
        (b"{", 422),
        (b"\xff\xfe", 400),
        (b"", 422),
        (b'{"question": "\\ud800"}', 422),
        (b'{"question": 1e999}', 422),
    ],
)
def test_a_body_that_is_too_large_or_too_deep_is_refused(server: Server, body: bytes, status: int) -> None:
    with server.program("akira") as client:
        reply = client.post("/api/v1/ask", content=body, headers={"content-type": "application/json"})
        assert reply.status_code in (status, 422) if status == 400 else reply.status_code == status, (
            reply.text
        )
        assert "Traceback" not in reply.text


def test_a_body_that_does_not_come_is_not_waited_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.bodies.SECONDS", 0.3)
    secret, _ = server.people.make_token("akira", days=1)
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(
            f"POST /api/v1/ask HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {secret}\r\n"
            "Content-Type: application/json\r\nContent-Length: 40\r\n\r\n{".encode()
        )
        assert b" 408 " in line.recv(4_000)
    with server.program("akira") as client:
        assert ask(client, "orders")["status"] == "answered"


# ------------------------------------------------------------------------------------------- health and figures


def test_ready_says_what_is_missing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with server.browser() as client:
        assert client.get("/readyz").json() == {"status": "ready", "missing": []}
        with monkeypatch.context() as patch:
            patch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10})())
            reply = client.get("/readyz")
            assert (reply.status_code, reply.json()["missing"]) == (503, ["the answer log cannot be written"])
        assert client.get("/healthz").status_code == 200


def test_figures_are_for_this_machine_or_for_a_token(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with server.browser("chief") as chief, server.browser() as client:
        ask(chief, "orders")
        text = client.get("/metrics").text
        assert re.search(r'datatrust_answers_total\{channel="rest",status="answered"\} \d', text)
        assert "datatrust_answer_seconds_bucket" in text
        assert "process_resident_memory_bytes" in text
        assert not any(word in text for word in ("chief", "akira", "orders"))
        assert client.get("/metrics", headers={"x-forwarded-for": "10.1.2.3"}).status_code == 403
        monkeypatch.setenv(TOKEN, "the token of the monitor")
        assert client.get("/metrics").status_code == 403
        assert client.get("/metrics", headers={"authorization": "Bearer é".encode()}).status_code == 403
        assert (
            client.get("/metrics", headers={"authorization": "Bearer the token of the monitor"}).status_code
            == 200
        )


def test_without_sign_in_nobody_has_a_history_and_links_are_for_who_reaches_it(tmp_path: Path) -> None:
    from fastapi.testclient import TestClient

    from chatbot.agent import Agent

    project = write_guarded(tmp_path)
    project.access_policy.unlink()
    app = build_app(Agent.open(project), project, lambda: Viewer())
    with TestClient(app, base_url="http://127.0.0.1") as client:
        answer = client.post("/api/v1/ask", json={"question": "orders"}).json()
        assert client.get("/api/v1/history").json() == []
        assert client.get(f"/a/{answer['id']}", follow_redirects=False).status_code == 303
        assert client.get(f"/api/v1/answers/{answer['id']}").json()["rows"] == answer["rows"]
        assert client.get("/sign-in").status_code == 404


def test_a_stop_finishes_what_runs_and_closes_the_log(tmp_path: Path) -> None:
    project = write_guarded(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "datatrust.cli",
        "--project",
        str(project.root),
        "serve",
        "--port",
        str(port),
    ]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, env={**os.environ, "DATATRUST_LOG": ""}
    ) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                for _ in range(600):
                    try:
                        client.get("/healthz")
                        break
                    except httpx.TransportError:
                        time.sleep(0.1)
                replies: list[int] = []
                asking = threading.Thread(
                    target=lambda: replies.append(
                        client.post("/api/v1/ask", json={"question": "revenue by customer"}).status_code
                    )
                )
                asking.start()
                time.sleep(0.05)
                process.send_signal(signal.SIGTERM)
                asking.join(30)
                assert replies == [200]
            assert process.wait(30) == 0
        finally:
            process.kill()
    assert not list((project.state / "answers").glob("*-wal")), "closed, not broken off"
    assert AnswerLog.of(project).verify().fault is None
