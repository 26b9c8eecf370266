"""Say what maintenance did, or would do: per table files and bytes before and after, what a probe read, and money.

Layer: pipeline. Imports the policy; pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.maintenance.files import Stored
from pipeline.maintenance.optimize import ProbeResult
from pipeline.maintenance.policy import MB, Verdict


@dataclass(frozen=True, kw_only=True)
class TableReport:
    """One table. `stored` is its whole folder: every version that is still there, and the log."""

    table: str
    fragmented: bool  # rewritten, or in a dry run to be rewritten
    z_order: tuple[str, ...]
    files_before: int  # of the newest version
    bytes_before: int
    files_after: int
    bytes_after: int
    stored_before: Stored
    stored_after: Stored
    removed: int  # data files
    freed: int  # bytes; what has another name in a kept release frees nothing
    probe_column: str | None = None
    probe_before: ProbeResult | None = None
    probe_after: ProbeResult | None = None
    left_alone: str | None = None  # why nothing was removed


@dataclass(frozen=True, kw_only=True)
class MaintainReport:
    """All of it."""

    dry_run: bool
    release: str  # the current one, afterwards
    published: bool  # a release that pins the rewritten files
    retired: tuple[Verdict, ...]
    retained: tuple[Verdict, ...]
    verified: int  # retained releases whose every file was looked for afterwards
    tables: tuple[TableReport, ...]
    stored_before: Stored
    stored_after: Stored
    freed: int
    price_per_gb_month: Decimal
    currency: str
    cost_before: Decimal  # a month
    cost_after: Decimal
    seconds: float


def render_report(report: MaintainReport) -> str:
    """Return the report as text for a terminal."""
    would = "would be " if report.dry_run else ""
    rows = [_row(table) for table in report.tables if table.fragmented or table.removed or table.left_alone]
    heads = ("table", "files", "", "MB stored", "", "removed", "MB freed", "z-order", "probe read MB", "")
    lines = []
    if rows:
        lines += [*_aligned(heads, rows), ""]
    else:
        lines.append("no table is fragmented, and no file is left over")
    for table in report.tables:
        if table.left_alone:
            lines.append(f"nothing was removed from {table.table}: {table.left_alone}")
    for verdict in report.retired:
        lines.append(f"release {verdict.number:06d} {would}retired: {verdict.reason}")
    reasons: dict[str, list[str]] = {}
    for verdict in report.retained:
        reasons.setdefault(verdict.reason, []).append(f"{verdict.number:06d}")
    lines += [f"retained, {reason}: {', '.join(numbers)}" for reason, numbers in reasons.items()]
    if report.published:
        lines.append(f"release {report.release} is current: the same rows in fewer files")
    if report.verified:
        lines.append(f"every file of {report.verified} retained releases is there")
    if report.dry_run:
        lines.append(
            f"{_mb(report.freed)} MB would be freed now; files that a rewrite replaces go when the releases that "
            "read them are retired (a dry run changes nothing)"
        )
    else:
        lines.append(
            f"stored {_mb(report.stored_before.bytes)} MB before, {_mb(report.stored_after.bytes)} MB after "
            f"({_change(report.stored_before.bytes, report.stored_after.bytes)}), in {report.stored_before.files:,} "
            f"and {report.stored_after.files:,} files: {report.cost_before} and {report.cost_after} {report.currency} "
            f"a month at {report.price_per_gb_month} a GB; {report.seconds:.1f} s"
        )
    return "\n".join(lines)


def _row(table: TableReport) -> tuple[str, ...]:
    probes = (table.probe_before, table.probe_after)
    before, after = ("" if p is None else f"{_mb(p.bytes)} ({p.files} of {p.of_files} files)" for p in probes)
    return (
        table.table,
        f"{table.files_before:,}",
        f"-> {table.files_after:,}" if table.files_after != table.files_before else "",
        _mb(table.stored_before.bytes),
        f"-> {_mb(table.stored_after.bytes)}",
        f"{table.removed:,}",
        _mb(table.freed),
        ", ".join(table.z_order),
        before,
        f"-> {after}" if after else "",
    )


def _mb(size: int) -> str:
    return f"{size / MB:,.2f}"


def _change(before: int, after: int) -> str:
    return f"{(after - before) / before:+.1%}" if before else "nothing stored"


def _aligned(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(head), *(len(row[i]) for row in rows)) for i, head in enumerate(heads)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, ["-" * width for width in widths], *rows)
    ]
