"""Every answer is in the log before it is shown, and runs again to the byte on its own release."""

from __future__ import annotations

import os
import shutil
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

from chatbot.desk import Desk, Question
from chatbot.log import AnswerLog
from chatbot.replay import Replayer
from datatrust.cli import main, root
from datatrust.core.errors import FilesGone, NotRecorded, UserError
from datatrust.core.jsonio import dumps, loads
from datatrust.core.release import FOLDER
from datatrust.core.settings import Project, load_project
from semantic.query import EVERYONE, Compare, Filter, MetricQuery, TimeRange, Top, Viewer
from semantic.query_form import QueryForm, parse_query
from tests.support.logistics import make_logistics
from tests.support.released import make_freight_project, publish_next, redefine_freight, remove_files

QUESTIONS = (
    "freight by carrier in April 2026",
    "late rate by month this year",
    "top 3 clients by freight in 2025",
    "shipments by transport mode last month compared with the month before",
    "freight of Hansa Trucking since January 2026",
)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, str]]:
    """Three releases, the same questions on each; the definition of freight changes before the third."""
    project = make_freight_project(tmp_path_factory.mktemp("three"))
    shown: dict[str, str] = {}
    for number in (1, 2, 3):
        if number == 3:
            redefine_freight(project)
        publish_next(project)
        desk = Desk.open(project)
        for answer in desk.ask_all([Question(text=text) for text in QUESTIONS]):
            assert answer.status == "answered", answer.text
            shown[answer.id] = dumps([answer.rows, answer.totals])
        desk.close()
    return project, shown


@pytest.fixture
def own(three: tuple[Project, dict[str, str]], tmp_path: Path) -> Project:
    return load_project(Path(shutil.copytree(three[0].root, tmp_path / "own")))


def test_answers_of_three_releases_replay_to_the_byte(three: tuple[Project, dict[str, str]]) -> None:
    project, shown = three
    log = AnswerLog.of(project)
    replayer = Replayer(project, log)
    assert len(shown) == 15
    assert len(set(shown.values())) >= 9, "the releases must differ, or this shows nothing"
    for answer_id, rows in shown.items():
        found = replayer.replay(log.answer(answer_id), viewer=EVERYONE)
        assert found.equal, found.told()
        assert found.changed == ()
        record = log.answer(answer_id)
        keep = [i for i, c in enumerate(found.result.columns) if c.name in record.body["shown"]]
        cut = [[row[i] for i in keep] for row in found.result.rows]
        totals = found.result.totals
        assert dumps([cut, [totals[i] for i in keep] if totals else None]) == rows


def test_the_log_holds_what_proves_an_answer_and_no_number(three: tuple[Project, dict[str, str]]) -> None:
    project, _ = three
    records = list(AnswerLog.of(project).chain.read())
    assert [record.seq for record in records] == list(range(1, 16))
    body = records[0].body
    assert body["question"] == QUESTIONS[0]
    assert body["evidence"]["release"] == "000001"
    assert set(body) >= {"at", "query", "role", "policy", "sql", "timings_ms", "today", "catalog", "channel"}
    assert "rows" in body
    assert isinstance(body["rows"], int)


def test_the_command_line_replays(three: tuple[Project, dict[str, str]]) -> None:
    project, shown = three
    run = CliRunner().invoke(root, ["--project", str(project.root), "replay", next(iter(shown)), "--json"])
    document = loads(run.output)
    assert document["equal"] is True
    assert document["release"] == "000001"


