"""The smallest company that a whole run needs: one source, one gold table, no personal data, no catalog."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from datatrust.core.release import Release, load_release
from datatrust.core.settings import Project
from pipeline.tables import query_tables
from tests.support.projects import write_project

HEADER = "expense_id,expense_date,amount,updated_at"

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: tiny-expenses
name: Expenses
version: 1.0.0
status: active
team: {name: controlling}
servers:
  - {server: files, type: local, path: "**/expenses*.csv", format: csv, encoding: utf-8}
schema:
  - name: expenses
    customProperties:
      - {property: sequenceColumn, value: updated_at}
      - {property: amountColumn, value: amount}
      - {property: currencyCode, value: EUR}
    properties:
      - {name: expense_id, logicalType: string, primaryKey: true, primaryKeyPosition: 1}
      - {name: expense_date, logicalType: date, required: true}
      - name: amount
        logicalType: number
        physicalType: decimal(18,2)
        required: true
        logicalTypeOptions: {exclusiveMinimum: 0}
      - {name: updated_at, logicalType: timestamp, required: true}
"""

DBT_PROJECT = """
name: tiny
version: "1.0.0"
profile: datatrust
config-version: 2
model-paths: [models]
vars: {warehouse: warehouse, since_sequence: 0}
models:
  tiny:
    +file_format: delta
    +location_root: "{{ var('warehouse') }}/gold"
    +materialized: table
"""

SOURCES = "sources: [{name: silver, schema: silver, tables: [{name: expenses}]}]\n"

MODELS = """
models:
  - name: fct_expenses
    columns:
      - {name: expense_id, data_tests: [unique, not_null]}
"""

MODEL = """
{{ config(materialized='incremental', incremental_strategy='merge', unique_key='expense_id') }}
select expense_id, expense_date, amount from {{ source('silver', 'expenses') }}
{% if is_incremental() %} where _sequence > {{ var('since_sequence') }} {% endif %}
"""


TIE = """
select 1 from (select count(*) as rows, sum(amount) as total from {{ source('silver', 'expenses') }}) as valid
cross join (select count(*) as rows, sum(amount) as total from {{ ref('fct_expenses') }}) as fact
where not (valid.rows <=> fact.rows and valid.total <=> fact.total)
"""


def make_tiny_project(root: Path) -> Project:
    """Write the project; its raw folder is empty."""
    project = write_project(
        root,
        {
            "name": "tiny",
            "today": "2026-06-30",
            "deliveries": "folder",
            "sources": {"include": "contracts/*.yml"},
            "dbt": "dbt",
        },
    )
    for name, text in {
        "configs/contracts/expenses.yml": CONTRACT,
        "dbt/dbt_project.yml": DBT_PROJECT,
        "dbt/models/sources.yml": SOURCES,
        "dbt/models/models.yml": MODELS,
        "dbt/models/fct_expenses.sql": MODEL,
        "dbt/tests/facts_tie_to_valid_rows.sql": TIE,
    }.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip(), encoding="utf-8")
    return project


def deliver(project: Project, path: str, rows: Iterable[tuple[str, str]], *, day: str = "2026-04-01") -> Path:
    """Write one raw file with lines of (expense_id, amount), last updated on `day`."""
    file = project.raw / path
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{key},{day},{amount},{day} 08:00:00" for key, amount in rows]
    file.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return file


def gold(project: Project) -> list[tuple[str, str]]:
    """Return the fact as the files stand, as (expense_id, amount)."""
    rows = query_tables(
        "select expense_id, amount from t order by expense_id", {"t": project.warehouse / "gold/fct_expenses"}
    )
    return [(row["expense_id"], str(row["amount"])) for row in rows]


def figures(release: Release) -> object:
    """What two runs over the same files must agree on: everything but clocks and Delta versions."""
    rows = {name: (pin.columns, pin.rows) for name, pin in release.tables.items() if name[:4] != "ops."}
    return rows, release.controls, release.quality, release.lineage, release.delivery


def current(project: Project) -> Release:
    return load_release(project.warehouse)
