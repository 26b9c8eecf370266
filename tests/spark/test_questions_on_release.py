"""The question families on the sample company's own release, written by the pipeline: right by independent SQL, or not answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable

from chatbot.agent import Agent
from datatrust.core.release import load_release
from datatrust.core.settings import Project
from tests.support.questions import judge, load_cases

pytestmark = pytest.mark.spark
ANSWERED = load_cases("questions_sample")
NOT_ANSWERED = load_cases("questions_refused")


@pytest.fixture(scope="module")
def agent(sample_project: Project) -> Iterator[Agent]:
    made = Agent.open(sample_project)
    yield made
    made.close()


@pytest.fixture(scope="module")
def gold(sample_project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """Gold of the current release as plain DuckDB views, read without the semantic layer."""
    release = load_release(sample_project.warehouse)
    with duckdb.connect() as connection:
        connection.execute("create schema gold")
        for name, pin in release.tables.items():
            if name.startswith("gold."):
                table = DeltaTable(str(sample_project.warehouse / pin.path), version=pin.version)
                files = ", ".join(f"'{uri}'" for uri in table.file_uris())
                connection.execute(
                    f"create view {name} as select * from read_parquet([{files}], union_by_name=true)"
                )
        yield connection


def test_families_are_answered_right(
    agent: Agent, gold: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most a few may be asked back or empty on this small company's rows; none may be wrong."""

    def run(sql: str) -> Sequence[Sequence[Any]]:
        return gold.execute(sql).fetchall()

    verdicts = {case.id: (judge(agent, case, run), case) for case in ANSWERED}
    wrong = [
        (case.question, answer.interpretation, answer.rows[:3])
        for (v, answer), case in verdicts.values()
        if v == "wrong"
    ]
    right = sum(v == "right" for (v, _), _ in verdicts.values())
    others = [
        (case.question, v, answer.text)
        for (v, answer), case in verdicts.values()
        if v not in ("right", "wrong")
    ]
    with capsys.disabled():
        print(f"\nsample company: {right} of {len(ANSWERED)} right, {len(wrong)} wrong, else: {others}")
    assert not wrong
    assert right >= 95


def test_what_cannot_be_answered_is_not(agent: Agent) -> None:
    answered = [
        case.question for case in NOT_ANSWERED if judge(agent, case, lambda _: ())[1].status == "answered"
    ]
    assert not answered
