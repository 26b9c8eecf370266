"""Imported metrics against MetricFlow itself: its own SQL for its own sample manifests, run on the same tables.

Each metric of each manifest is asked over all, by day, month and quarter. Every answer that both give must be equal, but
for the few below, whose reason stands beside them.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from datatrust.core.errors import DataTrustError
from semantic.dbt.importer import import_dbt
from tests.support.books import open_books
from tests.support.metricflow_tables import FIRST, LAST, SCHEMA, TABLES

pytestmark = pytest.mark.slow
engines = pytest.importorskip("metricflow.engine.metricflow_engine")
samples = pytest.importorskip("metricflow_semantics.test_helpers.semantic_manifest_yamls")
ROOT = Path(samples.__file__).parent
MANIFESTS = sorted(
    each.name
    for each in ROOT.iterdir()
    if each.is_dir() and each.name not in ("shared", "__pycache__", "config_linter_manifest")
)
GRAINS = ("", "day", "month", "quarter")
DIFFERENT = {
    "booking_value_p99": "DuckDB cuts the digits of a percentile of decimals off",
    "approximate_continuous_booking_value_p99": "ours is exact",
    "bookings_offset_twice": "MetricFlow gives no rows for an offset of an offset, asked by month",
    "booking_fees_since_start_of_month": "by quarter MetricFlow takes the whole quarter inside a nested formula",
}


class _NoDatabase:
    """A client that is never asked for rows."""

    def __init__(self) -> None:
        from metricflow.protocols.sql_client import SqlEngine
        from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer

        self.sql_engine_type = SqlEngine.DUCKDB
        self.sql_plan_renderer = DuckDbSqlPlanRenderer()

    def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
        return f"${bind_parameter_key}"

    def close(self) -> None:
        return None


def engine_of(manifest: str) -> Any:
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup
    from metricflow_semantics.test_helpers.manifest_helpers import mf_load_manifest_from_yaml_directory

    loaded = mf_load_manifest_from_yaml_directory(ROOT / manifest, {"source_schema": SCHEMA})
    return engines.MetricFlowEngine(SemanticManifestLookup(loaded), _NoDatabase())


def theirs(engine: Any, connection: Any, metric: str, grain: str) -> list[tuple[Any, ...]] | None:
    """MetricFlow's rows; None where it refuses the question."""
    by = [f"metric_time__{grain}"] if grain else None
    try:
        asked = engines.MetricFlowQueryRequest.create(metric_names=[metric], group_by_names=by)
        text = engine.explain(asked).sql_statement.sql
    except Exception:  # its tree of errors is its own
        return None
    found: list[tuple[Any, ...]] = connection.execute(text).fetchall()
    return found


def comparable(rows: Sequence[Sequence[Any]]) -> list[tuple[str, ...]]:
    """Rows that have a value, as texts of six digits."""
    kept = [row for row in rows if row[-1] is not None]
    return sorted((*map(_day, row[:-1]), f"{float(row[-1]):.6f}") for row in kept)


def _day(value: Any) -> str:
    return value.date().isoformat() if isinstance(value, dt.datetime) else str(value)


def compare(
    manifest: str, root: Path, *, each_day: bool, only: set[str] | None = None
) -> tuple[Counter[str], list[str]]:
    made = import_dbt(ROOT / manifest, schema=SCHEMA, each_day=each_day)
    files = {name.removesuffix(".yml"): text for name, text in made.texts.items()}
    books = open_books(root, TABLES, files, today=LAST)
    engine = engine_of(manifest)
    counts: Counter[str] = Counter(asked=made.asked, refused=len(made.refused))
    wrong = []
    with duckdb.connect(str(root / "books.duckdb"), read_only=True) as connection:
        for metric in books.layer.catalog.metrics:
            if only is not None and metric not in only:
                continue
            answered = False
            for grain in GRAINS:
                expected = theirs(engine, connection, metric, grain)
                try:
                    by = (f"time.{grain}",) if grain else ()
                    found = books.ask(metric, by=by, start=FIRST, end=LAST).rows
                    answered = True
                except DataTrustError as error:
                    if expected is not None:
                        wrong.append(f"{metric} by {grain}: {error}")
                    continue
                if expected is None or metric in DIFFERENT:
                    continue
                counts["compared"] += 1
                if comparable(found) != comparable(expected):
                    wrong.append(
                        f"{metric} by {grain}: {comparable(found)[:3]} not {comparable(expected)[:3]}"
                    )
            counts["answered"] += answered and metric in (only or made_of(manifest))
    books.layer.close()
    return counts, wrong


def made_of(manifest: str) -> set[str]:
    """The metrics that the manifest itself names."""
    from semantic.dbt.files import read_dbt

    return {metric.name for metric in read_dbt(ROOT / manifest, schema=SCHEMA)[0].metrics}


def test_every_answer_is_that_of_metricflow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    by_quarter = {"bookings_1_month_ago", "bookings_mom"}  # months before quarters are asked below
    for manifest in MANIFESTS:
        root = tmp_path / manifest
        root.mkdir()
        one, faults = compare(manifest, root, each_day=False)
        counts += one
        wrong += [each for each in faults if not (each.split()[0] in by_quarter and " by quarter" in each)]
    excepted = 12  # conversion metrics and grains finer than a day
    with capsys.disabled():
        print(
            f"\n{counts['answered']} of {counts['asked']} metrics answer, {counts['refused']} are refused with a reason; "
            f"{counts['compared']} answers equal MetricFlow's"
        )
    assert not wrong
    assert counts["answered"] + counts["refused"] == counts["asked"]
    assert counts["answered"] / (counts["asked"] - excepted) >= 0.9


def test_each_day_moved_by_itself_is_metricflows_offset(tmp_path: Path) -> None:
    only = {"bookings_1_month_ago", "bookings_mom", "bookings_1_year_ago", "bookings_yoy"}
    counts, wrong = compare("simple_manifest", tmp_path, each_day=True, only=only)
    assert not wrong
    assert counts["compared"] >= 10
