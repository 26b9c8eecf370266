"""Made-up rows of the sample company's ledger, expense budget, open invoices and people, for `gold_double`.

They tie to nothing on purpose: a question about the ledger that is answered from the sales gives another number.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

FIRST, LAST = dt.date(2023, 7, 1), dt.date(2026, 6, 30)
ACCOUNTS = {
    "1100": ("Receivables", "Current assets", "asset"),
    "4000": ("Sales at list price", "Trading income", "revenue"),
    "4200": ("Sales refunds", "Trading income", "revenue"),
    "5000": ("Cost of goods", "Trading costs", "cost of sales"),
    "6000": ("Salaries", "Staffing", "expense"),
    "6200": ("Travel", "Outreach", "expense"),
    "7000": ("Depreciation", "Wear and tear", "expense"),
}
AGES = ("not due", "1 to 30 days", "31 to 60 days", "61 to 90 days", "over 90 days")
DEPARTMENTS = ("Sales", "Marketing", "IT", "HR")
ENTITIES = ("DE01", "US01", "SG01")


def finance_tables(rng: random.Random, customers: list[str]) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of each table."""
    return {
        "fct_ledger": _ledger(rng),
        "fct_expense_budget": [
            (month, number, name, department, _amount(rng, 5_000, 900_000))
            for month in _months()
            for number, name in (("6000", "Salaries"), ("6200", "Travel"), ("7000", "Depreciation"))
            for department in DEPARTMENTS[:2] if name != "Travel" or department == "Sales"
        ],
        "fct_open_items": _open_items(rng, customers),
        "dim_employees": _employees(rng),
    }  # fmt: skip


def _amount(rng: random.Random, least: int, most: int) -> Decimal:
    return Decimal(rng.randrange(least, most)) / 100


def _months() -> list[dt.date]:
    return [dt.date(2023 + (6 + n) // 12, (6 + n) % 12 + 1, 1) for n in range(36)]


def _ledger(rng: random.Random) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for number in range(900):
        day = FIRST + dt.timedelta(days=rng.randrange((LAST - FIRST).days + 1))
        entity = rng.choice(ENTITIES)
        account = rng.choice(["4000", "4000", "4200", "5000", "6000", "6200", "7000"])
        amount = _amount(rng, 10_000, 2_000_000)
        sides = (account, "1100") if account != "4000" else ("1100", account)
        for line, one in enumerate(sides):
            name, group, kind = ACCOUNTS[one]
            debit, credit = (amount, Decimal(0)) if line == 0 else (Decimal(0), amount)
            natural = debit - credit if kind in ("asset", "cost of sales", "expense") else credit - debit
            department = rng.choice(DEPARTMENTS) if kind == "expense" else None
            rows.append((
                f"J{number:04}.{line}", f"J{number:04}", day, entity, one, name, group, kind, department, debit,
                credit, natural,
            ))  # fmt: skip
    return rows


def _open_items(rng: random.Random, customers: list[str]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for number in range(500):
        customer = rng.choice(customers)
        invoiced = FIRST + dt.timedelta(days=rng.randrange((LAST - FIRST).days))
        due = invoiced + dt.timedelta(days=rng.choice([14, 30, 45]))
        paid = due + dt.timedelta(days=rng.choice([-3, 0, 4, 40, 75, 130, 9_999]))
        paid_on = None if paid > LAST else paid
        is_credit = rng.random() < 0.1
        amount = _amount(rng, 10_000, 900_000) * (-1 if is_credit else 1)
        starts = [invoiced, *(due + dt.timedelta(days=n) for n in (1, 31, 61, 91))]
        for age, begins, ends in zip(AGES, starts, [*starts[1:], None], strict=True):
            if paid_on is None or paid_on > begins:
                until = min((day for day in (ends, paid_on) if day is not None), default=None)
                rows.append((
                    f"D{number:04}/{age}", f"D{number:04}", "credit_note" if is_credit else "invoice", customer,
                    invoiced, due, paid_on, age, begins, until, amount,
                ))  # fmt: skip
    return rows


def _employees(rng: random.Random) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for number in range(60):
        hired = dt.date(2019, 1, 1) + dt.timedelta(days=rng.randrange(2_700))
        left = hired + dt.timedelta(days=rng.randrange(30, 2_500)) if rng.random() < 0.35 else None
        left = left if left is not None and left <= LAST else None
        rows.append((f"M{number:03}", rng.choice(DEPARTMENTS), rng.choice(ENTITIES), hired, left))
    return rows
