"""How the data is: runs, records, quarantine over time, freshness, checks, unusual rows, alerts, storage, as panels.

What runs have written down is told to who sees everything; what the catalog counts is asked under the viewer's rights.
Refuses nothing: a part that cannot be read says so in its place, and the others stand.
Layer: chatbot. Imports the dashboard's panels; of pipeline only what it has written down of its runs, lazily.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from chatbot.board import LOCALE, Board, Panel
from chatbot.charts._groups import draw_groups
from chatbot.format import format_moment
from datatrust.core.errors import DataTrustError, UserError
from datatrust.core.release import Release, list_releases, load_release

LOG = logging.getLogger("datatrust.chat")
LAST_RUNS = 20
LAST_RELEASES = 12
MOST_REASONS = 5  # named one by one in the picture; the table has all
ALERTS = "Alerts that are open"
_MONTHS = 13


@dataclass(frozen=True, kw_only=True)
class Health:
    """What a viewer is shown of the data's state; `told` says what is not shown, and why."""

    panels: tuple[Panel, ...]
    told: str = ""


def health_of(board: Board) -> Health:
    """Return every panel that the board's viewer may see, in the order that a reader needs them."""
    told = ""
    try:
        _ = board.release
        parts: list[Callable[[], Iterator[Panel]]] = [
            lambda: _runs(board), lambda: _freshness(board), lambda: _quarantine(board),
            lambda: iter([board.records("Records by source, and what became of them")]),
            lambda: iter([board.layers("Rows by layer")]),
            lambda: _checks(board), lambda: _alerts(board), lambda: _unusual(board),
            lambda: iter([board.storage("Storage by table")]),
        ]  # fmt: skip
    except UserError as error:
        message = error.issues[0].message
        told = f"{message[:1].upper()}{message[1:]}."
        parts = [lambda: _unusual(board)]
    panels: list[Panel] = []
    for part in parts:
        try:
            panels += part()
        except (DataTrustError, OSError) as error:
            LOG.warning("a part of the data's health cannot be read: %s", error)
            told = told or "A part could not be read just now; it is left out, and the log says why."
    return Health(panels=tuple(panels), told=told)


def _runs(board: Board) -> Iterator[Panel]:
    """Runs by the seconds of their steps, the newest first: one bar each, in two colours."""
    from pipeline.observe import load_run_steps, seconds_by_run

    _ = board.release
    began: dict[int, dt.datetime] = {}
    failed: dict[int, str] = {}
    steps = load_run_steps(board.layer.project.warehouse)
    for each in steps:
        began[each.run] = min(each.timestamp, began.get(each.run, each.timestamp))
        if not each.success:
            failed.setdefault(each.run, each.message or each.step)
    seconds = seconds_by_run(steps)
    shown = sorted(seconds, reverse=True)[:LAST_RUNS]
    took = {run: Decimal(str(round(seconds[run], 1))) for run in shown}
    rows = tuple(
        (run, format_moment(began[run], locale=LOCALE), took[run], failed.get(run, "done")) for run in shown
    )
    figure = draw_groups(
        [f"Run {run}" for run in shown],
        {
            "done": [Decimal(0) if run in failed else took[run] for run in shown],
            "failed": [took[run] if run in failed else Decimal(0) for run in shown],
        },
        "seconds",
        locale=LOCALE,
        stacked=True,
    )
    yield board.panel(
        "The last runs", ("Run", "Recorded at", "Seconds of its steps", "Outcome"), rows, figure,
        "datatrust pipeline status",
    )  # fmt: skip


