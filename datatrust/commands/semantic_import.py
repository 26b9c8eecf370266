"""`datatrust semantic import` and `export`: other tools' catalogs into ours, and ours into theirs. Layer: the door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import click

from datatrust.commands.common import Context, json_option, print_json
from datatrust.core.errors import UserError
from datatrust.core.issues import Issue


@click.command("export")
@click.option("--to", "target", metavar="FORMAT", required=True, help="dbt, ossie, databricks or tmdl.")
@click.option(
    "--into",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder to write to; printed unless said.",
)
@click.option("--name", metavar="NAME", help="What the whole is called; the project's folder unless said.")
@click.option("--version", "version", metavar="V", help="Of the format: 0.1.1 or 0.2.0.dev0 (ossie).")
@json_option
@click.pass_obj
def export(
    context: Context, target: str, into: Path | None, name: str | None, version: str | None, as_json: bool
) -> int:
    """Write the catalog for another tool: dbt, Apache Ossie, Databricks metric views, Power BI.

    What the other tool cannot compute to the same number is named with its reason, and not written as a metric.
    """
    from semantic.interchange.formats import export_catalog

    called = re.sub(r"\W+", "_", name or context.project.root.resolve().name).strip("_") or "catalog"
    made = export_catalog(context.project, target, name=called, version=version)
    if into is not None:
        _write(into, made.texts)
    if as_json:
        print_json(
            {
                "files": sorted(made.texts) if into is not None else dict(made.texts),
                "metrics": {"written": made.metrics, "of": made.of},
                "losses": [loss.to_json() for loss in made.losses],
            }
        )
        return 0
    for loss in made.losses:
        click.echo(loss.render(), err=True)
    done = f"{made.metrics} of {made.of} metrics as {target}, {len(made.texts)} files"
    if into is not None:
        click.echo(f"{done}; written to {into}")
        return 0
    click.echo(f"{done}; --into DIR writes them", err=True)
    for file, text in made.texts.items():
        click.echo(text if len(made.texts) == 1 else f"==> {file} <==\n{text}", nl=len(made.texts) > 1)
    return 0


@click.command("import")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "source",
    metavar="FORMAT",
    required=True,
    help="The tool that wrote it: dbt, ossie or databricks.",
)
@click.option(
    "--into", metavar="DIR", required=True, type=click.Path(path_type=Path), help="The folder of the catalog."
)
@click.option("--schema", metavar="NAME", help="dbt: the schema of tables that FILE names without one.")
@click.option(
    "--offsets",
    type=click.Choice(["calendar", "each_day"]),
    default="calendar",
    show_default=True,
    help="dbt: an offset of months by whole periods, or each day by itself as MetricFlow does.",
)
@json_option
@click.pass_obj
def import_catalog(
    context: Context, file: Path, source: str, into: Path, schema: str | None, offsets: str, as_json: bool
) -> int:
    """Write the semantic models at FILE as a catalog into DIR.

    FILE: of dbt a project, a YAML file or semantic_manifest.json; of ossie a YAML or JSON file; of databricks a
    metric view's YAML file or a folder of them. What cannot be read is named with its reason; nothing is left out
    silently.
    """
    del context  # the files say all
    from semantic.interchange import formats

    made = formats.import_catalog(source, file, schema=schema, each_day=offsets == "each_day")
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
