"""Gold by dbt over small silver tables written by hand: amounts to the cent, corrections, failures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable

from datatrust.core.errors import OutcomeError, UserError
from datatrust.core.settings import Project
from pipeline.gold import GoldBuilder
from pipeline.names import register_tables
from pipeline.tables import table_version
from tests.support.projects import ROOT, write_project
from tests.support.silver import FIRST, write_silver

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def project(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("gold")
    project = write_project(root, {"name": "gold", "dbt": "pipeline/dbt"})
    shutil.copytree(ROOT / "pipeline" / "dbt", project.dbt)
    return project


@pytest.fixture(scope="module")
def builder(project: Project) -> GoldBuilder:
    return GoldBuilder(project)


@pytest.fixture(scope="module")
def whole(spark: SparkSession, project: Project, builder: GoldBuilder) -> Any:
    """Gold built whole from the first rows."""
    write_silver(spark, project.warehouse, FIRST, sequence=1)
    return builder.build(spark, since_sequence=0, full_refresh=True)


@pytest.fixture
def first(whole: Any, spark: SparkSession, project: Project) -> Iterator[Any]:
    """Gold as it was built whole, silver and gold put back to that after each test."""
    folders = {name: project.warehouse / name.replace(".", "/") for name in (*FIRST, *whole.tables)}
    versions = {name: table_version(folder) for name, folder in folders.items()}
    register_tables(spark, project.warehouse)
    yield whole
    for name, folder in folders.items():
        if table_version(folder) != versions[name]:
            DeltaTable(str(folder)).restore(versions[name])


def read_plainly(spark: SparkSession, project: Project) -> None:
    """As the tests of a build read: each table by its files as they are now."""
    register_tables(spark, project.warehouse, plain={"silver", "gold"})


def rows(spark: SparkSession, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(str(value) for value in row) for row in spark.sql(sql).collect()]


def lines(spark: SparkSession) -> list[tuple[Any, ...]]:
    return rows(spark, "select * from gold.fct_sales order by sales_line_id")


def test_amounts_are_converted_and_rounded_per_line(first: Any, spark: SparkSession) -> None:
    """33.33 USD gross, 30.00 net: at 0.915 in March, and back at April's 0.905 when refunded."""
    found = rows(
        spark,
        "select sales_line_id, order_date, original_order_date, quantity, fx_rate, net_amount_local, gross_amount,"
        " discount_amount, net_amount, cost_amount, gross_profit from gold.fct_sales where order_line_id = 'L2'"
        " order by line_type desc",
    )
    assert found == [
        ("L2-sale", "2026-03-30", "2026-03-30", "1", "0.915000", "30.00", "30.50", "3.05", "27.45", "12.50", "14.95"),
        ("L2-refund", "2026-04-02", "2026-03-30", "-1", "0.905000", "-30.00", "-30.16", "-3.01", "-27.15", "-12.50",
         "-14.65"),
    ]  # fmt: skip


def test_marts_follow_the_fact(first: Any, spark: SparkSession) -> None:
    assert rows(spark, "select * from gold.sales_summary order by status") == [
        ("completed", "2", "130.00"),
        ("pending", "1", "18.10"),
        ("refunded", "1", "27.45"),
    ]
    assert rows(
        spark,
        "select fiscal_year, fiscal_month, revenue, revenue_previous_month, revenue_previous_year,"
        " growth_previous_year from gold.revenue_trends where region = 'Americas' and month = date'2026-04-01'",
    ) == [("2026", "10", "0.00", "0.00", "30.00", "-1.000000")]
    assert rows(
        spark,
        "select actual_revenue, budget_revenue, variance, variance_percent, favourable from gold.variance_report"
        " where month = date'2026-03-01' and category = 'Furniture'",
    ) == [("100.00", "90.00", "10.00", "0.111111", "True")]
    assert rows(spark, "select count(*) from gold.variance_report where month > date'2026-04-01'") == [
        ("0",)
    ], "months without sales yet are not compared with their budget"


def test_open_documents_stand_in_one_age_a_day(first: Any, spark: SparkSession) -> None:
    """Due on 30 April and paid on 5 June: overdue for up to 30 days from 1 May on, for more from 31 May on."""
    assert rows(
        spark,
        "select age, open_from, open_to, amount from gold.fct_open_items where document_id = 'R1' order by open_from",
    ) == [
        ("not due", "2026-03-31", "2026-05-01", "100.00"),
        ("1 to 30 days", "2026-05-01", "2026-05-31", "100.00"),
        ("31 to 60 days", "2026-05-31", "2026-06-05", "100.00"),
    ]
    assert rows(
        spark,
        "select document_id, age, open_to from gold.fct_open_items where document_id <> 'R1' order by 1, open_from",
    ) == [
        ("G1", "not due", "2026-05-15"),  # settled on the day that would have made it overdue
        ("R2", "not due", "2026-02-15"),
        ("R2", "1 to 30 days", "2026-03-17"),
        ("R2", "31 to 60 days", "2026-04-16"),
        ("R2", "61 to 90 days", "2026-05-16"),
        ("R2", "over 90 days", "None"),
    ]


