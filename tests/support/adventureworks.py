"""Adventure Works by hand: the tables that gold should hold, made from the raw files by SQL that shares nothing with dbt.

Accounts are placed by walking the chart of accounts from the top down (dbt walks it from the bottom up), the ownership
of an organization is multiplied on the way, and fiscal years begin where prior year retained earnings are carried forward.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb

from datatrust.core.settings import Project, load_project

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "adventureworks"
QUESTIONS = EXAMPLE / "eval" / "questions.jsonl"
RAW = load_project(EXAMPLE).raw

_PIPED = {
    "finance": (
        "FactFinance.csv",
        ("finance_key", "date_key", "organization_key", "department_key", "scenario_key", "account_key", "amount", "day"),
    ),
    "accounts": (
        "DimAccount.csv",
        ("account_key", "parent_key", "code", "parent_code", "name", "type", "operator", "custom", "value_type", "options"),
    ),
    "organizations": (
        "DimOrganization.csv",
        ("organization_key", "parent_key", "share", "name", "currency_key"),
    ),
    "departments": ("DimDepartmentGroup.csv", ("department_key", "parent_key", "name")),
    "currencies": ("DimCurrency.csv", ("currency_key", "code", "name")),
    "rates": ("FactCurrencyRate.csv", ("currency_key", "date_key", "average", "closing", "day")),
    "territories": ("DimSalesTerritory.csv", ("territory_key", "source", "territory", "country", "continent", "picture")),
}  # fmt: skip
_COMMA = {
    "customers": "AdventureWorks_Customers.csv",
    "products": "AdventureWorks_Products.csv",
    "sales": "AdventureWorks_Sales_*.csv",
}

GOLD = """
create schema gold;

create table tree as
with recursive down as (
    select account_key, name as statement, cast(null as varchar) as main_line, cast(null as varchar) as section,
           cast(null as varchar) as account_group, 0 as depth, 1 as weight
    from raw.accounts where parent_key is null
    union all
    select a.account_key, d.statement,
           case when d.depth = 0 then a.name else d.main_line end,
           case when d.depth = 1 then a.name else d.section end,
           case when d.depth = 2 then a.name else d.account_group end,
           d.depth + 1,
           d.weight * case a.operator when '+' then 1 when '-' then -1 when '~' then 0 end
    from raw.accounts a join down d on a.parent_key = d.account_key
)
select * from down;

create table gold.dim_accounts as
select cast(a.account_key as bigint) as account_key, a.code as account_code, a.name as account, a.type as account_type,
       a.value_type, t.statement, coalesce(t.main_line, a.name) as main_line, coalesce(t.section, a.name) as section,
       coalesce(t.account_group, a.name) as account_group, t.weight as statement_weight
from raw.accounts a join tree t using (account_key);

create table gold.dim_organizations as
with recursive down as (
    select organization_key, name, cast(null as varchar) as operations, 0 as depth, currency_key,
           cast(share as decimal(9, 6)) as group_share
    from raw.organizations where parent_key is null
    union all
    select o.organization_key, o.name, case when d.depth = 0 then o.name else d.operations end, d.depth + 1, o.currency_key,
           cast(d.group_share * cast(o.share as decimal(9, 6)) as decimal(9, 6))
    from raw.organizations o join down d on o.parent_key = d.organization_key
)
select cast(d.organization_key as bigint) as organization_key, d.name as organization,
       coalesce(d.operations, d.name) as operations, c.code as currency, d.group_share
from down d join raw.currencies c using (currency_key)
where d.organization_key not in (select parent_key from raw.organizations where parent_key is not null);

create table gold.dim_departments as
select cast(department_key as bigint) as department_key, name as department from raw.departments;

create table gold.fx_rates as
select cast(r.day as date) as rate_date, c.code as currency,
       cast(r.average as decimal(18, 12)) as average_rate, cast(r.closing as decimal(18, 12)) as end_of_day_rate
from raw.rates r join raw.currencies c using (currency_key);

create table booked as
select cast(f.finance_key as bigint) as finance_key, cast(f.day as date) as posting_date,
       cast(f.organization_key as bigint) as organization_key, cast(f.department_key as bigint) as department_key,
       cast(f.account_key as bigint) as account_key, f.scenario_key, cast(f.amount as decimal(18, 2)) as amount,
       o.currency, o.group_share, a.type, a.value_type, t.weight
from raw.finance f join raw.accounts a using (account_key) join tree t using (account_key)
join gold.dim_organizations o on o.organization_key = cast(f.organization_key as bigint);

create table gold.fct_profit_and_loss as
select finance_key, posting_date, organization_key, department_key, account_key, currency, amount,
       cast(amount * weight as decimal(18, 2)) as result_amount, group_share
from booked where scenario_key = '1' and type in ('Revenue', 'Expenditures');

create table gold.fct_balances as
select finance_key, posting_date, organization_key, account_key, currency, amount, group_share
from booked b where scenario_key = '1' and type in ('Assets', 'Liabilities') and exists (
    select 1 from booked c where c.account_key = 4
    and c.posting_date = b.posting_date and c.organization_key = b.organization_key);

create table gold.fct_statistics as
select finance_key, posting_date, organization_key, department_key, account_key, cast(amount as bigint) as quantity
from booked where scenario_key = '1' and value_type = 'Units';

