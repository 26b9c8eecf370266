"""REST against its own description: made-up requests get statuses that it names, no fault of ours, and nothing of the inside."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from chatbot.limits import Limits
from tests.support.signed_in import SECRETS, Server, signed_in_server

pytestmark = pytest.mark.slow  # Gradio takes seconds to import

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
LEAKS = (
    *SECRETS,
    "Traceback",
    "site-packages",
    'File "',
    "sqlite3",
    "duckdb.",
    "access.yml",
    "books.duckdb",
    "/tmp/",
    "/root/",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with signed_in_server(tmp_path_factory.mktemp("open-api")) as served:
        served.app.state.desk.turns._limits = Limits(a_minute=100_000, at_once=10)
        yield served


def ask_all(server: Server, examples: int) -> int:
    """Send made-up requests to each operation with the token of a person; return how many."""
    token, _ = server.people.make_token("akira", days=1)
    headers = {"authorization": f"Bearer {token}"}
    described = schemathesis.openapi.from_url(f"{server.address}/api/v1/openapi.json", headers=headers)
    sent = 0
    for found, mode in itertools.product(described.get_all_operations(), GenerationMode):
        operation = found.ok()
        if mode.is_negative and not (operation.body or operation.query):
            continue  # nothing of it can be wrong

        @settings(
            max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: schemathesis.Case) -> None:
            nonlocal sent
            reply = case.call(headers=headers)
            case.validate_response(reply, checks=CHECKS)
            text = reply.content.decode("utf-8", "replace")
            assert not [leak for leak in LEAKS if leak in text], (case.formatted_path, text[:500])
            sent += 1

        send()
    return sent


def test_made_up_requests_break_and_tell_nothing(server: Server) -> None:
    assert ask_all(server, 8) > 80
    assert server.app.state.desk.log.verify().fault is None


@pytest.mark.soak
def test_many_made_up_requests_break_and_tell_nothing(server: Server) -> None:
    assert ask_all(server, 400) > 2_000
    assert server.app.state.desk.log.verify().fault is None
