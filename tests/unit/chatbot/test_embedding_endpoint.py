"""Vectors from an endpoint, over real HTTP: what is sent, and that no failure of it reaches an asker."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from chatbot.agent import Agent
from chatbot.retrieval.embedding import embed
from chatbot.retrieval.endpoint import EmbeddingFailed, EndpointEmbedding
from datatrust.core.settings import Project
from tests.support.logistics import make_logistics
from tests.support.model_server import ModelServer, Raw, serve_vectors


def vectors(texts: Sequence[str], *, twist: float = 3.0) -> bytes:
    """The packaged model's own vectors, longer than one and out of order."""
    found = [{"index": n, "embedding": [twist * x for x in vector]} for n, vector in enumerate(embed(texts))]
    return json.dumps({"object": "list", "data": found[::-1]}).encode()


def project(root: Path, url: str, more: str = "") -> Project:
    made = make_logistics(root)
    text = f"provider: openai\nendpoint: {url}\nmodel: m\nembeddings: {{model: e, seconds: 1}}\n{more}"
    (root / "configs" / "llm.yml").write_text(text)
    return made


def opened(made: Project, server: ModelServer, seconds: float = 1) -> Agent:
    from semantic.engine import SemanticLayer

    endpoint = EndpointEmbedding(endpoint=server.url, model="e", secret=SecretStr("s3cret"), seconds=seconds)
    return Agent(SemanticLayer.open(made), embedding=endpoint)


def test_vectors_are_in_order_and_of_length_one() -> None:
    with serve_vectors(vectors) as server:
        made = EndpointEmbedding(endpoint=server.url, model="e")(["revenue", "clients", "late shipments"])
    assert [math.isclose(math.hypot(*vector), 1, abs_tol=1e-9) for vector in made] == [True] * 3
    assert made[1] == pytest.approx(embed(["clients"])[0], abs=1e-6)


def test_what_leaves_the_house(tmp_path: Path) -> None:
    """Names and words of the catalog and of the question: no value of the data, nothing personal."""
    with serve_vectors(vectors) as server:
        agent = opened(make_logistics(tmp_path), server)
        agent.warm()
        assert agent.near_metrics("punctuality of consignments")
        before = len(server.requests)
        assert agent.near_metrics("what did jane.doe@example.com pay") == []
        assert len(server.requests) == before
        agent.close()
        assert server.headers[0]["path"] == "/v1/embeddings"
        assert server.headers[0]["Authorization"] == "Bearer s3cret"
    assert "Late rate" in server.said
    for value in ("Alto Foods", "Blue Anchor Lines", "Hamburg", "jane.doe"):
        assert value not in server.said


BROKEN: dict[str, bytes | Raw] = {
    "an error": Raw(status=500, body=b"no"), "a refusal": Raw(status=401, body=b"{}"), "no JSON": b"<html>", "nothing": b"",
    "another shape": b'{"data": [1, 2]}', "no vector": b'{"data": []}', "a text": b'{"data": [{"index": 0, "embedding": "x"}]}',
    "not a number": b'{"data": [{"index": 0, "embedding": [NaN]}]}', "zeros": b'{"data": [{"index": 0, "embedding": [0, 0]}]}',
    "late": Raw(body=b"{}", wait=0.6), "deep": b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a redirect": Raw(status=302, body=b"http://127.0.0.1:9/v1/embeddings"),
}  # fmt: skip


@pytest.mark.parametrize("how", BROKEN)
def test_a_failing_endpoint_is_one_error(how: str) -> None:
    with serve_vectors(lambda _: BROKEN[how]) as server, pytest.raises(EmbeddingFailed) as error:
        EndpointEmbedding(endpoint=server.url, model="e", secret=SecretStr("s3cret"), seconds=0.3)(
            ["revenue"]
        )
    assert "s3cret" not in str(error.value)


def test_the_packaged_model_goes_on(tmp_path: Path) -> None:
    with serve_vectors(
        lambda texts: Raw(status=503) if texts == ["speed of delivery"] else vectors(texts)
    ) as server:
        agent = opened(make_logistics(tmp_path), server)
        agent.warm()
        assert agent.near_metrics("speed of delivery")  # fails there, found here
        asked = len(server.requests)
        assert agent.near_metrics("on time")
        assert len(server.requests) == asked
        assert agent.ask("revenue by carrier in 2025").status == "answered"
        agent.close()


def test_the_settings_say_so(tmp_path: Path) -> None:
    with serve_vectors(vectors) as server:
        made = project(tmp_path, server.url)
        offline = Agent.open(made, planner="offline")
        offline.warm()
        offline.close()
        assert server.requests == []
        agent = Agent.open(made)
        agent.warm()
        agent.close()
        assert {request["model"] for request in server.requests} == {"e"}
    kept = [folder.name for folder in (made.state / "index").iterdir()]
    assert len(kept) == 2
    assert any(name.startswith("endpoint-") for name in kept)
