"""Maintenance without Spark: which releases keep their files, what goes, what a reader and a killed run find afterwards."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from click.testing import CliRunner
from deltalake import DeltaTable, write_deltalake

from datatrust.cli import root
from datatrust.core.errors import FilesGone, OutcomeError, UserError
from datatrust.core.kept import find_gone, keep_release, rollback_release, table_folder
from datatrust.core.release import Quality, Release, TablePin, list_releases, load_release, publish_release
from datatrust.core.retired import is_held, load_retired, original_number
from datatrust.core.settings import Maintenance, Project, Retain
from pipeline.lock import hold_lock
from pipeline.maintenance import run as maintenance
from pipeline.maintenance.files import carry_out, file_sizes, plan_sweep
from pipeline.maintenance.optimize import ProbeRange, probe, prove_same_rows
from pipeline.maintenance.policy import (
    ReleaseState,
    choose_columns,
    is_chosen,
    is_fragmented,
    judge_releases,
    money,
)
from pipeline.maintenance.report import MaintainReport, render_report
from pipeline.maintenance.run import maintain
from pipeline.observe import StepMetric, load_steps, record_steps
from pipeline.restore import restore_tables
from pipeline.status import load_status
from pipeline.tables import pin_table
from semantic.engine import SemanticLayer
from semantic.query import EVERYONE, MetricQuery
from tests.support.projects import copy_project, write_project

NOW = dt.datetime(2026, 6, 30, tzinfo=dt.UTC)
FACT = "gold.fct_sales"
MODEL = """
model: sales
table: gold.fct_sales
key: [id]
time: day
segments: {big: amount > 10}
dimensions:
  - {name: day, type: time, grain: day}
  - {name: id, type: identifier}
  - {name: amount, type: number}
