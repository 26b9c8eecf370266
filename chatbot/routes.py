"""The server's own routes: health, REST under /api/v1, and the CSV of an answer for the session that asked.

A fault is answered in words with a reference to the log; a stack trace never leaves the server.
Layer: chatbot. Imports FastAPI; imported by the server.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError

from chatbot.desk import Desk
from chatbot.export import ExportStore
from chatbot.faults import fault_of
from chatbot.forms import AskBody, SignBody
from chatbot.listing import list_metrics
from chatbot.ui.guard import owner_of
from datatrust import __version__
from datatrust.core.jsonio import dumps
from semantic.query_form import QueryForm


def make_routes(desk: Desk, exports: ExportStore) -> APIRouter:
    """Return the routes over one desk and one store of exports."""
    router = APIRouter()

    @router.get("/healthz")
    def healthz() -> Response:
        """Ready: the agent is loaded before the server listens."""
        release = desk.agent.layer.release_id
        return json_response({"status": "ready", "release": release, "version": __version__})

    @router.post("/api/v1/ask")
    def ask(body: AskBody, request: Request) -> Response:
        """Answer one question, as `datatrust ask --json` does."""
        return answered(
            lambda: desk.ask(
                body.question,
                channel="rest",
                viewer=desk.viewer_of(request.scope),
                today=body.today,
                history=tuple(body.history),
            ).to_json()
        )

    @router.post("/api/v1/query")
    def query(body: QueryForm, request: Request) -> Response:
        """Run one metric query, as `datatrust semantic query --json` does; `id` is its place in the answer log."""
        return answered(
            lambda: desk.query_json(body.to_query(), channel="rest", viewer=desk.viewer_of(request.scope))
        )

    @router.post("/api/v1/answers/{answer_id}/replay")
    def replay(answer_id: str, request: Request) -> Response:
        """Run an answer again on its own release, and say whether it is equal."""
        return answered(lambda: desk.replay(answer_id, viewer=desk.viewer_of(request.scope)).to_json())

    @router.post("/api/v1/answers/{answer_id}/sign")
    def sign(answer_id: str, body: SignBody, request: Request) -> Response:
        """Sign an answer: it is run again, its release is kept, a certificate is written."""
        return answered(
            lambda: desk.sign(
                answer_id, comment=body.comment, signer=body.signer, viewer=desk.viewer_of(request.scope)
            ).to_json()
        )

    @router.get("/api/v1/answers/{answer_id}/certificate")
    def certificate(answer_id: str, request: Request) -> Response:
        """The newest certificate of an answer as PDF, for whoever has the rights that it was signed under."""
        try:
            content = desk.certificate(answer_id, viewer=desk.viewer_of(request.scope))
        except Exception as error:  # words for the caller, the trace for the log
            fault = fault_of(error)
            return json_response(fault.to_json(), fault.status)
        return Response(
            content,
            media_type="application/pdf",
            headers={
                "content-disposition": f'attachment; filename="certificate-{answer_id}.pdf"',
                "cache-control": "no-store",
            },
        )

    @router.get("/api/v1/metrics")
    def metrics(request: Request) -> Response:
        """Every metric that may be asked for, with what it means."""
        return answered(lambda: list_metrics(desk.catalog_of(desk.viewer_of(request.scope))))

    @router.get("/export/{key}")
    def export(key: str, request: Request) -> Response:
        """An answer's rows as CSV, for the browser session that asked."""
        found = exports.find(key, owner=owner_of(request.scope, request.cookies))
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


async def refuse_body(_: Request, error: Exception) -> Response:
    """Say what is wrong with a body as FastAPI would, without the values that were sent: some cannot be written back."""
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    detail = [{name: each[name] for name in ("loc", "msg", "type")} for each in found]
    text = json.dumps({"detail": detail}, default=str)
    return Response(text, status_code=422, media_type="application/json")


def answered(work: Callable[[], Any]) -> Response:
    """Return what `work` gives as JSON, or what went wrong with the status that says who can act."""
    try:
        return json_response(work())
    except Exception as error:  # words for the caller, the trace for the log
        fault = fault_of(error)
        return json_response(fault.to_json(), fault.status)


def json_response(value: Any, status: int = 200) -> Response:
    """Return `value` as JSON with every digit kept."""
    return Response(dumps(value), status_code=status, media_type="application/json")
