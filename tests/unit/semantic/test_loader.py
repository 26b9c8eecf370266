"""Loading a catalog: every form of DESIGN's YAML, positions of faults, definitions and units."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import duckdb
import pytest

from datatrust.core.errors import UserError
from semantic.loader import load_catalog
from semantic.model import Catalog
from semantic.validation import check_columns, lint_catalog
from tests.unit.semantic._catalogs import FORMS, SAMPLE, catalog_of, issues_of

GOLD = {
    "gold.dim_customers": "customer_id company_name city country region segment customer_since:date",
    "gold.dim_products": "product_id product_name category family unit_cost:double list_price:double",
    "gold.fct_sales": "sales_line_id order_line_id order_id line_type order_date:date original_order_date:date "
    "customer_id product_id status quantity:bigint currency fx_rate:double net_amount_local:double "
    "gross_amount:double discount_amount:double net_amount:double cost_amount:double gross_profit:double",
    "gold.fct_budget": "month:date region category budget_revenue:double budget_cost:double budget_gross_profit:double",
    "gold.fct_expenses": "expense_id expense_date:date department expense_type amount:double",
    "gold.fct_balances": "month_end:date account_id account_name account_type balance:double",
    "gold.fct_ledger": "posting_id journal_id posting_date:date entity account_id account_name account_group "
    "account_class department debit:double credit:double amount:double",
    "gold.fct_expense_budget": "month:date account_id expense_type department budget_amount:double",
    "gold.fct_open_items": "open_item_id document_id document_type customer_id invoice_date:date due_date:date "
    "paid_on:date age open_from:date open_to:date amount:double",
    "gold.dim_employees": "employee_id department entity hired_on:date left_on:date",
    "gold.sales_anomalies": "sales_line_id order_date:date customer_id product_id net_amount:double cluster:int "
    "distance:double score:double",
    "gold.fx_rates": "month:date currency average_rate:double closing_rate:double",
}


@pytest.fixture(scope="module")
def forms() -> Catalog:
    return load_catalog(FORMS)


@pytest.fixture(scope="module")
def sample() -> Catalog:
    return load_catalog(SAMPLE)


def test_catalog_wide_settings(forms: Catalog) -> None:
    assert forms.default_calendar.starts == (7, 1)
    assert set(forms.calendars) == {"fiscal", "gregorian"}
    assert forms.closed_through == dt.date(2026, 6, 30)
    assert (forms.timezone, forms.currency) == ("Europe/Berlin", "EUR")
    assert forms.rates is not None
    assert forms.rates.average == "average_rate"


def test_models_dimensions_and_joins(forms: Catalog) -> None:
    sales = forms.models["sales"]
    assert sales.key == ("sales_line_id",)
    assert sales.joins["ship_to"].to_key == ("customer_id",)
    assert sales.joins["products"].key == ("article",)
    assert sales.joins["products"].to_key == ("product_id",)
    assert sales.dimensions["order_size"].bins == (0, 100, 1000, 10000)
    customers = forms.models["customers"]
    assert customers.dimensions["region"].values == {
        "EMEA": ("Europe", "Middle East and Africa"), "APAC": ("Asia",), "Americas": (),
    }  # fmt: skip
    assert customers.dimensions["city_code"].label == "City code"
    assert forms.models["products"].dimensions["name"].type == "category"
    assert forms.models["products"].dimensions["code"].type == "identifier"
    assert forms.models["employees"].dimensions["hired_on"].type == "time"


def test_metrics_of_every_kind(forms: Catalog) -> None:
    metrics = forms.metrics
    assert metrics["revenue"].currency_from == "currency"
    assert metrics["revenue"].plan == {"budget": "budget_revenue"}
    assert metrics["revenue"].certified_since == dt.date(2026, 10, 1)
    assert metrics["revenue"].owner == "controlling"
    assert metrics["gross_profit"].where == "(net_sales) and (quantity > 0)"
    assert metrics["gross_margin"].inputs == ("gross_profit", "revenue")
    assert metrics["revenue_90d"].rolling == (90, "day")
    assert metrics["revenue_ytd"].to_date == "fiscal_year"
    assert metrics["dso"].inputs == ("receivables", "revenue_90d")
    balance = metrics["cash_balance"].balance
    assert balance is not None
    assert (balance.take, balance.carry_forward_days) == ("last", 31)
    lifecycle = metrics["lost_customers"].lifecycle
    assert lifecycle is not None
    assert (lifecycle.state, lifecycle.inactive) == ("lost", (12, "month"))
    assert (metrics["p90_line"].agg, metrics["p90_line"].percentile) == ("percentile", 0.9)


def test_units_are_inferred(forms: Catalog) -> None:
    units = {name: metric.unit for name, metric in forms.metrics.items()}
    assert units["gross_margin"] == "percent"
    assert units["orders"] == units["headcount"] == units["lost_customers"] == "count"
    assert units["revenue_90d"] == "currency"
    assert units["cash_balance"] is None
    assert forms.metrics["revenue_ytd"].currency == "EUR"


def test_a_balance_keeps_conditions_beside_and_inside(forms: Catalog) -> None:
    """Trap: a condition beside `balance:` was once dropped, and every balance was the sum of all accounts."""
    catalog = catalog_of("""
        models: [{model: b, table: t, key: k, time: day, dimensions: [account]}]
        metrics:
          - {name: x, model: b, balance: {agg: sum, expr: v}, where: account = 'Cash'}
          - {name: y, model: b, balance: {agg: sum, expr: v, where: v > 0}, where: account = 'Cash'}
          - {name: z, model: b, balance: last, agg: sum, expr: v, where: account = 'Cash'}
    """)
    assert catalog.metrics["x"].where == catalog.metrics["z"].where == "account = 'Cash'"
    assert catalog.metrics["y"].where == "(account = 'Cash') and (v > 0)"


def test_definitions_in_words(forms: Catalog) -> None:
    words = {name: metric.definition_words for name, metric in forms.metrics.items()}
    assert words["revenue"] == "Sum of net_amount over sales where net_sales (status in completed, refunded)"
    assert words["gross_margin"] == "gross_profit divided by revenue"
    assert words["revenue_90d"] == "revenue over the last 90 days"
    assert words["orders"] == "Number of different order_id over sales"
    assert words["p90_line"] == "90th percentile of net_amount over sales"


BASE = """
    models:
      - model: sales
        table: gold.s
        key: id
        time: day
        dimensions: [{name: kind, expr: upper(raw_kind)}]
        segments: {good: "kind = 'A'"}
    metrics:
      - {name: revenue, model: sales, agg: sum, expr: amount, where: good}
      - {name: double, derived: revenue * 2}
