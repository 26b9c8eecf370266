"""An OpenAI-compatible server on loopback that replies as a script says: real HTTP for the language-model planner."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from datatrust.core.jsonio import to_plain
from semantic.query import Filter, MetricQuery

EMPTY: dict[str, Any] = {
    "understood": False, "metrics": [], "group_by": [], "where": [], "having": [], "start": None, "end": None,
    "calendar": None, "compare": None, "share_of_total": False, "running_total": False, "top": None, "top_per": None,
    "direction": None, "ranked_by": None, "currency": None,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Raw:
    """A reply that is no well-formed completion: a status, a body as it stands, seconds to wait before it."""

    status: int = 200
    body: bytes = b""
    wait: float = 0.0
    drip: bool = False  # a byte now and then, so that no single read takes long


@dataclass
class ModelServer:
    """What was asked of the server, and what it replies. `reply` takes the request's JSON and the question in it."""

    reply: Callable[[dict[str, Any], str], Mapping[str, Any] | str | Raw]
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def said(self) -> str:
        """Everything that was ever sent to it."""
        return json.dumps([self.requests, self.headers], ensure_ascii=False)


def question_of(request: Mapping[str, Any]) -> str:
    """The question of a request, as the planner's prompt holds it."""
    return str(json.loads(request["messages"][1]["content"])["question"])


def filled(query: MetricQuery) -> dict[str, Any]:
    """The form filled so that it gives `query`."""
    order = query.order_by[0] if query.order_by else ""

    def condition(each: Filter) -> dict[str, Any]:
        return {"field": each.field, "op": each.op, "values": [str(to_plain(v)) for v in each.values]}

    return EMPTY | {
        "understood": True,
        "metrics": list(query.metrics),
        "group_by": list(query.group_by),
        "where": [condition(each) for each in query.where],
        "having": [condition(each) for each in query.having],
        "start": to_plain(query.time.start) if query.time else None,
        "end": to_plain(query.time.end) if query.time else None,
        "calendar": query.time.calendar if query.time else None,
        "compare": query.compare.to if query.compare else None,
        "share_of_total": query.share_of == "total",
        "running_total": query.running,
        "top": query.top.n if query.top else None,
        "top_per": query.top.per if query.top else None,
        "direction": ("highest" if order.startswith("-") else "lowest") if order else None,
        "ranked_by": change if (change := order.partition("__")[2]) in ("difference", "percent") else None,
        "currency": query.currency,
    }


def completion(content: str) -> bytes:
    """A well-formed chat completion with this content."""
    usage = {"prompt_tokens": 1_000, "completion_tokens": 50, "total_tokens": 1_050}
    message = {"role": "assistant", "content": content}
    return json.dumps(
        {"id": "c1", "object": "chat.completion", "created": 1, "model": "scripted", "usage": usage,
         "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
    ).encode()  # fmt: skip


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler], state: ModelServer) -> Iterator[None]:
    """Run a server on a free port, whose address goes to `state`, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def serve_model(
    reply: Callable[[dict[str, Any], str], Mapping[str, Any] | str | Raw],
) -> Iterator[ModelServer]:
    """Run the server until the block ends; a mapping or text becomes the content of a completion."""
    state = ModelServer(reply)
    stopping = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.requests.append(request)
            state.headers.append(dict(self.headers.items()))
            told = state.reply(request, question_of(request))
            if not isinstance(told, Raw):
                told = Raw(body=completion(told if isinstance(told, str) else json.dumps(told)))
            stopping.wait(told.wait)
            try:
                self.send_response(told.status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(told.body)))
                self.end_headers()
                if told.drip:
                    for place in range(len(told.body)):
                        if stopping.wait(0.05):
                            break
                        self.wfile.write(told.body[place : place + 1])
                        self.wfile.flush()
                else:
                    self.wfile.write(told.body)
            except OSError:
                self.close_connection = True  # the planner has gone on without it

        def log_message(self, *_: object) -> None:
            pass

    with _serving(Handler, state):
        try:
            yield state
        finally:
            stopping.set()


@contextmanager
def serve_vectors(reply: Callable[[list[str]], bytes | Raw]) -> Iterator[ModelServer]:
    """Run a server of embeddings until the block ends; `reply` takes the texts and gives the body."""
    state = ModelServer(lambda *_: "")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.requests.append(request)
            state.headers.append({**dict(self.headers.items()), "path": self.path})
            told = reply(request["input"])
            raw = told if isinstance(told, Raw) else Raw(body=told)
            threading.Event().wait(raw.wait)
            try:
                self.send_response(raw.status)
                if raw.status == 302:
                    self.send_header("location", raw.body.decode())
                self.send_header("content-length", str(len(raw.body)))
                self.end_headers()
                self.wfile.write(raw.body)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    with _serving(Handler, state):
        yield state
