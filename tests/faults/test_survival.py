"""What a run must survive: kill -9 at three moments, what was lost between runs, files that come again or in parts.

Each time the next run's release has the rows, counts and totals of one that was never disturbed. There is no streaming
checkpoint that could be lost: what lies outside the warehouse is dbt's parsed project and logs. For kill -9 one child process a kind of death runs three copies of the smallest company: each stops at a moment of its own and
lets the next one begin, so that one Java serves all three. The next runs are made in the session of the tests.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datatrust.core.release import list_releases
from datatrust.core.settings import Project
from pipeline.ledger import load_ledger
from pipeline.run import run_pipeline
from tests.support.survival import second_closing, wait_for_the_lock
from tests.support.tiny import current, figures, gold

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

# name -> the first thing that a run says after it; the last one goes on working while it is killed
MOMENTS = {
    "before publish": "2026-05: metrics and publish",
    "after silver": "2026-05: gold",
    "after bronze": "2026-05: raw files to silver expenses judge",
}

CHILD = """
import contextlib, sys
from pathlib import Path
from datatrust.core.settings import load_project
from pipeline.run import run_pipeline

def run(todo):
    (root, moment), *rest = todo

    class Said:
        def step(self, label, parts=1):
            self.say(label)
            return contextlib.nullcontext(lambda detail, parts=1: self.say(label + " " + detail))
        def say(self, words):
            if words == moment and rest:
                run(rest)
            elif words == moment:
                print("there", flush=True)
        def close(self):
            pass

    run_pipeline(load_project(Path(root)), progress=Said())
    print("over", flush=True)

run(list(zip(sys.argv[1::2], sys.argv[2::2])))
"""


@pytest.fixture(scope="module")
def undisturbed(tiny_release: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The second closing, by a run that nothing happened to."""
    project = second_closing(tiny_release, tmp_path_factory.mktemp("undisturbed"))
    run_pipeline(project)
    return project


@pytest.fixture(scope="module", params=["whole group", pytest.param("Python alone", marks=pytest.mark.soak)])
def killed(
    request: pytest.FixtureRequest, tiny_release: Project, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Project]:
    """The three copies after their deaths, by moment."""
    projects = {name: second_closing(tiny_release, tmp_path_factory.mktemp("killed")) for name in MOMENTS}
    named = [word for name, moment in MOMENTS.items() for word in (str(projects[name].root), moment)]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, *named], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "there\n", "the run was over before its moment came"
    if request.param == "whole group":
        os.killpg(child.pid, signal.SIGKILL)
    else:
        os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    for project in projects.values():
        wait_for_the_lock(project)
    return projects


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_next_run_equals_one_that_was_never_disturbed(
    spark: SparkSession, killed: dict[str, Project], undisturbed: Project, moment: str
) -> None:
    project = killed[moment]
    assert list_releases(project.warehouse) == [1], "a dead run publishes nothing"
    summary = run_pipeline(project)
    assert summary.release == "000002"
    assert gold(project) == gold(undisturbed)
    assert figures(current(project)) == figures(current(undisturbed))


def test_a_lost_ledger_comes_back_from_its_copy(
    spark: SparkSession, tiny_release: Project, undisturbed: Project, tmp_path: Path
) -> None:
    project = second_closing(tiny_release, tmp_path)
    shutil.rmtree(project.warehouse / "ops" / "ledger")
    (line,) = run_pipeline(project).deliveries[0].sources
    assert (line.files, line.read) == (1, 3), "the first closing is not read again"
    assert figures(current(project)) == figures(current(undisturbed))
    assert gold(project) == gold(undisturbed)


def test_lost_working_folders_and_files_sent_again_or_renamed_change_nothing(
    spark: SparkSession, tiny_release: Project, undisturbed: Project, tmp_path: Path
) -> None:
    """All checkpoints that there are: dbt's parsed project, Spark's scratch, logs."""
    project = second_closing(tiny_release, tmp_path)
    for folder in (project.state, project.logs, project.warehouse / "restricted" / "scratch"):
        shutil.rmtree(folder, ignore_errors=True)
    april = project.raw / "2026-04" / "expenses.csv"
    shutil.copy(april, project.raw / "2026-05" / "expenses_again.csv")
    april.rename(april.with_name("expenses_renamed.csv"))
    summary = run_pipeline(project)
    assert [(done.delivery, done.sources[0].read) for done in summary.deliveries] == [
        ("2026-04", 0),
        ("2026-05", 3),
    ]
    assert figures(current(project)) == figures(current(undisturbed))
    assert gold(project) == gold(undisturbed)
    assert run_pipeline(project).nothing_new


def test_a_file_that_was_taken_in_half_written_is_replaced_by_the_whole(
    spark: SparkSession, tiny_release: Project, undisturbed: Project, tmp_path: Path
) -> None:
    """The rows of its beginning count no more, however they were judged; bronze still has them."""
    project = second_closing(tiny_release, tmp_path)
    file = project.raw / "2026-05" / "expenses.csv"
    whole = file.read_text()
    file.write_text(whole[: whole.index(",1.00,")])
    run_pipeline(project)
    assert gold(project) == [("A1", "10.00"), ("A2", "20.03")]
    assert current(project).controls[0].quarantined == 2, "half a line is no row"

    file.write_text(whole)
    assert run_pipeline(project).release == "000003"
    assert gold(project) == gold(undisturbed)
    assert current(project).controls == current(undisturbed).controls
    entries = [(entry.path, entry.status) for entry in load_ledger(project.warehouse)]
    assert entries[1:] == [("2026-05/expenses.csv", "replaced"), ("2026-05/expenses.csv", "loaded")]
    assert run_pipeline(project).nothing_new
