"""Sign-in over real HTTP: who passes the gate, who does not, and that each person sees what the policy gives them."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from chatbot.server import check_host, serve
from chatbot.signin.gate import OPEN
from chatbot.signin.pages import WRONG
from chatbot.signin.people import People
from chatbot.signin.reception import COOKIE, Reception
from datatrust.core.errors import UserError
from datatrust.core.jsonio import dumps, loads
from datatrust.core.settings import SignIn
from tests.support.guarded import connect
from tests.support.signed_in import (
    PAGE,
    PASSWORDS,
    SECRETS,
    Server,
    chat,
    enter,
    form_token,
    leave_token,
    signed_in_server,
)

pytestmark = pytest.mark.slow  # Gradio takes seconds to import


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with signed_in_server(tmp_path_factory.mktemp("sign-in")) as served:
        yield served


# ---------------------------------------------------------------------------------------------------- the gate


def every_path(app: Any) -> Iterator[tuple[str, str]]:
    """Every method and path of an application and of what is mounted in it, with something in each parameter."""

    def walk(routes: Any, before: str) -> Iterator[tuple[str, str]]:
        for route in routes:
            path = before + re.sub(r"\{[^}]*\}", "x", getattr(route, "path", "") or "")
            inner = getattr(route, "routes", None) or getattr(
                getattr(route, "original_router", None), "routes", None
            )
            if inner:
                yield from walk(inner, path.rstrip("/") if path != "/" else "")
            for method in getattr(route, "methods", None) or (("GET", "POST") if not inner else ()):
                yield method, path or "/"

    yield from walk(app.routes, "")


def test_nothing_but_the_way_in_is_reached_without_a_session(server: Server) -> None:
    paths = set(every_path(server.app))
    told = {path for _, path in paths}
    assert {"/", "/api/v1/ask", "/mcp", "/sign-out", "/export/x", "/gradio_api/queue/join", "/gradio_api/file=x",
            "/gradio_api/upload", "/gradio_api/heartbeat/x", "/config", "/healthz"} <= told, sorted(told)  # fmt: skip
    paths |= {
        ("GET", f"/ui/{name}")
        for name in ("chat.css", "chat.js", "../templates/lead.html", "%2e%2e/page.py", "x")
    }
    paths |= {
        ("GET", path)
        for path in (
            "//",
            "/sign-in/",
            "/sign-in/x",
            "/SIGN-IN",
            "/healthz/",
            "/a/abc",
            "/x",
            "/docs",
            "/%2e/",
        )
    }
    open_ones = set()
    with server.browser() as client:
        for method, path in sorted(paths):
            reply = client.request(method, path)
            if path in OPEN:
                open_ones.add(path)
                continue
            assert reply.status_code == 401, (method, path, reply.status_code)
            assert reply.headers["www-authenticate"] == "Bearer"
            if method == "GET" and not path.startswith(("/api/", "/mcp")):
                sent = client.get(path, headers=PAGE)
                assert sent.status_code == 303, path
                assert sent.headers["location"].startswith("/sign-in?next=%2F")
    assert open_ones <= OPEN
    assert {"/sign-in", "/healthz"} <= open_ones


def test_a_websocket_is_not_let_in(server: Server) -> None:
    sent: list[Any] = []

    async def ask() -> None:
        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await server.app(
            {"type": "websocket", "path": "/", "headers": [], "query_string": b""}, receive, send
        )

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, ask()).result()
    assert [message["type"] for message in sent] == ["websocket.close"]


@pytest.mark.parametrize(
    "given",
    [
        "Bearer dt360_" + "x" * 43,
        "Bearer",
        "Basic YWtpcmE6eA==",
        "bearer null",
        "dt360_x",
        "Bearer " + "y" * 5_000,
    ],
)
def test_a_forged_token_is_nobodys_even_beside_a_session(server: Server, given: str) -> None:
    with server.browser("akira") as client:
        for path in ("/api/v1/metrics", "/", "/mcp"):
            assert client.get(path, headers={"authorization": given}).status_code == 401


def test_a_forged_cookie_is_nobodys(server: Server) -> None:
    with server.browser("akira") as client:
        cookie = client.cookies[COOKIE]
    for wrong in (cookie[:-2] + "xx", "x" + cookie, cookie.split(".")[0], "akira", "", "x" * 9_000):
        reply = httpx.get(f"{server.address}/api/v1/metrics", headers={"cookie": f"{COOKIE}={wrong}"})
        assert reply.status_code == 401, wrong[:40]
        assert "revenue" not in reply.text


# ----------------------------------------------------------------------------------------------- in, and out


def test_in_and_out(server: Server) -> None:
    with server.browser() as client:
        page = client.get("/sign-in")
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "//" not in re.sub(r'xmlns="[^"]+"', "", page.text.replace("<!doctype html>", ""))
        reply = enter(client, "akira", PASSWORDS["akira"], next="/a/12ab")
        assert (reply.status_code, reply.headers["location"]) == (303, "/a/12ab")
        [cookie] = [each for each in reply.headers.get_list("set-cookie") if each.startswith(COOKIE)]
        assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
        assert client.get("/", headers=PAGE).status_code == 200
        assert client.get("/sign-in").status_code == 303, "who is in already goes on"
        kept = client.cookies[COOKIE]
        reply = client.post("/sign-out", data={"token": leave_token(client, server)})
        assert (reply.status_code, reply.headers["location"]) == (303, "/sign-in?out")
        assert COOKIE not in client.cookies
        again = httpx.get(f"{server.address}/api/v1/metrics", headers={"cookie": f"{COOKIE}={kept}"})
        assert again.status_code == 401, "the session has ended on the server too"


def test_a_cookie_travels_by_https_alone_where_people_come_by_https(server: Server) -> None:
    safe = Reception(server.project, SignIn(address="https://figures.example.com"), server.people)
    assert safe.cookie(COOKIE, "x", seconds=5).endswith("; Secure")
    assert safe.hosts == ("figures.example.com",)


def test_a_wrong_sign_in_is_told_in_the_same_words(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), server.browser() as client:
        replies = [
            enter(client, name, "a wrong password of somebody")
            for name in ("chief", "nobody", "gone' or 1=1 --", "", "<b>x</b>")
        ]
    assert {reply.status_code for reply in replies} == {401}
    assert all(WRONG in reply.text for reply in replies)
    bare = {
        re.sub(r'name="(token|name)" value="[^"]*"|autofocus', "", reply.text).replace(" ", "")
        for reply in replies
    }
    assert len(bare) == 1, "but for the name that was typed, the pages are the same"
    assert "<b>x</b>" not in replies[-1].text
    assert not any(secret in caplog.text for secret in SECRETS)


def test_guessing_is_slowed(server: Server) -> None:
    with server.browser() as client:
        token = form_token(client)
        found = [enter(client, "guessed", f"guess number {at}", token=token) for at in range(7)]
        assert [reply.status_code for reply in found] == [401] * 5 + [429] * 2
        assert 0 < int(found[-1].headers["retry-after"]) <= 900
        assert "Try again in 15 minutes" in found[-1].text
        assert enter(client, "akira", PASSWORDS["akira"]).status_code == 303, (
            "others at the same address get in"
        )


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 4_000])
def test_a_form_of_another_page_signs_nobody_in(server: Server, token: str) -> None:
    """Trap: another page signs the victim in as the attacker, and reads what they ask."""
    with server.browser() as client:
        form_token(client)
        reply = client.post(
            "/sign-in", data={"token": token, "name": "akira", "password": PASSWORDS["akira"]}
        )
        assert reply.status_code == 403
        assert COOKIE not in client.cookies
    with server.browser() as other, server.browser() as client:
        reply = client.post(
            "/sign-in", data={"token": form_token(other), "name": "akira", "password": PASSWORDS["akira"]}
        )
        assert reply.status_code == 403, "a form that another browser was given"


def test_another_page_signs_nobody_out_and_asks_for_nobody(server: Server) -> None:
    with server.browser("akira") as client, server.browser("chief") as chief:
        assert client.post("/sign-out").status_code == 403
        assert client.post("/sign-out", data={"token": leave_token(chief, server)}).status_code == 403
        for headers in (
            {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "null"},
        ):  # fmt: skip
            reply = client.post("/api/v1/ask", json={"question": "revenue"}, headers=headers)
            assert reply.status_code == 403, headers
            assert "rows" not in reply.json()
        for own in ({"origin": server.address}, {"origin": "null", "sec-fetch-site": "same-origin"}, {}):
            assert client.post("/api/v1/ask", json={"question": "revenue"}, headers=own).status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a/../x",
        "/ a",
        "/a/\r\nx: y",
        "/sign-in",
    ],
)
def test_the_sign_in_leads_to_pages_of_this_server_only(server: Server, wanted: str) -> None:
    with server.browser() as client:
        reply = enter(client, "akira", PASSWORDS["akira"], next=wanted)
        assert (reply.status_code, reply.headers["location"]) == (303, "/")


def test_a_form_that_is_too_long_is_not_read(server: Server) -> None:
    with server.browser() as client:
        assert enter(client, "akira", "x" * 20_000).status_code == 413


def test_sessions_end_when_a_person_is_disabled_or_their_password_changes(server: Server) -> None:
    with server.browser("gone") as gone, server.program("gone") as tool, server.browser("changed") as changed:
        for client in (gone, tool, changed):
            assert client.get("/api/v1/metrics").status_code == 200
        beside = People(server.people.folder)  # as the command line does
        beside.set_disabled("gone", True)
        beside.change_password("changed", "a new long password")
        for client in (gone, tool, changed):
            assert client.get("/api/v1/metrics").status_code == 401
    with server.browser() as client:
        reply = enter(client, "gone", PASSWORDS["gone"])
        assert reply.status_code == 401
        assert WRONG in reply.text
        assert enter(client, "changed", "a new long password").status_code == 303


def test_who_has_no_role_may_sign_in_and_sees_nothing(server: Server) -> None:
    with server.browser("stranger") as client:
        for reply in (
            client.get("/api/v1/metrics"),
            client.post("/api/v1/ask", json={"question": "revenue"}),
            client.post("/api/v1/query", json={"metrics": ["revenue"]}),
        ):
            assert reply.status_code == 403
            assert "the access policy does not know this user" in reply.text
            assert "access.yml" not in reply.text
        assert client.get("/", headers=PAGE).status_code == 200


# ------------------------------------------------------------------------------------------- what each sees


def mcp_call(address: str, token: str, name: str, arguments: dict[str, Any]) -> str:
    async def run() -> str:
        async with (
            httpx_client(token) as http,
            Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client,
        ):
            result = await client.call_tool(name, arguments)
            return str(result.content[0].text)  # type: ignore[union-attr]

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


def httpx_client(token: str) -> Any:
    from mcp.shared._httpx_utils import create_mcp_http_client

    return create_mcp_http_client(headers={"authorization": f"Bearer {token}"})


MINE = "customer in (select customer from customers join countries using (country) where region = 'APAC')"
QUESTIONS = {
    "revenue": "select sum(amount) from sales where status = 'done' and {0}",
    "orders": "select count(*) from sales where {0}",
    "revenue by category": "select category, sum(amount) from sales join products using (product) where status = 'done' and {0} group by 1",
    "orders by region": "select region, count(*) from sales left join customers using (customer) left join countries using (country) where {0} group by 1",
    "buyers": "select count(distinct customer) from sales where {0}",
}  # fmt: skip


def test_two_persons_ask_the_same_by_every_door_and_each_sees_what_the_policy_says(server: Server) -> None:
    sql = connect(server.project)
    for name, rows_of in (("akira", MINE), ("chief", "true")):
        token, _ = server.people.make_token(name, days=1)
        with server.browser(name) as client:
            for question, statement in QUESTIONS.items():
                expected = sorted(dumps(row) for row in sql.execute(statement.format(rows_of)).fetchall())
                body = {"question": question, "today": "2026-06-30"}
                rest = client.post("/api/v1/ask", json=body)
                mcp = mcp_call(server.address, token, "ask", body)
                told = httpx.post(
                    f"{server.address}/api/v1/ask", json=body, headers={"authorization": f"Bearer {token}"}
                ).text
                page = chat(client, question)
                for text in (rest.text, told, mcp):
                    answer = loads(text)
                    width = len(sql.execute(statement.format(rows_of)).description or ())
                    assert sorted(dumps(row[:width]) for row in answer["rows"]) == expected, (
                        name,
                        question,
                        text[:300],
                    )
                    assert answer["evidence"]["role"] == {"akira": "region", "chief": "whole"}[name]
                assert loads(rest.text)["sql"] == loads(mcp)["sql"]
                assert ("EMEA" in page) == (name == "chief" and question == "orders by region")
    query = {"metrics": ["cost"], "group_by": ["category"]}
    with server.browser("akira") as akira, server.browser("chief") as chief:
        assert akira.post("/api/v1/query", json=query).status_code == 400, (
            "a name that it may not see is none"
        )
        assert chief.post("/api/v1/query", json=query).status_code == 200
        listed = [
            {each["name"] for each in client.get("/api/v1/metrics").json()} for client in (akira, chief)
        ]
        assert "cost" not in listed[0]
        assert "cost" in listed[1]
    assert "cost" not in mcp_call(
        server.address, server.people.make_token("akira", days=1)[0], "list_metrics", {}
    )


def test_a_tab_of_another_person_is_not_there(server: Server) -> None:
    """Trap: Gradio keeps what a tab shows under a number that the browser drew; who knows it would read along."""
    with server.browser("akira") as akira, server.browser("chief") as chief:
        assert "orders" in chat(chief, "orders", tab="chiefstab").lower()
        assert akira.get("/gradio_api/queue/data", params={"session_hash": "chiefstab"}).status_code == 404
        assert akira.get("/gradio_api/heartbeat/chiefstab").status_code == 404
        for path in ("queue/join", "reset", "cancel", "run/ask_typed", "call/ask_typed"):
            body = {"data": ["orders", None], "fn_index": 1, "session_hash": "chiefstab", "event_id": "x"}
            assert akira.post(f"/gradio_api/{path}", json=body).status_code == 404, path
        assert "orders" in chat(chief, "orders by category", tab="chiefstab").lower()


def test_an_answer_of_another_person_is_not_there(server: Server) -> None:
    with server.browser("akira") as akira, server.browser("chief") as chief:
        answer = chief.post("/api/v1/ask", json={"question": "revenue by category"}).json()
        own = akira.post("/api/v1/ask", json={"question": "revenue by category"}).json()
        for path, body in (("replay", None), ("sign", {"comment": "mine", "signer": "chief"})):
            there = akira.post(f"/api/v1/answers/{answer['id']}/{path}", json=body)
            nowhere = akira.post(f"/api/v1/answers/{'0' * 24}/{path}", json=body)
            assert (there.status_code, nowhere.status_code) == (404, 404)
            assert there.text == nowhere.text
            assert akira.post(f"/api/v1/answers/{own['id']}/{path}", json=body).status_code == 200
        assert (
            chief.post(
                f"/api/v1/answers/{answer['id']}/sign", json={"comment": "June", "signer": "somebody"}
            ).json()["signer"]
            == "chief"
        )
        assert akira.get(f"/api/v1/answers/{answer['id']}/certificate").status_code == 404
        assert chief.get(f"/api/v1/answers/{answer['id']}/certificate").status_code == 200
        key = re.search(r"/export/([\w-]+)", chat(chief, "revenue by category"))
        assert key
        assert chief.get(f"/export/{key[1]}").status_code == 200
        assert akira.get(f"/export/{key[1]}").status_code == 404


def test_a_policy_that_changes_holds_at_once(server: Server) -> None:
    text = server.project.access_policy.read_text()
    with server.browser("chief") as client:
        query = {"metrics": ["orders"]}
        assert client.post("/api/v1/query", json=query).status_code == 200
        try:
            server.project.access_policy.write_text(
                text.replace("chief: {roles: [whole]}", "boss: {roles: [whole]}")
            )
            assert client.post("/api/v1/query", json=query).status_code == 403
            server.project.access_policy.write_text("roles: [")
            assert client.post("/api/v1/query", json=query).status_code in (400, 403)
        finally:
            server.project.access_policy.write_text(text)
        assert client.post("/api/v1/query", json=query).status_code == 200


def test_nothing_secret_is_kept_or_logged(server: Server) -> None:
    kept = b"".join(each.read_bytes() for each in Path(server.project.state).rglob("*") if each.is_file())
    assert not any(secret.encode() in kept for secret in SECRETS)


# ------------------------------------------------------------------------------------------------- addresses


def test_other_addresses_need_sign_in_and_a_name(server: Server) -> None:
    with pytest.raises(UserError, match="without sign-in"):
        check_host("0.0.0.0")
    with pytest.raises(UserError, match="the address that people type"):
        check_host("0.0.0.0", server.reception)
    check_host(
        "0.0.0.0", Reception(server.project, SignIn(address="http://figures.example.com:7860"), server.people)
    )


def test_a_role_for_everyone_and_sign_in_do_not_go_together(server: Server) -> None:
    with pytest.raises(UserError, match="--role"):
        serve(server.project, role="whole")


def test_another_host_name_is_refused_before_anything(server: Server) -> None:
    assert httpx.get(f"{server.address}/sign-in", headers={"host": "evil.example"}).status_code == 421
