"""A club whose tables are joined by a personal value: members by their e-mail, visits that name it, a fact over both."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from datatrust.core.release import load_release
from datatrust.core.settings import Project
from pipeline.tables import query_tables
from tests.support.projects import write_files, write_project

POLICY = """\
classes:
  email: {action: token, normalise: lower}
"""
MEMBERS = """\
apiVersion: v3.1.0
kind: DataContract
id: members
version: 1.0.0
servers: [{server: files, type: local, path: "**/members*.csv", format: csv}]
schema:
  - name: members
    customProperties: [{property: sequenceColumn, value: changed_on}]
    properties:
      - name: email
        logicalType: string
        primaryKey: true
        customProperties: [{property: piiClass, value: email}]
      - {name: level, logicalType: string, required: true}
      - {name: changed_on, logicalType: date, required: true}
"""
VISITS = """\
apiVersion: v3.1.0
kind: DataContract
id: visits
version: 1.0.0
servers: [{server: files, type: local, path: "**/visits*.csv", format: csv}]
schema:
  - name: visits
    properties:
      - {name: visit_id, logicalType: string, primaryKey: true}
      - name: email
        logicalType: string
        required: true
        customProperties: [{property: piiClass, value: email}]
        relationships: [{to: members.email}]
"""
DBT = {
    "dbt_project.yml": """\
name: club
version: "1.0.0"
profile: datatrust
config-version: 2
model-paths: [models]
vars: {warehouse: warehouse, since_sequence: 0}
models:
  club:
    +file_format: delta
    +location_root: "{{ var('warehouse') }}/gold"
    +materialized: table
""",
    "models/sources.yml": "sources: [{name: silver, schema: silver, tables: [{name: members}, {name: visits}]}]\n",
    "models/dim_members.sql": "select email as member, level from {{ source('silver', 'members') }}\n",
    "models/fct_visits.sql": """\
{{ config(materialized='incremental', incremental_strategy='merge', unique_key='visit_id') }}
select visit_id, email as member from {{ source('silver', 'visits') }}
{% if is_incremental() %} where _sequence > {{ var('since_sequence') }} {% endif %}
""",
}


def make_club(root: Path) -> Project:
    """Write the project; its raw folder is empty."""
    project = write_project(
        root,
        {
            "name": "club",
            "today": "2026-06-30",
            "deliveries": "folder",
            "sources": {"include": "contracts/*.yml"},
            "dbt": "dbt",
        },
    )
    texts = {
        "configs/policies/masking.yml": POLICY,
        "configs/contracts/members.yml": MEMBERS,
        "configs/contracts/visits.yml": VISITS,
        **{f"dbt/{name}": text for name, text in DBT.items()},
    }
    write_files(root, texts)
    return project


def deliver_club(
    project: Project, delivery: str, members: Iterable[tuple[str, str]], visits: Iterable[tuple[str, str]]
) -> None:
    """Write a delivery of (e-mail, level) and (visit, e-mail)."""
    folder = project.raw / delivery
    folder.mkdir(parents=True)
    lines = [f"{mail},{level},{delivery}-01" for mail, level in members]
    (folder / "members.csv").write_text("\n".join(["email,level,changed_on", *lines]) + "\n")
    lines = [f"{visit},{mail}" for visit, mail in visits]
    (folder / "visits.csv").write_text("\n".join(["visit_id,email", *lines]) + "\n")


def joined(project: Project, release: str | None = None) -> list[tuple[str, str]]:
    """Return each visit with its member's level, joined on the token in gold, as a release has them."""
    pins = load_release(project.warehouse, release).tables
    names = ("gold.fct_visits", "gold.dim_members")
    rows = query_tables(
        'select visit_id, level from "gold.fct_visits" join "gold.dim_members" using (member) order by 1',
        {name: project.warehouse / pins[name].path for name in names},
        versions={name: pins[name].version for name in names},
    )
    return [(row["visit_id"], row["level"]) for row in rows]
