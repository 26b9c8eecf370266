"""The kept catalog is the loaded one, to every field and position; anything else is built anew."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from datatrust.core.errors import UserError
from semantic import catalog_cache, loader
from semantic.loader import load_catalog
from tests.unit.semantic._catalogs import FORMS, SAMPLE


@pytest.mark.parametrize("folder", [SAMPLE, FORMS], ids=["sample", "forms"])
def test_a_kept_catalog_is_the_loaded_one(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = load_catalog(folder)
    assert load_catalog(folder, cache=tmp_path) == fresh
    monkeypatch.setattr(loader, "parse_yaml", None)  # the second time nothing is parsed
    kept = load_catalog(folder, cache=tmp_path)
    assert asdict(kept) == asdict(fresh)
    assert list(kept.metrics) == list(fresh.metrics)


def test_a_change_of_text_or_a_damaged_file_is_built_anew(tmp_path: Path) -> None:
    folder, cache = tmp_path / "catalog", tmp_path / "cache"
    shutil.copytree(SAMPLE, folder)
    load_catalog(folder, cache=cache)
    file = folder / "metrics" / "sales.yml"
    file.write_text(file.read_text().replace("label: Net revenue", "label: Turnover"))
    assert load_catalog(folder, cache=cache).metrics["revenue"].label == "Turnover"
    assert len(list(cache.glob("*.json"))) == 2
    for damage in ("", "{", "[]", '{"\\u0000": "Path"}', '{"\\u0000": "Catalog", "nonsense": 1}'):
        for kept in cache.glob("*.json"):
            kept.write_text(damage)
        assert load_catalog(folder, cache=cache).metrics["revenue"].label == "Turnover"


def test_faults_are_never_kept_and_old_files_go(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(UserError):
        load_catalog(Path("x"), texts={"a.yml": "metrics: [{name: a, agg: summ}]"}, cache=cache)
    assert not cache.exists()
    for number in range(catalog_cache.KEPT + 3):
        load_catalog(Path("x"), texts={"a.yml": f"model: m{number}\ntable: t"}, cache=cache)
    assert len(list(cache.glob("*.json"))) == catalog_cache.KEPT
