"""Read a file of questions with the results that are accepted for them; every fault of the file at once.

One JSON object a line. `question` is all that is needed; beside it `id`, `family` (or `scope`), `today`, `role`,
`history`, and what is right: `accepted`, a list of results with `sql` or `rows` and their `columns`, or `sql` alone,
or `"expect": "not_answered"`. Other keys are left alone, so that a set may carry notes.
Layer: evaluation. Imports core.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from datatrust.core.jsonio import loads

NOT_ANSWERED = "not_answered"
_EXPECTED = (NOT_ANSWERED, "clarify", "refused")


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """One right result. `sql` gives its rows on whatever data is asked; `rows` stand for the data as it is.

    An answer must hold each of `columns` by value, but of the names in `any_of` one is enough.
    """

    columns: tuple[str, ...] = ()
    sql: str | None = None
    rows: tuple[tuple[Any, ...], ...] | None = None
    any_of: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question and what counts as right. Without `accepted` and `expect` it is asked, not scored."""

    id: str | int  # as the file has it; the line's number where it has none
    question: str
    family: str = ""
    today: dt.date | None = None
    role: str | None = None
    history: tuple[str, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    ranked: bool = False  # the order of the rows counts
    expect: str | None = None


def load_cases(path: Path) -> list[Case]:
    """Return the cases of a JSON Lines file.

    Raises:
        UserError: it cannot be read, or lines of it are no cases; all of them at once.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        at = SourcePosition(file=str(path))
        raise UserError(
            Issue(code="DT101", message=f"cannot be read: {type(error).__name__}", at=at)
        ) from None
    issues: list[Issue] = []
    cases = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        at = SourcePosition(file=str(path), line=number)
        try:
            data = loads(line)
        except ValueError:
            issues.append(Issue(code="DT112", message="not a JSON object", at=at))
            continue
        found = list(_check(data, at))
        issues += found
        if not found:
            cases.append(_case(data, number))
    if issues:
        raise UserError.all(issues)
    return cases


def _check(data: Any, at: SourcePosition) -> Iterator[Issue]:
    """What is wrong with one line."""
    if not isinstance(data, dict) or not isinstance(data.get("question"), str):
        yield Issue(code="DT112", message='needs "question", a text', at=at)
        return
    if data.get("today"):
        try:
            dt.date.fromisoformat(str(data["today"]))
        except ValueError:
            yield Issue(code="DT112", message=f'"{data["today"]}" is no date like 2026-06-30', at=at)
    history = data.get("history") or []
    if not isinstance(history, list) or not all(isinstance(text, str) for text in history):
        yield Issue(code="DT112", message='"history" is a list of questions', at=at)
    if data.get("role") is not None and not isinstance(data["role"], str):
        yield Issue(code="DT112", message='"role" is a text', at=at)
    if data.get("expect") is not None and data["expect"] not in _EXPECTED:
        yield Issue(
            code="DT112",
            message=f'"expect" is one of {", ".join(_EXPECTED)}',
            at=at,
            suggestion=did_you_mean(str(data["expect"]), _EXPECTED),
        )
    accepted = data.get("accepted") or []
    if not isinstance(accepted, list) or not all(_is_result(one) for one in accepted):
        yield Issue(code="DT112", message='each of "accepted" needs "sql" or "rows"', at=at)


def _is_result(data: Any) -> bool:
    return isinstance(data, dict) and (isinstance(data.get("sql"), str) or isinstance(data.get("rows"), list))


def _case(data: Mapping[str, Any], number: int) -> Case:
    accepted = [_accepted(one) for one in data.get("accepted") or ()]
    if isinstance(data.get("sql"), str):
        accepted.append(Accepted(sql=data["sql"]))
    return Case(
        id=data["id"] if isinstance(data.get("id"), str | int) else str(number),
        question=data["question"],
        family=str(data.get("family") or data.get("scope") or ""),
        today=dt.date.fromisoformat(str(data["today"])) if data.get("today") else None,
        role=data.get("role"),
        history=tuple(data.get("history") or ()),
        accepted=tuple(accepted),
        ranked=bool(data.get("ranked")),
        expect=data.get("expect"),
    )


def _accepted(data: Mapping[str, Any]) -> Accepted:
    rows: Sequence[Sequence[Any]] | None = data.get("rows")
    return Accepted(
        columns=tuple(data.get("columns") or ()),
        sql=data.get("sql"),
        rows=tuple(tuple(row) for row in rows) if rows is not None else None,
        any_of=frozenset(data.get("optional_columns_any_of") or ()),
    )
