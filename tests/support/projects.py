"""Make small projects for tests: the sample company in miniature, built once and kept until its code changes."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from datatrust.core.release import list_releases
from datatrust.core.settings import Project, load_project

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "tests"
ORDERS_PER_MONTH = 20  # the smallest company there is: some 1,600 order lines
DIRT = 0.01  # the share of rows that something is wrong with; each kind of defect is there at least once
SHAPING = (
    "configs",
    "datatrust/core",
    "datatrust/sample",
    "pipeline",
    "semantic",
)  # what the result depends on


def make_sample_project(
    root: Path, *, orders_per_month: int = ORDERS_PER_MONTH, dirt: float = DIRT
) -> Project:
    """Write a project like the one of this repository into `root`, with raw files of its own, not run yet."""
    from datatrust.sample import build_sample

    copy_definitions(root)
    project = load_project(root)
    build_sample(
        project.raw,
        truth_file=project.raw.parent / "sample_truth.jsonl",
        orders_per_month=orders_per_month,
        dirt=dirt,
    )
    return project


def copy_definitions(root: Path) -> None:
    """Copy this repository's settings, contracts, policies, dbt project and catalog into `root`."""
    for folder in ("configs", "pipeline/dbt", "semantic/catalog"):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, root / folder, dirs_exist_ok=True)


def built_sample_project() -> Project:
    """Return the miniature sample company with its three releases; do not write to it."""
    from pipeline.session import open_session

    CACHE.mkdir(parents=True, exist_ok=True)
    folder = CACHE / f"sample-{_digest()}"
    with _lock(CACHE / ".lock"):
        if not (folder / "ready").exists():
            for old in CACHE.glob("sample-*"):
                shutil.rmtree(old, ignore_errors=True)
            project = make_sample_project(folder)
            open_session(project, input_bytes=0, deliveries=1)  # the session of all tests of this process
            run(project)
            (folder / "ready").touch()
    project = load_project(folder)
    assert len(list_releases(project.warehouse)) == 3
    return project


def copy_project(project: Project, root: Path) -> Project:
    """Return a copy of a project with its raw files and releases, to be changed at will."""
    shutil.copytree(project.root, root, dirs_exist_ok=True)
    return load_project(root)


def run(project: Project, **options: Any) -> Any:
    """Run the pipeline with the catalog's metrics, as the command line does."""
    from pipeline.run import run_pipeline

    metrics: Callable[..., Any] | None = None
    if project.catalog.is_dir():
        from datatrust.commands.pipeline import business_metrics

        def metrics(candidate: Any) -> Any:
            return business_metrics(project, candidate)

    return run_pipeline(project, business_metrics=metrics, **options)


def write_files(root: Path, texts: Mapping[str, str]) -> None:
    """Write texts under `root`, by their paths there."""
    for name, text in texts.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def write_project(root: Path, config: dict[str, Any]) -> Project:
    """Write a settings file and return its project."""
    (root / "configs").mkdir(parents=True, exist_ok=True)
    (root / "configs" / "pipeline_config.json").write_text(json.dumps(config), encoding="utf-8")
    return load_project(root)


def _digest() -> str:
    digest = hashlib.sha256(f"{ORDERS_PER_MONTH} {DIRT}".encode())
    for name in SHAPING:
        for path in sorted((ROOT / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