def test_postings_have_the_sign_of_their_class(first: Any, spark: SparkSession) -> None:
    assert rows(
        spark,
        "select account_name, account_class, department, amount from gold.fct_ledger order by posting_id",
    ) == [
        ("Receivables", "asset", "None", "130.50"),
        ("Sales at list price", "revenue", "None", "130.50"),
        ("Travel", "expense", "Sales", "12.00"),
        ("Receivables", "asset", "None", "-12.00"),
    ]
    assert rows(spark, "select expense_type, budget_amount from gold.fct_expense_budget") == [
        ("Travel", "10.00")
    ]


LATER = {
    "silver.sales_clean": [
        FIRST["silver.sales_clean"][0].replace("'completed',null", "'refunded',date'2026-04-09'"),
        FIRST["silver.sales_clean"][1].replace("'refunded',date'2026-04-02'", "'completed',null"),
        FIRST["silver.sales_clean"][3].replace("30.00,'EUR'", "29.99,'EUR'"),
        FIRST["silver.sales_clean"][0].replace("'L1'", "'L5'").replace("'P1'", "'P2'"),
    ],
    "silver.products": [row.replace("12.50,33.33", "12.51,33.33") for row in FIRST["silver.products"]],
    "silver.fx_rates": [row.replace("0.905000,0.9", "0.906000,0.9") for row in FIRST["silver.fx_rates"]],
}


def move_customer(spark: SparkSession, project: Project) -> None:
    """C1 moves from Hamburg to Berlin on 1 April; silver then keeps versions of customers."""
    moved = FIRST["silver.customers"][0].replace("Hamburg", "Berlin")
    write_silver(
        spark, project.warehouse, {"silver.customers": [*FIRST["silver.customers"], moved]}, sequence=2
    )
    before, since = "timestamp'2026-01-01 00:00:00'", "timestamp'2026-04-01 09:00:00'"
    rows_of_silver = spark.sql(
        f"select *, if(city = 'Berlin', {since}, {before}) as valid_from,"
        f" if(city = 'Hamburg', {since}, null) as valid_to, city <> 'Hamburg' as is_current from silver.customers"
    ).localCheckpoint()
    folder = str(project.warehouse / "silver" / "customers")
    rows_of_silver.write.format("delta").mode("overwrite").option("overwriteSchema", "true").save(folder)
    spark.catalog.refreshTable("silver.customers")


def test_an_increment_equals_a_rebuild_and_a_customer_s_version_counts_on_its_own_days(
    first: Any, spark: SparkSession, project: Project, builder: GoldBuilder
) -> None:
    """A refund later, a refund taken back, an amount, a cost and a rate corrected, a row gone, a row new, a move.

    Trap: a correction that takes a refund back must not leave the refund line behind.
    One increment serves both: L5 and L1 were ordered in March, before the move, and L1's refund comes after it.
    """
    before = lines(spark)
    write_silver(spark, project.warehouse, LATER, sequence=2)
    move_customer(spark, project)
    builder.build(spark, since_sequence=1, full_refresh=False)
    increment = lines(spark)
    assert [line[0] for line in increment] == ["L1-refund", "L1-sale", "L2-sale", "L4-sale", "L5-sale"]
    assert increment != before
    assert rows(spark, "select city from gold.dim_customers where customer_id = 'C1'") == [("Berlin",)]
    assert rows(
        spark,
        "select customer_version_id, city, valid_from, valid_to, is_current from gold.dim_customers_history"
        " order by 1",
    ) == [
        ("C1-1", "Hamburg", "None", "2026-04-01", "False"),
        ("C1-2", "Berlin", "2026-04-01", "None", "True"),
        ("C2-1", "New York", "None", "None", "True"),
    ]
    when_sold = rows(spark, "select month, city, revenue from gold.revenue_when_sold order by month")
    assert when_sold == [
        ("2025-04-01", "New York", "29.99"),
        ("2026-03-01", "Hamburg", "227.45"),
        ("2026-04-01", "Hamburg", "-100.00"),
    ], "all count where the customer was when it ordered"
    builder.build(spark, since_sequence=0, full_refresh=True)
    assert increment == lines(spark)
    assert when_sold == rows(spark, "select month, city, revenue from gold.revenue_when_sold order by month")


