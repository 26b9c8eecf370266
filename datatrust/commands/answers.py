"""`datatrust replay` and `datatrust sign`: run an answer of the log again and compare; sign it. Layer: the door."""

from __future__ import annotations

import click

from datatrust.commands.common import Context, json_option, print_json, print_table, role_option
from datatrust.core.chain import Record
from datatrust.core.settings import Project
from semantic.access import load_viewer
from semantic.query import Viewer


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
    viewer = viewer_of(project, record, role)
    found = Replayer(project, log).replay(record, viewer=viewer)
    if as_json:
        print_json(found.to_json())
    else:
        click.echo(found.told())
        for each in found.changed:
            click.echo(f"  {each.what}: {each.then} then, {each.now} now")
        print_table([column.label or column.name for column in found.result.columns], found.result.rows)
    return 0 if found.equal else 1


@click.command()
@click.argument("answer_id")
@click.option("--comment", required=True, metavar="C", help="What is signed and why.")
@click.option("--signer", metavar="N", help="Who signs (default: the user of this machine).")
@role_option
@json_option
@click.pass_obj
def sign(
    context: Context, answer_id: str, comment: str, signer: str | None, role: str | None, as_json: bool
) -> None:
    """Sign ANSWER_ID: it is run again, its release is kept, a certificate is written."""
    from chatbot.log import AnswerLog
    from chatbot.replay import Replayer
    from chatbot.signing import sign as sign_answer

    project = context.project
    log = AnswerLog.of(project)
    viewer = viewer_of(project, log.answer(answer_id), role)
    replayer = Replayer(project, log)
    found = sign_answer(project, log, replayer, answer_id, comment=comment, viewer=viewer, signer=signer)
    shown = project.shown(found.file)
    if as_json:
        print_json({**found.to_json(), "certificate": shown})
    else:
        click.echo(f"{found.told()}\ncertificate: {shown}")


def viewer_of(project: Project, record: Record, role: str | None) -> Viewer:
    """Return whose rights count: those of a role that was named, else those that the answer was asked with, as of now."""
    if role is not None:
        return load_viewer(project, role)
    from chatbot.signin.rights import viewer_of as viewer_of_person

    return viewer_of_person(project, record.body["role"], record.body.get("user"))
