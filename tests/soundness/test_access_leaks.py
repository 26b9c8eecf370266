"""A name or a value that a role may not see is told nowhere: not in suggestions, errors, words, prompts or caches."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from chatbot.agent import Agent
from chatbot.desk import Desk
from chatbot.export import ExportStore
from chatbot.llm.base import Completion, Message
from chatbot.llm.settings import Limits
from chatbot.planner.llm.planner import LlmPlanner
from chatbot.retrieval.documents import make_documents
from chatbot.routes import make_routes
from chatbot.ui.context import PageContext
from datatrust.cli import main
from datatrust.core.errors import UserError
from datatrust.core.settings import Project
from semantic.access import load_viewer
from semantic.engine import SemanticLayer
from semantic.expressions import parse_filter
from semantic.query import MetricQuery, Viewer
from tests.support.guarded import write_guarded, write_policy

TODAY = dt.date(2026, 6, 30)
# of the role "region": figures that it may not see, a dimension that is hidden, values of others' rows, masked values
SECRET = re.compile(
    r"\bprofit|\bmargin|\bcost\b|\bcost of|\btier|\bgold\b|\bsilver\b|\bbronze\b|premium|"
    r"\bAMER\b|\bAPAC\b|\bAmericas|\bAsia\b|Japan|Singapore|\bUS\b|\bJP\b|\bSG\b|Firm \d",
    re.IGNORECASE,
)


@dataclass
class Model:
    """A language model that understands nothing and remembers what it was told."""

    heard: list[str] = field(default_factory=list)
    name: str = "double"

    def load(self) -> None:
        return

    def complete(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, seconds: float
    ) -> Completion:
        self.heard += [*(str(message) for message in messages), json.dumps(schema)]
        return Completion(text="{}", data=None)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return write_guarded(tmp_path_factory.mktemp("leaks"))


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


@pytest.fixture(scope="module")
def agent(project: Project, model: Model) -> Iterator[Agent]:
    agent = Agent(SemanticLayer.open(project), llm=LlmPlanner(model, Limits()))
    agent.ask(
        "revenue and profit by customer tier in the Americas",
        viewer=load_viewer(project, "whole"),
        today=TODAY,
    )
    agent.warm(load_viewer(project, "whole"))  # who sees all was here first
    model.heard.clear()
    yield agent
    agent.close()


def clean(text: str, *asked: str) -> None:
    for each in asked:
        text = re.sub(re.escape(each), "", text, flags=re.IGNORECASE)
    found = SECRET.findall(text)
    assert not found, (found, text[:3000])


QUESTIONS = (
    "what can I ask", "help", "profit", "proft by category", "profits by region", "margin last year", "cost",
    "what is profit", "what does margin mean", "what is revenue", "revenue by tier", "revenue by teir", "revenue by customer",
    "revenue of gold customers", "revenue in Japan", "revenue in Jappan", "revenue of Firm 7", "Firm", "figures", "orders by name",
    "how are we doing", "Europe", "stock", "revenue compared to budget", "why did revenue change", "sales of premium clients",
    "revenue by regoin", "growth by country in 2026", "total", "top 3 customers by revenue", "unknown words everywhere",
)  # fmt: skip


def test_answers_tell_nothing_of_what_is_kept_from_the_role(
    agent: Agent, project: Project, model: Model
) -> None:
    viewer = load_viewer(project, "region")
    for question in QUESTIONS:
        answer = agent.ask(question, viewer=viewer, today=TODAY).to_json()
        told = {key: answer[key] for key in answer if key not in ("question", "sql")}
        words = [word for word in question.split() if len(word) > 3]
        clean(json.dumps(told, default=str), question, *(f'"{word}"' for word in words), *words)
    heard = "\n".join(model.heard)
    assert "revenue" in heard
    asked = sorted(
        {word for question in QUESTIONS for word in (question, *question.split())}, key=len, reverse=True
    )
    clean(heard, *(word for word in asked if len(word) > 3))
    for question in agent.starters(viewer):
        clean(question)


def test_a_hidden_name_is_answered_like_one_that_does_not_exist(agent: Agent, project: Project) -> None:
    viewer = load_viewer(project, "region")
    layer = agent.layer

    def said(**query: Any) -> str:
        with pytest.raises(UserError) as raised:
            layer.query(MetricQuery(**query), viewer=viewer)
        return str(raised.value)

    for hidden, unheard in (("profit", "zzzzzz"), ("margin", "zzzzzz"), ("cost", "zzzz")):
        one, other = said(metrics=(hidden,)), said(metrics=(unheard,))
        assert one.splitlines()[0].replace(hidden, "X") == other.splitlines()[0].replace(unheard, "X")
        clean(one, hidden)
    for hidden in ("tier", "customers.tier"):
        clean(said(metrics=("revenue",), group_by=(hidden,)), hidden)
        clean(said(metrics=("revenue",), where=parse_filter(f"{hidden} = 'gold'")), hidden)
        clean(said(metrics=("revenue",), order_by=("-profit",)), "profit")
    for wrong in ("profitt", "costs", "tiers", "regoin"):
        clean(said(metrics=(wrong,)), wrong)
        clean(said(metrics=("revenue",), group_by=(wrong,)), wrong)
    with pytest.raises(UserError) as raised:
        layer.values("customers.teir", viewer=viewer)
    clean(str(raised.value))


def test_the_catalog_of_a_role_and_its_index_hold_no_more(agent: Agent, project: Project) -> None:
    viewer = load_viewer(project, "region")
    mine = agent.seen_by(viewer)
    assert mine is agent.seen_by(load_viewer(project, "region"))
    for document in make_documents(mine.layer.catalog, mine._values(viewer)):
        clean(document.text + document.ref)
    for hit in mine.index().near("profit margin by tier for gold customers in Japan", limit=50):
        clean(hit.text + hit.ref)
    assert not mine.index().is_persistent
    lexicon = mine.lexicon(viewer)
    assert lexicon is not agent.lexicon(load_viewer(project, "whole"))
    assert PageContext(agent, project, lambda: viewer).metric("profit") is None
    assert PageContext(agent, project, lambda: viewer).withheld_reasons(("sales",)) == ()


def test_metrics_over_rest_are_the_roles_own(agent: Agent, project: Project) -> None:
    app = FastAPI()
    app.include_router(
        make_routes(Desk(agent, project, viewer=lambda: load_viewer(project, "region")), ExportStore())
    )
    client = TestClient(app)
    clean(client.get("/api/v1/metrics").text)
    assert '"revenue"' in client.get("/api/v1/metrics").text
    clean(client.post("/api/v1/ask", json={"question": "what can I ask"}).text)


def run(project: Project, capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str]:
    code = main(["--project", str(project.root), *args])
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_the_command_line_tells_a_role_what_it_may_see(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    role = ("--role", "region")
    for args in (("semantic", "describe"), ("semantic", "describe", "--json"), ("semantic", "describe", "revenue"),
                 ("semantic", "describe", "customers"), ("semantic", "describe", "region"), ("semantic", "preview", "revenue")):  # fmt: skip
        code, text = run(project, capsys, *args, *role)
        assert code == 0, text
        clean(text)
    for name in ("profit", "tier", "teir", "proft", "margin"):
        code, text = run(project, capsys, "semantic", "describe", name, *role)
        assert code == 2
        clean(text, name)
        code, text = run(project, capsys, "semantic", "preview", name, *role)
        assert code == 2
        clean(text, name)
    code, text = run(project, capsys, "semantic", "query", "--metrics", "revenue", "--sql", *role)
    assert code == 0
    assert "'EMEA'" in text
    assert run(project, capsys, "semantic", "query", "--metrics", "profit", *role)[0] == 2
    assert (
        run(project, capsys, "semantic", "query", "--metrics", "profit")[0] == 0
    )  # the default role sees all
    assert run(project, capsys, "semantic", "query", "--metrics", "orders", "--role", "nobody")[0] == 2
    assert run(project, capsys, "semantic", "check")[0] == 0
    assert run(project, capsys, "semantic", "check", "--data")[0] == 0


def test_each_line_of_a_batch_has_its_own_role(
    project: Project, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = [
        {"id": 1, "question": "orders", "role": "whole"},
        {"id": 2, "question": "orders", "role": "region"},
        {"id": 3, "question": "orders", "role": "whole"},
        {"id": 4, "question": "profit", "role": "region"},
        {"id": 5, "question": "profit", "role": "profit"},
    ]
    file = tmp_path / "batch.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    code, text = run(project, capsys, "ask", "--batch", str(file))
    assert code == 0, text
    answers = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert [len(answer["rows"]) for answer in answers] == [1, 1, 1, 0, 1]
    assert answers[0]["rows"] != answers[1]["rows"]
    assert answers[0]["rows"] == answers[2]["rows"]
    assert answers[3]["status"] == "refused"
    assert answers[1]["evidence"]["policy"] != answers[0]["evidence"]["policy"]


def test_a_policy_that_changes_holds_at_the_next_question(tmp_path: Path) -> None:
    project = write_guarded(tmp_path)
    agent = Agent(SemanticLayer.open(project))
    app = FastAPI()
    app.include_router(
        make_routes(Desk(agent, project, viewer=lambda: load_viewer(project, "counter")), ExportStore())
    )
    client = TestClient(app, raise_server_exceptions=False)
    assert client.post("/api/v1/ask", json={"question": "revenue"}).json()["status"] == "refused"
    assert client.post("/api/v1/ask", json={"question": "orders by category"}).json()["status"] == "answered"
    assert client.post("/api/v1/ask", json={"question": "orders by country"}).json()["status"] == "refused"
    write_policy(project, "roles: {counter: {metrics: [revenue]}}")
    assert client.post("/api/v1/ask", json={"question": "revenue"}).json()["status"] == "answered"
    assert client.post("/api/v1/ask", json={"question": "orders"}).json()["status"] == "refused"
    write_policy(project, "roles: {somebody: {metrics: all}}")
    assert client.post("/api/v1/ask", json={"question": "revenue"}).status_code == 403
    assert client.get("/api/v1/metrics").status_code >= 400
    agent.close()


def test_viewers_are_frozen_and_told_apart_by_what_they_may_see(project: Project) -> None:
    one, same = load_viewer(project, "region"), load_viewer(project, "region")
    assert one == same
    assert {one: 1}[same] == 1
    assert one != load_viewer(project, user="akira")
    with pytest.raises(AttributeError):
        one.role = "whole"  # type: ignore[misc]
    assert isinstance(one, Viewer)
