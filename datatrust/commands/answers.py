"""`datatrust replay`: run an answer of the log again and compare. Layer: the door."""

from __future__ import annotations

import click

from datatrust.commands.common import Context, json_option, print_json, print_table, role_option
from semantic.access import load_viewer


@click.command()
@click.argument("answer_id")
@role_option
@json_option
@click.pass_obj
def replay(context: Context, answer_id: str, role: str | None, as_json: bool) -> int:
    """Run ANSWER_ID again on its own release: exit code 0 where it is equal, 1 where it is not."""
    from chatbot.log import AnswerLog
    from chatbot.replay import Replayer

    project = context.project
    log = AnswerLog.of(project)
    record = log.answer(answer_id)
    viewer = load_viewer(project, role or record.body["role"])
    found = Replayer(project, log).replay(record, viewer=viewer)
    if as_json:
        print_json(found.to_json())
    else:
        click.echo(found.told())
        for each in found.changed:
            click.echo(f"  {each.what}: {each.then} then, {each.now} now")
        print_table([column.label or column.name for column in found.result.columns], found.result.rows)
    return 0 if found.equal else 1
