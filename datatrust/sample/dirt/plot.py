"""The files as they will be written, before and while defects are planted in them.

A `Line` is one physical line. A defect either adds a line or writes a clean one in another way; the clean rows that
stand in the end stay the same. Clean lines that take part in one defect take part in no other.
Layer: sample. No I/O.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from datatrust.sample.closings import CLOSINGS
from datatrust.sample.company import Company
from datatrust.sample.tables import TABLES, Table

VALID, QUARANTINED, DUPLICATE, SUPERSEDED = "valid", "quarantined", "duplicate", "superseded"
NOT_A_RECORD = "not_a_record"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One defect: what becomes of its row, and which rule says so."""

    name: str
    source: str
    outcome: str
    plant: Callable[[Plot, Kind, random.Random, int], None]  # one instance, in the delivery of that index
    reason: str | None = None  # family of the rule
    column: str | None = None  # the column it is about, where there is one


@dataclass(slots=True, kw_only=True, eq=False)
class Line:
    """One line of a file. `statuses` are those after its own delivery and after each later one."""

    place: float  # order within the file
    values: tuple[str, ...]
    statuses: tuple[str, ...]
    kind: Kind | None = None
    data: bytes | None = None  # how it is written, where that is not plain CSV
    corrected: bool = False  # a clean line that is, or has, a successor


@dataclass(kw_only=True)
class Draft:
    """One file to be: its table, the order of its columns, its lines."""

    delivery: int
    name: str
    table: Table
    columns: tuple[str, ...]
    lines: list[Line]


class Plot:
    """All files of all deliveries, and the hand that spoils them."""

    def __init__(self, company: Company, seed: int) -> None:
        self.company = company
        self.drafts: dict[tuple[int, str], Draft] = {}
        self._free: dict[tuple[int, str], list[Line]] = {}
        self._serial = 0
        self._rng = random.Random(f"{seed}:plot")
        for table in TABLES:
            for delivery in range(len(CLOSINGS)):
                self.drafts[delivery, table.source] = Draft(
                    delivery=delivery, name=table.file, table=table, columns=table.columns, lines=[]
                )
            corrected = _keys_with_successor(company, table)
            for version in company.versions[table.source]:
                lines = self.drafts[version.delivery, table.source].lines
                lines.append(
                    Line(
                        place=len(lines),
                        values=version.values,
                        statuses=_statuses(version.delivery, version.superseded_in),
                        corrected=table.key_of(version.values) in corrected,
                    )
                )
        for where, draft in self.drafts.items():
            free = [line for line in draft.lines if not line.corrected]
            self._rng.shuffle(free)
            self._free[where] = free

    def serial(self) -> int:
        """Return the next number of a key that no clean row has."""
        self._serial += 1
        return self._serial

    def take(self, source: str, delivery: int) -> tuple[Line, int]:
        """Return a clean line that has one version and takes part in nothing yet, and its delivery.

        Where the delivery has none left, it is one of the first delivery.
        """
        home = delivery if self._free[delivery, source] else 0
        return self._free[home, source].pop(), home

    def take_some(self, source: str, delivery: int, count: int) -> list[Line]:
        """Return up to `count` such lines of one delivery."""
        free = self._free[delivery, source]
        return [free.pop() for _ in range(min(count, len(free)))]

    def take_where(self, source: str, delivery: int, wanted: Callable[[Line], bool]) -> list[Line]:
        """Return every free clean line of a delivery that is wanted; none takes part in anything else."""
        free = self._free[delivery, source]
        found = [line for line in free if wanted(line)]
        self._free[delivery, source] = [line for line in free if not wanted(line)]
        return found

    def sample(self, source: str, delivery: int) -> dict[str, str]:
        """Return the fields of a clean line as a pattern for another one; the line itself stays free."""
        free = self._free[delivery, source] or self._free[0, source]
        columns = self.drafts[delivery, source].table.columns
        return dict(zip(columns, self._rng.choice(free).values, strict=True))

    def add(
        self,
        kind: Kind,
        delivery: int,
        values: tuple[str, ...],
        *,
        data: bytes | None = None,
        after: float = -1.0,
    ) -> None:
        """Add a line somewhere in its file, below the place `after`."""
        draft = self.drafts[delivery, kind.source]
        low = max(after, -0.5) + 0.001
        draft.lines.append(
            Line(
                place=self._rng.uniform(low, max(low, len(draft.lines) - 1) + 0.4),
                values=values,
                statuses=(kind.outcome,) * (len(CLOSINGS) - delivery),
                kind=kind,
                data=data,
            )
        )


def _statuses(delivery: int, superseded_in: int | None) -> tuple[str, ...]:
    return tuple(
        SUPERSEDED if superseded_in is not None and after >= superseded_in else VALID
        for after in range(delivery, len(CLOSINGS))
    )


def _keys_with_successor(company: Company, table: Table) -> frozenset[str]:
    return frozenset(
        table.key_of(v.values) for v in company.versions[table.source] if v.superseded_in is not None
    )
