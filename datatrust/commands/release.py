"""`datatrust release`: the published snapshots. Layer: the door."""

from __future__ import annotations

import click

from datatrust.commands.common import Context, json_option, print_json, print_table
from datatrust.core.release import Release, list_releases, load_release, rollback_release


@click.group()
def release() -> None:
    """Published snapshots: list, show, roll back."""


@release.command("list")
@json_option
@click.pass_obj
def list_command(context: Context, as_json: bool) -> None:
    """List the releases, oldest first; the last one is current."""
    warehouse = context.project.warehouse
    found = [load_release(warehouse, str(number)) for number in list_releases(warehouse)]
    if as_json:
        print_json([_brief(r) for r in found])
        return
    if not found:
        click.echo("no release has been published yet; run: datatrust pipeline run")
        return
    rows = [
        (r.id, r.created_at.isoformat(timespec="seconds"), r.delivery or "", len(r.tables), r.quality.status,
         f"restores {r.restores:06d}" if r.restores else "")
        for r in found
    ]  # fmt: skip
    print_table(("release", "published", "delivery", "tables", "quality", ""), rows)


@release.command("show")
@click.argument("wanted", metavar="[ID or INSTANT]", required=False)
@json_option
@click.pass_obj
def show(context: Context, wanted: str | None, as_json: bool) -> None:
    """Show one release (default: the current one): its tables, versions, quality and conservation figures."""
    found = load_release(context.project.warehouse, wanted)
    if as_json:
        document = {name: getattr(found, name) for name in Release.__dataclass_fields__ if name != "files"}
        print_json({"id": found.id, **document, "files": sorted(found.files)})
        return
    click.echo(
        f"release {found.id}  published {found.created_at.isoformat(timespec='seconds')}  {found.quality.status}"
    )
    if found.restores:
        click.echo(f"brings back release {found.restores:06d}")
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
    new = rollback_release(context.project.warehouse, wanted)
    if as_json:
        print_json(_brief(new))
    else:
        click.echo(f"release {new.id} is current and brings back release {new.restores:06d}")


def _brief(found: Release) -> dict[str, object]:
    return {
        "id": found.id, "created_at": found.created_at, "delivery": found.delivery, "tables": len(found.tables),
        "quality": found.quality.status, "restores": found.restores,
    }  # fmt: skip
