"""Amounts with planted outliers, and how well a rule finds them: precision, recall, F1."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from datatrust.core.settings import AnomalyRule

RULE = AnomalyRule(input="gold.fct", key=("id",), features=("amount",), columns=("product",))


@dataclass(frozen=True, kw_only=True)
class Found:
    """How a rule did."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def planted(*, rows: int = 5000, outliers: int = 50, seed: int = 7) -> tuple[dict[str, Decimal], set[str]]:
    """Amounts around 150 as invoices spread them, and the ids of those whose decimal point slipped two places."""
    rng = random.Random(seed)
    amounts = {f"S{place:05d}": Decimal(f"{math.exp(rng.gauss(5, 0.6)):.2f}") for place in range(rows)}
    wrong = rng.sample(sorted(amounts), outliers)
    for place, name in enumerate(wrong):
        amounts[name] = (amounts[name] * (100 if place % 2 else Decimal("0.01"))).quantize(Decimal("0.01"))
    return amounts, set(wrong)


def write_fact(warehouse: Path, amounts: Mapping[str, Decimal | None], *, name: str = "fct") -> None:
    """Write the amounts as a gold table, in no order."""
    names = sorted(amounts)
    random.Random(1).shuffle(names)
    table = pa.table(
        {
            "id": pa.array(names, pa.string()),
            "product": pa.array(["P1"] * len(names), pa.string()),
            "amount": pa.array([amounts[each] for each in names], pa.decimal128(18, 2)),
        }
    )
    (warehouse / "gold").mkdir(parents=True, exist_ok=True)
    write_deltalake(str(warehouse / "gold" / name), table, mode="overwrite")


def three_sigma(amounts: Mapping[str, Decimal], *, log: bool = False) -> set[str]:
    """Return what lies more than three standard deviations from the mean."""
    values = {name: math.log1p(float(value)) if log else float(value) for name, value in amounts.items()}
    mean, deviation = statistics.fmean(values.values()), statistics.pstdev(values.values())
    return {name for name, value in values.items() if abs(value - mean) > 3 * deviation}


def judge(found: Iterable[str], true: set[str]) -> Found:
    """Return how many of the found are true, and how many of the true are found."""
    names = set(found)
    hits = len(names & true)
    return Found(precision=hits / len(names) if names else 0.0, recall=hits / len(true))
