"""A signature proves the answer again, keeps its release, and is told when a later release moves the figure."""

from __future__ import annotations

import hashlib
import os
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from chatbot.certificate_pdf import compose, table_texts, write_pdf
from chatbot.desk import Desk
from chatbot.replay import query_of
from datatrust.cli import main
from datatrust.core.errors import AccessDenied, NotRecorded, OutcomeError, UserError
from datatrust.core.jsonio import loads
from datatrust.core.kept import is_kept
from datatrust.core.release import FOLDER
from datatrust.core.settings import Project
from semantic.query import EVERYONE, Viewer
from tests.support.logistics import TABLES, make_logistics
from tests.support.released import CHANGES, make_freight_project, publish_next, remove_files

QUESTION = "freight by carrier in April 2026"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = make_freight_project(tmp_path)
    publish_next(made)
    return made


@pytest.fixture
def desk(project: Project) -> Desk:
    return Desk.open(project)


def test_a_signature_is_a_record_with_a_kept_release_and_a_certificate(desk: Desk, project: Project) -> None:
    answer = desk.ask(QUESTION, channel="chat")
    signature = desk.sign(answer.id, comment=" April  close ", viewer=EVERYONE, signer="Ana Müller")
    [record] = desk.log.signatures(answer.id)
    assert (record.body["signer"], record.body["comment"]) == ("Ana Müller", "April close")
    assert record.body["answer"] == desk.find(answer.id).hash
    assert is_kept(project.warehouse, 1)
    content = desk.certificate(answer.id, viewer=EVERYONE)
    assert content.startswith(b"%PDF-")
    assert record.body["certificate"] == "sha256:" + hashlib.sha256(content).hexdigest()
    assert signature.file.stat().st_mode & 0o077 == 0
    assert desk.log.verify().fault is None
    remove_files(project, 1)  # nothing newer stands there yet: kept files have names of their own
    assert desk.replay(answer.id, viewer=EVERYONE).equal


def test_the_certificate_says_what_was_signed(desk: Desk) -> None:
    answer = desk.ask(QUESTION, channel="chat")
    record = desk.find(answer.id)
    replay = desk.replay(answer.id, viewer=EVERYONE)
    layer = desk.replayer.layer_of(record)
    signature = {
        "id": "s1",
        "signer": "Łucja",
        "at": "2026-05-15T10:00:00+00:00",
        "comment": "Ω close",
        "role": None,
    }
    made = compose(
        title="Freight", answer=record.body, answer_hash=record.hash, signature=signature, result=replay.result,
        catalog=layer.catalog, release=layer.release,
    )  # fmt: skip
    texts = table_texts(made)
    known = duckdb.connect()
    known.execute(TABLES)
    rows = known.execute(
        "select carrier_name, sum(freight) from shipments join carriers using (carrier_id) "
        "where picked_up between date '2026-04-01' and date '2026-04-30' group by 1"
    ).fetchall()
    assert len(rows) == 4
    for carrier, freight in rows:
        assert texts[texts.index(carrier) + 1] == f"{freight:,.2f}"
    for text in ("Łucja", "? close", "Freight revenue (EUR)", "000001", "main.shipments at version 0", record.hash,
                 replay.result.evidence.result, "2026-04-01 to 2026-04-30, both included", "passed; 0 checks",
                 f"{sum(freight for _, freight in rows):,.2f}"):  # fmt: skip
        assert text in texts, text
    assert write_pdf(made) == write_pdf(made)


