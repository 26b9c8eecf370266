"""Tell what the last run did and how the current release stands, from its manifest and `ops.pipeline_metrics`.

Starts no Spark, so that it answers at once.
Layer: pipeline. Imports core, observe and summary.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from datatrust.core.errors import UserError
from datatrust.core.release import Quality, SourceControl, list_releases, load_release
from datatrust.core.settings import Project
from pipeline.alerts.log import AlertLog
from pipeline.contracts import load_contracts
from pipeline.ledger import load_ledger
from pipeline.observe import RecordedStep, load_run_steps
from pipeline.source_rules import SourceFinding, judge_sources
from pipeline.summary import RunSummary, quality_warnings


@dataclass(frozen=True, kw_only=True)
class TableStatus:
    """One table of the current release, and what the last run that wrote it said of it."""

    table: str
    version: int
    rows: int | None
    rows_in: int | None
    rows_out: int | None
    rejected: int | None
    seconds: float | None
    written_by_run: int | None


@dataclass(frozen=True, kw_only=True)
class AlertLine:
    """An alert that is still open, and whether its receiver has it ("raised" where there is none)."""

    kind: str
    subject: str
    text: str
    raised_at: dt.datetime
    state: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """The current release and the last run; `release` is None before the first one."""

    release: str | None
    published_at: dt.datetime | None
    delivery: str | None
    fresh_as_of: dt.datetime | None
    quality: Quality | None
    tables: tuple[TableStatus, ...]
    sources: tuple[SourceControl, ...]
    stale: tuple[SourceFinding, ...]  # sources whose newest data is older than agreed, by today
    last_run: int | None
    last_run_at: dt.datetime | None
    last_run_succeeded: bool | None
    last_run_message: str | None  # of the step that failed
    alerts: tuple[AlertLine, ...]  # raised, and not well again since


def load_status(project: Project) -> Status:
    """Read the current release and the record of runs."""
    steps = load_run_steps(project.warehouse)
    last = [step for step in steps if step.run == steps[-1].run] if steps else []
    failed = next((step for step in last if not step.success), None)
    release = load_release(project.warehouse) if list_releases(project.warehouse) else None
    written = {step.table: step for step in steps if step.table and step.success}
    pins = sorted(release.tables.items()) if release else []
    return Status(
        release=release.id if release else None,
        published_at=release.created_at if release else None,
        delivery=release.delivery if release else None,
        fresh_as_of=release.fresh_as_of if release else None,
        quality=release.quality if release else None,
        tables=tuple(_table(name, pin.version, pin.rows, written.get(name)) for name, pin in pins),
        sources=release.controls if release else (),
        stale=_stale_sources(project) if release else (),
        last_run=last[-1].run if last else None,
        last_run_at=last[-1].timestamp if last else None,
        last_run_succeeded=failed is None if last else None,
        last_run_message=failed.message if failed else None,
        alerts=_open_alerts(project),
    )


def _stale_sources(project: Project) -> tuple[SourceFinding, ...]:
    """Ask how old each source's newest data is today; contracts that cannot be read say nothing here."""
    try:
        specs = load_contracts(project)
    except UserError:
        return ()
    return judge_sources(project.warehouse, specs, load_ledger(project.warehouse), today=project.today())


def _open_alerts(project: Project) -> tuple[AlertLine, ...]:
    log = AlertLog(project.logs)
    abouts = dict.fromkeys(entry.alert.about for entry in log.entries)
    return tuple(
        AlertLine(
            kind=entry.alert.kind,
            subject=entry.alert.subject,
            text=entry.alert.text,
            raised_at=entry.at,
            state=log.state_of(entry),
        )
        for about in abouts
        if (entry := log.open_alert(about)) is not None
    )


