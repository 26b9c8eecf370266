"""What finance adds to the sales: operating expenses, budgets around the actual figures, balances that tie.

All amounts are in euro cents. Balances follow the double entry: each month's profit raises equity, and cash is what
makes assets equal liabilities and equity.
Layer: sample. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from datatrust.sample.closings import CLOSINGS, delivery_of, month_end, month_of, months
from datatrust.sample.draw import half_up, moment, money, net_cents, stamp, stream, to_eur
from datatrust.sample.places import REGIONS
from datatrust.sample.products import CATEGORIES
from datatrust.sample.rates import Rates
from datatrust.sample.sales import OrderLine
from datatrust.sample.tables import Version

OPEX_SHARE = 0.21  # of revenue, over the three years
_SPENDING = {  # department -> expense type -> part of all operating expenses
    "Sales": {"Salaries": 0.16, "Travel": 0.03, "Training": 0.008},
    "Marketing": {"Salaries": 0.06, "Advertising": 0.06},
    "Warehouse": {"Salaries": 0.13, "Rent": 0.09, "Utilities": 0.025},
    "Logistics": {"Freight": 0.13, "Salaries": 0.05},
    "IT": {"Software": 0.045, "Salaries": 0.055},
    "Finance": {"Salaries": 0.05, "Insurance": 0.015},
    "HR": {"Salaries": 0.03, "Training": 0.012},
    "Administration": {"Rent": 0.035, "Utilities": 0.01, "Travel": 0.005},
}
DEPARTMENTS = tuple(_SPENDING)
_WITH_VOLUME = {"Freight", "Advertising", "Travel"}  # these follow the month's revenue
_ACCOUNTS = {
    "1000": ("Cash", "asset"), "1100": ("Receivables", "asset"), "1200": ("Inventory", "asset"),
    "1500": ("Equipment", "asset"), "2000": ("Payables", "liability"), "2100": ("Accrued liabilities", "liability"),
    "2500": ("Loans", "liability"), "3000": ("Share capital", "equity"), "3100": ("Retained earnings", "equity"),
}  # fmt: skip


@dataclass(kw_only=True)
class Actuals:
    """Net revenue and cost in euro cents, in the month each happened; a refund counts against its own month."""

    revenue: dict[tuple[dt.date, str, str], int] = field(default_factory=lambda: defaultdict(int))
    cost: dict[tuple[dt.date, str, str], int] = field(default_factory=lambda: defaultdict(int))

    def total(self, month: dt.date) -> tuple[int, int]:
        """Return revenue and cost of a month over all regions and categories."""
        return (
            sum(v for (m, _, _), v in self.revenue.items() if m == month),
            sum(v for (m, _, _), v in self.cost.items() if m == month),
        )


def measure(lines: list[OrderLine], rates: Rates) -> Actuals:
    """Return the actual figures after the last closing, each line converted at its month's average rate."""
    actuals = Actuals()
    for line in lines:
        state = line.state(len(CLOSINGS) - 1)
        if state.status not in ("completed", "refunded"):
            continue
        local = net_cents(state.quantity, line.list_cents, line.discount_bp)
        cost = state.quantity * line.product.cost_cents
        where = (line.customer.country.region, line.product.category)
        days = [(line.day, 1)] + ([(state.refund_date, -1)] if state.refund_date else [])
        for day, sign in days:
            month = month_of(day)
            actuals.revenue[month, *where] += sign * to_eur(local, rates.average[month, line.currency])
            actuals.cost[month, *where] += sign * cost
    return actuals


def budget_versions(seed: int, actuals: Actuals) -> list[Version]:
    """Return the rows of budgets.csv: about a tenth above or below what came; two cells are put right in May."""
    rng = stream(seed, "budgets")
    rows = []
    for month in months():
        for region in REGIONS:
            for category in CATEGORIES:
                cell = (month, region, category)
                revenue = max(50_000, actuals.revenue[cell]) * rng.uniform(0.9, 1.1)
                cost = max(30_000, actuals.cost[cell]) * rng.uniform(0.92, 1.08)
                delivery = delivery_of(month_end(month))
                right = _budget_row(cell, revenue, cost)
                if month == dt.date(2026, 4, 1) and cell[1:] in (("EMEA", "Office"), ("APAC", "Safety")):
                    first = _budget_row(cell, revenue * 1.25, cost)
                    rows.append(Version(delivery=0, values=first, superseded_in=1))
                    delivery = 1
                rows.append(Version(delivery=delivery, values=right))
    return rows


