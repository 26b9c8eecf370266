"""One Spark session for all tests of this process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.projects import write_project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    """The session of this process, opened on an empty project; tests register their own tables."""
    from pipeline.session import open_session

    root: Path = tmp_path_factory.mktemp("session")
    return open_session(write_project(root, {"name": "session"}), input_bytes=0)
