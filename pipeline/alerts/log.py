"""Write down every alert and what became of it, one JSON line each; nothing is ever rewritten.

An alert is in the log before anything is sent, so that no failure of the receiver can lose it. A line of a run that
died in the middle of writing is skipped.
Layer: pipeline. Imports core and the model.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from datatrust.core.jsonio import dumps
from pipeline.alerts.model import Alert, State

FILE = "alerts.jsonl"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the log. The lines of one alert share its `number`; `detail` says why it was not sent."""

    number: int
    state: State
    at: dt.datetime
    run: int
    alert: Alert
    detail: str = ""


class AlertLog:
    """The log of one project, `alerts.jsonl` in its folder of logs."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._entries = list(_read(self._file))
        self._number = max((entry.number for entry in self._entries), default=0)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return all lines, oldest first."""
        return tuple(self._entries)

    def raise_alert(self, alert: Alert, *, run: int, at: dt.datetime, state: State = "raised") -> Entry:
        """Write down a new alert; return its line."""
        self._number += 1
        entry = Entry(number=self._number, state=state, at=at, run=run, alert=alert)
        self._write(entry)
        return entry

    def settle(self, entry: Entry, state: State, *, at: dt.datetime, detail: str = "") -> None:
        """Write down what became of an alert."""
        self._write(
            Entry(number=entry.number, state=state, at=at, run=entry.run, alert=entry.alert, detail=detail)
        )

    def open_alert(self, about: tuple[str, str]) -> Entry | None:
        """Return the last alert of this kind and subject, unless all has been well again since."""
        said = [e for e in self._entries if e.alert.about == about and e.state in ("raised", "recovered")]
        return said[-1] if said and said[-1].state == "raised" else None

    def state_of(self, entry: Entry) -> State:
        """Return what became of an alert."""
        return self._last()[entry.number].state

    def unsent(self, *, since: dt.datetime) -> tuple[Entry, ...]:
        """Return what was tried in vain since a moment and is not sent yet."""
        return tuple(e for e in self._last().values() if e.state == "unsent" and e.at >= since)

    def _last(self) -> dict[int, Entry]:
        """Return each alert's last line; that it was said again changes nothing for it."""
        return {entry.number: entry for entry in self._entries if entry.state != "repeated"}

    def _write(self, entry: Entry) -> None:
        self._entries.append(entry)
        with suppress(OSError):  # a full disk is worth an alert too: it is sent all the same
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(dumps(entry) + "\n")


def _read(file: Path) -> Iterator[Entry]:
    if not file.is_file():
        return
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            found = json.loads(line)
            alert = Alert(**found.pop("alert"))
            yield Entry(**{**found, "at": dt.datetime.fromisoformat(found["at"])}, alert=alert)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
