"""Every engine keeps one contract: same rows, nulls kept, read-only, limits, typed faults."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from datatrust.core.errors import EngineError, FilesGone, UnknownName, UserError
from datatrust.core.release import TablePin, load_release
from datatrust.core.settings import Project
from semantic.engine import SemanticLayer
from semantic.engines import engine_for, load_engines
from semantic.engines._statement import point_tables
from semantic.query import EVERYONE, MetricQuery
from tests.support.books import Books, publish, write_file_project, write_release_project

TABLES = """
CREATE SCHEMA gold;
CREATE TABLE gold.payables (id VARCHAR, vendor VARCHAR, "dueOn" DATE, seen TIMESTAMP, amount DECIMAL(18,2),
                            weight DOUBLE, open BOOLEAN);
INSERT INTO gold.payables VALUES
  ('1', 'Acme', '2026-05-31', '2026-05-31 23:59:59', 10.10, 0.1, true),
  ('2', 'Acme', '2026-06-01', '2026-06-01 00:00:00', 20.20, 0.2, false),
  ('3', NULL,   '2026-06-30', '2026-06-30 18:00:00', 40.00, 0.3, true),
  ('4', 'Bolt', NULL,         NULL,                  NULL,  NULL, NULL);
CREATE TABLE gold.nothing (id VARCHAR, day DATE, amount DECIMAL(18,2));
"""
CATALOG = {
    "all": """
models:
  - model: payables
    table: gold.payables
    key: [id]
    time: dueon
    dimensions:
      - {name: dueon, type: time}
      - {name: seen, type: time}
      - {name: vendor}
      - {name: open, type: flag}
  - model: nothing
    table: gold.nothing
    key: [id]
    time: day
    dimensions: [{name: day, type: time}]
metrics:
  - {name: owed, model: payables, agg: sum, expr: amount}
  - {name: bills, model: payables, agg: count}
  - {name: seen_bills, model: payables, agg: count, time: seen}
  - {name: weight, model: payables, agg: sum, expr: weight}
  - {name: void, model: nothing, agg: sum, expr: amount}
  - {name: voids, model: nothing, agg: count}
