"""Show what a run is doing, on standard error: a bar for each step on a terminal, a line for each step elsewhere.

Layer: pipeline. Imports nothing of ours; knows steps by their labels only.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

Advance = Callable[[str], None]  # says that one part of a step is done, and which comes next


class Reporter(Protocol):
    """Where a run says what it does; `step` is open as long as its block runs."""

    def step(self, label: str, parts: int) -> Iterator[Advance]: ...

    def close(self) -> None: ...


class SilentReporter:
    """Says nothing."""

    def step(self, label: str, parts: int) -> Iterator[Advance]:
        yield lambda detail: None

    def close(self) -> None:
        return


class LineReporter:
    """One line a step, when it ends; for logs and pipes."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)

    def step(self, label: str, parts: int) -> Iterator[Advance]:
        begun = time.monotonic()
        try:
            yield lambda detail: None
        except BaseException:
            self._console.print(f"{label}: failed after {time.monotonic() - begun:.1f} s", markup=False)
            raise
        self._console.print(f"{label}: {time.monotonic() - begun:.1f} s", markup=False)

    def close(self) -> None:
        return


class BarReporter:
    """A bar a step, with the part at work and the time so far."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[detail]}"),
            console=Console(stderr=True),
        )
        self._progress.start()

    def step(self, label: str, parts: int) -> Iterator[Advance]:
        task = self._progress.add_task(label, total=parts, detail="")

        def advance(detail: str) -> None:
            self._progress.update(task, advance=1, detail=detail)

        try:
            yield advance
        except BaseException:
            self._progress.update(task, detail="failed")
            self._progress.stop_task(task)
            raise
        self._progress.update(task, completed=parts, detail="")

    def close(self) -> None:
        self._progress.stop()


def open_reporter() -> Reporter:
    """Return bars on a terminal, plain lines elsewhere."""
    return BarReporter() if sys.stderr.isatty() else LineReporter()


@contextmanager
def running(reporter: Reporter, label: str, parts: int = 1) -> Iterator[Advance]:
    """Run a block as one step of the reporter."""
    with contextmanager(reporter.step)(label, parts) as advance:
        yield advance
