"""MCP by the SDK's own client over real HTTP: the same answers as REST, typed errors, nothing leaked by 500 odd calls."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from chatbot.agent import Agent
from chatbot.log import AnswerLog
from chatbot.server import build_app
from datatrust.core.jsonio import loads
from datatrust.core.settings import Project
from tests.support.logistics import make_logistics
from tests.support.serving import serving

pytestmark = pytest.mark.slow  # Gradio takes seconds to import

LEAKS = (
    "Traceback",
    "site-packages",
    "/home/",
    "/root/",
    "/tmp/",
    'File "',
    "sqlite3",
    "duckdb.",
    "pydantic",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_logistics(tmp_path_factory.mktemp("mcp"))


@pytest.fixture(scope="module")
def address(project: Project) -> Iterator[str]:
    with serving(build_app(Agent.open(project), project)) as served:
        yield served


def call(address: str, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """Make the calls with one client; what the SDK raises is a result too."""

    async def run() -> list[Any]:
        found: list[Any] = []
        async with Client(f"{address}/mcp") as client:
            for name, arguments in calls:
                try:
                    found.append(await client.call_tool(name, arguments))
                except MCPError as error:
                    found.append(error)
        return found

    return to_end(run())


def to_end(work: Coroutine[Any, Any, Any]) -> Any:
    """Run `work` on a thread of its own: the browser's driver leaves a running loop on the tests' thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def text_of(result: Any) -> str:
    return str(result.content[0].text)


def without_own(text: str) -> dict[str, Any]:
    """An answer without what is each answer's own: its id and its timings."""
    document: dict[str, Any] = loads(text)
    return {name: value for name, value in document.items() if name not in ("id", "timings_ms")}


def test_the_tools_are_listed_with_their_forms(address: str) -> None:
    async def run() -> Any:
        async with Client(f"{address}/mcp") as client:
            return await client.list_tools()

    tools = {tool.name: tool for tool in to_end(run()).tools}
    assert set(tools) == {"list_metrics", "describe", "query", "ask"}
    assert tools["ask"].input_schema["required"] == ["question"]
    assert "group_by" in tools["query"].input_schema["properties"]


def test_answers_are_those_of_rest_to_the_byte(address: str, project: Project) -> None:
    question = {"question": "freight by carrier in April 2026", "today": "2026-05-15"}
    query = {"metrics": ["freight", "late_rate"], "group_by": ["mode"], "totals": True}
    asked, queried, listed, described = call(
        address, ("ask", question), ("query", query), ("list_metrics", {}), ("describe", {"name": "freight"})
    )
    for result, path, body in ((asked, "ask", question), (queried, "query", query)):
        reply = httpx.post(f"{address}/api/v1/{path}", json=body, timeout=30)
        assert reply.status_code == 200
        mine, rest = text_of(result), reply.text
        assert without_own(mine) == without_own(rest)
        own = {name: str(loads(text)[name]) for text, name in ((mine, "id"), (rest, "id"))}
        assert own["id"]
        assert _cut(mine) == _cut(rest), "every byte but id and timings"
    assert text_of(listed) == httpx.get(f"{address}/api/v1/metrics").text
    assert "Freight revenue" in text_of(described)
    answer_id = loads(text_of(asked))["id"]
    replay = httpx.post(f"{address}/api/v1/answers/{answer_id}/replay", timeout=30)
    assert replay.json()["equal"] is True
    assert AnswerLog.of(project).answer(answer_id).body["channel"] == "mcp"


def _cut(text: str) -> str:
    document = loads(text)
    cut = text.replace(document["id"], "")
    return cut[: cut.index('"timings_ms"')]


def test_what_is_wrong_is_told_in_words(address: str) -> None:
    wrong, unknown, extra, none, missing = call(
        address,
        ("query", {"metrics": ["freigt"]}), ("query", {"metrics": ["freight"], "group_by": ["nothing"]}),
        ("ask", {"question": "freight", "role": "boss"}), ("drop_table", {}), ("ask", {}),
    )  # fmt: skip
    assert all(result.is_error for result in (wrong, unknown, extra, none, missing))
    told = loads(text_of(wrong))
    assert told["issues"][0]["suggestion"] == "freight"
    assert loads(text_of(none))["status"] == 404
    assert loads(text_of(extra))["status"] == 422
    assert "role: unknown key" in text_of(extra)


