"""Say what a run would do, without doing it: new files, drift, what is derived again and why, what it reaches.

Looks at files, contracts and the ledger with the same functions as a run; opens no Spark, takes no lock, writes
nothing. What only the rows tell (how many would be quarantined) is left to the run.
Layer: pipeline. Imports core, contracts, drift, snapshots, ledger, fingerprint and reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from datatrust.core.release import Release, list_releases, load_release
from datatrust.core.settings import Project
from pipeline.bronze import Inspected, inspect
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.controls import LineCount
from pipeline.drift import Settled, from_json, rule, settle
from pipeline.entries import new_entry
from pipeline.fingerprint import compare_hashes, compute_hashes, explain_sources, with_children
from pipeline.ledger import LEDGER, Delivery, LedgerEntry, RawFile, find_new_files, load_ledger
from pipeline.reach import find_reach, tables_reached
from pipeline.readers import readers
from pipeline.readers.base import Layout, Refusal
from pipeline.snapshots import without_shrunk, without_undated


@dataclass(frozen=True, kw_only=True)
class PlannedDrift:
    """One way in which a file departs from its contract, and the contract's word on it."""

    change: str  # new_column, missing_column, type_change
    column: str
    decision: str  # evolve, freeze, discard, quarantine
    message: str


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """One file that the ledger does not know."""

    path: str
    source: str
    outcome: str  # "load", "resend", "refuse" or "wait"
    size: int
    message: str | None = None  # why it is refused, or what it repeats
    drift: tuple[PlannedDrift, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlannedDelivery:
    """Files that would become one release together."""

    delivery: str | None
    files: tuple[PlannedFile, ...]


@dataclass(frozen=True, kw_only=True)
class Reached:
    """A gold table and why its rows may change."""

    table: str
    because: tuple[str, ...]  # names of sources; empty: the model itself has changed


@dataclass(frozen=True, kw_only=True)
class ReachedMetric:
    """A metric whose values may change."""

    metric: str
    tables: tuple[str, ...]  # gold tables that it is computed on


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the next run would do."""

    release: str | None  # the current one
    nothing_new: bool
    deliveries: tuple[PlannedDelivery, ...]
    derived_again: dict[str, str] = field(default_factory=dict)  # source -> why
    gold_rebuilt: bool = False  # every gold table from scratch, incremental ones too
    definitions_changed: bool = False  # catalog or policies: only business_metrics and the manifest follow
    unclaimed: tuple[str, ...] = ()
    models: tuple[Reached, ...] = ()
    metrics: tuple[ReachedMetric, ...] = ()


def make_plan(project: Project) -> Plan:
    """Return what `run_pipeline` would do now; changes nothing.

    Raises:
        UserError: settings, contracts or policies are wrong, as a run would say.
    """
    specs = load_contracts(project)
    current = load_release(project.warehouse) if list_releases(project.warehouse) else None
    pin = current.tables.get(LEDGER) if current else None
    version = pin.version if pin else None
    known = load_ledger(project.warehouse, version=version) if current else ()
    findings = find_new_files(project, specs, version=version)
    now = compute_hashes(project, specs)
    before = current.hashes if current else None
    changes = compare_hashes(before, now, specs)
    again = explain_sources(before, now, specs) if before is not None else {}
    deliveries = []
    for delivery in findings.deliveries:
        planned, known, grown = _plan_delivery(project, specs, delivery, known)
        deliveries.append(planned)
        for name in with_children(grown, specs):
            again.setdefault(name, "a new column evolves" if name in grown else "a parent is derived again")
    touched = set(again) | {f.source for d in deliveries for f in d.files if f.outcome == "load"}
    return Plan(
        release=current.id if current else None,
        nothing_new=not deliveries and not changes.any and current is not None,
        deliveries=tuple(deliveries),
        derived_again={spec.name: again[spec.name] for spec in specs if spec.name in again},
        gold_rebuilt=changes.gold,
        definitions_changed=changes.definitions,
        unclaimed=findings.unclaimed,
        models=_reached(project, specs, touched, current if changes.gold else None),
    )


def _plan_delivery(
    project: Project, specs: Sequence[SourceSpec], delivery: Delivery, known: tuple[LedgerEntry, ...]
) -> tuple[PlannedDelivery, tuple[LedgerEntry, ...], set[str]]:
    """Return the delivery's plan, the ledger as it would be after it, and sources whose columns would grow."""
    planned: list[PlannedFile] = []
    grown: set[str] = set()
    for spec in specs:
        mine = [file for file in delivery.files if file.source == spec.name]
        if not mine:
            continue
        entries = [e for e in known if e.source == spec.name and e.status == "loaded"]
        settled = _settle(spec, [file for file in mine if file.resent_of is None], entries)
        rows = _count_rows(settled) if spec.load_mode == "snapshot" else {}
        files = without_shrunk(spec, settled.files, rows, entries)
        if settled.has_grown and entries:
            grown.add(spec.name)
        for one in files:
            number = one.file.sequence
            found = settled.findings.get(number, ())
            lines = LineCount(records=rows.get(number, 0), lines=0, gaps=0)
            known = (*known, new_entry(settled.spec, one, lines, found))
            refused = one.outcome.reason if isinstance(one.outcome, Refusal) else None
            planned.append(
                PlannedFile(
                    path=one.file.path,
                    source=spec.name,
                    outcome="refuse" if refused else "load",
                    size=one.file.size,
                    message=refused,
                    drift=tuple(
                        PlannedDrift(
                            change=ruling.finding.kind,
                            column=ruling.finding.column,
                            decision=ruling.decision,
                            message=ruling.message,
                        )
                        for ruling in rule(settled.spec, found)
                    ),
                )
            )
        looked_at = {one.file.path for one in files}
        planned += [_unloaded(file) for file in mine if file.path not in looked_at]
    return PlannedDelivery(delivery=delivery.name, files=tuple(planned)), known, grown


def _settle(spec: SourceSpec, new: Sequence[RawFile], entries: Sequence[LedgerEntry]) -> Settled:
    def laid_out(known: SourceSpec) -> tuple[Inspected, ...]:
        return without_undated(known, inspect(known, new))

    return settle(spec, chain.from_iterable(from_json(entry.drift) for entry in entries), laid_out)


def _count_rows(settled: Settled) -> dict[int, int]:
    """Return the records of each laid-out file, read as a run would read them."""
    spec = settled.spec
    return {
        one.file.sequence: sum(
            len(records.line) for records in readers()[spec.reader].read(one.file.absolute, one.outcome, spec)
        )
        for one in settled.files
        if isinstance(one.outcome, Layout)
    }


def _unloaded(file: RawFile) -> PlannedFile:
    """Return the plan of a file that is not looked into: a copy, or one that waits for what was sent with it."""
    again = f"has the same content as {file.resent_of}; it would not be loaded again"
    waits = "waits: another new file of its source does not agree with its control totals"
    return PlannedFile(
        path=file.path,
        source=file.source,
        outcome="resend" if file.resent_of else "wait",
        size=file.size,
        message=again if file.resent_of else waits,
    )


def _reached(
    project: Project, specs: Sequence[SourceSpec], touched: set[str], rebuilt: Release | None
) -> tuple[Reached, ...]:
    """Return the gold tables that would be computed anew, by the sources that reach them."""
    reach = find_reach(project)
    by_table: dict[str, list[str]] = {table: [] for table in reach} if rebuilt is not None else {}
    for spec in specs:
        if spec.name in touched:
            for table in tables_reached(reach, [spec.silver_table]):
                by_table.setdefault(table, []).append(spec.name)
    return tuple(Reached(table=table, because=tuple(names)) for table, names in sorted(by_table.items()))


def render_plan(plan: Plan) -> str:
    """Return the plan as text for a terminal."""
    if plan.nothing_new:
        text = [f"nothing is new; release {plan.release} would stand"]
    else:
        text = [f"after release {plan.release}:" if plan.release else "the first release:"]
    for delivery in plan.deliveries:
        text += ["", f"delivery {delivery.delivery}" if delivery.delivery else "new files"]
        for file in delivery.files:
            text.append(f"  {file.outcome:7} {file.path} ({file.source}, {file.size:,} bytes)")
            if file.message:
                text.append(f"          {file.message}")
            if file.outcome == "load":
                text += [f"          {drift.message}" for drift in file.drift]
    if plan.derived_again:
        text += ["", "derived again from bronze:"]
        text += [f"  {name}: {why}" for name, why in plan.derived_again.items()]
    if plan.gold_rebuilt:
        text += ["", "every gold table is rebuilt"]
    if plan.definitions_changed:
        text += ["", "the catalog or a policy has changed: metrics are computed anew"]
    if plan.models:
        text += ["", "gold tables reached:"]
        text += [f"  {r.table}" + (f" (by {', '.join(r.because)})" if r.because else "") for r in plan.models]
    if plan.metrics:
        text += ["", "metrics reached:", f"  {', '.join(metric.metric for metric in plan.metrics)}"]
    if plan.unclaimed:
        text += ["", "files that no contract claims:", *(f"  {path}" for path in plan.unclaimed)]
    return "\n".join(text)