create table gold.fct_budget as
select p.finance_key, p.posting_date, p.organization_key, p.department_key, p.account_key, p.currency,
       p.amount as budget_amount, a.amount as actual_amount,
       cast(p.amount * p.weight as decimal(18, 2)) as budget_result,
       cast(a.amount * a.weight as decimal(18, 2)) as actual_result, p.group_share
from booked p join booked a on a.scenario_key = '1' and a.posting_date = p.posting_date and a.account_key = p.account_key
 and a.organization_key = p.organization_key and a.department_key = p.department_key
where p.scenario_key = '2';

create table gold.fiscal_periods as
with days as (select distinct posting_date as day from booked where account_key = 4),
years as (select distinct posting_date as began from gold.fct_balances where account_key = 45),
dated as (select day, 2010 + count(*) as fiscal_year from days join years on began <= day group by day)
select day as first_day,
       coalesce(lead(day) over (order by day) - 1, (select max(posting_date) from booked)) as last_day,
       fiscal_year,
       (row_number() over (partition by fiscal_year order by day) + 2) // 3 as fiscal_quarter,
       row_number() over (partition by fiscal_year order by day) as period
from dated;

create table gold.dim_products as
select cast(ProductKey as bigint) as product_key, ProductSKU as sku, ProductName as product_name, ModelName as model_name,
       cast(ProductSubcategoryKey as bigint) as subcategory_key,
       case when ProductColor = 'NA' then 'No color' else ProductColor end as color,
       cast(ProductCost as decimal(18, 4)) as cost, cast(ProductPrice as decimal(18, 4)) as list_price
from raw.products;

create table gold.dim_territories as
select cast(territory_key as bigint) as territory_key, territory, country, continent from raw.territories;

create table gold.dim_customers as
select cast(CustomerKey as bigint) as customer_key,
       case Gender when 'F' then 'Female' when 'M' then 'Male' else 'Not stated' end as gender,
       case MaritalStatus when 'M' then 'Married' else 'Single' end as marital_status,
       cast(replace(replace(trim(AnnualIncome), '$', ''), ',', '') as bigint) // 50000 * 50000 as band,
       band || '-' || (band + 49999) as income_band,
       cast(TotalChildren as bigint) as children, EducationLevel as education, Occupation as occupation,
       HomeOwner = 'Y' as home_owner
from raw.customers;

create table gold.fct_sales as
select strptime(OrderDate, '%m/%d/%Y')::date as order_date, OrderNumber as order_number,
       cast(s.ProductKey as bigint) as product_key, cast(CustomerKey as bigint) as customer_key,
       cast(TerritoryKey as bigint) as territory_key, cast(OrderQuantity as bigint) as quantity,
       cast(cast(OrderQuantity as bigint) * list_price as decimal(18, 4)) as sales_amount,
       cast(cast(OrderQuantity as bigint) * cost as decimal(18, 4)) as cost_amount
from raw.sales s join gold.dim_products p on p.product_key = cast(s.ProductKey as bigint);
"""


def open_by_hand(raw: Path) -> duckdb.DuckDBPyConnection:
    """Return a database with the raw files as text in `raw`, and in `gold` what should become of them."""
    connection = duckdb.connect()
    connection.execute("create schema raw")
    for name, (file, columns) in _PIPED.items():
        named = ", ".join(f"'{column}': 'varchar'" for column in columns)
        connection.execute(
            f"create table raw.{name} as select * from read_csv('{raw}/{file}', delim = '|', header = false, "
            f"quote = '', max_line_size = 1000000, columns = {{{named}}})"
        )
    for name, file in _COMMA.items():
        connection.execute(
            f"create table raw.{name} as select * from read_csv('{raw}/{file}', header = true, all_varchar = true)"
        )
    connection.execute(GOLD)
    return connection


def write_by_hand(raw: Path, root: Path) -> Project:
    """Return a project with the example's catalog on a DuckDB file that holds the tables made by hand."""
    shutil.copytree(EXAMPLE / "semantic", root / "semantic")
    (root / "configs").mkdir()
    config = {
        "today": str(load_project(EXAMPLE).today()),
        "serving": {"connection": "duckdb:///by_hand.duckdb"},
    }
    (root / "configs" / "pipeline_config.json").write_text(json.dumps(config), encoding="utf-8")
    with open_by_hand(raw) as connection:
        connection.execute(f"attach '{root / 'by_hand.duckdb'}' as file")
        connection.execute("create schema file.gold")
        for table in tables_by_hand(connection):
            numbered = ", row_number() over () as sales_line_id" if table == "fct_sales" else ""
            connection.execute(f"create table file.gold.{table} as select *{numbered} from gold.{table}")
    return load_project(root)


def tables_by_hand(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the names of the tables in `gold`."""
    found = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'gold' and not internal order by 1"
    ).fetchall()
    return [name for (name,) in found]


def copy_example(raw: Path, root: Path) -> Project:
    """Return a copy of the example that reads `raw` and has no release."""
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("warehouse", "logs", ".*", "target"))
    config = root / "configs" / "pipeline_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "raw": str(raw)}), encoding="utf-8")
    return load_project(root)
