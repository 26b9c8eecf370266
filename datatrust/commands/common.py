"""What the commands share: the project they run on, who asks, and how JSON and tables are printed.

Layer: the door.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from datatrust.core.jsonio import dumps
from datatrust.core.settings import Project, find_project, load_project

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
role_option = click.option("--role", metavar="R", help="Ask with the rights of this role.")


def planner_option(default: str) -> Callable[[Any], Any]:
    """Return the option that says who reads questions; a command takes None for its `default`."""
    told = f"offline: by rules alone; llm: a language model reads too (default: {default})."
    return click.option("--planner", type=click.Choice(["offline", "llm"]), help=told)


@dataclass
class Context:
    """What `--project` said; the project itself is read at first use."""

    project_option: str | None = None
    _cache: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def project(self) -> Project:
        if self.project_option is None:
            return load_project(find_project())
        root = Path(self.project_option)
        if not root.is_dir():
            raise UserError(Issue(code="DT110", message=f"no such project folder: {root}"))
        return load_project(root)


def print_json(value: Any) -> None:
    """Print one JSON document to standard output."""
    click.echo(dumps(value, indent=2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None) -> None:
    """Print rows as an aligned table; numbers to the right. Plain text, so that it can be read by a pipe."""
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    widths = [max([len(str(name)), *(len(row[i]) for row in cells)]) for i, name in enumerate(columns)]
    numeric = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(columns))]
    if title:
        click.echo(title)
    click.echo(
        "  ".join(
            _pad(str(n), w, right) for n, w, right in zip(columns, widths, numeric, strict=True)
        ).rstrip()
    )
    click.echo("  ".join("-" * w for w in widths))
    for row in cells:
        click.echo(
            "  ".join(_pad(v, w, right) for v, w, right in zip(row, widths, numeric, strict=True)).rstrip()
        )


def _is_number(value: Any) -> bool:
    if value is None:
        return True
    return not isinstance(value, bool | str) and hasattr(value, "__add__") and not hasattr(value, "isoformat")


def _pad(text: str, width: int, right: bool) -> str:
    return text.rjust(width) if right else text.ljust(width)
