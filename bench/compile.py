"""Compile a question warm, with 100 and with 2,000 metrics, and load such catalogs cold and kept; beside MetricFlow.

The baseline is `MetricFlowEngine.explain` on the sample manifest of its own wheel, asked the same kind of questions
in the same process: one metric or two from different models, by month and by a dimension one join away. "again" asks
a layer the question that it has just been asked; "anew" empties that memory first, so that all of the compiler works.
Times are of the processor, so that a busy machine does not change them.
"""

from __future__ import annotations

import datetime as dt
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from semantic.engine import SemanticLayer  # noqa: E402
from semantic.loader import load_catalog  # noqa: E402
from semantic.query import EVERYONE, MetricQuery, TimeRange  # noqa: E402
from tests.support.books import write_file_project  # noqa: E402

ROUNDS = 40
MODELS = 20
YEAR = TimeRange(start=dt.date(2025, 1, 1), end=dt.date(2025, 12, 31))
QUESTIONS = (
    MetricQuery(metrics=("metric_10",), group_by=("time.month",), time=YEAR),
    MetricQuery(metrics=("metric_10",), group_by=("region", "time.month"), time=YEAR),
    MetricQuery(metrics=("metric_10", "metric_11"), group_by=("region", "time.month"), time=YEAR),
)


def run() -> list[dict[str, Any]]:
    """Return the rows of the benchmark."""
    baseline = _metricflow()
    rows = []
    for count in (100, 2_000):
        with tempfile.TemporaryDirectory() as folder:
            rows += _measure(Path(folder), count, baseline)
    return rows


def _measure(root: Path, count: int, baseline: float | None) -> list[dict[str, Any]]:
    project = write_file_project(root, _tables(), _catalog(count))
    cache = root / "kept"
    cold = _processor(lambda: load_catalog(project.catalog, cache=cache))
    kept = min(_processor(lambda: load_catalog(project.catalog, cache=cache)) for _ in range(5))
    layer = SemanticLayer.open(project)
    again, anew = [], []
    for _ in range(ROUNDS):
        for question in QUESTIONS:
            layer._plans.clear()
            anew.append(_processor(lambda asked=question: layer.compile(asked, viewer=EVERYONE)))  # type: ignore[misc]
            again.append(_processor(lambda asked=question: layer.compile(asked, viewer=EVERYONE)))  # type: ignore[misc]
    layer.close()
    return [
        _row(f"compile anew, {count:,} metrics, median", statistics.median(anew), baseline),
        _row(f"compile again, {count:,} metrics, median", statistics.median(again), baseline),
        _row(f"load {count:,} metrics, cold", cold, None),
        _row(f"load {count:,} metrics, kept", kept, None),
    ]


def _row(case: str, ours: float, baseline: float | None) -> dict[str, Any]:
    return {
        "case": case,
        "ours": round(ours, 4),
        "baseline": round(baseline, 3) if baseline is not None else None,
        "ratio": round(ours / baseline, 4) if baseline else None,
        "unit": "ms",
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _processor(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


# ------------------------------------------------------------------------------------------------- made-up catalogs


def _tables() -> str:
    columns = ", ".join(f"amount_{number} DECIMAL(18,2)" for number in range(7))
    facts = [
        f"CREATE TABLE t{number} (id INT, day DATE, customer_id VARCHAR, status VARCHAR, kind VARCHAR, "
        f"quantity INT, amount DECIMAL(18,2), {columns});"
        for number in range(MODELS)
    ]
    return "\n".join([*facts, "CREATE TABLE customers (customer_id VARCHAR, region VARCHAR, city VARCHAR);"])


def _catalog(count: int) -> dict[str, str]:
    """Files of 100 metrics: sums, distinct counts, ratios and formulas over 20 models with a shared dimension."""
    models = "".join(
        f"  - model: m{number}\n    table: t{number}\n    key: [id]\n    time: day\n"
        "    joins: [{to: customers, key: customer_id}]\n"
        "    segments: {good: \"status in ('a', 'b')\"}\n"
        "    dimensions: [{name: day, type: time}, status, kind, {name: size, expr: amount, bins: [0, 10]}]\n"
        for number in range(MODELS)
    )
    customers = (
        "  - {model: customers, table: customers, key: [customer_id], "
        "dimensions: [region, {name: city, parent: region}]}\n"
    )
    files = {"models": f"models:\n{models}{customers}"}
    for first in range(0, count, 100):
        entries = "".join(_entry(number) for number in range(first, min(count, first + 100)))
        files[f"metrics_{first}"] = f"metrics:\n{entries}"
    return files


def _entry(number: int) -> str:
    head = (
        f"  - name: metric_{number}\n    label: Metric {number}\n    description: What metric {number} means.\n"
        f"    synonyms: [number {number}, figure {number}]\n    owner: controlling\n"
    )
    kind = number % 5
    if kind < 2:
        return (
            f"{head}    model: m{number % MODELS}\n    agg: sum\n    expr: amount_{number % 7} * quantity\n"
            f"    where: good and kind = 'k{number}'\n    unit: currency\n    currency: EUR\n    better: higher\n"
        )
    if kind == 2:
        return f"{head}    model: m{number % MODELS}\n    agg: count_distinct\n    expr: customer_id\n"
    if kind == 3:
        return (
            f"{head}    ratio: {{numerator: metric_{number - 3}, denominator: metric_{number - 1}}}\n"
            "    on_zero: undefined\n"
        )
    return f"{head}    derived: metric_{number - 4} - metric_{number - 3} * 2\n"


# ------------------------------------------------------------------------------------------------------- metricflow


def _metricflow() -> float | None:
    """The median of MetricFlow's own compile in milliseconds; None where it is not installed."""
    try:
        import metricflow_semantics.test_helpers.semantic_manifest_yamls.simple_manifest as sample
        from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
        from metricflow.protocols.sql_client import SqlEngine
        from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
        from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup
        from metricflow_semantics.test_helpers.manifest_helpers import mf_load_manifest_from_yaml_directory
    except ImportError:
        return None

    class NoDatabase:
        """A client that is never asked for rows."""

        sql_engine_type = SqlEngine.DUCKDB
        sql_plan_renderer = DuckDbSqlPlanRenderer()

        def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
            return f"${bind_parameter_key}"

        def close(self) -> None:
            return None

    folder = Path(str(sample.__file__)).parent
    manifest = mf_load_manifest_from_yaml_directory(folder, {"source_schema": "demo"})
    engine = MetricFlowEngine(SemanticManifestLookup(manifest), NoDatabase())  # type: ignore[arg-type]
    questions = (
        {"metric_names": ["bookings"], "group_by_names": ["metric_time__month"]},
        {"metric_names": ["bookings"], "group_by_names": ["listing__country_latest", "metric_time__month"]},
        {"metric_names": ["bookings", "views"], "group_by_names": ["listing__country_latest", "metric_time__month"]},
    )  # fmt: skip
    taken = []
    for index in range(ROUNDS // 4 + 1):
        for question in questions:
            asked = MetricFlowQueryRequest.create(**question)  # type: ignore[arg-type]
            spent = _processor(lambda request=asked: engine.explain(request))  # type: ignore[misc]
            if index:  # the first round warms its caches
                taken.append(spent)
    return statistics.median(taken)
