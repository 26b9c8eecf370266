"""The pages of the sign-in: name and password, the company's own sign-in, and the way out.

A form counts only with the secret that this browser was given with it. Every wrong sign-in is told in the same words.
No name that nobody has, no password and no secret comes into a log.
Layer: chatbot. Imports FastAPI and the templates.
"""

from __future__ import annotations

import hmac
import logging
import re
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from chatbot.signin.gate import SIGN_IN
from chatbot.signin.oidc import ProviderFault
from chatbot.signin.people import PeopleUnavailable, Person
from chatbot.signin.reception import (
    COOKIE,
    FORM_COOKIE,
    FORM_SECONDS,
    PROVIDER_COOKIE,
    Asker,
    Reception,
    asker_of,
    new_secret,
)
from chatbot.ui.render import render
from datatrust.core.errors import UserError

LOG = logging.getLogger("datatrust.sign_in")
WRONG = "Name or password is wrong."
MAX_FORM = 8_000  # bytes
_PROVIDER = f"{SIGN_IN}/provider"
_OUR_PAGE = re.compile(r"/(?:a/[0-9a-z]{1,64})?(?:\?[A-Za-z0-9_=&%.~-]*)?\Z")


def make_sign_in_routes(reception: Reception) -> APIRouter:
    """Return the routes of the sign-in; the gate lets them pass."""
    router = APIRouter(include_in_schema=False)
    desk = _SignInPages(reception)
    router.add_api_route(SIGN_IN, desk.show, methods=["GET"], response_model=None)
    router.add_api_route(SIGN_IN, desk.enter, methods=["POST"], response_model=None)
    router.add_api_route("/sign-out", desk.leave, methods=["POST"], response_model=None)
    if reception.provider is not None:
        router.add_api_route(_PROVIDER, desk.go_to_provider, methods=["GET"], response_model=None)
        router.add_api_route(f"{_PROVIDER}/back", desk.come_back, methods=["GET"], response_model=None)
        router.add_api_route(f"{_PROVIDER}/out", desk.come_out, methods=["GET"], response_model=None)
    return router