def test_a_later_release_that_moves_a_signed_figure_is_told(
    desk: Desk, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = desk.ask(QUESTION, channel="chat")
    still = desk.ask("freight by carrier in 2025", channel="chat")
    for answer in (signed, still):
        desk.sign(answer.id, comment="close", viewer=EVERYONE)
    assert main(["--project", str(project.root), "audit", "signed"]) == 0
    publish_next(project)
    capsys.readouterr()
    assert main(["--project", str(project.root), "audit", "signed", "--json"]) == 1
    moved, stands = loads(capsys.readouterr().out)
    known = duckdb.connect()
    known.execute(TABLES)
    count = "select sum(freight) from shipments join carriers using (carrier_id) where carrier_name = 'Blue Anchor Lines' "
    april = "and picked_up between date '2026-04-01' and date '2026-04-30'"
    [(then,)] = known.execute(count + april).fetchall()
    known.execute(CHANGES[2])
    [(now,)] = known.execute(count + april).fetchall()
    assert now > then
    by_row = {tuple(move["row"]): move for move in moved["moved"]}
    assert by_row[("Blue Anchor Lines",)] == {
        "column": "freight", "row": ["Blue Anchor Lines"], "then": Decimal(str(then)), "now": Decimal(str(now)),
        "by": Decimal(str(now - then)),
    }  # fmt: skip
    assert set(by_row) == {(), ("Blue Anchor Lines",)}
    assert "main.shipments was at version 0, is at 1" in moved["causes"]
    assert stands["moved"] == []
    assert main(["--project", str(project.root), "audit", "signed"]) == 1
    assert f"by {now - then}" in capsys.readouterr().out


def test_what_does_not_replay_is_not_signed(desk: Desk, project: Project) -> None:
    answer = desk.ask(QUESTION, channel="chat")
    with pytest.raises(OutcomeError, match="other rights"):
        desk.sign(answer.id, comment="close", viewer=Viewer(role="boss", policy="sha256:1"))
    publish_next(project)
    manifest = project.warehouse / FOLDER / "000001.json"
    manifest.write_text(manifest.read_text().replace('"version": 0', '"version": 1'))
    desk.replayer.close()  # it has that release open
    with pytest.raises(OutcomeError, match="not signed: Not equal"):
        desk.sign(answer.id, comment="close", viewer=EVERYONE)
    assert desk.log.signatures() == []
    assert not is_kept(project.warehouse, 1)


@pytest.mark.parametrize("comment", ["", "   ", "x" * 501])
def test_a_signature_needs_a_comment(desk: Desk, comment: str) -> None:
    answer = desk.ask(QUESTION, channel="chat")
    with pytest.raises(UserError, match="the comment"):
        desk.sign(answer.id, comment=comment, viewer=EVERYONE)


def test_only_answers_with_a_number_are_signed(desk: Desk) -> None:
    refused = desk.ask("what is the weather", channel="chat")
    with pytest.raises(UserError, match="nothing to run again"):
        desk.sign(refused.id, comment="close", viewer=EVERYONE)
    with pytest.raises(UserError, match="no answer with this id"):
        desk.sign("0" * 24, comment="close", viewer=EVERYONE)


def test_a_full_disk_signs_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = desk.ask(QUESTION, channel="chat")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotRecorded):
        desk.sign(answer.id, comment="close", viewer=EVERYONE)
    assert desk.log.signatures() == []
    assert not list((desk.log.folder / "certificates").glob("*.pdf"))


def test_a_certificate_is_for_the_same_rights_and_is_checked(desk: Desk) -> None:
    answer = desk.ask(QUESTION, channel="chat")
    with pytest.raises(UserError, match="is not signed"):
        desk.certificate(answer.id, viewer=EVERYONE)
    file = desk.sign(answer.id, comment="close", viewer=EVERYONE).file
    with pytest.raises(AccessDenied):
        desk.certificate(answer.id, viewer=Viewer(role="boss", policy="sha256:1"))
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(UserError, match="gone or was edited"):
        desk.certificate(answer.id, viewer=EVERYONE)


def test_a_file_of_another_tool_is_signed_without_being_kept(tmp_path: Path) -> None:
    desk = Desk.open(make_logistics(tmp_path))
    answer = desk.ask(QUESTION, channel="chat")
    signature = desk.sign(answer.id, comment="close", viewer=EVERYONE)
    assert not signature.is_kept
    assert "is not kept" in signature.told()
    assert query_of(desk.find(answer.id)).metrics == ("freight",)
