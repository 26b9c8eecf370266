"""Ask every question of a set and count: right, wrong, asked back, refused; how fast; family by family.

An answer is right only if its rows equal an accepted result on the data and, where that result has SQL, on every
perturbed copy as well. A wrong one is a failure; a question back is not.
Layer: evaluation. Imports the agent.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from chatbot.agent import Agent
from chatbot.answer import Answer
from chatbot.planner.llm.planner import LlmPlanner
from chatbot.second import PlannerName, open_planner
from datatrust.core.settings import Project
from datatrust.evaluation.cases import Accepted, Case
from datatrust.evaluation.compare import same_rows
from datatrust.evaluation.data import open_tables, perturbed_copy
from semantic.access import load_viewer
from semantic.engine import SemanticLayer
from semantic.query import Viewer

Verdict = Literal[
    "right", "wrong", "asked", "refused", "open"
]  # open: answered, and nobody says what is right
RunSql = Callable[[str], Sequence[Sequence[Any]]]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One case with its verdict; `lucky` where it was right on the data and wrong on a copy."""

    case: Case
    verdict: Verdict
    answer: Answer
    milliseconds: float
    lucky: bool = False


@dataclass(frozen=True, kw_only=True)
class Score:
    """The counts of one family. `coverage` and `precision` are fractions; precision is None where none was judged."""

    family: str
    cases: int
    right: int
    wrong: int
    asked: int
    refused: int
    open: int
    median_ms: float
    p95_ms: float

    @property
    def coverage(self) -> float:
        return (self.right + self.wrong + self.open) / self.cases if self.cases else 0.0

    @property
    def precision(self) -> float | None:
        judged = self.right + self.wrong
        return self.right / judged if judged else None


def score_cases(
    project: Project, cases: Sequence[Case], *, copies: int = 1, planner: PlannerName = "offline"
) -> list[Scored]:
    """Ask every case of a project, and every one that was right of its perturbed copies too.

    Args:
        planner: "llm" lets the project's language model read too, on the copies as well.
        copies: how many perturbed copies; 0 compares on the data alone.
    """
    llm = open_planner(project, planner)
    with ExitStack() as stack:
        places = [_open(stack, project, llm)]
        if any(a.sql for case in cases for a in case.accepted):
            for seed in range(1, copies + 1):
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="datatrust-eval-")))
                places.append(_open(stack, perturbed_copy(project, folder / "copy", seed=seed), llm))
        return [_score(places, case) for case in cases]


def judge(answer: Answer, case: Case, run: RunSql | None) -> Verdict:
    """Return what an answer is worth on the data that `run` queries; without `run`, stored rows decide."""
    if answer.status == "clarify":
        return "asked"
    if answer.status == "refused":
        return "refused"
    if case.expect is not None:
        return "wrong"
    if not case.accepted:
        return "open"
    return "right" if any(_holds(answer, case, one, run) for one in case.accepted) else "wrong"


def summarise(scored: Sequence[Scored]) -> list[Score]:
    """Return a row for each family, in the order of the cases, and one for all of them at the end."""
    families = list(dict.fromkeys(one.case.family for one in scored))
    rows = [_sum(name, [one for one in scored if one.case.family == name]) for name in families]
    return [*rows, _sum("all", scored)]


@dataclass(frozen=True)
class _Place:
    """One data set: who answers on it, and the same tables for SQL."""

    project: Project
    agent: Agent
    connection: duckdb.DuckDBPyConnection

    def run(self, sql: str) -> Sequence[Sequence[Any]]:
        rows: list[tuple[Any, ...]] = self.connection.execute(sql).fetchall()
        return rows

    def viewer(self, role: str | None) -> Viewer:
        return load_viewer(self.project, role)


def _open(stack: ExitStack, project: Project, llm: LlmPlanner | None) -> _Place:
    agent = Agent(SemanticLayer.open(project), llm=llm)
    stack.callback(agent.close)
    return _Place(project, agent, stack.enter_context(open_tables(project)))


def _score(places: Sequence[_Place], case: Case) -> Scored:
    first, *others = places
    answer = _ask(first, case)
    verdict = judge(answer, case, first.run)
    lucky = False
    if verdict == "right" and any(one.sql for one in case.accepted):
        lucky = any(judge(_ask(place, case), case, place.run) == "wrong" for place in others)
    return Scored(
        case=case,
        verdict="wrong" if lucky else verdict,
        answer=answer,
        milliseconds=answer.timings_ms.total,
        lucky=lucky,
    )


def _ask(place: _Place, case: Case) -> Answer:
    return place.agent.ask(
        case.question, viewer=place.viewer(case.role), today=case.today, history=case.history
    )


def _holds(answer: Answer, case: Case, accepted: Accepted, run: RunSql | None) -> bool:
    wanted = _wanted(accepted, case, run)
    if wanted is None:
        return False
    return same_rows(
        answer.rows,
        wanted,
        ranked=case.ranked,
        any_of=[i for i, name in enumerate(accepted.columns) if name in accepted.any_of],
        percents=[i for i, column in enumerate(answer.columns) if column.unit == "percent"],
    )


def _wanted(accepted: Accepted, case: Case, run: RunSql | None) -> Sequence[Sequence[Any]] | None:
    """The rows that are right: of the SQL where it can run here, else as they were stored."""
    if accepted.sql is not None and run is not None:
        sql = accepted.sql
        if case.today is not None:
            sql = sql.replace("CURRENT_DATE", f"DATE '{case.today}'")
        try:
            return run(sql)
        except duckdb.Error:
            pass  # another dialect: the stored rows decide
    return accepted.rows


def _sum(family: str, scored: Sequence[Scored]) -> Score:
    times = sorted(one.milliseconds for one in scored)
    count = {
        v: sum(one.verdict == v for one in scored) for v in ("right", "wrong", "asked", "refused", "open")
    }
    return Score(
        family=family,
        cases=len(scored),
        **count,
        median_ms=statistics.median(times) if times else 0.0,
        p95_ms=times[min(len(times) - 1, int(len(times) * 0.95))] if times else 0.0,
    )
