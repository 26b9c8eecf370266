"""Send alerts beside the run: it waits for none of them but a few seconds at its end.

Layer: pipeline. Imports the log, the model and slack.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import deque
from collections.abc import Callable

from pipeline.alerts.log import AlertLog, Entry
from pipeline.alerts.model import Alert
from pipeline.alerts.slack import Reply

Send = Callable[[Alert, float], Reply]  # the second is how long it may take, in seconds

GRACE_SECONDS = 4.0  # that the end of a run waits for what is not sent yet
ATTEMPT_SECONDS = 3.0
ATTEMPTS = 4
_FIRST_PAUSE = 0.5  # doubled with each attempt, unless the receiver names a time
_KEPT_HOURS = 24  # what could not be sent is tried by later runs for so long


class AlertSender:
    """Raises alerts for one run: into the log at once, to the receiver by a thread.

    Args:
        log: of the project.
        run: number of the run.
        send: tries once; None where there is no receiver: the log is all.
        repeat_hours: an open alert that says the same again within this time is not sent again.
    """

    def __init__(self, log: AlertLog, *, run: int, send: Send | None, repeat_hours: float) -> None:
        self._log = log
        self._run = run
        self._send = send
        self._repeat = dt.timedelta(hours=repeat_hours)
        self._todo: deque[Entry] = deque()
        self._changed = threading.Condition()
        self._over: float | None = None  # when the end of the run has waited enough
        self._thread: threading.Thread | None = None
        if send is not None:
            for entry in log.unsent(since=_now() - dt.timedelta(hours=_KEPT_HOURS)):
                self._queue(entry)

    def is_open(self, kind: str, subject: str) -> bool:
        """Return whether the last word on this was an alert."""
        with self._changed:
            return self._log.open_alert((kind, subject)) is not None

    def tell(self, alert: Alert) -> None:
        """Raise an alert, or say that one has recovered; never fails and never waits."""
        with self._changed:
            before = self._log.open_alert(alert.about)
            if alert.recovered:
                if before is not None:
                    self._queue(self._log.raise_alert(alert, run=self._run, at=_now(), state="recovered"))
                return
            same = before is not None and before.alert.sign == alert.sign
            if before is not None and same and _now() - before.at < self._repeat:
                self._log.settle(before, "repeated", at=_now(), detail=f"said again by run {self._run}")
                return
            self._queue(self._log.raise_alert(alert, run=self._run, at=_now()))

    def close(self) -> None:
        """Wait a little for what is not sent; the rest is in the log as unsent, for the next run."""
        if self._thread is None:
            return
        with self._changed:
            self._over = time.monotonic() + GRACE_SECONDS
            self._changed.notify_all()
        self._thread.join(GRACE_SECONDS + 0.5)
        with self._changed:
            while self._todo:
                self._log.settle(self._todo.popleft(), "unsent", at=_now(), detail="no time was left")

    def _queue(self, entry: Entry) -> None:
        if self._send is None:
            return
        with self._changed:
            self._todo.append(entry)
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._todo:
                    if self._over is not None:
                        return
                    self._changed.wait()
                entry = self._todo[0]
            reply = self._try(entry.alert)
            with self._changed:
                if not self._todo or self._todo[0] is not entry:
                    return  # the end of the run has written it down as unsent
                self._todo.popleft()
                self._log.settle(entry, "sent" if reply.sent else "unsent", at=_now(), detail=reply.detail)

    def _try(self, alert: Alert) -> Reply:
        assert self._send is not None
        pause = _FIRST_PAUSE
        for attempt in range(1, ATTEMPTS + 1):
            reply = self._send(alert, min(ATTEMPT_SECONDS, self._left()))
            if reply.sent or not reply.may_retry or attempt == ATTEMPTS:
                break
            wait = reply.wait if reply.wait is not None else pause
            if wait >= self._left():
                break
            self._sleep(wait)
            pause *= 2
            if self._left() <= 0:
                break
        return reply

    def _left(self) -> float:
        """Return the seconds that are left; before the end of the run there is no limit worth naming."""
        return 3600.0 if self._over is None else max(0.0, self._over - time.monotonic())

    def _sleep(self, seconds: float) -> None:
        """Wait, but not beyond the end of the run."""
        until = time.monotonic() + seconds
        with self._changed:
            while (left := until - time.monotonic()) > 0 and self._left() > 0:
                self._changed.wait(min(left, self._left()))


def _now() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)