def test_a_row_that_was_freed_from_quarantine_is_found_by_its_absence_and_a_lost_cent_by_the_tie(
    first: Any, spark: SparkSession, project: Project, builder: GoldBuilder
) -> None:
    """A freed row keeps the number of the file that it came with, which gold has passed long ago."""
    row = FIRST["silver.sales_clean"][0].replace("'L1'", "'L0'")
    write_silver(
        spark, project.warehouse, {"silver.sales_clean": [*FIRST["silver.sales_clean"], row]}, sequence=1
    )
    spark.sql(
        "update gold.fct_sales set net_amount_local = net_amount_local + 0.01 where sales_line_id = 'L1-sale'"
    )
    with pytest.raises(OutcomeError, match="test facts_tie_to_valid_rows: 1 rows fail"):
        builder.build(spark, since_sequence=9, full_refresh=False)
    assert "L0-sale" in [line[0] for line in lines(spark)]


def test_lineage_and_column_tests_come_from_the_dbt_project(first: Any) -> None:
    assert first.lineage["gold.sales_summary"] == ("silver.fx_rates", "silver.products", "silver.sales_clean")
    assert {
        ("gold.fct_sales", "unique", ("sales_line_id",)),
        ("gold.fct_budget", "unique_together", ("month", "region", "category")),
    } <= {(t.table, t.kind, t.columns) for t in first.column_tests}
    assert set(first.seconds) == set(first.tables) == set(first.lineage)


FAULTS = (  # what is done to gold, and what the test of its name then tells
    ("facts_tie_to_silver", "delete from gold.dim_products where product_id = 'P2'", "dim_products"),
    ("facts_tie_to_silver", "update gold.fct_balances set balance = balance + 0.01", "fct_balances"),
    ("marts_tie_to_facts", "update gold.profit_analysis set cost = cost + 0.01", "cost"),
    ("marts_tie_to_facts", "delete from gold.sales_summary where status = 'pending'", "sales_summary"),
    ("marts_tie_to_facts", "update gold.variance_report set budget_revenue = 1", "budget"),
    ("marts_tie_to_facts", "delete from gold.revenue_when_sold where city = 'Hamburg'", "revenue_when_sold"),
    ("customer_versions_follow_each_other",
     "update gold.dim_customers_history set valid_to = date'2026-01-01' where customer_id = 'C2'", "C2"),
    ("customer_versions_follow_each_other",
     "update gold.dim_customers set city = 'Bonn' where customer_id = 'C1'", "C1"),
)  # fmt: skip


def test_every_singular_test_finds_what_does_not_tie(
    first: Any, spark: SparkSession, project: Project
) -> None:
    compiled = {
        file.stem: file.read_text() for file in (project.state / "dbt/target/compiled").rglob("tests/*.sql")
    }
    asked = {test: compiled[test] for test, _, _ in FAULTS}
    read_plainly(spark, project)
    assert [test for test, sql in asked.items() if rows(spark, sql)] == []
    register_tables(spark, project.warehouse)
    for _, fault, _ in FAULTS:
        spark.sql(fault)
    read_plainly(spark, project)
    told = {(test, row[0]) for test, sql in asked.items() for row in rows(spark, sql)}
    assert told == {(test, words) for test, _, words in FAULTS}
    assert asked.keys() | {"facts_tie_to_valid_rows"} == compiled.keys(), (
        "a test without a fault that it finds"
    )


def broken(project: Project, tmp_path: Path, file: str, old: str, new: str) -> GoldBuilder:
    """The same project with one change in its dbt folder, in the same warehouse."""
    config = {"name": "broken", "dbt": "dbt", "warehouse": str(project.warehouse)}
    other = write_project(tmp_path, config)
    shutil.copytree(project.dbt, other.dbt)
    path = other.dbt / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return GoldBuilder(other)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "models/facts/fct_sales.sql",
            "concat(order_line_id, ",
            "concat(nowhere, ",
            r"gold\.fct_sales: \[UNRESOLVED_COLUMN",
        ),
        ("models/facts/dim_products.sql", "'products'", "'prodcts'", "cannot be read: .*prodcts"),
        ("dbt_project.yml", "/gold", "/elsewhere", "must lie in the warehouse's gold folder"),
        ("dbt_project.yml", "+materialized: table", "+materialized: view", "must be a Delta table"),
        ("dbt_project.yml", "profile: datatrust", "", "a dbt project names its profile"),
    ],
)
def test_a_broken_dbt_project_is_told_in_one_message(
    first: Any,
    spark: SparkSession,
    project: Project,
    tmp_path: Path,
    file: str,
    old: str,
    new: str,
    said: str,
) -> None:
    builder = broken(project, tmp_path, file, old, new)
    with pytest.raises((OutcomeError, UserError), match=said) as caught:
        builder.build(spark, since_sequence=1, full_refresh=True)
    assert "Traceback" not in str(caught.value)
