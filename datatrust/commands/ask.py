"""`datatrust ask`: answer one question, or a file of them. Layer: the door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from datatrust.commands.common import Context, json_option, print_json, print_table, role_option
from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition
from datatrust.core.jsonio import dumps, loads
from semantic.access import load_viewer


@click.command()
@click.argument("question", required=False)
@click.option("--today", metavar="D", help="The day that relative dates count from (default: the project's).")
@role_option
@click.option("--planner", type=click.Choice(["offline"]), default="offline", show_default=True)
@click.option(
    "--batch", metavar="FILE.jsonl", help='Lines of {"id", "question", "today"?, "role"?, "history"?}.'
)
@json_option
@click.pass_obj
def ask(
    context: Context, question: str | None, today: str | None, role: str | None, planner: str, batch: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Answer QUESTION from governed data, or ask back, or refuse."""
    from chatbot.agent import Agent

    if (question is None) == (batch is None):
        raise click.UsageError("give a question or --batch FILE.jsonl, one of the two")
    project = context.project
    day = _parse_day(today, where="--today") if today else None
    if batch is not None:
        cases = list(_read_batch(Path(batch)))
        agent = Agent.open(project)
        for case in cases:
            answer = agent.ask(
                case["question"],
                viewer=load_viewer(project, case.get("role") or role),
                today=case["today"] or day,
                history=tuple(case.get("history") or ()),
            )
            click.echo(dumps({"id": case["id"], **{k: v for k, v in answer.to_json().items() if k != "id"}}))
        return
    agent = Agent.open(project)
    answer = agent.ask(str(question), viewer=load_viewer(project, role), today=day)
    if as_json:
        print_json(answer.to_json())
        return
    if answer.interpretation:
        click.echo(answer.interpretation)
    click.echo(answer.text)
    if answer.status == "answered" and answer.rows:
        columns = [column.label or column.name for column in answer.columns]
        print_table(columns, answer.rows)
    for assumption in answer.assumptions:
        click.echo(f"assumed: {assumption}")
    for option in answer.options:
        click.echo(f"  - {option.question}")


def _read_batch(path: Path) -> Iterator[dict[str, Any]]:
    """Every line of a question file; all that is wrong in it is said at once, before any is answered."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            Issue(
                code="DT101",
                message=f"cannot be read: {type(error).__name__}",
                at=SourcePosition(file=str(path)),
            )
        ) from None
    issues: list[Issue] = []
    cases: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        at = SourcePosition(file=str(path), line=number)
        try:
            case = loads(line)
        except ValueError:
            issues.append(Issue(code="DT112", message="not a JSON object", at=at))
            continue
        if not isinstance(case, dict) or not isinstance(case.get("question"), str):
            issues.append(Issue(code="DT112", message='needs "question", a text', at=at))
            continue
        try:
            day = _parse_day(case["today"], where=str(at)) if case.get("today") else None
        except UserError as error:
            issues.extend(error.issues)
            continue
        cases.append({**case, "id": case.get("id", str(number)), "today": day})
    if issues:
        raise UserError.all(issues)
    yield from cases


def _parse_day(text: object, *, where: str) -> dt.date:
    try:
        return dt.date.fromisoformat(str(text))
    except ValueError:
        raise UserError(
            Issue(code="DT112", message=f'{where}: "{text}" is no date like 2026-06-30')
        ) from None
