"""Copies of the Online Retail example with some of its daily files, in one load or in one load a day."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from datatrust.core.settings import Project, load_project
from pipeline.tables import find_tables, query_tables

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "online_retail"
RAW = load_project(EXAMPLE).raw
LEAVE = shutil.ignore_patterns("warehouse", "logs", ".*", "target")


def make_retail(root: Path, days: Sequence[Path], *, one_load: bool) -> Project:
    """Write a copy of the example whose raw files are `days`, each a delivery of its own unless `one_load`."""
    shutil.copytree(EXAMPLE, root, ignore=LEAVE)
    config = root / "configs" / "pipeline_config.json"
    settings = {
        **json.loads(config.read_text()),
        "raw": "raw",
        "deliveries": "single" if one_load else "folder",
    }
    config.write_text(json.dumps(settings))
    contract = root / "configs" / "contracts" / "online_retail.yml"
    contract.write_text(contract.read_text().replace('path: "*.csv"', 'path: "**/*.csv"'))
    for day in days:
        folder = root / "raw" / day.stem
        folder.mkdir(parents=True)
        shutil.copy(day, folder / day.name)
    return load_project(root)


def gold_tables(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every gold table, in an order of their own."""
    return {
        name: _sorted(tuple(row.values()) for row in query_tables("from t", {"t": folder}))
        for name, folder in find_tables(project.warehouse).items()
        if name.startswith("gold.")
    }


def _sorted(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)
