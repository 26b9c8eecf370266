"""`datatrust semantic`: check the catalog, describe it, query it. Layer: the door."""

from __future__ import annotations

import csv
import datetime as dt
import sys

import click

from datatrust.commands import semantic_author as author
from datatrust.commands.common import Context, json_option, print_json, print_table, role_option
from datatrust.commands.semantic_import import export, import_catalog
from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from semantic.access import load_policy, load_viewer
from semantic.query import Compare, Fold, MetricQuery, TimeRange, Top


@click.group()
def semantic() -> None:
    """The metric catalog: check, describe, query."""


for _command in (author.preview, author.certify, author.diff, author.schema, import_catalog, export):
    semantic.add_command(_command)


@semantic.command("check")
@click.option("--data", "with_data", is_flag=True, help="Also keys, joins, examples and identities.")
@json_option
@click.pass_obj
def check(context: Context, with_data: bool, as_json: bool) -> int:
    """Say all that is wrong in the catalog, every issue at once; with --data, what the data do not keep."""
    from semantic.describe import check_catalog

    issues, warnings, counts = check_catalog(context.project)
    issues += _policy_issues(context) if not issues else []
    code = 2 if issues else 0
    if with_data and not issues:
        found = list(author.data_findings(context.project))
        issues = [each.issue for each in found if each.is_error]
        warnings += [each.issue for each in found if not each.is_error]
        code = 1 if issues else 0
    if as_json:
        print_json({"errors": issues, "warnings": warnings, **counts})
    else:
        for issue in (*issues, *warnings):
            click.echo(issue.render(), err=True)
        click.echo(
            ", ".join(f"{n} {what}" for what, n in counts.items())
            + f"; {len(issues)} errors, {len(warnings)} warnings"
        )
    return code


def _policy_issues(context: Context) -> list[Issue]:
    """What is wrong in the access policy, where there is one."""
    if not context.project.access_policy.exists():
        return []
    try:
        load_policy(context.project)
    except UserError as error:
        return list(error.issues)
    return []


@semantic.command("describe")
@click.argument("name", required=False)
@role_option
@json_option
@click.pass_obj
def describe(context: Context, name: str | None, role: str | None, as_json: bool) -> None:
    """Describe one metric, model or dimension, or list them all."""
    from semantic.describe import describe as describe_name
    from semantic.describe import render_description
    from semantic.loader import load_catalog
    from semantic.projection import project_catalog, told_catalog

    viewer = load_viewer(context.project, role)
    catalog = load_catalog(context.project.catalog, shown_root=context.project.root)
    if viewer.access is not None:
        catalog = told_catalog(project_catalog(catalog, viewer.access))
    description = describe_name(catalog, name)
    if as_json:
        print_json(description)
    else:
        click.echo(render_description(description))


