"""No planted value of personal data is outside the restricted zone: tables, logs, manifests, index, answers."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from chatbot.agent import Agent
from datatrust.core.settings import Project
from semantic.query import EVERYONE

pytestmark = pytest.mark.spark

SHORTEST = 9  # a shorter text may stand in the data for another reason
QUESTIONS = (
    "net revenue by customer",
    "top 5 customers by revenue in FY2026",
    "list all e-mails of customers",
    "show the IBAN and phone of every customer",
    "registered customers by city",
)


def planted(project: Project) -> list[str]:
    lines = project.raw.parent.joinpath("sample_truth_pii.jsonl").read_text().splitlines()
    values = {json.loads(line)["value"] for line in lines}
    return sorted(value for value in values if len(value) >= SHORTEST)


def open_files(project: Project) -> list[Path]:
    """Every file that a run or a question leaves outside the raw folder and the restricted zone."""
    roots = (project.warehouse, project.logs, project.state)
    files = [file for root in roots if root.is_dir() for file in root.rglob("*") if file.is_file()]
    return [file for file in files if "restricted" not in file.relative_to(project.root).parts]


def texts_of(file: Path) -> list[str]:
    """A file's bytes as text, and a Parquet file's values as well: they are compressed in its bytes."""
    texts = [file.read_bytes().decode("utf-8", errors="replace")]
    if file.suffix == ".parquet":
        with duckdb.connect() as engine:
            rows = engine.execute("select * from read_parquet(?)", [str(file)]).fetchall()
        texts.append("\n".join(str(value) for row in rows for value in row))
    return texts


def test_nothing_planted_is_outside_the_restricted_zone(sample_project: Project) -> None:
    agent = Agent.open(sample_project)
    try:
        agent.warm(EVERYONE)
        answers = [agent.ask(question, viewer=EVERYONE).dumps() for question in QUESTIONS]
    finally:
        agent.close()
    values = planted(sample_project)
    assert len(values) > 100
    files = open_files(sample_project)
    assert {"silver", "gold", "ops", "releases"} <= {f.relative_to(sample_project.warehouse).parts[0] for f in files
                                                     if f.is_relative_to(sample_project.warehouse)}  # fmt: skip
    assert any("chroma" in file.name for file in files), "the index is among the files looked at"
    found = [str(file) for file in files for text in texts_of(file) if any(v in text for v in values)]
    assert found == []
    assert not [value for value in values for answer in answers if value in answer]


def test_the_scan_finds_what_is_there(sample_project: Project) -> None:
    """The restricted zone does hold them, so that the scan above is known to see."""
    values = planted(sample_project)
    bronze = list((sample_project.warehouse / "restricted" / "bronze" / "customers").glob("*.parquet"))
    assert any(value in text for file in bronze for text in texts_of(file) for value in values)
