"""`datatrust user`: who may sign in to the server. Passwords come from the terminal or standard input, never as an argument.

Layer: the door.
"""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING

import click

from datatrust.commands.common import Context, json_option, print_json, print_table
from datatrust.core.errors import UserError
from datatrust.core.issues import Issue

if TYPE_CHECKING:
    from chatbot.signin.people import People, Person


@click.group()
def user() -> None:
    """Who may sign in to the server: persons, their passwords and tokens."""


@user.command("add")
@click.argument("name")
@click.option("--same-person", is_flag=True, help="NAME was removed before, and it is the same person.")
@click.pass_obj
def add(context: Context, name: str, same_person: bool) -> None:
    """Add NAME with a password, which is asked for or read from standard input."""
    _people(context).add(name, _read_password(), is_same_person=same_person)
    click.echo(f"{name} may sign in")
    if not context.project.access_policy.exists():
        click.echo("  there is no access policy: who signs in may see all of gold", err=True)
    elif name not in _named(context):
        shown = context.project.shown(context.project.access_policy)
        click.echo(f"  and sees nothing yet: give them a role in {shown}, under `users`", err=True)


@user.command("list")
@json_option
@click.pass_obj
def list_command(context: Context, as_json: bool) -> None:
    """List who may sign in, with their roles."""
    people = _people(context)
    tokens = [token.name for token in people.tokens()]
    found = [
        (each.name, "password" if each.is_local else "provider", _roles(context, each), each.is_disabled, tokens.count(each.name))
        for each in people.everyone()
    ]  # fmt: skip
    if as_json:
        keys = ("name", "signs_in", "roles", "disabled", "tokens")
        print_json([dict(zip(keys, each, strict=True)) for each in found])
    elif found:
        rows = [
            (name, how, ", ".join(roles), "disabled" if out else "", count)
            for name, how, roles, out, count in found
        ]
        print_table(("name", "signs in by", "roles", "", "tokens"), rows)
    else:
        click.echo("nobody may sign in yet; add somebody: datatrust user add NAME")


@user.command("password")
@click.argument("name")
@click.pass_obj
def password(context: Context, name: str) -> None:
    """Give NAME a new password; their sessions and tokens end."""
    people = _people(context)
    people.find(name)
    ended = people.change_password(name, _read_password())
    told = f"; {ended} token{'s' if ended != 1 else ''} revoked" if ended else ""
    click.echo(f"{name} has a new password and is signed out everywhere{told}")


@user.command("disable")
@click.argument("name")
@click.pass_obj
def disable(context: Context, name: str) -> None:
    """Keep NAME out from now on; their sessions and tokens end."""
    _people(context).set_disabled(name, True)
    click.echo(f"{name} is signed out everywhere and may not sign in")


@user.command("enable")
@click.argument("name")
@click.pass_obj
def enable(context: Context, name: str) -> None:
    """Let NAME in again after `disable`."""
    _people(context).set_disabled(name, False)
    click.echo(f"{name} may sign in again")


@user.command("remove")
@click.argument("name")
@click.pass_obj
def remove(context: Context, name: str) -> None:
    """Remove NAME; what they asked stays in the answer log under their name."""
    _people(context).remove(name)
    click.echo(f"{name} is removed")


@user.command("token")
@click.argument("name")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 730), help="Until it expires.")
@click.option("--label", default="", metavar="TEXT", help="What it is for.")
@click.pass_obj
def token(context: Context, name: str, days: int, label: str) -> None:
    """Make a token for programs that ask as NAME (REST, MCP); it is shown once."""
    secret, made = _people(context).make_token(name, days=days, label=label[:100])
    click.echo(secret)
    click.echo(
        f"  token {made.id}, until {_day(made.expires)}; send it as: Authorization: Bearer …", err=True
    )


@user.command("tokens")
@click.argument("name", required=False)
@json_option
@click.pass_obj
def tokens(context: Context, name: str | None, as_json: bool) -> None:
    """List the tokens of NAME, or of everyone; never their secrets."""
    found = _people(context).tokens(name)
    if as_json:
        print_json(
            [
                {
                    "id": t.id,
                    "name": t.name,
                    "label": t.label,
                    "created": _day(t.created),
                    "expires": _day(t.expires),
                }
                for t in found
            ]
        )
    elif found:
        rows = [(t.id, t.name, t.label, _day(t.created), _day(t.expires)) for t in found]
        print_table(("token", "name", "for", "made", "expires"), rows)
    else:
        click.echo("no token is valid")


@user.command("revoke")
@click.argument("name")
@click.argument("token_id", metavar="[TOKEN]", required=False)
@click.pass_obj
def revoke(context: Context, name: str, token_id: str | None) -> None:
    """Revoke one token of NAME, or all."""
    people = _people(context)
    people.find(name)
    count = people.revoke(name, token_id)
    if token_id is not None and not count:
        raise UserError(
            Issue(
                code="DT382",
                message=f"{name} has no token {token_id}",
                hint=f"list them: datatrust user tokens {name}",
            )
        )
    click.echo(f"{count} token{'s' if count != 1 else ''} revoked")


def _people(context: Context) -> People:
    from chatbot.signin.people import People

    return People.of(context.project)


def _read_password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _named(context: Context) -> frozenset[str]:
    """The persons that the access policy gives something to."""
    from semantic.access import load_policy

    return frozenset(load_policy(context.project).users)


def _roles(context: Context, person: Person) -> list[str]:
    if person.given is not None:
        return sorted(person.given.roles)
    if not context.project.access_policy.exists():
        return []
    from semantic.access import load_policy

    known = load_policy(context.project).users.get(person.name)
    return sorted(known.roles) if known else []


def _day(instant: float) -> str:
    return dt.datetime.fromtimestamp(instant, tz=dt.UTC).date().isoformat()