def _budget_row(cell: tuple[dt.date, str, str], revenue: float, cost: float) -> tuple[str, ...]:
    month, region, category = cell
    return (
        month.isoformat(),
        region,
        category,
        money(round(revenue / 5000) * 5000),
        money(round(cost / 5000) * 5000),
    )


def draw_expenses(seed: int, actuals: Actuals) -> tuple[list[Version], dict[dt.date, int]]:
    """Return the rows of operating_expenses.csv and the total of each month."""
    rng = stream(seed, "expenses")
    revenues = {month: actuals.total(month)[0] for month in months()}
    usual = sum(revenues.values()) / len(revenues)
    rows: list[Version] = []
    totals: dict[dt.date, int] = defaultdict(int)
    number = 100_000
    for index, month in enumerate(months()):
        for department, types in _SPENDING.items():
            for expense_type, share in types.items():
                number += 1
                level = revenues[month] / usual if expense_type in _WITH_VOLUME else 0.94 + 0.12 * index / 35
                amount = max(1_000, round(usual * OPEX_SHARE * share * level * rng.uniform(0.95, 1.05)))
                day = month + dt.timedelta(days=rng.randrange(20, 28))
                totals[month] += amount
                values = (f"E{number:06d}", day.isoformat(), department, expense_type)
                at = moment(rng, day)
                delivery = delivery_of(day)
                if month == dt.date(2026, 4, 1) and expense_type == "Advertising":
                    first = (*values, money(amount + 12_000), stamp(at))
                    rows.append(Version(delivery=0, values=first, superseded_in=1))
                    delivery, at = 1, moment(rng, dt.date(2026, 5, 11))
                rows.append(Version(delivery=delivery, values=(*values, money(amount), stamp(at))))
    return rows, totals


def balance_versions(actuals: Actuals, expenses: dict[dt.date, int]) -> list[Version]:
    """Return the rows of account_balances.csv; in May, April's payables and accruals come again, reclassified."""
    books = _books(actuals, expenses)
    rows = []
    for month, balances in books.items():
        delivery = delivery_of(month_end(month))
        shift = balances["2100"] // 5
        for account, right in balances.items():
            moved = {"2000": -shift, "2100": shift}.get(account) if month == dt.date(2026, 4, 1) else None
            if moved is not None:
                first = _balance_row(month, account, right + moved)
                rows.append(Version(delivery=0, values=first, superseded_in=1))
                rows.append(Version(delivery=1, values=_balance_row(month, account, right)))
            else:
                rows.append(Version(delivery=delivery, values=_balance_row(month, account, right)))
    return rows


def _books(actuals: Actuals, expenses: dict[dt.date, int]) -> dict[dt.date, dict[str, int]]:
    """The balances of each month's end; share capital is set so that cash stays above half a month's revenue."""
    flows = {month: actuals.total(month) for month in months()}
    usual = max(1, sum(revenue for revenue, _ in flows.values()) // len(flows))
    retained = 4 * usual
    books: dict[dt.date, dict[str, int]] = {}
    for index, (month, (revenue, cost)) in enumerate(flows.items()):
        retained += revenue - cost - expenses[month]
        assets = {
            "1100": half_up(max(0, revenue) * 13, 10),
            "1200": max(0, cost) * 2,
            "1500": half_up(usual * 3 * (200 - index), 200),
        }
        others = {
            "2000": half_up(max(0, cost) * 11, 10),
            "2100": half_up(expenses[month] * 4, 10),
            "2500": half_up(usual * 2 * (100 - index), 100),
            "3000": 0,
            "3100": retained,
        }
        cash = sum(others.values()) - sum(assets.values())
        books[month] = {"1000": cash, **assets, **others}
    capital = max(usual, usual // 2 - min(b["1000"] for b in books.values()))
    for balances in books.values():
        balances["3000"] += capital
        balances["1000"] += capital
    return books


def _balance_row(month: dt.date, account: str, cents: int) -> tuple[str, ...]:
    name, kind = _ACCOUNTS[account]
    return (month_end(month).isoformat(), account, name, kind, money(cents))
