"""A trading company with an access policy: what each role may see is small enough to be said again in SQL."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb

from datatrust.core.settings import Project
from tests.support.books import write_file_project

REGIONS = {"EMEA": ("DE", "FR"), "APAC": ("JP", "SG"), "AMER": ("US",)}
CATALOG = """
calendars: {gregorian: {default: true}}
models:
  - model: sales
    table: sales
    key: [id]
    time: day
    joins:
      - {to: customers, key: customer}
      - {to: products, key: product}
    segments:
      large: {expr: amount >= 500, synonyms: [big sales]}
      done: {expr: "status = 'done'", synonyms: [completed]}
    dimensions:
      - {name: day, type: time}
      - {name: status, synonyms: [outcome]}
      - {name: amount, type: number, hidden: true}
  - model: customers
    table: customers
    key: [customer]
    joins: [{to: countries, key: country}]
    dimensions:
      - {name: customer, type: identifier}
      - {name: name, label: Customer name, synonyms: [client]}
      - {name: tier, values: {gold: [premium], silver: [], bronze: []}}
  - model: countries
    table: countries
    key: [country]
    dimensions:
      - {name: country, label: Country, values: {DE: [Germany], FR: [France], JP: [Japan], SG: [Singapore], US: [America]}}
      - {name: region, label: Region, values: {EMEA: [Europe], APAC: [Asia], AMER: [Americas]}}
  - {model: products, table: products, key: [product], dimensions: [product, {name: category, label: Category}]}
  - {model: targets, table: targets, time: month, dimensions: [{name: month, type: time, grain: month}, {name: region}]}
  - {model: stock, table: stock, time: day, joins: [{to: products, key: product}],
     dimensions: [{name: day, type: time}]}
  - {model: balances, table: balances, time: day, joins: [{to: customers, key: customer}], dimensions: [{name: day, type: time}]}
  - {model: contracts, table: contracts, key: [id], time: since, joins: [{to: customers, key: customer}],
     dimensions: [{name: since, type: time}, {name: until, type: time}]}
metrics:
  - {name: running_contracts, label: Running contracts, model: contracts,
     balance: {agg: count, valid: [since, until], take: last}, tags: [sales]}
  - {name: owed_lately, label: Owed lately, model: balances, balance: {agg: sum, expr: owed, per: [customer], carry_forward: 40 days},
     unit: EUR, tags: [sales]}
  - {name: large_buyers_orders, label: Orders of large buyers, model: sales, agg: count, tags: [sales],
     members: {of: customers, where: revenue >= 1500}}
  - {name: half_year, label: Half a year, cumulative: {of: revenue, rolling: 6 months, take: average}, unit: EUR, tags: [sales]}
  - {name: revenue, label: Revenue, model: sales, agg: sum, expr: amount, where: done, unit: EUR, better: higher,
     plan: {budget: target}, tags: [sales], description: Sum of completed sales.,
     examples: [{ask: Revenue in APAC by country}]}
  - {name: cost, label: Cost of sales, model: sales, agg: sum, expr: cost, where: done, unit: EUR, tags: [profit]}
  - {name: profit, label: Profit, derived: revenue - cost, unit: EUR, tags: [profit], description: Revenue less cost of sales.}
  - {name: margin, label: Margin, ratio: {numerator: profit, denominator: revenue}, on_zero: undefined, unit: percent, tags: [profit]}
  - {name: orders, label: Orders, model: sales, agg: count, tags: [sales], description: All orders whatever became of them.}
  - {name: done_orders, label: Completed orders, model: sales, agg: count, where: done, tags: [sales]}
  - {name: paying, label: Paying buyers, model: sales, agg: count_distinct, expr: "coalesce(customer, '')", where: done}
  - {name: all_buyers, label: All buyers, model: sales, agg: count_distinct, expr: "coalesce(customer, '')"}
  - {name: owing, label: Owing, model: balances, balance: {agg: count, expr: owed, take: last}}
  - {name: buyers, label: Buyers, model: sales, agg: count_distinct, expr: customer, tags: [sales]}
  - {name: average_sale, label: Average sale, model: sales, agg: average, expr: amount, tags: [sales]}
  - {name: emea_revenue, label: Revenue of Europe, derived: part, inputs: {part: {metric: revenue, where: "region = 'EMEA'"}}, unit: EUR, tags: [sales]}
  - {name: growth, label: Growth, derived: revenue - before, inputs: {before: {metric: revenue, offset: 1 month}}, unit: EUR, tags: [sales]}
  - {name: revenue_to_date, label: Revenue to date, cumulative: {of: revenue, to_date: year}, unit: EUR, tags: [sales]}
  - {name: new_buyers, label: New buyers, lifecycle: {of: orders, entity: customer, state: new}, tags: [sales]}
  - {name: owed, label: Amount owed, model: balances, balance: {agg: sum, expr: owed, take: last}, unit: EUR, tags: [sales]}
  - {name: stock_value, label: Stock, model: stock, balance: {agg: sum, expr: worth, take: last}, unit: EUR, tags: [sales]}
  - {name: target, label: Target, model: targets, agg: sum, expr: target, unit: EUR, tags: [sales]}
