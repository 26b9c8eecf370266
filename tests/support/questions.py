"""Run questions with independently written SQL against an agent, and compare the rows by value.

A case is one JSON line: ``{"id", "family", "question", "today"?, "sql"?, "ranked"?, "expect"?}``. With `sql` the
question must be answered with the rows of that SQL; with ``"expect": "not answered"`` it must be refused or asked back.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from chatbot.agent import Agent
from chatbot.answer import Answer

FOLDER = Path(__file__).parents[1] / "golden"
Run = Callable[[str], Sequence[Sequence[Any]]]


@dataclass(frozen=True, kw_only=True)
class Case:
    id: str
    family: str
    question: str
    sql: str | None = None
    ranked: bool = False
    today: str | None = None


def load_cases(name: str) -> list[Case]:
    """Read `tests/golden/<name>.jsonl`."""
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines if line.strip()]
    return [Case(**{key: case[key] for key in case if key != "expect"}) for case in cases]


def judge(agent: Agent, case: Case, run: Run) -> tuple[str, Answer]:
    """Return "right", "wrong", "asked" or "refused", and the answer."""
    answer = agent.ask(case.question, today=dt.date.fromisoformat(case.today) if case.today else None)
    if answer.status == "clarify":
        return "asked", answer
    if answer.status == "refused":
        return "refused", answer
    if case.sql is None:
        return "wrong", answer
    return ("right" if same_rows(answer.rows, run(case.sql), ranked=case.ranked) else "wrong"), answer


def same_rows(got: Sequence[Sequence[Any]], wanted: Sequence[Sequence[Any]], *, ranked: bool = False) -> bool:
    """Whether the wanted columns are among those got, row by row; order counts where the question ranks."""
    if len(got) != len(wanted):
        return False
    if not wanted:
        return True
    plain_got = [[_plain(v) for v in row] for row in got]
    plain_wanted = [[_plain(v) for v in row] for row in wanted]
    return any(
        _fits(plain_got, plain_wanted, columns, ranked) for columns in _matchings(plain_got, plain_wanted)
    )


def _matchings(got: list[list[Any]], wanted: list[list[Any]]) -> list[list[int]]:
    """Every way to give each wanted column a column of its own that holds the same values."""
    ways: list[list[int]] = [[]]
    for column in range(len(wanted[0])):
        values = sorted((row[column] for row in wanted), key=_key)
        fitting = [
            i for i in range(len(got[0])) if _all_same(sorted((row[i] for row in got), key=_key), values)
        ]
        ways = [[*way, i] for way in ways for i in fitting if i not in way]
    return ways


def _fits(got: list[list[Any]], wanted: list[list[Any]], columns: list[int], ranked: bool) -> bool:
    picked = [[row[i] for i in columns] for row in got]
    if not ranked:
        picked, wanted = sorted(picked, key=_row_key), sorted(wanted, key=_row_key)
    return all(_all_same(one, other) for one, other in zip(picked, wanted, strict=True))


def _all_same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return all(_same(a, b) for a, b in zip(one, other, strict=True))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= 1e-6 * max(1.0, abs(a), abs(b))
    return bool(a == b)


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return float(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value).removesuffix(" 00:00:00")


def _key(value: Any) -> tuple[str, float, str]:
    return ("number", round(value, 6), "") if isinstance(value, float) else ("text", 0.0, str(value))


def _row_key(row: list[Any]) -> list[tuple[str, float, str]]:
    return [_key(value) for value in row]
