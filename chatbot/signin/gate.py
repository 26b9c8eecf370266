"""Stand before every request of a server with sign-in: nobody passes whom it does not know.

Open are the sign-in's own pages and files, health and readiness; the server's figures have a rule of their own. A
browser is sent to sign in, a program is told with 401. What a session asks to change must come from a page of this
server. Nothing is passed by default: a route that is added later is behind the gate.
Pure ASGI, so that streamed answers are not held back.
Layer: chatbot. Imports Starlette.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.faults import Fault
from chatbot.signin.people import PeopleUnavailable
from chatbot.signin.reception import ASKER, COOKIE, Asker, Reception
from chatbot.signin.tabs import Tabs
from datatrust.core.jsonio import dumps

SIGN_IN = "/sign-in"
OPEN = frozenset(
    (
        SIGN_IN,
        f"{SIGN_IN}/provider",
        f"{SIGN_IN}/provider/back",
        f"{SIGN_IN}/provider/out",
        "/healthz",
        "/readyz",
        "/metrics",  # who may read it is said there
        "/ui/signin.css",
        "/ui/logo.svg",
        "/ui/inter-latin.woff2",
        "/ui/inter-latin-ext.woff2",
    )
)
PROGRAMS = ("/api/", "/mcp")
_SAFE = ("GET", "HEAD", "OPTIONS")


class Gate:
    """ASGI middleware: names who asks in the scope, or refuses."""

    def __init__(self, app: ASGIApp, *, reception: Reception, tabs: Tabs | None = None) -> None:
        self.app = app
        self.reception = reception
        self.tabs = tabs or Tabs()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # the server has none
            return
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        try:
            asker = self._asker(request)
        except PeopleUnavailable:
            await _told(503, "the sign-in cannot be used just now")(scope, receive, send)
            return
        if asker is None:
            await self._refuse(request)(scope, receive, send)
            return
        if asker.session is not None and request.method not in _SAFE and _is_foreign(request):
            await _told(403, "this was not asked by a page of this server")(scope, receive, send)
            return
        named = {**scope, ASKER: asker}
        if not self.tabs.allows(named):
            await no_such_tab()(scope, receive, send)
            return
        await self.app(named, receive, send)

    def _asker(self, request: Request) -> Asker | None:
        given = request.headers.get("authorization")
        if given is not None:  # whoever brings a token is nobody else by a cookie
            kind, _, token = given.partition(" ")
            return self.reception.asker_with(token.strip()) if kind.lower() == "bearer" else None
        return self.reception.asker_of(request.cookies.get(COOKIE))

    def _refuse(self, request: Request) -> Response:
        path = request.url.path
        is_page = request.method in _SAFE and "text/html" in request.headers.get("accept", "")
        if is_page and not path.startswith(PROGRAMS) and "authorization" not in request.headers:
            wanted = path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"{SIGN_IN}?next={quote(wanted, safe='')}", status_code=303)
        return _told(401, "sign in first: this needs a session, or a token that has not expired")


def _is_foreign(request: Request) -> bool:
    """Whether a page of another server asks: browsers say where a request comes from."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:  # the origin of our own forms is "null", for our pages tell no referrer
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()


def no_such_tab() -> Response:
    """Return what is said of a tab that is another person's."""
    return _told(404, "there is no such tab")


def _told(status: int, error: str) -> Response:
    headers = {"cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(
        dumps(Fault(status=status, error=error).to_json()),
        status_code=status,
        media_type="application/json",
        headers=headers,
    )
