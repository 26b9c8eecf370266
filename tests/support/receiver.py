"""A webhook's receiver on loopback, over real HTTP, that answers as told and keeps what it got."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Step = tuple[int, dict[str, str]] | float  # a status with headers, or seconds without a word


@dataclass
class Receiver:
    """Answers by `plan`, then with 200. Each message is kept with the moment of its arrival (`time.monotonic`)."""

    url: str = ""
    plan: list[Step] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)  # what each message said of who sends it
    moments: list[float] = field(default_factory=list)


@contextmanager
def receiving(plan: Sequence[Step] = ()) -> Iterator[Receiver]:
    """Serve until the block ends."""
    receiver = Receiver(plan=list(plan))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.texts.append(body.get("text", ""))
            receiver.bodies.append(body)
            receiver.keys.append(self.headers.get("Authorization"))
            receiver.moments.append(time.monotonic())
            step = receiver.plan.pop(0) if receiver.plan else (200, {})
            if isinstance(step, float):
                time.sleep(step)
                return
            self.send_response(step[0])
            for name, value in step[1].items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/services/T0/B0/s3cr3t"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
