"""Follow one run and tell lineage tools of each of its deliveries.

Layer: pipeline. Imports core, the events and the sender; openlineage only where events are told.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datatrust.core.release import Release
from datatrust.core.settings import Project
from pipeline.documents import load_lineage
from pipeline.results import SourceResult

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

    from pipeline.lineage_events.events import RunIdentity
    from pipeline.lineage_events.sender import EventSender


class LineageTeller:
    """The events of one run; where a project wants none, nothing is done and nothing imported."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._settings = project.config.lineage_events
        self._sender: EventSender | None = None
        self._run: RunIdentity | None = None
        self._began: dict[str, dt.datetime] = {}

    @property
    def problem(self) -> str | None:
        """Why the receiver has not got everything."""
        return self._sender.problem if self._sender is not None else None

    def prepare(self) -> None:
        """Import openlineage while Java starts: it takes the better part of a second."""
        if self._settings.enabled:
            threading.Thread(target=_import_events, name="import-openlineage", daemon=True).start()

    def begin(self, delivery: str | None) -> None:
        """A delivery begins."""
        if not self._settings.enabled:
            return
        from pipeline.lineage_events.events import RunIdentity, started
        from pipeline.lineage_events.sender import EventSender

        if self._sender is None:
            self._sender = EventSender(self._settings, logs=self._project.logs, secrets=self._project.secrets)
        namespace = self._settings.namespace or f"datatrust:{self._project.name}"
        self._began = {}
        self._run = RunIdentity.begin(namespace, delivery, at=_now())
        self._sender.tell([started(self._run)], at=self._run.started)

    def step(self, name: str) -> None:
        """A step of the delivery begins."""
        self._began[name] = _now()

    def published(
        self,
        warehouse: Path,
        release: Release,
        sources: Sequence[SourceResult],
        gold_seconds: Mapping[str, float],
    ) -> None:
        """The delivery's release is out."""

        def made(run: RunIdentity) -> Iterable[RunEvent]:
            from pipeline.lineage_events.events import Finished, finished

            done = Finished(
                release=release,
                lineage=load_lineage(warehouse, release),
                sources=sources,
                silver_from=self._began.get("silver", run.started),
                gold_from=self._began.get("gold", run.started),
                gold_seconds=gold_seconds,
                at=_now(),
            )
            return finished(run, done)

        self._end(made)

    def unchanged(self) -> None:
        """The delivery changes nothing, so that no release was made."""

        def made(run: RunIdentity) -> Iterable[RunEvent]:
            from pipeline.lineage_events.events import unchanged

            return [unchanged(run, at=_now())]

        self._end(made)

    def failed(self, step: str) -> None:
        """The delivery ended without a release."""

        def made(run: RunIdentity) -> Iterable[RunEvent]:
            from pipeline.lineage_events.events import failed

            return [failed(run, step, at=_now())]

        self._end(made)

    def _end(self, made: Callable[[RunIdentity], Iterable[RunEvent]]) -> None:
        run, self._run = self._run, None
        if self._sender is None or run is None:
            return
        try:
            self._sender.tell(made(run), at=run.started)
        except Exception as error:  # a release that is out must not look as if its run had failed
            self._sender.problem = f"events of lineage could not be made: {type(error).__name__}"


def _import_events() -> None:
    import pipeline.lineage_events.events
    import pipeline.lineage_events.sender  # noqa: F401


def _now() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)
