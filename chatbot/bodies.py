"""Read no more of a request than a question needs: bytes, seconds and depth are bounded before anything parses it.

Layer: chatbot. Pure ASGI.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.faults import Fault
from datatrust.core.jsonio import dumps

MOST_BYTES = 256 * 1024
MOST_DEPTH = 32  # of arrays and objects within one another; a query needs four
SECONDS = 20.0  # until the whole body is there


class Bodies:
    """ASGI middleware over everything that has a body; `own` paths look after theirs.

    `refuse` may say no to a request by its body.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        own: tuple[str, ...] = (),
        refuse: Callable[[Scope, bytes], Response | None] = lambda *_: None,
    ) -> None:
        self.app = app
        self.own = own
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD") or scope["path"] in self.own:
            await self.app(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(read_body(receive), SECONDS)
        except TimeoutError:
            await _told(408, "the request did not come in time")(scope, receive, send)
            return
        if body is None:
            await _told(413, f"a request has at most {MOST_BYTES:,} bytes")(scope, receive, send)
            return
        if scope["path"].startswith("/api/") and _depth(body) > MOST_DEPTH:
            told = f"arrays and objects stand at most {MOST_DEPTH} deep in one another"
            await _told(400, told)(scope, receive, send)
            return
        if (refusal := self.refuse(scope, body)) is not None:
            await refusal(scope, receive, send)
            return
        await self.app(scope, given_again(body, receive), send)


async def read_body(receive: Receive) -> bytes | None:
    """Return the whole body; None where it is longer than one may be, or broken off."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = bytes(message.get("body", b""))
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def given_again(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body that was read already, and then what comes after it."""
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _depth(body: bytes) -> int:
    """Return how deep brackets stand in one another, those of texts aside.

    >>> _depth(b'{"a": [1, "[[[", "\\\\"["]}')
    2
    """
    if body.count(b"[") + body.count(b"{") <= MOST_DEPTH:
        return 0  # cannot be deeper than is allowed
    depth = most = 0
    is_text = is_escaped = False
    for byte in body:
        if is_text:
            if is_escaped:
                is_escaped = False
            elif byte == 0x5C:
                is_escaped = True
            elif byte == 0x22:
                is_text = False
        elif byte == 0x22:
            is_text = True
        elif byte in (0x5B, 0x7B):
            depth += 1
            most = max(most, depth)
        elif byte in (0x5D, 0x7D):
            depth -= 1
    return most


def _told(status: int, error: str) -> Response:
    return Response(
        dumps(Fault(status=status, error=error).to_json()),
        status_code=status,
        media_type="application/json",
        headers={"connection": "close"},
    )
