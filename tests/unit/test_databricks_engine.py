"""A Databricks warehouse through a double of its connector: pinned versions, limits, no secret in a message."""

from __future__ import annotations

import sys
import threading
import types
from typing import Any

import pytest

from datatrust.core.errors import EngineError, UserError
from datatrust.core.settings import Project
from semantic.engine import SemanticLayer
from semantic.engines.databricks import ENGINE
from semantic.query import EVERYONE, MetricQuery
from tests.support.books import _write_project

CATALOG = {
    "all": "models: [{model: sales, table: gold.fct_sales, key: [id], dimensions: [region]}]\n"
    "metrics: [{name: revenue, model: sales, agg: sum, expr: amount}]"
}
ADDRESS = "databricks://host.example/sql/1.0/warehouses/abc?catalog=finance"


class Warehouse:
    """Answers as a warehouse does; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.options: dict[str, Any] = {}
        self.fails: Exception | None = None
        self.hangs = False
        self.cancelled = threading.Event()
        self.rows: list[tuple[Any, ...]] = [("EMEA", 1), (None, 2)]
        self.description: list[tuple[str]] = [("region",), ("revenue",)]

    def connect(self, **options: Any) -> Warehouse:
        self.options = options
        return self

    def cursor(self) -> Warehouse:
        return self

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def execute(self, sql: str) -> None:
        self.asked.append(sql)
        if sql.startswith("DESCRIBE TABLE") and "absent" in sql:
            raise ValueError("no such table")
        if not sql.startswith("DESCRIBE"):
            if self.hangs:
                self.cancelled.wait(10)
                raise ValueError("cancelled")
            if self.fails:
                raise self.fails

    def fetchall(self) -> list[tuple[Any, ...]]:
        if "HISTORY" in self.asked[-1]:
            return [(12, "2026-06-30")]
        return [("id", "string", None), ("region", "string", None), ("amount", "decimal(18,2)", None), ("", "", ""),
                ("# Partitioning", "", ""), ("region", "string", None)]  # fmt: skip

    def fetchmany(self, rows: int) -> list[tuple[Any, ...]]:
        return self.rows[:rows]

    def cancel(self) -> None:
        self.cancelled.set()

    def close(self) -> None:
        return None


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    double = Warehouse()
    package, module = types.ModuleType("databricks"), types.ModuleType("databricks.sql")
    module.connect = double.connect  # type: ignore[attr-defined]
    package.sql = module  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "databricks", package)
    monkeypatch.setitem(sys.modules, "databricks.sql", module)
    monkeypatch.setenv("DATABRICKS_TOKEN", "dapi-secret")
    return double


@pytest.fixture
def project(tmp_path: Any) -> Project:
    return _write_project(tmp_path, CATALOG, {"today": "2026-06-30", "serving": {"connection": ADDRESS}})


def test_a_question_reads_the_versions_of_the_moment_it_was_opened(
    warehouse: Warehouse, project: Project
) -> None:
    layer = SemanticLayer.open(project)
    result = layer.query(MetricQuery(metrics=("revenue",), group_by=("region",)), viewer=EVERYONE)
    assert "FROM `finance`.`gold`.`fct_sales` VERSION AS OF 12 AS `sales`" in warehouse.asked[-1]
    assert "`gold`.`fct_sales` AS `sales`" in result.sql
    assert (result.engine, result.rows) == ("databricks", (("EMEA", 1), (None, 2)))
    assert result.evidence.tables == {"gold.fct_sales": 12}
    assert len(layer.release_id) == 64
    assert warehouse.options["http_path"] == "/sql/1.0/warehouses/abc"
    assert warehouse.options["session_configuration"]["ANSI_MODE"] == "true"


def test_partition_notes_are_no_columns(warehouse: Warehouse, project: Project) -> None:
    assert list(SemanticLayer.open(project).schema.tables["gold.fct_sales"]) == ["id", "region", "amount"]


def test_rows_beyond_the_limit_are_cut_and_long_statements_stopped(
    warehouse: Warehouse, project: Project
) -> None:
    engine = ENGINE.open(project, None, ("gold.fct_sales",), "UTC")
    asked = {"tables": ("gold.fct_sales",), "max_rows": 1, "timeout_seconds": 0.05}
    raw = engine.run("SELECT 1 FROM `gold`.`fct_sales`", **asked)  # type: ignore[arg-type]
    assert (len(raw.rows), raw.truncated) == (1, True)
    warehouse.hangs = True
    with pytest.raises(EngineError, match="took longer"):
        engine.run("SELECT 1 FROM `gold`.`fct_sales`", **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("statement", ["DELETE FROM gold.fct_sales", "SELECT * FROM gold.absent"])
def test_only_its_tables_can_be_read(warehouse: Warehouse, project: Project, statement: str) -> None:
    engine = ENGINE.open(project, None, ("gold.fct_sales",), "UTC")
    before = len(warehouse.asked)
    with pytest.raises(EngineError):
        engine.run(statement, tables=("gold.fct_sales",), max_rows=1, timeout_seconds=1)
    assert len(warehouse.asked) == before


def test_a_failure_is_typed_and_quotes_no_value(warehouse: Warehouse, project: Project) -> None:
    engine = ENGINE.open(project, None, ("gold.fct_sales",), "UTC")
    for error, said in ((ValueError("the value 'Jane' is bad"), "refused"), (ValueError("ARITHMETIC_OVERFLOW 1"), "too large")):  # fmt: skip
        warehouse.fails = error
        with pytest.raises(EngineError, match=said) as caught:
            engine.run("SELECT 1", tables=(), max_rows=1, timeout_seconds=1)
        assert "Jane" not in str(caught.value)


def test_without_the_connector_or_a_token_the_next_step_is_said(
    project: Project, monkeypatch: pytest.MonkeyPatch, warehouse: Warehouse
) -> None:
    monkeypatch.delenv("DATABRICKS_TOKEN")
    with pytest.raises(UserError, match="DATABRICKS_TOKEN"):
        SemanticLayer.open(project)
    monkeypatch.setitem(sys.modules, "databricks", None)
    with pytest.raises(UserError, match=r"datatrust360\[databricks\]"):
        SemanticLayer.open(project)
