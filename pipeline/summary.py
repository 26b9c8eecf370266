"""What a run did, as data: for the terminal, for `--json` and for tests.

Layer: pipeline. Imports nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field


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
    seconds: dict[str, float]  # by step, in order


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """A whole run. `problems` are files and databases that could not be read at all, each with its reason."""

    release: str | None  # the current one after this run
    nothing_new: bool
    deliveries: tuple[DeliverySummary, ...] = ()
    restored: tuple[str, ...] = ()  # tables put back to the current release, after a run that died
    problems: tuple[str, ...] = ()
    unclaimed: tuple[str, ...] = ()  # raw files that no contract's pattern matches
    notices: tuple[str, ...] = ()  # what a person should know of, each a sentence
    seconds: float = 0.0
    setup_seconds: float = 0.0  # until Spark was up
