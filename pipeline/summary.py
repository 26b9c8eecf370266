"""What a run did, as data: for the terminal, for `--json` and for tests.

Layer: pipeline. Imports core.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from datatrust.core.release import Quality


@dataclass(frozen=True, kw_only=True)
class SourceLine:
    """One source in one delivery. Counts are of this delivery's rows."""

    source: str
    files: int
    read: int
    valid: int
    quarantined: int
    duplicate: int
    superseded: int
    discarded: int
    freed: int
    settled: int
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DeliverySummary:
    """One delivery that became a release."""

    delivery: str | None
    release: str
    sources: tuple[SourceLine, ...]
    gold: dict[str, int | None]  # rows by table
    checks: int
    warnings: int
    warned: tuple[str, ...]  # each in words
    seconds: dict[str, float]  # by step, in order


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """A whole run. `problems` are files and databases that could not be read at all, each with its reason."""

    release: str | None  # the current one after this run
    nothing_new: bool
    deliveries: tuple[DeliverySummary, ...] = ()
    restored: tuple[str, ...] = ()  # tables put back to the current release, after a run that died
    problems: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()  # how new files depart from their contracts, and what was done about it
    unclaimed: tuple[str, ...] = ()  # raw files that no contract's pattern matches
    notices: tuple[str, ...] = ()  # what a person should know of, each a sentence
    data_docs: str | None = None  # the audit's index page
    seconds: float = 0.0
    setup_seconds: float = 0.0  # until Spark was up


def quality_warnings(quality: Quality) -> tuple[str, ...]:
    """Return what a release's checks warn of, each as one line: the check, and its figures where it has any."""
    return tuple(
        f"{detail['check']}: {detail['message']}" if "message" in detail else str(detail["check"])
        for detail in quality.details
    )
