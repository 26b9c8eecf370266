"""Fixtures for every layer: the miniature sample company with its releases."""

from __future__ import annotations

from pathlib import Path

import pytest

from datatrust.core.settings import Project
from tests.support.projects import built_sample_project, copy_project


@pytest.fixture(scope="session")
def sample_project() -> Project:
    """The sample company in miniature with three releases; shared and kept between runs: do not write to it."""
    return built_sample_project()


@pytest.fixture
def own_sample_project(sample_project: Project, tmp_path: Path) -> Project:
    """A copy of the sample project for one test to change."""
    return copy_project(sample_project, tmp_path / "project")
