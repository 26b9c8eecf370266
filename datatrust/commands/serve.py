"""`datatrust serve`: the chat and REST in one server. Layer: the door."""

from __future__ import annotations

import click

from datatrust.commands.common import Context, role_option


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=7860, show_default=True, type=click.IntRange(1, 65535))
@role_option
@click.pass_obj
def serve(context: Context, host: str, port: int, role: str | None) -> None:
    """Serve the chat and REST until stopped."""
    from chatbot.server import serve as run_server

    run_server(context.project, host=host, port=port, role=role)
