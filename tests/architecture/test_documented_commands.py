"""Every `datatrust` command and `make` target that README and docs show exists, with the options that they show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from datatrust.cli import root

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
SHOWN = re.compile(r"`((?:datatrust|make) [^`\n]+)`|^\s*(?:\$ )?((?:datatrust|make) [^\n]+)$", re.MULTILINE)
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def shown_commands(page: Path) -> Iterator[list[str]]:
    for quoted, line in SHOWN.findall(page.read_text(encoding="utf-8")):
        text = re.split(r"\s#\s|\s[|&>]|;", quoted or line)[0].replace("…", "")
        try:
            yield shlex.split(text)
        except ValueError:  # a sentence that only begins like a command
            continue


def fault(words: list[str]) -> str | None:
    """Say what of a command line there is not; values and arguments are not looked at."""
    if words[0] == "make":
        named = [word for word in words[1:] if re.fullmatch(r"[a-z]+", word)]
        return next((f"no target {word}" for word in named[:1] if word not in TARGETS), None)
    command: click.Command = root
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    for word in words[1:]:
        if word.startswith("--"):
            if word.split("=")[0] not in known | {"--help"}:
                return f"no option {word} of {command.name}"
        elif isinstance(command, click.Group) and re.fullmatch(r"[a-z-]+", word):
            found = command.get_command(click.Context(command), word)
            if found is None:
                return f"no command {word} of {command.name}"
            command = found
            known |= {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    return None


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_what_is_shown_is_there(page: Path) -> None:
    faults = [f"{' '.join(words)}: {found}" for words in shown_commands(page) if (found := fault(words))]
    assert faults == []


def test_the_commands_are_found() -> None:
    assert sum(1 for page in PAGES for _ in shown_commands(page)) > 60
    assert fault(["datatrust", "semantic", "guess"])
    assert fault(["datatrust", "ask", "x", "--loud"])
    assert fault(["make", "money"])
