"""Write events to the project's log of them, and send them to one HTTP endpoint, if there is one.

The file comes first, so that no receiver can lose an event. A receiver that fails once, or takes longer than a run
may wait for it, gets nothing more of that run. The key is a secret: no message that is worded here holds it.
Layer: pipeline. Imports openlineage's transports and core.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from openlineage.client.event_v2 import RunEvent
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.transport.http import HttpConfig, HttpTransport

from datatrust.core.secrets import find_secret
from datatrust.core.settings import LineageEvents

VARIABLE = "DATATRUST_OPENLINEAGE_API_KEY"
SECRET = "openlineage_api_key"  # the file in the project's secrets
FOLDER = "openlineage"  # in the project's folder of logs, a file a month
MOST_SECONDS = 10.0  # what a run waits for the receiver in all
_TIMEOUT = 5.0  # for one event


class EventSender:
    """Where the events of one run go."""

    def __init__(
        self,
        settings: LineageEvents,
        *,
        logs: Path,
        secrets: Path,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.problem: str | None = None  # why the receiver has not got everything
        self._folder = logs / FOLDER
        self._http = _transport(settings, find_key(secrets, environment)) if settings.url else None
        self._left = MOST_SECONDS

    def tell(self, events: Iterable[RunEvent], *, at: dt.datetime) -> None:
        """Write each event down and send it; nothing is raised."""
        for event in events:
            self._write(event, at)
            self._send(event)

    def _write(self, event: RunEvent, at: dt.datetime) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = self._folder / f"{at:%Y-%m}.jsonl"
            FileTransport(FileConfig(log_file_path=str(file), append=True)).emit(event)
        except (OSError, RuntimeError) as error:  # the transport words a denied file as a runtime error
            self._give_up(f"events of lineage cannot be written: {type(error).__name__}")

    def _send(self, event: RunEvent) -> None:
        if self._http is None:
            return
        begun = time.monotonic()
        try:
            self._http.emit(event)
        except Exception as error:  # whatever it is, it may neither stop a run nor show the key
            self._give_up(f"the receiver of lineage events does not take them ({_worded(error)})")
        self._left -= time.monotonic() - begun
        if self._left <= 0 and self._http is not None:
            self._give_up(f"the receiver of lineage events is too slow: over {MOST_SECONDS:g} s")

    def _give_up(self, why: str) -> None:
        self._http = None
        if self.problem is None:
            self.problem = f"{why}; the run goes on, events are in {FOLDER}/ of the logs"


def find_key(secrets: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the receiver's API key, or None where it asks for none."""
    return find_secret(secrets, variable=VARIABLE, file=SECRET, environment=environment)


def _transport(settings: LineageEvents, key: str | None) -> HttpTransport:
    auth = {"auth": {"type": "api_key", "apiKey": key}} if key else {}
    return HttpTransport(
        HttpConfig.from_dict(
            {
                "url": settings.url,
                "endpoint": settings.endpoint,
                "timeout": _TIMEOUT,
                "retry": {"total": 0, "connect": 0, "read": 0},  # a second try is one more wait of the run
                **auth,
            }
        )
    )


def _worded(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return f"HTTP {status}" if status is not None else type(error).__name__
