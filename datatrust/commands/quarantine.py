"""`datatrust quarantine`: the rejected rows, with reasons, file and line; take them out, judge them again. Layer: the door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datatrust.commands.common import Context, json_option, print_json, print_table, role_option
from datatrust.commands.pipeline import run_and_print

if TYPE_CHECKING:
    from pipeline.replay import ReplayPreview

_SHOWN = 50  # rows of a list for a terminal


@click.group()
def quarantine() -> None:
    """Rejected rows: list, export, replay after a repair."""


@quarantine.command("list")
@click.argument("source", required=False)
@click.option(
    "--reason", metavar="R", help="Only rows that break this rule, e.g. range:amount, or its family."
)
@click.option("--limit", type=click.IntRange(min=0), default=_SHOWN, help="Rows shown; 0 shows all.")
@json_option
@click.pass_obj
def list_command(context: Context, source: str | None, reason: str | None, limit: int, as_json: bool) -> None:
    """Show what waits in quarantine: counts by source and reason, then each row's file and line; no values."""
    from pipeline.contracts import load_contracts
    from pipeline.waiting import load_waiting

    found = load_waiting(context.project, load_contracts(context.project), source=source, reason=reason)
    if as_json:
        print_json(found)
        return
    if not found.rows:
        click.echo(f"release {found.release}: no row waits in quarantine")
        return
    click.echo(f"release {found.release}: {found.total:,} rows wait in quarantine")
    click.echo()
    print_table(
        ("source", "reason", "rows", "owner", "in words"),
        [(g.source, g.reason.id, g.rows, g.reason.owner, g.reason.words) for g in found.groups],
    )
    click.echo()
    shown = found.rows[:limit] if limit else found.rows
    print_table(
        ("source", "file", "line", "key", "reasons"),
        [(r.source, r.file, r.line, r.key, ", ".join(reason.id for reason in r.reasons)) for r in shown],
    )
    if len(shown) < found.total:
        click.echo(f"… and {found.total - len(shown):,} more: --limit 0 shows all")


@quarantine.command("export")
@click.argument("source", required=False)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Default: standard output.")
@click.option("--format", "form", type=click.Choice(("csv", "jsonl")), default="csv", show_default=True)
@click.option(
    "--unmasked", is_flag=True, help="Every value as it came, to be repaired; needs --role and --reason."
)
@role_option
@click.option("--reason", "why", metavar="TEXT", help="Why the values are needed; it is logged.")
@click.option("--by", metavar="NAME", help="Who does it, for the log (default: the account).")
@json_option
@click.pass_obj
def export_command(
    context: Context,
    source: str | None,
    out: Path | None,
    form: str,
    unmasked: bool,
    role: str | None,
    why: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Write quarantined rows to a file: masked, or as they came for a role that policy names."""
    from pipeline.contracts import load_contracts
    from pipeline.quarantine_export import UnmaskedRequest, export_quarantine

    done = export_quarantine(
        context.project,
        load_contracts(context.project),
        source=source,
        out=out,
        form="jsonl" if form == "jsonl" else "csv",
        unmasked=UnmaskedRequest(role=role, why=why, by=by) if unmasked else None,
    )
    if out is None:
        click.echo(done.text, nl=False)
        return
    told: dict[str, Any] = {
        "file": str(out),
        "rows": done.rows,
        "release": done.release,
        "masked": not unmasked,
    }
    if as_json:
        print_json(told)
        return
    click.echo(f"{done.rows:,} rows of release {done.release} written to {out}")
    if unmasked and form == "csv":
        click.echo(
            f"repair it, put it into the raw folder as {source}.repaired.csv, then: datatrust quarantine replay {source}"
        )


@quarantine.command("replay")
@click.argument("source")
@click.option("--dry-run", is_flag=True, help="Say what would move; nothing is written.")
@click.option("--reason", "why", metavar="TEXT", help="Why, for the log.")
@click.option("--by", metavar="NAME", help="Who does it, for the log (default: the account).")
@json_option
@click.pass_obj
def replay_command(
    context: Context, source: str, dry_run: bool, why: str | None, by: str | None, as_json: bool
) -> None:
    """Take in a source's repaired files, judge all its quarantined rows again, and publish what comes of it."""
    from pipeline.replay import Replay, preview_replay

    project = context.project
    if dry_run:
        _show_preview(preview_replay(project, source), as_json)
        return
    run_and_print(project, as_json=as_json, select=[source], replay=Replay(source=source, why=why, by=by))


def _show_preview(found: ReplayPreview, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    click.echo(
        f"on release {found.release}, new files: {', '.join(found.files) or 'none'}; nothing was written"
    )
    click.echo()
    print_table(
        (
            "source",
            "quarantined",
            "freed",
            "settled by a repair",
            "newly rejected",
            "quarantined then",
            "valid",
            "valid then",
        ),
        [
            (x.source, x.before, x.freed, x.settled, x.rejected, x.after, x.valid_before, x.valid_after)
            for x in found.lines
        ],
    )