def _freshness(board: Board) -> Iterator[Panel]:
    """How old each source's newest data is, beside what its contract agrees."""
    from pipeline.contracts import load_contracts
    from pipeline.ledger import load_ledger
    from pipeline.source_rules import source_ages

    _ = board.release
    project = board.layer.project
    ages = source_ages(
        project.warehouse, load_contracts(project), load_ledger(project.warehouse), today=project.today()
    )
    if not ages:
        return
    order = sorted(ages, key=lambda each: (-((each.days or 0) - each.agreed_days), each.source))
    rows = tuple(
        (
            each.source, str(each.newest or "nothing yet"), each.days, each.agreed_days,
            "late" if each.days is None or each.days > each.agreed_days else "as agreed",
        )
        for each in order
    )  # fmt: skip
    figure = draw_groups(
        [each.source for each in order],
        {"age": [each.days or 0 for each in order], "agreed": [each.agreed_days for each in order]},
        "days",
        locale=LOCALE,
    )
    yield board.panel(
        "Freshness against what is agreed",
        ("Source", "Newest data", "Age in days", "Agreed days", "Outcome"), rows, figure,
        "datatrust pipeline status",
    )  # fmt: skip


def _quarantine(board: Board) -> Iterator[Panel]:
    """Records in quarantine at each release, by reason: a record with two reasons counts in both."""
    warehouse = board.layer.project.warehouse
    numbers = [n for n in list_releases(warehouse) if n <= board.release.number][-LAST_RELEASES:]
    releases = [load_release(warehouse, str(number)) for number in numbers]
    counts = [_reasons(release) for release in releases]
    names = sorted({name for each in counts for name in each}, key=lambda n: (-counts[-1].get(n, 0), n))
    named = names[:MOST_REASONS]
    series = {name: [each.get(name, 0) for each in counts] for name in named}
    if len(names) > len(named):
        series["other reasons"] = [sum(n for name, n in e.items() if name not in named) for e in counts]
    rows = tuple(
        (release.id, format_moment(release.created_at, locale=LOCALE), name, count.get(name, 0))
        for release, count in zip(releases[::-1], counts[::-1], strict=True)
        for name in names
        if count.get(name)
    )
    figure = draw_groups([each.id for each in releases], series, "records", locale=LOCALE, stacked=True)
    yield board.panel(
        "Quarantine by reason, release by release", ("Release", "Published", "Reason", "Records"), rows,
        figure if rows else None, "datatrust quarantine list",
    )  # fmt: skip


def _reasons(release: Release) -> dict[str, int]:
    counts: dict[str, int] = {}
    for control in release.controls:
        for reason, number in control.reasons.items():
            counts[reason] = counts.get(reason, 0) + number
    return counts


def _checks(board: Board) -> Iterator[Panel]:
    """What the audit before the publish found."""
    quality = board.release.quality
    rows: list[tuple[str, str]] = [
        ("Outcome", quality.status.replace("_", " ")), ("Checks", f"{quality.checks:,}"),
        ("Warnings", f"{quality.warnings:,}"),
    ]  # fmt: skip
    rows += [(str(each.get("check", "check")), str(each.get("message", ""))) for each in quality.details]
    yield board.panel("Checks before this release was published", ("Check", "Outcome"), tuple(rows), None, "datatrust release show")  # fmt: skip


def _alerts(board: Board) -> Iterator[Panel]:
    """Alerts that were raised, and not well again since."""
    from pipeline.status import load_status

    _ = board.release
    rows = tuple(
        (each.kind, each.subject, each.text, format_moment(each.raised_at, locale=LOCALE), each.state)
        for each in load_status(board.layer.project).alerts
    )
    yield board.panel(ALERTS, ("Kind", "About", "What", "Since", "Sent"), rows, None, "datatrust pipeline status")  # fmt: skip


def _unusual(board: Board) -> Iterator[Panel]:
    """Counts of rows far from the usual, by month: metrics of the catalog on the tables that the settings name."""
    tables = board.layer.project.config.anomalies
    catalog = board.layer.seen_by(board.viewer).catalog
    for metric in catalog.metrics.values():
        model = catalog.models.get(metric.model or "")
        if model is None or model.table not in tables or metric.agg != "count":
            continue
        yield board.chart(metric.label, metric.name, "time.month", time=board.months(_MONTHS))
