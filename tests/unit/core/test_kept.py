"""Kept releases: whole copies that outlive clean-up, a rollback that only goes where there is something to read."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from deltalake import DeltaTable, write_deltalake

from datatrust.cli import root
from datatrust.core.errors import FilesGone, OutcomeError, UnknownName, UserError
from datatrust.core.kept import (
    bring_back,
    find_gone,
    is_kept,
    keep_release,
    kept_folder,
    load_notes,
    rollback_release,
    table_folder,
    undo_keep,
)
from datatrust.core.release import Quality, Release, TablePin, load_release, publish_release

TABLES = {
    "gold.fct": "gold/fct",
    "restricted.quarantine": "restricted/quarantine",
    "bronze.sales": "restricted/bronze/sales",
}


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """Two releases; every table is overwritten by the second."""
    folder = tmp_path / "warehouse"
    for number in (1, 2):
        pins = {}
        for name, path in TABLES.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_deltalake(str(folder / path), pa.table({"id": [number]}), mode="overwrite")
            pins[name] = TablePin(path=path, version=number - 1)
        publish_release(
            folder,
            Release(
                number=number,
                created_at=dt.datetime(2026, number, 1, tzinfo=dt.UTC),
                tables=pins,
                quality=Quality(status="passed"),
                parent=number - 1 or None,
            ),
        )
    return folder


def clean_up(warehouse: Path, *, logs: bool = False) -> None:
    """Remove every file that the newest versions do not name, and the log entries of older versions."""
    for path in TABLES.values():
        table = DeltaTable(str(warehouse / path))
        table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        if logs:
            table.create_checkpoint()
            for entry in (warehouse / path / "_delta_log").glob("0*.json"):
                if int(entry.stem) < table.version():
                    entry.unlink()


def ids(warehouse: Path, release: Release, name: str = "gold.fct") -> list[int]:
    """The rows of a table as a reader of the release finds them."""
    pin = release.tables[name]
    table = DeltaTable(str(table_folder(warehouse, release, pin)), version=pin.version)
    return sorted(row for uri in table.file_uris() for row in pq.read_table(uri).column("id").to_pylist())


@pytest.mark.parametrize("logs", [False, True], ids=["data files", "data files and log"])
def test_a_kept_release_outlives_clean_up(warehouse: Path, logs: bool) -> None:
    keep_release(warehouse, "1", reason="signed")
    clean_up(warehouse, logs=logs)
    for number in (1,) if logs else (1, 2):
        release = load_release(warehouse, str(number))
        assert ids(warehouse, release) == ids(warehouse, release, "restricted.quarantine") == [number]
        assert find_gone(warehouse, release) == {}
    quarantine = kept_folder(warehouse, 1, load_release(warehouse, "1").tables["restricted.quarantine"])
    assert quarantine.is_relative_to(warehouse / "restricted")
    assert not list(warehouse.glob("**/kept/**/bronze")), "raw rows are not kept beyond their own time"


def test_nothing_is_stored_twice(warehouse: Path) -> None:
    keep_release(warehouse, "1")
    pin = load_release(warehouse, "1").tables["gold.fct"]
    files = list(kept_folder(warehouse, 1, pin).rglob("*.parquet"))
    assert files
    assert all(file.stat().st_nlink == 2 for file in files)


def test_without_links_files_are_copied(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "another volume")

    monkeypatch.setattr(os, "link", refuse)
    keep_release(warehouse, "1")
    clean_up(warehouse)
    assert ids(warehouse, load_release(warehouse, "1")) == [1]


def test_a_release_that_is_not_kept_is_lost_to_clean_up(warehouse: Path) -> None:
    clean_up(warehouse)
    old = load_release(warehouse, "1")
    assert find_gone(warehouse, old) == {
        "gold.fct": "1 files of version 0 are gone",
        "restricted.quarantine": "1 files of version 0 are gone",
    }
    with pytest.raises(FilesGone, match=r"gold/fct: files of version 0 are gone\n.*list"):
        keep_release(warehouse, "1")
    assert not is_kept(warehouse, 1)
    assert not list((warehouse / "kept").glob("0*")), "nothing is kept by halves"
    with pytest.raises(FilesGone, match=r"release 000001 cannot be read any more: gold\.fct: 1 files"):
        rollback_release(warehouse, "1")
    assert load_release(warehouse).number == 2


def test_a_keep_that_died_does_not_count_and_can_be_repeated(warehouse: Path) -> None:
    """As a kill leaves it: some files, no note."""
    keep_release(warehouse, "1")
    home = warehouse / "kept" / "000001"
    (home / "kept.json").unlink()
    next(home.rglob("*.parquet")).unlink()
    assert not is_kept(warehouse, 1)
    keep_release(warehouse, "1")
    clean_up(warehouse)
    assert ids(warehouse, load_release(warehouse, "1")) == [1]


def test_reasons_gather_and_an_undo_ends_them(warehouse: Path) -> None:
    keep_release(warehouse, "1", reason="signed")
    keep_release(warehouse, "1", reason="year end")
    assert [note.reason for note in load_notes(warehouse, 1)] == ["signed", "year end"]
    undo_keep(warehouse, "1")
    assert load_notes(warehouse, 1) == ()
    clean_up(warehouse)
    assert find_gone(warehouse, load_release(warehouse, "1"))
    with pytest.raises(UserError, match="release 000001 is not kept"):
        undo_keep(warehouse, "1")
    with pytest.raises(UnknownName, match='no release "9"'):
        keep_release(warehouse, "9")


@pytest.mark.parametrize("logs", [False, True], ids=["data files", "data files and log"])
def test_a_rollback_to_a_kept_release_is_served_and_gone_on_from(warehouse: Path, logs: bool) -> None:
    """The next run restores the tables: they get the files back that clean-up took."""
    keep_release(warehouse, "1")
    clean_up(warehouse, logs=logs)
    rollback_release(warehouse, "1")
    again = rollback_release(warehouse, "3")
    assert (again.number, again.restores) == (4, 3)
    assert ids(warehouse, again) == [1]
    with pytest.raises(OutcomeError, match="release 000004 is current and reads the kept files of 000001"):
        undo_keep(warehouse, "1")
    bring_back(warehouse, again)
    table = DeltaTable(str(warehouse / "gold/fct"))
    table.restore(0)
    assert pq.read_table(table.file_uris()[0]).column("id").to_pylist() == [1]
    undo_keep(warehouse, "1")
    assert ids(warehouse, again) == [1]


def test_rollback_is_a_new_release_with_old_versions_even_where_the_current_one_is_damaged(
    warehouse: Path,
) -> None:
    (warehouse / "releases" / "000002.json").write_text("{")
    new = rollback_release(warehouse, "1")
    current = load_release(warehouse)
    assert (new.number, current.number, current.restores, current.parent) == (3, 3, 1, 2)
    assert current.tables == load_release(warehouse, "1").tables


def test_an_instant_finds_the_release_that_was_current_then(warehouse: Path) -> None:
    rollback_release(warehouse, "1")
    found = [load_release(warehouse, when).number for when in ("2026-01-31", "2026-02-01", "2999-01-01")]
    assert found == [1, 2, 3]


def test_the_command_line(warehouse: Path) -> None:
    config = warehouse.parent / "configs" / "pipeline_config.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"name": "kept"}))

    def say(*command: str) -> str:
        done = CliRunner().invoke(root, ["--project", str(config.parents[1]), "release", *command])
        assert done.exit_code == 0, done.output
        return done.output

    assert "release 000001 is kept" in say("keep", "1", "--reason", "signed by the auditor")
    assert [found["kept"] for found in json.loads(say("list", "--json"))] == [True, False]
    assert "signed by the auditor" in say("show", "1")
    clean_up(warehouse)
    assert "cannot be read any more: gold.fct" not in say("show", "1")
    assert "no longer kept" in say("keep", "1", "--undo")
    assert "cannot be read any more: gold.fct: 1 files of version 0 are gone" in say("show", "1")
    (warehouse / "releases" / "000002.json").write_text("{")
    assert "its manifest is damaged" in say("list")
