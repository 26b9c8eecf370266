"""Repair the sample company's raw files by their truth, as a sender would who has found every mistake.

A planted defect is a row more, of a key of its own or of a version that no clean row has. What should have been sent
is the file without it; the clean rows beside it are sent again as they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from datatrust.sample.build import DEFAULT_SEED
from datatrust.sample.company import make_company
from datatrust.sample.tables import TABLES


def repair_raw_files(raw: Path, truth: Iterable[Mapping[str, Any]]) -> set[str]:
    """Write every file that has a rejected row again without it; return the files' paths."""
    wrong: dict[str, set[int]] = defaultdict(set)
    for row in truth:
        if row["outcome"] == "quarantined":
            wrong[row["file"]].add(row["line"])
    for path, numbers in wrong.items():
        lines = (raw / path).read_bytes().split(b"\n")
        kept = [line for number, line in enumerate(lines, start=1) if number not in numbers]
        (raw / path).write_bytes(b"\n".join(kept))
    return set(wrong)


def clean_rows(orders_per_month: int) -> dict[str, dict[tuple[str, ...], dict[str, str]]]:
    """Return what really happened: for each source the newest version of each key, as texts by column."""
    company = make_company(DEFAULT_SEED, orders_per_month)
    return {
        table.source: {
            tuple(table.key_of(version.values).split("|")): dict(
                zip(table.columns, version.values, strict=True)
            )
            for version in company.versions[table.source]
            if version.superseded_in is None
        }
        for table in TABLES
    }


def total(rows: Iterable[Mapping[str, Any]], column: str) -> Decimal:
    """Return the exact sum of a column."""
    return sum((Decimal(str(row[column])) for row in rows), Decimal(0))
