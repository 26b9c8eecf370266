"""The chain of records: whatever was done to its file is named, and what cannot be kept raises."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from datatrust.core import chain as chain_module
from datatrust.core.chain import FILE, HEAD, Chain, check_chain
from datatrust.core.errors import NotRecorded
from datatrust.core.jsonio import loads

COUNT = 12


def body(number: int) -> dict[str, object]:
    return {
        "id": f"id{number:03}",
        "kind": "answer",
        "at": f"2026-06-30T10:00:{number:02}+00:00",
        "n": f"text {number}",
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain") / "answers"
    chain = Chain(folder)
    for number in range(1, COUNT + 1):
        chain.append([body(number)])
    chain.close()
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "answers"))


def tamper(folder: Path, *statements: str) -> None:
    """Change the file as somebody with a SQLite shell would, the triggers taken away and put back."""
    with sqlite3.connect(folder / FILE) as connection:
        triggers = connection.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"drop trigger {name}")
        for statement in statements:
            connection.execute(statement)
        for _, text in triggers:
            connection.execute(text)
    connection.close()


def test_what_was_appended_is_read_again(folder: Path) -> None:
    chain = Chain(folder)
    assert [record.seq for record in chain.read()] == list(range(1, COUNT + 1))
    found = chain.find("id007")
    assert found is not None
    assert found.body["n"] == "text 7"
    assert chain.find("id999") is None
    verdict = check_chain(folder)
    assert (verdict.records, verdict.fault) == (COUNT, None)
    assert loads((folder / HEAD).read_text()) == {"records": COUNT, "head": verdict.head}


def test_an_empty_folder_is_sound(tmp_path: Path) -> None:
    assert check_chain(tmp_path).fault is None
    assert list(Chain(tmp_path / "none").read()) == []


def test_records_refuse_to_be_changed(folder: Path) -> None:
    with sqlite3.connect(folder / FILE) as connection:
        for statement in ("update records set at = 'x'", "delete from records"):
            with pytest.raises(sqlite3.DatabaseError, match="append-only"):
                connection.execute(statement)
    connection.close()


SWAP = (
    "update records set seq = -5 where seq = 5", "update records set seq = 5 where seq = 6",
    "update records set seq = 6 where seq = -5",
)  # fmt: skip
SWAPPED_TEXTS = (
    "create temp table kept as select seq, body from records where seq in (5, 6)",
    "update records set body = (select body from kept where kept.seq = 11 - records.seq) where seq in (5, 6)",
)
TAMPERED: dict[str, tuple[tuple[str, ...], int, str]] = {
    "text": (("update records set body = replace(body, 'text 7', 'text 8') where seq = 7",), 7, "was edited"),
    "not json": (("update records set body = 'x' where seq = 7",), 7, "was edited"),
    "id": (("update records set id = 'other' where seq = 3",), 3, "was edited"),
    "time": (("update records set at = '2020' where seq = 3",), 3, "was edited"),
    "about": (("update records set about = 'id001' where seq = 3",), 3, "was edited"),
    "hash": (("update records set hash = previous where seq = 4",), 4, "was edited"),
    "first removed": (("delete from records where seq = 1",), 1, "is missing"),
    "removed": (("delete from records where seq = 9",), 9, "is missing"),
    "removed and renumbered": (
        ("delete from records where seq = 9", "update records set seq = seq - 1 where seq > 9"), 9, "was written as record 10",
    ),
    "swapped": (SWAP, 5, "was written as record 6: records were swapped"),
    "texts swapped": (SWAPPED_TEXTS, 5, "was written as record 6: records were swapped"),
    "cut": ((f"delete from records where seq = {COUNT}",), COUNT, "is missing"),
    "cut long": (("delete from records where seq > 4",), 5, "is missing"),
    "emptied": (("delete from records",), 1, "is missing"),
}  # fmt: skip


@pytest.mark.parametrize("how", sorted(TAMPERED))
def test_the_first_record_that_is_not_as_written_is_named(folder: Path, how: str) -> None:
    statements, place, words = TAMPERED[how]
    tamper(folder, *statements)
    verdict = check_chain(folder)
    assert verdict.record == place
    assert verdict.records == place - 1
    assert f"record {place} " in (verdict.fault or "")
    assert words in (verdict.fault or "")


def test_a_record_rewritten_with_its_own_hash_breaks_the_next(folder: Path) -> None:
    """Trap: who edits a record can compute its hash anew; the next one does not follow it then."""
    with sqlite3.connect(folder / FILE) as connection:
        text, previous = connection.execute("select body, previous from records where seq = 6").fetchone()
    connection.close()
    edited = text.replace("text 6", "text 0")
    tamper(
        folder,
        f"update records set body = '{edited}', hash = '{chain_module._hash(previous, edited.encode())}' where seq = 6",
    )
    verdict = check_chain(folder)
    assert "record 7 does not follow record 6" in (verdict.fault or "")


def test_a_log_written_anew_is_found_by_a_head_that_was_noted(folder: Path, tmp_path: Path) -> None:
    noted = check_chain(folder).head
    other = Chain(tmp_path / "other")
    other.append([body(number + 1) for number in range(COUNT)])
    other.append([{**body(20), "n": "new"}])
    other.close()
    assert check_chain(tmp_path / "other").fault is None
    assert check_chain(tmp_path / "other", known="sha256:" + "1" * 64).fault
    assert check_chain(folder, known=noted).fault is None


def test_every_changed_byte_of_a_record_is_found(folder: Path) -> None:
    """Whatever byte of a record's text is changed in the file itself, the check names a record or a damaged file."""
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    content = (folder / FILE).read_bytes()
    start = content.index(b'"n": "text 5"')
    for place in [*range(start - 60, start + 30), *range(start + 100, start + 160, 7)]:
        changed = bytearray(content)
        changed[place] ^= 1
        (folder / FILE).write_bytes(bytes(changed))
        assert check_chain(folder).fault, place


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda folder: (folder / HEAD).unlink(), "head.json is missing"),
        (lambda folder: (folder / HEAD).write_text("{}"), "head.json is damaged"),
        (lambda folder: (folder / HEAD).write_text('{"records": 12, "head": "sha256:0"}'), "the end was rewritten"),
        (lambda folder: (folder / FILE).unlink(), "all 12 records are missing"),
        (lambda folder: (folder / FILE).write_bytes(b"x" * 9000), "cannot be read"),
    ],
)  # fmt: skip
def test_a_harmed_head_or_file_is_told(folder: Path, harm: Callable[[Path], object], words: str) -> None:
    for left in folder.glob(f"{FILE}-*"):
        left.unlink()
    harm(folder)
    assert words in (check_chain(folder).fault or "")
    with pytest.raises(NotRecorded):
        Chain(folder).append([body(13)])


