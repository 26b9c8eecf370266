"""What finance adds to the sales: operating expenses, and budgets around the actual figures, all in euro cents.

Layer: sample. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from datatrust.sample.accounts import EXPENSE_ACCOUNTS
from datatrust.sample.closings import CLOSINGS, delivery_of, month_end, month_of, months
from datatrust.sample.draw import moment, money, net_cents, stamp, stream, to_eur
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
_WEAR = {"Warehouse": 0.009, "IT": 0.006}  # monthly depreciation, as a part of a usual month's revenue
_WITH_VOLUME = {"Freight", "Advertising", "Travel"}  # these follow the month's revenue


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

    def cost_of(self, month: dt.date, region: str) -> int:
        """Return the cost of what a region sold in a month."""
        return sum(self.cost[month, region, category] for category in CATEGORIES)

    def usual_revenue(self) -> int:
        """Return an average month's revenue: what expenses, loans and equipment are measured by."""
        return max(1, sum(self.total(month)[0] for month in months()) // len(months()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense:
    """One booked expense as a closing knows it."""

    day: dt.date
    department: str
    account: str
    cents: int


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


def draw_expenses(seed: int, actuals: Actuals) -> tuple[list[Version], list[list[Expense]]]:
    """Return the rows of operating_expenses.csv, and the expenses that each closing knows."""
    rng = stream(seed, "expenses")
    revenues = {month: actuals.total(month)[0] for month in months()}
    usual = sum(revenues.values()) / len(revenues)
    rows: list[Version] = []
    known: list[list[Expense]] = [[] for _ in CLOSINGS]

    def book(
        number: int, day: dt.date, kind: tuple[str, str], amount: int, at: dt.datetime, off: int = 0
    ) -> None:
        """Bring an expense; one that was wrong by `off` at first is put right by the May closing."""
        values = (f"E{number:06d}", day.isoformat(), *kind)
        delivery = delivery_of(day)
        if off:
            rows.append(
                Version(delivery=0, values=(*values, money(amount + off), stamp(at)), superseded_in=1)
            )
            delivery, at = 1, moment(rng, dt.date(2026, 5, 11))
        rows.append(Version(delivery=delivery, values=(*values, money(amount), stamp(at))))
        account = EXPENSE_ACCOUNTS[kind[1]]
        for closing in range(delivery_of(day), len(CLOSINGS)):
            cents = amount + (off if closing < delivery else 0)
            known[closing].append(Expense(day=day, department=kind[0], account=account, cents=cents))

    number = 100_000
    for index, month in enumerate(months()):
        for department, types in _SPENDING.items():
            for expense_type, share in types.items():
                number += 1
                level = revenues[month] / usual if expense_type in _WITH_VOLUME else 0.94 + 0.12 * index / 35
                amount = max(1_000, round(usual * OPEX_SHARE * share * level * rng.uniform(0.95, 1.05)))
                day = month + dt.timedelta(days=rng.randrange(20, 28))
                is_wrong = month == dt.date(2026, 4, 1) and expense_type == "Advertising"
                kind = (department, expense_type)
                book(number, day, kind, amount, moment(rng, day), off=12_000 if is_wrong else 0)
    for index, month in enumerate(months()):
        for position, (department, share) in enumerate(_WEAR.items()):
            day = month_end(month)
            at = dt.datetime.combine(day, dt.time(18, 30))
            amount = max(1_000, round(usual * share))
            book(200_000 + 10 * index + position, day, (department, "Depreciation"), amount, at)
    return rows, known


def expense_budget_versions(seed: int, expenses: list[Expense]) -> list[Version]:
    """Return the rows of expense_budgets.csv: all three years at once; two cells are put right in May."""
    rng = stream(seed, "expense_budgets")
    actual: dict[tuple[dt.date, str, str], int] = defaultdict(int)
    for expense in expenses:
        actual[month_of(expense.day), expense.account, expense.department] += expense.cents
    rows = []
    for (month, account, department), cents in sorted(actual.items()):
        amount = max(5_000, round(cents * rng.uniform(0.92, 1.09) / 5_000) * 5_000)
        values = (month.isoformat(), account, department)
        if month == dt.date(2026, 6, 1) and department == "Marketing":
            rows.append(Version(delivery=0, values=(*values, money(amount * 2)), superseded_in=1))
            rows.append(Version(delivery=1, values=(*values, money(amount))))
        else:
            rows.append(Version(delivery=0, values=(*values, money(amount))))
    return rows
