"""Releases are switched twenty times while real clients ask: every answer is of one release, and of the one that it names."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from deltalake import DeltaTable

from chatbot.agent import Agent
from chatbot.desk import Desk
from chatbot.pickup import Pickup, mark_of
from chatbot.replay import Replayer
from chatbot.server import build_app
from datatrust.core.jsonio import loads
from datatrust.core.release import load_release, publish_release
from semantic.query import EVERYONE
from tests.support.released import make_freight_project, publish_next
from tests.support.serving import serving

pytestmark = pytest.mark.slow  # Gradio takes seconds to import
SWITCHES, CLIENTS = 20, 4
QUESTION = "freight by carrier in April 2026"


def test_every_answer_is_of_one_release_while_twenty_are_switched(tmp_path: Path) -> None:
    project = make_freight_project(tmp_path)
    for _ in range(3):
        publish_next(project)
    bodies = [load_release(project.warehouse, str(number)) for number in (1, 2, 3)]
    app = build_app(Agent.open(project), project)
    pickup = Pickup(app.state.desk, lambda: Agent.open(project), known=mark_of(project))
    answers: list[dict[str, Any]] = []
    faults: list[str] = []
    done = threading.Event()

    def ask(address: str) -> None:
        with httpx.Client(base_url=address, timeout=30) as client:
            while not done.is_set():
                reply = client.post("/api/v1/ask", json={"question": QUESTION})
                answer = loads(reply.text)
                if reply.status_code != 200 or answer["status"] != "answered":
                    faults.append(reply.text[:300])
                answers.append(answer)

    with serving(app) as address:
        clients = [threading.Thread(target=ask, args=(address,)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for switch in range(SWITCHES):
            number = 4 + switch
            publish_release(
                project.warehouse, replace(bodies[switch % 3], number=number, restores=switch % 3 + 1)
            )
            assert pickup.look(), number
            seen = len(answers)
            deadline = time.monotonic() + 20
            while len(answers) < seen + CLIENTS and time.monotonic() < deadline:
                time.sleep(0.01)
        done.set()
        for client in clients:
            client.join(timeout=30)
        pickup.stop()
    assert faults == []
    assert {answer["evidence"]["release"] for answer in answers} >= {f"{4 + n:06d}" for n in range(SWITCHES)}

    expected = {number: _truth(project, body) for number, body in enumerate(bodies, 1)}
    for answer in answers:
        number = int(answer["evidence"]["release"])
        shape = number if number <= 3 else (number - 4) % 3 + 1
        assert {row[0]: row[1] for row in answer["rows"]} == expected[shape], number
        versions = {name: pin.version for name, pin in bodies[shape - 1].tables.items()}
        assert all(versions[table] == version for table, version in answer["evidence"]["tables"].items())
    desk = Desk(Agent.open(project), project)
    replayer = Replayer(project, desk.log)
    for answer in answers[:: max(1, len(answers) // 20)]:
        assert replayer.replay(desk.log.answer(answer["id"]), viewer=EVERYONE).equal
    replayer.close()
    desk.close()


def _truth(project: Any, release: Any) -> dict[str, Decimal]:
    """The figures of one release by plain SQL over the files of its versions."""
    with duckdb.connect() as connection:
        for name, pin in release.tables.items():
            files = DeltaTable(str(project.warehouse / pin.path), version=pin.version).file_uris()
            connection.execute(
                f"create view {name.removeprefix('main.')} as select * from read_parquet({files!r})"
            )
        return dict(
            connection.execute(
                "select carrier_name, sum(freight) from shipments join carriers using (carrier_id) "
                "where picked_up between date '2026-04-01' and date '2026-04-30' group by 1"
            ).fetchall()
        )


def test_a_catalog_with_a_fault_is_not_taken_up(tmp_path: Path) -> None:
    project = make_freight_project(tmp_path)
    publish_next(project)
    desk = Desk(Agent.open(project), project)
    before = desk.agent
    pickup = Pickup(desk, lambda: Agent.open(project), known=mark_of(project))
    assert not pickup.look(), "nothing is new"
    broken = next(project.catalog.rglob("*.yml"))
    text = broken.read_text()
    broken.write_text(text + "\nnonsense: [")
    assert not pickup.look()
    assert desk.agent is before
    assert desk.ask(QUESTION, channel="chat").status == "answered"
    broken.write_text(text + "\n# as it was, and one more line\n")
    assert pickup.look()
    assert desk.agent is not before
    pickup.stop()
    desk.close()
