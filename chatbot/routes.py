"""The server's own routes: health, REST under /api/v1, and the CSV of an answer for the session that asked.

A fault is answered in words with a reference to the log; a stack trace never leaves the server.
Layer: chatbot. Imports FastAPI; imported by the server.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from chatbot.export import ExportStore
from chatbot.ui.guard import COOKIE
from datatrust import __version__
from datatrust.core.errors import UserError
from datatrust.core.jsonio import dumps
from semantic.query import EVERYONE

LOG = logging.getLogger("datatrust.chat")
MAX_QUESTION = 20_000  # characters that REST takes; the planner has its own, smaller limit


class AskBody(BaseModel):
    """One question; `today` is the day that relative dates count from, `history` the questions before, oldest first."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(max_length=MAX_QUESTION)
    today: dt.date | None = None
    history: list[str] = Field(default_factory=list, max_length=50)


def make_routes(agent: Any, exports: ExportStore) -> APIRouter:
    """Return the routes over one agent and one store of exports."""
    router = APIRouter()

    @router.get("/healthz")
    def healthz() -> Response:
        """Ready: the agent is loaded before the server listens."""
        return json_response({"status": "ready", "release": agent.layer.release_id, "version": __version__})

    @router.post("/api/v1/ask")
    def ask(body: AskBody) -> Response:
        """Answer one question, as `datatrust ask --json` does."""
        try:
            answer = agent.ask(body.question, viewer=EVERYONE, today=body.today, history=tuple(body.history))
            return json_response(answer.to_json())
        except UserError as error:
            issues = [
                {"code": i.code, "message": i.message, "suggestion": i.suggestion, "hint": i.hint}
                for i in error.issues
            ]
            return json_response({"error": "the question cannot be answered as asked", "issues": issues}, 400)
        except Exception:  # words for the caller, the trace for the log
            reference = secrets.token_hex(4)
            LOG.exception("question failed, reference %s", reference)
            return json_response({"error": "something went wrong on the server", "reference": reference}, 500)

    @router.get("/api/v1/metrics")
    def metrics() -> Response:
        """Every metric that may be asked for, with what it means."""
        return json_response(
            [
                {
                    "name": metric.name, "label": metric.label, "description": metric.description,
                    "synonyms": metric.synonyms, "unit": metric.unit, "currency": metric.currency,
                    "owner": metric.owner, "certified": metric.certified_by is not None,
                }
                for metric in agent.layer.catalog.metrics.values()
            ]
        )  # fmt: skip

    @router.get("/export/{key}")
    def export(key: str, request: Request) -> Response:
        """An answer's rows as CSV, for the browser session that asked."""
        found = exports.find(key, owner=request.cookies.get(COOKIE))
        if found is None:
            raise HTTPException(404, "There is no such download for you. Ask the question again.")
        return Response(
            found.csv(),
            media_type="text/csv; charset=utf-8",
            headers={
                "content-disposition": f'attachment; filename="{found.name}"',
                "cache-control": "no-store",
            },
        )

    return router


def json_response(value: Any, status: int = 200) -> Response:
    """Return `value` as JSON with every digit kept."""
    return Response(dumps(value), status_code=status, media_type="application/json")
