"""Small companies for tests of the semantic layer: tables by SQL in a DuckDB file, a catalog by YAML, one layer."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from deltalake import write_deltalake

from datatrust.core.release import Quality, Release, TablePin, publish_release
from datatrust.core.settings import Project, load_project
from semantic.engine import SemanticLayer
from semantic.expressions import parse_filter
from semantic.query import EVERYONE, Compare, MetricQuery, TimeRange, Top
from semantic.result import QueryResult


class Books:
    """A layer and short ways to ask it."""

    def __init__(self, layer: SemanticLayer) -> None:
        self.layer = layer

    def ask(
        self,
        *metrics: str,
        by: tuple[str, ...] = (),
        where: str = "",
        having: str = "",
        start: str | None = None,
        end: str | None = None,
        calendar: str | None = None,
        compare: str | None = None,
        top: Top | None = None,
        **more: Any,
    ) -> QueryResult:
        """Ask for metrics; dates as ISO texts."""
        time = TimeRange(
            start=dt.date.fromisoformat(start) if start else None,
            end=dt.date.fromisoformat(end) if end else None,
            calendar=calendar,
        )
        query = MetricQuery(
            metrics=metrics,
            group_by=by,
            where=parse_filter(where) if where else (),
            having=parse_filter(having) if having else (),
            time=time if start or end or calendar else None,
            compare=Compare(to=compare) if compare else None,
            top=top,
            **more,
        )
        return self.layer.query(query, viewer=EVERYONE)

    def value(self, metric: str, **more: Any) -> Any:
        """The one value of a metric over everything."""
        result = self.ask(metric, **more)
        assert len(result.rows) == 1
        return result.value(metric)

    def groups(self, metric: str, by: str, **more: Any) -> dict[Any, Any]:
        """Each group's value."""
        result = self.ask(metric, by=(by,), **more)
        return {row[0]: row[1] for row in result.rows}


def _write_project(root: Path, catalog: Mapping[str, str], config: dict[str, Any]) -> Project:
    (root / "configs").mkdir(parents=True, exist_ok=True)
    (root / "configs" / "pipeline_config.json").write_text(json.dumps(config))
    for name, text in catalog.items():
        file = root / "semantic" / "catalog" / f"{name}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return load_project(root)


def write_file_project(
    root: Path, tables: str, catalog: Mapping[str, str], *, today: str = "2026-06-30", **serving: Any
) -> Project:
    """A project on a DuckDB file that `tables` (SQL statements) fills."""
    connection = duckdb.connect(str(root / "books.duckdb"))
    connection.execute(tables)
    connection.close()
    config = {"today": today, "serving": {"connection": "duckdb:///books.duckdb", **serving}}
    return _write_project(root, catalog, config)


def open_books(
    root: Path, tables: str, catalog: Mapping[str, str], *, today: str = "2026-06-30", **serving: Any
) -> Books:
    """The same, opened."""
    return Books(SemanticLayer.open(write_file_project(root, tables, catalog, today=today, **serving)))


def write_release_project(
    root: Path, tables: str, catalog: Mapping[str, str], *, today: str = "2026-06-30", **release: Any
) -> Project:
    """A project whose tables are Delta tables pinned by one release, without Spark."""
    project = _write_project(root, catalog, {"today": today})
    connection = duckdb.connect()
    connection.execute(tables)
    pins = {}
    names = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal"
    ).fetchall()
    for schema, table in names:
        path = f"{schema}/{table}"
        arrow = connection.execute(f'SELECT * FROM "{schema}"."{table}"').to_arrow_table()
        write_deltalake(str(project.warehouse / path), arrow)
        pins[f"{schema}.{table}"] = TablePin(path=path, version=0)
    publish(project, 1, pins, **release)
    return project


def publish(project: Project, number: int, pins: dict[str, TablePin], **more: Any) -> Release:
    """Publish a release of those tables."""
    release = Release(
        number=number,
        created_at=dt.datetime(2026, 6, 30, 12, number, tzinfo=dt.UTC),
        tables=pins,
        quality=Quality(status="passed"),
        **more,
    )
    publish_release(project.warehouse, release)
    return release


def money(text: str) -> Decimal:
    """A decimal, for short tests."""
    return Decimal(text)
