"""Serve MCP at /mcp beside REST: list_metrics, describe, query and ask, for agents of other makers.

Each tool goes through the desk, as REST does, and gives the same text to the byte; so every answer is in the log first.
Arguments are checked against the same forms, and whatever goes wrong comes back as a typed tool error in the words of
REST: no trace, no path. Stateless: no session is kept, nothing is pushed.
Layer: chatbot. Imports the official MCP SDK; imported by the server.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread
from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
    jsonrpc_message_adapter,
)
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from chatbot.bodies import MOST_BYTES, given_again, read_body
from chatbot.desk import Desk
from chatbot.faults import Fault, fault_of
from chatbot.forms import AskBody, DescribeBody, NoBody
from chatbot.listing import list_metrics
from datatrust import __version__
from datatrust.core.jsonio import dumps, loads
from semantic.describe import describe
from semantic.projection import told_catalog
from semantic.query import Viewer
from semantic.query_form import QueryForm, form_issues

PATH = "/mcp"
CONCURRENT = 16
_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_INSTRUCTIONS = (
    "Governed figures of one company. `ask` takes a question in words; it answers, asks back with options that can be "
    "asked as they stand, or refuses: never guess a number in its place. `query` takes a metric query in the catalog's "
    "names, which `list_metrics` and `describe` give. Numbers are exact decimals; a percent is a fraction."
)


@dataclass(frozen=True, kw_only=True)
class _Tool:
    """One tool: what it says of itself, what it takes, what it does."""

    name: str
    description: str
    form: type[BaseModel]
    run: Callable[[Any, Viewer], Any]


class McpServer:
    """The MCP side of one server: a route, and what must run while it is served."""

    def __init__(self, desk: Desk, *, hosts: Sequence[str] = ()) -> None:
        hosts = (*_HOSTS, *hosts)
        self._desk = desk
        self._tools = {tool.name: tool for tool in _tools(desk)}
        self._limiter = anyio.CapacityLimiter(CONCURRENT)
        server: Server[Any] = Server(
            "datatrust360",
            version=__version__,
            title="DataTrust 360",
            instructions=_INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        self._manager = StreamableHTTPSessionManager(
            server,
            stateless=True,
            json_response=True,
            max_request_body_size=MOST_BYTES,
            security_settings=TransportSecuritySettings(
                allowed_hosts=[*hosts, *(f"{host}:*" for host in hosts)],
                allowed_origins=[
                    f"{scheme}://{host}{port}"
                    for scheme in ("http", "https")
                    for host in hosts
                    for port in ("", ":*")
                ],
            ),
        )

    @contextlib.asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """Run while the application does."""
        async with self._manager.run():
            yield

    @property
    def route(self) -> Route:
        """The one address of it, for every method."""
        return Route(PATH, endpoint=_Endpoint(self._manager), include_in_schema=False)

    async def _list(
        self, _: ServerRequestContext[Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        reads_only = ToolAnnotations(read_only_hint=True, open_world_hint=False)
        tools = [
            Tool(
                name=tool.name, description=tool.description, input_schema=tool.form.model_json_schema(),
                annotations=reads_only,
            )
            for tool in self._tools.values()
        ]  # fmt: skip
        return ListToolsResult(tools=tools)

    async def _call(
        self, context: ServerRequestContext[Any, Request], params: CallToolRequestParams
    ) -> CallToolResult:
        scope = context.request.scope if context.request is not None else {}
        return await anyio.to_thread.run_sync(
            lambda: self._answer(params.name, params.arguments or {}, scope), limiter=self._limiter
        )

    def _answer(self, name: str, arguments: dict[str, Any], scope: Mapping[str, Any]) -> CallToolResult:
        tool = self._tools.get(name)
        if tool is None:
            known = ", ".join(self._tools)
            return _failed(Fault(status=404, error=f"there is no such tool; there are {known}"))
        try:
            body = tool.form.model_validate(arguments)
            return _told(dumps(tool.run(body, self._desk.viewer_of(scope))))
        except ValidationError as error:
            issues = tuple({"code": i.code, "message": i.message, "suggestion": i.suggestion, "hint": i.hint}
                           for i in form_issues(error, known=tuple(tool.form.model_fields)))  # fmt: skip
            return _failed(
                Fault(status=422, error="the arguments are not as the tool's schema says", issues=issues)
            )
        except Exception as error:  # words for the caller, the trace for the log
            return _failed(fault_of(error))


class _Endpoint:
    """An ASGI application that Starlette's Route takes for one: it serves every method."""

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await self._manager.handle_request(scope, receive, send)
            return
        body = await read_body(receive)
        if body is None:
            await _error(413, INVALID_REQUEST, f"a request has at most {MOST_BYTES} bytes")(
                scope, receive, send
            )
            return
        if (refusal := _refusal(body)) is not None:
            await refusal(scope, receive, send)
            return
        await self._manager.handle_request(scope, given_again(body, receive), send)


def _refusal(body: bytes) -> Response | None:
    """Say in our words what is no message of JSON-RPC: the SDK would quote its own inside."""
    try:
        loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return _error(400, PARSE_ERROR, "this is not JSON")
    try:
        jsonrpc_message_adapter.validate_json(body)
    except ValueError:
        return _error(400, INVALID_REQUEST, "this is no JSON-RPC message")
    return None


def _error(status: int, code: int, message: str) -> Response:
    text = dumps({"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}})
    return Response(text, status_code=status, media_type="application/json")


def _tools(desk: Desk) -> tuple[_Tool, ...]:
    def metrics(_: NoBody, viewer: Viewer) -> Any:
        return list_metrics(desk.catalog_of(viewer))

    def described(body: DescribeBody, viewer: Viewer) -> Any:
        return describe(told_catalog(desk.catalog_of(viewer)), body.name)

    def queried(body: QueryForm, viewer: Viewer) -> Any:
        return desk.query_json(body.to_query(), channel="mcp", viewer=viewer)

    def asked(body: AskBody, viewer: Viewer) -> Any:
        answer = desk.ask(
            body.question, channel="mcp", viewer=viewer, today=body.today, history=tuple(body.history)
        )
        return answer.to_json()

    return (
        _Tool(name="list_metrics", form=NoBody, run=metrics,
              description="Every metric that may be asked for: name, meaning, unit, owner, certification."),
        _Tool(name="describe", form=DescribeBody, run=described,
              description="What one metric, model or dimension means and what a metric can be split and limited by."),
        _Tool(name="query", form=QueryForm, run=queried,
              description="Run one metric query in the catalog's own names; gives rows, SQL and evidence."),
        _Tool(name="ask", form=AskBody, run=asked,
              description="Answer a question in words: a number with its evidence, a question back, or a refusal."),
    )  # fmt: skip


def _told(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)])


def _failed(fault: Fault) -> CallToolResult:
    document = {"status": fault.status, **fault.to_json()}
    return CallToolResult(content=[TextContent(type="text", text=dumps(document))], is_error=True)
