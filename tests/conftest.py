"""Fixtures for every layer: the miniature sample company with its releases, and one Spark session a process."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datatrust.core.settings import Project, load_project
from tests.support.projects import built_sample_project, copy_project, write_project
from tests.support.tiny import deliver, make_tiny_project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


# Minutes long, each whole on one worker, so the longest go first and the workers end together. The one that builds
# the sample company leads, so that no other waits for it.
LONGEST_FIRST = (
    "test_sample_releases",
    "test_ingest",
    "test_run_gold",
    "test_survival",
    "test_ingest_repairs",
    "test_ingest_sample",
    "test_run",
    "test_online_retail",
    "test_load_modes",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order by cost: the longest files, the others that need Spark, those that read the sample's release, the rest."""

    def place(item: pytest.Item) -> int:
        if item.path.stem in LONGEST_FIRST:
            return LONGEST_FIRST.index(item.path.stem)
        if "sample_project" in getattr(item, "fixturenames", ()):
            return len(LONGEST_FIRST) + 1
        return len(LONGEST_FIRST) + (0 if item.get_closest_marker("spark") else 2)

    items.sort(key=place)


@pytest.fixture(scope="session")
def sample_project() -> Project:
    """The sample company in miniature with three releases; shared and kept between runs: do not write to it."""
    return built_sample_project()


@pytest.fixture
def own_sample_project(sample_project: Project, tmp_path: Path) -> Project:
    """A copy of the sample project for one test to change."""
    return copy_project(sample_project, tmp_path / "project")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    """The session of this process, opened on an empty project; tests register their own tables."""
    from pipeline.session import open_session

    root: Path = tmp_path_factory.mktemp("session")
    return open_session(write_project(root, {"name": "session"}), input_bytes=0, deliveries=1)


@pytest.fixture(scope="session")
def tiny_release(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The smallest company after its first closing, published; shared: do not write to it."""
    from pipeline.run import run_pipeline

    project = make_tiny_project(tmp_path_factory.mktemp("tiny"))
    deliver(project, "2026-04/expenses.csv", [("A1", "10.00"), ("A2", "20.02"), ("A3", "-5.00")])
    assert run_pipeline(project).release == "000001"
    return project


@pytest.fixture
def tiny_project(tiny_release: Project, tmp_path: Path) -> Project:
    """A copy of the smallest company for one test to go on from; its third row breaks a rule."""
    shutil.copytree(tiny_release.root, tmp_path / "tiny")
    return load_project(tmp_path / "tiny")
