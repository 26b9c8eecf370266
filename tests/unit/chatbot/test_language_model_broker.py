"""The stock broker's questions with a scripted language model beside the rules: right, wrong, broken, hostile and slow plans.

Nobody here wrote these questions or their SQL, which is the oracle: whatever the model says, no number may be wrong.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.agent import Agent
from chatbot.planner.plan import Plan
from datatrust.core.settings import Project
from datatrust.evaluation.cases import Case, load_cases
from datatrust.evaluation.data import open_tables
from datatrust.evaluation.score import RunSql, judge
from semantic.query import MetricQuery
from tests.support.broker import FOLDER, make_broker_project
from tests.support.model_server import EMPTY, ModelServer, Raw, completion, filled, serve_model

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the broker's tables and questions are not beside the project"
)
CASES = load_cases(FOLDER / "questions.jsonl") if FOLDER.is_dir() else []
SETS = [pytest.param(CASES[::4], id="part"), pytest.param(CASES, id="whole", marks=pytest.mark.soak)]


@dataclass
class Broker:
    """The rules alone, the rules with the scripted model, and SQL on the same tables."""

    offline: Agent
    both: Agent
    server: ModelServer
    run: RunSql

    def plan(self, case: Case) -> MetricQuery | None:
        plan = self.offline.plan(case.question, today=case.today)
        return plan.query if isinstance(plan, Plan) else None


def open_broker(project: Project, url: str, **limits: float) -> Agent:
    settings = {"endpoint": url, "model": "scripted", "limits": {"seconds": 60, **limits}}
    (project.configs / "llm.yml").write_text(json.dumps(settings))
    return Agent.open(project)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_broker_project(tmp_path_factory.mktemp("broker") / "project")


@pytest.fixture(scope="module")
def broker(project: Project) -> Iterator[Broker]:
    with serve_model(lambda *_: EMPTY) as server, open_tables(project) as tables:
        offline, both = Agent.open(project, planner="offline"), open_broker(project, server.url)
        yield Broker(offline, both, server, lambda sql: tables.execute(sql).fetchall())
        offline.close()
        both.close()


def other(query: MetricQuery, metrics: list[str]) -> MetricQuery:
    """A plan that may well be taken for right, and gives another number."""
    if query.where:
        return replace(query, where=())
    if query.time is not None and query.compare is None:
        return replace(query, time=None)
    if query.having:
        return replace(query, having=())
    place = metrics.index(query.metrics[0]) if query.metrics else -1
    return MetricQuery(metrics=(metrics[(place + 1) % len(metrics)],), group_by=query.group_by)


@pytest.mark.parametrize("cases", SETS)
def test_a_right_model_changes_no_verdict(broker: Broker, cases: list[Case]) -> None:
    for case in cases:
        query = broker.plan(case)
        broker.server.reply = lambda *_, query=query: filled(query) if query is not None else EMPTY
        first = broker.offline.ask(case.question, today=case.today)
        both = broker.both.ask(case.question, today=case.today)
        if both.status == "clarify":  # the model's form cannot say all that the rules read
            assert not both.rows
            continue
        assert (both.status, both.rows) == (first.status, first.rows), case.question
        assert judge(both, case, broker.run) != "wrong"


@pytest.mark.parametrize("cases", SETS)
def test_a_wrong_plan_gives_no_number(broker: Broker, cases: list[Case]) -> None:
    metrics = list(broker.offline.layer.catalog.metrics)
    asked = 0
    for case in cases:
        query = broker.plan(case)
        wrong = other(query, metrics) if query is not None else MetricQuery(metrics=(metrics[0],))
        broker.server.reply = lambda *_, wrong=wrong: filled(wrong)
        calls = len(broker.server.requests)
        answer = broker.both.ask(case.question, today=case.today)
        if len(broker.server.requests) == calls:
            continue  # a definition, or the rules' own wording
        if answer.assumptions and "no plan that holds" in answer.assumptions[-1]:
            assert judge(answer, case, broker.run) != "wrong", case.question  # the catalog refused it
            continue
        assert answer.status != "answered", case.question
        assert not answer.rows
        asked += answer.status == "clarify"
    assert asked >= len(cases) // 3


HOSTILE: list[dict[str, Any] | str | Raw] = [
    "", "{", "4711", '{"understood": true}', Raw(status=500), Raw(body=b"<html>"), Raw(body=completion("x" * 50_000)),
    EMPTY | {"understood": True, "metrics": ["x; drop table sbCustomer"]},
    EMPTY | {"understood": True, "metrics": ["customers"], "sql": "select * from sbCustomer"},
    EMPTY | {"understood": True, "metrics": ["customers"],
             "where": [{"field": "sbCustName", "op": "=", "values": ["' or 1=1 --"]}]},
]  # fmt: skip


@pytest.mark.parametrize("cases", SETS)
def test_a_failure_is_never_the_askers(broker: Broker, cases: list[Case]) -> None:
    for reply, case in zip(itertools.cycle(HOSTILE), cases, strict=False):
        broker.server.reply = lambda *_, reply=reply: reply
        first = broker.offline.ask(case.question, today=case.today)
        answer = broker.both.ask(case.question, today=case.today)
        assert (answer.status, answer.rows, answer.text) == (first.status, first.rows, first.text), (
            case.question
        )
        assert judge(answer, case, broker.run) != "wrong"


def test_a_slow_model_leaves_the_rules_answer(broker: Broker, project: Project, tmp_path: Path) -> None:
    broker.both.ask(CASES[0].question)  # LangChain is loaded
    broker.server.reply = lambda *_: Raw(wait=20)
    hurried = open_broker(project, broker.server.url, seconds=0.3)
    try:
        case = next(each for each in CASES if broker.plan(each) is not None)
        answer = hurried.ask(case.question, today=case.today)
        assert answer.rows == broker.offline.ask(case.question, today=case.today).rows
        assert "did not answer in time" in answer.assumptions[-1]
    finally:
        hurried.close()
