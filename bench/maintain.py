"""Five million rows in 100 small loads, before and after `datatrust maintain`: bytes stored, bytes read by a probe.

`make bench ONLY=maintain`. Rows are drawn by DuckDB, each load spread over two years and five thousand customers, so that no
file can be ruled out. There is a release after every tenth load; two of them are kept. Afterwards every release that is
kept or retained is read back and compared with what it held when it was published; a difference ends the benchmark with an error.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from deltalake import write_deltalake

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from datatrust.core.kept import keep_release, table_folder  # noqa: E402
from datatrust.core.release import Quality, Release, load_release, publish_release  # noqa: E402
from datatrust.core.settings import Project, load_project  # noqa: E402
from pipeline.maintenance.files import file_sizes  # noqa: E402
from pipeline.maintenance.policy import MB  # noqa: E402
from pipeline.maintenance.run import maintain  # noqa: E402
from pipeline.tables import pin_table, query_tables  # noqa: E402

FACT = "gold.fct_sales"
LOADS, ROWS = 100, 50_000
KEPT = (3, 6)  # releases, of ten
POLICY = {
    "retain": {"releases": 1, "days": 0},
    "z_order": {FACT: ["order_date", "customer_id"]},
    "small_file_mb": 4,
    "target_file_mb": 16,
}


def run() -> list[dict[str, Any]]:
    """Return the rows of the benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        project = _make_project(Path(folder))
        held = _load(project)
        stored = _unique_bytes(project.warehouse)
        report = maintain(project)
        fact = next(table for table in report.tables if table.table == FACT)
        assert fact.probe_before is not None
        assert fact.probe_after is not None
        verdicts = [verdict.number for verdict in report.retained]
        for number in verdicts:
            expected = held.get(
                number, held[LOADS // 10]
            )  # what maintenance publishes holds the last one's rows
            if _figures(project, number) != expected:
                raise SystemExit(f"release {number:06d} does not read back its own rows")
        rows = {
            "bytes read by the probe": (fact.probe_after.bytes / MB, fact.probe_before.bytes / MB, "MB"),
            "files that the probe cannot rule out": (fact.probe_after.files, fact.probe_before.files, "file"),
            "stored in the table's folder after VACUUM": (
                fact.stored_after.bytes / MB,
                fact.stored_before.bytes / MB,
                "MB",
            ),
            "data files of the newest version": (
                len(file_sizes(project.warehouse / "gold/fct_sales")),
                LOADS,
                "file",
            ),
            f"stored in all, {len(KEPT)} kept releases among it": (
                _unique_bytes(project.warehouse) / MB,
                stored / MB,
                "MB",
            ),
            "releases that read back their own rows": (len(verdicts), len(KEPT) + 1, ""),
            "the whole of maintain, Spark's start among it": (report.seconds, None, "s"),
        }
    return [
        {
            "case": case,
            "ours": round(ours, 2),
            "baseline": None if base is None else round(base, 2),
            "ratio": None if base is None else round(ours / base, 3),
            "unit": unit,
            "peak_mb": None,
        }
        for case, (ours, base, unit) in rows.items()
    ]


def _make_project(root: Path) -> Project:
    (root / "configs").mkdir()
    (root / "configs" / "pipeline_config.json").write_text(
        json.dumps({"name": "bench", "maintenance": POLICY})
    )
    return load_project(root)


def _load(project: Project) -> dict[int, tuple[Any, ...]]:
    """Append every load; return what each release held when it was published."""
    warehouse, folder = project.warehouse, project.warehouse / "gold/fct_sales"
    folder.parent.mkdir(parents=True)
    held = {}
    for load in range(1, LOADS + 1):
        write_deltalake(str(folder), _rows(load), mode="append")
        if load % 10 == 0:
            number = load // 10
            release = Release(
                number=number,
                created_at=dt.datetime.now(tz=dt.UTC),
                tables={FACT: pin_table(warehouse, FACT)},
                quality=Quality(status="passed"),
                parent=number - 1 or None,
            )
            publish_release(warehouse, release)
            held[number] = _figures(project, number)
            if number in KEPT:
                keep_release(warehouse, str(number), reason="bench")
    return held


def _rows(load: int) -> Any:
    return duckdb.sql(
        f"""
        select 'L{load:03d}-' || i as sales_line_id, 'O' || (i // 3 + {load * ROWS}) as order_id,
          date '2024-07-01' + (hash(i, {load}, 1) % 730)::int as order_date,
          'C' || lpad((hash(i, {load}, 2) % 5000)::varchar, 5, '0') as customer_id,
          'P' || lpad((hash(i, {load}, 3) % 400)::varchar, 4, '0') as product_id,
          ['completed', 'pending', 'failed', 'refunded'][(hash(i, {load}, 4) % 20 // 16 + 1)::int] as status,
          (hash(i, {load}, 5) % 40 + 1)::bigint as quantity,
          ((hash(i, {load}, 6) % 900000 + 500) / 100)::decimal(18, 2) as net_amount,
          ((hash(i, {load}, 7) % 500000 + 300) / 100)::decimal(18, 2) as cost_amount
        from range({ROWS}) t(i)
        """
    ).to_arrow_table()


def _figures(project: Project, number: int) -> tuple[Any, ...]:
    release = load_release(project.warehouse, str(number))
    pin = release.tables[FACT]
    rows = query_tables(
        "select count(*) as rows, sum(net_amount) as net, sum(hash(t)::hugeint) as all_columns from t",
        {"t": table_folder(project.warehouse, release, pin)},
        versions={"t": pin.version},
    )
    return tuple(rows[0].values())


def _unique_bytes(warehouse: Path) -> int:
    """Return what the disk holds of tables and kept releases, Spark's scratch apart; a file with two names counts once."""
    files = [file for zone in ("gold", "kept") for file in (warehouse / zone).rglob("*") if file.is_file()]
    return sum({(stat.st_dev, stat.st_ino): stat.st_size for stat in map(Path.stat, files)}.values())
