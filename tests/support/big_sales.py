"""One source of any number of sales lines, written by number: for measuring, with personal data and rows that fail."""

from __future__ import annotations

from pathlib import Path

import duckdb

from datatrust.core.settings import Project
from tests.support.projects import write_files, write_project
from tests.support.tiny import DBT_PROJECT

FILES = 4
STATUSES = ("completed", "pending", "refunded")
MOST_QUANTITY = 500

_CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: sales
name: sales
version: 1.0.0
status: active
team: {name: controlling}
servers:
  - {server: files, type: local, path: "sales_*.csv", format: csv, encoding: utf-8}
schema:
  - name: sales
    customProperties:
      - {property: sequenceColumn, value: updated_at}
      - {property: amountColumn, value: amount}
      - {property: currencyCode, value: EUR}
    properties:
      - {name: line_id, logicalType: string, primaryKey: true, primaryKeyPosition: 1}
      - {name: order_date, logicalType: date, required: true}
      - {name: region, logicalType: string, required: true}
      - {name: product_id, logicalType: string, required: true}
      - name: quantity
        logicalType: integer
        required: true
        logicalTypeOptions: {minimum: 1, maximum: 500}
      - name: amount
        logicalType: number
        physicalType: decimal(18,2)
        required: true
        logicalTypeOptions: {exclusiveMinimum: 0}
      - name: status
        logicalType: string
        required: true
        logicalTypeOptions: {pattern: "^(completed|pending|refunded)$"}
      - {name: contact, logicalType: string, customProperties: [{property: piiClass, value: email}]}
      - {name: updated_at, logicalType: timestamp, required: true}
"""
_MASKING = "classes:\n  email: {action: token}\n"
_MODELS = {
    "fct_sales": """\
{{ config(materialized='incremental', incremental_strategy='merge', unique_key='line_id') }}
select line_id, order_date, region, product_id, quantity, amount, status from {{ source('silver', 'sales') }}
{% if is_incremental() %} where _sequence > {{ var('since_sequence') }} {% endif %}
""",
    "sales_by_month": """\
select trunc(order_date, 'month') as month, region, count(*) as sales_lines, sum(quantity) as units, sum(amount) as amount
from {{ ref('fct_sales') }} group by 1, 2
""",
}


def make_big_company(root: Path, rows: int) -> Project:
    """Write the project with its raw files: one line in fifty breaks a rule, one in two hundred is there twice."""
    project = write_project(
        root,
        {
            "name": "big",
            "today": "2026-12-31",
            "sources": {"include": "contracts/*.yml"},
            "dbt": "dbt",
        },
    )
    files = {
        "configs/contracts/sales.yml": _CONTRACT,
        str(project.masking_policy.relative_to(project.root)): _MASKING,
        "dbt/dbt_project.yml": DBT_PROJECT.lstrip(),
        "dbt/models/sources.yml": "sources: [{name: silver, schema: silver, tables: [{name: sales}]}]\n",
    } | {f"dbt/models/{name}.sql": text for name, text in _MODELS.items()}
    write_files(root, files)
    project.raw.mkdir(parents=True)
    for number in range(FILES):
        _write_lines(
            project.raw / f"sales_{number}.csv",
            first=number * rows // FILES,
            last=(number + 1) * rows // FILES,
        )
    return project


def _write_lines(file: Path, *, first: int, last: int) -> None:
    """Write the lines numbered `first` to `last`; what a line holds follows from its number alone."""
    duckdb.sql(
        f"""
        COPY (
            SELECT
                'L' || CASE WHEN n % 200 = 199 THEN n - 1 ELSE n END AS line_id,
                CASE WHEN n % 400 = 7 THEN '31.02.2026' ELSE (DATE '2024-01-01' + (same % 1000)::INT)::VARCHAR END
                    AS order_date,
                ['North', 'South', 'East', 'West'][1 + same % 4] AS region,
                'P' || (same % 997) AS product_id,
                CASE WHEN n % 200 = 11 THEN '-1' ELSE (1 + same % 40)::VARCHAR END AS quantity,
                CASE WHEN n % 200 = 3 THEN 'n/a' WHEN n % 200 = 5 THEN '-5.00'
                     ELSE ((100 + (same * 7919) % 900000) / 100)::DECIMAL(18, 2)::VARCHAR END AS amount,
                CASE WHEN n % 400 = 9 THEN 'unknown'
                     ELSE ['completed', 'pending', 'refunded'][1 + same % 3] END AS status,
                'p' || (same % 50000) || '@example.org' AS contact,
                '2026-06-30 08:00:00' AS updated_at
            FROM (SELECT n, CASE WHEN n % 200 = 199 THEN n - 1 ELSE n END AS same FROM range({first}, {last}) AS t(n))
        ) TO '{file}' (HEADER, DELIMITER ',')
        """
    )
