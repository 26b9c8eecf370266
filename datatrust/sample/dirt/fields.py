"""Defects of one field or of two that contradict each other: a right row with a wrong value in it.

One function a defect; `KINDS` lists them.
Layer: sample. No I/O.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

from datatrust.sample.closings import CLOSINGS
from datatrust.sample.dirt.drafts import Fields, fresh
from datatrust.sample.dirt.plot import QUARANTINED, Kind, Plot
from datatrust.sample.draw import money
from datatrust.sample.iban import with_wrong_checksum

Spoil = Callable[[Fields, random.Random], None]


def _set(column: str, *values: str) -> Spoil:
    """Put one of `values` into `column`."""

    def spoil(fields: Fields, rng: random.Random) -> None:
        fields[column] = rng.choice(values)

    return spoil


def _negative(column: str) -> Spoil:
    def spoil(fields: Fields, rng: random.Random) -> None:
        fields[column] = "-" + fields[column]

    return spoil


def _zero_amount(fields: Fields, rng: random.Random) -> None:
    fields |= {"discount_pct": "100.00", "amount": "0.00"}


def _wrong_scale(fields: Fields, rng: random.Random) -> None:
    fields["amount"] += f"{rng.randrange(1, 100):02d}"


def _amount_mismatch(fields: Fields, rng: random.Random) -> None:
    cents = int(fields["amount"].replace(".", ""))
    fields["amount"] = money(cents + rng.randrange(10, 50) + cents // rng.choice((10, 20, 50)))


def _future_date(fields: Fields, rng: random.Random) -> None:
    fields["order_date"] = f"2041-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"


def _no_such_customer(fields: Fields, rng: random.Random) -> None:
    fields["customer_id"] = f"C99{rng.randrange(1000):03d}"


def _no_such_product(fields: Fields, rng: random.Random) -> None:
    fields["product_id"] = f"P99{rng.randrange(100):02d}"


def _refund_before_order(fields: Fields, rng: random.Random) -> None:
    day = dt.date.fromisoformat(fields["order_date"]) - dt.timedelta(days=rng.randrange(1, 40))
    fields |= {"status": "refunded", "refund_date": day.isoformat()}


def _refund_without_date(fields: Fields, rng: random.Random) -> None:
    fields |= {"status": "refunded", "refund_date": ""}


def _refund_date_without_refund(fields: Fields, rng: random.Random) -> None:
    fields["refund_date"] = fields["order_date"]


def _swapped_values(fields: Fields, rng: random.Random) -> None:
    fields |= {"customer_id": fields["product_id"], "product_id": fields["customer_id"]}


def _malformed_email(fields: Fields, rng: random.Random) -> None:
    name, domain = fields["email"].split("@")
    fields["email"] = rng.choice(
        (f"{name}.at.{domain}", f"{name}@@{domain}", f"{name}@{domain.split('.')[0]}", f"{name} @{domain}")
    )


def _wrong_iban(fields: Fields, rng: random.Random) -> None:
    fields["iban"] = with_wrong_checksum(fields["iban"])


def _future_birth_date(fields: Fields, rng: random.Random) -> None:
    fields["birth_date"] = f"2068-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"


def _cost_above_price(fields: Fields, rng: random.Random) -> None:
    fields["unit_cost"] = money(int(fields["list_price"].replace(".", "")) + rng.randrange(10, 900))


def _month_not_first_day(fields: Fields, rng: random.Random) -> None:
    fields["month"] = f"{fields['month'][:8]}{rng.randrange(2, 29):02d}"


def _both_sides(fields: Fields, rng: random.Random) -> None:
    fields["credit"] = fields["debit"]


def _no_such_account(fields: Fields, rng: random.Random) -> None:
    fields["account_id"] = f"99{rng.randrange(100):02d}"


def _due_before_invoice(fields: Fields, rng: random.Random) -> None:
    day = dt.date.fromisoformat(fields["invoice_date"]) - dt.timedelta(days=rng.randrange(1, 30))
    fields["due_date"] = day.isoformat()


def _left_before_hired(fields: Fields, rng: random.Random) -> None:
    day = dt.date.fromisoformat(fields["hired_on"]) - dt.timedelta(days=rng.randrange(1, 300))
    fields["left_on"] = day.isoformat()


def _new_row(source: str, spoil: Spoil) -> Callable[[Plot, Kind, random.Random, int], None]:
    def plant(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
        fields = fresh(plot, source, rng, delivery)
        spoil(fields, rng)
        plot.add(kind, delivery, tuple(fields.values()))

    return plant


def _new_or_known_customer(spoil: Spoil) -> Callable[[Plot, Kind, random.Random, int], None]:
    """Spoil a new customer or, in later closings, now and then a change of a known one, whose last good version stays."""

    def plant(plot: Plot, kind: Kind, rng: random.Random, delivery: int) -> None:
        fields = fresh(plot, "customers", rng, delivery)
        if delivery > 0 and rng.random() < 0.5:
            known = dict(zip(fields, plot.take("customers", 0)[0].values, strict=True))
            known["updated_at"] = f"{CLOSINGS[delivery].name}-{rng.randrange(2, 28):02d} 11:20:00"
            fields = known
        spoil(fields, rng)
        plot.add(kind, delivery, tuple(fields.values()))

    return plant


def _sales(name: str, reason: str, column: str, spoil: Spoil) -> Kind:
    return Kind(
        name=name,
        source="sales_transactions",
        outcome=QUARANTINED,
        reason=reason,
        column=column,
        plant=_new_row("sales_transactions", spoil),
    )


def _customers(name: str, reason: str, column: str, spoil: Spoil) -> Kind:
    return Kind(
        name=name,
        source="customers",
        outcome=QUARANTINED,
        reason=reason,
        column=column,
        plant=_new_or_known_customer(spoil),
    )


def _other(name: str, source: str, reason: str, column: str, spoil: Spoil) -> Kind:
    return Kind(
        name=name,
        source=source,
        outcome=QUARANTINED,
        reason=reason,
        column=column,
        plant=_new_row(source, spoil),
    )


KINDS = (
    _sales("missing_key", "required", "order_line_id", _set("order_line_id", "")),
    _sales("missing_customer", "required", "customer_id", _set("customer_id", "")),
    _sales("negative_amount", "range", "amount", _negative("amount")),
    _sales("zero_amount", "range", "amount", _zero_amount),
    _sales(
        "junk_amount", "type", "amount", _set("amount", "12,5O", "n/a", "1.234,50", "EUR 12.00", "#VALUE!")
    ),
    _sales("wrong_scale", "scale", "amount", _wrong_scale),
    _sales("amount_mismatch", "check", "amount", _amount_mismatch),
    _sales(
        "unknown_status", "value_set", "status", _set("status", "shipped", "compleeted", "COMPLETED", "done")
    ),
    _sales(
        "invalid_date", "type", "order_date", _set("order_date", "2026-02-30", "2025-13-01", "31.04.2026")
    ),
    _sales("future_date", "range", "order_date", _future_date),
    _sales("unknown_currency", "value_set", "currency", _set("currency", "XBT", "EURO", "eur", "US$")),
    _sales("orphan_customer", "reference", "customer_id", _no_such_customer),
    _sales("orphan_product", "reference", "product_id", _no_such_product),
    _sales("refund_before_order", "check", "refund_date", _refund_before_order),
    _sales("refund_without_date", "check", "refund_date", _refund_without_date),
    _sales("refund_date_without_refund", "check", "refund_date", _refund_date_without_refund),
    _sales("discount_over_100", "range", "discount_pct", _set("discount_pct", "130.00", "105.50")),
    _sales("swapped_values", "pattern", "customer_id", _swapped_values),
    _customers("malformed_email", "pattern", "email", _malformed_email),
    _customers("wrong_iban", "checksum", "iban", _wrong_iban),
    _customers("future_birth_date", "range", "birth_date", _future_birth_date),
    _customers("missing_company", "required", "company_name", _set("company_name", "")),
    _customers("unknown_region", "value_set", "region", _set("region", "EMAE", "North", "apac")),
    _other("negative_cost", "products", "range", "unit_cost", _negative("unit_cost")),
    _other("cost_above_price", "products", "check", "unit_cost", _cost_above_price),
    _other("unknown_category", "products", "value_set", "category", _set("category", "Offfice", "Misc")),
    _other("negative_budget", "budgets", "range", "budget_revenue", _negative("budget_revenue")),
    _other("month_not_first_day", "budgets", "check", "month", _month_not_first_day),
    _other("zero_rate", "fx_rates", "range", "average_rate", _set("average_rate", "0.000000", "0")),
    _other(
        "unknown_department",
        "operating_expenses",
        "value_set",
        "department",
        _set("department", "Saless", "Ops"),
    ),
    _other("junk_expense", "operating_expenses", "type", "amount", _set("amount", "abc", "1 200,00 €", "-")),
    _other(
        "balance_not_a_number", "account_balances", "type", "balance", _set("balance", "#REF!", "NaN", "1e5x")
    ),
    _other(
        "unknown_account_type",
        "account_balances",
        "value_set",
        "account_type",
        _set("account_type", "assett"),
    ),
    _other(
        "unknown_account_class",
        "accounts",
        "value_set",
        "account_class",
        _set("account_class", "asset?", "costs"),
    ),
    _other("junk_posting", "ledger", "type", "debit", _set("debit", "1.2O0,00", "n/a", "--")),
    _other("both_sides", "ledger", "check", "credit", _both_sides),
    _other("unknown_account", "ledger", "reference", "account_id", _no_such_account),
    _other("negative_budget", "expense_budgets", "range", "amount", _negative("amount")),
    _other("month_not_first_day", "expense_budgets", "check", "month", _month_not_first_day),
    _other("credit_note_above_zero", "receivables", "sign", "amount", _set("document_type", "credit_note")),
    _other("due_before_invoice", "receivables", "check", "due_date", _due_before_invoice),
    _other("orphan_customer", "receivables", "reference", "customer_id", _no_such_customer),
    _other("malformed_email", "employees", "pattern", "email", _malformed_email),
    _other("unknown_department", "employees", "value_set", "department", _set("department", "Saless", "Ops")),
    _other("left_before_hired", "employees", "check", "left_on", _left_before_hired),
)
