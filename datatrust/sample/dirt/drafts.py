"""Make new rows to spoil: right in every field, of keys that no clean row has and no clean row refers to.

Layer: sample. No I/O.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

from datatrust.sample.closings import CLOSINGS
from datatrust.sample.customers import SEGMENTS
from datatrust.sample.dirt.plot import Plot

Fields = dict[str, str]


def fresh(plot: Plot, source: str, rng: random.Random, delivery: int) -> Fields:
    """Return a right row of `source` under a new key."""
    return _FRESH[source](plot, rng, delivery)


def _sale(plot: Plot, rng: random.Random, delivery: int) -> Fields:
    fields = plot.sample("sales_transactions", delivery)
    order = f"SO{2_000_000 + plot.serial():07d}"
    fields |= {"order_id": order, "order_line_id": f"{order}-01", "status": "completed", "refund_date": ""}
    return fields


def _customer(plot: Plot, rng: random.Random, delivery: int) -> Fields:
    table = plot.drafts[delivery, "customers"].table
    since = CLOSINGS[delivery].last_day - dt.timedelta(days=rng.randrange(1, 28))
    prospect = plot.company.desk.draw(
        number=20_000 + plot.serial(), since=since, segment=rng.choice(SEGMENTS), weight=0
    )
    return dict(zip(table.columns, prospect.row(), strict=True))


def _product(plot: Plot, rng: random.Random, delivery: int) -> Fields:
    fields = plot.sample("products", 0)
    number = plot.serial()
    fields |= {"product_id": f"P{8000 + number % 1000:04d}", "product_name": f"Sample article {number}"}
    return fields


def _budget(plot: Plot, rng: random.Random, delivery: int) -> Fields:
    fields = plot.sample("budgets", delivery)
    fields["month"] = f"2026-{rng.randrange(7, 13):02d}-01"  # the next year's, sent before its time
    return fields


def _rate(plot: Plot, rng: random.Random, delivery: int) -> Fields:
    fields = plot.sample("fx_rates", delivery)
    fields["month"] = f"2026-{rng.randrange(7, 13):02d}-01"
    return fields


def _expense(plot: Plot, rng: random.Random, delivery: int) -> Fields:
    fields = plot.sample("operating_expenses", delivery)
    fields["expense_id"] = f"E{900_000 + plot.serial():06d}"
    return fields


def _balance(plot: Plot, rng: random.Random, delivery: int) -> Fields:
    fields = plot.sample("account_balances", delivery)
    fields |= {"account_id": f"{9000 + plot.serial() % 1000:04d}", "account_name": "Suspense"}
    return fields


_FRESH: dict[str, Callable[[Plot, random.Random, int], Fields]] = {
    "sales_transactions": _sale,
    "customers": _customer,
    "products": _product,
    "budgets": _budget,
    "fx_rates": _rate,
    "operating_expenses": _expense,
    "account_balances": _balance,
}
