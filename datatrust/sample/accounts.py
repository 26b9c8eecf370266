"""The chart of accounts: number, name, group and class of each account, and the legal entities that keep books.

Layer: sample. Data only.
"""

from __future__ import annotations

from dataclasses import dataclass

from datatrust.sample.tables import Version

ENTITIES = {"EMEA": "DE01", "Americas": "US01", "APAC": "SG01"}  # by the sales region that each one invoices
HEAD_OFFICE = "DE01"  # spends for all departments, owes the loans, owns the equipment


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account; `kind` is its class, `group` stands between the account and its class."""

    name: str
    group: str
    kind: str


CASH, RECEIVABLES, INVENTORY, EQUIPMENT = "1000", "1100", "1200", "1500"
PAYABLES, ACCRUALS, LOANS, CAPITAL, RETAINED = "2000", "2100", "2500", "3000", "3100"
GROSS_SALES, DISCOUNTS, REFUNDS, COST_OF_GOODS = "4000", "4100", "4200", "5000"
EXPENSE_ACCOUNTS = {  # expense type -> account
    "Salaries": "6000", "Training": "6050", "Rent": "6100", "Utilities": "6150", "Travel": "6200",
    "Advertising": "6250", "Freight": "6300", "Software": "6400", "Insurance": "6450", "Depreciation": "7000",
}  # fmt: skip
_GROUPS = {  # group -> class, accounts
    "Current assets": ("asset", {CASH: "Cash", RECEIVABLES: "Receivables", INVENTORY: "Inventory"}),
    "Fixed assets": ("asset", {EQUIPMENT: "Equipment"}),
    "Current liabilities": ("liability", {PAYABLES: "Payables", ACCRUALS: "Accrued liabilities"}),
    "Long-term debt": ("liability", {LOANS: "Loans"}),
    "Owners' equity": ("equity", {CAPITAL: "Share capital", RETAINED: "Retained earnings"}),
    "Trading income": ("revenue", {GROSS_SALES: "Sales at list price", DISCOUNTS: "Sales discounts", REFUNDS: "Sales refunds"}),
    "Trading costs": ("cost of sales", {COST_OF_GOODS: "Cost of goods"}),
    "Staffing": ("expense", {EXPENSE_ACCOUNTS[name]: name for name in ("Salaries", "Training")}),
    "Premises": ("expense", {EXPENSE_ACCOUNTS[name]: name for name in ("Rent", "Utilities")}),
    "Outreach": ("expense", {EXPENSE_ACCOUNTS[name]: name for name in ("Travel", "Advertising", "Freight")}),
    "Systems": ("expense", {EXPENSE_ACCOUNTS[name]: name for name in ("Software", "Insurance")}),
    "Wear and tear": ("expense", {EXPENSE_ACCOUNTS["Depreciation"]: "Depreciation"}),
}  # fmt: skip
CHART = {
    number: Account(name=name, group=group, kind=kind)
    for group, (kind, accounts) in _GROUPS.items()
    for number, name in accounts.items()
}
BALANCE_SHEET = tuple(n for n, a in CHART.items() if a.kind in ("asset", "liability", "equity"))


def account_versions() -> list[Version]:
    """Return the rows of accounts.csv, which comes once."""
    return [
        Version(delivery=0, values=(number, account.name, account.group, account.kind))
        for number, account in CHART.items()
    ]
