"""A second company, by configuration only: the real files of examples/online_retail against SQL over them.

Runs the command line as a user would, on a copy of the example, so that its warehouse is made from nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

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


@pytest.fixture(scope="module")
def lines(raw: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database beside the project: `lines` is every line of the raw files as text, `sold` what net revenue counts."""
    with duckdb.connect() as connection:
        connection.execute(
            f"create table lines as select * from read_csv('{raw}/*.csv', header = true, all_varchar = true)"
        )
        connection.execute(
            """
            create view sold as
            select Country as country, cast(Quantity as bigint) as quantity, InvoiceNo as invoice_no,
                   cast(UnitPrice as decimal(18, 3)) as price, cast(InvoiceDate as timestamp) as invoiced,
                   CustomerID as customer
            from (select distinct * from lines) where cast(UnitPrice as decimal(18, 3)) > 0
            """
        )
        yield connection


def test_every_line_is_accounted_for(retail: Path, lines: duckdb.DuckDBPyConnection) -> None:
    control = load_release(load_project(retail).warehouse).control("online_retail")
    assert control is not None
    assert control.read == LINES
    assert control.read == control.valid + control.quarantined + control.duplicate
    assert control.superseded == control.discarded == 0
    [(valid,)] = lines.execute("select count(*) from sold").fetchall()
    [(unpriced,)] = lines.execute(
        "select count(*) from lines where cast(UnitPrice as decimal(18, 3)) <= 0"
    ).fetchall()
    assert (control.valid, control.quarantined) == (valid, unpriced)
    assert control.reasons == {"range:unit_price": unpriced}


def test_net_revenue_by_country_to_the_cent(
    retail: Path, raw: Path, lines: duckdb.DuckDBPyConnection
) -> None:
    want = lines.execute(
        """select country, round(sum(quantity * price), 2) as revenue from sold
           where invoiced >= '2011-11-01' and invoiced < '2011-12-01' group by 1 order by 2 desc limit 5"""
    ).fetchall()
    answer = json.loads(run(retail, raw, "ask", QUESTION, "--json"), parse_float=Decimal)
    assert answer["status"] == "answered", answer
    assert [tuple(row) for row in answer["rows"]] == want


def test_metrics_by_month(retail: Path, raw: Path, lines: duckdb.DuckDBPyConnection) -> None:
    formulas = {
        "net_revenue": "round(sum(quantity * price), 2)",
        "orders": "count(distinct case when invoice_no not like 'C%' then invoice_no end)",
        "cancellations": "count(distinct case when invoice_no like 'C%' then invoice_no end)",
        "quantity": "sum(quantity)",
        "active_customers": "count(distinct customer)",
        "anonymous_revenue": "round(sum(case when customer is null then quantity * price end), 2)",
    }
    want = lines.execute(
        f"""select cast(cast(date_trunc('month', invoiced) as date) as varchar), {", ".join(formulas.values())}
            from sold group by 1 order by 1"""
    ).fetchall()
    printed = run(
        retail, raw, "semantic", "query", "--metrics", ",".join(formulas), "--by", "time.month",
        "--order", "time.month", "--json",
    )  # fmt: skip
    assert [tuple(row) for row in json.loads(printed, parse_float=Decimal)["rows"]] == want


def test_a_second_run_finds_nothing_new(retail: Path, raw: Path) -> None:
    before = load_release(load_project(retail).warehouse).number
    run(retail, raw, "pipeline", "run")
    assert load_release(load_project(retail).warehouse).number == before
