"""The sample company's ground truth, row by row, after each closing; then a rebuild that must change nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from datatrust.core.settings import Project, load_project
from datatrust.sample import build_sample
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.ingest import ingest_delivery
from pipeline.ledger import Delivery, find_new_files
from pipeline.results import IngestResult
from pipeline.store import read
from tests.support.projects import copy_definitions

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

Place = tuple[str, str, int]  # source, file, line
Fate = tuple[str, tuple[str, ...]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("sample")
    copy_definitions(root)
    project = load_project(root)
    build_sample(project.raw, truth_file=_truth_file(project), orders_per_month=20, dirt=0.03)
    return project


def test_every_planted_defect_ends_as_its_truth_says(spark: SparkSession, project: Project) -> None:
    specs = load_contracts(project)
    truth = [json.loads(line) for line in _truth_file(project).read_text().splitlines()]
    counts = json.loads(_truth_file(project).with_name("sample_truth_counts.json").read_text())
    deliveries = find_new_files(project, specs).deliveries
    assert [delivery.name for delivery in deliveries] == ["2026-04", "2026-05", "2026-06"]
    for delivery in deliveries:
        result = ingest_delivery(spark, project, specs, delivery)
        fates = _fates(spark, project, specs)
        planted = [row for row in truth if row["delivery"] <= str(delivery.name)]
        assert _misjudged(planted, fates, str(delivery.name)) == []
        _assert_clean_rows_stand(planted, fates)
        _assert_counts(result, counts[delivery.name])
    assert len({row["kind"] for row in truth}) >= 40
    assert find_new_files(project, specs).deliveries == ()
    _assert_no_personal_value(project)

    before = _fates(spark, project, specs)
    nothing = Delivery(name=None, files=())
    ingest_delivery(spark, project, specs, nothing, refresh=[spec.name for spec in specs])
    assert _fates(spark, project, specs) == before


def _truth_file(project: Project) -> Path:
    return project.root / "sample_truth.jsonl"


def _fates(spark: SparkSession, project: Project, specs: tuple[SourceSpec, ...]) -> dict[Place, Fate]:
    """Return where each row of bronze stands; each stands in one place."""
    places: dict[tuple[int, int], Place] = {}
    found: dict[Place, list[Fate]] = defaultdict(list)
    for spec in specs:
        bronze = read(spark, project.warehouse, f"bronze.{spec.name}")
        for row in bronze.select("_sequence", "_line", "_file").collect():
            places[row[0], row[1]] = (spec.name, row[2], row[1])
        for row in read(spark, project.warehouse, spec.silver_table).select("_sequence", "_line").collect():
            found[places[row[0], row[1]]].append(("valid", ()))
    for row in read(spark, project.warehouse, "restricted.quarantine").collect():
        found[places[row["_sequence"], row["_line"]]].append(("quarantined", tuple(sorted(row["reasons"]))))
    for row in read(spark, project.warehouse, "restricted.outcomes").collect():
        found[places[row["_sequence"], row["_line"]]].append((row["status"], ()))
    assert set(found) == set(places.values())
    assert {len(fates) for fates in found.values()} == {1}
    return {place: fates[0] for place, fates in found.items()}


def _misjudged(planted: list[dict[str, Any]], fates: dict[Place, Fate], delivery: str) -> list[Any]:
    wrong = []
    for row in planted:
        place = (row["source"], row["file"], row["line"])
        after = sorted((k, v) for k, v in (row.get("outcome_after") or {}).items() if k <= delivery)
        expected = after[-1][1] if after else row["outcome"]
        outcome, reasons = fates.get(place, ("not_a_record", ()))
        named = [reason.split(":") for reason in reasons]
        has_reason = expected != "quarantined" or any(
            family == row["reason"] and row["column"] in (None, subject.split(".")[0])
            for family, subject in named
        )
        if outcome != expected or not has_reason:
            wrong.append((row["kind"], place, expected, row["reason"], row["column"], outcome, reasons))
    return wrong


def _assert_clean_rows_stand(planted: list[dict[str, Any]], fates: dict[Place, Fate]) -> None:
    named = {(row["source"], row["file"], row["line"]) for row in planted}
    rejected = [
        (place, fate) for place, fate in fates.items() if fate[0] == "quarantined" and place not in named
    ]
    assert rejected == []


def _assert_counts(result: IngestResult, expected: dict[str, dict[str, int]]) -> None:
    found = {
        source.source: {name: getattr(source.control, name) for name in expected[source.source]}
        for source in result.sources
    }
    assert found == expected
    for source in result.sources:
        for sums in source.control.amounts.values():
            assert sums["read"] == sum(value for name, value in sums.items() if name != "read")


def _assert_no_personal_value(project: Project) -> None:
    """No personal value of the raw files stands in any file of the warehouse outside of the restricted zone."""
    lines = _truth_file(project).with_name("sample_truth_pii.jsonl").read_text().splitlines()
    personal = [json.loads(line) for line in lines]
    # what is short or a date also occurs by chance
    values = {
        row["value"].encode() for row in personal if len(row["value"]) > 8 and row["kind"] != "birth_date"
    }
    assert len(values) > 100
    stored = b"\n".join(
        path.read_bytes()
        for path in project.warehouse.rglob("*")
        if path.is_file() and "restricted" not in path.relative_to(project.warehouse).parts
    )
    assert [value for value in values if value in stored] == []
