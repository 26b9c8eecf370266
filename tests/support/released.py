"""The freight forwarder in releases: Delta tables without Spark, published one after the other while the test asks."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb
from deltalake import DeltaTable, write_deltalake

from datatrust.core.release import Quality, Release, TablePin, list_releases, publish_release
from datatrust.core.settings import Project, load_project
from tests.support.logistics import CATALOG, TABLES
from tests.support.projects import write_files

CHANGES = {
    1: "",
    2: "update shipments set freight = freight + 10 where carrier_id = 1 and picked_up >= date '2026-04-01';",
    3: "update shipments set freight = freight + 10 where carrier_id = 1; update clients set tier = 'gold';",
}


def make_freight_project(root: Path) -> Project:
    """Write the project into `root`; it has no release yet."""
    write_files(root / "catalog", CATALOG)
    (root / "configs").mkdir(parents=True)
    config = {"name": "logistics", "today": "2026-05-15", "catalog": "catalog"}
    (root / "configs" / "pipeline_config.json").write_text(json.dumps(config), encoding="utf-8")
    return load_project(root)


def publish_next(project: Project) -> Release:
    """Publish the next release: the first as the tables are, later ones with corrected rows."""
    number = (list_releases(project.warehouse) or [0])[-1] + 1
    pins = {}
    with duckdb.connect() as connection:
        connection.execute(TABLES + CHANGES[number])
        for (table,) in connection.execute("select table_name from duckdb_tables()").fetchall():
            folder = project.warehouse / "main" / table
            arrow = connection.execute(f"select * from {table}").to_arrow_table()
            write_deltalake(str(folder), arrow, mode="overwrite")
            pins[f"main.{table}"] = TablePin(path=f"main/{table}", version=DeltaTable(str(folder)).version())
    release = Release(
        number=number,
        created_at=dt.datetime(2026, 5, number, 12, tzinfo=dt.UTC),
        tables=pins,
        quality=Quality(status="passed"),
        files={
            f"catalog/{file.relative_to(project.catalog)}": file.read_text(encoding="utf-8")
            for file in project.catalog.rglob("*.yml")
        },
        parent=number - 1 or None,
    )
    publish_release(project.warehouse, release)
    return release


def redefine_freight(project: Project) -> None:
    """Change what freight means, as an author would: shipments that were lost count no more."""
    file = project.catalog / "metrics" / "freight.yml"
    text = file.read_text(encoding="utf-8")
    changed = text.replace(
        "agg: sum, expr: freight,", "agg: sum, expr: freight, where: \"status != 'lost'\","
    )
    assert changed != text
    file.write_text(changed, encoding="utf-8")


def remove_files(project: Project, number: int) -> None:
    """Take the data files away that a release alone names, as VACUUM would."""
    for folder in (project.warehouse / "main").iterdir():
        table = DeltaTable(str(folder), version=number - 1)
        newest = set(DeltaTable(str(folder)).file_uris())
        for uri in set(table.file_uris()) - newest:
            Path(uri.removeprefix("file://")).unlink()
