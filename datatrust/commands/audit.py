"""`datatrust audit`: check the answer log, and hand it out to auditors. Layer: the door."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

import click

from datatrust.commands.common import Context, json_option, print_json
from datatrust.core.jsonio import dumps
from datatrust.core.spreadsheet import defuse

if TYPE_CHECKING:
    from chatbot.signing import Standing

_COLUMNS = (
    "seq", "at", "id", "kind", "about", "channel", "role", "policy", "question", "status", "reason", "today", "query",
    "release", "result", "sql", "signer", "comment", "previous", "hash",
)  # fmt: skip


@click.group()
def audit() -> None:
    """The answer log: check it, hand it out."""


@audit.command("verify")
@click.option("--known", metavar="HASH", help="A head that was noted before; the log must still hold it.")
@json_option
@click.pass_obj
def verify(context: Context, known: str | None, as_json: bool) -> int:
    """Check every record of the log; name the first that was edited, removed or swapped. Exit code 1 then."""
    from chatbot.log import AnswerLog

    found = AnswerLog.of(context.project).verify(known=known)
    if as_json:
        print_json(
            {"sound": found.fault is None, "records": found.records, "head": found.head, "fault": found.fault,
             "record": found.record}
        )  # fmt: skip
    elif found.fault is None:
        click.echo(f"{found.records} records, none changed; head {found.head}")
    else:
        click.echo(f"{found.fault}\n{found.records} records before it are sound; head {found.head}")
    return 0 if found.fault is None else 1


@audit.command("export")
@click.option("--from", "start", metavar="D", help="The first day, in UTC.")
@click.option("--to", "end", metavar="D", help="The last day, included.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV; without it one JSON object a line.")
@click.pass_obj
def export(context: Context, start: str | None, end: str | None, as_csv: bool) -> None:
    """Print the records, oldest first, for those who audit."""
    from chatbot.log import AnswerLog

    records = (
        record
        for record in AnswerLog.of(context.project).chain.read()
        if (start is None or record.at[:10] >= start) and (end is None or record.at[:10] <= end)
    )
    if not as_csv:
        for record in records:
            click.echo(dumps({**record.body, "previous": record.previous, "hash": record.hash}))
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for record in records:
        evidence = record.body.get("evidence") or {}
        known = {**evidence, **record.body, "previous": record.previous, "hash": record.hash}
        writer.writerow([_cell(known.get(name)) for name in _COLUMNS])


@audit.command("signed")
@json_option
@click.pass_obj
def signed(context: Context, as_json: bool) -> int:
    """Run every signed answer on the current release; say which moved and by how much. Exit code 1 where one did."""
    from chatbot.log import AnswerLog
    from chatbot.signin.rights import viewer_of
    from chatbot.signing import signed_standing

    project = context.project
    found = list(
        signed_standing(project, AnswerLog.of(project), lambda role, user: viewer_of(project, role, user))
    )
    if as_json:
        print_json([each.to_json() for each in found])
    else:
        for each in found:
            click.echo(describe_standing(each))
        if not found:
            click.echo("no answer is signed")
    return 1 if any(each.moves or each.fault for each in found) else 0


def describe_standing(standing: Standing) -> str:
    """Return how a signed answer stands now, in lines."""
    body = standing.signature.body
    lines = [
        f"{standing.question}  (signed by {body['signer']} on release {str(body['release'])[:12]}, answer {body['about']})"
    ]
    if standing.fault:
        lines.append(f"  cannot be compared: {standing.fault}")
    elif not standing.moves:
        lines.append("  stands")
    for move in standing.moves:
        row = ", ".join(str(each) for each in move.row) or "total"
        by = f", by {move.by}" if move.by is not None else ""
        lines.append(f"  {move.column}, {row}: {_shown(move.then)} then, {_shown(move.now)} now{by}")
    if standing.more:
        lines.append(f"  and {standing.more} more")
    lines += [f"  because {cause}" for cause in standing.causes]
    return "\n".join(lines)


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return defuse(value if isinstance(value, str) else dumps(value))
