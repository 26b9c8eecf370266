"""Ten real files, drafted by `source add` into one project, and what a privacy officer and a clerk say of them.

The ten have headers and none, commas and pipes, day and month in American order, incomes such as "$90,000 ", binary
fractions, exponents, a picture in hex, and the persons of two of them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from datatrust.core.settings import Project
from pipeline.profile.draft import Draft, draft_source, write_draft
from tests.support.projects import write_project

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FILES = {
    "adventureworks/AdventureWorks_Customers.csv": "adventure_works_customers",
    "adventureworks/AdventureWorks_Products.csv": "adventure_works_products",
    "adventureworks/AdventureWorks_Products_unclean.csv": "adventure_works_products_unclean",
    "adventureworks/AdventureWorks_Sales_2017.csv": "adventure_works_sales",
    "adventureworks/DimAccount.csv": "dim_account",
    "adventureworks/DimReseller.csv": "dim_reseller",
    "adventureworks/DimSalesTerritory.csv": "dim_sales_territory",
    "adventureworks/FactCurrencyRate.csv": "fact_currency_rate",
    "adventureworks/ProspectiveBuyer.csv": "prospective_buyer",
    "online_retail/2010-12-01.csv": "retailer",
}
PERSONAL = {
    "adventure_works_customers": {
        "first_name": "person_name",
        "last_name": "person_name",
        "birth_date": "birth_date",
        "email_address": "email",
    },
    "dim_reseller": {"column_4": "phone", "column_13": "street", "column_14": "street"},
    "prospective_buyer": {
        "column_3": "person_name",
        "column_4": "person_name",
        "column_5": "person_name",
        "column_6": "birth_date",
        "column_9": "email",
        "column_17": "street",
        "column_18": "street",
        "column_22": "phone",
    },
}
KEYS = {
    "adventure_works_customers": ("customer_key",),
    "adventure_works_products": ("product_key",),
    "adventure_works_products_unclean": ("product_key",),
    "adventure_works_sales": ("order_number", "order_line_item"),
    "fact_currency_rate": ("column_1", "column_2"),
    "retailer": (),
}
DBT = {
    "dbt/dbt_project.yml": """
name: drafted
version: "1.0.0"
profile: datatrust
config-version: 2
model-paths: [models]
vars: {warehouse: warehouse, since_sequence: 0}
models:
  drafted:
    +file_format: delta
    +location_root: "{{ var('warehouse') }}/gold"
    +materialized: table
""",
    "dbt/models/sources.yml": "sources: [{name: silver, schema: silver, tables: [{name: adventure_works_sales}]}]\n",
    "dbt/models/orders.sql": "select order_date, sum(order_quantity) as quantity"
    " from {{ source('silver', 'adventure_works_sales') }} group by 1\n",
}


def draft_all(root: Path) -> tuple[Project, dict[str, Draft]]:
    """Return a project whose every contract was drafted from a file, none edited, by the sources' names."""
    project = write_project(
        root,
        {"name": "retailer", "today": "2026-06-30", "sources": {"include": "contracts/*.yml"}, "dbt": "dbt"},
    )
    for name, text in DBT.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.lstrip(), encoding="utf-8")
    drafts = {}
    for name in FILES:
        file = project.raw / Path(name).name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(DATA / name, file)
        draft = draft_source(project, file, name=None, overwrite=False)
        write_draft(draft)
        drafts[draft.name] = draft
    return project, drafts
