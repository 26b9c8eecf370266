"""What a Spark user writes in an hour: read, cast, filter, subtract, sum, write; no contract, proof, mask or release.

A process of its own, so that its seconds and its memory stand beside those of a governed run:
`python -m tests.support.plain_script RAW OUT delta|parquet`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from datatrust.core.settings import load_project
from tests.support.big_sales import MOST_QUANTITY, STATUSES
from tests.support.measured import Cost, measure_apart, say_cost
from tests.support.projects import write_project

_CAST = """
    line_id, try_cast(order_date as date) as order_date, region, product_id, try_cast(quantity as bigint) as quantity,
    try_cast(amount as decimal(18,2)) as amount, status, contact, try_cast(updated_at as timestamp) as updated_at
"""


def run_plain(raw: Path, *, form: str) -> Cost:
    """Run the script on the CSV files of `raw`; `form` is what it writes: delta or parquet."""
    with tempfile.TemporaryDirectory() as out:
        return measure_apart("plain_script", str(raw), out, form)


def _script(raw: Path, out: Path, form: str) -> None:
    from pipeline.session import open_session

    project = load_project(write_project(out / "session", {"name": "plain"}).root)
    spark = open_session(project, input_bytes=sum(file.stat().st_size for file in raw.glob("*.csv")))
    start = time.monotonic()
    read = spark.read.option("header", True).csv(str(raw))
    read.write.format(form).save(str(out / "bronze"))
    bronze = spark.read.format(form).load(str(out / "bronze"))
    bronze.createOrReplaceTempView("bronze")
    cast = spark.sql(f"select {_CAST} from bronze")
    cast.createOrReplaceTempView("cast_rows")
    listed = ", ".join(f"'{status}'" for status in STATUSES)
    good = spark.sql(
        f"select * from cast_rows where line_id is not null and order_date is not null and amount > 0 "
        f"and quantity between 1 and {MOST_QUANTITY} and status in ({listed}) and updated_at is not null"
    )
    good.write.format(form).save(str(out / "silver"))
    cast.subtract(good).write.format(form).save(str(out / "rejects"))
    silver = spark.read.format(form).load(str(out / "silver"))
    silver.createOrReplaceTempView("silver")
    spark.sql(
        "select trunc(order_date, 'month') as month, region, count(*) as sales_lines, sum(quantity) as units, "
        "sum(amount) as amount from silver group by 1, 2"
    ).write.format(form).save(str(out / "gold"))
    say_cost(start)


if __name__ == "__main__":
    _script(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
