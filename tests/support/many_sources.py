"""A company of any number of like sources, written by number: for measuring, with personal data and rows that fail."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

from datatrust.core.settings import Project
from tests.support.projects import write_files, write_project
from tests.support.tiny import DBT_PROJECT

ROWS = 200  # of a file
FIRST_DAY = dt.date(2026, 1, 1)
DIRT = 0.02

_CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
team: {{name: controlling}}
servers:
  - {{server: files, type: local, path: "**/{name}_*.csv", format: csv, encoding: utf-8}}
schema:
  - name: {name}
    customProperties:
      - {{property: sequenceColumn, value: updated_at}}
      - {{property: amountColumn, value: amount}}
      - {{property: currencyCode, value: EUR}}
    properties:
      - {{name: entry_id, logicalType: string, primaryKey: true, primaryKeyPosition: 1}}
      - {{name: entry_date, logicalType: date, required: true}}
      - name: amount
        logicalType: number
        physicalType: decimal(18,2)
        required: true
        logicalTypeOptions: {{exclusiveMinimum: 0}}
      - {{name: status, logicalType: string, required: true}}
      - {{name: contact, logicalType: string, customProperties: [{{property: piiClass, value: email}}]}}
      - {{name: updated_at, logicalType: timestamp, required: true}}
"""
_MASKING = "classes:\n  email: {action: token}\n"
_MODEL = """\
{{ config(materialized='incremental', incremental_strategy='merge', unique_key='entry_id') }}
select entry_id, entry_date, amount, status from {{ source('silver', 'ledger_000') }}
{% if is_incremental() %} where _sequence > {{ var('since_sequence') }} {% endif %}
"""


def source_names(count: int) -> list[str]:
    return [f"ledger_{number:03d}" for number in range(count)]


def make_company(root: Path, count: int) -> Project:
    """Write a project of `count` sources and one gold table; its raw folder is empty."""
    project = write_project(
        root,
        {
            "name": "many",
            "today": "2028-12-31",
            "deliveries": "folder",
            "sources": {"include": "contracts/*.yml"},
            "dbt": "dbt",
        },
    )
    names = source_names(count)
    tables = ", ".join(f"{{name: {name}}}" for name in names)
    files = {f"configs/contracts/{name}.yml": _CONTRACT.format(name=name) for name in names} | {
        str(project.masking_policy.relative_to(project.root)): _MASKING,
        "dbt/dbt_project.yml": DBT_PROJECT.lstrip(),
        "dbt/models/sources.yml": f"sources: [{{name: silver, schema: silver, tables: [{tables}]}}]\n",
        "dbt/models/fct_entries.sql": _MODEL,
    }
    write_files(root, files)
    return project


def deliver_day(project: Project, count: int, day: int) -> int:
    """Write one file a source for a day, from 0: new entries, some corrected ones of the day before; return the bytes."""
    date = FIRST_DAY + dt.timedelta(days=day)
    folder = project.raw / date.isoformat()
    folder.mkdir(parents=True)
    written = 0
    for number, name in enumerate(source_names(count)):
        chance = random.Random(day * 1_000 + number)
        lines = ["entry_id,entry_date,amount,status,contact,updated_at"]
        for row in range(ROWS):
            of_before = day > 0 and row < ROWS // 20
            key = f"E{day - 1 if of_before else day}-{row}"
            amount = f"{chance.randrange(100, 900_000) / 100:.2f}"
            if chance.random() < DIRT:
                amount = chance.choice(["", "-5.00", "n/a"])
            status = chance.choice(["open", "paid"])
            lines.append(f"{key},{date},{amount},{status},p{row}@example.org,{date} 08:00:00")
        text = "\n".join(lines) + "\n"
        written += len(text)
        (folder / f"{name}_{date}.csv").write_text(text, encoding="utf-8")
    return written
