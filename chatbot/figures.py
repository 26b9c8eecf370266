"""The server's own figures for Prometheus: answers, how long they took, sign-ins, the release. No name, no question.

Layer: chatbot. Imports prometheus-client.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from chatbot.signin.reception import is_loopback

TOKEN = (
    "DATATRUST_METRICS_TOKEN"  # the environment variable of the token that reads the figures from elsewhere
)
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Figures:
    """The figures of one server. Safe for many threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._answers = Counter(
            "datatrust_answers",
            "Answers by door and by what came of them",
            ("channel", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "datatrust_answer_seconds", "Seconds from question to answer", ("channel",), buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self._running = Gauge("datatrust_answers_running", "Questions being answered", registry=self.registry)
        self._refused = Counter(
            "datatrust_requests_refused",
            "Requests refused, by HTTP status",
            ("status",),
            registry=self.registry,
        )
        self._release = Gauge(
            "datatrust_release", "1 for the release that answers", ("release",), registry=self.registry
        )

    def began(self) -> None:
        """Count a question that is being answered."""
        self._running.inc()

    def ended(self, channel: str, status: str, seconds: float) -> None:
        """Count what came of it: answered, clarify, refused, stopped or failed."""
        self._running.dec()
        self._answers.labels(channel, status).inc()
        self._seconds.labels(channel).observe(seconds)

    def refused(self, status: int) -> None:
        """Count a request that got no answer."""
        self._refused.labels(str(status)).inc()

    def text(self, release: str) -> bytes:
        """Return the figures as Prometheus reads them."""
        self._release.clear()
        self._release.labels(release).set(1)
        return generate_latest(self.registry)


def may_read(client: str, headers: Mapping[str, Any]) -> bool:
    """Return whether a request may read the figures: with the token where there is one, else from this machine."""
    token = os.environ.get(TOKEN)
    if not token:
        return is_loopback(client)
    given = str(headers.get("authorization", "")).removeprefix("Bearer ").strip()
    return hmac.compare_digest(token.encode(), given.encode("utf-8", "replace"))