def test_signing_over_rest_gives_a_certificate(address: str) -> None:
    [asked] = call(address, ("ask", {"question": "freight in April 2026"}))
    answer = loads(text_of(asked))["id"]
    at = f"{address}/api/v1/answers/{answer}"
    assert httpx.get(f"{at}/certificate").status_code == 400
    signed = httpx.post(f"{at}/sign", json={"comment": "close", "signer": "Ana"}, timeout=30)
    assert signed.json()["signer"] == "Ana"
    certificate = httpx.get(f"{at}/certificate")
    assert certificate.headers["content-type"] == "application/pdf"
    assert certificate.content.startswith(b"%PDF-")
    assert httpx.post(f"{address}/api/v1/answers/{'0' * 24}/replay").status_code == 404
    assert httpx.post(f"{at}/sign", json={"comment": ""}).status_code == 400


def test_another_origin_and_host_are_refused(address: str) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"accept": "application/json, text/event-stream"}
    assert httpx.post(f"{address}/mcp", json=body, headers=accept).status_code == 200
    for header in ({"origin": "http://evil.example"}, {"host": "evil.example"}):
        assert httpx.post(f"{address}/mcp", json=body, headers={**accept, **header}).status_code in (403, 421)


ODD: list[Any] = [
    None, True, -1, 0, 10**30, 1.5e308, "", " ", "x" * 30_000, "\0", "'; drop table shipments; --", "../../etc/passwd", "{{7*7}}",
    "<script>", "\N{GRINNING FACE}", [], {}, [[]], {"a": {"b": {"c": []}}}, ["freight"] * 200, "freight", "2026-13-45", "NaN",
    {"$ref": "#"}, [None], [{"field": "mode", "op": "in", "values": ["sea"]}], {"start": "2026-01-01"}, {"n": 10**9}, {"to": "budget"},
]  # fmt: skip


def test_five_hundred_odd_calls_leak_nothing(address: str) -> None:
    rng = random.Random(5)
    keys = ["metrics", "group_by", "where", "having", "time", "compare", "top", "limit", "order_by", "as_of", "question",
            "today", "history", "name", "currency", "fold", "place", "share_of", "either", "x", "__class__"]  # fmt: skip
    calls = []
    for _ in range(400):
        name = rng.choice(["query", "query", "ask", "describe", "list_metrics", "x", ""])
        arguments = {rng.choice(keys): rng.choice(ODD) for _ in range(rng.randrange(4))}
        if name == "query" and rng.random() < 0.6:
            arguments["metrics"] = ["freight"]
        if name == "ask" and rng.random() < 0.6:
            arguments["question"] = rng.choice(
                ["freight", "weather", "", "freight by " + "x" * 3_000, "' or 1=1"]
            )
        calls.append((name, arguments))
    for result in call(address, *calls):
        told = str(result) if isinstance(result, Exception) else text_of(result)
        assert not any(leak in told for leak in LEAKS), told[:500]
        if isinstance(result, Exception):
            assert "Internal" not in told
        elif result.is_error:
            assert set(loads(told)) <= {"status", "error", "issues", "reference"}
            assert loads(told)["status"] < 500, told


def test_odd_bodies_are_no_server_error(address: str) -> None:
    """Not by the client, which would not send them: broken JSON, deep JSON, other methods, other headers."""
    rng = random.Random(6)
    good = json.dumps(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "list_metrics", "arguments": {}},
        }
    )
    bodies = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\xff\xfe",
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": {"question": "\\ud800"}}}',
        b'{"jsonrpc": "2.0", "id": {"a": 1}, "method": 5}',
        b"x" * 300_000,
        good.encode(),
    ]
    for _ in range(120):
        changed = bytearray(good.encode())
        for _ in range(rng.randrange(1, 6)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        bodies.append(bytes(changed))
    with httpx.Client(timeout=30) as client:
        for body in bodies:
            headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
            if rng.random() < 0.3:
                headers["mcp-protocol-version"] = rng.choice(["2025-06-18", "2026-07-28", "x", "9999-99-99"])
            reply = client.post(f"{address}/mcp", content=body, headers=headers)
            assert reply.status_code < 500, (body[:80], reply.text[:300])
            assert not any(leak in reply.text for leak in LEAKS), reply.text[:500]
        for content in (
            b'{"question": "\\ud800"}',
            b'{"question": "freight", "x": "\\ud800"}',
            b"[" * 50_000,
        ):
            rest = client.post(
                f"{address}/api/v1/ask", content=content, headers={"content-type": "application/json"}
            )
            assert rest.status_code < 500, content[:40]
        for method in ("GET", "DELETE", "PUT", "OPTIONS"):
            status = client.send(client.build_request(method, f"{address}/mcp"), stream=True).status_code
            assert status < 500 or status == 501, method
