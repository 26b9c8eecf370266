"""Make a candidate release of the tables as they stand, and publish it when everything has been proved.

A candidate is a manifest that nobody can see: `business_metrics` is computed on it, the checks run on it. Only
`publish_release` makes it visible, in one step.
Layer: pipeline. Imports core, contracts, fingerprint and tables; writes gold.business_metrics and manifests.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from datatrust.core.errors import OutcomeError
from datatrust.core.release import Quality, Release, SourceControl, next_number
from datatrust.core.settings import Project
from pipeline.contracts.model import SourceSpec
from pipeline.fingerprint import kept_texts
from pipeline.tables import find_tables, pin_table, split_name, table_path

BUSINESS_METRICS = "gold.business_metrics"
MetricRow = tuple[
    str, Any, str, str, Any, str | None
]  # metric, period, grain, dimensions (JSON), value, unit

_METRICS_SCHEMA = pa.schema(
    [
        ("metric", pa.string()),
        ("period", pa.date32()),
        ("period_grain", pa.string()),
        ("dimensions", pa.string()),
        ("value", pa.decimal128(38, 6)),
        ("unit", pa.string()),
    ]
)
_SIX_DECIMALS = Decimal("0.000001")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a run has to show for the tables that it wrote."""

    controls: tuple[SourceControl, ...]
    quality: Quality
    gold: Mapping[str, tuple[str, ...]]  # gold table -> silver tables it is made of
    hashes: Mapping[str, str]
    fresh_as_of: dt.datetime | None
    delivery: str | None = None


def make_candidate(
    project: Project, specs: Sequence[SourceSpec], evidence: Evidence, *, parent: Release | None
) -> Release:
    """Return the manifest of the tables as they stand; `gold.business_metrics` is not in it yet.

    Raises:
        OutcomeError: a gold table that dbt declares is not there.
    """
    warehouse = project.warehouse
    wanted = _wanted_tables(specs, evidence.gold)
    found = find_tables(warehouse)
    if missing := sorted(set(evidence.gold) - set(found)):
        raise OutcomeError(f"gold tables are missing: {', '.join(missing)}")
    tables = {
        name: pin_table(warehouse, name)
        for name in found
        if name in wanted or split_name(name)[0] in ("restricted", "ops")
    }
    return Release(
        number=next_number(warehouse),
        created_at=dt.datetime.now(tz=dt.UTC),
        tables=tables,
        quality=evidence.quality,
        controls=evidence.controls,
        lineage=_lineage(specs, evidence.gold, tables),
        files=kept_texts(project),
        hashes=dict(evidence.hashes),
        fresh_as_of=evidence.fresh_as_of,
        parent=parent.number if parent else None,
        delivery=evidence.delivery,
    )


def with_business_metrics(warehouse: Path, candidate: Release, rows: Iterable[MetricRow]) -> Release:
    """Write `rows` as gold.business_metrics and return the candidate with that table in it."""
    ordered = sorted(
        (
            {
                "metric": metric,
                "period": dt.date.fromisoformat(period) if isinstance(period, str) else period,
                "period_grain": grain,
                "dimensions": dimensions,
                "value": None if value is None else Decimal(value).quantize(_SIX_DECIMALS),
                "unit": unit,
            }
            for metric, period, grain, dimensions, value, unit in rows
        ),
        key=lambda row: (row["metric"], row["period_grain"], str(row["period"]), row["dimensions"]),
    )
    folder = warehouse / table_path(BUSINESS_METRICS)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_deltalake(str(folder), pa.Table.from_pylist(ordered, schema=_METRICS_SCHEMA), mode="overwrite")
    return replace(
        candidate,
        tables={**candidate.tables, BUSINESS_METRICS: pin_table(warehouse, BUSINESS_METRICS)},
        lineage={**candidate.lineage, BUSINESS_METRICS: _all_sources(candidate)},
    )


def _wanted_tables(specs: Sequence[SourceSpec], gold: Iterable[str]) -> set[str]:
    names = set(gold)
    for spec in specs:
        names |= {f"bronze.{spec.name}", spec.silver_table}
        if spec.quarantine_table:
            names.add(spec.quarantine_table)
    return names


def _lineage(
    specs: Sequence[SourceSpec], gold: Mapping[str, tuple[str, ...]], tables: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Return for each table the sources (contracts) that its rows come from."""
    by_table: dict[str, tuple[str, ...]] = {}
    for spec in specs:
        for name in (f"bronze.{spec.name}", spec.silver_table, spec.quarantine_table):
            if name:
                by_table[name] = (spec.name,)
    for table, made_of in gold.items():
        by_table[table] = tuple(sorted({source for up in made_of for source in by_table.get(up, ())}))
    return {name: by_table[name] for name in sorted(set(tables) & set(by_table))}


def _all_sources(candidate: Release) -> tuple[str, ...]:
    gold = (sources for name, sources in candidate.lineage.items() if name.startswith("gold."))
    return tuple(sorted({source for sources in gold for source in sources}))
