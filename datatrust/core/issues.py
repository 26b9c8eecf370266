"""Say what is wrong in a file or a request: where, what, the nearest right name, the next step.

Layer: core. Knows no catalog, no contract; every package reports through `Issue`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process


@dataclass(frozen=True, kw_only=True)
class SourcePosition:
    """A place in a text file; `line` and `column` count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One thing that is wrong, worded for the person who can put it right."""

    code: str  # DT100.. files and settings, DT200.. catalog, DT300.. queries, DT400.. contracts and runs
    message: str
    at: SourcePosition | None = None
    suggestion: str | None = None  # the nearest right name
    hint: str | None = None  # the next step, e.g. a command

    def render(self) -> str:
        """Return the issue as text, with the offending line and a caret where the file can be read."""
        where = f"{self.at}  " if self.at else ""
        lines = [f"{where}{self.code}  {self.message}"]
        if self.at and (excerpt := _excerpt(self.at)):
            lines += excerpt
        steps = []
        if self.suggestion:
            steps.append(f"did you mean: {self.suggestion}?")
        if self.hint:
            steps.append(self.hint)
        if steps:
            lines.append("  " + "   ".join(steps))
        return "\n".join(lines)


def did_you_mean(name: str, known: Iterable[str], *, cutoff: float = 60.0) -> str | None:
    """Return the name in `known` nearest to `name`, or None when none is near.

    >>> did_you_mean("amout_net", ["amount_net", "vendor"])
    'amount_net'
    """
    choices = sorted(set(known))
    found = process.extractOne(name, choices, scorer=fuzz.WRatio, score_cutoff=cutoff)
    return str(found[0]) if found else None


_ROOTS: list[Path] = []


def look_in(root: Path) -> None:
    """Let messages show lines of files that are named relative to `root`, before the current folder."""
    if root not in _ROOTS:
        _ROOTS.append(root)


def _excerpt(at: SourcePosition) -> list[str]:
    """The line that `at` points to with a caret under it; nothing where the file is gone or the line too long."""
    for root in (*reversed(_ROOTS), Path()):
        try:
            text = (root / at.file).read_text(encoding="utf-8").splitlines()[at.line - 1]
            break
        except (OSError, IndexError, UnicodeDecodeError):
            continue
    else:
        return []
    if len(text) > 200:
        return []
    rest = text[at.column - 1 :]
    width = max(1, len(rest.split()[0]) if rest.split() else 1)
    return [f"    {text}", "    " + " " * (at.column - 1) + "^" * width]
