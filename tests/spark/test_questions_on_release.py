"""The question families on the sample company's own release, written by the pipeline: right by independent SQL, or not answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from datatrust.core.settings import Project
from datatrust.evaluation.cases import load_cases
from datatrust.evaluation.score import score_cases, summarise

pytestmark = pytest.mark.spark
SETS = Path(__file__).parents[2] / "eval"


def test_families_are_answered_right(sample_project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """At most a few may be asked back or empty on this small company's rows; none may be wrong.

    Perturbed copies are asked of the double.
    """
    cases = load_cases(SETS / "sample.jsonl")
    scored = score_cases(sample_project, cases, copies=0)
    with capsys.disabled():
        print("\nsample company:", *(f"{s.family} {s.right}/{s.cases}" for s in summarise(scored)))
    assert [(one.case.id, one.answer.interpretation) for one in scored if one.verdict == "wrong"] == []
    assert sum(one.verdict == "right" for one in scored) >= 0.95 * len(cases)


def test_what_cannot_be_answered_is_not(sample_project: Project) -> None:
    scored = score_cases(sample_project, load_cases(SETS / "not_answered.jsonl"))
    assert [one.case.question for one in scored if one.verdict not in ("asked", "refused")] == []
