"""`datatrust maintain`: fewer files, fewer bytes, old releases retired. Layer: the door."""

from __future__ import annotations

from collections.abc import Mapping

import click

from datatrust.commands.common import Context, json_option, print_json
from datatrust.core.settings import Project


@click.command("maintain")
@click.option("--dry-run", is_flag=True, help="Say what it would do; change nothing.")
@json_option
@click.pass_obj
def maintain(context: Context, dry_run: bool, as_json: bool) -> None:
    """Put small files together, retire old releases, remove files that no release needs; say what that saved."""
    from pipeline.maintenance.report import render_report
    from pipeline.maintenance.run import maintain as run_maintenance
    from pipeline.progress import ConsoleProgress

    report = run_maintenance(
        context.project,
        dry_run=dry_run,
        asked_by=columns_asked_by(context.project),
        progress=ConsoleProgress(),
    )
    if as_json:
        print_json(report)
    else:
        click.echo(render_report(report))


def columns_asked_by(project: Project) -> Mapping[str, tuple[str, ...]]:
    """Return the columns that the catalog's metrics reach each table by; pipeline knows no catalog."""
    if not project.catalog.is_dir():
        return {}
    from semantic.clustering import filtered_columns
    from semantic.loader import load_catalog

    return filtered_columns(load_catalog(project.catalog, shown_root=project.root))
