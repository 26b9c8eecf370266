"""Judge whole sources: is the newest data fresh, and is what a delivery brought usual beside those before it.

Figures are counted from the ledger, bronze and silver as they stand; nothing is kept between runs. A delivery of
a source is a folder of raw files, or a single file where files lie in the raw folder itself.
Layer: pipeline. Imports contracts, rules, ledger, controls and tables; starts no Spark.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from datatrust.core.errors import OutcomeError
from pipeline.contracts.model import Rule, SourceSpec
from pipeline.controls import sum_amounts
from pipeline.ledger import TOP, LedgerEntry
from pipeline.rules import rule_kinds
from pipeline.rules.base import DeliveryFigures, SourceFacts, SourceRule
from pipeline.store import exists
from pipeline.tables import query_tables, table_path

FRESHNESS = "freshness"


@dataclass(frozen=True, kw_only=True)
class SourceFinding:
    """A source rule that does not hold, and the figures that say so."""

    source: str
    rule: Rule
    message: str

    @property
    def check(self) -> str:
        return f"{self.source}: {self.rule.id}"


def judge_sources(
    warehouse: Path,
    specs: Sequence[SourceSpec],
    ledger: Sequence[LedgerEntry],
    *,
    today: dt.date,
    new: Collection[int] = (),
    fresh: bool = True,
) -> tuple[SourceFinding, ...]:
    """Return the source rules that do not hold.

    Args:
        ledger: of every file so far.
        new: numbers of the files that this delivery brought; the others are its history.
        fresh: ask how old the newest data is; of a delivery that others follow it says nothing.
    """
    found = []
    for spec in specs:
        mine = [entry for entry in ledger if entry.source == spec.name and entry.status == "loaded"]
        for rule in spec.source_rules:
            kind = rule_kinds()[rule.kind]
            assert isinstance(kind, SourceRule)
            if rule.kind == FRESHNESS:
                facts = [_age_facts(warehouse, spec, mine, today)] if fresh else []
            else:
                facts = list(_delivery_facts(warehouse, spec, mine, frozenset(new), today))
            found += [
                SourceFinding(source=spec.name, rule=rule, message=message)
                for each in facts
                if (message := kind.finds(rule, each)) is not None
            ]
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class SourceAge:
    """How old the newest data of a source is, and how old it may be."""

    source: str
    of: str  # the column that says how old; "file" where its arrival does
    newest: dt.date | None  # None: nothing has come yet
    days: int | None
    agreed_days: int


def source_ages(
    warehouse: Path, specs: Sequence[SourceSpec], ledger: Sequence[LedgerEntry], *, today: dt.date
) -> tuple[SourceAge, ...]:
    """Return the age of each source that has one agreed, by the rule of its contract."""
    found = []
    for spec in specs:
        mine = [entry for entry in ledger if entry.source == spec.name and entry.status == "loaded"]
        for rule in (each for each in spec.source_rules if each.kind == FRESHNESS):
            facts, column = _age_facts(warehouse, spec, mine, today), rule.arguments.get("column")
            newest = facts.newest.get(column) if column else facts.arrived
            days = None if newest is None else (today - newest).days
            found.append(
                SourceAge(
                    source=spec.name, of=column or "file", newest=newest, days=days,
                    agreed_days=rule.arguments["days"],
                )
            )  # fmt: skip
    return tuple(found)


def refuse_findings(findings: Sequence[SourceFinding]) -> None:
    """Stop the publish where a rule that rejects does not hold.

    Raises:
        OutcomeError: names each of them with its figures, its reason and its owner.
    """
    rejecting = [finding for finding in findings if finding.rule.severity == "reject"]
    if rejecting:
        listed = "\n  ".join(
            f"{f.check}: {f.message}\n    {f.rule.reason}"
            + (f" (owner: {f.rule.owner})" if f.rule.owner else "")
            for f in rejecting
        )
        raise OutcomeError(
            f"what was delivered is not as agreed, the release is refused:\n  {listed}\n"
            "  the last release still serves; if it is right as it is, let the rule warn or widen it in the contract"
        )


def _age_facts(
    warehouse: Path, spec: SourceSpec, entries: Sequence[LedgerEntry], today: dt.date
) -> SourceFacts:
    columns = [r.columns[0] for r in spec.source_rules if r.kind == FRESHNESS and r.columns]
    newest: dict[str, dt.date] = {}
    if columns and exists(warehouse, spec.silver_table):
        asked = ", ".join(f'cast(max("{name}") as date) as "{name}"' for name in columns)
        (row,) = query_tables(
            f"select {asked} from silver", {"silver": warehouse / table_path(spec.silver_table)}
        )
        newest = {name: value for name, value in row.items() if value is not None}
    arrived = max((entry.arrived_at for entry in entries), default=None)
    return SourceFacts(today=today, newest=newest, arrived=arrived.date() if arrived else None)


def _delivery_facts(
    warehouse: Path, spec: SourceSpec, entries: Sequence[LedgerEntry], new: frozenset[int], today: dt.date
) -> Iterator[SourceFacts]:
    """Yield the figures of each new delivery of a source beside those of all before."""
    fresh = _deliveries([entry for entry in entries if entry.sequence in new])
    if not fresh:
        return
    before = _deliveries([entry for entry in entries if entry.sequence < min(new)])
    wants_sums = any(rule.kind == "sum_anomaly" for rule in spec.source_rules)
    sums = sum_amounts(warehouse, spec, [e.sequence for e in entries]) if wants_sums else {}
    for files in fresh:
        figures = DeliveryFigures(
            rows=_rows(files),
            earlier_rows=tuple(_rows(earlier) for earlier in before),
            sums=_total(files, sums),
            earlier_sums=tuple(_total(earlier, sums) for earlier in before),
        )
        yield SourceFacts(today=today, newest={}, arrived=None, delivery=figures)


def _deliveries(entries: Sequence[LedgerEntry]) -> list[list[LedgerEntry]]:
    """Return files that came together: those of one folder, and each file of the raw folder itself."""
    found: dict[str | int, list[LedgerEntry]] = {}
    for entry in sorted(entries, key=lambda entry: entry.sequence):
        together = entry.sequence if entry.delivery in (None, TOP) else str(entry.delivery)
        found.setdefault(together, []).append(entry)
    return list(found.values())


def _rows(files: Sequence[LedgerEntry]) -> int:
    return sum(entry.records for entry in files)


def _total(files: Sequence[LedgerEntry], sums: Mapping[int, Mapping[str, Decimal]]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for entry in files:
        for currency, amount in sums.get(entry.sequence, {}).items():
            totals[currency] = totals.get(currency, Decimal(0)) + amount
    return totals
