"""Scoring of answers: what counts as the same rows, what a case file may say, and lucky matches found out."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from datatrust.cli import root as datatrust
from datatrust.core.errors import UserError
from datatrust.evaluation.cases import load_cases
from datatrust.evaluation.compare import same_rows
from datatrust.evaluation.data import COPY, perturbed_copy
from datatrust.evaluation.score import score_cases, summarise
from tests.support.books import write_file_project
from tests.support.hospital import make_hospital


@pytest.mark.parametrize(
    ("got", "wanted", "options", "same"),
    [
        ([["EMEA", Decimal("1.50")]], [["EMEA", 1.5]], {}, True),
        ([["EMEA", 2, 1.5]], [[1.5, "EMEA"]], {}, True),  # an extra column, another order of columns
        ([["EMEA", 1.5]], [["EMEA", 1.5, 2]], {}, False),
        ([["A", 1], ["B", 2]], [["B", 2], ["A", 1]], {}, True),
        ([["A", 1], ["B", 2]], [["B", 2], ["A", 1]], {"ranked": True}, False),
        ([["A", 1], ["B", 2]], [["A", 2], ["B", 1]], {}, False),  # the same values, not in the same rows
        ([["A", 1]], [["A", 1], ["A", 1]], {}, False),
        ([[Decimal("0.25")]], [[25]], {}, False),
        ([[Decimal("0.25")]], [[25]], {"percents": [0]}, True),
        (
            [[Decimal("0.25")]],
            [[0.25, 25]],
            {"percents": [0]},
            False,
        ),  # one column of the answer stands for one
        ([["Ann", 3]], [["C1", "Ann", 3]], {"any_of": [0, 1]}, True),
        ([["Ann"]], [["C1", "Ann", 3]], {"any_of": [0, 1]}, False),
        ([[1.0]], [[1.0000001]], {}, True),
        ([[1.0]], [[1.001]], {}, False),
        ([[None]], [[0]], {}, False),
    ],
)
def test_same_rows(got: list[Any], wanted: list[Any], options: dict[str, Any], same: bool) -> None:
    assert same_rows(got, wanted, **options) is same


def test_every_fault_of_a_file_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(
        '{"question": "a", "today": "2026-02-30"}\nno json\n{"id": 1}\n{"question": "b", "expect": "not_anwsered"}\n'
        '{"question": "c", "accepted": [{}]}\n'
    )
    with pytest.raises(UserError) as error:
        load_cases(file)
    assert [issue.at.line for issue in error.value.issues if issue.at] == [1, 2, 3, 4, 5]
    assert error.value.issues[3].suggestion == "not_answered"


CASES = [
    {"id": "right", "family": "count", "question": "How many admissions did we have in March 2026?",
     "sql": "select count(*) from care.admissions where admitted_on between date '2026-03-01' and date '2026-03-31'"},
    {"id": 2, "family": "cost", "question": "treatment cost in 2025", "sql": "select sum(cost) + 1 from care.admissions"},
    {"id": "silent", "family": "silent", "question": "mortality rate", "expect": "not_answered"},
]  # fmt: skip


def test_scores_and_lucky_matches(tmp_path: Path) -> None:
    project = make_hospital(tmp_path / "hospital")
    with duckdb.connect(str(project.root / "hospital.duckdb"), read_only=True) as connection:
        cost = connection.execute(
            "select sum(cost) from care.admissions where year(admitted_on) = 2025"
        ).fetchone()
    assert cost is not None
    lucky = {
        "id": "lucky",
        "family": "cost",
        "question": "treatment cost in 2025",
        "sql": f"select {cost[0]}",
    }
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join(json.dumps(case) for case in [*CASES, lucky]))
    scored = {one.case.id: one for one in score_cases(project, load_cases(file))}
    assert {name: one.verdict for name, one in scored.items()} == {
        "right": "right",
        2: "wrong",
        "silent": "refused",
        "lucky": "wrong",
    }
    assert scored["lucky"].lucky
    total = summarise(list(scored.values()))[-1]
    assert (total.cases, total.right, total.wrong, total.refused) == (4, 1, 2, 1)
    assert total.precision == pytest.approx(1 / 3)

    ran = CliRunner().invoke(datatrust, ["--project", str(project.root), "eval", str(file), "--wrong"])
    assert ran.exit_code == 1
    assert "wrong on a copy: treatment cost in 2025  [lucky]" in ran.stdout
    kept = tmp_path / "verdicts.json"
    command = ["--project", str(project.root), "eval", str(file), "--copies", "0"]
    assert CliRunner().invoke(datatrust, [*command, "--keep", str(kept)]).exit_code == 1
    before = json.loads(kept.read_text())
    assert before["cases"] == {"right": "right", "2": "wrong", "silent": "refused", "lucky": "right"}
    noted = {"id": "noted", "question": "treatment cost in 2025"}  # nobody says yet what is right
    harder = {**CASES[0], "question": "How many of the admissions in March 2026 were a surprise?"}
    file.write_text("\n".join(json.dumps(case) for case in [harder, CASES[2], lucky, noted]))
    ran = CliRunner().invoke(datatrust, command)
    assert ran.exit_code == 0, ran.stdout
    ran = CliRunner().invoke(datatrust, [*command, "--against", str(kept), "--json"])
    assert ran.exit_code == 1
    told = json.loads(ran.stdout)
    assert told["regressions"] == [{"set": "cases", "id": "right"}]
    assert told["families"][-1]["open"] == 1
    ran = CliRunner().invoke(datatrust, [*command, "--against", str(file)])
    assert "cannot be read" in str(ran.exception)

    file.write_text("\n".join(json.dumps(case) for case in [*CASES, lucky]))
    ran = CliRunner().invoke(datatrust, ["--project", str(project.root), "ask", "--batch", str(file)])
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [(a["id"], a["status"]) for a in answers] == [
        ("right", "answered"), (2, "answered"), ("silent", "refused"), ("lucky", "answered")]  # fmt: skip


def test_a_copy_keeps_keys_and_identities(tmp_path: Path) -> None:
    project = make_hospital(tmp_path / "hospital")
    copy = perturbed_copy(project, tmp_path / "copy", seed=1)
    with duckdb.connect(str(copy.root / COPY)) as connection:
        connection.execute(f"attach '{project.root / 'hospital.duckdb'}' as old (read_only)")
        kept = connection.execute(
            "select count(*), count(*) filter (new.cost = before.cost), bool_and(new.cost % before.cost = 0) "
            "from care.admissions new join old.care.admissions before using (admission_id) where before.cost <> 0"
        ).fetchone()
        lost = connection.execute(
            "select count(*) from old.care.wards anti join care.wards using (ward_id)"
        ).fetchone()
        all_rows = connection.execute("select count(*) from old.care.admissions where cost <> 0").fetchone()
    assert kept is not None
    assert all_rows is not None
    assert 0 < kept[1] < kept[0] < all_rows[0]
    assert kept[2]
    assert lost == (0,)


def test_a_copy_keeps_every_rate_and_the_periods_of_calendars(tmp_path: Path) -> None:
    tables = """
    create table paid as select day::date as day, 'EUR' as currency, 100.00::decimal(18, 2) as amount
      from range(date '2026-01-01', date '2026-03-01', interval 1 day) r(day);
    create table rates as select day, currency, 1.25::decimal(18, 6) as average from paid;
    create table trading as select date '2026-01-01' as first_day, date '2026-02-28' as last_day, 2026 as of_year, 1 as of_quarter;
    """
    catalog = {
        "all": """
calendars:
  gregorian: {default: true}
  trading: {periods: {table: trading, start: first_day, end: last_day, year: of_year, quarter: of_quarter}}
currency: {group: USD, rates: rates, average: average, period: day, grain: day}
models:
  - {model: paid, table: paid, time: day, dimensions: [{name: day, type: time}, currency]}
metrics:
  - {name: spent, model: paid, agg: sum, expr: amount, unit: currency, currency: {from: currency, rate: average}}
"""
    }
    (tmp_path / "books").mkdir()
    project = write_file_project(tmp_path / "books", tables, catalog)
    copy = perturbed_copy(project, tmp_path / "copy", seed=1)
    cases = tmp_path / "cases.jsonl"
    cases.write_text('{"question": "spent in fiscal year 2026"}\n')
    [scored] = score_cases(copy, load_cases(cases), copies=0)
    with duckdb.connect(str(copy.root / COPY), read_only=True) as connection:
        [(rows, rates, total)] = connection.execute(
            "select count(p.day), count(*), sum(p.amount) * 1.25 from rates r left join paid p using (day, currency)"
        ).fetchall()
    assert rows < rates == 59
    assert [list(row) for row in scored.answer.rows] == [[total]]
