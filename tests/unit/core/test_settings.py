"""The project's config: found upward, read strictly, every issue at once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from datatrust.core.errors import UserError
from datatrust.core.settings import find_project, load_project


def write(root: Path, text: str) -> Path:
    (root / "configs").mkdir(exist_ok=True)
    (root / "configs" / "pipeline_config.json").write_text(text)
    return root


def test_found_from_a_folder_below(tmp_path: Path) -> None:
    write(tmp_path, "{}")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_project(deep) == tmp_path


def test_no_project_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--project"):
        find_project(tmp_path)


def test_defaults_and_paths(tmp_path: Path) -> None:
    project = load_project(
        write(tmp_path, '{"today": "2026-06-30", "sources": {"include": "contracts/*.yml"}}')
    )
    assert project.today() == dt.date(2026, 6, 30)
    assert project.warehouse == tmp_path / "warehouse"
    assert project.catalog == tmp_path / "semantic" / "catalog"


def test_a_project_may_hold_a_catalog_and_a_connection_only(tmp_path: Path) -> None:
    text = '{"catalog": "semantic/catalog", "serving": {"connection": "duckdb:///db.duckdb"}}'
    assert load_project(write(tmp_path, text)).config.serving.connection == "duckdb:///db.duckdb"


def test_every_issue_at_once_with_place_and_nearest_key(tmp_path: Path) -> None:
    write(tmp_path, '{\n  "warehous": "w",\n  "publish": {"max_quarantined_share": 2},\n  "raw": 7\n}')
    with pytest.raises(UserError) as caught:
        load_project(tmp_path)
    found = {issue.message.split(":")[0]: issue for issue in caught.value.issues}
    assert found['unknown key "warehous"'].suggestion == "warehouse"
    assert found['unknown key "warehous"'].at is not None
    assert found['unknown key "warehous"'].at.line == 2
    assert {issue.at.line for issue in caught.value.issues if issue.at} == {2, 3, 4}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", r":1:2"),
        ("[]", "JSON object"),
        ('{"today": "soon"}', "neither"),
        ('{"a": 1,}', "not valid JSON"),
    ],
)
def test_broken_files(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        load_project(write(tmp_path, text))
