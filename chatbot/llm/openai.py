"""Ask a model at an OpenAI-compatible endpoint, by LangChain: OpenAI, Azure, Ollama, vLLM, llama.cpp.

One request a call: no retries of its own, no cache, no tracing to a third party whatever the environment says. A
failure is told by its kind; nothing that the server sent is quoted, for it may repeat the key or the prompt.
Layer: chatbot. Imports LangChain at the first question; that takes seconds.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from chatbot.llm.base import Completion, Message
from chatbot.llm.settings import LlmSettings
from datatrust.core.errors import ModelFailure
from datatrust.core.stopping import interrupting

LOG = logging.getLogger("datatrust.llm")
MAX_REPLY = 20_000  # characters of a reply that are looked at
_MAX_WAITING = 8  # calls under way at once; one that outlives its question still counts
_NO_KEY = "none"  # the client wants a text, an endpoint without a key ignores it


class OpenAiModel:
    """One model at one endpoint. Thread-safe."""

    def __init__(self, settings: LlmSettings) -> None:
        self._settings = settings
        self._chat: Any = None
        self._loading = threading.Lock()
        self._waiting = threading.BoundedSemaphore(_MAX_WAITING)

    @property
    def name(self) -> str:
        return self._settings.config.model

    def load(self) -> None:
        """Import LangChain and make the client; that takes seconds, once."""
        self._client()

    def complete(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, seconds: float
    ) -> Completion:
        """Return the model's reply.

        Raises:
            ModelFailure: as the protocol says; `why` tells the kind.
        """
        self.load()
        if not self._waiting.acquire(blocking=False):
            raise ModelFailure("has too many questions open")

        def call() -> Completion:
            try:
                return self._ask(messages, schema)
            finally:
                self._waiting.release()

        return _within(seconds, call)

    def _client(self) -> Any:
        with self._loading:
            if self._chat is None:
                self._chat = _make_client(self._settings)
            return self._chat

    def _ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Completion:
        try:
            with _no_tracing():
                reply: Any = self._bound(schema).invoke([(each.role, each.text) for each in messages])
            return _completion(reply)
        except Exception as error:  # the client, LangChain and a strange server raise kinds of many libraries
            raise _failure(error) from None

    def _bound(self, schema: Mapping[str, Any]) -> Any:
        """The client bound to the schema. LangChain's own parser of replies takes minutes over a long broken one."""
        chat, way, name = self._client(), self._settings.config.structured, schema["title"]
        if way == "function_calling":
            return chat.bind_tools([dict(schema)], tool_choice=name, strict=True, parallel_tool_calls=False)
        if way == "json_mode":
            return chat.bind(response_format={"type": "json_object"})
        form = {"name": name, "schema": dict(schema), "strict": True}
        return chat.bind(response_format={"type": "json_schema", "json_schema": form})


def _make_client(settings: LlmSettings) -> Any:
    try:
        from langchain_openai import ChatOpenAI
    except ImportError:
        raise ModelFailure('needs LangChain: pip install "datatrust360[llm]"') from None
    config, secret = settings.config, settings.secret
    try:
        return ChatOpenAI(
            model=config.model,
            base_url=config.endpoint,
            api_key=secret or SecretStr(_NO_KEY),
            temperature=0,
            timeout=config.limits.seconds,
            max_retries=0,
            max_completion_tokens=config.limits.reply_tokens,
            use_responses_api=False,
            cache=False,
            verbose=False,
        )
    except Exception as error:
        raise _failure(error) from None


def _no_tracing() -> Any:
    from langsmith import tracing_context

    return tracing_context(enabled=False)


def _completion(reply: Any) -> Completion:
    usage = getattr(reply, "usage_metadata", None) or {}
    calls = getattr(reply, "tool_calls", None)
    data: object = calls[0].get("args") if calls else None
    text = str(data) if calls else str(reply.content)
    if not calls and len(text) <= MAX_REPLY:
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            data = None
    return Completion(
        data=data if isinstance(data, Mapping) and len(text) <= MAX_REPLY else None,
        text=text[:MAX_REPLY],
        tokens_in=_count(usage.get("input_tokens")),
        tokens_out=_count(usage.get("output_tokens")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _failure(error: Exception) -> ModelFailure:
    """Tell the kind of a failure by the names of its classes, so that no client library is imported for it."""
    names = {each.__name__ for each in type(error).__mro__}
    status = getattr(error, "status_code", None)
    LOG.warning("language model: %s, status %s", type(error).__name__, status)
    if names & {"APITimeoutError", "TimeoutException"}:
        return ModelFailure("did not answer in time")
    if "APIConnectionError" in names:
        return ModelFailure("could not be reached")
    if status in (401, 403):
        return ModelFailure("did not accept the key")
    if status == 429:
        return ModelFailure("takes no more questions just now")
    if isinstance(status, int):
        return ModelFailure(f"answered with the error {status}")
    return ModelFailure("gave no answer that can be read")


def _within(seconds: float, call: Callable[[], Completion]) -> Completion:
    """Return what `call` gives, or fail after `seconds`: a server that sends a byte now and then resets no clock."""
    outcome: list[Completion | BaseException] = []
    over = threading.Event()

    def run() -> None:
        try:
            outcome.append(call())
        except BaseException as error:  # handed to the thread that waits
            outcome.append(error)
        finally:
            over.set()

    worker = threading.Thread(target=run, name="language-model", daemon=True)
    with interrupting(over.set):  # a question that is stopped waits no longer
        worker.start()
        over.wait(seconds)
    if not outcome:
        raise ModelFailure("did not answer in time")
    found = outcome[0]
    if isinstance(found, Completion):
        return found
    raise found
