"""What a metric author works with: `semantic preview`, `certify`, `diff`, `schema`, and the checks against data.

Layer: the door. The one place where examples of the catalog are asked through the planner.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datatrust.commands.common import Context, json_option, print_json, print_table, role_option
from datatrust.core.errors import AccessDenied, EngineError, UnknownName, UserError
from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from datatrust.core.jsonio import dumps
from datatrust.core.settings import Project
from semantic.access import load_viewer
from semantic.query import Viewer

if TYPE_CHECKING:
    from semantic.data_checks import Finding
    from semantic.engine import SemanticLayer
    from semantic.model import Metric


@click.command("preview")
@click.argument("name")
@role_option
@json_option
@click.pass_obj
def preview(context: Context, name: str, role: str | None, as_json: bool) -> None:
    """Show the last 13 months of one metric."""
    from semantic.engine import SemanticLayer
    from semantic.preview import preview_query

    viewer = load_viewer(context.project, role)
    layer = SemanticLayer.open(context.project).seen_by(viewer)
    result = layer.query(preview_query(layer, name, viewer=viewer), viewer=viewer)
    if as_json:
        print_json(result.to_json())
        return
    metric = layer.catalog.metrics[name]
    unit = " ".join(each for each in (metric.unit, metric.currency) if each)
    title = f"{metric.label}{f' ({unit})' if unit else ''}: {metric.definition_words}"
    print_table([column.label for column in result.columns], result.rows, title=title)
    for line in result.flags:
        click.echo(f"note: {line}", err=True)


@click.command("certify")
@click.argument("name")
@click.option("--by", "by", metavar="WHO", help="Who vouches for it; unsaid, its owner.")
@json_option
@click.pass_obj
def certify(context: Context, name: str, by: str | None, as_json: bool) -> None:
    """Bind a metric's certification to its definition as it stands; a change of it lets it lapse."""
    from semantic.edits import set_field
    from semantic.loader import load_catalog

    project = context.project
    catalog = load_catalog(project.catalog, shown_root=project.root)
    metric = catalog.metrics.get(name)
    if metric is None:
        raise UnknownName(
            Issue(
                code="DT301",
                message=f'unknown metric "{name}"',
                suggestion=did_you_mean(name, catalog.metrics),
                hint="list them: datatrust semantic describe",
            )
        )
    who = by or metric.certified_by or metric.owner
    if not who:
        raise UserError(
            Issue(code="DT232", message=f"{name} has no owner", at=metric.position, hint="say who: --by WHO")
        )
    assert metric.position is not None
    file = _file_of(project, metric.position)
    since = project.today().isoformat()
    value = f"{{by: {dumps(who)}, since: {since}, definition: {dumps(metric.definition_hash)}}}"
    text = file.read_bytes().decode("utf-8-sig")
    file.write_bytes(set_field(text, metric.position, "certified", value).encode())
    done = load_catalog(project.catalog, shown_root=project.root).metrics[name]
    if as_json:
        print_json(
            {"metric": name, "by": done.certified_by, "since": since, "definition": done.definition_hash}
        )
    else:
        click.echo(f"{name} is certified by {done.certified_by}: {done.definition_words}")


def _file_of(project: Project, at: SourcePosition) -> Path:
    named = Path(at.file)
    return named if named.is_absolute() else project.root / named


@click.command("diff")
@click.argument("revision", metavar="REV")
@role_option
@json_option
@click.pass_obj
def diff(context: Context, revision: str, role: str | None, as_json: bool) -> None:
    """Show each changed metric's values under the catalog of REV (a release id or a git revision) and today's."""
    from semantic.changes import compare_layers
    from semantic.engine import SemanticLayer
    from semantic.revisions import load_revision

    viewer = _author(load_viewer(context.project, role))
    old = load_revision(context.project, revision)
    after = SemanticLayer.open(context.project)
    change = compare_layers(after.with_catalog(old), after, viewer=viewer)
    if as_json:
        print_json(
            {
                "revision": revision,
                "metrics": [each.to_json() for each in change.metrics],
                "unchanged": change.unchanged,
            }
        )
        return
    for each in change.metrics:
        name = f"{each.name} (was {each.was})" if each.was else each.name
        click.echo(f"{name}: {each.status}")
        for word, text in (("before", each.before), ("after", each.after), ("problem", each.problem)):
            if text:
                click.echo(f"  {word + ':':<9} {text}")
        if each.periods:
            rows = [(p.period or "all", p.before, p.after, p.difference) for p in each.periods]
            print_table(["period", "before", "after", "difference"], rows)
        elif each.status == "changed":
            click.echo("  no values to compare")
        click.echo()
    click.echo(f"{len(change.metrics)} metrics differ, {change.unchanged} do not")