class _SignInPages:
    """The handlers over one reception."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    def show(self, request: Request) -> Response:
        """The form; who is signed in already goes on."""
        wanted = _safe_page(request.query_params.get("next"))
        if self._reception.asker_of(request.cookies.get(COOKIE)) is not None:
            return _see(wanted)
        left = "out" in request.query_params
        return self._form(request, wanted=wanted, told="You are signed out." if left else "", status=200)

    async def enter(self, request: Request) -> Response:
        """Check a name and a password."""
        fields = await _read_form(request)
        if fields is None:
            return self._form(request, told="That form is too long.", status=413)
        wanted = _safe_page(fields.get("next"))
        name, password = fields.get("name", "").strip(), fields.get("password", "")
        if not self._is_own_form(request, fields):
            return self._form(
                request,
                wanted=wanted,
                name=name,
                told="This page was open for too long. Please sign in again.",
                status=403,
            )
        address = request.client.host if request.client else ""
        throttle = self._reception.throttle
        if seconds := throttle.wait(name, address):
            minutes = -(-seconds // 60)
            return self._form(request,     wanted=wanted, name=name, status=429, headers={"retry-after": str(seconds)},
                told=f"Too many wrong passwords. Try again in {minutes} minute{'s' if minutes > 1 else ''}.",
            )  # fmt: skip
        throttle.note(name, address)  # before the check, so that many at once do not pass the fence
        try:
            person = await run_in_threadpool(self._reception.people.check, name, password)
        except PeopleUnavailable as error:
            LOG.error("%s", error)
            return self._form(
                request, wanted=wanted, name=name, told="The sign-in cannot be used just now.", status=503
            )
        if person is None:
            return self._form(request, wanted=wanted, name=name, told=WRONG, status=401)
        throttle.forget(name, address)
        return self._let_in(person, wanted)

    async def leave(self, request: Request) -> Response:
        """End the session, here, on the server and at the provider; only a page of this session can ask for it.

        The provider is reached by a page of ours: a form of this server may not lead to another one.
        """
        asker, token = asker_of(request.scope), ((await _read_form(request)) or {}).get("token", "")
        if asker is None or asker.session is None or not _same(asker.leave_token, token):
            return self._form(
                request, told="You are still signed in: this was not asked by your own page.", status=403
            )
        self._reception.people.end_session(asker.session)
        there = await run_in_threadpool(self._farewell, asker, request)
        reply = self._onward(there) if there else _see(f"{SIGN_IN}?out")
        reply.headers.append("set-cookie", self._reception.cookie(COOKIE, "", seconds=0))
        reply.headers["clear-site-data"] = '"cache"'
        return reply

    def come_out(self, request: Request) -> Response:
        """Take who signed out at the provider."""
        return _see(f"{SIGN_IN}?out")

    def _farewell(self, asker: Asker, request: Request) -> str | None:
        """Where somebody signs out who came by the provider."""
        provider, session = self._reception.provider, asker.session
        if provider is None or session is None or asker.person.is_local:
            return None
        return provider.end_session(session, back=f"{self._base(request)}{_PROVIDER}/out")

    def _onward(self, address: str) -> Response:
        assert self._reception.provider is not None
        page = render(
            "leaving.html",
            title=self._reception.project.title,
            address=address,
            provider=self._reception.provider.settings.label,
        )
        return HTMLResponse(page, headers={"cache-control": "no-store"})

    def _base(self, request: Request) -> str:
        return self._reception.settings.address or str(request.base_url).rstrip("/")

    def go_to_provider(self, request: Request) -> Response:
        """Send the browser to the company's own sign-in."""
        assert self._reception.provider is not None
        wanted = _safe_page(request.query_params.get("next"))
        try:
            address, state = self._reception.provider.begin(
                redirect=f"{self._base(request)}{_PROVIDER}/back", wanted=wanted
            )
        except ProviderFault as fault:
            return self._form(request, wanted=wanted, told=str(fault), status=503)
        reply = _see(address)
        sealed = self._reception.seal(state)
        reply.headers.append(
            "set-cookie", self._reception.cookie(PROVIDER_COOKIE, sealed, seconds=600, path=_PROVIDER)
        )
        return reply

    def come_back(self, request: Request) -> Response:
        """Take what the company's sign-in says; the state must be the one that this browser was sent away with."""
        assert self._reception.provider is not None
        state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
        mine = self._reception.read(request.cookies.get(PROVIDER_COOKIE), seconds=600)
        if mine is None or not _same(mine, state):
            return self._form(
                request, told="This sign-in was not begun in this browser. Begin again.", status=403
            )
        if not code:
            return self._form(request, told="The sign-in was refused or broken off there.", status=401)
        try:
            vouched = self._reception.provider.finish(state=state, code=code)
            person = self._reception.people.admit(vouched.user, subject=vouched.subject)
        except ProviderFault as fault:
            return self._form(request, told=str(fault), status=401)
        except UserError as error:
            return self._form(request, told=f"Not signed in: {error.issues[0].message}.", status=403)
        return self._let_in(person, vouched.wanted, id_token=vouched.id_token)

    def _let_in(self, person: Person, wanted: str, *, id_token: str | None = None) -> Response:
        LOG.info("%s signed in", person.name)
        reply = _see(wanted)
        reception = self._reception
        reply.headers.append(
            "set-cookie",
            reception.cookie(
                COOKIE,
                reception.sign_in(person, id_token=id_token),
                seconds=reception.settings.hours * 3_600,
            ),
        )
        reply.headers.append("set-cookie", reception.cookie(FORM_COOKIE, "", seconds=0, path=SIGN_IN))
        return reply

    def _is_own_form(self, request: Request, fields: dict[str, str]) -> bool:
        mine = self._reception.read(request.cookies.get(FORM_COOKIE), seconds=FORM_SECONDS)
        return mine is not None and _same(mine, fields.get("token", ""))

    def _form(
        self,
        request: Request,
        *,
        told: str,
        status: int,
        wanted: str = "/",
        name: str = "",
        headers: dict[str, str] | None = None,
    ) -> Response:
        reception = self._reception
        token = reception.read(request.cookies.get(FORM_COOKIE), seconds=FORM_SECONDS / 2) or new_secret()
        page = render(
            "signin.html",
            title=reception.project.title,
            told=told,
            is_fault=status != 200,
            wanted=wanted,
            name=name[:100],
            token=token,
            provider=reception.provider.settings.label if reception.provider else "",
            has_passwords=reception.provider is None or any(p.is_local for p in reception.people.everyone()),
        )
        reply = HTMLResponse(
            page, status_code=status, headers={"cache-control": "no-store", **(headers or {})}
        )
        sealed = reception.seal(token)
        reply.headers.append(
            "set-cookie", reception.cookie(FORM_COOKIE, sealed, seconds=FORM_SECONDS, path=SIGN_IN)
        )
        return reply


async def _read_form(request: Request) -> dict[str, str] | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            return None
    found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    return {name: values[0] for name, values in found.items()}


def _safe_page(wanted: str | None) -> str:
    """Return where to go after the sign-in: a page of this server, else its first one.

    >>> _safe_page("/a/12ab"), _safe_page("//evil.example"), _safe_page(None)
    ('/a/12ab', '/', '/')
    """
    return wanted if wanted and len(wanted) < 500 and _OUR_PAGE.match(wanted) else "/"


def _same(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode("utf-8", "replace"))


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=303, headers={"cache-control": "no-store"})