"""
METRIC = "metrics: [{name: sold, label: Sold, model: sales, agg: sum, expr: amount, where: big}]\n"
LOADS = 12


def state(number: int, *, days_ago: float, **more: object) -> ReleaseState:
    return ReleaseState(number=number, created_at=NOW - dt.timedelta(days=days_ago), **more)  # type: ignore[arg-type]


def retained(states: Sequence[ReleaseState], **retain: float) -> list[int]:
    return [v.number for v in judge_releases(states, Retain(**retain), NOW) if v.retained]  # type: ignore[arg-type]


def test_a_release_is_retained_by_number_by_age_or_by_who_needs_it() -> None:
    ages = [100, 80, 60, 40, 20]
    plain = [state(n, days_ago=days) for n, days in enumerate(ages, 1)]
    assert retained(plain, releases=1, days=0) == [5], "the current one always is"
    assert retained(plain, releases=3, days=0) == [3, 4, 5]
    assert retained(plain, releases=1, days=45) == [3, 4, 5], (
        "3 was replaced 40 days ago, though made 60 days ago"
    )
    assert retained(plain, releases=9, days=0) == [1, 2, 3, 4, 5]
    some = [state(1, days_ago=100, kept=True), state(2, days_ago=80, held=True), *plain[2:]]
    assert retained(some, releases=1, days=0) == [1, 2, 5]


def test_what_maintenance_publishes_does_not_push_history_out() -> None:
    """Trap: with two retained, three maintenances in a row would leave one set of rows to go back to."""
    rows = [state(1, days_ago=9), state(2, days_ago=8)]
    again = [*rows, state(3, days_ago=7, compacts=2), state(4, days_ago=6, compacts=3)]
    assert retained(again, releases=2, days=0) == [1, 4]


def test_a_clock_that_went_back_and_a_retired_release() -> None:
    assert retained([state(1, days_ago=-400), state(2, days_ago=400), state(3, days_ago=0)], releases=1, days=30) == [
        1, 2, 3,
    ]  # fmt: skip
    verdicts = judge_releases(
        [state(1, days_ago=9, retired=True), state(2, days_ago=8)], Retain(releases=5, days=99), NOW
    )
    assert [v.retained for v in verdicts] == [False, True], (
        "files that are gone do not come back by a new policy"
    )


def test_which_tables_by_which_columns_at_what_price() -> None:
    policy = Maintenance(z_order={"gold.a": ("x", "nope")}, tables=("gold.*",))
    assert is_chosen("gold.a", policy)
    assert not is_chosen("bronze.a", policy)
    assert not is_fragmented([9_000_000] * 99, policy), "many large files are no fragments"
    usable = ["a", "b", "c", "d", "x"]
    asked, keys = {"gold.b": ("a", "z", "b", "c", "d")}, {"gold.b": ("d",), "silver.c": ("d",)}

    def chosen(table: str) -> tuple[str, ...]:
        return choose_columns(table, policy=policy, asked=asked, keys=keys, usable=usable)

    assert chosen("gold.a") == ("x",), "declared, as far as there are statistics"
    assert chosen("gold.b") == ("a", "b", "c")
    assert chosen("silver.c") == ("d",)
    assert chosen("gold.d") == ()
    assert str(money(1_234_000_000, Maintenance(price_per_gb_month=2))) == "2.47"  # type: ignore[arg-type]


def test_a_policy_that_would_rewrite_its_own_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="target_file_mb must be at least twice small_file_mb"):
        write_project(tmp_path, {"maintenance": {"small_file_mb": 8, "target_file_mb": 10}})


# ------------------------------------------------------------------------------------------------ a warehouse


def make_warehouse(folder: Path) -> Project:
    """One fact in small loads, a release after each; and a mart that each release writes anew."""
    retain = {"releases": 1, "days": 0}
    project = write_project(folder, {"maintenance": {"retain": retain, "small_files": 5}})
    for name, text in {"models/sales.yml": MODEL, "metrics/sales.yml": METRIC}.items():
        (project.catalog / name).parent.mkdir(parents=True, exist_ok=True)
        (project.catalog / name).write_text(text)
    for number in range(1, LOADS + 1):
        load(project, number)
    return project


def load(project: Project, number: int) -> None:
    """Two rows of the day, and a release that knows them."""
    warehouse = project.warehouse
    day = dt.date(2026, 1, 1) + dt.timedelta(days=number)
    rows = pa.table({"id": [f"{number}a", f"{number}b"], "day": [day, day], "amount": [number, 100 * number]})
    (warehouse / "gold").mkdir(parents=True, exist_ok=True)
    write_deltalake(str(warehouse / "gold/fct_sales"), rows, mode="append")
    write_deltalake(str(warehouse / "gold/mart"), pa.table({"n": [number] * 1000}), mode="overwrite")
    pins = {name: pin_table(warehouse, name) for name in (FACT, "gold.mart")}
    release = Release(
        number=number,
        created_at=NOW - dt.timedelta(days=100 - number),
        tables=pins,
        quality=Quality(status="passed"),
        parent=number - 1 or None,
    )
    publish_release(warehouse, release)


def compact(folder: Path, columns: Sequence[str], policy: Maintenance) -> None:
    """The double of Spark's OPTIMIZE."""
    optimizer = DeltaTable(str(folder)).optimize
    if columns:
        optimizer.z_order(list(columns))
    else:
        optimizer.compact()


def tidy(project: Project, **options: object) -> MaintainReport:
    return maintain(project, rewrite=compact, now=NOW, **options)  # type: ignore[arg-type]


def sold(project: Project, as_of: str | None = None) -> int:
    layer = SemanticLayer.open(project, as_of=as_of)
    try:
        return int(layer.query(MetricQuery(metrics=("sold",)), viewer=EVERYONE).rows[0][0])  # type: ignore[arg-type]
    finally:
        layer.engine.close()


def expected(last: int) -> int:
    return sum(100 * n + (n if n > 10 else 0) for n in range(1, last + 1))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_warehouse(tmp_path_factory.mktemp("template"))


@pytest.fixture
def project(template: Project, tmp_path: Path) -> Project:
    """A copy of it, for one test to change."""
    return copy_project(template, tmp_path / "project")


