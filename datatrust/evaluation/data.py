"""Open a project's tables for SQL written by hand, and make copies of a project with other numbers in them.

The tables are read without the semantic layer, so that an answer is compared with something that shares no code
with it. A copy holds the same keys, texts and dates; of each table that no join points to some rows are left out,
and every row's amounts are multiplied by a small whole number of its own: identities such as net = gross - tax
still hold, a lucky match on a small table does not. Exchange rates stay as they are (a currency is worth 1 of
itself, and a sum without one of its rates is refused), and so do the periods of calendars.
Layer: evaluation. Imports core and the catalog's loader.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from datatrust.core.release import load_release
from datatrust.core.settings import Project, load_project
from semantic.engines.duckdb_file import file_of
from semantic.loader import load_catalog
from semantic.model import Catalog

COPY = "copy.duckdb"
_KEPT_OF_TEN = 8  # rows of a fact table that a copy keeps
_AMOUNTS = ("DECIMAL", "DOUBLE", "FLOAT")


def open_tables(project: Project) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection in which every table of the project's release, or of its file, has its name.

    Raises:
        UserError: there is no release, or no such file.
    """
    if project.config.serving.connection:
        file = file_of(project.config.serving.connection, project)
        return duckdb.connect(str(file), read_only=True)
    release = load_release(project.warehouse)
    connection = duckdb.connect()
    for schema in sorted({name.partition(".")[0] for name in release.tables}):
        connection.execute(f'create schema if not exists "{schema}"')
    for name, pin in release.tables.items():
        schema, _, table = name.partition(".")
        if schema not in ("gold", "ops"):
            continue
        files = DeltaTable(str(project.warehouse / pin.path), version=pin.version).file_uris()
        if files:
            listed = ", ".join("'" + uri.replace("'", "''") + "'" for uri in files)
            connection.execute(
                f'create view "{schema}"."{table}" as select * from read_parquet([{listed}], union_by_name=true)'
            )
    return connection


def perturbed_copy(project: Project, folder: Path, *, seed: int) -> Project:
    """Write a copy of a project with other numbers into `folder`, on a DuckDB file, and return it."""
    catalog = load_catalog(project.catalog, shown_root=project.root)
    (folder / "configs").mkdir(parents=True)
    shutil.copytree(project.catalog, folder / "catalog")
    if project.access_policy.is_file():
        (folder / "configs" / "policies").mkdir()
        shutil.copy(project.access_policy, folder / "configs" / "policies")
    config = {
        "name": project.name,
        "catalog": "catalog",
        "today": str(project.today()),
        "serving": {"connection": f"duckdb:///{COPY}"},
    }
    (folder / "configs" / "pipeline_config.json").write_text(json.dumps(config), encoding="utf-8")
    with open_tables(project) as source, duckdb.connect(str(folder / COPY)) as target:
        kept = {each.periods.table for each in catalog.calendars.values() if each.periods}
        kept |= {catalog.rates.table} if catalog.rates else set()
        for table in sorted({model.table for model in catalog.models.values()} - kept):
            _copy_table(source, target, table, is_fact=table not in _joined_tables(catalog), seed=seed)
        for table in sorted(kept):
            _write_table(target, table, source.sql(f"select * from {_quoted(table)}").to_arrow_table())
    return load_project(folder)


def _joined_tables(catalog: Catalog) -> set[str]:
    """The tables that a join points to: without one of their rows, a key would point to nothing."""
    return {
        catalog.models[join.to].table
        for model in catalog.models.values()
        for join in model.joins.values()
        if join.to in catalog.models
    }


def _copy_table(
    source: duckdb.DuckDBPyConnection,
    target: duckdb.DuckDBPyConnection,
    table: str,
    *,
    is_fact: bool,
    seed: int,
) -> None:
    full = _quoted(table)
    columns = source.execute(f"describe {full}").fetchall()
    factor = f"(1 + hash(place * 7919 + {seed}) % 3)"
    shown = [
        f'cast("{column}" * {factor} as {kind}) as "{column}"' if kind.startswith(_AMOUNTS) else f'"{column}"'
        for column, kind, *_ in columns
    ]
    kept = f"where hash(place * 104729 + {seed}) % 10 < {_KEPT_OF_TEN}" if is_fact else ""
    rows = source.sql(
        f"select {', '.join(shown)} from (select *, row_number() over () as place from {full}) {kept}"
    ).to_arrow_table()
    _write_table(target, table, rows)


def _write_table(target: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    full = _quoted(table)
    target.execute(f"create schema if not exists {full.partition('.')[0]}")
    target.register("incoming", rows)
    target.execute(f"create table {full} as select * from incoming")
    target.unregister("incoming")


def _quoted(table: str) -> str:
    schema, _, name = table.rpartition(".")
    return f'"{schema or "main"}"."{name}"'
