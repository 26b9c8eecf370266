"""Stand before every request: who may speak to this server, what a page may load, whose browser session it is.

A page that names another host (DNS rebinding) is refused. The content security policy lets the page reach this server
only, so that no question and no number leaves the machine. Each browser gets an unguessable session cookie.
Pure ASGI, so that streamed answers are not held back.
Layer: chatbot. Imports Starlette and the sign-in.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.signin.reception import asker_of

COOKIE = "datatrust_session"
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio compiles its HTML templates in the page
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}

# Gradio's page describes Gradio to crawlers and asks for files that this server does not have.
_FOREIGN_TAGS = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>|<link rel="manifest"[^>]*>', re.S)


class Guard:
    """ASGI middleware; `head` is put into the page's head, before Gradio's own styles apply."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str], head: str) -> None:
        self.app = app
        self.hosts = LOOPBACK_NAMES | {host.lower() for host in hosts}
        self.head = head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        if _host_name(request.headers.get("host", "")) not in self.hosts:
            refusal = PlainTextResponse("This server answers to its own address only.", status_code=421)
            await refusal(scope, receive, send)
            return
        if scope["path"] == "/" and scope["method"] == "GET":
            await self._send_page(request, scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_guarded)

    async def _send_page(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """The one page is small: hold it back, set its head, name the session."""
        start: Message | None = None
        chunks: list[bytes] = []

        async def send_dressed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body" or start is None:
                await send(message)
                return
            chunks.append(message.get("body", b""))
            if message.get("more_body"):
                return
            headers = MutableHeaders(scope=start)
            body = b"".join(chunks)
            if headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers:
                page = _FOREIGN_TAGS.sub("", body.decode("utf-8"))
                body = page.replace("</head>", self.head + "</head>", 1).encode("utf-8")
                headers["content-length"] = str(len(body))
            headers.update(HEADERS)
            headers["cache-control"] = "no-store"
            if not request.cookies.get(COOKIE):
                headers.append(
                    "set-cookie", f"{COOKIE}={secrets.token_urlsafe(32)}; Path=/; HttpOnly; SameSite=Lax"
                )
            await send(start)
            await send({"type": "http.response.body", "body": body})

        plain = [(key, value) for key, value in scope["headers"] if key != b"accept-encoding"]
        await self.app({**scope, "headers": plain}, receive, send_dressed)


def owner_of(scope: Mapping[str, Any], cookies: Mapping[str, str]) -> str | None:
    """Return whose the exports of a request are: the person's who signed in, else the browser session's."""
    asker = asker_of(scope)
    return cookies.get(COOKIE) if asker is None else f"person {asker.name}"


def _host_name(host: str) -> str:
    """Return a Host header without its port.

    >>> _host_name("127.0.0.1:7860"), _host_name("[::1]:7860")
    ('127.0.0.1', '[::1]')
    """
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()
