"""`source add` on ten real files: each draft is valid by the standard, runs unedited in one run, and loses nothing.

The ten have headers and none, commas and pipes, day and month in American order, incomes such as "$90,000 ", binary
fractions, exponents, a picture in hex, and the persons of two of them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from datatrust.core.release import Release, load_release
from datatrust.core.settings import Project
from pipeline.profile.draft import Draft, draft_source, write_draft
from pipeline.run import run_pipeline
from pipeline.tables import query_tables
from tests.support.projects import write_project

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]

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


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, Draft]]:
    """A project whose every contract was drafted from a file, none edited."""
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not there")
    root = tmp_path_factory.mktemp("drafted")
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


@pytest.fixture(scope="module")
def release(drafted: tuple[Project, dict[str, Draft]]) -> Release:
    """The release of all ten files."""
    run_pipeline(drafted[0])
    return load_release(drafted[0].warehouse)


def test_each_draft_is_named_after_its_file(drafted: tuple[Project, dict[str, Draft]]) -> None:
    assert list(drafted[1]) == list(FILES.values())


@pytest.mark.parametrize("name", FILES.values())
def test_each_draft_is_valid_by_the_standard(drafted: tuple[Project, dict[str, Draft]], name: str) -> None:
    text = drafted[1][name].path.read_text(encoding="utf-8")
    contract = OpenDataContractStandard.from_string(text)
    assert contract.kind == "DataContract"
    written = set(yaml.safe_load(text)["schema"][0])
    assert not written - set(type(contract.schema_[0]).model_fields) - {"schema"}  # type: ignore[index]


@pytest.mark.parametrize("name", FILES.values())
def test_the_personal_columns_are_classed_and_no_others(
    drafted: tuple[Project, dict[str, Draft]], name: str
) -> None:
    assert drafted[1][name].classes == PERSONAL.get(name, {})


@pytest.mark.parametrize("name", KEYS)
def test_the_key_tells_the_rows_apart(drafted: tuple[Project, dict[str, Draft]], name: str) -> None:
    assert drafted[1][name].key.columns == KEYS[name]


def test_all_run_unedited_and_every_row_is_valid_but_for_copies(
    drafted: tuple[Project, dict[str, Draft]], release: Release
) -> None:
    for name, draft in drafted[1].items():
        control = release.control(name)
        assert control is not None
        assert control.read == draft.rows + sum(draft.unreadable.values())
        assert control.read == control.valid + control.quarantined + control.duplicate
        assert (control.quarantined, control.reasons) == (0, {}), name
        assert control.duplicate == (44 if name == "retailer" else 0)


def test_types_and_notations_are_read_as_they_were_told(
    drafted: tuple[Project, dict[str, Draft]], release: Release
) -> None:
    warehouse = drafted[0].warehouse
    [customers] = query_tables(
        "select sum(annual_income) as income, count(*) filter (where home_owner) as owners from t",
        {"t": warehouse / "silver/adventure_works_customers"},
    )
    [sales] = query_tables(
        "select min(order_date) as first, max(order_date) as last from t",
        {"t": warehouse / "silver/adventure_works_sales"},
    )
    raw = (
        (DATA / "adventureworks/AdventureWorks_Customers.csv")
        .read_text(encoding="utf-8-sig")
        .splitlines()[1:]
    )
    incomes = sum(int(line.split('"$')[1].split('"')[0].replace(",", "")) for line in raw)
    assert (customers["income"], customers["owners"]) == (incomes, sum(line.endswith(",Y") for line in raw))
    assert (str(sales["first"]), str(sales["last"])) == ("2017-01-01", "2017-12-31")


def test_no_personal_value_stands_in_a_contract_or_leaves_the_restricted_zone(
    drafted: tuple[Project, dict[str, Draft]], release: Release
) -> None:
    rows = [
        line.split("|") for line in (DATA / "adventureworks/ProspectiveBuyer.csv").read_text().splitlines()
    ]
    planted = {row[place].encode() for row in rows[:300] for place in (8, 16) if len(row[place]) > 8}
    project = drafted[0]
    outside = [
        file
        for file in project.root.rglob("*")
        if file.is_file()
        and project.raw not in file.parents
        and (project.warehouse / "restricted") not in file.parents
    ]
    assert any(project.configs in file.parents for file in outside)
    for file in outside:
        content = file.read_bytes()
        assert not [value for value in planted if value in content], file
