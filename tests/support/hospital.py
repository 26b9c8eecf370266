"""A small hospital on a DuckDB file with a catalog of its own: another domain, no word of it in the code."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from datatrust.core.settings import Project, load_project

TABLES = """
create schema care;
create table care.wards (ward_id varchar, ward_name varchar, building varchar, beds integer);
insert into care.wards values ('W1', 'Cardiology', 'North', 20), ('W2', 'Oncology', 'North', 15), ('W3', 'Maternity', 'South', 12);
create table care.patients (patient_id varchar, gender varchar, insurance varchar, registered_on date);
insert into care.patients select 'P' || lpad(i::varchar, 3, '0'), case when i % 2 = 0 then 'female' else 'male' end,
  case when i % 3 = 0 then 'private' when i % 3 = 1 then 'statutory' end, date '2024-01-01' + (i * 9)::integer from range(60) t(i);
create table care.admissions as
  select 'A' || lpad(i::varchar, 4, '0') as admission_id, 'P' || lpad((i * 7 % 60)::varchar, 3, '0') as patient_id,
    'W' || (1 + i % 3) as ward_id, date '2025-01-01' + (i * 3 % 540)::integer as admitted_on,
    (1 + i * 5 % 14)::integer as nights, cast(350.50 + (i * 37 % 900) as decimal(12, 2)) as cost,
    case when i % 10 = 0 then 'emergency' else 'planned' end as kind, i % 17 = 0 as readmission
  from range(400) t(i);
"""  # fmt: skip
CATALOG = {
    "calendar.yml": """
calendars:
  gregorian: {default: true}
currency: {group: EUR}
""",
    "models/care.yml": """
model: admissions
label: Admissions
synonyms: [stays, hospital stays]
table: care.admissions
key: [admission_id]
time: admitted_on
joins:
  - {to: patients, key: patient_id}
  - {to: wards, key: ward_id}
dimensions:
  - {name: admitted_on, type: time, grain: day, label: Admission date}
  - {name: kind, type: category, label: Kind of admission, synonyms: [admission type], values: {emergency: [urgent], planned: [elective]}}
  - {name: readmission, type: flag, label: Readmission}
  - {name: nights, type: number, label: Nights}
""",
    "models/wards.yml": """
model: wards
label: Wards
synonyms: [departments, units]
table: care.wards
key: [ward_id]
dimensions:
  - {name: ward_id, type: identifier, label: Ward number}
  - {name: ward_name, type: category, label: Ward name}
  - {name: building, type: category, label: Building}
""",
    "models/patients.yml": """
model: patients
label: Patients
table: care.patients
key: [patient_id]
dimensions:
  - {name: patient_id, type: identifier, label: Patient number}
  - {name: gender, type: category, label: Gender, synonyms: [sex], values: {female: [women], male: [men]}}
  - {name: insurance, type: category, label: Insurance, synonyms: [payer]}
  - {name: registered_on, type: time, grain: day, label: Registration date}
""",
    "metrics/care.yml": """
defaults: {model: admissions, owner: medical controlling}
metrics:
  - {name: admissions, label: Admissions, synonyms: [number of admissions], agg: count, unit: count, better: null}
  - {name: treated_patients, label: Treated patients, description: Different patients admitted., agg: count_distinct, expr: patient_id, unit: count}
  - {name: total_cost, label: Treatment cost, synonyms: [cost, costs, spending], agg: sum, expr: cost, unit: currency, currency: EUR, better: lower}
  - {name: length_of_stay, label: Average length of stay, synonyms: [ALOS, average stay], agg: average, expr: nights, unit: days, better: lower}
  - {name: longest_stay, label: Longest stay, synonyms: [maximum length of stay], agg: max, expr: nights, unit: days}
  - {name: bed_nights, label: Bed nights, synonyms: [nights, occupied nights], agg: sum, expr: nights, unit: count}
  - {name: cost_per_admission, label: Cost per admission, ratio: {numerator: total_cost, denominator: admissions}, on_zero: undefined, unit: currency, currency: EUR}
  - {name: registered_patients, label: Registered patients, synonyms: [patients, number of patients], model: patients, agg: count, time: registered_on, unit: count}
""",
}


def make_hospital(root: Path) -> Project:
    """Write the project into `root` and return it."""
    for name, text in CATALOG.items():
        file = root / "catalog" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace(", better: null", ""), encoding="utf-8")
    with duckdb.connect(str(root / "hospital.duckdb")) as connection:
        connection.execute(TABLES)
    (root / "configs").mkdir()
    config = {"name": "hospital", "today": "2026-03-31", "catalog": "catalog",
              "serving": {"connection": "duckdb:///hospital.duckdb"}}  # fmt: skip
    (root / "configs" / "pipeline_config.json").write_text(json.dumps(config), encoding="utf-8")
    return load_project(root)