"""
}
KINDS: dict[str, Callable[[Path], Project]] = {
    "duckdb": lambda root: write_release_project(root / "a b%c", TABLES, CATALOG),
    "duckdb_file": lambda root: write_file_project(root, TABLES, CATALOG),
}


ELSEWHERE = {
    "spark": "tests/spark/test_spark_engine.py",
    "spark_connect": "tests/spark/test_spark_engine.py",
    "databricks": "tests/unit/test_databricks_engine.py",
}


def test_every_engine_is_under_contract() -> None:
    assert set(load_engines()) == {*KINDS, *ELSEWHERE}


@pytest.fixture(params=sorted(KINDS))
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    return Books(SemanticLayer.open(KINDS[request.param](tmp_path)))


def test_null_groups_survive(books: Books) -> None:
    assert books.groups("owed", "vendor") == {"Acme": Decimal("30.30"), None: Decimal("40.00"), "Bolt": None}


def test_sums_of_floats_are_exact(books: Books) -> None:
    assert books.value("weight") == Decimal("0.6")


def test_the_last_day_is_included_in_dates_and_in_moments(books: Books) -> None:
    assert books.value("bills", start="2026-05-31", end="2026-06-30") == 3
    assert books.value("seen_bills", start="2026-05-31", end="2026-05-31") == 1
    assert books.value("seen_bills", start="2026-06-01", end="2026-06-30") == 2


def test_a_table_without_rows_is_no_fault(books: Books) -> None:
    result = books.ask("void", "voids")
    assert result.rows == ((None, 0),)
    assert books.layer.coverage("void", viewer=EVERYONE) is None


def test_members_come_in_order_and_once(books: Books) -> None:
    assert books.layer.values("vendor", viewer=EVERYONE) == ("Acme", "Bolt")
    assert books.layer.values("payables.open", viewer=EVERYONE) == (False, True)


def test_rows_beyond_the_limit_are_cut_and_flagged(books: Books) -> None:
    raw = books.layer.engine.run("SELECT * FROM range(100)", tables=(), max_rows=7, timeout_seconds=10)
    assert raw.truncated
    assert len(raw.rows) == 7


def test_a_query_that_takes_too_long_is_stopped(books: Books) -> None:
    endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range <> b.range"
    with pytest.raises(EngineError, match="took longer"):
        books.layer.engine.run(endless, tables=(), max_rows=1, timeout_seconds=0.2)
    assert books.value("bills") == 4


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/datatrust_must_not_exist.csv'",
        "ATTACH '/tmp/datatrust_must_not_exist.duckdb' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '1TB'",
        "SELECT * FROM read_parquet('https://example.org/x.parquet')",
    ],
)
def test_nothing_but_the_tables_can_be_reached(books: Books, statement: str) -> None:
    with pytest.raises(EngineError):
        books.layer.engine.run(statement, tables=(), max_rows=1, timeout_seconds=10)
    assert not Path("/tmp/datatrust_must_not_exist.csv").exists()


def test_data_cannot_be_changed(books: Books) -> None:
    with pytest.raises(EngineError):
        books.layer.engine.run(
            "DELETE FROM gold.payables", tables=("gold.payables",), max_rows=1, timeout_seconds=10
        )
    assert books.value("bills") == 4


def test_an_engine_error_keeps_the_statement_out_of_its_message(books: Books) -> None:
    with pytest.raises(EngineError) as raised:
        books.layer.engine.run("SELECT * FROM gold.absent", tables=(), max_rows=1, timeout_seconds=10)
    assert raised.value.sql == "SELECT * FROM gold.absent"


# ---------------------------------------------------------------------------------------------- releases alone


def test_a_release_is_read_at_its_own_version(tmp_path: Path) -> None:
    project = write_release_project(tmp_path, TABLES, CATALOG)
    table = project.warehouse / "gold/payables"
    write_deltalake(str(table), DeltaTable(str(table)).to_pyarrow_table(), mode="append")
    pins = load_release(project.warehouse).tables
    publish(project, 2, {**pins, "gold.payables": TablePin(path="gold/payables", version=1)})
    now, then = SemanticLayer.open(project), SemanticLayer.open(project, as_of="1")
    assert (now.release_id, then.release_id) == ("000002", "000001")
    assert Books(now).value("bills") == 8
    assert Books(then).value("bills") == 4
    assert now.query(MetricQuery(metrics=("bills",), as_of="000001"), viewer=EVERYONE).rows == ((4,),)
    evidence = Books(now).ask("bills").evidence
    assert (evidence.release, evidence.tables) == ("000002", {"gold.payables": 1})


def test_a_column_added_later_is_empty_in_older_files(tmp_path: Path) -> None:
    project = write_release_project(tmp_path, TABLES, CATALOG)
    table = project.warehouse / "gold/nothing"
    more = pa.table({"id": ["9"], "note": ["new"]})
    write_deltalake(str(table), more, mode="append", schema_mode="merge")
    pins = load_release(project.warehouse).tables
    publish(project, 2, {**pins, "gold.nothing": TablePin(path="gold/nothing", version=1)})
    assert Books(SemanticLayer.open(project)).ask("void", "voids").rows == ((None, 1),)


def test_partition_values_are_columns(tmp_path: Path) -> None:
    project = write_release_project(tmp_path, TABLES, CATALOG)
    rows = pa.table({"id": ["1", "2", "3"], "vendor": ["Acme", "B=/ö", None], "amount": [1.0, 2.0, 4.0]})
    path = project.warehouse / "gold/parts"
    write_deltalake(str(path), rows, partition_by=["vendor"])
    catalog = project.catalog / "all.yml"
    catalog.write_text(
        "model: parts\ntable: gold.parts\nkey: [id]\ndimensions: [vendor]\n"
        "metrics: [{name: amount, agg: sum, expr: amount}]"
    )
    publish(project, 2, {"gold.parts": TablePin(path="gold/parts", version=0)})
    found = Books(SemanticLayer.open(project)).groups("amount", "vendor")
    assert found == {"Acme": 1, "B=/ö": 2, None: 4}


@pytest.mark.parametrize("left", [0, 100], ids=["empty", "truncated"])
def test_a_damaged_data_file_is_a_typed_error_without_a_path(tmp_path: Path, left: int) -> None:
    project = write_release_project(tmp_path, TABLES, CATALOG)
    layer = SemanticLayer.open(project)
    for file in (project.warehouse / "gold/payables").glob("*.parquet"):
        file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(
        FilesGone, match=r"gold\.payables at version 0: a data file is damaged; choose a later"
    ) as caught:
        Books(layer).value("bills")
    assert str(tmp_path) not in str(caught.value)


def test_a_vanished_version_or_file_is_a_typed_error(tmp_path: Path) -> None:
    project = write_release_project(tmp_path, TABLES, CATALOG)
    layer = SemanticLayer.open(project)
    for file in (project.warehouse / "gold/payables").glob("*.parquet"):
        file.unlink()
    with pytest.raises(EngineError, match=r"release 000001 cannot be read: gold\.payables at version 0"):
        Books(layer).value("bills")
    shutil.rmtree(project.warehouse / "gold/payables")
    with pytest.raises(EngineError, match="that version is gone or damaged"):
        SemanticLayer.open(project)


def test_a_table_with_deletion_vectors_is_refused(tmp_path: Path) -> None:
    project = write_release_project(tmp_path, TABLES, CATALOG)
    log = project.warehouse / "gold/nothing/_delta_log/00000000000000000000.json"
    lines = [line for line in log.read_text().splitlines() if '"protocol"' not in line]
    protocol = (
        '{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],'
        '"writerFeatures":["deletionVectors"]}}'
    )
    log.write_text("\n".join([protocol, *lines]) + "\n")
    with pytest.raises(EngineError, match="deletionVectors"):
        SemanticLayer.open(project)


def test_a_catalog_that_names_no_such_column_is_refused_with_the_nearest(tmp_path: Path) -> None:
    project = write_release_project(tmp_path, TABLES, CATALOG)
    file = project.catalog / "all.yml"
    file.write_text(file.read_text().replace("agg: sum, expr: weight", "agg: sum, expr: weigth"))
    with pytest.raises(UserError) as raised:
        SemanticLayer.open(project)
    assert raised.value.issues[0].suggestion == "weight"
    assert raised.value.issues[0].at is not None


def test_no_release_yet_is_said(tmp_path: Path) -> None:
    project = write_release_project(tmp_path, TABLES, CATALOG)
    shutil.rmtree(project.warehouse)
    with pytest.raises(UnknownName, match="no release has been published yet"):
        SemanticLayer.open(project)


# ------------------------------------------------------------------------------------------------- files alone


def test_a_file_is_limited_to_the_tables_that_models_name(tmp_path: Path) -> None:
    project = write_file_project(tmp_path, TABLES + "CREATE TABLE secret AS SELECT 1 AS x;", CATALOG)
    layer = SemanticLayer.open(project)
    with pytest.raises(EngineError):
        layer.engine.run("SELECT * FROM secret", tables=("secret",), max_rows=1, timeout_seconds=10)


def test_a_file_project_names_its_hash_and_has_no_past(tmp_path: Path) -> None:
    layer = SemanticLayer.open(write_file_project(tmp_path, TABLES, CATALOG))
    assert len(layer.release_id) == 64
    assert layer.release is None
    with pytest.raises(UserError):
        layer.query(MetricQuery(metrics=("bills",), as_of="1"), viewer=EVERYONE)


def test_tables_may_stand_in_main_and_be_called_plainly(tmp_path: Path) -> None:
    catalog = {
        "a": "model: t\ntable: sbTx\nkey: [sbTxId]\nmetrics: [{name: total, agg: sum, expr: sbtxamount}]",
        "b": "model: u\ntable: main.sbTx\nkey: [sbTxId]\nmetrics: [{name: rows, agg: count}]",
    }
    project = write_file_project(
        tmp_path, 'CREATE TABLE "sbTx" AS SELECT 1 AS "sbTxId", 2.5::DECIMAL(9,2) AS "sbTxAmount";', catalog
    )
    books = Books(SemanticLayer.open(project))
    assert books.ask("total", "rows").rows == ((Decimal("2.50"), 1),)


@pytest.mark.parametrize("connection", ["duckdb:///absent.duckdb", "duckdb://", "postgres://x/y"])
def test_a_connection_that_leads_nowhere_is_a_typed_error(tmp_path: Path, connection: str) -> None:
    project = write_file_project(tmp_path, TABLES, CATALOG, connection=connection)
    with pytest.raises(UserError) as raised:
        SemanticLayer.open(project)
    assert raised.value.issues[0].code in ("DT112", "DT113")


def test_an_absolute_path_takes_four_slashes(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "p").mkdir()
    file = tmp_path / "elsewhere" / "books.duckdb"
    project = write_file_project(tmp_path / "p", TABLES, CATALOG, connection=f"duckdb:///{file}")
    duckdb.connect(str(file)).execute(TABLES).close()
    assert Books(SemanticLayer.open(project)).value("bills") == 4


@pytest.mark.parametrize(
    ("connection", "family", "name"),
    [
        (None, None, "duckdb"),
        (None, "spark", "spark"),
        ("duckdb:///x", None, "duckdb_file"),
        ("duckdb:///x", "duckdb", "duckdb_file"),
        ("sc://host:15002", None, "spark_connect"),
        ("sc://host:15002", "spark", "spark_connect"),
        ("sc://host:15002", "duckdb", "duckdb"),  # releases are for every engine that reads them
        ("databricks://host/path", None, "databricks"),
    ],
)
def test_the_connection_and_the_wanted_engine_choose(
    connection: str | None, family: str | None, name: str
) -> None:
    assert engine_for(connection, family).name == name


@pytest.mark.parametrize(
    ("connection", "family"), [("duckdb:///x", "spark"), (None, "databricks"), ("databricks://h/p", "duckdb")]
)
def test_an_engine_that_cannot_read_the_project_is_refused(connection: str | None, family: str) -> None:
    with pytest.raises(UserError) as raised:
        engine_for(connection, family)
    assert raised.value.issues[0].code == "DT116"


# ------------------------------------------------------------------------------- statements of unlocked engines

NAMES = {"gold.fct_sales": "`pinned sales`", "plain": "`pinned plain`"}


def test_only_the_names_of_tables_change() -> None:
    statement = (
        "WITH `fct_sales` AS (SELECT `sales`.`gold`, 'gold.fct_sales' AS `t` FROM `gold`.`fct_sales` AS `sales`)"
        " SELECT * FROM `fct_sales` JOIN `main`.`plain` AS `p` ON TRUE JOIN `gold`.`fct_sales`"
    )
    assert point_tables(statement, NAMES, "spark") == (
        "WITH `fct_sales` AS (SELECT `sales`.`gold`, 'gold.fct_sales' AS `t` FROM `pinned sales` AS `sales`)"
        " SELECT * FROM `fct_sales` JOIN `pinned plain` AS `p` ON TRUE JOIN `pinned sales`"
    )


@pytest.mark.parametrize("dialect", ["spark", "databricks"])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM gold.fct_sales",
        "DROP TABLE gold.fct_sales",
        "SET spark.sql.ansi.enabled = false",
        "ADD JAR '/x.jar'",
        "CREATE TABLE x AS SELECT 1",
        "INSERT INTO gold.fct_sales SELECT 1",
        "SELECT 1; SELECT 2",
        "SELECT * FROM gold.other",
        "SELECT * FROM fct_sales",
        "SELECT * FROM other.gold.fct_sales",
        "SELECT * FROM delta.`/etc`",
        "SELECT * FROM parquet.`/etc/x`",
        "SELECT * FROM read_files('/etc')",
        "SELECT reflect('java.lang.System', 'exit', 1)",
        "SELECT java_method('java.lang.Runtime', 'getRuntime')",
        "SELECT input_file_name() FROM gold.fct_sales",
        "SELECT TRANSFORM (a) USING 'cat' AS (b STRING) FROM gold.fct_sales",
        "SELECT (",
    ],
)
def test_nothing_but_a_select_of_the_tables_is_run(statement: str, dialect: str) -> None:
    with pytest.raises(EngineError):
        point_tables(statement, NAMES, dialect)
