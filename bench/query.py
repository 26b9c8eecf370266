"""Revenue by month and region over ten million gold rows: DuckDB over pinned Delta files, beside Spark on the same.

`make bench ONLY=query` takes ten million rows; N=1000000 another number. Each engine answers in a process of its own,
through the layer, its compiler and its engine: cold is the first answer of a process that has loaded its modules and
(Spark) its Java, from opening the release to the rows; warm is the median of the answers after it, for other years, so
that none is a statement already planned. Both must give the same rows. Beside the clock stands the processor's time of
all threads, which a busy machine does not change. Memory is the highest of the process, with Java.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.measured import own_processes, peak_mb  # noqa: E402

ROWS_VARIABLE = "N"
ROWS = 10_000_000
CUSTOMERS = 20_000
ENGINES = ("duckdb", "spark")
WARM = 5
CASES = ("cold", "warm", "cold, processor", "warm, processor")
CATALOG = """
calendars: {fiscal: {starts: 07-01, named_by: end, default: true}}
models:
  - model: sales
    table: gold.fct_sales
    key: [sales_line_id]
    time: order_date
    joins: [{to: customers, key: customer_id}]
    segments: {net_sales: "status in ('completed', 'refunded')"}
    dimensions: [{name: order_date, type: time}, status]
  - {model: customers, table: gold.dim_customers, key: [customer_id], dimensions: [region]}
metrics:
  - {name: revenue, model: sales, agg: sum, expr: net_amount, where: net_sales}
"""
SALES = """
SELECT range AS sales_line_id, DATE '2021-01-01' + CAST(hash(range) % 2007 AS INTEGER) AS order_date,
  CAST(hash(range, 1) % {customers} AS INTEGER) AS customer_id,
  ['completed', 'completed', 'completed', 'refunded', 'pending'][1 + CAST(hash(range, 2) % 5 AS INTEGER)] AS status,
  CAST(CAST(hash(range, 3) % 1000000 AS BIGINT) - 50000 AS DECIMAL(18, 0)) * CAST(0.01 AS DECIMAL(3, 2)) AS net_amount
FROM range({rows})
"""
CUSTOMER = """
SELECT CAST(range AS INTEGER) AS customer_id, ['EMEA', 'Americas', 'APAC', NULL][1 + CAST(range % 4 AS INTEGER)] AS region
FROM range({customers})
"""


def run() -> list[dict[str, Any]]:
    """Return the rows of the benchmark."""
    rows = int(os.environ.get(ROWS_VARIABLE) or ROWS)
    with tempfile.TemporaryDirectory() as folder:
        _make_project(Path(folder), rows)
        found = {engine: _in_a_process(Path(folder), engine) for engine in ENGINES}
    if found["duckdb"]["answer"] != found["spark"]["answer"]:
        raise SystemExit("DuckDB and Spark give different rows")
    ours, spark = found["duckdb"], found["spark"]
    return [
        {
            "case": f"month by region, {rows:,} rows, {case} (Spark: {spark['peak_mb']:.0f} MB)",
            "ours": round(ours[case], 3),
            "baseline": round(spark[case], 3),
            "ratio": round(ours[case] / spark[case], 3),
            "unit": "s",
            "peak_mb": ours["peak_mb"],
        }
        for case in CASES
    ]


def _make_project(root: Path, rows: int) -> None:
    """Two Delta tables and the release that pins them, written as streams: no table is ever whole in memory."""
    import duckdb
    from deltalake import write_deltalake

    from datatrust.core.release import Quality, Release, TablePin, publish_release
    from datatrust.core.settings import load_project

    (root / "configs").mkdir()
    (root / "configs" / "pipeline_config.json").write_text(json.dumps({"today": "2026-06-30"}))
    catalog = root / "semantic" / "catalog"
    catalog.mkdir(parents=True)
    (catalog / "all.yml").write_text(CATALOG)
    project = load_project(root)
    pins = {}
    for name, select in {"fct_sales": SALES, "dim_customers": CUSTOMER}.items():
        with duckdb.connect(config={"threads": 2}) as connection:
            reader = connection.sql(select.format(rows=rows, customers=CUSTOMERS)).to_arrow_reader(200_000)
            write_deltalake(str(project.warehouse / "gold" / name), reader)
        pins[f"gold.{name}"] = TablePin(path=f"gold/{name}", version=0)
    publish_release(
        project.warehouse,
        Release(
            number=1,
            created_at=dt.datetime(2026, 6, 30, tzinfo=dt.UTC),
            tables=pins,
            quality=Quality(status="passed"),
        ),
    )


def _in_a_process(project: Path, engine: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, str(project), engine],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _measure(root: Path, engine: str) -> dict[str, Any]:
    """Ask this process's engine for one year after another."""
    from datatrust.core.settings import load_project
    from semantic.engine import SemanticLayer
    from semantic.query import EVERYONE, MetricQuery, TimeRange

    project = load_project(root)
    if engine == "spark":
        from semantic.engines.spark import base_session

        base_session(project)  # Java's start is not a query's
    started, spent = time.perf_counter(), _processor_seconds()
    layer = SemanticLayer.open(project, engine=engine)
    taken, used, answers = [], [], []
    for year in range(2021, 2021 + WARM + 1):
        if taken:
            started, spent = time.perf_counter(), _processor_seconds()
        days = TimeRange(start=dt.date(year, 1, 1), end=min(dt.date(year, 12, 31), dt.date(2026, 6, 30)))
        query = MetricQuery(metrics=("revenue",), group_by=("time.month", "region"), time=days)
        result = layer.query(query, viewer=EVERYONE)
        taken.append(time.perf_counter() - started)
        used.append(_processor_seconds() - spent)
        answers.append(result.evidence.result)
    layer.close()
    return {
        "cold": taken[0],
        "warm": statistics.median(taken[1:]),
        "cold, processor": used[0],
        "warm, processor": statistics.median(used[1:]),
        "answer": answers,
        "peak_mb": peak_mb(),
    }


def _processor_seconds() -> float:
    ticks = 0
    for pid in own_processes():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # user and system time
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print(json.dumps(_measure(Path(sys.argv[1]), sys.argv[2])))
