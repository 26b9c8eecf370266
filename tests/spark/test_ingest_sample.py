"""The sample company's ground truth, row by row, at a little and at much dirt; then its repaired files."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from datatrust.core.release import Release, SourceControl, list_releases, load_release
from datatrust.core.settings import Project, load_project
from datatrust.sample import build_sample
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.ingest import ingest_delivery
from pipeline.ledger import find_new_files
from pipeline.tables import query_tables, table_path
from tests.support.projects import ORDERS_PER_MONTH, copy_definitions
from tests.support.repairer import clean_rows, repair_raw_files, total

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

Place = tuple[str, str, int]  # source, file, line
Fate = tuple[str, tuple[str, ...]]
KINDS = 54  # of defects, whatever their share


AMOUNTS = {
    "sales_transactions": "amount",
    "products": "unit_cost",
    "budgets": "budget_revenue",
    "fx_rates": "average_rate",
    "operating_expenses": "amount",
    "account_balances": "balance",
    "ledger": "debit",
    "expense_budgets": "amount",
    "receivables": "amount",
}


def test_every_planted_defect_ends_as_its_truth_says(sample_project: Project) -> None:
    """One row in a hundred is wrong; in each of three releases everything stands where it should."""
    specs = load_contracts(sample_project)
    truth, counts = _truth(sample_project)
    assert len({row["kind"] for row in truth}) == KINDS
    for number in list_releases(sample_project.warehouse):
        release = load_release(sample_project.warehouse, str(number))
        fates = _fates(sample_project, specs, release)
        planted = [row for row in truth if row["delivery"] <= str(release.delivery)]
        assert _misjudged(planted, fates, str(release.delivery)) == []
        _assert_clean_rows_stand(planted, fates)
        _assert_counts(release.controls, counts[str(release.delivery)])
    assert find_new_files(sample_project, specs).deliveries == ()


@pytest.mark.soak  # three closings of its own, judged twice: the shared sample's are judged above
def test_a_fifth_of_all_rows_wrong_and_then_repaired(spark: SparkSession, tmp_path: Path) -> None:
    """Every defect is caught; the repaired files empty the quarantine, and each total is the clean company's."""
    copy_definitions(tmp_path)
    config = tmp_path / "configs" / "pipeline_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "deliveries": "single"}))
    project = load_project(tmp_path)
    build_sample(project.raw, truth_file=_truth_file(project), orders_per_month=ORDERS_PER_MONTH, dirt=0.2)
    specs = load_contracts(project)
    truth, counts = _truth(project)
    (delivery,) = find_new_files(project, specs).deliveries
    result = ingest_delivery(spark, project, specs, delivery)
    fates = _fates(project, specs)
    assert _misjudged(truth, fates, "2026-06") == []
    _assert_clean_rows_stand(truth, fates)
    _assert_counts([source.control for source in result.sources], counts["2026-06"])
    assert len({row["kind"] for row in truth}) == KINDS
    shares = {r.source: Decimal(r.quarantined) / r.rows_read for r in result.sources}
    assert all(share > Decimal("0.05") for share in shares.values())

    repaired = repair_raw_files(project.raw, truth)
    (delivery,) = find_new_files(project, specs).deliveries
    assert {file.path for file in delivery.files} == repaired
    after = ingest_delivery(spark, project, specs, delivery, replay=[spec.name for spec in specs])
    assert {file.path for r in after.sources for file in r.files if file.corrects} == repaired
    for was, now in zip(result.sources, after.sources, strict=True):
        assert (now.settled, now.quarantined, now.control.quarantined) == (was.quarantined, 0, 0)
        assert (now.control.valid, now.keys_lost) == (was.control.valid, 0)
        _assert_amounts_add_up(now.control)
    assert set(_fates(project, specs).values()) <= {("valid", ()), ("duplicate", ()), ("superseded", ())}
    _assert_totals_of_the_clean_company(project, specs)


def _assert_totals_of_the_clean_company(project: Project, specs: tuple[SourceSpec, ...]) -> None:
    clean = clean_rows(ORDERS_PER_MONTH)
    for spec in specs:
        names = (*spec.key, *([AMOUNTS[spec.name]] if spec.name in AMOUNTS else []))
        picked = ", ".join(f'"{name}"' for name in names)
        rows = query_tables(
            f"select {picked} from t", {"t": project.warehouse / table_path(spec.silver_table)}
        )
        expected = clean[spec.name]
        assert {tuple(str(row[name]) for name in spec.key) for row in rows} == set(expected)
        assert len(rows) == len(expected)
        if spec.name in AMOUNTS:
            assert total(rows, AMOUNTS[spec.name]) == total(expected.values(), AMOUNTS[spec.name])


def _truth(project: Project) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    rows = [json.loads(line) for line in _truth_file(project).read_text().splitlines()]
    return rows, json.loads(_truth_file(project).with_name("sample_truth_counts.json").read_text())


def _truth_file(project: Project) -> Path:
    return project.raw.parent / "sample_truth.jsonl"


def _fates(
    project: Project, specs: tuple[SourceSpec, ...], release: Release | None = None
) -> dict[Place, Fate]:
    """Return where each row of bronze stands, in a release or now; each stands in one place."""
    places: dict[tuple[int, int], Place] = {}
    found: dict[Place, list[Fate]] = defaultdict(list)

    def rows(table: str, columns: str) -> list[tuple[Any, ...]]:
        folder = project.warehouse / table_path(table)
        versions = {"t": release.tables[table].version} if release else None
        found = query_tables(f"select {columns} from t", {"t": folder}, versions=versions)
        return [tuple(row.values()) for row in found]

    for spec in specs:
        for sequence, line, file in rows(f"bronze.{spec.name}", "_sequence, _line, _file"):
            places[sequence, line] = (spec.name, f"{file}#{sequence}", line)
        for place in rows(spec.silver_table, "_sequence, _line"):
            found[places[place]].append(("valid", ()))
    for sequence, line, reasons in rows("restricted.quarantine", "_sequence, _line, reasons"):
        found[places[sequence, line]].append(("quarantined", tuple(sorted(reasons))))
    for sequence, line, status in rows("restricted.outcomes", "_sequence, _line, status"):
        found[places[sequence, line]].append((status, ()))
    assert set(found) == set(places.values())
    assert {len(fates) for fates in found.values()} == {1}
    return {(source, file.split("#")[0], line): fates[0] for (source, file, line), fates in found.items()}


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


def _assert_counts(controls: Sequence[SourceControl], expected: dict[str, dict[str, int]]) -> None:
    assert {
        control.source: {name: getattr(control, name) for name in expected[control.source]}
        for control in controls
    } == expected
    for control in controls:
        _assert_amounts_add_up(control)


def _assert_amounts_add_up(control: SourceControl) -> None:
    for sums in control.amounts.values():
        assert sums["read"] == sum(value for name, value in sums.items() if name != "read")
