"""The question families over the sample company's catalog, on made-up gold rows: right by independent SQL, or not answered.

One test a set: a set is measured as a whole, and its misses are listed together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from chatbot.agent import Agent
from datatrust.evaluation.cases import load_cases
from datatrust.evaluation.score import judge
from tests.support.gold_double import make_gold_double

SETS = Path(__file__).parents[3] / "eval"
ANSWERED = load_cases(SETS / "sample.jsonl")
NOT_ANSWERED = load_cases(SETS / "not_answered.jsonl")


class Company:
    """One agent, and the same rows for hand-written SQL."""

    def __init__(self, root: Path, seed: int) -> None:
        self.agent = Agent.open(make_gold_double(root, seed=seed))
        self.connection = duckdb.connect(str(root / "company.duckdb"), read_only=True)

    def run(self, sql: str) -> Sequence[Sequence[Any]]:
        return self.connection.execute(sql).fetchall()


@pytest.fixture(scope="module", params=[7, 11], ids=["rows-1", "rows-2"])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    made = Company(tmp_path_factory.mktemp("company") / "project", request.param)
    yield made
    made.agent.close()


@pytest.fixture
def no_suggestions(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be asked next costs more than the answer, and is another test's matter."""
    monkeypatch.setattr("chatbot.asked.next_steps", lambda *_, **__: ())
    monkeypatch.setattr("chatbot.asked.nearest", lambda *_, **__: ())


def test_there_are_enough_of_both() -> None:
    assert len(ANSWERED) >= 300
    assert len(NOT_ANSWERED) >= 150
    ids = [case.id for case in (*ANSWERED, *NOT_ANSWERED)]
    assert len(ids) == len(set(ids))


@pytest.mark.usefixtures("no_suggestions")
def test_answers_equal_independent_sql(company: Company) -> None:
    verdicts = {}
    for case in ANSWERED:
        answer = company.agent.ask(case.question, today=case.today, history=case.history)
        verdicts[case.question] = judge(answer, case, company.run)
        if answer.status == "answered":
            assert answer.interpretation, case.question
            assert answer.text, case.question
            assert answer.evidence["metrics"], case.question
    missed = {question: verdict for question, verdict in verdicts.items() if verdict != "right"}
    assert "wrong" not in missed.values(), missed
    assert len(missed) <= 0.05 * len(ANSWERED), missed


@pytest.mark.usefixtures("no_suggestions")
def test_what_cannot_be_answered_is_not(company: Company) -> None:
    answered = []
    for case in NOT_ANSWERED:
        answer = company.agent.ask(case.question, today=case.today, history=case.history)
        if answer.status == "answered" or answer.rows or not answer.reason:
            answered.append((case.question, answer.interpretation))
    assert answered == []


@pytest.mark.parametrize("company", [7], indirect=True, ids=["rows-1"])
def test_what_is_offered_instead_can_be_answered(company: Company) -> None:
    company.agent.warm()  # else every refusal waits for the index in the making
    for case in NOT_ANSWERED[::4]:
        for option in company.agent.ask(case.question, today=case.today, history=case.history).options:
            assert company.agent.ask(option.question).status == "answered", option.question
