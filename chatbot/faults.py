"""Say what went wrong to a program that asked: one form for REST and MCP, with the status that says who can act.

What is not the caller's to mend is logged under a reference, and the caller gets the reference alone: no trace, no SQL,
no path.
Layer: chatbot.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from typing import Any

from chatbot.limits import TooMany
from chatbot.log import UnknownAnswer
from datatrust.core.errors import (
    AccessDenied,
    EngineError,
    FilesGone,
    NotRecorded,
    OutcomeError,
    TooLarge,
    UserError,
)

LOG = logging.getLogger("datatrust.chat")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What the caller is told. `status` is HTTP's."""

    status: int
    error: str
    issues: tuple[dict[str, Any], ...] = ()
    reference: str | None = None  # of the log line
    retry_after: int | None = None  # seconds

    def to_json(self) -> dict[str, Any]:
        """Return it as an object, without the keys that are empty."""
        document: dict[str, Any] = {"error": self.error}
        if self.issues:
            document["issues"] = self.issues
        if self.reference:
            document["reference"] = self.reference
        if self.retry_after:
            document["retry_after"] = self.retry_after
        return document


def fault_of(error: Exception) -> Fault:
    """Return what to tell of an error; log those that the caller cannot mend."""
    if isinstance(error, UserError):
        issues = tuple(
            {"code": i.code, "message": i.message, "suggestion": i.suggestion, "hint": i.hint}
            for i in error.issues
        )
        status, told = 400, "the question cannot be answered as asked"
        if isinstance(error, AccessDenied):
            status, told = 403, "your role does not allow this"
        elif isinstance(error, UnknownAnswer):
            status, told = 404, "there is no such answer"
        return Fault(status=status, error=told, issues=issues)
    if isinstance(error, TooMany):
        return Fault(status=429, error=str(error), retry_after=error.seconds)
    if isinstance(error, TooLarge):
        return Fault(status=422, error="a number is too large to be computed exactly, so none is given")
    if isinstance(error, FilesGone):
        return Fault(status=410, error=str(error).splitlines()[0])
    if isinstance(error, OutcomeError):
        return Fault(status=409, error=str(error).splitlines()[0])
    reference = secrets.token_hex(4)
    LOG.error("request failed, reference %s", reference, exc_info=error)
    if isinstance(error, NotRecorded):
        told = "the answer log cannot be used just now, so no number is given"
        return Fault(status=503, error=told, reference=reference)
    if isinstance(error, EngineError):
        told = "the data could not be read just now; no number is given"
        return Fault(status=503, error=told, reference=reference)
    return Fault(status=500, error="something went wrong on the server", reference=reference)