"""
TWO_ROLES = CATALOG.replace(
    "      - {to: products, key: product}\n    segments",
    "      - {to: products, key: product}\n      - {to: customers, key: ship_to, as: ship_to}\n"
    "    via: {customers: customers, countries: customers.countries}\n    segments",
)  # sales know two customers: the one who buys is the one that rows are filtered by
POLICY = """
cli_default: whole
roles:
  whole: {metrics: all, dimensions: all}
  region:
    metrics: ["tag:sales"]
    dimensions: all
    hide: [customers.tier]
    masks: {customers.name: a customer}
    rows: ["countries.region = '${region}'"]
    attributes: {region: EMEA}
  profit: {metrics: all, dimensions: [countries.*, products.*, sales.*]}
  few: {metrics: all, dimensions: all, min_group: 5}
  few_buyers: {metrics: ["tag:sales"], dimensions: all, min_group: {least: 3, of: customers.customer}}
  counter: {metrics: [orders], dimensions: [products.category]}
users:
  akira: {roles: [region], attributes: {region: APAC}}
  both: {roles: [region, profit], attributes: {region: APAC}}
  vague: {roles: [region], attributes: {region: [APAC, EMEA]}}
"""


def tables(seed: int = 5, *, sales: int = 400) -> str:
    """Statements that fill the company's tables."""
    dice = random.Random(seed)
    countries = [(code, region) for region, codes in REGIONS.items() for code in codes]
    made = ["CREATE TABLE countries (country VARCHAR, region VARCHAR)", "CREATE TABLE products (product VARCHAR, category VARCHAR)",
            "CREATE TABLE customers (customer VARCHAR, name VARCHAR, country VARCHAR, tier VARCHAR)",
            "CREATE TABLE sales (id INT, day DATE, customer VARCHAR, ship_to VARCHAR, product VARCHAR, status VARCHAR, amount DECIMAL(12,2), cost DECIMAL(12,2))",
            "CREATE TABLE targets (month DATE, region VARCHAR, target DECIMAL(12,2))",
            "CREATE TABLE stock (day DATE, product VARCHAR, worth DECIMAL(12,2))",
            "CREATE TABLE contracts (id INT, customer VARCHAR, since DATE, until DATE)",
            "CREATE TABLE balances (day DATE, customer VARCHAR, owed DECIMAL(12,2))"]  # fmt: skip
    rows: dict[str, list[tuple[object, ...]]] = {}
    rows["countries"] = list(countries)
    rows["products"] = [(f"P{i}", ("Chairs", "Desks", "Lamps", "Paper")[i % 4]) for i in range(12)]
    rows["customers"] = [
        (f"C{i}", f"Firm {i}", dice.choice([*countries, (None, None)])[0] if i else None, dice.choice(["gold", "silver", "bronze"]))
        for i in range(30)
    ]  # fmt: skip
    rows["sales"] = []
    for number in range(sales):
        month, day = dice.randint(0, 17), dice.randint(1, 28)
        amount = dice.randint(1000, 99999) / 100
        customer = None if dice.random() < 0.02 else f"C{min(29, int(dice.expovariate(0.12)))}"
        rows["sales"].append(
            (
                number, f"{2025 + month // 12}-{month % 12 + 1:02}-{day:02}", customer, f"C{dice.randint(0, 29)}",
                f"P{dice.randint(0, 11)}", "done" if dice.random() < 0.8 else "void", amount, round(amount * 0.6, 2),
            )
        )  # fmt: skip
    for month in range(18):
        first = f"{2025 + month // 12}-{month % 12 + 1:02}-01"
        rows.setdefault("targets", []).extend((first, region, 1000 + month) for region in REGIONS)
        rows.setdefault("stock", []).extend((first, f"P{i}", 10 + i + month) for i in range(12))
        rows.setdefault("balances", []).extend((first, f"C{i}", 100 + i * month) for i in range(0, 30, 2))
    rows["contracts"] = [
        (i, f"C{i % 30}", f"2025-{i % 12 + 1:02}-01", f"2026-{i % 6 + 1:02}-01" if i % 3 else None)
        for i in range(60)
    ]
    for name, listed in rows.items():
        values = ", ".join(f"({', '.join('NULL' if v is None else repr(v) for v in row)})" for row in listed)
        made.append(f"INSERT INTO {name} VALUES {values}")
    return ";\n".join(made) + ";"


def write_guarded(
    root: Path, *, policy: str = POLICY, catalog: str = CATALOG, seed: int = 5, sales: int = 400
) -> Project:
    """The company as a project with an access policy."""
    project = write_file_project(root, tables(seed, sales=sales), {"all": catalog})
    write_policy(project, policy)
    return project


def write_policy(project: Project, text: str) -> None:
    """Put an access policy into a project."""
    project.access_policy.parent.mkdir(parents=True, exist_ok=True)
    project.access_policy.write_text(text)


def connect(project: Project) -> duckdb.DuckDBPyConnection:
    """The same tables for SQL."""
    return duckdb.connect(str(project.root / "books.duckdb"), read_only=True)
