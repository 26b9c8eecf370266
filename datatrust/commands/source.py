"""`datatrust source`: the sources and their contracts. Layer: the door."""

from __future__ import annotations

import click

from datatrust.commands.common import Context, json_option, print_json, print_table


@click.group()
def source() -> None:
    """The sources and their contracts."""


@source.command("check")
@json_option
@click.pass_obj
def check(context: Context, as_json: bool) -> None:
    """Read every contract and say all that is wrong in them."""
    from pipeline.contracts import load_contracts

    specs = load_contracts(context.project)
    if as_json:
        print_json([{"name": s.name, "columns": len(s.columns), "rules": len(s.rules)} for s in specs])
    else:
        print_table(("source", "columns", "rules"), [(s.name, len(s.columns), len(s.rules)) for s in specs])
