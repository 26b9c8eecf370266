"""Defects of how a line is written: quoting, number of fields, encoding, blanks. The first three cost their own line only.

Layer: sample. No I/O.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from datatrust.sample.csvtext import csv_line
from datatrust.sample.dirt.drafts import fresh
from datatrust.sample.dirt.plot import NOT_A_RECORD, QUARANTINED, VALID, Kind, Plot
from datatrust.sample.tables import TABLES

Plant = Callable[[Plot, Kind, random.Random, int], None]


def _broken_quoting(column: str) -> Plant:
    """Open a quote before `column` that nothing closes."""

    def plant(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
        fields = fresh(plot, kind.source, rng, delivery)
        at = list(fields).index(column)
        values = tuple(fields.values())
        text = f'{csv_line(values[:at])},"{values[at]},{",".join(values[at + 1 :])}'
        plot.add(kind, delivery, values, data=text.encode())

    return plant


def _too_few_fields(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
    values = tuple(fresh(plot, kind.source, rng, delivery).values())
    kept = values[: rng.randrange(2, len(values) - 1)]
    plot.add(kind, delivery, values, data=csv_line(kept).encode())


def _too_many_fields(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
    values = tuple(fresh(plot, kind.source, rng, delivery).values())
    plot.add(kind, delivery, values, data=csv_line((*values, rng.choice(("x", "0.00", "checked")))).encode())


def _wrong_encoding(column: str) -> Plant:
    """Write one letter of `column` as Latin-1 in a file that is UTF-8."""

    def plant(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
        fields = fresh(plot, kind.source, rng, delivery)
        fields[column] += " Söhne"
        values = tuple(fields.values())
        plot.add(
            kind, delivery, values, data=csv_line(values).encode().replace("ö".encode() + b"hne", b"\xf6hne")
        )

    return plant


def _padded(*columns: str) -> Plant:
    """Write a clean row with spaces around some values."""

    def plant(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
        line, _ = plot.take(kind.source, delivery)
        names = plot.drafts[delivery, kind.source].table.columns
        chosen = set(rng.sample(columns, 2))
        parts = [
            f"{' ' * rng.randrange(1, 3)}{value} " if name in chosen and value else csv_line((value,))
            for name, value in zip(names, line.values, strict=True)
        ]
        line.kind, line.data = kind, ",".join(parts).encode()

    return plant


def _blank_line(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
    plot.add(kind, delivery, (), data=rng.choice((b"", b"", b"   ")))


def _format(name: str, source: str, plant: Plant) -> Kind:
    return Kind(name=name, source=source, outcome=QUARANTINED, reason="format", plant=plant)


KINDS = (
    _format("broken_quoting", "sales_transactions", _broken_quoting("status")),
    _format("broken_quoting", "customers", _broken_quoting("city")),
    _format("too_few_fields", "sales_transactions", _too_few_fields),
    _format("too_few_fields", "operating_expenses", _too_few_fields),
    _format("too_many_fields", "sales_transactions", _too_many_fields),
    _format("too_many_fields", "budgets", _too_many_fields),
    _format("wrong_encoding", "customers", _wrong_encoding("company_name")),
    _format("wrong_encoding", "products", _wrong_encoding("product_name")),
    Kind(
        name="padded_values",
        source="sales_transactions",
        outcome=VALID,
        plant=_padded("order_date", "customer_id", "amount", "status"),
    ),
    Kind(name="padded_values", source="customers", outcome=VALID, plant=_padded("city", "region", "segment")),
    *(
        Kind(name="blank_line", source=table.source, outcome=NOT_A_RECORD, plant=_blank_line)
        for table in TABLES
    ),
)
