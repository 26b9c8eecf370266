"""`datatrust semantic import`: other tools' catalogs into ours. Layer: the door."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from datatrust.commands.common import Context, json_option, print_json
from datatrust.core.errors import UserError
from datatrust.core.issues import Issue


@click.command("import")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--from", "source", type=click.Choice(["dbt"]), required=True, help="The tool that wrote it.")
@click.option(
    "--into", metavar="DIR", required=True, type=click.Path(path_type=Path), help="The folder of the catalog."
)
@click.option("--schema", metavar="NAME", help="The schema of tables that FILE names without one.")
@click.option(
    "--offsets",
    type=click.Choice(["calendar", "each_day"]),
    default="calendar",
    show_default=True,
    help="An offset of months: by whole periods, or each day by itself as MetricFlow does.",
)
@json_option
@click.pass_obj
def import_catalog(
    context: Context, file: Path, source: str, into: Path, schema: str | None, offsets: str, as_json: bool
) -> int:
    """Write the semantic models at FILE (a dbt project, a YAML file, semantic_manifest.json) as a catalog into DIR.

    What cannot be read is named with its reason; nothing is left out silently.
    """
    del context, source  # the one there is
    from semantic.dbt.importer import import_dbt

    made = import_dbt(file, schema=schema, each_day=offsets == "each_day")
    _write(into, made.texts)
    if as_json:
        print_json(
            {
                "files": sorted(made.texts),
                "models": made.models,
                "metrics": {"read": made.metrics, "of": made.asked},
                "losses": [loss.to_json() for loss in made.losses],
            }
        )
    else:
        for loss in sorted(made.losses, key=lambda each: each.is_note):
            click.echo(loss.render(), err=True)
        click.echo(f"{made.models} models, {made.metrics} of {made.asked} metrics; written to {into}")
        if made.losses:
            click.echo(
                "not read, or otherwise: " + ", ".join(f"{n} {why}" for why, n in made.reasons.items())
            )
    return 1 if made.refused else 0


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write the files; one that is there and says something else is never replaced."""
    standing = [
        name
        for name, text in texts.items()
        if (folder / name).exists() and (folder / name).read_text() != text
    ]
    if standing:
        raise UserError.all(
            [
                Issue(
                    code="DT113",
                    message=f"{folder / name} is there already",
                    hint="choose an empty folder, or move it away",
                )
                for name in standing
            ]
        )
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
