"""Whose a tab is: Gradio knows it by a number that its page drew, and whoever named that number would read along.

Layer: chatbot. Keeps the latest tabs in memory.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

from chatbot.signin.reception import asker_of

_GRADIO = "/gradio_api/"
_MOST_KEPT = 20_000
_MAX_NAME = 100


class Tabs:
    """The tabs of one server, each of one person: whose it was first. Safe for many threads."""

    def __init__(self) -> None:
        self._owners: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, scope: Mapping[str, Any], body: bytes | None = None) -> bool:
        """Return whether each tab that a request names, in its address or its body, is the asker's."""
        asker = asker_of(scope)
        if asker is None or not scope["path"].startswith(_GRADIO):
            return True
        named = _in_address(scope) if body is None else _in_body(body)
        return all(self._owner(tab[:_MAX_NAME], asker.name) == asker.name for tab in named)

    def _owner(self, tab: str, person: str) -> str:
        with self._lock:
            owner = self._owners.setdefault(tab, person)
            self._owners.move_to_end(tab)
            while len(self._owners) > _MOST_KEPT:
                self._owners.popitem(last=False)
        return owner


def _in_address(scope: Mapping[str, Any]) -> Iterator[str]:
    yield from parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [])
    for part in ("/heartbeat/", "/stream/"):
        if part in scope["path"]:
            yield scope["path"].partition(part)[2].partition("/")[0]


def _in_body(body: bytes) -> Iterator[str]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return  # Gradio says what is wrong with it
    tab = found.get("session_hash") if isinstance(found, dict) else None
    if isinstance(tab, str) and tab:
        yield tab
