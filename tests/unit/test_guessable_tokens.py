"""A column of tokens with few values, each in many rows, is refused: counting tells which token is which value."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from datatrust.core.errors import OutcomeError, UserError
from datatrust.core.masking import load_masking_policy
from datatrust.core.settings import Project
from pipeline.contracts import load_contracts
from pipeline.guessable import refuse_guessable
from tests.support.projects import write_project

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: leave
version: 1.0.0
servers: [{server: files, type: local, path: "leave.csv", format: csv}]
schema:
  - name: leave
    properties:
      - {name: id, logicalType: string, primaryKey: true}
      - {name: blood_group, logicalType: string, customProperties: [{property: piiClass, value: health}]}
      - {name: email, logicalType: string, customProperties: [{property: piiClass, value: email}]}
"""
POLICY = "classes:\n  health: {action: ACTION}\n  email: {action: token}\n"


def _project(root: Path, *, action: str = "token", extra: str = "") -> Project:
    project = write_project(root, {"name": "leave", "sources": {"include": "contracts/*.yml"}})
    for name, text in {
        "contracts/leave.yml": CONTRACT,
        "policies/masking.yml": POLICY.replace("ACTION", action) + extra,
    }.items():
        file = project.configs / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return project


def _write(project: Project, groups: list[str]) -> None:
    def token(text: str) -> str:
        return f"tok_00000000_{hashlib.sha256(text.encode()).hexdigest()}"

    rows = range(len(groups))
    write_deltalake(
        str(project.warehouse / "silver/leave"),
        pa.table(
            {
                "id": [str(row) for row in rows],
                "blood_group": [token(group) for group in groups],
                "email": [token(f"{row}@example.com") for row in rows],
            }
        ),
    )


def _refuse(project: Project) -> None:
    refuse_guessable(project.warehouse, load_contracts(project), load_masking_policy(project))


def test_few_values_in_many_rows_are_refused_with_the_next_step(tmp_path: Path) -> None:
    project = _project(tmp_path)
    _write(project, ["A", "B", "AB", "0"] * 60)
    with pytest.raises(OutcomeError) as refused:
        _refuse(project)
    said = str(refused.value)
    assert "silver.leave.blood_group: 4 different tokens in 240 rows" in said
    assert 'instead of "health", in configs/policies/masking.yml' in said
    assert "contracts/leave.yml:11:" in said
    assert "email" not in said


def test_values_that_hardly_repeat_tell_nothing_by_counting(tmp_path: Path) -> None:
    project = _project(tmp_path)
    _write(project, ["A", "B", "AB", "0"])
    _refuse(project)


def test_many_values_hide_each_other(tmp_path: Path) -> None:
    project = _project(tmp_path)
    _write(project, [str(row % 50) for row in range(500)])
    _refuse(project)


def test_the_policy_says_how_many_are_enough(tmp_path: Path) -> None:
    project = _project(tmp_path, extra="tokens: {fewest_values: 100}\n")
    _write(project, [str(row % 50) for row in range(500)])
    with pytest.raises(OutcomeError, match="fewer than 100 values"):
        _refuse(project)


def test_another_mask_of_few_values_is_no_matter(tmp_path: Path) -> None:
    project = _project(tmp_path, action="redact")
    _write(project, ["A", "B"] * 200)
    _refuse(project)


@pytest.mark.parametrize("tokens", ["tokens: {fewest_values: few}", "tokens: {fewest: 3}", "tokens: 3"])
def test_a_wrong_number_in_the_policy_is_named(tmp_path: Path, tokens: str) -> None:
    project = _project(tmp_path, extra=f"{tokens}\n")
    with pytest.raises(UserError, match="DT480"):
        load_masking_policy(project)
