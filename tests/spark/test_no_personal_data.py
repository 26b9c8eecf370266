"""No planted value of personal data is outside the restricted zone: tables, logs, docs, lineage, index, answers."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from chatbot.agent import Agent
from datatrust.core.settings import Project
from semantic.query import EVERYONE
from tests.support.byte_scan import ByteScan

pytestmark = pytest.mark.spark

QUESTIONS = (
    "net revenue by customer",
    "top 5 customers by revenue in FY2026",
    "list all e-mails of customers",
    "show the IBAN and phone of every customer",
    "registered customers by city",
    "names and e-mails of our employees",
    "employees by department",
)
# What a scan of "everything" must have seen, or it has seen nothing.
SEEN = (
    "warehouse/silver/customers/",
    "warehouse/silver/sales_quarantine/",
    "warehouse/gold/dim_customers/",
    "warehouse/silver/employees/",
    "warehouse/gold/dim_employees/",
    "warehouse/ops/ledger/",
    "warehouse/releases/000003.json",
    "warehouse/docs/000003/lineage.json",
    "warehouse/docs/000003/index.html",
    "logs/spark.log",
    ".datatrust/dbt/target/",
    ".datatrust/index/",
)


@pytest.fixture(scope="module")
def scan(sample_project: Project) -> ByteScan:
    """Looks for every planted value, and for the key that tokens are made by."""
    lines = sample_project.raw.parent.joinpath("sample_truth_pii.jsonl").read_text().splitlines()
    values = {json.loads(line)["value"] for line in lines}
    assert len(values) > 1000
    keys = {file.read_text() for file in sample_project.secrets.glob("*.key")}
    assert keys
    return ByteScan(values | keys)


def open_files(project: Project) -> list[Path]:
    """Every file of the project but raw data, keys, and the restricted zone."""
    closed = (project.raw.parent, project.secrets, project.warehouse / "restricted")
    files = [file for file in project.root.rglob("*") if file.is_file()]
    return sorted(file for file in files if not any(file.is_relative_to(folder) for folder in closed))


def test_nothing_planted_is_outside_the_restricted_zone(sample_project: Project, scan: ByteScan) -> None:
    agent = Agent.open(sample_project)
    try:
        agent.warm(EVERYONE)
        answers = [agent.ask(question, viewer=EVERYONE).dumps() for question in QUESTIONS]
    finally:
        agent.close()
    files = open_files(sample_project)
    names = [str(file.relative_to(sample_project.root)) for file in files]
    assert [wanted for wanted in SEEN if not any(name.startswith(wanted) for name in names)] == []
    assert scan.find_in(sample_project.root, files) == {}
    assert [answer for answer in answers if scan.find(answer.encode())] == []


def test_the_scan_finds_what_is_there(sample_project: Project, scan: ByteScan) -> None:
    """Raw files and the restricted zone do hold them, so that the scan above is known to see."""
    bronze = sorted((sample_project.warehouse / "restricted/bronze/customers").glob("*.parquet"))
    raw = sorted(sample_project.raw.rglob("customers.csv"))
    assert len(scan.find_in(sample_project.root, raw)) == len(raw) == 3
    assert sum(scan.find_in(sample_project.root, bronze).values()) > 1000


def test_the_zone_of_raw_rows_is_for_its_owner_alone(sample_project: Project) -> None:
    zone = sample_project.warehouse / "restricted"
    assert stat.S_IMODE(zone.stat().st_mode) == 0o700
    work = (
        zone / "scratch"
    )  # of the session at work: its engine makes files as it likes, behind the zone's door
    paths = [
        path
        for path in (*zone.rglob("*"), *sample_project.secrets.iterdir())
        if not path.is_symlink() and work not in path.parents
    ]
    assert [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
