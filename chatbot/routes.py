"""The server's own routes: health, REST under /api/v1, links to answers, and downloads for who asked.

A fault is answered in words with a reference to the log; a stack trace never leaves the server.
Layer: chatbot. Imports FastAPI; imported by the server.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError

from chatbot.desk import Desk, not_theirs_now
from chatbot.export import ExportStore
from chatbot.faults import Fault, fault_of
from chatbot.figures import may_read
from chatbot.forms import AskBody, SignBody
from chatbot.history import MAX_WORDS, MOST_SHOWN
from chatbot.listing import list_metrics
from chatbot.ui.guard import owner_of
from chatbot.ui.render import render
from datatrust import __version__
from datatrust.core.jsonio import dumps
from semantic.query_form import QueryForm

_OTHER_STATUSES: dict[int | str, str] = {
    400: "It cannot be done as asked; `issues` says why",
    401: "Sign in first (a server with sign-in)",
    403: "The asker's rights do not allow it",
    404: "There is none, or none that is the asker's",
    409: "It ran and the outcome is bad: nothing was signed",
    410: "The release of this answer is gone",
    413: "The request is too large",
    429: "The asker must wait; `Retry-After` says how long",
    503: "No number can be given just now",
}
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def make_routes(desk: Desk, exports: ExportStore) -> APIRouter:
    """Return the routes over one desk and one store of exports."""
    router = APIRouter(responses={status: {"description": told} for status, told in _OTHER_STATUSES.items()})

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

    @router.get("/readyz")
    def readyz() -> Response:
        """Whether answers can be given just now; what keeps them is named."""
        missing = desk.unready()
        status = {"status": "not ready" if missing else "ready", "missing": missing}
        return json_response(status, 503 if missing else 200)

    @router.get("/metrics", include_in_schema=False)
    def figures(request: Request) -> Response:
        """The server's own figures for Prometheus: to this machine, or to who has their token."""
        if desk.figures is None or not may_read(
            request.client.host if request.client else "", request.headers
        ):
            return json_response(
                {"error": "these figures are for this machine, or for who has their token"}, 403
            )
        text = desk.figures.text(desk.agent.layer.release_id)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    @router.get("/api/v1/history")
    def history(
        request: Request,
        words: Annotated[str, Query(max_length=MAX_WORDS)] = "",
        limit: Annotated[int, Query(ge=1, le=MOST_SHOWN)] = 50,
    ) -> Response:
        """What the person asked who signed in, the newest first: only what holds each of some words."""

        def found() -> list[dict[str, Any]]:
            person = desk.viewer_of(request.scope).user
            return (
                [] if person is None else [e.to_json() for e in desk.history.find(person, words, limit=limit)]
            )

        return answered(found)

    @router.get("/api/v1/answers/{answer_id}")
    def again(answer_id: str, request: Request) -> Response:
        """An earlier answer, computed again on the current release under the asker's rights of this moment."""

        def computed() -> dict[str, Any]:
            viewer = desk.viewer_of(request.scope)
            if desk.opened(answer_id, viewer=viewer)[2]:
                raise not_theirs_now()
            return desk.again(answer_id, channel="rest", viewer=viewer).to_json()

        return answered(computed)

    @router.post("/api/v1/answers/{answer_id}/share")
    def share(answer_id: str, request: Request) -> Response:
        """Let others open an answer by its link; each sees what their own role may see of it."""
        return answered(lambda: {"link": desk.share(answer_id, viewer=desk.viewer_of(request.scope))})

    @router.get("/a/{answer_id}", include_in_schema=False)
    def permalink(answer_id: str, request: Request) -> Response:
        """The page of one answer; what is shown there is computed when it is opened, never kept."""
        try:
            viewer = desk.viewer_of(request.scope)
            if desk.opened(answer_id, viewer=viewer)[2]:
                raise not_theirs_now()
        except Exception as error:  # words for the reader, the trace for the log
            fault = fault_of(error)
            told = fault.issues[0]["message"] if fault.status in (400, 403) and fault.issues else fault.error
            page = render("notice.html", title=desk.project.title, status=fault.status, told=told)
            return Response(
                page, status_code=fault.status, media_type="text/html", headers={"cache-control": "no-store"}
            )
        return Response(
            status_code=303, headers={"location": f"/?answer={answer_id}", "cache-control": "no-store"}
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
            return fault_response(fault_of(error))
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
    def export(
        key: str, request: Request, form: Annotated[Literal["csv", "xlsx"], Query(alias="as")] = "csv"
    ) -> Response:
        """An answer's rows as CSV or as a workbook, for the browser session or the person that asked."""
        found = exports.find(key, owner=owner_of(request.scope, request.cookies))
        if found is None:
            raise HTTPException(404, "There is no such download for you. Ask the question again.")
        is_csv = form == "csv"
        return Response(
            found.csv() if is_csv else found.xlsx(),
            media_type="text/csv; charset=utf-8" if is_csv else WORKBOOK,
            headers={
                "content-disposition": f'attachment; filename="{found.name if is_csv else found.name.removesuffix(".csv") + ".xlsx"}"',
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
        return fault_response(fault_of(error))


def fault_response(fault: Fault) -> Response:
    """Return what went wrong as JSON, and when to try again."""
    reply = json_response(fault.to_json(), fault.status)
    if fault.retry_after:
        reply.headers["retry-after"] = str(fault.retry_after)
    return reply


def json_response(value: Any, status: int = 200) -> Response:
    """Return `value` as JSON with every digit kept."""
    return Response(dumps(value), status_code=status, media_type="application/json")
