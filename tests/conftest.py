"""Fixtures for every layer: the miniature sample company with its releases, and one Spark session a process."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from datatrust.core.settings import Project, load_project
from tests.support.projects import built_sample_project, copy_project, write_project
from tests.support.tiny import deliver, make_tiny_project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


# Starting Java and making it quick costs more than a minute of processor time, so two processes at most have one:
# that of these files, and that of all other Spark tests, which begin with the sample company.
SECOND_JAVA = (
    "test_ingest",
    "test_run_gold",
    "test_survival",
    "test_ingest_repairs",
    "test_load_modes",
    "test_run",
    "test_kept_release",
    "test_disk",
)


def group_of(file: Path) -> str:
    """Return which process a test file goes to: Spark's two have groups, every other file is one of its own."""
    if file.parts[1] in ("spark", "faults"):
        return "second Java" if file.stem in SECOND_JAVA else "first Java"
    return str(file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the groups together. xdist's own groups by marker do not reach it with pytest 9.2: names of tests are fixed."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(Path(nodeid.partition("::")[0]))

    return ByGroup(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order by cost: Spark's groups, then file by file, what reads the sample last.

    The file that builds the sample company leads, so that nothing waits for it.
    """

    def place(item: pytest.Item) -> tuple[int, bool]:
        group = group_of(Path(item.nodeid.partition("::")[0]))
        if group.endswith("Java"):
            return int(group == "second Java"), item.path.stem != "test_sample_releases"
        return 3 if "sample_project" in getattr(item, "fixturenames", ()) else 2, False

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