def test_fragments_are_put_together_old_releases_go_and_needed_ones_read_back(project: Project) -> None:
    keep_release(project.warehouse, "4", reason="signed")
    before = {number: sold(project, str(number)) for number in (4, LOADS)}
    assert before == {number: expected(number) for number in before}
    report = tidy(project, asked_by={FACT: ("day",)})
    assert (report.release, report.published) == ("000013", True)
    assert [v.number for v in report.retired] == [n for n in range(1, LOADS + 1) if n != 4]
    assert [(v.number, v.reason) for v in report.retained] == [(4, "kept"), (13, "current")]
    fact = next(table for table in report.tables if table.table == FACT)
    assert (fact.files_before, fact.files_after, fact.removed) == (LOADS, 1, LOADS)
    assert fact.z_order == ("day",)
    assert fact.probe_before is not None
    assert fact.probe_after is not None
    assert fact.probe_after.bytes < fact.probe_before.bytes
    mart = next(table for table in report.tables if table.table == "gold.mart")
    assert mart.removed == LOADS - 1
    assert report.stored_after.bytes < report.stored_before.bytes
    assert {n: sold(project, str(n)) for n in (4, 13)} == {4: expected(4), 13: expected(LOADS)}
    assert sold(project) == expected(LOADS)
    assert original_number(project.warehouse, load_release(project.warehouse)) == LOADS
    again = tidy(project, asked_by={FACT: ("day",)})
    assert (again.published, again.retired) == (False, ())
    assert not any(table.fragmented or table.removed for table in again.tables), "done is done"
    assert "no table is fragmented" in render_report(again)


def test_a_file_with_a_name_in_a_kept_release_frees_nothing(project: Project) -> None:
    keep_release(project.warehouse, "12", reason="signed")
    report = tidy(project)
    fact = next(table for table in report.tables if table.table == FACT)
    assert (fact.removed, fact.freed) == (LOADS, 0), "twelve names went, each file has another one"
    assert sold(project, "12") == expected(LOADS)


def test_a_retired_release_is_a_clear_error_everywhere(project: Project) -> None:
    tidy(project)
    moment = load_release(project.warehouse, "3").created_at.isoformat()
    for wanted in ("3", moment):
        with pytest.raises(
            FilesGone, match=r"release 000003 was retired on 2026-06-30 \(older than the newest 1"
        ):
            sold(project, wanted)
    with pytest.raises(FilesGone, match="release 000013 has the same rows: --as-of 13"):
        sold(project, "12")
    for refused in (keep_release, rollback_release):
        with pytest.raises(FilesGone, match="was retired"):
            refused(project.warehouse, "3")
    run = CliRunner().invoke(root, ["--project", str(project.root), "release", "list"], obj=None)
    lines = run.output.splitlines()
    assert "retired 2026-06-30: its files are given up" in lines[4]
    assert "the rows of 000012 in other files" in lines[-1]
    shown = json.loads(
        CliRunner().invoke(root, ["--project", str(project.root), "release", "list", "--json"]).output
    )
    assert [each["id"] for each in shown if not each["retired"]] == ["000013"]


def test_an_instant_is_never_answered_by_an_older_release(project: Project) -> None:
    """A wrong number that was possible: were retired manifests gone, the day of release 8 would show release 4."""
    keep_release(project.warehouse, "4")
    tidy(project)
    with pytest.raises(FilesGone, match="release 000008 was retired"):
        sold(project, load_release(project.warehouse, "8").created_at.isoformat())


def test_an_open_chat_keeps_its_release(project: Project) -> None:
    layer = SemanticLayer.open(project)  # at release 12; it has not read one row yet
    load(project, LOADS + 1)
    load(project, LOADS + 2)
    report = tidy(project)
    assert next((v.number, v.reason) for v in report.retained) == (12, "somebody reads it")
    asked = layer.query(MetricQuery(metrics=("sold",)), viewer=EVERYONE)
    assert asked.rows[0][0] == expected(LOADS)
    layer.engine.close()
    assert 12 in [v.number for v in tidy(project).retired], "closed, it goes"
    with pytest.raises(FilesGone, match="was retired"):
        sold(project, "12")


