"""Write the sample company: `build_sample` is what the command line calls.

Refuses to write over raw files that say something else: a pipeline may have read them. Run again with the same
seed, size and dirt, it changes nothing.
Layer: sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition
from datatrust.core.jsonio import dumps
from datatrust.sample.company import make_company
from datatrust.sample.deliver import DraftFile, count_outcomes, personal_values, write_out, write_whole
from datatrust.sample.dirt.plot import Plot
from datatrust.sample.dirt.spoil import spoil

DEFAULT_SEED = 360
DEFAULT_ORDERS_PER_MONTH = 500  # about 40,000 order lines in all
DEFAULT_DIRT = 0.01
MIN_ORDERS_PER_MONTH = 20

Progress = Callable[[str, int, int], None]  # what was done, steps done, steps in all


@dataclass(frozen=True, kw_only=True)
class SampleSummary:
    """What was written."""

    raw_root: Path
    truth_file: Path
    pii_file: Path
    counts_file: Path
    files: tuple[tuple[str, int], ...]  # path under raw_root, records in it
    written: int  # files that were not there yet
    order_lines: int  # records of sales_transactions over all closings
    planted: dict[str, int]  # planted rows by kind

    def __str__(self) -> str:
        state = f"{self.written} written" if self.written else "all there already"
        return "\n".join(
            (
                f"{self.raw_root}: {len(self.files)} raw files ({state}), {self.order_lines:,} order lines",
                f"{self.truth_file}: {sum(self.planted.values()):,} planted defects of {len(self.planted)} kinds",
                f"{self.pii_file}: every personal value",
                f"{self.counts_file}: the counts to arrive at, after each closing",
            )
        )


def pii_file_of(truth_file: Path) -> Path:
    """Return the file of personal values that stands beside a truth file."""
    return truth_file.with_name(f"{truth_file.stem}_pii.jsonl")


def counts_file_of(truth_file: Path) -> Path:
    """Return the file of expected counts that stands beside a truth file."""
    return truth_file.with_name(f"{truth_file.stem}_counts.json")


def build_sample(
    raw_root: Path,
    *,
    truth_file: Path,
    seed: int = DEFAULT_SEED,
    orders_per_month: int = DEFAULT_ORDERS_PER_MONTH,
    dirt: float = DEFAULT_DIRT,
    progress: Progress | None = None,
) -> SampleSummary:
    """Write the three closings under `raw_root`, and the truth about them outside of it.

    Args:
        raw_root: the folder that the pipeline reads.
        truth_file: where the planted rows go, as JSON lines; personal values and counts go beside it.
        seed: the same seed, size and dirt give the same bytes.
        orders_per_month: the size; an order has 2.2 lines on average.
        dirt: share of defective rows, 0 to 1; above 0 every kind is planted at least once.
        progress: called after each step.

    Raises:
        UserError: a size or share out of range, the truth inside the raw folder, or raw files that differ.
    """
    _check(raw_root, truth_file, orders_per_month, dirt)
    report = progress or (lambda done, step, steps: None)
    company = make_company(seed, orders_per_month)
    report("company made up", 1, 4)
    plot = Plot(company, seed)
    spoil(plot, seed=seed, share=dirt)
    report("defects planted", 2, 4)
    files, truth = write_out(plot)
    missing = _missing(raw_root, files)
    for file in missing:
        write_whole(raw_root / file.path, file.content)
    report("raw files written", 3, 4)
    pii_file, counts_file = pii_file_of(truth_file), counts_file_of(truth_file)
    write_whole(truth_file, "".join(dumps(row) + "\n" for row in truth).encode())
    write_whole(pii_file, "".join(dumps(row) + "\n" for row in personal_values(plot)).encode())
    write_whole(counts_file, (dumps(count_outcomes(plot), indent=2) + "\n").encode())
    report("truth written", 4, 4)
    return SampleSummary(
        raw_root=raw_root,
        truth_file=truth_file,
        pii_file=pii_file,
        counts_file=counts_file,
        files=tuple((file.path, file.records) for file in files),
        written=len(missing),
        order_lines=sum(file.records for file in files if "client_sales_raw" in file.path),
        planted=dict(sorted(Counter(str(row["kind"]) for row in truth).items())),
    )


def _check(raw_root: Path, truth_file: Path, orders_per_month: int, dirt: float) -> None:
    issues = []
    if orders_per_month < MIN_ORDERS_PER_MONTH:
        issues.append(
            Issue(
                code="DT120",
                message=f"{orders_per_month} orders a month: at least {MIN_ORDERS_PER_MONTH} are needed",
            )
        )
    if not 0 <= dirt <= 1:
        issues.append(Issue(code="DT120", message=f"dirt {dirt}: a share from 0 to 1, e.g. 0.01"))
    if truth_file.resolve().is_relative_to(raw_root.resolve()):
        issues.append(
            Issue(
                code="DT120",
                message="the truth must not stand in the raw folder, where the pipeline would read it",
                at=SourcePosition(file=str(truth_file)),
            )
        )
    if issues:
        raise UserError.all(issues)


def _missing(raw_root: Path, files: list[DraftFile]) -> list[DraftFile]:
    """Return the files that are not there yet.

    Raises:
        UserError: one is there and says something else.
    """
    missing, issues = [], []
    for file in files:
        path = raw_root / file.path
        if not path.exists():
            missing.append(file)
        elif not path.is_file() or path.read_bytes() != file.content:
            issues.append(
                Issue(
                    code="DT121",
                    message="is there already and holds something else",
                    at=SourcePosition(file=str(path)),
                    hint="remove it, or build the sample into an empty folder",
                )
            )
    if issues:
        raise UserError.all(issues)
    return missing
