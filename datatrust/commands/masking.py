"""`datatrust masking`: the keys that tokens are made by. Layer: the door."""

from __future__ import annotations

import click

from datatrust.commands.common import Context, json_option, print_json, print_table


@click.group()
def masking() -> None:
    """The keys of tokens: which there are, a new one, and letting go of an old one."""


@masking.command("status")
@json_option
@click.pass_obj
def status_command(context: Context, as_json: bool) -> None:
    """List the keys by their ids, and the columns of the current release that carry tokens of each."""
    from pipeline.keyring import key_states

    states = key_states(context.project)
    if as_json:
        print_json(states)
        return
    if not states:
        click.echo("there is no key yet; the first run makes one: datatrust pipeline run")
        return
    rows = [
        (s.id, s.state, s.kept_in, s.made_at.isoformat(timespec="seconds") if s.made_at else "",
         ", ".join(s.carried_by))
        for s in states
    ]  # fmt: skip
    print_table(("key", "state", "kept in", "made at", "tokens of it in the current release"), rows)


@masking.command("rotate")
@json_option
@click.pass_obj
def rotate_command(context: Context, as_json: bool) -> None:
    """Make a new key beside the old one; the next run makes every token anew by it, in one release."""
    from pipeline.keyring import rotate_key

    key = rotate_key(context.project)
    if as_json:
        print_json({"key": key.id})
    else:
        click.echo(f"key {key.id} is made; the next run makes every token by it: datatrust pipeline run")


@masking.command("retire")
@click.argument("key", metavar="KEY")
@json_option
@click.pass_obj
def retire_command(context: Context, key: str, as_json: bool) -> None:
    """Remove an old key, by its id; refused while the current or a kept release carries tokens of it."""
    from pipeline.keyring import retire_key

    retired = retire_key(context.project, key)
    if as_json:
        print_json({"key": retired.id})
    else:
        click.echo(f"key {retired.id} is gone; no table that is served or kept carries its tokens")