@click.command("schema")
@click.option("--access", "of_access", is_flag=True, help="Of the access policy instead.")
def schema(of_access: bool) -> None:
    """Print the JSON Schema of catalog files, for editors."""
    from semantic.access_schema import access_schema
    from semantic.language import catalog_schema

    click.echo(dumps(access_schema() if of_access else catalog_schema(), indent=1))


# --------------------------------------------------------------------------------------------- check --data


def _author(viewer: Viewer) -> Viewer:
    """Let pass who sees everything: a check of all rows, or of a definition, tells of all of them."""
    if viewer.access is not None and not viewer.access.sees_everything:
        raise AccessDenied(
            Issue(
                code="DT330",
                message=f"the role {viewer.role} sees a part only; this works on all of the data and definitions",
                hint="use a role with metrics: all and dimensions: all, without rows, masks and min_group",
            )
        )
    return viewer


def data_findings(project: Project, role: str | None = None) -> Iterator[Finding]:
    """Yield what the catalog says of the data and the data do not keep: keys, joins, identities, examples."""
    from semantic.data_checks import check_data
    from semantic.engine import SemanticLayer

    viewer = _author(load_viewer(project, role))
    layer = SemanticLayer.open(project)
    try:
        yield from check_data(layer, viewer=viewer)
        yield from _example_findings(project, layer, viewer)
    finally:
        layer.close()


def _example_findings(project: Project, layer: SemanticLayer, viewer: Viewer) -> Iterator[Finding]:
    """Ask each example that has its own SQL, and set the rows beside those of the SQL."""
    from chatbot.agent import Agent
    from semantic.data_checks import Finding

    examples = [
        (metric, each)
        for metric in layer.catalog.metrics.values()
        for each in metric.examples
        if each.check_sql
    ]
    if not examples:
        return
    agent = Agent.open(project)
    for metric, example in examples:
        answer = agent.ask(example.ask, viewer=viewer)
        if answer.status != "answered":
            problem = f'"{example.ask}" is not answered ({answer.reason})'
        else:
            problem = _differing(layer, metric, answer.rows, example.check_sql or "") or ""
            problem = f'"{example.ask}": {problem}' if problem else ""
        if problem:
            yield Finding(
                issue=Issue(
                    code="DT246", message=f'example of metric "{metric.name}": {problem}', at=example.position
                )
            )


def _differing(
    layer: SemanticLayer, metric: Metric, rows: Sequence[Sequence[Any]], statement: str
) -> str | None:
    """Why the rows are not those of the statement; None where they are, in any order."""
    tables = [model.table for model in layer.catalog.models.values()]
    try:
        wanted = layer.run_statement(statement, tables)
    except EngineError as error:
        return f"its check_sql cannot be run: {error}"
    got_keys, wanted_keys = (sorted(_comparable(row) for row in each) for each in (rows, wanted))
    if got_keys == wanted_keys:
        return None
    if len(rows) != len(wanted):
        return f"{len(rows):,} rows, but its check_sql gives {len(wanted):,}"
    off = sum(1 for got, want in zip(got_keys, wanted_keys, strict=True) if got != want)
    return f"{off:,} of {len(rows):,} rows are not those of its check_sql"


def _comparable(row: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    """A row as texts that are equal where the values are: numbers to six digits, days without their midnight."""
    made = []
    for value in row:
        if value is None:
            made.append(("none", ""))
        elif isinstance(value, bool):
            made.append(("flag", str(value)))
        elif isinstance(value, int | float | Decimal):
            made.append(("number", format(Decimal(str(value)).quantize(Decimal("0.000001")), "f")))
        elif isinstance(value, dt.datetime):
            made.append(
                ("text", value.date().isoformat() if value.time() == dt.time() else value.isoformat())
            )
        else:
            made.append(("text", str(value).removesuffix(" 00:00:00")))
    return tuple(made)
