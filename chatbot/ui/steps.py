"""Run a piece of work aside and hand on what it tells of itself meanwhile, until its result is there.

Layer: chatbot. One thread for each piece of work.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Generator
from typing import TypeVar

Result = TypeVar("Result")
Shown = TypeVar("Shown")
Told = Callable[[str], None]


def told_meanwhile(
    work: Callable[[Told], Result], show: Callable[[str], Shown]
) -> Generator[Shown, None, Result]:
    """Yield what is shown for each step that `work` tells; return its result.

    Raises:
        Exception: whatever the work raises.
    """
    steps: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    outcome: list[Result] = []
    fault: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work(steps.put))
        except BaseException as error:  # handed to the thread that waits
            fault.append(error)
        finally:
            steps.put(None)

    context = contextvars.copy_context()
    threading.Thread(target=lambda: context.run(run), name="answer", daemon=True).start()
    while (step := steps.get()) is not None:
        yield show(step)
    if fault:
        raise fault[0]
    return outcome[0]
