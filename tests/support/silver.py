"""Small silver tables of the sample company, written by hand: enough for gold, without the steps before it."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

TECHNICAL = "_file_sha string, _sequence bigint, _line bigint, _row_hash string"

SCHEMAS = {
    "silver.sales_clean": "order_line_id string, order_id string, order_date date, customer_id string, "
    "product_id string, quantity bigint, list_price decimal(18,2), discount_pct decimal(5,2), "
    "amount decimal(18,2), currency string, status string, refund_date date, updated_at timestamp",
    "silver.customers": "customer_id string, company_name string, contact_name string, email string, "
    "postal_code string, city string, country string, region string, segment string, customer_since date, "
    "updated_at timestamp",
    "silver.products": "product_id string, product_name string, category string, family string, "
    "unit_cost decimal(18,2), list_price decimal(18,2), updated_at timestamp",
    "silver.budgets": "month date, region string, category string, budget_revenue decimal(18,2), "
    "budget_cost decimal(18,2)",
    "silver.fx_rates": "month date, currency string, average_rate decimal(18,6), closing_rate decimal(18,6)",
    "silver.operating_expenses": "expense_id string, expense_date date, department string, "
    "expense_type string, amount decimal(18,2), updated_at timestamp",
    "silver.account_balances": "month_end date, account_id string, account_name string, "
    "account_type string, balance decimal(18,2)",
    "silver.accounts": "account_id string, account_name string, account_group string, account_class string",
    "silver.ledger": "posting_id string, journal_id string, posting_date date, entity string, account_id string, "
    "department string, debit decimal(18,2), credit decimal(18,2)",
    "silver.expense_budgets": "month date, account_id string, department string, amount decimal(18,2)",
    "silver.receivables": "document_id string, document_type string, customer_id string, invoice_date date, "
    "due_date date, paid_on date, amount decimal(18,2), updated_at timestamp",
    "silver.employees": "employee_id string, full_name string, email string, department string, entity string, "
    "hired_on date, left_on date, updated_at timestamp",
}

FIRST = {
    "silver.sales_clean": [
        "'L1','O1',date'2026-03-30','C1','P1',10,10.00,0.00,100.00,'EUR','completed',null,timestamp'2026-03-30 09:00:00'",
        "'L2','O1',date'2026-03-30','C1','P2',1,33.33,10.00,30.00,'USD','refunded',date'2026-04-02',timestamp'2026-04-02 09:00:00'",
        "'L3','O2',date'2026-04-05','C2','P1',2,10.00,0.00,20.00,'USD','pending',null,timestamp'2026-04-05 09:00:00'",
        "'L4','O3',date'2025-04-05','C2','P1',3,10.00,0.00,30.00,'EUR','completed',null,timestamp'2025-04-05 09:00:00'",
    ],
    "silver.customers": [
        "'C1','Alder Works','tok_a','tok_b','20095','Hamburg','DE','EMEA','Enterprise',date'2020-01-01',timestamp'2026-01-01 00:00:00'",
        "'C2','Birch Inc','tok_c','tok_d','10001','New York','US','Americas','Small business',date'2021-01-01',timestamp'2026-01-01 00:00:00'",
    ],
    "silver.products": [
        "'P1','Desk','Furniture','Desks',6.00,10.00,timestamp'2026-01-01 00:00:00'",
        "'P2','Lamp','Office','Lamps',12.50,33.33,timestamp'2026-01-01 00:00:00'",
    ],
    "silver.budgets": [
        "date'2026-03-01','EMEA','Furniture',90.00,50.00",
        "date'2026-04-01','Americas','Office',10.00,5.00",
        "date'2026-09-01','EMEA','Furniture',99.00,50.00",
    ],
    "silver.fx_rates": [
        "date'2026-03-01','EUR',1.000000,1.000000",
        "date'2026-04-01','EUR',1.000000,1.000000",
        "date'2025-04-01','EUR',1.000000,1.000000",
        "date'2026-03-01','USD',0.915000,0.920000",
        "date'2026-04-01','USD',0.905000,0.900000",
    ],
    "silver.operating_expenses": [
        "'E1',date'2026-03-31','Sales','Travel',12.00,timestamp'2026-03-31 00:00:00'",
    ],
    "silver.account_balances": ["date'2026-03-31','1000','Cash','asset',1000.00"],
    "silver.accounts": [
        "'1100','Receivables','Current assets','asset'",
        "'4000','Sales at list price','Trading income','revenue'",
        "'6200','Travel','Outreach','expense'",
    ],
    "silver.ledger": [
        "'J1.01','J1',date'2026-03-30','DE01','1100',null,130.50,0.00",
        "'J1.02','J1',date'2026-03-30','DE01','4000',null,0.00,130.50",
        "'J2.01','J2',date'2026-03-31','DE01','6200','Sales',12.00,0.00",
        "'J2.02','J2',date'2026-03-31','DE01','1100',null,0.00,12.00",
    ],
    "silver.expense_budgets": ["date'2026-03-01','6200','Sales',10.00"],
    "silver.receivables": [
        "'R1','invoice','C1',date'2026-03-31',date'2026-04-30',date'2026-06-05',100.00,timestamp'2026-06-05 18:00:00'",
        "'R2','invoice','C2',date'2026-01-31',date'2026-02-14',null,20.00,timestamp'2026-01-31 18:00:00'",
        "'G1','credit_note','C1',date'2026-04-30',date'2026-05-14',date'2026-05-15',-27.15,timestamp'2026-05-15 18:00:00'",
    ],
    "silver.employees": [
        "'M1','[redacted]','tok_e','Sales','DE01',date'2020-01-01',null,timestamp'2020-01-01 08:00:00'",
    ],
}


def write_silver(spark: SparkSession, warehouse: Path, rows: dict[str, list[str]], *, sequence: int) -> None:
    """Write `rows` (as SQL value lists) over the silver tables named, as if they came with file `sequence`."""
    for name, values in rows.items():
        columns = [part.strip().split(" ")[0] for part in _split(SCHEMAS[name])]
        types = [part.strip().split(" ")[1] for part in _split(SCHEMAS[name])]
        casts = ", ".join(
            f"cast(col{i + 1} as {kind}) as {column}"
            for i, (column, kind) in enumerate(zip(columns, types, strict=True))
        )
        table = ", ".join(f"({value})" for value in values)
        technical = (
            f"'{'a' * 64}' as _file_sha, cast({sequence} as bigint) as _sequence, cast(1 as bigint) as _line, "
            f"sha2(concat_ws('|', *), 256) as _row_hash"
        )
        frame = spark.sql(f"select *, {technical} from (select {casts} from values {table})")
        folder = warehouse / name.replace(".", "/")
        frame.write.format("delta").mode("overwrite").save(str(folder))


def _split(schema: str) -> list[str]:
    """Split a schema text at its commas, those within parentheses not counted."""
    parts, depth, start = [], 0, 0
    for index, char in enumerate(schema):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append(schema[start:index])
            start = index + 1
    return [*parts, schema[start:]]