def render_status(status: Status) -> str:
    """Return the status as text for a terminal."""
    if status.release is None and status.last_run is None:
        return "no run yet; start one: datatrust pipeline run"
    lines = []
    if status.last_run is not None:
        outcome = "succeeded" if status.last_run_succeeded else f"failed: {status.last_run_message}"
        lines.append(f"run {status.last_run} at {_moment(status.last_run_at)} {outcome}")
    if status.release is None or status.quality is None:
        return "\n".join([*lines, "no release has been published yet"])
    quality = status.quality
    lines += [
        f"release {status.release} published {_moment(status.published_at)}"
        + (f", closing {status.delivery}" if status.delivery else ""),
        f"raw files up to {_moment(status.fresh_as_of)}",
        f"{quality.checks} checks {quality.status.replace('_', ' ')}"
        + (f" ({quality.warnings})" if quality.warnings else ""),
        *(f"  warning: {text}" for text in quality_warnings(quality)),
        *(f"  not fresh: {finding.check}: {finding.message}" for finding in status.stale),
        *(f"  alert: {line.kind}, {line.subject}: {line.text} ({line.state})" for line in status.alerts),
        "",
    ]
    lines += _aligned(
        ("source", "read", "valid", "quarantined", "duplicate", "superseded", "discarded"),
        [
            (c.source, c.read, c.valid, c.quarantined, c.duplicate, c.superseded, c.discarded)
            for c in status.sources
        ],
    )
    reasons = [
        (control.source, reason, count)
        for control in status.sources
        for reason, count in sorted(control.reasons.items(), key=lambda item: (-item[1], item[0]))
    ]
    if reasons:
        lines += ["", *_aligned(("quarantined in", "reason", "rows"), reasons)]
    lines += [
        "",
        *_aligned(
            ("table", "version", "rows", "in", "out", "rejected", "seconds"),
            [
                (
                    t.table,
                    t.version,
                    t.rows,
                    t.rows_in,
                    t.rows_out,
                    t.rejected,
                    None if t.seconds is None else round(t.seconds, 1),
                )
                for t in status.tables
            ],
        ),
    ]
    return "\n".join(lines)


def render_summary(summary: RunSummary) -> str:
    """Return what a run did as text for a terminal."""
    lines = [f"notice: {text}" for text in summary.notices]
    if summary.restored:
        lines.append(f"an earlier run did not finish: {len(summary.restored)} tables were put back first")
    if summary.nothing_new:
        lines.append(f"nothing is new; release {summary.release} stands ({summary.seconds:.1f} s)")
    for done in summary.deliveries:
        title = f"release {done.release}" + (f", closing {done.delivery}" if done.delivery else "")
        steps = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in done.seconds.items())
        lines += ["", title]
        if done.sources:
            rows: list[tuple[Any, ...]] = [
                (
                    s.source,
                    s.files,
                    s.read,
                    s.valid,
                    s.quarantined,
                    s.duplicate,
                    s.superseded,
                    s.discarded,
                    s.freed,
                    s.settled,
                )
                for s in done.sources
            ]
            total = ("total", *(sum(row[i] for row in rows) for i in range(1, 10)))
            heads = (
                "source",
                "new files",
                "rows",
                "valid",
                "quarantined",
                "duplicate",
                "superseded",
                "discarded",
                "freed",
                "repaired",
            )
            lines += _aligned(heads, [*rows, total])
        lines += ["", *_aligned(("gold table", "rows"), sorted(done.gold.items()))]
        told = f"{done.checks} checks passed" + (f", {done.warnings} warnings" if done.warnings else "")
        lines += ["", f"{told}; {steps}", *(f"  warning: {text}" for text in done.warned)]
    if summary.drift:
        lines += ["", "files that depart from their contract:", *(f"  {text}" for text in summary.drift)]
    if summary.problems:
        lines += ["", "could not be taken in:", *(f"  {text}" for text in summary.problems)]
    if summary.unclaimed:
        lines += ["", "files that no contract claims:", *(f"  {path}" for path in summary.unclaimed)]
    if summary.data_docs:
        lines += ["", f"data docs: {summary.data_docs}"]
    if summary.deliveries:
        lines += ["", f"release {summary.release} is current; {summary.seconds:.1f} s in all"]
    return "\n".join(lines).lstrip("\n")


def _table(name: str, version: int, rows: int | None, step: RecordedStep | None) -> TableStatus:
    return TableStatus(
        table=name,
        version=version,
        rows=rows,
        rows_in=step.rows_in if step else None,
        rows_out=step.rows_out if step else None,
        rejected=step.rejected if step else None,
        seconds=step.duration_seconds if step else None,
        written_by_run=step.run if step else None,
    )


def _moment(value: dt.datetime | None) -> str:
    return value.astimezone().strftime("%Y-%m-%d %H:%M") if value else "unknown"


def _aligned(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return rows as lines with a head; numbers to the right, with thousands apart."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(head), *(len(row[i]) for row in cells), 0) for i, head in enumerate(heads)]
    given = [list(heads), ["-" * width for width in widths], *cells]
    return [
        "  ".join(
            text.ljust(width) if i == 0 or not _numeric(cells, i) else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in given
    ]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _numeric(cells: list[list[str]], index: int) -> bool:
    return all(
        row[index].replace(",", "").replace(".", "").lstrip("-").isdigit() for row in cells if row[index]
    )
