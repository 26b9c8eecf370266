"""A guarded project behind sign-in, served over real HTTP, and short ways in."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from chatbot.agent import Agent
from chatbot.server import build_app
from chatbot.signin import passwords
from chatbot.signin.people import People
from chatbot.signin.reception import COOKIE, Reception
from datatrust.core.settings import Project
from tests.support.guarded import write_guarded
from tests.support.serving import serving

PASSWORDS = {
    name: f"the long password of {name}" for name in ("akira", "chief", "stranger", "gone", "changed")
}
USERS = "  chief: {roles: [whole]}\n  gone: {roles: [whole]}\n  changed: {roles: [whole]}\n"
SECRETS = (*PASSWORDS.values(), "a wrong password of somebody")
PAGE = {"accept": "text/html,application/xhtml+xml"}


class Server:
    """A server with sign-in, and short ways in."""

    def __init__(self, address: str, project: Project, reception: Reception, app: Any) -> None:
        self.address, self.project, self.reception, self.app = address, project, reception, app
        self.people = reception.people

    def browser(self, name: str | None = None) -> httpx.Client:
        """A browser of its own; one that is signed in where a name is given."""
        if name is None:
            return httpx.Client(base_url=self.address, timeout=30)
        with self.browser() as first:
            assert enter(first, name, PASSWORDS[name]).status_code == 303
            return httpx.Client(base_url=self.address, timeout=30, cookies=first.cookies)

    def program(self, name: str) -> httpx.Client:
        """A program with a token."""
        secret, _ = self.people.make_token(name, days=1)
        return httpx.Client(base_url=self.address, timeout=30, headers={"authorization": f"Bearer {secret}"})


@contextlib.contextmanager
def signed_in_server(folder: Path) -> Iterator[Server]:
    """Serve the guarded company to its persons."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        patch.setattr(passwords, "_nobody", [])
        project = write_guarded(folder)
        with project.access_policy.open("a") as file:
            file.write(USERS)
        people = People.of(project)
        for name, password in PASSWORDS.items():
            people.add(name, password)
        reception = Reception.of(project)
        assert reception is not None
        app = build_app(Agent.open(project), project, reception=reception)
        with serving(app) as address:
            yield Server(address, project, reception, app)


def form_token(client: httpx.Client, wanted: str = "/") -> str:
    found = re.search(r'name="token" value="([^"]+)"', client.get("/sign-in", params={"next": wanted}).text)
    assert found
    return found[1]


def enter(client: httpx.Client, name: str, password: str, **fields: str) -> httpx.Response:
    form = {
        "token": fields.pop("token", None) or form_token(client),
        "name": name,
        "password": password,
        "next": "/",
    }
    return client.post("/sign-in", data={**form, **fields})


def leave_token(client: httpx.Client, server: Server) -> str:
    asker = server.reception.asker_of(client.cookies[COOKIE])
    assert asker is not None
    return asker.leave_token


def chat(client: httpx.Client, question: str, tab: str = "") -> str:
    """Ask on the page as its own script does, and return what the server streamed back."""
    tab = tab or f"tab{abs(hash((question, client.cookies[COOKIE])))}"
    config = client.get("/config").json()
    ask = next(d for d in config["dependencies"] if d["api_name"] == "ask_typed")
    body = {
        "data": [question, None],
        "fn_index": ask["id"],
        "session_hash": tab,
        "trigger_id": ask["targets"][0][0],
    }
    joined = client.post("/gradio_api/queue/join", json=body)
    assert joined.status_code == 200, joined.text
    found = []
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": tab}) as stream:
        assert stream.status_code == 200
        for line in stream.iter_lines():
            found.append(line)
            if '"close_stream"' in line:
                break
    return "\n".join(found)
