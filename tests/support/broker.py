"""A stock broker's small tables as a project on a DuckDB file, with a catalog written from the tables' columns.

Tables and questions are public data that lies beside the project, in `../shared`; they are not part of it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb

from datatrust.core.settings import Project, load_project

CATALOG = Path(__file__).parents[1] / "golden" / "broker" / "catalog"
FOLDER = Path(__file__).parents[3] / "shared" / "eval" / "broker"
TABLES = ("sbCustomer", "sbDailyPrice", "sbTicker", "sbTransaction")


def make_broker_project(root: Path) -> Project:
    """Write the project into `root` and return it."""
    (root / "configs").mkdir(parents=True)
    shutil.copytree(CATALOG, root / "catalog")
    with duckdb.connect(str(root / "broker.duckdb")) as connection:
        for table in TABLES:
            connection.execute(
                f"create table {table} as select * from read_csv(?, header=true)",
                [str(FOLDER / f"{table}.csv")],
            )
    config = {"name": "broker", "catalog": "catalog", "serving": {"connection": "duckdb:///broker.duckdb"}}
    (root / "configs" / "pipeline_config.json").write_text(json.dumps(config), encoding="utf-8")
    return load_project(root)
