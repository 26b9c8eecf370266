"""Send one message to a Slack incoming webhook.

The webhook's address is a secret: it comes from the environment or a file that only the owner reads, and no error
that is worded here holds it.
Layer: pipeline. Imports slack_sdk where a message is sent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datatrust.core.secrets import find_secret
from pipeline.alerts.model import Alert

VARIABLE = "DATATRUST_SLACK_WEBHOOK"
SECRET = "slack_webhook"  # the file in the project's secrets
_MARKS = {  # at the start of a message, so that a channel can be skimmed
    "quarantine": ":warning:", "rejected files": ":warning:", "drift": ":warning:", "stale": ":hourglass:",
    "failed source": ":x:", "refused release": ":no_entry:", "failed run": ":x:",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came of one attempt; `wait` is how many seconds the receiver asks us to stay away."""

    sent: bool
    detail: str = ""
    may_retry: bool = False
    wait: float | None = None


def find_webhook(secrets: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the webhook's address, or None where alerts go to the log alone."""
    return find_secret(secrets, variable=VARIABLE, file=SECRET, environment=environment)


def send_to_slack(webhook: str, alert: Alert, timeout: float, *, project: str) -> Reply:
    """Try once, for at most `timeout` seconds; nothing is raised."""
    from slack_sdk.webhook import WebhookClient

    try:
        client = WebhookClient(webhook, timeout=max(1, round(timeout)), retry_handlers=[])
        response = client.send(text=message_of(alert, project=project), unfurl_links=False)
    except Exception as error:  # whatever it is, it may neither stop a run nor show the address
        return Reply(sent=False, detail=_worded(error), may_retry=isinstance(error, OSError))
    if response.status_code == 200:
        return Reply(sent=True)
    busy = response.status_code == 429
    return Reply(
        sent=False,
        detail=f"HTTP {response.status_code}",
        may_retry=busy or response.status_code >= 500,
        wait=_seconds(response.headers) if busy else None,
    )


def message_of(alert: Alert, *, project: str) -> str:
    """Return the message in Slack's markup; nothing in it can become a link, a mention or markup of its own."""
    mark = ":white_check_mark:" if alert.recovered else _MARKS[alert.kind]
    title = f"{project}: {alert.kind}, {alert.subject}" + (", recovered" if alert.recovered else "")
    return f"{mark} *{_escaped(title)}*\n{_escaped(alert.text)}"


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([*_~`])", "\\1\u200b", text)


def _seconds(headers: Mapping[str, str]) -> float | None:
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    try:
        return max(0.0, float(said)) if said is not None else None
    except ValueError:
        return None


def _worded(error: Exception) -> str:
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    return "no connection" if isinstance(error, OSError) else f"an unexpected {type(error).__name__}"
