"""The question families over the sample company's catalog, on made-up gold rows: right by independent SQL, or not answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from chatbot.agent import Agent
from datatrust.evaluation.cases import Case, load_cases
from datatrust.evaluation.score import judge
from tests.support.gold_double import make_gold_double

SETS = Path(__file__).parents[3] / "eval"
ANSWERED = load_cases(SETS / "sample.jsonl")
NOT_ANSWERED = load_cases(SETS / "not_answered.jsonl")


class Company:
    """One agent, and the same rows for hand-written SQL."""

    def __init__(self, root: Path, seed: int) -> None:
        self.agent = Agent.open(make_gold_double(root, seed=seed))
        self.agent.warm()  # else every refusal waits for the index in the making
        self.connection = duckdb.connect(str(root / "company.duckdb"), read_only=True)

    def run(self, sql: str) -> Sequence[Sequence[Any]]:
        return self.connection.execute(sql).fetchall()


@pytest.fixture(scope="module", params=[7, 11], ids=["rows-1", "rows-2"])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    made = Company(tmp_path_factory.mktemp("company") / "project", request.param)
    yield made
    made.agent.close()


@pytest.mark.parametrize("case", ANSWERED, ids=[case.id for case in ANSWERED])
def test_answers_equal_independent_sql(company: Company, case: Case) -> None:
    answer = company.agent.ask(case.question, today=case.today)
    verdict = judge(answer, case, company.run)
    assert verdict == "right", f"{case.question}\n{answer.interpretation}\n{answer.text}\n{answer.rows[:5]}"
    assert answer.interpretation
    assert answer.text
    assert answer.evidence["metrics"]


@pytest.mark.parametrize("case", NOT_ANSWERED, ids=[case.id for case in NOT_ANSWERED])
def test_what_cannot_be_answered_is_not(company: Company, case: Case) -> None:
    answer = company.agent.ask(case.question, today=case.today)
    verdict = judge(answer, case, company.run)
    assert verdict in ("asked", "refused"), f"{case.question}\n{answer.interpretation}\n{answer.rows[:5]}"
    assert answer.reason
    assert not answer.rows
    for option in answer.options:
        assert company.agent.ask(option.question).status == "answered", option.question
