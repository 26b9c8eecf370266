"""What the sample company's releases say about themselves: lineage of every gold column, a page, the command."""

from __future__ import annotations

import json

import pytest

from datatrust.cli import main
from datatrust.core.release import load_release
from datatrust.core.settings import Project
from pipeline.documents import load_lineage, origin_words
from pipeline.lineage import TableLineage, find_lineage

pytestmark = pytest.mark.spark

AMOUNT = ["sales_transactions.amount", "sales_transactions.status"]
GOLDEN = {
    "gold.dim_customers.customer_id": (["silver.customers.customer_id"], ["customers.customer_id"]),
    "gold.fct_sales.sales_line_id": (
        ["silver.sales_clean.order_line_id", "silver.sales_clean.status"],
        ["sales_transactions.order_line_id", "sales_transactions.status"],
    ),
    "gold.fct_sales.net_amount": (
        ["silver.fx_rates.average_rate", "silver.sales_clean.amount", "silver.sales_clean.status"],
        ["fx_rates.average_rate", *AMOUNT],
    ),
    "gold.fct_sales.gross_profit": (
        [
            "silver.fx_rates.average_rate",
            "silver.products.unit_cost",
            "silver.sales_clean.amount",
            "silver.sales_clean.quantity",
            "silver.sales_clean.status",
        ],
        [
            "fx_rates.average_rate",
            "products.unit_cost",
            "sales_transactions.amount",
            "sales_transactions.quantity",
            "sales_transactions.status",
        ],
    ),
    "gold.fct_budget.budget_gross_profit": (
        ["silver.budgets.budget_cost", "silver.budgets.budget_revenue"],
        ["budgets.budget_cost", "budgets.budget_revenue"],
    ),
    "gold.variance_report.actual_revenue": (
        ["gold.profit_analysis.revenue"],
        ["fx_rates.average_rate", *AMOUNT],
    ),
    "gold.revenue_trends.fiscal_year": (
        ["gold.fct_sales.order_date"],
        ["sales_transactions.order_date", "sales_transactions.refund_date", "sales_transactions.status"],
    ),
    "gold.sales_summary.total_sales": (["gold.fct_sales.net_amount"], ["fx_rates.average_rate", *AMOUNT]),
}
REASONS = {  # customers keep their present version only, so that nothing tells when another was valid
    "gold.sales_summary.order_lines": "counts rows of gold.fct_sales",
    **{
        f"gold.dim_customers_history.{column}": "a constant of the model's SQL"
        for column in ("version", "valid_from", "valid_to", "is_current")
    },
}


@pytest.fixture(scope="module")
def lineage(sample_project: Project) -> tuple[TableLineage, ...]:
    return load_lineage(sample_project.warehouse, load_release(sample_project.warehouse))


def test_every_gold_column_comes_from_somewhere(
    sample_project: Project, lineage: tuple[TableLineage, ...]
) -> None:
    release = load_release(sample_project.warehouse)
    told = {table.table: [column.column for column in table.columns] for table in lineage}
    open_tables = [name for name in release.tables if name.startswith(("gold.", "silver."))]
    assert told == {name: [c for c, _ in release.tables[name].columns] for name in open_tables}
    reasons = {
        f"{table.table}.{column.column}": column.reason
        for table in lineage
        for column in table.columns
        if table.table.startswith("gold.") and not column.origins
    }
    metrics = {name for name in reasons if name.startswith("gold.business_metrics.")}
    assert len(metrics) == 6
    assert {name: reasons[name] for name in reasons.keys() - metrics} == REASONS


@pytest.mark.parametrize("wanted", GOLDEN)
def test_known_columns_come_from_known_headers(lineage: tuple[TableLineage, ...], wanted: str) -> None:
    _, column = find_lineage(lineage, wanted)
    assert column is not None
    assert (list(column.made_of), [origin_words(o) for o in column.origins]) == GOLDEN[wanted]


def test_an_increment_and_a_first_build_have_one_lineage(sample_project: Project) -> None:
    """Trap: an incremental model reads its own rows, which is no origin."""
    first, last = (load_release(sample_project.warehouse, number) for number in ("1", "3"))
    warehouse = sample_project.warehouse
    assert load_lineage(warehouse, first) == load_lineage(warehouse, last)


def test_the_command_shows_a_table_a_column_and_what_is_not_stored(
    sample_project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["--project", str(sample_project.root), "pipeline", "lineage"]
    assert main([*base, "silver.customers"]) == 0
    shown = capsys.readouterr().out
    assert "customers.email (keyed token)" in shown
    assert "not stored: customers.street (dropped)" in shown
    assert main([*base, "fct_sales.net_amount", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [column["column"] for column in document["columns"]] == ["net_amount"]
    assert document["columns"][0]["made_of"][0] == "silver.fx_rates.average_rate"
    assert main([*base, "fct_sales.net_amont"]) == 2
    assert "did you mean: net_amount?" in capsys.readouterr().err


def test_the_page_describes_every_table(sample_project: Project) -> None:
    release = load_release(sample_project.warehouse)
    page = (sample_project.warehouse / f"docs/{release.id}/index.html").read_text()
    for name in release.tables:
        assert (f'<section id="{name}">' in page) == name.startswith(("gold.", "silver."))
    assert "http" not in page
    assert str(sample_project.root) not in page
