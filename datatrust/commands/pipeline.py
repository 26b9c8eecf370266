"""`datatrust pipeline`: raw files to a release, and what the last run did. Layer: the door."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from datatrust.commands.common import Context, json_option, print_json, print_table
from datatrust.core.errors import DataTrustError
from datatrust.core.release import Release, load_release

if TYPE_CHECKING:
    from datatrust.core.settings import Project
    from pipeline.plan import Plan, ReachedMetric


@click.group()
def pipeline() -> None:
    """Raw files to a release, and what the last run did."""


@pipeline.command("run")
@click.option("--select", "selected", multiple=True, metavar="SOURCE ...", help="Only these sources.")
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--full-refresh", is_flag=True, help="Judge every bronze row again and rebuild all that follows."
)
@json_option
@click.pass_obj
def run_command(
    context: Context, selected: tuple[str, ...], more: tuple[str, ...], full_refresh: bool, as_json: bool
) -> None:
    """Ingest, validate, transform, audit and publish; a release for each delivery."""
    if more and not selected:
        raise click.UsageError(f"unexpected argument: {more[0]} (name sources with --select)")
    run_and_print(context.project, as_json=as_json, select=(*selected, *more), full_refresh=full_refresh)


def run_and_print(project: Project, *, as_json: bool, **options: Any) -> None:
    """Run the pipeline with the catalog's metrics and print what it did; `options` are those of `run_pipeline`."""
    from pipeline.progress import ConsoleProgress
    from pipeline.run import run_pipeline
    from pipeline.status import render_summary

    summary = run_pipeline(
        project,
        business_metrics=lambda candidate: business_metrics(project, candidate),
        progress=ConsoleProgress(),
        **options,
    )
    if as_json:
        print_json(summary)
    else:
        click.echo(render_summary(summary))
    tell_moved(project)


def tell_moved(project: Project) -> None:
    """Say which signed figures the current release has moved; nothing where none is signed."""
    from chatbot.log import AnswerLog
    from chatbot.signin.rights import viewer_of
    from chatbot.signing import signed_standing
    from datatrust.commands.audit import describe_standing

    log = AnswerLog.of(project)
    try:
        found = signed_standing(project, log, lambda role, user: viewer_of(project, role, user))
        moved = [each for each in found if each.moves or each.fault]
    except DataTrustError as error:  # the release stands; the figures can be asked for again
        click.echo(f"whether signed figures moved is not known: {error}", err=True)
        return
    if moved:
        click.echo("Signed figures that are others on this release:", err=True)
    for each in moved:
        click.echo(describe_standing(each), err=True)


def business_metrics(
    project: Project, candidate: Release
) -> Iterable[tuple[str, object, str, str, object, str | None]]:
    """Compute the catalog's metrics on a candidate release: pipeline and semantic meet here and nowhere else."""
    if not project.catalog.is_dir():
        return ()
    from semantic.engine import SemanticLayer
    from semantic.metric_rows import metric_rows

    return metric_rows(SemanticLayer.open(project, release=candidate))


@pipeline.command("plan")
@json_option
@click.pass_obj
def plan_command(context: Context, as_json: bool) -> None:
    """Say what the next run would do: new files, drift, what is derived again, the metrics it reaches."""
    from pipeline.plan import make_plan, render_plan

    plan = make_plan(context.project)
    plan = replace(plan, metrics=reached_metrics(context.project, plan))
    if as_json:
        print_json(plan)
    else:
        click.echo(render_plan(plan))


def reached_metrics(project: Project, plan: Plan) -> tuple[ReachedMetric, ...]:
    """Return the catalog's metrics on gold tables that the plan reaches, by themselves or by their inputs."""
    if not project.catalog.is_dir():
        return ()
    from pipeline.plan import ReachedMetric
    from semantic.loader import load_catalog

    catalog = load_catalog(project.catalog, shown_root=project.root)
    reached = {model.table for model in plan.models}

    def tables_of(name: str) -> frozenset[str]:
        metric = catalog.metrics[name]
        own = {catalog.models[metric.model].table} if metric.model else set()
        return frozenset(own).union(*(tables_of(part) for part in metric.inputs))

    found = {name: tables_of(name) & reached for name in sorted(catalog.metrics)}
    return tuple(
        ReachedMetric(metric=name, tables=tuple(sorted(tables))) for name, tables in found.items() if tables
    )


@pipeline.command("status")
@json_option
@click.pass_obj
def status_command(context: Context, as_json: bool) -> None:
    """Show the last run: rows in and out per table, quarantine by reason, freshness, checks."""
    from pipeline.status import load_status, render_status

    status = load_status(context.project)
    if as_json:
        print_json(status)
    else:
        click.echo(render_status(status))


@pipeline.command("lineage")
@click.argument("wanted", metavar="TABLE[.COLUMN]")
@click.option("--as-of", metavar="T", help="Of this release, or of the one that was current at an instant.")
@json_option
@click.pass_obj
def lineage_command(context: Context, wanted: str, as_of: str | None, as_json: bool) -> None:
    """Show where a table's columns come from: silver, contract, header in the raw file, and the mask."""
    from pipeline.documents import load_lineage, origin_words
    from pipeline.lineage import find_lineage

    warehouse = context.project.warehouse
    release = load_release(warehouse, as_of)
    table, column = find_lineage(load_lineage(warehouse, release), wanted)
    shown = [column] if column else table.columns
    if as_json:
        withheld = [] if column else table.withheld
        print_json({"release": release.id, "table": table.table, "columns": shown, "withheld": withheld})
        return
    click.echo(f"{table.table} in release {release.id}")
    rows = [
        (one.column, ", ".join(one.made_of), one.reason or ", ".join(map(origin_words, one.origins)))
        for one in shown
    ]
    print_table(("column", "made of", "comes from"), rows)
    if table.withheld and not column:
        click.echo(f"not stored: {', '.join(map(origin_words, table.withheld))}")
