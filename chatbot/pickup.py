"""Take up a new release, catalog or day without a restart: a whole agent is opened beside the one that answers, then put in its place.

An answer that is on its way ends on the agent that it began with, so no answer sees two releases. Where the new one
cannot be opened (a catalog with faults), the one before goes on answering, on its own release, and the log says why.
Layer: chatbot. Knows the desk and how an agent is opened; one thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from chatbot.desk import Desk
from datatrust.core.errors import DataTrustError
from datatrust.core.release import list_releases
from datatrust.core.settings import Project

LOG = logging.getLogger("datatrust.chat")
LOOK_SECONDS = 2.0
REST_SECONDS = 90.0  # an answer takes less: then nothing runs any more on an agent that was replaced
_FILE = "duckdb:///"


class Pickup:
    """Watches one project for one desk, from `start` to `stop`."""

    def __init__(self, desk: Desk, open_agent: Callable[[], Any], *, known: tuple[Any, ...]) -> None:
        self._desk, self._open = desk, open_agent
        self._known = known  # taken before the desk's agent was opened, so that nothing is missed between
        self._stopped = threading.Event()
        self._resting: list[tuple[threading.Timer, Any]] = []
        self._thread = threading.Thread(target=self._watch, name="pickup", daemon=True)

    def start(self) -> None:
        """Begin to look every few seconds."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and let go of the agents that were replaced."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        for timer, agent in self._resting:
            timer.cancel()
            agent.close()
        self._resting = []

    def look(self) -> bool:
        """Take up what is new; return whether there was something that could be taken up."""
        mark = mark_of(self._desk.project)
        if mark == self._known:
            return False
        self._known = mark  # what has a fault is not tried again until it changes
        try:
            agent = self._open()
        except (DataTrustError, OSError) as error:
            LOG.error("what is new could not be taken up, the release before it goes on answering: %s", error)
            return False
        before, self._desk.agent = self._desk.agent, agent
        self._rest(before)
        LOG.info("release %s answers now", agent.layer.release_id)
        return True

    def _rest(self, agent: Any) -> None:
        self._resting = [pair for pair in self._resting if pair[0].is_alive()]
        timer = threading.Timer(REST_SECONDS, agent.close)
        timer.daemon = True
        timer.start()
        self._resting.append((timer, agent))

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception:  # the watch must outlive whatever it meets
                LOG.exception("a look for a new release failed")


def mark_of(project: Project) -> tuple[Any, ...]:
    """Return what changes when answers may: the release, the day, the definitions, whether there is a policy."""
    files = [*sorted(project.catalog.rglob("*.yml")), project.access_policy]
    connection = project.config.serving.connection
    if connection and connection.startswith(_FILE):
        files.append(project.root / connection.removeprefix(_FILE))
    return (
        tuple(list_releases(project.warehouse)[-1:]),
        project.today(),
        tuple((str(file), *_state(file)) for file in files),
    )


def _state(file: Any) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
