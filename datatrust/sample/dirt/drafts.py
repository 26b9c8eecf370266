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
from datatrust.sample.draw import money
from datatrust.sample.employees import employee_name
from datatrust.sample.names import FAMILY_NAMES, FIRST_NAMES

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


def _account(plot: Plot, rng: random.Random, delivery: int) -> Fields:
    fields = plot.sample("accounts", delivery)
    fields |= {"account_id": f"{8000 + plot.serial() % 1000:04d}", "account_name": "Clearing"}
    return fields


def _posting(plot: Plot, rng: random.Random, delivery: int) -> Fields:
    """A journal of one line, which nothing balances."""
    fields = plot.sample("ledger", delivery)
    journal = f"JM{fields['posting_date'].replace('-', '')}-{fields['entity']}-{1000 + plot.serial()}"
    amount = money(rng.randrange(1_000, 900_000))
    fields |= {"journal_id": journal, "posting_id": f"{journal}.01", "debit": amount, "credit": "0.00"}
    return fields


def _expense_budget(plot: Plot, rng: random.Random, delivery: int) -> Fields:
    fields = plot.sample("expense_budgets", delivery)
    fields["month"] = f"{rng.randrange(2030, 2100)}-{rng.randrange(1, 13):02d}-01"
    return fields


def _receivable(plot: Plot, rng: random.Random, delivery: int) -> Fields:
    fields = plot.sample("receivables", delivery)
    number = plot.serial()
    fields["document_id"] = f"R{209900 + number // 10_000:06d}-C{90_000 + number % 10_000:05d}"
    fields["document_type"] = "invoice"
    fields["amount"] = fields["amount"].lstrip("-")
    return fields


def _employee(plot: Plot, rng: random.Random, delivery: int) -> Fields:
    fields = plot.sample("employees", delivery)
    number = plot.serial()
    full_name, email = employee_name(rng.choice(FIRST_NAMES), rng.choice(FAMILY_NAMES))
    fields |= {"employee_id": f"M{8000 + number % 1000:04d}", "full_name": full_name}
    fields["email"] = email.replace("@", f".{number}@")
    return fields


_FRESH: dict[str, Callable[[Plot, random.Random, int], Fields]] = {
    "sales_transactions": _sale,
    "customers": _customer,
    "products": _product,
    "budgets": _budget,
    "fx_rates": _rate,
    "operating_expenses": _expense,
    "account_balances": _balance,
    "accounts": _account,
    "ledger": _posting,
    "expense_budgets": _expense_budget,
    "receivables": _receivable,
    "employees": _employee,
}
