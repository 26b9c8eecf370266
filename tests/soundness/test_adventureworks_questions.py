"""The questions of examples/adventureworks, answered offline on tables that SQL made from the raw files; no pipeline run."""

from __future__ import annotations

import pytest

from datatrust.core.settings import Project
from datatrust.evaluation.cases import Case, load_cases
from datatrust.evaluation.score import Scored, score_cases
from semantic.loader import load_catalog
from tests.support.adventureworks import EXAMPLE, QUESTIONS, RAW, write_by_hand

CASES = load_cases(QUESTIONS)


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Project:
    if not (RAW / "FactFinance.csv").is_file():
        pytest.skip(f"the Adventure Works files are not in {RAW}; DATATRUST_RAW names another place")
    return write_by_hand(RAW, tmp_path_factory.mktemp("by_hand"))


@pytest.fixture(scope="module")
def scored(by_hand: Project) -> dict[str | int, Scored]:
    return {one.case.id: one for one in score_cases(by_hand, CASES, copies=1)}


def test_the_set_asks_for_forty_numbers_and_more() -> None:
    assert sum(bool(case.accepted) for case in CASES) >= 40
    assert len({case.question for case in CASES}) == len({case.id for case in CASES}) == len(CASES)


def test_the_catalog_governs_thirty_metrics_and_more() -> None:
    catalog = load_catalog(EXAMPLE / "semantic" / "catalog")
    assert len(catalog.metrics) >= 30
    assert all(metric.owner and metric.description for metric in catalog.metrics.values())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}: {case.question}")
def test_a_question_gives_what_sql_gives_or_no_number(case: Case, scored: dict[str | int, Scored]) -> None:
    one = scored[case.id]
    verdicts = ("right",) if case.accepted else ("asked", "refused")
    assert one.verdict in verdicts, (one.answer.rows[:5], one.answer.explanation)
