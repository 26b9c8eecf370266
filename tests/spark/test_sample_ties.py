"""Sales, expenses and receivables of the sample company's releases tie to its ledger, and to the clean raw truth, to the cent."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from datatrust.core.release import Release, load_release
from datatrust.core.settings import Project
from pipeline.tables import query_tables
from tests.support.projects import ORDERS_PER_MONTH
from tests.support.repairer import clean_rows

pytestmark = pytest.mark.spark

CENT = Decimal("0.01")
TABLES = ("fct_sales", "fct_expenses", "fct_ledger", "fct_open_items", "fct_balances", "dim_customers")
ENTITY = "case c.region when 'EMEA' then 'DE01' when 'Americas' then 'US01' else 'SG01' end"
REALISED = f"""select order_date as day, {ENTITY} as entity, s.* from fct_sales s join dim_customers c using (customer_id)
    where s.status in ('completed', 'refunded')"""


def ask(project: Project, sql: str, *, release: str | None = None) -> list[dict[str, Any]]:
    """The rows of a query over the gold tables as a release pins them."""
    pinned: Release = load_release(project.warehouse, release)
    found = {name: pinned.tables[f"gold.{name}"] for name in TABLES}
    return query_tables(
        sql,
        {name: project.warehouse / table.path for name, table in found.items()},
        versions={name: table.version for name, table in found.items()},
    )


def differences(
    project: Project, ours: str, booked: str, *, release: str | None = None
) -> list[dict[str, Any]]:
    """The keys of which two queries, each with a key and an amount, do not say the same."""
    return ask(
        project,
        f"""with ours as ({ours}), booked as ({booked})
            select coalesce(ours.key, booked.key) as key, ours.amount as ours, booked.amount as booked
            from ours full join booked on ours.key = booked.key
            where coalesce(ours.amount, 0) <> coalesce(booked.amount, 0) order by 1""",
        release=release,
    )


def booked(which: str, key: str = "posting_date || ' ' || entity") -> str:
    return f"select {key} as key, sum(debit - credit) as amount from fct_ledger where {which} group by 1"


SALES = {
    "revenue": (f"select day || ' ' || entity as key, -sum(net_amount) as amount from ({REALISED}) group by 1",
                "account_class = 'revenue'"),
    "cost": (f"select day || ' ' || entity as key, sum(cost_amount) as amount from ({REALISED}) group by 1",
             "account_class = 'cost of sales'"),
    "gross sales": (f"select day || ' ' || entity as key, -sum(gross_amount) as amount from ({REALISED})"
                    " where line_type = 'sale' group by 1", "account_name = 'Sales at list price'"),
    "discounts": (f"select day || ' ' || entity as key, sum(discount_amount) as amount from ({REALISED})"
                  " where line_type = 'sale' group by 1", "account_name = 'Sales discounts'"),
    "refunds": (f"select day || ' ' || entity as key, -sum(net_amount) as amount from ({REALISED})"
                " where line_type = 'refund' group by 1", "account_name = 'Sales refunds'"),
}  # fmt: skip


@pytest.mark.parametrize("release", ["2", "3"])
@pytest.mark.parametrize("figure", sorted(SALES))
def test_sales_tie_to_the_ledger_by_day_and_entity(
    sample_project: Project, figure: str, release: str
) -> None:
    """From the second closing on, which brings the customers and products that the first one left out."""
    ours, accounts = SALES[figure]
    assert ask(sample_project, f"select count(*) as n from ({ours})", release=release)[0]["n"] > 40
    assert differences(sample_project, ours, booked(accounts), release=release) == []


def test_at_first_the_ledger_is_ahead_by_the_lines_that_wait(sample_project: Project) -> None:
    """Order lines of customers and products that came late are posted, and in quarantine: no other day differs."""
    ours, accounts = SALES["revenue"]
    found = differences(sample_project, ours, booked(accounts), release="1")
    assert found
    assert {row["key"][:7] for row in found} == {"2026-04"}
    assert all(-(row["ours"] or 0) < -row["booked"] for row in found)


@pytest.mark.parametrize("release", ["1", "2", "3"])
def test_expenses_tie_to_the_ledger_by_day_type_and_department(sample_project: Project, release: str) -> None:
    ours = "select concat_ws(' ', expense_date, expense_type, department) as key, sum(amount) as amount from fct_expenses group by 1"
    posted = booked("account_class = 'expense'", "concat_ws(' ', posting_date, account_name, department)")
    assert differences(sample_project, ours, posted, release=release) == []


@pytest.mark.parametrize("release", ["2", "3"])
def test_open_documents_are_the_receivables_of_ledger_and_balance_sheet(
    sample_project: Project, release: str
) -> None:
    """At each month's end, by entity; and over all entities the balance that accounting reports."""
    ends = "(select distinct month_end from fct_balances)"
    ours = f"""select month_end || ' ' || {ENTITY} as key, sum(amount) as amount
        from {ends} join fct_open_items on open_from <= month_end and (open_to is null or open_to > month_end)
        join dim_customers c using (customer_id) group by 1"""
    posted = f"""select month_end || ' ' || entity as key, sum(debit - credit) as amount
        from {ends} join fct_ledger on posting_date <= month_end where account_name = 'Receivables' group by 1"""
    assert differences(sample_project, ours, posted, release=release) == []
    reported = (
        "select month_end as key, balance as amount from fct_balances where account_name = 'Receivables'"
    )
    by_month = f"select key[:10]::date as key, sum(amount) as amount from ({ours}) group by 1"
    assert differences(sample_project, by_month, reported, release=release) == []


