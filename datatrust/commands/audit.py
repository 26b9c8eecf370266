"""`datatrust audit`: check the answer log, and hand it out to auditors. Layer: the door."""

from __future__ import annotations

import csv
import sys

import click

from datatrust.commands.common import Context, json_option, print_json
from datatrust.core.jsonio import dumps
from datatrust.core.spreadsheet import defuse

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


def _cell(value: object) -> str:
    if value is None:
        return ""
    return defuse(value if isinstance(value, str) else dumps(value))
