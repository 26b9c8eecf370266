"""Prove that no row and no cent was lost between the raw files and the tables about to be published.

Every row and every amount of bronze has one fate: DuckDB counts bronze from its raw text, and the tables that
Spark wrote. The count is made again here, just before the publish, and set against the figures of ingest.
Refuses the publish on the first run in which they differ, with every difference.
Layer: pipeline. Imports core, contracts, controls and ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from datatrust.core.errors import OutcomeError
from datatrust.core.release import SourceControl
from pipeline.contracts.model import SourceSpec
from pipeline.controls import FATES, READ, count_controls
from pipeline.ledger import LedgerEntry

PARTS = (READ, *FATES)


def check_conservation(
    warehouse: Path,
    specs: Sequence[SourceSpec],
    controls: Sequence[SourceControl],
    ledger: Iterable[LedgerEntry],
) -> int:
    """Compare the figures of every source with a recount of the tables; return how many comparisons held.

    Raises:
        OutcomeError: something differs; every difference is listed.
    """
    entries = tuple(ledger)
    again = {counted.source: counted for counted in count_controls(warehouse, specs, entries)}
    compared: list[tuple[str, object, object]] = []
    for control in controls:
        compared += _files(control, entries)
        compared += _recount(control, again[control.source])
        compared += _identity(again[control.source])
    differing = [f"{what}: {one} is not {other}" for what, one, other in compared if one != other]
    if differing:
        raise OutcomeError(
            "rows or amounts were lost, the release is refused:\n  "
            + "\n  ".join(differing)
            + "\n  the last release still serves"
        )
    return len(compared)


def _identity(control: SourceControl) -> Iterator[tuple[str, object, object]]:
    """Every row that was read has exactly one fate; so has every amount."""
    parts = sum(getattr(control, fate) for fate in FATES)
    yield f"{control.source}: rows read, and the sum of their fates", control.read, parts
    for currency, sums in sorted(control.amounts.items()):
        rest = sum((sums.get(fate, Decimal(0)) for fate in FATES), Decimal(0))
        yield f"{control.source}: {currency} read, and the sum of its fates", sums.get("read"), rest


def _files(control: SourceControl, entries: Iterable[LedgerEntry]) -> Iterator[tuple[str, object, object]]:
    """The records that the files held stand in bronze, all of them."""
    records = sum(e.records for e in entries if e.source == control.source and e.status == "loaded")
    yield f"{control.source}: records in the files, and rows in bronze", records, control.read


def _recount(control: SourceControl, again: SourceControl) -> Iterator[tuple[str, object, object]]:
    """Nothing has come or gone since the figures were taken, no row and no cent, in any of the tables."""
    for part in PARTS:
        yield f"{control.source}: {part} rows now, and then", getattr(again, part), getattr(control, part)
    for currency in sorted({*control.amounts, *again.amounts}):
        now, then = again.amounts.get(currency, {}), control.amounts.get(currency, {})
        for part in PARTS:
            zero = Decimal(0)
            yield (
                f"{control.source}: {currency} {part} now, and then",
                now.get(part, zero),
                then.get(part, zero),
            )
    unread = f"{control.source}: rows without a readable amount now, and then"
    yield unread, again.unparseable_amounts, control.unparseable_amounts
