"""A second company, by configuration only: the real files of examples/online_retail against SQL over them.

Runs the command line as a user would, on a copy of the example, so that its warehouse is made from nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from datatrust.core.release import load_release
from datatrust.core.settings import load_project

pytestmark = [pytest.mark.spark, pytest.mark.timeout(1200)]

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "online_retail"
LINES = 541_909
QUESTION = "net revenue by country in November 2011, top 5"


@pytest.fixture(scope="module")
def raw() -> Path:
    folder = load_project(EXAMPLE).raw
    if not any(folder.glob("*.csv")):
        pytest.skip(f"the Online Retail files are not in {folder}; DATATRUST_RAW names another place")
    return folder


@pytest.fixture(scope="module")
def retail(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example after its first pipeline run."""
    project = tmp_path_factory.mktemp("retail") / "online_retail"
    leave = shutil.ignore_patterns("warehouse", "logs", ".*", "target")
    shutil.copytree(EXAMPLE, project, ignore=leave)
    run(project, raw, "pipeline", "run")
    return project


def run(project: Path, raw: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "datatrust.cli", "--project", str(project), *command],
        env=os.environ | {"DATATRUST_RAW": str(raw)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def over_raw_files(raw: Path, sql: str) -> list[tuple[Any, ...]]:
    """Run SQL over `lines`: every line of the files, as text."""
    with duckdb.connect() as connection:
        files = f"{raw}/*.csv"
        connection.execute(
            f"create view lines as select * from read_csv('{files}', header = true, all_varchar = true)"
        )
        return connection.execute(sql).fetchall()


SOLD = """
    select Country as country, cast(Quantity as bigint) as quantity, InvoiceNo as invoice_no,
           cast(UnitPrice as decimal(18, 3)) as price, cast(InvoiceDate as timestamp) as at, CustomerID as customer
    from (select distinct * from lines) where cast(UnitPrice as decimal(18, 3)) > 0
"""


def test_every_line_is_accounted_for(retail: Path, raw: Path) -> None:
    release = load_release(load_project(retail).warehouse)
    control = release.control("online_retail")
    assert control is not None
    assert control.read == LINES
    assert control.read == control.valid + control.quarantined + control.duplicate
    assert control.superseded == control.discarded == 0
    [(valid,)] = over_raw_files(raw, f"select count(*) from ({SOLD})")
    [(unpriced,)] = over_raw_files(
        raw, "select count(*) from lines where cast(UnitPrice as decimal(18, 3)) <= 0"
    )
    assert control.valid == valid
    assert control.quarantined == unpriced
    assert control.reasons == {"range:unit_price": unpriced}


def test_net_revenue_by_country_to_the_cent(retail: Path, raw: Path) -> None:
    want = over_raw_files(
        raw,
        f"""select country, sum(quantity * price) as revenue from ({SOLD})
            where at >= '2011-11-01' and at < '2011-12-01' group by 1 order by 2 desc limit 5""",
    )
    answer = json.loads(run(retail, raw, "ask", QUESTION, "--json"), parse_float=Decimal)
    assert answer["status"] == "answered", answer
    assert [name for name, _ in answer["rows"]] == [name for name, _ in want]
    for (_, got), (_, revenue) in zip(answer["rows"], want, strict=True):
        assert abs(Decimal(got) - revenue) < Decimal("0.005")


@pytest.mark.parametrize(
    ("metrics", "sql"),
    [
        ("net_revenue", "sum(quantity * price)"),
        ("orders", "count(distinct case when invoice_no not like 'C%' then invoice_no end)"),
        ("cancellations", "count(distinct case when invoice_no like 'C%' then invoice_no end)"),
        ("quantity", "sum(quantity)"),
        ("active_customers", "count(distinct customer)"),
        ("anonymous_revenue", "sum(case when customer is null then quantity * price end)"),
    ],
)
def test_metrics_by_month(retail: Path, raw: Path, metrics: str, sql: str) -> None:
    want = over_raw_files(
        raw,
        f"select cast(cast(date_trunc('month', at) as date) as varchar), {sql} from ({SOLD}) group by 1 order by 1",
    )
    printed = run(
        retail, raw, "semantic", "query", "--metrics", metrics, "--by", "time.month", "--order", "time.month",
        "--json",
    )  # fmt: skip
    rows = json.loads(printed, parse_float=Decimal)["rows"]
    assert [row[0][:10] for row in rows] == [month for month, _ in want]
    for row, (_, value) in zip(rows, want, strict=True):
        assert abs(Decimal(row[1]) - Decimal(value)) < Decimal("0.005")


def test_a_second_run_finds_nothing_new(retail: Path, raw: Path) -> None:
    before = load_release(load_project(retail).warehouse).number
    run(retail, raw, "pipeline", "run")
    assert load_release(load_project(retail).warehouse).number == before
