"""`datatrust source`: the sources and their contracts. Layer: the door."""

from __future__ import annotations

import click

from datatrust.commands.common import Context, json_option, print_json, print_table
from datatrust.core.errors import UserError
from datatrust.core.masking import load_masking_policy
from datatrust.core.release import list_releases, load_release


@click.group()
def source() -> None:
    """The sources and their contracts."""


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
