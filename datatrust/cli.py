"""The `datatrust` command: parse, call, print.

Standard output is the answer, logs go to standard error. Exit code 0: done. 1: it ran and the outcome is bad.
2: the request or a file is wrong. Each group of commands is imported only when it is called, and a missing extra
names its install line.
Layer: the door. Imports everything, lazily; nothing imports it.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import uuid
from typing import Any

import click

from datatrust import __version__
from datatrust.commands.common import Context
from datatrust.core.errors import DataTrustError, EngineError, InternalError

LOG = logging.getLogger("datatrust")

# command -> (module, attribute, one line for --help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "pipeline": (
        "datatrust.commands.pipeline",
        "pipeline",
        "Raw files to a release, and what the last run did.",
    ),
    "source": ("datatrust.commands.source", "source", "The sources and their contracts."),
    "quarantine": (
        "datatrust.commands.quarantine",
        "quarantine",
        "Rejected rows: list, export, replay after a repair.",
    ),
    "masking": ("datatrust.commands.masking", "masking", "The keys of tokens: status, rotate, retire."),
    "release": ("datatrust.commands.release", "release", "Published snapshots: list, show, roll back, keep."),
    "maintain": (
        "datatrust.commands.maintain",
        "maintain",
        "Fewer files and bytes; old releases are retired.",
    ),
    "semantic": ("datatrust.commands.semantic", "semantic", "The metric catalog: check, describe, query."),
    "ask": ("datatrust.commands.ask", "ask", "Answer one question, or a file of them."),
    "replay": (
        "datatrust.commands.answers",
        "replay",
        "Run an answer again on its own release, and compare.",
    ),
    "sign": (
        "datatrust.commands.answers",
        "sign",
        "Sign an answer: its release is kept, a certificate written.",
    ),
    "audit": ("datatrust.commands.audit", "audit", "The answer log: check it, hand it out."),
    "eval": ("datatrust.commands.eval", "evaluate", "Score the answers to a file of questions."),
    "user": ("datatrust.commands.user", "user", "Who may sign in: persons, passwords, tokens."),
    "serve": ("datatrust.commands.serve", "serve", "The chat and REST in one server."),
    "sample": ("datatrust.commands.sample", "sample", "The sample company's raw files."),
}

# a package that is missing -> the extra that brings it
EXTRAS = {
    "pyspark": "pipeline", "delta": "pipeline", "dbt": "pipeline", "great_expectations": "pipeline",
    "gradio": "chat", "chromadb": "chat", "wordllama": "chat", "fastapi": "chat", "uvicorn": "chat",
    "plotly": "chat", "babel": "chat", "fpdf": "chat", "fontTools": "chat", "mcp": "chat", "mcp_types": "chat",
    "argon2": "chat", "itsdangerous": "chat", "authlib": "chat", "joserfc": "chat", "httpx": "chat",
    "prometheus_client": "chat",
}  # fmt: skip


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, _, words) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="datatrust")
@click.option(
    "--project", "project", metavar="DIR", help="The project folder (default: the nearest one upward)."
)
@click.pass_context
def root(ctx: click.Context, project: str | None) -> None:
    """Governed finance numbers: from raw files to an answer that can be signed."""
    ctx.obj = Context(project_option=project)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code; print what went wrong in words, never as a stack trace."""
    try:
        code: Any = root.main(args=argv, standalone_mode=False)
        return int(code or 0)
    except click.exceptions.Exit as done:
        return int(done.exit_code)
    except click.Abort:
        _say("stopped")
        return 130
    except KeyboardInterrupt:
        _say("stopped")
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except InternalError as error:
        return _report(error, "this is a fault of ours")
    except EngineError as error:
        LOG.debug("failed statement: %s", error.sql)
        _say(str(error))
        return error.exit_code
    except DataTrustError as error:
        _say(str(error))
        return error.exit_code
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            return _report(error, "a Python package is missing")
        _say(f'this command needs the "{extra}" extra: pip install "datatrust360[{extra}]"')
        return 2
    except BrokenPipeError:
        return 0
    except Exception as error:  # the last fence: a person sees words, the log holds the trace
        return _report(error, "this is a fault of ours")


def _say(message: str) -> None:
    print(message, file=sys.stderr)


def _report(error: BaseException, words: str) -> int:
    """Keep the trace in the log under an id, and tell the person the id."""
    reference = uuid.uuid4().hex[:8]
    LOG.debug("fault %s", reference, exc_info=error)
    _say(
        f"{words} ({type(error).__name__}, reference {reference}); run again with DATATRUST_LOG=debug and report it"
    )
    return 1


def run() -> None:
    """Console entry point."""
    level = _log_level()
    logging.basicConfig(
        stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(name)s  %(message)s"
    )
    sys.exit(main())


def _log_level() -> int:
    return logging.DEBUG if os.environ.get("DATATRUST_LOG", "").lower() == "debug" else logging.ERROR


if __name__ == "__main__":
    run()
