"""Show what a run is doing, on standard error: a bar for each step on a terminal, a line for each step elsewhere.

Layer: pipeline. Imports nothing of ours; knows steps by their labels only.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
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


class Advance(Protocol):
    """Says what a step is at, and how many of its parts are done with that."""

    def __call__(self, detail: str, *, parts: int = 1) -> None: ...


class RunProgress(Protocol):
    """Where a run says what it does; a step is open as long as its block runs."""

    def step(self, label: str, parts: int = 1) -> AbstractContextManager[Advance]: ...

    def close(self) -> None: ...


class SilentProgress:
    """Says nothing."""

    @contextmanager
    def step(self, label: str, parts: int = 1) -> Iterator[Advance]:
        yield _say_nothing

    def close(self) -> None:
        return


class ConsoleProgress:
    """Bars where standard error is a terminal; else one line a step, when it ends."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._bars: Progress | None = None

    @contextmanager
    def step(self, label: str, parts: int = 1) -> Iterator[Advance]:
        shown = self._bar(label, parts) if sys.stderr.isatty() else self._line(label)
        with shown as advance:
            yield advance

    def close(self) -> None:
        """Leave the terminal as it is; the next step begins anew."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    @contextmanager
    def _line(self, label: str) -> Iterator[Advance]:
        begun = time.monotonic()
        try:
            yield _say_nothing
        except BaseException:
            self._console.print(f"{label}: failed after {time.monotonic() - begun:.1f} s")
            raise
        self._console.print(f"{label}: {time.monotonic() - begun:.1f} s")

    @contextmanager
    def _bar(self, label: str, parts: int) -> Iterator[Advance]:
        if self._bars is None:
            self._bars = Progress(
                SpinnerColumn(finished_text="✓"),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[detail]}", markup=False, style="dim"),
                console=self._console,
            )
            self._bars.start()
        bars = self._bars
        task = bars.add_task(label, total=parts, detail="")

        def advance(detail: str, *, parts: int = 1) -> None:
            bars.update(task, advance=parts, detail=detail)

        try:
            yield advance
        except BaseException:
            bars.update(task, detail="failed")
            bars.stop_task(task)
            raise
        bars.update(task, completed=parts, detail="")


def _say_nothing(detail: str, *, parts: int = 1) -> None:
    return
