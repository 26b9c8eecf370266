"""The sample company's gold tables with made-up rows in one DuckDB file: its real catalog, no Spark, a second to build."""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb

from datatrust.core.settings import Project, load_project
from tests.support.gold_double_finance import finance_tables

ROOT = Path(__file__).parents[2]
FIRST, LAST = dt.date(2023, 7, 1), dt.date(2026, 6, 30)
CITIES = {
    "EMEA": [("Germany", "Hamburg"), ("Germany", "Munich"), ("France", "Lyon"), ("Spain", "Bilbao"), ("United Kingdom", "Leeds")],
    "Americas": [("United States", "Boston"), ("Canada", "Toronto"), ("Brazil", "Recife")],
    "APAC": [("Japan", "Osaka"), ("Australia", "Perth")],
}  # fmt: skip
FAMILIES = {
    "Office": ["Paper", "Pens"], "Technology": ["Laptops", "Monitors"], "Furniture": ["Desks"], "Packaging": ["Boxes"],
    "Safety": ["Helmets"],
}  # fmt: skip
NAMES = [
    "Nordwind",
    "Acme Holdings",
    "Blue Ridge",
    "Kestrel & Sons",
    "Orion Supply",
    "Silva Comercio",
    "Hanami",
    "Redgum",
]
SCHEMA = """
create schema gold;
create table gold.dim_customers (customer_id varchar, company_name varchar, city varchar, country varchar, region varchar,
  segment varchar, customer_since date);
create table gold.dim_products (product_id varchar, product_name varchar, category varchar, family varchar,
  unit_cost decimal(18,2), list_price decimal(18,2));
create table gold.fct_sales (sales_line_id varchar, order_line_id varchar, order_id varchar, line_type varchar, order_date date,
  original_order_date date, customer_id varchar, product_id varchar, status varchar, quantity bigint, currency varchar,
  fx_rate decimal(18,6), net_amount_local decimal(18,2), gross_amount decimal(18,2), discount_amount decimal(18,2),
  net_amount decimal(18,2), cost_amount decimal(18,2), gross_profit decimal(18,2));
create table gold.fct_budget (month date, region varchar, category varchar, budget_revenue decimal(18,2),
  budget_cost decimal(18,2), budget_gross_profit decimal(18,2));
create table gold.fct_expenses (expense_id varchar, expense_date date, department varchar, expense_type varchar,
  amount decimal(18,2));
create table gold.fct_balances (month_end date, account_id varchar, account_name varchar, account_type varchar,
  balance decimal(18,2));
create table gold.fct_ledger (posting_id varchar, journal_id varchar, posting_date date, entity varchar, account_id varchar,
  account_name varchar, account_group varchar, account_class varchar, department varchar, debit decimal(18,2),
  credit decimal(18,2), amount decimal(18,2));
create table gold.fct_expense_budget (month date, account_id varchar, expense_type varchar, department varchar,
  budget_amount decimal(18,2));
create table gold.fct_open_items (open_item_id varchar, document_id varchar, document_type varchar, customer_id varchar,
  invoice_date date, due_date date, paid_on date, age varchar, open_from date, open_to date, amount decimal(18,2));
create table gold.dim_employees (employee_id varchar, department varchar, entity varchar, hired_on date, left_on date);
create table gold.sales_anomalies (sales_line_id varchar, order_date date, customer_id varchar, product_id varchar,
  net_amount decimal(18,2), "cluster" integer, distance decimal(18,4), score decimal(18,4));
create table gold.fx_rates (month date, currency varchar, average_rate decimal(18,6), closing_rate decimal(18,6));
"""  # fmt: skip


def make_gold_double(root: Path, *, seed: int = 7) -> Project:
    """Write the project into `root` and return it; `seed` gives other rows for the same questions."""
    (root / "configs").mkdir(parents=True)
    shutil.copytree(ROOT / "semantic" / "catalog", root / "catalog")
    with duckdb.connect(str(root / "company.duckdb")) as connection:
        connection.execute(SCHEMA)
        for table, rows in _tables(random.Random(seed)).items():
            written = root / f"{table}.csv"
            with written.open("w", newline="", encoding="utf-8") as out:
                csv.writer(out).writerows(rows)
            connection.execute(f"copy gold.{table} from '{written}' (header false)")
    config = {"name": "lindenau", "today": "2026-06-30", "catalog": "catalog",
              "serving": {"connection": "duckdb:///company.duckdb"}}  # fmt: skip
    (root / "configs" / "pipeline_config.json").write_text(json.dumps(config), encoding="utf-8")
    return load_project(root)