def test_a_reader_in_another_process_counts_and_a_killed_one_does_not(project: Project) -> None:
    code = (
        "import sys; from pathlib import Path; from datatrust.core.release import load_release;"
        "from datatrust.core.retired import hold_release; w = Path(sys.argv[1]);"
        "hold = hold_release(w, load_release(w, '12')); print('ready', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(project.warehouse)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"ready\n"
        assert is_held(project.warehouse, 12)
        reader.kill()
    assert not is_held(project.warehouse, 12)


def test_a_dry_run_changes_nothing(project: Project) -> None:
    def everything() -> dict[Path, float]:
        return {file: file.stat().st_mtime for file in project.root.rglob("*") if file.is_file()}

    before = everything()
    report = tidy(project, dry_run=True)
    assert everything() == before
    assert [v.number for v in report.retired] == list(range(1, LOADS))
    told = render_report(report)
    assert "release 000011 would be retired" in told
    assert "gold.mart" in told
    assert next(t for t in report.tables if t.table == "gold.mart").removed == LOADS - 1
    assert next(t for t in report.tables if t.table == FACT).removed == 0, "release 12 reads each of them"


STEPS = ("optimize", "prove", "publish", "retire", "sweep", "verify")


@pytest.mark.parametrize("step", STEPS)
def test_a_maintenance_that_dies_at_any_step_is_finished_by_the_next(
    step: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the step is written down: what the process would do next never happens."""
    keep_release(project.warehouse, "4")
    reader = SemanticLayer.open(project)

    class KilledError(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise KilledError

    names = {
        "prove": "prove_same_rows",
        "publish": "publish_release",
        "retire": "retire_release",
        "sweep": "carry_out",
    }
    with monkeypatch.context() as patched:
        if step in names:
            patched.setattr(maintenance, names[step], die)
        elif step == "verify":
            patched.setattr(maintenance._Maintenance, "_verify", die)
        with pytest.raises(KilledError):
            maintain(project, rewrite=die if step == "optimize" else compact, now=NOW)
    assert sold(project) == expected(LOADS), "whatever was done, the current release reads its rows"
    tidy(project)
    assert reader.query(MetricQuery(metrics=("sold",)), viewer=EVERYONE).rows[0][0] == expected(LOADS)
    reader.engine.close()
    report = tidy(project)
    assert list_releases(project.warehouse)[-1] == 13, (
        "one release for one rewriting, however often it was tried"
    )
    assert [v.number for v in report.retained] == [4, 13]
    assert (sold(project), sold(project, "4")) == (expected(LOADS), expected(4))
    assert len(file_sizes(project.warehouse / "gold/fct_sales")) == 1
    assert len(list((project.warehouse / "gold/fct_sales").glob("*.parquet"))) == 1


def test_a_pipeline_run_after_a_dead_maintenance_puts_the_table_back(project: Project) -> None:
    folder = project.warehouse / "gold/fct_sales"
    compact(folder, (), Maintenance())
    assert restore_tables(project.warehouse, load_release(project.warehouse)) == (FACT,)
    assert len(file_sizes(folder)) == LOADS


def test_rows_that_differ_are_never_published(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(folder: Path, columns: Sequence[str], policy: Maintenance) -> None:
        DeltaTable(str(folder)).update(updates={"amount": "amount + 1"}, predicate="id = '3a'")

    with pytest.raises(
        OutcomeError, match=r"gold\.fct_sales: its rows at version \d+ are not those at version"
    ):
        maintain(project, rewrite=lose, now=NOW)
    assert list_releases(project.warehouse)[-1] == LOADS
    assert sold(project) == expected(LOADS)
    tidy(project)
    assert sold(project) == expected(LOADS), "such a commit is no rewriting, so it is not taken over"


def test_only_one_of_maintenance_and_runs_is_at_work(project: Project) -> None:
    with (
        hold_lock(project.warehouse),
        pytest.raises(OutcomeError, match="another run is writing this warehouse"),
    ):
        tidy(project)


def test_a_release_that_cannot_be_read_stops_the_cleaning_of_its_table(project: Project) -> None:
    """What it needs is unknown, so nothing of that table goes; it is told, and the other tables are cleaned."""
    policy = {"retain": {"releases": 3, "days": 0}, "small_files": 5}
    project = write_project(project.root, {"maintenance": policy})
    log = project.warehouse / "gold/mart/_delta_log"
    DeltaTable(str(log.parent)).create_checkpoint()
    (log / f"{LOADS - 3:020d}.json").unlink()
    report = tidy(project)
    mart = next(table for table in report.tables if table.table == "gold.mart")
    assert mart.removed == 0
    assert "cannot be read" in (mart.left_alone or "")
    assert next(table for table in report.tables if table.table == FACT).fragmented


def test_steps_are_recorded_and_are_no_pipeline_run(project: Project) -> None:
    tidy(project)
    steps = [step.step for step in load_steps(project.warehouse)]
    assert steps == ["maintain rewrite", "maintain remove", "maintain remove", "maintain"]
    assert load_status(project).last_run is None


def test_the_record_that_maintenance_itself_adds_to_is_rewritten_too(project: Project) -> None:
    """Trap: its rows grow between the survey and the proof."""
    for number in range(6):
        record_steps(project.warehouse, run=number, delivery=None, steps=[StepMetric(step="gold")])
    report = tidy(project)
    ops = next(table for table in report.tables if table.table == "ops.pipeline_metrics")
    assert ops.fragmented
    assert ops.removed >= 6
    assert len(load_steps(project.warehouse)) == 6 + 6


def test_what_no_commit_names_goes_when_it_is_old(project: Project) -> None:
    folder = project.warehouse / "gold/mart"
    young, old = folder / "young.parquet", folder / "part-old.parquet"
    for file in (young, old):
        file.write_bytes(b"x")
    hidden = folder / "_change_data" / "c.parquet"
    hidden.parent.mkdir()
    hidden.write_bytes(b"x")
    os.utime(old, (0, 0))
    os.utime(hidden, (0, 0))
    sweep = plan_sweep(folder, [LOADS - 1], orphan_hours=24, now=dt.datetime.now(tz=dt.UTC))
    assert old in sweep.data
    assert young not in sweep.data
    assert hidden not in sweep.data
    assert len(sweep.data) == LOADS


def test_log_entries_go_only_where_a_checkpoint_stands_for_them(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    for number in range(12):
        write_deltalake(str(folder), pa.table({"n": [number]}), mode="overwrite")
        if number in (4, 8):
            DeltaTable(str(folder)).create_checkpoint()
    now = dt.datetime.now(tz=dt.UTC)
    assert plan_sweep(folder, [3], orphan_hours=0, now=now).log == (), "no checkpoint before it"
    sweep = plan_sweep(folder, [6, 10], orphan_hours=0, now=now)
    carry_out(sweep)
    left = sorted(int(file.stem) for file in (folder / "_delta_log").glob("*.json"))
    assert left == list(range(4, 12))
    for version in (6, 10, 11):
        table = DeltaTable(str(folder), version=version)
        assert duckdb.sql(f"select n from read_parquet({table.file_uris()})").fetchall() == [(version,)]
    with pytest.raises(OutcomeError, match="cannot be read"):
        plan_sweep(folder, [2], orphan_hours=0, now=now)


def test_the_proof_sees_one_value_and_the_probe_counts(tmp_path: Path) -> None:
    folder = tmp_path / "gold" / "t"
    folder.parent.mkdir()
    for start in (0, 100):
        rows = pa.table({"n": list(range(start, start + 100)), "d": [None] * 99 + [b"x"]})
        write_deltalake(str(folder), rows, mode="append")
    DeltaTable(str(folder)).optimize.compact()
    assert prove_same_rows(folder, 1, 2) == 200
    DeltaTable(str(folder)).update(updates={"n": "n + 1"}, predicate="n = 7")
    with pytest.raises(OutcomeError, match="are not those"):
        prove_same_rows(folder, 2, 3)
    assert probe(folder, 1, ProbeRange(column="n", low=10, high=12)).files == 1
    assert probe(folder, 2, ProbeRange(column="n", low=10, high=12)).of_files == 1


def test_a_kept_release_of_a_retired_time_stays_whole(project: Project) -> None:
    keep_release(project.warehouse, "6")
    rollback_release(project.warehouse, "6")
    assert sold(project) == expected(6)
    tidy(project)
    release = load_release(project.warehouse)
    assert sold(project) == expected(6)
    assert not find_gone(project.warehouse, load_release(project.warehouse, "6"))
    pin: TablePin = release.tables[FACT]
    assert (table_folder(project.warehouse, release, pin) / "_delta_log").is_dir()
    assert load_retired(project.warehouse, 6) is None
