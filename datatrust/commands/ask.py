"""`datatrust ask`: answer one question, or a file of them. Layer: the door."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from datatrust.commands.common import (
    Context,
    json_option,
    planner_option,
    print_json,
    print_table,
    role_option,
)
from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from datatrust.core.jsonio import dumps
from datatrust.evaluation.cases import load_cases
from semantic.access import load_viewer

if TYPE_CHECKING:
    from chatbot.second import PlannerName


@click.command()
@click.argument("question", required=False)
@click.option("--today", metavar="D", help="The day that relative dates count from (default: the project's).")
@role_option
@planner_option("llm where one is switched on")
@click.option(
    "--batch", metavar="FILE.jsonl", help='Lines of {"id", "question", "today"?, "role"?, "history"?}.'
)
@json_option
@click.pass_obj
def ask(
    context: Context, question: str | None, today: str | None, role: str | None, planner: PlannerName | None, batch: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Answer QUESTION from governed data, or ask back, or refuse."""
    from chatbot.desk import Desk, Question

    if (question is None) == (batch is None):
        raise click.UsageError("give a question or --batch FILE.jsonl, one of the two")
    project = context.project
    day = _parse_day(today, where="--today") if today else None
    if batch is not None:
        cases = load_cases(Path(batch))
        desk = Desk.open(project, planner=planner)
        questions = (
            Question(
                text=case.question,
                viewer=load_viewer(project, case.role or role),
                today=case.today or day,
                history=case.history,
            )
            for case in cases
        )
        for case, answer in zip(cases, desk.ask_all(questions), strict=True):
            click.echo(dumps({**answer.to_json(), "id": case.id, "answer_id": answer.id}))
        return
    viewer = load_viewer(project, role)
    desk = Desk.open(project, planner=planner)
    answer = desk.ask(str(question), channel="ask", viewer=viewer, today=day)
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
    if answer.status == "answered":
        click.echo(f"answer {answer.id}  on release {answer.evidence.get('release')}")


def _parse_day(text: object, *, where: str) -> dt.date:
    try:
        return dt.date.fromisoformat(str(text))
    except ValueError:
        raise UserError(
            Issue(code="DT112", message=f'{where}: "{text}" is no date like 2026-06-30')
        ) from None