def _tables(rng: random.Random) -> dict[str, list[tuple[object, ...]]]:
    customers = []
    for number in range(24):
        region = rng.choice(["EMEA", "EMEA", "Americas", "APAC"])
        country, city = rng.choice(CITIES[region])
        name = f"{NAMES[number % len(NAMES)]} {'GmbH' if number < 8 else 'Ltd' if number < 16 else 'Inc'}"
        since = dt.date(2020, 1, 1) + dt.timedelta(days=rng.randrange(2300))
        segment = rng.choice(["Enterprise", "Mid-market", "Small business"])
        customers.append((f"C{number:04}", name, city, country, region, segment, since))
    products = []
    for category, families in FAMILIES.items():
        for family in families:
            for size in ("Basic", "Plus"):
                price = Decimal(rng.randrange(500, 90000)) / 100
                number = f"P{len(products):03}"
                products.append(
                    (
                        number,
                        f"{family} {size}",
                        category,
                        family,
                        (price * Decimal("0.6")).quantize(Decimal("0.01")),
                        price,
                    )
                )
    sales = _sales(rng, customers, products)
    return {
        "dim_customers": list(customers),
        "dim_products": list(products),
        "fct_sales": sales,
        "sales_anomalies": _anomalies(sales),
        "fct_budget": _budget(rng),
        "fct_expenses": _expenses(rng),
        "fct_balances": _balances(rng),
        "fx_rates": [
            (month, currency, Decimal(rate), Decimal(rate))
            for month in _months()
            for currency, rate in (("EUR", "1"), ("USD", "0.9"), ("GBP", "1.15"))
        ],
        **finance_tables(rng, [str(customer[0]) for customer in customers]),
    }  # fmt: skip


def _anomalies(sales: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Every fiftieth sale line: here nothing is computed, questions only need rows to count."""
    return [
        (line[0], line[4], line[6], line[7], line[15], 0, Decimal("1.0000"), Decimal("4.0000"))
        for line in [line for line in sales if line[3] == "sale"][::50]
    ]


def _sales(
    rng: random.Random, customers: list[tuple[object, ...]], products: list[tuple[object, ...]]
) -> list[tuple[object, ...]]:
    lines: list[tuple[object, ...]] = []
    cent = Decimal("0.01")
    for order in range(1100):
        day = FIRST + dt.timedelta(days=rng.randrange((LAST - FIRST).days + 1))
        customer = rng.choice(customers)[0]
        currency, rate = rng.choice([("EUR", Decimal(1)), ("USD", Decimal("0.9")), ("GBP", Decimal("1.15"))])
        for part in range(rng.choice([1, 1, 2, 3])):
            product = rng.choice(products)
            quantity = rng.randrange(1, 40)
            status = rng.choices(["completed", "pending", "failed", "refunded"], [80, 6, 5, 9])[0]
            gross = (Decimal(str(product[5])) * quantity).quantize(cent)
            discount = (gross * rng.choice([0, 0, 5, 10]) / 100).quantize(cent)
            cost = (Decimal(str(product[4])) * quantity).quantize(cent)
            net = gross - discount
            line = f"L{order:05}-{part}"
            happened = [("sale", day, 1)]
            if status == "refunded":
                happened.append(("refund", min(LAST, day + dt.timedelta(days=rng.randrange(3, 40))), -1))
            for kind, on, sign in happened:
                lines.append((
                    f"{line}-{kind[0]}", line, f"O{order:05}", kind, on, day, customer, product[0], status,
                    quantity * sign, currency, rate, (net / rate).quantize(cent) * sign, gross * sign,
                    discount * sign, net * sign, cost * sign, (net - cost) * sign,
                ))  # fmt: skip
    return lines


def _months() -> list[dt.date]:
    return [
        dt.date(FIRST.year + (FIRST.month - 1 + n) // 12, (FIRST.month - 1 + n) % 12 + 1, 1)
        for n in range(36)
    ]


def _budget(rng: random.Random) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for month in _months():
        for region in CITIES:
            for category in FAMILIES:
                revenue = Decimal(rng.randrange(100_000, 900_000)) / 100
                cost = (revenue * Decimal("0.6")).quantize(Decimal("0.01"))
                rows.append((month, region, category, revenue, cost, revenue - cost))
    return rows


def _expenses(rng: random.Random) -> list[tuple[object, ...]]:
    kinds = {
        "Sales": ["Salaries", "Travel"],
        "Marketing": ["Advertising"],
        "IT": ["Software", "Salaries"],
        "HR": ["Training"],
    }
    worn: list[tuple[object, ...]] = [
        (f"E{index:04}W", month.replace(day=28), "IT", "Depreciation", Decimal(900 + 7 * index))
        for index, month in enumerate(_months())
    ]
    return worn + [
        (f"E{index:04}{n}", month + dt.timedelta(days=rng.randrange(28)), department, kind, Decimal(rng.randrange(5_000, 400_000)) / 100)
        for index, month in enumerate(_months())
        for n, (department, kind) in enumerate((d, k) for d, ks in kinds.items() for k in ks)
    ]  # fmt: skip


def _balances(rng: random.Random) -> list[tuple[object, ...]]:
    accounts = [("1000", "Cash", "asset"), ("1200", "Receivables", "asset"), ("1400", "Inventory", "asset"),
                ("2000", "Payables", "liability"), ("2400", "Loans", "liability"), ("3000", "Equity", "equity")]  # fmt: skip
    ends = [
        (m.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1) for m in _months()
    ]
    return [
        (end, number, name, kind, Decimal(rng.randrange(10_000_000, 90_000_000)) / 100)
        for end in ends
        for number, name, kind in accounts
    ]
