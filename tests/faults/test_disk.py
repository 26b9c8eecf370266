"""Damaged tables, a damaged manifest, a full and a read-only disk: a clear message, and the last release serves on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datatrust.core.errors import OutcomeError, UserError
from datatrust.core.release import list_releases
from datatrust.core.settings import Project, load_project
from pipeline.run import run_pipeline
from pipeline.tables import table_path
from tests.support.tiny import current, deliver, gold

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

APRIL = [("A1", "10.00"), ("A2", "20.02")]
MAY = [*APRIL, ("B1", "1.00")]


def log_of(project: Project, table: str) -> Path:
    """The newest entry of a table's Delta log."""
    return max((project.warehouse / table_path(table) / "_delta_log").glob("*.json"))


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize(
    "table", ["bronze.expenses", "silver.expenses", "gold.fct_expenses", "restricted.quarantine"]
)
@pytest.mark.parametrize("damage", [truncate, Path.unlink], ids=["truncated", "missing"])
def test_a_broken_delta_log_is_told_and_mended_by_a_copy(
    tiny_project: Project, table: str, damage: Callable[[Path], None]
) -> None:
    """No Spark is started for it."""
    deliver(tiny_project, "2026-05/expenses.csv", [("B1", "1.00")])
    damage(log_of(tiny_project, table))
    with pytest.raises(
        OutcomeError, match=rf"{table} cannot be read: its Delta log is damaged(.|\n)*release rollback"
    ):
        run_pipeline(tiny_project)
    assert list_releases(tiny_project.warehouse) == [1]


def test_a_truncated_manifest_is_not_served(tiny_project: Project) -> None:
    truncate(tiny_project.warehouse / "releases" / "000001.json")
    with pytest.raises(UserError, match=r"000001\.json(.|\n)*damaged(.|\n)*restore the file"):
        run_pipeline(tiny_project)


@pytest.fixture
def small_disk(tiny_release: Project, tmp_path: Path) -> Iterator[Project]:
    """The smallest company on a disk of its own, with a new file to take in."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "datatrust", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted by this user")
    try:
        shutil.copytree(tiny_release.root, place / "tiny")
        project = load_project(place / "tiny")
        deliver(project, "2026-05/expenses.csv", [("B1", "1.00")])
        yield project
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_stops_the_run_and_nothing_is_lost(spark: SparkSession, small_disk: Project) -> None:
    free = os.statvfs(small_disk.root)
    junk = small_disk.root / "junk"
    junk.write_bytes(b"\0" * (free.f_bavail * free.f_frsize - 65_536))
    with pytest.raises(
        OutcomeError, match="the disk is full; the run stopped at step silver, nothing was published"
    ):
        run_pipeline(small_disk)
    assert list_releases(small_disk.warehouse) == [1]
    assert gold(small_disk) == APRIL
    junk.unlink()
    run_pipeline(small_disk)
    assert gold(small_disk) == MAY


def test_a_read_only_disk_is_told_and_serves_on(small_disk: Project) -> None:
    remount = ["mount", "-o", "remount,ro", str(small_disk.root.parent)]
    subprocess.run(remount, check=True)
    with pytest.raises(OutcomeError, match="the disk is mounted read-only"):
        run_pipeline(small_disk)
    assert current(small_disk).id == "000001"
    assert gold(small_disk) == APRIL
