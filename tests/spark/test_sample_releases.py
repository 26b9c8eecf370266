"""The sample company's releases: three closings, every table to the letter, and increments equal to a rebuild."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from datatrust.core.release import Release, list_releases, load_release
from datatrust.core.settings import Project
from pipeline.run import run_pipeline
from pipeline.tables import query_tables
from tests.support.projects import run

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

MONEY, RATE = "decimal(18,2)", "decimal(18,6)"
GOLD = {
    "dim_customers": "customer_id company_name city country region segment customer_since",
    "dim_customers_history": "customer_version_id customer_id version company_name city country region segment "
    "customer_since valid_from valid_to is_current",
    "dim_products": "product_id product_name category family unit_cost list_price",
    "fct_sales": "sales_line_id order_line_id order_id line_type order_date original_order_date customer_id "
    "product_id status quantity currency fx_rate net_amount_local gross_amount discount_amount net_amount "
    "cost_amount gross_profit",
    "fct_budget": "month region category budget_revenue budget_cost budget_gross_profit",
    "fct_expenses": "expense_id expense_date department expense_type amount",
    "fct_balances": "month_end account_id account_name account_type balance",
    "fct_ledger": "posting_id journal_id posting_date entity account_id account_name account_group account_class "
    "department debit credit amount",
    "fct_expense_budget": "month account_id expense_type department budget_amount",
    "fct_open_items": "open_item_id document_id document_type customer_id invoice_date due_date paid_on age open_from "
    "open_to amount",
    "dim_employees": "employee_id department entity hired_on left_on",
    "fx_rates": "month currency average_rate closing_rate",
    "sales_anomalies": "sales_line_id order_date customer_id product_id net_amount cluster distance score",
    "sales_summary": "status order_lines total_sales",
    "revenue_trends": "month fiscal_year fiscal_month region revenue revenue_previous_month "
    "revenue_previous_year growth_previous_year",
    "revenue_when_sold": "month region country city segment revenue",
    "profit_analysis": "month region category revenue cost gross_profit gross_margin",
    "variance_report": "month region category actual_revenue budget_revenue variance variance_percent favourable",
    "business_metrics": "metric period period_grain dimensions value unit",
}
TECHNICAL = ("silver.", "gold.")


@pytest.fixture(scope="module")
def release(sample_project: Project) -> Release:
    return load_release(sample_project.warehouse)


@pytest.mark.parametrize("table", sorted(GOLD))
def test_gold_has_the_columns_that_the_catalog_is_written_against(release: Release, table: str) -> None:
    columns = dict(release.tables[f"gold.{table}"].columns)
    assert list(columns) == GOLD[table].split()
    for name, kind in columns.items():
        if name.endswith(("amount", "revenue", "cost", "profit", "balance", "total_sales", "list_price")):
            assert kind == MONEY, name
        if name.endswith("rate"):
            assert kind == RATE, name


def test_each_closing_is_a_release_that_only_grows(sample_project: Project) -> None:
    found = [load_release(sample_project.warehouse, str(n)) for n in list_releases(sample_project.warehouse)]
    assert [r.delivery for r in found] == ["2026-04", "2026-05", "2026-06"]
    assert [r.parent for r in found] == [None, 1, 2]
    reads = [sum(control.read for control in r.controls) for r in found]
    assert reads == sorted(set(reads))
    for one in found:
        assert one.quality.status.startswith("passed")
        assert one.tables["bronze.customers"].path == "restricted/bronze/customers"


def test_the_summary_of_sales_equals_the_fact(sample_project: Project) -> None:
    gold = sample_project.warehouse / "gold"
    tables = {"fct": gold / "fct_sales", "dim": gold / "dim_customers", "trend": gold / "revenue_trends"}
    rows = query_tables(
        "select (select sum(net_amount) from fct where status in ('completed', 'refunded')) as fact,"
        " (select sum(revenue) from trend) as mart,"
        " (select count(*) from fct anti join dim using (customer_id)) as orphans,"
        " (select count(*) from fct where gross_profit <> net_amount - cost_amount"
        "  or net_amount <> gross_amount - discount_amount or (line_type = 'refund') <> (net_amount < 0)) as odd",
        tables,
    )
    (found,) = rows
    assert found["fact"] == found["mart"] > Decimal(0)
    assert (found["orphans"], found["odd"]) == (0, 0)


@pytest.mark.soak
def test_three_increments_equal_one_rebuild(spark: SparkSession, own_sample_project: Project) -> None:
    """Everything derived again from bronze in one go has the same rows, controls and totals."""
    project = own_sample_project
    before = load_release(project.warehouse)
    names = [name for name in before.tables if name.startswith(TECHNICAL)]
    rows_before = {name: contents(project, name) for name in names}
    assert run_pipeline(project).nothing_new
    summary = run(project, full_refresh=True)
    after = load_release(project.warehouse)
    assert summary.release == after.id == "000004"
    assert after.controls == before.controls
    assert after.lineage == before.lineage
    for name in names:
        assert contents(project, name) == rows_before[name], name


def contents(project: Project, name: str) -> list[str]:
    folder = project.warehouse / load_release(project.warehouse).tables[name].path
    return sorted(str(row) for row in query_tables("from t", {"t": folder}))
