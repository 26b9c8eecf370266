"""Decide what of a run is worth an alert, and when all is well again. Words hold counts, names of sources and rules.

Layer: pipeline. Imports core, the results of ingest, source rules and the sender.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from datatrust.core.errors import OutcomeError
from datatrust.core.settings import Project
from pipeline.alerts.log import AlertLog
from pipeline.alerts.model import Alert, Kind
from pipeline.alerts.sender import AlertSender
from pipeline.alerts.slack import find_webhook, send_to_slack
from pipeline.contracts import SourceSpec
from pipeline.results import IngestResult, SourceResult
from pipeline.source_rules import FRESHNESS, SourceFinding

_SHOWN_REASONS = 5


class RunWatch:
    """Watches one run of a project."""

    def __init__(self, project: Project, *, run: int) -> None:
        self._project = project
        settings = project.config.alerts
        webhook = find_webhook(project.secrets)
        send = partial(send_to_slack, webhook, project=project.title) if webhook is not None else None
        self._limit = settings.quarantined_share
        self._sender = AlertSender(
            AlertLog(project.logs), run=run, send=send, repeat_hours=settings.repeat_hours
        )

    def close(self) -> None:
        """Give what is not sent yet a few seconds."""
        self._sender.close()

    def ingested(self, taken: IngestResult) -> None:
        """Look at what a delivery did to each source; a source without new rows says nothing new."""
        for result in taken.sources:
            stays = "nothing new of it could be taken in, it stays as it was: pipeline status tells why"
            failed = stays if result.failure is not None else None
            self._say("failed source", result.source, failed, _again("its new files are taken in"))
            loaded = [entry for entry in result.files if entry.status == "loaded"]
            rejected = len(result.rejected_files)
            if not loaded and not rejected:
                continue
            files = f"{rejected:,} of {rejected + len(loaded):,} new files cannot be taken in: pipeline status tells why"
            self._say(
                "rejected files", result.source, files if rejected else None, _again("new files are taken in")
            )
            changes = (
                f"{len(result.drift):,} departures of new files from the contract: pipeline plan shows them"
            )
            self._say(
                "drift", result.source, changes if result.drift else None, _again("new files are as agreed")
            )
            if result.rows_read:
                self._say(
                    "quarantine", result.source, self._quarantined(result),
                    _again(f"{result.quarantined:,} of {result.rows_read:,} new rows are quarantined"),
                )  # fmt: skip

    def judged(self, specs: Sequence[SourceSpec], findings: Sequence[SourceFinding]) -> None:
        """Look at how old the sources' newest data is."""
        old = {f.source: f.rule.reason for f in findings if f.rule.kind == FRESHNESS}
        for spec in specs:
            if any(rule.kind == FRESHNESS for rule in spec.source_rules):
                self._say("stale", spec.name, old.get(spec.name), _again("its data is as new as agreed"))

    def failed(self, step: str, error: Exception) -> None:
        """Say that a run ended without a release; the words of the error stay at home, they can hold names of files."""
        kind: Kind = "refused release" if isinstance(error, OutcomeError) else "failed run"
        text = f"the run stopped at the step {step}; the last release still serves. pipeline status tells why"
        self._sender.tell(Alert(kind=kind, subject=self._project.name, text=text, sign=step))

    def published(self, release: str) -> None:
        """Say that a release is out, where the last run did not get that far."""
        for kind in ("refused release", "failed run"):
            self._say(kind, self._project.name, None, f"release {release} is published")

    def _quarantined(self, result: SourceResult) -> str | None:
        share = result.quarantined / result.rows_read
        if share <= self._limit:
            return None
        most = sorted(result.reasons.items(), key=lambda item: (-item[1], item[0]))
        reasons = ", ".join(f"{rule} {count:,}" for rule, count in most[:_SHOWN_REASONS])
        more = f" and {len(most) - _SHOWN_REASONS} more reasons" if len(most) > _SHOWN_REASONS else ""
        return (
            f"{result.quarantined:,} of {result.rows_read:,} new rows ({share:.1%}) are quarantined, "
            f"more than {self._limit:.1%}: {reasons}{more}"
        )

    def _say(self, kind: Kind, subject: str, trouble: str | None, well: str) -> None:
        if trouble is not None:
            self._sender.tell(Alert(kind=kind, subject=subject, text=trouble, sign=trouble))
        elif self._sender.is_open(kind, subject):
            self._sender.tell(Alert(kind=kind, subject=subject, text=well, sign=well, recovered=True))


def _again(words: str) -> str:
    return f"well again: {words}"
