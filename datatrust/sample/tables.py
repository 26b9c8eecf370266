"""The raw files of the sample company: which source is in which file, with which columns and key.

Layer: sample.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Table:
    """One source as it is delivered."""

    source: str
    file: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    personal: tuple[str, ...] = ()  # columns whose values are personal data

    def key_of(self, values: tuple[str, ...]) -> str:
        """Return the key of a row as one text, the parts joined by a bar."""
        return "|".join(values[self.columns.index(name)] for name in self.key)


SALES = Table(
    source="sales_transactions",
    file="client_sales_raw.csv",
    columns=(
        "order_line_id", "order_id", "order_date", "customer_id", "product_id", "quantity", "list_price",
        "discount_pct", "amount", "currency", "status", "refund_date", "updated_at",
    ),
    key=("order_line_id",),
)  # fmt: skip
CUSTOMERS = Table(
    source="customers",
    file="customers.csv",
    columns=(
        "customer_id", "company_name", "contact_name", "email", "phone", "iban", "birth_date", "street",
        "postal_code", "city", "country", "region", "segment", "customer_since", "updated_at",
    ),
    key=("customer_id",),
    personal=("contact_name", "email", "phone", "iban", "birth_date", "street"),
)  # fmt: skip
PRODUCTS = Table(
    source="products",
    file="products.csv",
    columns=(
        "product_id", "product_name", "category", "family", "unit_cost", "list_price", "updated_at",
    ),
    key=("product_id",),
)  # fmt: skip
BUDGETS = Table(
    source="budgets",
    file="budgets.csv",
    columns=("month", "region", "category", "budget_revenue", "budget_cost"),
    key=("month", "region", "category"),
)
FX_RATES = Table(
    source="fx_rates",
    file="fx_rates.csv",
    columns=("month", "currency", "average_rate", "closing_rate"),
    key=("month", "currency"),
)
EXPENSES = Table(
    source="operating_expenses",
    file="operating_expenses.csv",
    columns=("expense_id", "expense_date", "department", "expense_type", "amount", "updated_at"),
    key=("expense_id",),
)
BALANCES = Table(
    source="account_balances",
    file="account_balances.csv",
    columns=("month_end", "account_id", "account_name", "account_type", "balance"),
    key=("month_end", "account_id"),
)
ACCOUNTS = Table(
    source="accounts",
    file="accounts.csv",
    columns=("account_id", "account_name", "account_group", "account_class"),
    key=("account_id",),
)
LEDGER = Table(
    source="ledger",
    file="ledger.csv",
    columns=(
        "posting_id", "journal_id", "posting_date", "entity", "account_id", "department", "debit", "credit",
    ),
    key=("posting_id",),
)  # fmt: skip
EXPENSE_BUDGETS = Table(
    source="expense_budgets",
    file="expense_budgets.csv",
    columns=("month", "account_id", "department", "amount"),
    key=("month", "account_id", "department"),
)
RECEIVABLES = Table(
    source="receivables",
    file="receivables.csv",
    columns=(
        "document_id", "document_type", "customer_id", "invoice_date", "due_date", "paid_on", "amount",
        "updated_at",
    ),
    key=("document_id",),
)  # fmt: skip
EMPLOYEES = Table(
    source="employees",
    file="employees.csv",
    columns=(
        "employee_id", "full_name", "email", "department", "entity", "hired_on", "left_on", "updated_at",
    ),
    key=("employee_id",),
    personal=("full_name", "email"),
)  # fmt: skip
TABLES = (
    SALES, CUSTOMERS, PRODUCTS, BUDGETS, FX_RATES, EXPENSES, BALANCES, ACCOUNTS, LEDGER, EXPENSE_BUDGETS,
    RECEIVABLES, EMPLOYEES,
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Version:
    """One clean row as one delivery has it; a key has one version a delivery at most."""

    delivery: int  # index of the closing that brings it
    values: tuple[str, ...]  # in the order of the table's columns
    superseded_in: int | None = None  # index of the closing that brings its successor


def versions_of(texts: Iterable[tuple[str, ...] | None]) -> list[Version]:
    """Return a row's versions: the first that a closing knows, and one for each closing that says something else."""
    versions: list[Version] = []
    for closing, values in enumerate(texts):
        if values is None or (versions and versions[-1].values == values):
            continue
        if versions:
            versions[-1].superseded_in = closing
        versions.append(Version(delivery=closing, values=values))
    return versions