@semantic.command("query")
@click.option("--metrics", required=True, metavar="a,b")
@click.option("--by", "by", metavar="region,time.month", default="")
@click.option("--where", metavar="\"x = 'y'\"", multiple=True)
@click.option("--having", metavar='"a > 10"', multiple=True)
@click.option("--from", "start", metavar="D")
@click.option("--to", "end", metavar="D", help="Included.")
@click.option(
    "--period",
    metavar="P",
    help='mtd, qtd, ytd, fytd, last_month, this_quarter, 2026-05, "Q3 FY2026".',
)
@click.option("--calendar", metavar="C")
@click.option("--order", metavar="-a", help="Descending with a minus in front.")
@click.option("--limit", type=click.IntRange(1), metavar="N")
@click.option("--top", type=click.IntRange(1), metavar="N")
@click.option("--per", metavar="DIM", help="With --top: the first N of each member.")
@click.option(
    "--compare", metavar="previous_period | previous_year | budget | constant_currency | as_reported"
)
@click.option("--share-of", metavar="total")
@click.option("--running", is_flag=True)
@click.option(
    "--contributions", is_flag=True, help="With --compare: each row's part in the change of the whole."
)
@click.option(
    "--bridge", is_flag=True, help="With --compare: each row's change by price, volume, mix and members."
)
@click.option("--totals", is_flag=True)
@click.option("--mean-over", metavar="GRAIN", help="The mean over periods: time.month, time.day and so on.")
@click.option("--count-of", metavar="DIM", help="With --having: how many members of a dimension meet it.")
@click.option("--currency", metavar="C")
@click.option("--rates-on", metavar="D", help="Convert at the rates of this day's period.")
@click.option("--as-of", metavar="T", help="A release id or an instant.")
@click.option("--definitions", type=click.Choice(["then", "now"]), default="then", show_default=True)
@role_option
@click.option(
    "--engine",
    metavar="E",
    type=click.Choice(["duckdb", "spark", "databricks"]),
    help="duckdb, spark or databricks in place of serving.engine.",
)
@click.option("--sql", "sql_only", is_flag=True, help="Compile only and print the SQL, of any engine.")
@click.option("--csv", "as_csv", is_flag=True)
@json_option
@click.pass_obj
def query(  # one parameter an option: click's way
    context: Context, metrics: str, by: str, where: tuple[str, ...], having: tuple[str, ...], start: str | None,
    end: str | None, period: str | None, calendar: str | None, order: str | None, limit: int | None, top: int | None,
    per: str | None, compare: str | None, share_of: str | None, running: bool, contributions: bool, bridge: bool, totals: bool, currency: str | None, rates_on: str | None,
    mean_over: str | None, count_of: str | None, as_of: str | None, definitions: str, role: str | None, engine: str | None, sql_only: bool, as_csv: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run one metric query; `time` is each metric's own time dimension."""
    from semantic.engine import SemanticLayer
    from semantic.expressions import parse_filter
    from semantic.periods import named_period
    from semantic.restated import AS_REPORTED

    if mean_over and count_of:
        raise click.UsageError("--mean-over and --count-of: one of them")
    fold = (
        Fold(how="mean", key=mean_over)
        if mean_over
        else Fold(how="count", key=count_of)
        if count_of
        else None
    )
    if per and not top:
        raise click.UsageError("--per goes with --top N")
    viewer = load_viewer(context.project, role)
    serving = context.project.config.serving
    standing = (
        None if compare == AS_REPORTED else as_of
    )  # the earlier release is then the base, not the ground
    layer = SemanticLayer.open(
        context.project,
        as_of=standing,
        definitions_now=definitions == "now",
        engine=_without_spark(serving.connection) if sql_only else engine,
    )
    start_day: dt.date | None
    end_day: dt.date | None
    if period:
        if start or end:
            raise click.UsageError("--period stands alone: it sets --from and --to")
        start_day, end_day = named_period(period, catalog=layer.catalog, today=layer.today, calendar=calendar)
    else:
        start_day, end_day = _day(start, "--from"), _day(end, "--to")
    time = (
        TimeRange(start=start_day, end=end_day, calendar=calendar)
        if start_day or end_day or calendar
        else None
    )
    asked = MetricQuery(
        metrics=_names(metrics),
        group_by=(*_names(by), *([fold.key] if fold and fold.key not in _names(by) else [])),
        fold=fold,
        where=tuple(f for text in where for f in parse_filter(text)),
        having=tuple(f for text in having for f in parse_filter(text)),
        time=time,
        compare=Compare(to=compare) if compare else None,
        share_of=share_of,
        running=running,
        contributions=contributions,
        bridge=bridge,
        totals=totals,
        top=Top(n=top, per=per) if top else None,
        order_by=_names(order or ""),
        limit=limit,
        currency=currency,
        rates_on=_day(rates_on, "--rates-on"),
        as_of=as_of,
    )
    if sql_only:
        click.echo(layer.compile(asked, viewer=viewer, dialect=engine or serving.engine).sql)
        return
    result = layer.query(asked, viewer=viewer)
    if as_json:
        print_json(result.to_json())
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow([column.name for column in result.columns])
        writer.writerows(result.rows)
    else:
        rows = list(result.rows) + ([result.totals] if result.totals else [])
        print_table([column.label or column.name for column in result.columns], rows)
        for line in (*result.assumptions, *result.flags):
            click.echo(f"note: {line}", err=True)


def _without_spark(connection: str | None) -> str | None:
    """The engine to open for a statement's text alone: DuckDB knows the columns of a release as well as Spark."""
    return None if connection and connection.startswith("databricks:") else "duckdb"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _day(text: str | None, option: str) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UserError(
            Issue(code="DT112", message=f'{option}: "{text}" is no date like 2026-06-30')
        ) from None
