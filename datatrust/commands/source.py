"""`datatrust source`: the sources and their contracts. Layer: the door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datatrust.commands.common import Context, json_option, print_json, print_table
from datatrust.core.errors import UserError
from datatrust.core.masking import load_masking_policy
from datatrust.core.release import list_releases, load_release

if TYPE_CHECKING:
    from pipeline.profile.columns import ColumnProfile
    from pipeline.profile.draft import Draft


@click.group()
def source() -> None:
    """The sources and their contracts."""


@source.command("add")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", metavar="N", help="The source's name; else it comes from the file's.")
@click.option("--force", is_flag=True, help="Draft it again over a contract that exists.")
@json_option
@click.pass_obj
def add(context: Context, file: Path, name: str | None, force: bool, as_json: bool) -> None:
    """Profile FILE and write its contract's draft: types, key, rules and classes of personal data."""
    from pipeline.profile.draft import draft_source, write_draft

    draft = draft_source(context.project, file, name=name, overwrite=force)
    write_draft(draft)
    if as_json:
        print_json(_document(context, draft))
    else:
        _print(context, draft)


@source.command("check")
@json_option
@click.pass_obj
def check(context: Context, as_json: bool) -> None:
    """Read every contract and say all that is wrong in them; with a release, also tokens that hide nothing."""
    from pipeline.contracts import load_contracts

    project = context.project
    specs = load_contracts(project)
    if list_releases(project.warehouse):
        from pipeline.tokens import check_stored_tokens

        release, policy = load_release(project.warehouse), load_masking_policy(project)
        if weak := list(check_stored_tokens(project.warehouse, release, specs, policy)):
            raise UserError.all(weak)
    if as_json:
        print_json([{"name": s.name, "columns": len(s.columns), "rules": len(s.rules)} for s in specs])
    else:
        print_table(("source", "columns", "rules"), [(s.name, len(s.columns), len(s.rules)) for s in specs])


def _document(context: Context, draft: Draft) -> dict[str, Any]:
    return {
        "source": draft.name,
        "contract": context.project.shown(draft.path),
        "file": {"name": draft.file, "format": draft.told.reader, "options": dict(draft.told.options)},
        "rows": draft.rows,
        "unreadable": dict(draft.unreadable),
        "key": {"columns": list(draft.key.columns), "why": draft.key.why},
        "columns": [_column(draft, column) for column in draft.columns],
        "classes_added": dict(draft.new_classes),
        "look": list(draft.look),
        "written": [context.project.shown(change.path) for change in draft.changes],
        "undo": [change.undo for change in draft.changes],
    }


def _column(draft: Draft, column: ColumnProfile) -> dict[str, Any]:
    spec = draft.spec.column(column.name)
    personal = column.personal
    return {
        "name": column.name,
        "header": column.header,
        "type": spec.type.spark,
        "why": column.guess.why,
        "required": spec.required,
        "filled": column.filled,
        "different": column.distinct,
        "pii_class": draft.classes.get(column.name),
        "pii_score": round(personal.score, 2) if personal else None,
        "pii_reasons": list(personal.reasons) if personal else [],
        "rules": [rule.id for rule in draft.spec.rules if column.name in rule.columns],
    }


def _print(context: Context, draft: Draft) -> None:
    click.echo(f"{draft.file}: {draft.rows:,} rows, {draft.told.words}")
    rows = []
    for column in draft.columns:
        spec = draft.spec.column(column.name)
        marks = ["key"] if column.name in draft.key.columns else ["required"] if spec.required else []
        marks += [f"personal: {draft.classes[column.name]}"] if column.name in draft.classes else []
        rows.append((column.name, spec.type.spark, ", ".join(marks), column.guess.why))
    print_table(("column", "type", "", "why"), rows)
    click.echo(f"key: {', '.join(draft.key.columns) or 'none'}: {draft.key.why}")
    for column in draft.columns:
        if column.personal is not None:
            click.echo(
                f"personal: {column.name} ({draft.classes[column.name]}): {'; '.join(column.personal.reasons)}"
            )
    for pii, action in draft.new_classes.items():
        click.echo(f"masking policy: class {pii} is new; its safe default is {action}")
    click.echo("look at:")
    for look in draft.look:
        click.echo(f"  - {look}")
    click.echo(f"written: {', '.join(context.project.shown(change.path) for change in draft.changes)}")
    click.echo(f"undo: {'; '.join(change.undo for change in draft.changes)}")