@pytest.mark.parametrize("release", ["1", "2", "3"])
def test_every_balance_is_what_its_account_adds_up_to(sample_project: Project, release: str) -> None:
    reported = "select month_end || ' ' || account_name as key, balance as amount from fct_balances"
    kept = "case when account_class in ('revenue', 'cost of sales', 'expense') then 'Retained earnings' else account_name end"
    posted = f"""select month_end || ' ' || {kept} as key,
        sum(case when account_class = 'asset' then debit - credit else credit - debit end) as amount
        from (select distinct month_end from fct_balances) join fct_ledger on posting_date <= month_end group by 1"""
    assert differences(sample_project, reported, posted, release=release) == []
    assert ask(
        sample_project,
        "select count(*) as n from (select journal_id from fct_ledger group by 1 having sum(debit) <> sum(credit))",
        release=release,
    ) == [{"n": 0}]


def test_gold_ties_to_the_clean_raw_rows(sample_project: Project) -> None:
    """Revenue and the ledger's sales of each month, recomputed in Python from what really happened."""
    clean = clean_rows(ORDERS_PER_MONTH)
    rates = {key: Decimal(row["average_rate"]) for key, row in clean["fx_rates"].items()}
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for row in clean["sales_transactions"].values():
        if row["status"] not in ("completed", "refunded"):
            continue
        for sign, day in ((1, row["order_date"]), (-1, row["refund_date"])):
            if day:
                rate = rates[f"{day[:7]}-01", row["currency"]]
                wanted[day[:7]] += sign * (Decimal(row["amount"]) * rate).quantize(CENT, ROUND_HALF_UP)
    month = "strftime({}, '%Y-%m') as month"
    sold = ask(
        sample_project,
        f"select {month.format('day')}, sum(net_amount) as amount from ({REALISED}) group by 1",
    )
    posted = ask(
        sample_project,
        f"select {month.format('posting_date')}, sum(amount) as amount from fct_ledger"
        " where account_class = 'revenue' group by 1",
    )
    assert {row["month"]: row["amount"] for row in sold} == wanted
    assert {row["month"]: row["amount"] for row in posted} == wanted

    spent = ask(
        sample_project, "select sum(amount) as amount from fct_ledger where account_class = 'expense'"
    )
    assert spent[0]["amount"] == sum(Decimal(row["amount"]) for row in clean["operating_expenses"].values())
    last = dt.date(2026, 6, 30)
    still_open = ask(
        sample_project, "select sum(amount) as amount from fct_open_items where open_from <= ?"
        " and (open_to is null or open_to > ?)".replace("?", f"date '{last}'")
    )  # fmt: skip
    assert still_open[0]["amount"] == sum(
        Decimal(row["amount"]) for row in clean["receivables"].values() if not row["paid_on"]
    )
