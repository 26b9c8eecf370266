"""The ledger against the files beside it, recomputed from the raw text of each closing: equal to the cent, by day."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from datatrust.sample.build import build_sample
from datatrust.sample.closings import CLOSINGS, month_end, months

pytestmark = pytest.mark.slow  # writes whole companies

CENT = Decimal("0.01")
ENTITIES = {"EMEA": "DE01", "Americas": "US01", "APAC": "SG01"}
Row = dict[str, str]
Sums = dict[tuple[str, ...], Decimal]


@pytest.fixture(scope="module", params=[360, 7], ids=["seed-360", "seed-7"])
def raw(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    build_sample(
        folder / "raw", truth_file=folder / "truth.jsonl", seed=request.param, orders_per_month=40, dirt=0
    )
    return folder / "raw"


def known(raw: Path, closing: int, name: str, *key: str) -> list[Row]:
    """The rows of a file as a closing knows them: the last delivered version of each key."""
    rows: dict[tuple[str, ...], Row] = {}
    for folder in CLOSINGS[: closing + 1]:
        file = raw / folder.name / f"{name}.csv"
        if file.exists():
            with file.open(encoding="utf-8", newline="") as text:
                rows |= {tuple(row[k] for k in key): row for row in csv.DictReader(text)}
    return list(rows.values())


def ledger(raw: Path, closing: int) -> list[Row]:
    return known(raw, closing, "ledger", "posting_id")


def debits(rows: list[Row], *by: str, accounts: set[str]) -> Sums:
    """Debit less credit of some accounts; a sum of nothing is left out."""
    sums: Sums = defaultdict(Decimal)
    for row in rows:
        if row["account_id"] in accounts:
            sums[tuple(row[name] for name in by)] += Decimal(row["debit"]) - Decimal(row["credit"])
    return {key: value for key, value in sums.items() if value}


def realised(raw: Path, closing: int) -> list[tuple[str, str, str, str, Decimal, Decimal, Decimal]]:
    """Kind, day, customer, entity, gross, net and cost of each sale and refund, in euros, by the rules of gold."""
    rates = {
        (row["month"], row["currency"]): Decimal(row["average_rate"])
        for row in known(raw, closing, "fx_rates", "month", "currency")
    }
    costs = {
        row["product_id"]: Decimal(row["unit_cost"]) for row in known(raw, closing, "products", "product_id")
    }
    regions = {row["customer_id"]: row["region"] for row in known(raw, closing, "customers", "customer_id")}
    found = []
    for row in known(raw, closing, "client_sales_raw", "order_line_id"):
        if row["status"] not in ("completed", "refunded"):
            continue
        for kind, day in (("sale", row["order_date"]), ("refund", row["refund_date"])):
            if day:
                rate = rates[f"{day[:7]}-01", row["currency"]]
                gross, net = (
                    (local * rate).quantize(CENT, ROUND_HALF_UP)
                    for local in (int(row["quantity"]) * Decimal(row["list_price"]), Decimal(row["amount"]))
                )
                entity = ENTITIES[regions[row["customer_id"]]]
                cost = int(row["quantity"]) * costs[row["product_id"]]
                found.append((kind, day, row["customer_id"], entity, gross, net, cost))
    return found


@pytest.mark.parametrize("closing", range(3))
def test_sales_refunds_and_costs_are_in_the_ledger_on_their_day(raw: Path, closing: int) -> None:
    wanted: dict[str, Sums] = {name: defaultdict(Decimal) for name in ("4000", "4100", "4200", "5000")}
    for kind, day, _, entity, gross, net, cost in realised(raw, closing):
        wanted["5000"][day, entity] += cost if kind == "sale" else -cost
        if kind == "sale":
            wanted["4000"][day, entity] -= gross
            wanted["4100"][day, entity] += gross - net
        else:
            wanted["4200"][day, entity] += net
    rows = ledger(raw, closing)
    for account, sums in wanted.items():
        found = debits(rows, "posting_date", "entity", accounts={account})
        assert found == {key: value for key, value in sums.items() if value}, account


@pytest.mark.parametrize("closing", range(3))
def test_expenses_are_in_the_ledger_by_day_account_and_department(raw: Path, closing: int) -> None:
    accounts = known(raw, closing, "accounts", "account_id")
    numbers = {row["account_name"]: row["account_id"] for row in accounts}
    wanted: Sums = defaultdict(Decimal)
    for row in known(raw, closing, "operating_expenses", "expense_id"):
        wanted[row["expense_date"], numbers[row["expense_type"]], row["department"]] += Decimal(row["amount"])
    classes = {row["account_id"] for row in accounts if row["account_class"] == "expense"}
    found = debits(ledger(raw, closing), "posting_date", "account_id", "department", accounts=classes)
    assert found == wanted
    budgeted = {
        (row["account_id"], row["department"])
        for row in known(raw, closing, "expense_budgets", "month", "account_id", "department")
    }
    assert budgeted == {key[1:] for key in wanted}


@pytest.mark.parametrize("closing", range(3))
def test_open_documents_are_the_receivables_of_each_month_end(raw: Path, closing: int) -> None:
    regions = {row["customer_id"]: row["region"] for row in known(raw, closing, "customers", "customer_id")}
    documents = known(raw, closing, "receivables", "document_id")
    rows = ledger(raw, closing)
    for month in months():
        day = month_end(month)
        if day > CLOSINGS[closing].last_day:
            continue
        wanted: Sums = defaultdict(Decimal)
        for row in documents:
            if row["invoice_date"] <= day.isoformat() and (
                not row["paid_on"] or row["paid_on"] > day.isoformat()
            ):
                wanted[(ENTITIES[regions[row["customer_id"]]],)] += Decimal(row["amount"])
        until = [row for row in rows if row["posting_date"] <= day.isoformat()]
        assert debits(until, "entity", accounts={"1100"}) == {k: v for k, v in wanted.items() if v}, day


@pytest.mark.parametrize("closing", range(3))
def test_documents_are_what_was_sold_and_refunded_in_the_month(raw: Path, closing: int) -> None:
    wanted: Sums = defaultdict(Decimal)
    for kind, day, customer, _, _, net, _ in realised(raw, closing):
        month = month_end(dt.date.fromisoformat(day)).isoformat()
        wanted[kind, customer, month] += net if kind == "sale" else -net
    found = {
        (
            "sale" if row["document_type"] == "invoice" else "refund",
            row["customer_id"],
            row["invoice_date"],
        ): Decimal(row["amount"])
        for row in known(raw, closing, "receivables", "document_id")
    }
    assert found == wanted


@pytest.mark.parametrize("closing", range(3))
def test_journals_balance_and_add_up_to_the_month_end_balances(raw: Path, closing: int) -> None:
    rows = ledger(raw, closing)
    every = {row["account_id"] for row in rows}
    assert debits(rows, "journal_id", accounts=every) == {}
    kinds = {row["account_id"]: row["account_class"] for row in known(raw, closing, "accounts", "account_id")}
    assert every <= set(kinds)
    for row in known(raw, closing, "account_balances", "month_end", "account_id"):
        of = {row["account_id"]}
        if row["account_name"] == "Retained earnings":  # with the result of every year so far
            of |= {number for number, kind in kinds.items() if kind not in ("asset", "liability", "equity")}
        until = [one for one in rows if one["posting_date"] <= row["month_end"]]
        sign = 1 if row["account_type"] == "asset" else -1
        balance = sum(debits(until, accounts=of).values(), Decimal(0))
        assert Decimal(row["balance"]) == sign * balance, (row["month_end"], row["account_name"])


def test_the_ledger_only_grows(raw: Path) -> None:
    """No posting comes twice; what turned out otherwise is an adjusting journal of the same day."""
    seen: set[str] = set()
    days: dict[str, set[str]] = defaultdict(set)
    for closing in CLOSINGS:
        with (raw / closing.name / "ledger.csv").open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                assert row["posting_id"] not in seen
                seen.add(row["posting_id"])
                days[closing.name].add(row["posting_date"])
    assert min(days["2026-05"]) < "2024-01-01"  # a new unit cost counts for all of history
    assert max(days["2026-04"]) == "2026-04-30"


def test_some_customers_pay_late_and_a_few_never(raw: Path) -> None:
    invoices = [
        row for row in known(raw, 2, "receivables", "document_id")
        if row["document_type"] == "invoice" and row["invoice_date"] < "2026-01-01"
    ]  # fmt: skip
    late = [row for row in invoices if row["paid_on"] and row["paid_on"] > row["due_date"]]
    never = [row for row in invoices if not row["paid_on"]]
    assert 0.1 < len(late) / len(invoices) < 0.7
    assert 0 < len(never) / len(invoices) < 0.04


def test_people_come_and_go(raw: Path) -> None:
    people = known(raw, 2, "employees", "employee_id")
    assert len({row["full_name"] for row in people}) == len({row["email"] for row in people}) == len(people)
    assert len({row["department"] for row in people}) == 8
    left = [row["left_on"] for row in people if row["left_on"]]
    assert 20 < len(left) < len(people) / 3
    assert all(row["hired_on"] < row["left_on"] for row in people if row["left_on"])
    assert sum("2026-05-01" <= day <= "2026-06-30" for day in left) >= 2