def test_a_lost_guard_is_told(folder: Path) -> None:
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("drop trigger no_delete")
    connection.close()
    assert "no_delete" in (check_chain(folder).fault or "")


def test_nothing_is_appended_after_a_cut(folder: Path) -> None:
    """Trap: a record appended after a cut would move the head, and the cut could not be found any more."""
    tamper(folder, "delete from records where seq > 10")
    with pytest.raises(NotRecorded, match="does not end at record 12"):
        Chain(folder).append([body(13)])
    assert "record 11 is missing" in (check_chain(folder).fault or "")


def test_a_head_that_is_one_write_behind_is_caught_up(folder: Path) -> None:
    """A process that died between record and head leaves a head behind; that record was shown to nobody."""
    before = (folder / HEAD).read_text()
    chain = Chain(folder)
    chain.append([body(13)])
    (folder / HEAD).write_text(before)
    assert check_chain(folder).fault is None
    chain.append([body(14)])
    assert check_chain(folder).records == 14


def test_two_processes_write_one_chain(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from datatrust.core.chain import Chain\n"
        "chain = Chain(Path(sys.argv[1]))\n"
        "for n in range(40):\n"
        "    chain.append([{'id': f'{sys.argv[2]}{n}', 'kind': 'answer', 'at': 'now'} for _ in range(1)])\n"
    )
    folder = tmp_path / "answers"
    running = [subprocess.Popen([sys.executable, "-c", code, str(folder), name]) for name in "ab"]
    assert [each.wait(timeout=60) for each in running] == [0, 0]
    verdict = check_chain(folder)
    assert (verdict.records, verdict.fault) == (80, None)
    assert {record.id[0] for record in Chain(folder).read()} == {"a", "b"}


def test_a_full_disk_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    """A real limit on the size of files, so that the write itself fails, as on a full disk."""
    code = (
        "import resource, signal, sys; from pathlib import Path; from datatrust.core.chain import Chain\n"
        "from datatrust.core.errors import NotRecorded\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "chain = Chain(Path(sys.argv[1]))\n"
        "chain.append([{'id': 'a', 'kind': 'answer', 'at': 'now'}])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "done = 1\n"
        "try:\n"
        "    for n in range(1000):\n"
        "        chain.append([{'id': str(n), 'kind': 'answer', 'at': 'now', 'text': 'x' * 20_000}]); done += 1\n"
        "except NotRecorded as error:\n"
        "    print(done); print(error)\n"
    )
    folder = tmp_path / "answers"
    run = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, timeout=60, check=True
    )
    done, told = run.stdout.split("\n", 1)
    assert "no number is given" in told
    verdict = check_chain(folder)
    assert verdict.fault is None
    assert verdict.records == int(done) > 1


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_head_that_cannot_be_written_raises(
    folder: Path, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(folder)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, failing, full)
        with pytest.raises(NotRecorded, match="the disk is full"):
            chain.append([body(13)])
    chain.append([body(14)])
    assert check_chain(folder).fault is None
