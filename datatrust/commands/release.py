"""`datatrust release`: the published snapshots. Layer: the door."""

from __future__ import annotations

from pathlib import Path

import click

from datatrust.commands.common import Context, json_option, print_json, print_table
from datatrust.core.errors import UserError
from datatrust.core.kept import find_gone, is_kept, keep_release, load_notes, rollback_release, undo_keep
from datatrust.core.release import Release, list_releases, load_release
from datatrust.core.retired import load_retired, retired_words


@click.group()
def release() -> None:
    """Published snapshots: list, show, roll back, keep."""


@release.command("list")
@json_option
@click.pass_obj
def list_command(context: Context, as_json: bool) -> None:
    """List the releases, oldest first; the last one is current."""
    warehouse = context.project.warehouse
    rows = []
    documents = []
    for number in list_releases(warehouse):
        try:
            found = load_release(warehouse, str(number))
        except UserError:
            rows.append((f"{number:06d}", "", "", "", "its manifest is damaged", "", ""))
            documents.append({"id": f"{number:06d}", "damaged": True})
            continue
        brief = _brief(warehouse, found)
        documents.append(brief)
        published = found.created_at.isoformat(timespec="seconds")
        note = _note(warehouse, found)
        kept = "kept" if brief["kept"] else ""
        rows.append(
            (found.id, published, found.delivery or "", str(len(found.tables)), found.quality.status, kept, note)
        )  # fmt: skip
    if as_json:
        print_json(documents)
    elif rows:
        print_table(("release", "published", "delivery", "tables", "quality", "kept", ""), rows)
    else:
        click.echo("no release has been published yet; run: datatrust pipeline run")


@release.command("show")
@click.argument("wanted", metavar="[ID or INSTANT]", required=False)
@json_option
@click.pass_obj
def show(context: Context, wanted: str | None, as_json: bool) -> None:
    """Show one release (default: the current one): its tables, versions, quality and conservation figures."""
    warehouse = context.project.warehouse
    found = load_release(warehouse, wanted)
    notes = load_notes(warehouse, found.number)
    gone = find_gone(warehouse, found)
    if as_json:
        document = {name: getattr(found, name) for name in Release.__dataclass_fields__ if name != "files"}
        print_json({"id": found.id, **document, "files": sorted(found.files), "kept": notes, "gone": gone})
        return
    click.echo(
        f"release {found.id}  published {found.created_at.isoformat(timespec='seconds')}  {found.quality.status}"
    )
    if found.restores:
        click.echo(f"brings back release {found.restores:06d}")
    if found.compacts:
        click.echo(f"holds the rows of release {found.compacts:06d} in other files")
    for note in notes:
        why = f": {note.reason}" if note.reason else ""
        click.echo(f"kept by {note.by} since {note.at.isoformat(timespec='seconds')}{why}")
    retired = load_retired(warehouse, found.number)
    if retired is not None:
        click.echo(retired_words(warehouse, found.id, retired))
    for table, why in () if retired else gone.items():
        click.echo(f"cannot be read any more: {table}: {why}")
    print_table(
        ("table", "version", "rows"), [(n, p.version, p.rows) for n, p in sorted(found.tables.items())]
    )
    click.echo()
    print_table(
        ("source", "read", "valid", "quarantined", "duplicate", "superseded", "discarded"),
        [
            (c.source, c.read, c.valid, c.quarantined, c.duplicate, c.superseded, c.discarded)
            for c in found.controls
        ],
    )


@release.command("rollback")
@click.argument("wanted", metavar="ID")
@json_option
@click.pass_obj
def rollback(context: Context, wanted: str, as_json: bool) -> None:
    """Publish a new release that has the tables of an old one; nothing is deleted."""
    warehouse = context.project.warehouse
    new = rollback_release(warehouse, wanted)
    if as_json:
        print_json(_brief(warehouse, new))
    else:
        click.echo(f"release {new.id} is current and brings back release {new.restores:06d}")


@release.command("keep")
@click.argument("wanted", metavar="ID")
@click.option("--reason", metavar="TEXT", help="Why, for those who find it later.")
@click.option("--undo", is_flag=True, help="Let clean-up have its files again.")
@json_option
@click.pass_obj
def keep(context: Context, wanted: str, reason: str | None, undo: bool, as_json: bool) -> None:
    """Keep a release replayable whatever clean-up removes; --undo ends that."""
    warehouse = context.project.warehouse
    found = undo_keep(warehouse, wanted) if undo else keep_release(warehouse, wanted, reason=reason)
    if as_json:
        print_json(_brief(warehouse, found))
    elif undo:
        click.echo(f"release {found.id} is no longer kept; clean-up may remove its files")
    else:
        click.echo(f"release {found.id} is kept; end it with: datatrust release keep {found.id} --undo")


def _note(warehouse: Path, found: Release) -> str:
    retired = load_retired(warehouse, found.number)
    if retired is not None:
        return f"retired {retired.at.date().isoformat()}: its files are given up"
    if found.restores:
        return f"restores {found.restores:06d}"
    return f"the rows of {found.compacts:06d} in other files" if found.compacts else ""


def _brief(warehouse: Path, found: Release) -> dict[str, object]:
    return {
        "id": found.id, "created_at": found.created_at, "delivery": found.delivery, "tables": len(found.tables),
        "quality": found.quality.status, "restores": found.restores, "kept": is_kept(warehouse, found.number),
        "compacts": found.compacts, "retired": load_retired(warehouse, found.number),
    }  # fmt: skip
