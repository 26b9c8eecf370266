"""Serve the chat page, its exports, REST and MCP from one process.

Without sign-in the server binds to loopback only; another address is refused. With it nothing is reached but by who
signed in. It listens once the agent is loaded, so
that whoever reaches it gets answers.
Layer: chatbot. Imports FastAPI and Gradio, lazily, beside the agent's own start.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from chatbot.signin.reception import Reception, is_loopback
from datatrust import __version__
from datatrust.core.errors import AccessDenied, UserError
from datatrust.core.issues import Issue
from datatrust.core.settings import Project
from semantic.access import load_policy, load_viewer
from semantic.query import EVERYONE, Viewer

STOP_SECONDS = 3

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read while gradio is imported
os.environ.setdefault("GRADIO_TELEMETRY_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")


def serve(project: Project, *, host: str = "127.0.0.1", port: int = 7860, role: str | None = None) -> None:
    """Load the agent of `project` and answer at `host`:`port` until stopped.

    Args:
        role: whose rights everyone has who reaches a server without sign-in; the access policy's `cli_default`
            where None.

    Raises:
        UserError: the address is not loopback, the port is taken, the project cannot be asked, or it has an access
            policy that lets nobody in without a role.
    """
    reception = Reception.of(project)
    check_host(host, reception)
    if reception is not None and role is not None:
        raise UserError(
            Issue(code="DT330", message="--role: with sign-in each person has the rights of their own roles")
        )

    def viewer() -> Viewer:
        return load_viewer(project, role)  # for each request: a policy that changes holds at once

    if reception is None:
        viewer()
    elif project.access_policy.exists():
        load_policy(project)  # its faults are told now, not to each person
    listener = _bind(host, port)
    try:
        importing = threading.Thread(
            target=_import_page, daemon=True
        )  # takes seconds; the agent's start does too
        importing.start()
        from chatbot.agent import Agent
        from chatbot.pickup import Pickup, mark_of

        known = mark_of(project)
        agent = Agent.open(project)
        importing.join()
        import uvicorn

        app = build_app(agent, project, viewer, reception=reception)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=STOP_SECONDS,
            server_header=False,
        )
        shown = f"[{host}]" if ":" in host else host
        sys.stderr.write(f"{project.title}: http://{shown}:{listener.getsockname()[1]}  (stop with Ctrl+C)\n")
        for line in _warnings(host, reception):
            sys.stderr.write(f"  {line}\n")
        sys.stderr.flush()
        signal.signal(
            signal.SIGTERM, _stop
        )  # so that what follows is done, and answers that run are finished
        pickup = Pickup(app.state.desk, lambda: Agent.open(project), known=known)
        pickup.start()
        try:
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            pickup.stop()
            app.state.desk.close()
    finally:
        listener.close()


def build_app(
    agent: Any,
    project: Project,
    viewer: Callable[[], Viewer] = lambda: EVERYONE,
    *,
    reception: Reception | None = None,
) -> Any:
    """Return the FastAPI application: the page at /, exports, /api/v1, /mcp, /healthz.

    Args:
        agent: an opened agent: `ask`, `starters` and `layer`.
        project: names the title, and holds the answer log.
        viewer: says who asks a server without sign-in, for each request anew.
        reception: the sign-in; None lets everyone in who reaches the server.
    """
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.exceptions import RequestValidationError
    from fastapi.staticfiles import StaticFiles

    from chatbot.bodies import Bodies
    from chatbot.desk import Desk
    from chatbot.export import ExportStore
    from chatbot.figures import Figures
    from chatbot.limits import Limits
    from chatbot.mcp_server import PATH as MCP_PATH
    from chatbot.mcp_server import McpServer
    from chatbot.routes import make_routes, refuse_body
    from chatbot.signin.gate import Gate, no_such_tab
    from chatbot.signin.pages import make_sign_in_routes
    from chatbot.signin.tabs import Tabs
    from chatbot.ui.guard import Guard
    from chatbot.ui.page import Page
    from chatbot.ui.render import STATIC, page_head
    from chatbot.ui.theme import make_theme

    hosts = reception.hosts if reception is not None else ()
    limits, who = None, viewer
    if reception is not None:
        asked = reception.settings
        limits = Limits(a_minute=asked.questions_a_minute, at_once=asked.questions_at_once)
        who = _nobody
    exports, desk = ExportStore(), Desk(agent, project, viewer=who, limits=limits, figures=Figures())
    mcp = McpServer(desk, hosts=hosts)
    # The interactive API pages load scripts from other hosts: none here, the schema alone.
    app = FastAPI(
        title="DataTrust 360",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=mcp.lifespan,
    )

    app.state.desk = desk
    app.add_exception_handler(RequestValidationError, refuse_body)
    app.include_router(make_routes(desk, exports))
    if reception is not None:
        app.include_router(make_sign_in_routes(reception))
    app.router.routes.append(mcp.route)
    app.mount("/ui", StaticFiles(directory=STATIC), name="ui")
    gr.mount_gradio_app(
        app, Page(desk, exports).build(), path="/", theme=make_theme(), show_error=False,
        run_history=False, footer_links=[], max_file_size="1b", favicon_path=str(STATIC / "logo.svg"),
        enable_monitoring=False, ssr_mode=False, mcp_server=False, pwa=False,
    )  # fmt: skip
    tabs = Tabs()

    def other_tab(scope: Any, body: bytes) -> Any:
        return None if tabs.allows(scope, body) else no_such_tab()

    app.add_middleware(Bodies, own=(MCP_PATH,), refuse=other_tab)
    if reception is not None:
        app.add_middleware(Gate, reception=reception, tabs=tabs)
    app.add_middleware(Guard, hosts=hosts, head=page_head(__version__))  # the last one stands first
    return app


def check_host(host: str, reception: Reception | None = None) -> None:
    """Let only loopback pass where nobody signs in; with sign-in any address, once it is known how people call it.

    Raises:
        UserError: another address.
    """
    if is_loopback(host):
        return
    if reception is None:
        raise UserError(
            Issue(
                code="DT330",
                message=f'host "{host}": without sign-in the server answers this machine only',
                suggestion="127.0.0.1",
                hint="leave --host out, or add who may sign in: datatrust user add NAME",
            )
        )
    if reception.settings.address is None:
        raise UserError(
            Issue(
                code="DT330",
                message=f'host "{host}": the server must know the address that people type',
                hint='say it in configs/pipeline_config.json: "sign_in": {"address": "https://figures.example.com"}',
            )
        )


def _stop(*_: object) -> None:
    """End this process as a stop that was asked for."""
    raise SystemExit(0)


def _nobody() -> Viewer:
    """Who asks where the gate named nobody: no such request may come through, and none gets anything."""
    raise AccessDenied(Issue(code="DT330", message="sign in first"))


def _warnings(host: str, reception: Reception | None) -> Iterator[str]:
    """What whoever starts the server should know."""
    if reception is None:
        return
    if reception.provider is None and not reception.people.everyone():
        yield "nobody can sign in yet: datatrust user add NAME"
    if not is_loopback(host) and not reception.is_https:
        yield "passwords and figures travel unencrypted: put a proxy with a certificate before it, and give its https address"


def _bind(host: str, port: int) -> socket.socket:
    """Take the port before anything is loaded, so that a taken one is told at once."""
    if not 0 <= port <= 65535:
        raise UserError(Issue(code="DT331", message=f"port {port} is not between 0 and 65535"))
    address = "127.0.0.1" if host == "localhost" else host
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        taken = UserError(
            Issue(
                code="DT331",
                message=f"port {port} on {host} cannot be used: {error.strerror}",
                hint=f"choose another: datatrust serve --port {port + 1 if port < 65535 else 7860}",
            )
        )
        raise taken from None
    return listener


def _import_page() -> None:
    """Import what the page needs; a fault shows when it is needed."""
    try:
        import gradio  # noqa: F401
        import plotly.graph_objects  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        return