"""


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("table: gold.s", "table: gold.s2", True),
        ("kind = 'A'", "kind = 'B'", True),
        ("upper(raw_kind)", "lower(raw_kind)", True),
        ("expr: amount", "expr: amount - tax", True),
        ("time: day", "time: booked_on", True),
        ("expr: amount", "expr:   AMOUNT", True),
        (
            "agg: sum, expr: amount",
            "label: Sales, description: x, owner: me, synonyms: [y], agg: sum, expr: amount",
            False,
        ),
        ("where: good", "where: [good]", False),
        ("kind = 'A'", "kind  =  'A'", False),
    ],
)
def test_the_definition_hash_follows_what_fixes_the_value(old: str, new: str, changes: bool) -> None:
    before, after = catalog_of(BASE), catalog_of(BASE.replace(old, new))
    for name in ("revenue", "double"):
        same = before.metrics[name].definition_hash == after.metrics[name].definition_hash
        assert same is not changes


def test_texts_of_a_release_load_like_the_folder(forms: Catalog) -> None:
    again = load_catalog(Path("gone"), texts=forms.texts)
    assert again.hash == forms.hash
    assert again.metrics["dso"].definition_hash == forms.metrics["dso"].definition_hash


def test_a_missing_or_empty_catalog_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no catalog folder"):
        load_catalog(tmp_path / "none")
    with pytest.raises(UserError, match=r"has no \.yml file"):
        load_catalog(tmp_path)
    (tmp_path / "a.yml").write_text("# nothing\n")
    with pytest.raises(UserError, match="has no model and no metric"):
        load_catalog(tmp_path)


def test_a_broken_file_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("metrics: [\n")
    (tmp_path / "b.yml").write_bytes(b"metrics: \xff")
    (tmp_path / "c.yml").write_text("metrics: [{name: x, aggg: sum, derived: 1 + y}]")
    (tmp_path / "d.yml").write_text("- a list")
    with pytest.raises(UserError) as caught:
        load_catalog(tmp_path, shown_root=tmp_path.parent)
    said = [f"{issue.at} {issue.code}" for issue in caught.value.issues]
    base = tmp_path.name
    assert said == [
        f"{base}/a.yml:2:1 DT104", f"{base}/b.yml:1:1 DT102", f"{base}/c.yml:1:21 DT210",
        f"{base}/c.yml:1:45 DT211", f"{base}/d.yml:1:1 DT203",
    ]  # fmt: skip
    assert "aggg" in str(caught.value)
    assert "^" in str(caught.value)  # the line is shown although the file is named from its project


def test_keys_are_strict_and_shapes_are_not() -> None:
    assert issues_of("""
        models: [{model: m, table: t, key: k, tiem: day}]
        metrics: [{name: x, model: m, agg: summ, expr: a, decimals: 1.5, better: more}]
    """) == [
        'file1.yml:2:39 DT210 model "m": unknown key "tiem" (time?)',
        'file1.yml:3:36 DT204 metric "x": agg "summ" is none of: sum, count, count_distinct, average, min, max, '
        "median, percentile, percentile_disc (sum?)",
        'file1.yml:3:61 DT203 metric "x": "decimals" is a whole number from 0 to 18, not 1.5',
        'file1.yml:3:74 DT204 metric "x": better "more" is none of: higher, lower',
    ]


def test_a_filter_on_a_ratio_is_refused_not_dropped() -> None:
    said = issues_of("""
        models: [{model: m, table: t, key: k}]
        metrics:
          - {name: a, model: m, agg: count}
          - {name: b, model: m, agg: sum, expr: v}
          - {name: r, ratio: {numerator: b, denominator: a}, where: v > 1}
    """)
    assert said == [
        'file1.yml:6:61 DT203 metric "r": "where" is for metrics over rows; one of kind "ratio" is made of metrics'
    ]


def test_the_sample_company(sample: Catalog) -> None:
    assert len(sample.metrics) >= 50
    assert lint_catalog(sample) == []
    tables = {table: [each.split(":")[0] for each in columns.split()] for table, columns in GOLD.items()}
    assert check_columns(sample, tables) == []
    assert sum(len(metric.examples) for metric in sample.metrics.values()) >= 12


def test_the_sample_examples_are_sql_over_gold(sample: Catalog) -> None:
    with duckdb.connect() as database:
        database.execute("create schema gold")
        for table, columns in GOLD.items():
            typed = ", ".join(f"{c.split(':')[0]} {[*c.split(':'), 'varchar'][1]}" for c in columns.split())
            database.execute(f"create table {table} ({typed})")
        for metric in sample.metrics.values():
            for example in metric.examples:
                assert example.check_sql is not None
                database.execute(example.check_sql)


def test_two_thousand_metrics_load_in_seconds() -> None:
    metrics = "\n".join(
        f"  - {{name: m{n}, model: s, agg: sum, expr: c{n} * 2, where: good, synonyms: [w{n}, v{n}]}}"
        for n in range(2000)
    )
    text = f"model: s\ntable: t\nkey: k\ntime: day\nsegments: {{good: k > 1}}\nmetrics:\n{metrics}\n"
    begun = time.process_time()
    assert len(catalog_of(text).metrics) == 2000
    assert time.process_time() - begun < 8
