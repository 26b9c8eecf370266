"""Events of lineage: what they say of a delivery, in the file and at a real HTTP receiver, which cannot hold a run up."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from datatrust.core.errors import UserError
from datatrust.core.release import Quality, Release, SourceControl, TablePin
from datatrust.core.settings import LineageEvents, load_project
from pipeline.ledger import LedgerEntry
from pipeline.lineage import ColumnLineage, Origin, TableLineage
from pipeline.lineage_events import sender as sending
from pipeline.lineage_events.events import Finished, RunIdentity, failed, finished, started
from pipeline.lineage_events.sender import SECRET, VARIABLE, EventSender, find_key
from pipeline.results import SourceResult
from tests.support.projects import write_project
from tests.support.receiver import receiving

AT = dt.datetime(2026, 6, 30, 12, 0, tzinfo=dt.UTC)
RUN = RunIdentity.begin("datatrust:tiny", "2026-06", at=AT)
NAME = Origin(source="expenses", column="payee", header="Payee", contract="c.yml", mask="a token")
AMOUNT = Origin(source="expenses", column="amount", header="Amount", contract="c.yml")
RELEASE = Release(
    number=4,
    created_at=AT,
    quality=Quality(status="passed"),
    tables={
        "bronze.expenses": TablePin(path="bronze/expenses", version=3, rows=10),
        "silver.expenses": TablePin(
            path="silver/expenses",
            version=7,
            rows=8,
            columns=(("payee", "string"), ("amount", "decimal(18,2)"), ("_line", "bigint")),
        ),
        "gold.fct_expenses": TablePin(
            path="gold/fct_expenses", version=2, rows=8, columns=(("amount", "decimal(18,2)"),)
        ),
    },
)
LINEAGE = (
    TableLineage(
        table="silver.expenses",
        columns=(
            ColumnLineage(column="payee", origins=(NAME,)),
            ColumnLineage(column="amount", origins=(AMOUNT,)),
            ColumnLineage(column="_line", reason="line in the raw file"),
        ),
    ),
    TableLineage(
        table="gold.fct_expenses",
        columns=(ColumnLineage(column="amount", made_of=("silver.expenses.amount",), origins=(AMOUNT,)),),
    ),
)


def file_of(path: str) -> LedgerEntry:
    return LedgerEntry(
        source="expenses", sequence=1, path=path, delivery=None, sha256="0", size=120, arrived_at=AT,
        status="loaded", physical_lines=11, header_lines=1, blank_lines=0, records=10, contract_version="1.0.0",
        contract_hash="0",
    )  # fmt: skip


def result_of(path: str = "expenses.csv", *, moved: bool = True) -> SourceResult:
    control = SourceControl(
        source="expenses", table="silver.expenses", read=10, valid=8, quarantined=2, duplicate=0, superseded=0,
        discarded=0,
    )  # fmt: skip
    return SourceResult(
        source="expenses", files=(file_of(path),) if moved else (), rows_read=10 if moved else 0, valid=8,
        quarantined=2, duplicate=0, superseded=0, discarded=0, freed=0, settled=0, corrected=0, displaced=0,
        moved=moved, keys_lost=0, oldest_sequence=1, control=control, duration_seconds=2.5,
        tables={"bronze.expenses": 10, "silver.expenses": 8},
    )  # fmt: skip


def told(*results: SourceResult) -> list[dict[str, Any]]:
    done = Finished(
        release=RELEASE, lineage=LINEAGE, sources=results, silver_from=AT, gold_from=AT + dt.timedelta(seconds=3),
        gold_seconds={"gold.fct_expenses": 1.5}, at=AT + dt.timedelta(seconds=9),
    )  # fmt: skip
    from openlineage.client.serde import Serde

    return [json.loads(Serde.to_json(event)) for event in [started(RUN), *finished(RUN, done)]]


def the(events: list[dict[str, Any]], job: str, state: str) -> dict[str, Any]:
    (found,) = [each for each in events if each["job"]["name"] == job and each["eventType"] == state]
    return found


def test_a_delivery_is_a_run_and_each_source_and_table_a_run_under_it() -> None:
    events = told(result_of())
    assert [(each["job"]["name"], each["eventType"]) for each in events] == [
        ("pipeline", "START"),
        ("ingest.expenses", "START"),
        ("ingest.expenses", "COMPLETE"),
        ("gold.fct_expenses", "START"),
        ("gold.fct_expenses", "COMPLETE"),
        ("pipeline", "COMPLETE"),
    ]
    whole = the(events, "pipeline", "COMPLETE")
    assert {tag["key"]: tag["value"] for tag in whole["run"]["facets"]["tags"]["tags"]} == {
        "delivery": "2026-06",
        "release": RELEASE.id,
    }
    for each in events[1:-1]:
        assert each["run"]["facets"]["parent"]["run"]["runId"] == whole["run"]["runId"]
    assert the(events, "gold.fct_expenses", "START")["eventTime"] == "2026-06-30T12:00:03+00:00"
    assert the(events, "gold.fct_expenses", "COMPLETE")["eventTime"] == "2026-06-30T12:00:04.500000+00:00"


def test_tables_say_their_version_rows_columns_and_where_each_column_comes_from() -> None:
    events = told(result_of())
    ingest = the(events, "ingest.expenses", "COMPLETE")
    (raw,) = ingest["inputs"]
    assert (raw["name"], raw["inputFacets"]["inputStatistics"]["rowCount"]) == ("raw.expenses", 10)
    bronze, silver = ingest["outputs"]
    assert bronze["outputFacets"]["outputStatistics"]["rowCount"] == 10
    assert silver["facets"]["version"]["datasetVersion"] == "7"
    assert [each["name"] for each in silver["facets"]["schema"]["fields"]] == ["payee", "amount", "_line"]
    fields = silver["facets"]["columnLineage"]["fields"]
    assert set(fields) == {"payee", "amount"}, "a column that no raw column makes has no origin"
    assert fields["payee"]["inputFields"][0]["field"] == "Payee"
    assert [
        fields[name]["inputFields"][0]["transformations"][0]["masking"] for name in ("payee", "amount")
    ] == [
        True,
        False,
    ]
    gold = the(events, "gold.fct_expenses", "COMPLETE")
    assert [each["name"] for each in gold["inputs"]] == ["silver.expenses"]
    (field,) = gold["outputs"][0]["facets"]["columnLineage"]["fields"]["amount"]["inputFields"]
    assert (field["namespace"], field["name"], field["field"]) == (
        "datatrust:tiny",
        "silver.expenses",
        "amount",
    )


def test_a_source_that_nothing_came_of_has_no_run() -> None:
    assert not [each for each in told(result_of(moved=False)) if each["job"]["name"].startswith("ingest")]


def test_names_of_files_stay_at_home() -> None:
    assert "erika" not in json.dumps(told(result_of("expenses_of_erika_mustermann.csv")))


def sender_to(url: str | None, tmp_path: Path, **environment: str) -> EventSender:
    settings = LineageEvents(url=url)
    return EventSender(
        settings, logs=tmp_path / "logs", secrets=tmp_path / "secrets", environment=environment
    )


def written(tmp_path: Path) -> list[dict[str, Any]]:
    (file,) = (tmp_path / "logs" / "openlineage").iterdir()
    assert file.name == "2026-06.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_events_are_in_the_file_and_at_the_receiver_with_the_key(tmp_path: Path) -> None:
    with receiving() as receiver:
        sender = sender_to(receiver.url, tmp_path, **{VARIABLE: "k3y"})
        sender.tell([started(RUN), failed(RUN, "gold", at=AT)], at=AT)
    assert sender.problem is None
    assert [each["eventType"] for each in receiver.bodies] == ["START", "FAIL"]
    assert receiver.bodies == written(tmp_path)
    assert receiver.keys == ["Bearer k3y"] * 2
    assert "the step gold" in receiver.bodies[1]["run"]["facets"]["errorMessage"]["message"]


@pytest.mark.parametrize(("plan", "why"), [([(500, {})], "HTTP 500"), ([(403, {})], "HTTP 403")])
def test_a_receiver_that_refuses_gets_nothing_more_and_the_file_has_all(
    tmp_path: Path, plan: list[Any], why: str
) -> None:
    with receiving(plan) as receiver:
        sender = sender_to(receiver.url, tmp_path, **{VARIABLE: "k3y"})
        sender.tell([started(RUN)] * 3, at=AT)
    assert len(receiver.bodies) == 1
    assert len(written(tmp_path)) == 3
    assert why in (sender.problem or "")
    assert "k3y" not in (sender.problem or "")


def test_a_dead_host_is_named_and_costs_one_try(tmp_path: Path) -> None:
    sender = sender_to("http://127.0.0.1:9", tmp_path)
    sender.tell([started(RUN)] * 3, at=AT)
    assert "ConnectionError" in (sender.problem or "")
    assert len(written(tmp_path)) == 3


def test_a_slow_receiver_is_left_when_the_run_has_waited_long_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOST_SECONDS", 0.3)
    sender = sender_to("http://127.0.0.1:9", tmp_path)
    monkeypatch.setattr(sender._http, "emit", _slow)
    sender.tell([started(RUN)] * 9, at=AT)
    assert "too slow" in (sender.problem or "")
    assert len(written(tmp_path)) == 9


def _slow(_: object) -> None:
    import time

    time.sleep(0.2)


def test_a_log_that_cannot_be_written_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    sender = sender_to(None, tmp_path)
    sender.tell([started(RUN)] * 2, at=AT)
    assert "cannot be written" in (sender.problem or "")


def test_the_key_comes_from_the_environment_or_a_file_of_the_owner(tmp_path: Path) -> None:
    assert find_key(tmp_path, {}) is None
    (tmp_path / SECRET).write_text("of the file\n")
    assert find_key(tmp_path, {}) == "of the file"
    assert find_key(tmp_path, {VARIABLE: "of the environment"}) == "of the environment"


def test_an_address_with_a_password_in_it_is_refused(tmp_path: Path) -> None:
    write_project(tmp_path, {"name": "a"})
    (tmp_path / "configs" / "pipeline_config.json").write_text(
        json.dumps({"name": "a", "lineage_events": {"url": "https://me:secret@lineage.example"}})
    )
    with pytest.raises(UserError) as refused:
        load_project(tmp_path)
    assert "lineage_events.url" in str(refused.value)
