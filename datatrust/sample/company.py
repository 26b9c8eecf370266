"""Put the sample company together: every clean row of every source, and the closing that brings it.

Layer: sample. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from datatrust.sample.accounts import account_versions
from datatrust.sample.closings import CLOSINGS, delivery_of
from datatrust.sample.customers import CustomerDesk, draw_customers
from datatrust.sample.employees import employee_versions
from datatrust.sample.finance import budget_versions, draw_expenses, expense_budget_versions, measure
from datatrust.sample.ledger import balance_versions, keep_books
from datatrust.sample.products import Product, draw_products
from datatrust.sample.rates import Rates
from datatrust.sample.receivables import invoice, receivable_versions
from datatrust.sample.sales import draw_lines, realise, sales_versions
from datatrust.sample.tables import Version


@dataclass(kw_only=True)
class Company:
    """The clean rows by source. `late_*` are the keys whose first delivery dirt may put off by a month."""

    versions: dict[str, list[Version]]
    late_customers: frozenset[str]
    late_products: frozenset[str]
    desk: CustomerDesk  # draws customers that are no one's yet


def make_company(seed: int, orders_per_month: int) -> Company:
    """Return the company of this seed and size."""
    rates = Rates(seed)
    customers, moved, desk = draw_customers(seed)
    products, repriced = draw_products(seed)
    lines = draw_lines(seed, customers, products, rates, orders_per_month)
    actuals = measure(lines, rates)
    expenses, spent = draw_expenses(seed, actuals)
    realised = realise(lines, rates, _costs(products, repriced))
    documents = invoice(seed, customers, realised)
    postings = keep_books(actuals, realised, spent, documents)
    return Company(
        versions={
            "sales_transactions": [version for line in lines for version in sales_versions(line)],
            "customers": _with_successors(
                {c.id: Version(delivery=delivery_of(c.since), values=c.row()) for c in customers},
                [Version(delivery=delivery_of(c.updated_at.date()), values=c.row()) for c in moved],
            ),
            "products": _with_successors(
                {p.id: Version(delivery=delivery_of(p.since), values=p.row()) for p in products},
                [Version(delivery=delivery_of(p.updated_at.date()), values=p.row()) for p in repriced],
            ),
            "budgets": budget_versions(seed, actuals),
            "fx_rates": rates.versions(),
            "operating_expenses": expenses,
            "account_balances": balance_versions(postings),
            "accounts": account_versions(),
            "ledger": [Version(delivery=p.delivery, values=p.row()) for p in postings],
            "expense_budgets": expense_budget_versions(seed, spent[-1]),
            "receivables": receivable_versions(documents),
            "employees": employee_versions(seed),
        },
        late_customers=frozenset(c.id for c in customers if c.late),
        late_products=frozenset(p.id for p in products if p.late),
        desk=desk,
    )


def _with_successors(first: dict[str, Version], later: list[Version]) -> list[Version]:
    """Mark each first version that a later one replaces."""
    for version in later:
        first[version.values[0]].superseded_in = version.delivery
    return [*first.values(), *later]


def _costs(products: list[Product], repriced: list[Product]) -> list[dict[str, int]]:
    """The cost of one unit of each product as each closing knows it; gold counts all of history at it."""
    costs = [{product.id: product.cost_cents for product in products} for _ in CLOSINGS]
    for product in repriced:
        for closing in range(delivery_of(product.updated_at.date()), len(CLOSINGS)):
            costs[closing][product.id] = product.cost_cents
    return costs
