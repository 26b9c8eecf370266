"""Certify a result: name the release, table versions, definitions and policy it rests on, and hash its rows.

The hash is over canonical JSON, so the same rows have the same hash on any machine.
Layer: semantic. Knows results and releases; runs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal

from datatrust.core.jsonio import dumps
from datatrust.core.release import Release
from semantic.expressions import parse_expression
from semantic.model import Catalog, Metric
from semantic.query import Scalar, Viewer
from semantic.result import Evidence, Excluded, ResultColumn


def certify(
    *,
    release_id: str,
    release: Release | None,
    tables: Mapping[str, int | str],
    metrics: Sequence[Metric],
    viewer: Viewer,
    columns: Sequence[ResultColumn],
    rows: Sequence[Sequence[Scalar]],
    totals: Sequence[Scalar] | None,
) -> Evidence:
    """Return the evidence of one result."""
    fresh = release.fresh_as_of if release else None
    return Evidence(
        release=release_id,
        tables=dict(sorted(tables.items())),
        metrics={metric.name: describe_metric(metric) for metric in metrics},
        quality=release.quality.status if release else None,
        fresh_as_of=fresh.isoformat() if fresh else None,
        role=viewer.role,
        policy=viewer.policy,
        result=hash_rows(columns, rows, totals),
    )


def policy_words(viewer: Viewer, catalog: Catalog) -> tuple[str, ...]:
    """Return what an answer must say of the policy it was made under; nothing of names that are kept from the viewer."""
    access = viewer.access
    words = []
    if access is not None and access.rows:
        told = "; ".join(text for text in access.rows if all(_is_seen(catalog, n) for n in _names(text)))
        words.append(
            f"Only rows that the role {viewer.role} may see{f' ({told})' if told else ''}, in totals and shares too"
        )
        words.append("What quarantine withholds is not told, for it is not known whose rows these are")
    return tuple(words)


def _names(text: str) -> tuple[str, ...]:
    return parse_expression(text).columns


def _is_seen(catalog: Catalog, path: str) -> bool:
    model, _, name = path.rpartition(".")
    found = catalog.models[model].dimensions.get(name) if model in catalog.models else None
    return found is not None and not found.hidden and found.mask is None


def describe_metric(metric: Metric) -> dict[str, str | bool | None]:
    """Return what an answer says of a definition: its hash, its owner, whether it is certified."""
    return {
        "definition": metric.definition_hash,
        "owner": metric.owner,
        "certified": metric.certified_by is not None,
    }


def hash_rows(
    columns: Sequence[ResultColumn], rows: Sequence[Sequence[Scalar]], totals: Sequence[Scalar] | None
) -> str:
    """Return the sha256 of columns, rows and totals in canonical JSON."""
    text = dumps(
        {"columns": [column.name for column in columns], "rows": rows, "totals": totals}, sort_keys=True
    )
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def expanded_metrics(catalog: Catalog, names: Sequence[str]) -> list[Metric]:
    """Return the metrics called `names` and all that they are made of, each once, in order."""
    found: dict[str, Metric] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name not in found and name in catalog.metrics:
            found[name] = catalog.metrics[name]
            waiting += found[name].inputs
    return list(found.values())


def excluded_from(release: Release | None, tables: Sequence[str]) -> Excluded:
    """Return what quarantine withholds from `tables`, by the release's own controls and lineage."""
    if release is None:
        return Excluded()
    sources = {source for table in tables for source in release.lineage.get(table, ())}
    rows = unparseable = 0
    amounts: dict[str, Decimal] = {}
    of_sources = set()
    for source in sorted(sources):
        control = release.control(source)
        if control is None:
            continue
        rows += control.quarantined
        unparseable += control.unparseable_amounts
        for currency, sums in control.amounts.items():
            amount = sums.get("quarantined")
            if amount:
                amounts[currency] = amounts.get(currency, Decimal(0)) + amount
                of_sources.add(source)
    single: Decimal | None = None
    if not rows:
        single = Decimal(0)
    elif len(amounts) == 1 and len(of_sources) == 1:  # amounts of two sources do not add up to anything
        single = next(iter(amounts.values()))
    return Excluded(
        quarantined_rows=rows, quarantined_amount=single, by_currency=amounts, unparseable_amounts=unparseable
    )
