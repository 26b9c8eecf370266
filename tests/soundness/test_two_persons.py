"""Two persons of different roles sign in and ask the same questions at every door: each sees what SQL over their rows says."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from chatbot.limits import Limits
from datatrust.core.jsonio import loads
from tests.support.guarded import connect
from tests.support.signed_in import Server, chat, signed_in_server

pytestmark = pytest.mark.slow  # Gradio takes seconds to import

METRICS = {
    "revenue": ("sum(amount)", "status = 'done'"),
    "orders": ("count(*)", "true"),
    "buyers": ("count(distinct customer)", "true"),
}
SPLITS = {
    "": None,
    "by category": "category",
    "by region": "region",
    "by country": "country",
    "by month": "date_trunc('month', day)::date",
}
FILTERS = {
    "": "true", "in 2025": "year(day) = 2025", "in APAC": "region = 'APAC'", "in EMEA": "region = 'EMEA'", "for Desks": "category = 'Desks'",
}  # fmt: skip
ROWS_OF = {"chief": "true", "akira": "region = 'APAC'"}
TODAY = "2026-06-30"
TABLES = "sales left join customers using (customer) left join countries using (country) left join products using (product)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with signed_in_server(tmp_path_factory.mktemp("two-persons")) as served:
        served.app.state.desk.turns._limits = Limits(a_minute=100_000, at_once=10)
        yield served


def questions() -> list[tuple[str, str]]:
    """Each question, and its SQL with a place for the person's rows."""
    found = []
    for (metric, (value, own)), (split, key), (limit, condition) in itertools.product(
        METRICS.items(), SPLITS.items(), FILTERS.items()
    ):
        keyed = f"{key} as k, " if key else ""
        statement = f"select {keyed}{value} from {TABLES} where {own} and {condition} and {{0}}" + (
            " group by 1" if key else ""
        )
        found.append((re.sub(r" +", " ", f"{metric} {split} {limit}").strip(), statement))
    return found


def as_table(rows: Any) -> dict[tuple[str, ...], Decimal]:
    """Rows by their keys; a group without anything in it may stand or not."""
    return {
        tuple(str(each) for each in row[:-1]): Decimal(str(row[-1]))
        for row in rows
        if row[-1] not in (None, 0)
    }


def by_mcp(server: Server, name: str, asked: list[str]) -> list[dict[str, Any]]:
    """Ask by MCP with the person's token, in one client."""
    token, _ = server.people.make_token(name, days=1)

    async def run() -> list[dict[str, Any]]:
        found = []
        async with (
            create_mcp_http_client(headers={"authorization": f"Bearer {token}"}) as http,
            Client(streamable_http_client(f"{server.address}/mcp", http_client=http)) as client,
        ):
            for question in asked:
                result = await client.call_tool("ask", {"question": question, "today": TODAY})
                found.append(loads(result.content[0].text))  # type: ignore[union-attr]
        return found

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


def test_each_sees_what_the_policy_says_at_every_door(server: Server) -> None:
    sql = connect(server.project)
    asked = questions()
    answered = {}
    for name, rows_of in ROWS_OF.items():
        told = by_mcp(server, name, [question for question, _ in asked])
        count = 0
        with server.browser(name) as client:
            for (question, statement), mcp in zip(asked, told, strict=True):
                rest = loads(client.post("/api/v1/ask", json={"question": question, "today": TODAY}).text)
                assert (rest["status"], rest["rows"], rest["sql"]) == (
                    mcp["status"],
                    mcp["rows"],
                    mcp["sql"],
                ), question
                expected = as_table(sql.execute(statement.format(rows_of)).fetchall())
                if rest["status"] == "answered":
                    assert as_table(rest["rows"]) == expected, (name, question)
                    count += 1
                else:
                    assert rest["rows"] == [], (name, question)
                    assert expected == {} or name == "akira" or rest["status"] == "clarify", (
                        question,
                        rest["text"],
                    )
            for question in ("revenue", "orders by country", "buyers by category in 2025"):
                statement = dict(asked)[question]
                page = chat(client, question)
                for key, value in as_table(sql.execute(statement.format(rows_of)).fetchall()).items():
                    shown = f"{value:,.2f}" if "revenue" in question else f"{value:,}"
                    assert shown in page, (name, question, key)
                if question == "orders by country":
                    assert bool(re.search(r"\b(DE|FR)\b", page)) == (name == "chief")
        answered[name] = count
    assert answered["chief"] >= 50, answered
    assert answered["akira"] >= 40, answered