def test_a_replay_says_what_changed(own: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody overwrote the files of a release: the same versions, other rows."""
    log = AnswerLog.of(own)
    first = next(iter(log.chain.read()))
    manifest = own.warehouse / FOLDER / "000001.json"
    manifest.write_text(manifest.read_text().replace('"version": 0', '"version": 1'))
    assert main(["--project", str(own.root), "replay", first.id]) == 1
    told = capsys.readouterr().out
    assert "Not equal: the rows are others" in told
    assert "a table is at another version" in told


@pytest.mark.parametrize("what", ["manifest", "files"])
def test_a_release_that_is_gone_is_told(own: Project, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    first = next(iter(AnswerLog.of(own).chain.read()))
    if what == "manifest":
        (own.warehouse / FOLDER / "000001.json").unlink()
    else:
        remove_files(own, 1)
    assert main(["--project", str(own.root), "replay", first.id]) == 1
    told = capsys.readouterr().err
    assert "000001" in told
    assert "gone" in told


def test_definitions_that_were_edited_in_the_log_are_told(own: Project) -> None:
    log = AnswerLog.of(own)
    for file in (log.folder / "catalogs").glob("*.json"):
        file.write_text(file.read_text().replace("sum", "max", 1))
    with pytest.raises(UserError, match="gone or were edited"):
        Replayer(own, log).replay(next(iter(log.chain.read())), viewer=EVERYONE)


def test_other_rights_are_told_and_used(own: Project) -> None:
    log = AnswerLog.of(own)
    found = Replayer(own, log).replay(
        next(iter(log.chain.read())), viewer=Viewer(role="boss", policy="sha256:1")
    )
    assert [each.what for each in found.changed] == ["rights"]
    assert found.result.evidence.role == "boss"


def test_a_refusal_is_logged_and_has_nothing_to_run(tmp_path: Path) -> None:
    desk = Desk.open(make_logistics(tmp_path))
    answer = desk.ask("what is the weather for ana@example.com", channel="ask")
    record = desk.find(answer.id)
    assert answer.status == "refused"
    assert "example.com" not in dumps(record.body)
    assert record.body["reason"] == answer.reason
    with pytest.raises(UserError, match="nothing to run again"):
        desk.replay(answer.id, viewer=EVERYONE)
    with pytest.raises(UserError, match="no answer with this id"):
        desk.replay("' or 1=1", viewer=EVERYONE)
    with pytest.raises(UserError, match="unknown metric"):
        desk.query(MetricQuery(metrics=("nothing",)), channel="mcp", viewer=EVERYONE)
    last = list(desk.log.chain.read())[-1]
    assert (last.body["status"], last.body["query"]["metrics"]) == ("refused", ["nothing"])


def test_another_file_is_another_release(tmp_path: Path) -> None:
    """A project on another tool's file: once the file has changed, its answers cannot be proved any more."""
    project = make_logistics(tmp_path / "one")
    desk = Desk.open(project)
    answer = desk.ask(QUESTIONS[0], channel="ask")
    assert desk.replay(answer.id, viewer=EVERYONE).equal
    desk.close()
    import duckdb

    with duckdb.connect(str(project.root / "freight.duckdb")) as connection:
        connection.execute("update shipments set freight = freight + 1")
    log = AnswerLog.of(project)
    with pytest.raises(FilesGone, match="is gone"):
        Replayer(project, log).replay(log.answer(answer.id), viewer=EVERYONE)


def test_without_a_log_no_number_is_given(
    own: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The write fails at the lowest layer: one answer, a batch, a query: none shows a number."""
    desk = Desk.open(own)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotRecorded, match="disk is full"):
        desk.ask(QUESTIONS[0], channel="ask")
    with pytest.raises(NotRecorded):
        desk.query(MetricQuery(metrics=("freight",)), channel="rest", viewer=EVERYONE)
    with pytest.raises(NotRecorded):
        next(iter(desk.ask_all([Question(text=text) for text in QUESTIONS])))
    assert main(["--project", str(own.root), "ask", QUESTIONS[0]]) == 1
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"id": 1, "question": "freight by carrier in April 2026"}\n')
    assert main(["--project", str(own.root), "ask", "--batch", str(batch)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "no number is given" in err
    assert "Traceback" not in err


def test_a_batch_writes_together_and_shows_nothing_before(
    own: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk.open(own)
    desk.ask(QUESTIONS[0], channel="ask")
    before = desk.log.verify().records
    appended: list[int] = []
    append = desk.log.append
    monkeypatch.setattr(desk.log, "append", lambda bodies: appended.append(len(bodies)) or append(bodies))
    for done, answer in enumerate(desk.ask_all([Question(text=QUESTIONS[0])] * 40), start=1):
        assert desk.log.chain.find(answer.id) is not None
        assert sum(appended) >= done
    assert desk.log.verify().records == before + 40
    assert len(appended) < 20


def test_a_log_that_was_cut_takes_no_more_answers(own: Project) -> None:
    (AnswerLog.of(own).folder / "head.json").write_text('{"records": 99, "head": "sha256:0"}')
    with pytest.raises(NotRecorded, match="audit verify"):
        Desk.open(own).ask(QUESTIONS[0], channel="ask")


def test_audit_verify_and_export(own: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--project", str(own.root), "audit", "verify", "--json"]) == 0
    verdict = loads(capsys.readouterr().out)
    assert verdict["sound"] is True
    assert verdict["records"] == 15
    assert main(["--project", str(own.root), "audit", "verify", "--known", verdict["head"]]) == 0
    assert main(["--project", str(own.root), "audit", "verify", "--known", "sha256:0"]) == 1
    capsys.readouterr()
    assert main(["--project", str(own.root), "audit", "export"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [loads(line)["seq"] for line in lines] == list(range(1, 16))
    assert main(["--project", str(own.root), "audit", "export", "--csv", "--to", "1999-12-31"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    head = AnswerLog.of(own).folder / "head.json"
    head.write_text(head.read_text().replace('"records": 15', '"records": 16'))
    assert main(["--project", str(own.root), "audit", "verify"]) == 1
    assert "record 16 is missing" in capsys.readouterr().out


def test_the_form_holds_every_part_of_a_query() -> None:
    assert set(QueryForm.model_fields) == set(MetricQuery.__dataclass_fields__)


def test_a_query_survives_the_log() -> None:
    query = MetricQuery(
        metrics=("freight",), group_by=("carrier_name",), having=(Filter(field="freight", op=">", values=(10,)),),
        where=(Filter(field="picked_up", op="between", values=("2026-01-01", "2026-02-01")),),
        compare=Compare(to="previous_year"), top=Top(n=3, per="mode"), order_by=("-freight",),
    )  # fmt: skip
    assert parse_query(loads(dumps(query))) == query


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "metrics"), ({"metrics": []}, "metrics"), ({"metrics": ["a"], "groupby": ["b"]}, "group_by"),
        ({"metrics": ["a"], "limit": 0}, "limit"), ({"metrics": ["a"] * 101}, "metrics"),
        ({"metrics": ["a"], "where": [{"field": "x", "op": "drop", "values": []}]}, "where.0.op"),
        ({"metrics": ["a"], "time": {"start": "soon"}}, "time.start"), ({"metrics": [{"a": 1}]}, "metrics.0"),
    ],
)  # fmt: skip
def test_a_wrong_query_is_told_by_key(document: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words.replace(".", r"\.")):
        parse_query(document)


METRICS = ("freight", "shipment_count", "late_rate", "average_weight", "freight_per_km", "claimed_amount")


@pytest.mark.parametrize(
    ("metrics", "at_least"),
    [
        pytest.param(METRICS[::3], 350, marks=pytest.mark.slow, id="some"),
        pytest.param(METRICS, 1_000, marks=pytest.mark.soak, id="a thousand"),
    ],
)
def test_answers_across_three_releases_replay_to_the_byte(
    tmp_path: Path, metrics: tuple[str, ...], at_least: int
) -> None:
    """Every metric by many splits and periods, with filters, comparisons and rankings; asked on each release, run again at the end."""
    project = make_freight_project(tmp_path)
    rows: dict[str, str] = {}
    for number in (1, 2, 3):
        if number == 3:
            redefine_freight(project)
        publish_next(project)
        desk = Desk.open(project)
        splits: tuple[tuple[str, ...], ...] = (
            (),
            ("carrier_name",),
            ("time.month",),
            ("mode", "time.quarter"),
            ("client_name",),
            ("carrier_name", "mode"),
        )
        years = (
            TimeRange(),
            TimeRange(start="2025-01-01", end="2025-12-31"),
            TimeRange(start="2026-01-01", end="2026-03-31"),
        )  # type: ignore[arg-type]
        shapes: tuple[dict[str, object], ...] = (
            {}, {"totals": True}, {"compare": Compare(to="previous_year")},
            {"where": (Filter(field="mode", op="in", values=("sea", "road")),), "currency": None},
        )  # fmt: skip
        for metric, split, time, shape in product(metrics, splits, years, shapes):
            query = parse_query(
                loads(dumps(MetricQuery(metrics=(metric,), group_by=split, time=time, **shape)))
            )  # type: ignore[arg-type]
            try:
                answer_id, result = desk.query(query, channel="rest", viewer=EVERYONE)
            except UserError:
                continue
            rows[answer_id] = dumps([[c.name for c in result.columns], result.rows, result.totals])
        desk.close()
    assert len(rows) >= at_least
    log = AnswerLog.of(project)
    replayer = Replayer(project, log)
    for answer_id, shown in rows.items():
        found = replayer.replay(log.answer(answer_id), viewer=EVERYONE)
        assert found.equal, found.told()
        now = found.result
        assert dumps([[c.name for c in now.columns], now.rows, now.totals]) == shown
    assert log.verify().fault is None
