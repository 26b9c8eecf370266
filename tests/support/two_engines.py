"""The golden catalog's tables filled with awkward rows, and a question asked of two engines at once."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from datatrust.core.errors import UserError
from datatrust.core.settings import Project
from semantic.engine import SemanticLayer
from semantic.query import EVERYONE, MetricQuery
from semantic.result import QueryResult
from tests.golden.test_sql import CATALOG, PERIOD_ROWS, SCHEMA, SCHEMA_WORDS
from tests.support.books import write_release_project

MORE = """
metrics:
  - {name: lines, model: sales, agg: count}
  - {name: known_sizes, model: sales, agg: count, expr: net_amount}
  - {name: large_lines, model: sales, agg: sum, expr: net_amount > 500}
  - {name: first_sale, model: sales, agg: min, expr: sold_on}
  - {name: top_line, model: sales, agg: max, expr: net_amount}
  - {name: high_line, model: sales, agg: percentile, percentile: 0.9, expr: net_amount, where: booked}
  - {name: low_cost, model: sales, agg: percentile, percentile: 0.25, expr: unit_cost}
  - {name: exact_cost, model: sales, agg: sum, expr: unit_cost * quantity * 1.01}
  - {name: dear_cost, model: sales, agg: sum, expr: unit_cost * net_amount, decimals: 8}
  - {name: cost_share, ratio: {numerator: cost, denominator: revenue}, on_zero: zero}
  - {name: two_shares, derived: cost_share + margin - orders / lines, on_zero: undefined}
  - {name: better_share, derived: "case when margin > cost_share then margin else coalesce(revenue, 0) end", on_zero: undefined}
  - {name: share_of_share, derived: (cost / revenue + orders) / lines, on_zero: undefined}
  - {name: rounded_margin, derived: "round(margin, 3) * 100", on_zero: undefined}
  - {name: revenue_mtd, cumulative: {of: revenue, to_date: month}}
  - {name: revenue_ytd, cumulative: {of: revenue, to_date: fiscal.year}}
  - {name: revenue_ever, cumulative: {of: revenue}}
  - {name: cost_12m, cumulative: {of: cost, rolling: 12 months}}
  - {name: first_cash, model: accounts, balance: {agg: sum, expr: amount, take: first}}
  - {name: lowest_cash, model: accounts, balance: {agg: sum, expr: amount, take: min}}
  - {name: highest_cash, model: accounts, balance: {agg: sum, expr: amount, take: max}}
  - {name: cash_turns, derived: revenue / average_cash * 12, on_zero: undefined}
  - {name: active_buyers, lifecycle: {of: average_line, entity: customer_id, state: active}}
  - {name: parts_of_days, model: sales, agg: sum, expr: "extract(isodow from sold_on) + isodow(sold_on) * 10 + extract(doy from sold_on) * 100
     + extract(isoyear from sold_on) * 100000 + week(sold_on) * 7 + quarter(sold_on) * 3 + month(sold_on) * 11 + day(sold_on)"}
  - {name: between_days, model: sales, agg: sum, expr: "date_diff('month', sold_on, today) + 100 * date_diff('quarter', sold_on, today)
     + 10000 * date_diff('year', sold_on, today) + 1000000 * date_diff('week', sold_on, today) + date_diff('day', today, sold_on)"}
  - {name: whole_amounts, model: sales, agg: sum, expr: "cast(net_amount as int) + cast(net_amount / 3 as bigint) + cast(unit_cost as int)"}
  - {name: days_stayed, model: people, agg: sum, expr: left_on - hired_on}
  - {name: early_days, model: sales, agg: count, where: "date_trunc('day', sold_on) = sold_on and date_trunc('week', sold_on) < sold_on"}
  - {name: middle_day, model: sales, agg: percentile_disc, percentile: 0.5, expr: quantity}
  - {name: mean_90d, cumulative: {of: revenue, rolling: 90 days, take: average}}
  - {name: opening_90d, cumulative: {of: revenue, rolling: 90 days, take: first}}
  - {name: since_start, derived: revenue - start, inputs: [{metric: revenue, as: start, to_start: month}]}
  - {name: day_by_day, derived: before, inputs: [{metric: revenue, as: before, offset: 1 month, each_day: true}]}
  - {name: filled, model: sales, agg: sum, expr: net_amount, fill: 0, every_period: true}
  - {name: large, model: sales, agg: sum, expr: net_amount, members: {of: customers, where: revenue >= 10000, over: all}}
  - {name: own_last, model: accounts, balance: {agg: sum, expr: amount, take: last, among: filtered}, where: account = 'Cash'}
  - {name: last_year_change, derived: revenue - before, inputs: [{metric: revenue, as: before, offset: 1 year}]}
"""  # fmt: skip
PATIENCE = 300  # seconds: what is compared are rows, not speed
KINDS = {"string": "VARCHAR", "int": "INTEGER", "double": "DOUBLE"}


def make_golden_project(root: Path) -> Project:
    """A release of the golden catalog's tables: unknown keys, members and amounts, ties, zeros, refunds, long decimals."""
    rng = random.Random(73)
    rows = _rows(rng)
    statements = ["CREATE SCHEMA gold;"]
    for table, columns in SCHEMA.tables.items():
        listed = ", ".join(f"{column.name} {_kind(table, column.name)}" for column in columns.values())
        values = ", ".join(f"({', '.join(_literal(value) for value in row)})" for row in rows[table])
        statements.append(f"CREATE TABLE {table} ({listed}); INSERT INTO {table} VALUES {values};")
    return write_release_project(root, "\n".join(statements), {**CATALOG_TEXTS, "more": MORE})


CATALOG_TEXTS = {name.removesuffix(".yml"): text for name, text in CATALOG.items()}


def _kind(table: str, name: str) -> str:
    word = dict(SCHEMA_WORDS[table])[name]
    return KINDS.get(word, word)


def _literal(value: Any) -> str:
    if isinstance(value, str | dt.date):
        return "'" + str(value).replace("'", "''") + "'"
    return "NULL" if value is None else str(value)


def _rows(rng: random.Random) -> dict[str, list[tuple[Any, ...]]]:
    regions = ["EMEA", "Americas", "O'Brien's", None]
    customers = [f"C{n:02}" for n in range(14)]
    first, last = dt.date(2024, 6, 1), dt.date(2026, 6, 30)
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    months = [day for day in days if day.day == 1]

    def amount(high: int, digits: int = 2) -> Decimal | None:
        return None if rng.random() < 0.05 else Decimal(rng.randrange(-high // 10, high)).scaleb(-digits)

    sales = [
        (
            f"S{n}", rng.choice(days) if rng.random() > 0.03 else None,
            rng.choice(["completed", "completed", "refunded", "pending", "failed", None]), amount(2_500_000),
            amount(90_000_000, 6), rng.choice([0, 1, 2, 3, 7, -1, None]), f"O{n // 2}",
            rng.choice([*customers, "C99", None]), amount(200_000), rng.choice(["EUR", "USD", "GBP"]),
        )
        for n in range(420)
    ]  # fmt: skip
    sales.append(("S-even", dt.date(2026, 5, 31), "completed", Decimal("0.00"), Decimal(0), 0, "O-0", "C01", Decimal(0), "EUR"))  # fmt: skip
    tiers = []
    for customer in customers[:10]:
        turn = first + dt.timedelta(days=rng.randrange(700))
        tiers += [(customer, first, turn, rng.choice("AB")), (customer, turn, None, rng.choice(["C", None]))]
    people = [
        (
            f"P{n}", rng.choice(["Sales", "IT", None]), hired,
            None if rng.random() < 0.6 else hired + dt.timedelta(days=rng.randrange(1, 400)),
            rng.choice([Decimal("0.50"), Decimal("1.00"), Decimal("0.80"), None]),
        )
        for n in range(25)
        for hired in [first + dt.timedelta(days=rng.randrange(600))]
    ]  # fmt: skip
    return {
        "gold.fct_sales": sales,
        "gold.fx_rates": [
            (month, currency, Decimal(rng.randrange(800_001, 1_200_000)).scaleb(-6), Decimal(rng.randrange(800_001, 1_200_000)).scaleb(-6))
            for month in months for currency in ("USD", "GBP")
        ],
        "gold.fct_shipments": [(f"H{n}", rng.choice([*customers, None]), rng.choice([*customers, "C98"])) for n in range(60)],
        "gold.dim_customers": [(c, rng.choice(regions), f"{rng.choice(days)} 10:30:00") for c in customers],
        "gold.dim_tiers": tiers,
        "gold.dim_people": people,
        "gold.fct_plan": [(m, r, amount(900_000)) for m in months for r in ("EMEA", "Americas") if rng.random() > 0.1],
        "gold.fct_balances": [
            (day, account, amount(5_000_000)) for day in days[::3] for account in ("Cash", "Bank", None) if rng.random() > 0.2
        ],
        "gold.dim_advice": [
            (customer, adviser, share)
            for customer in customers[:9]
            for adviser, share in rng.choice(
                [
                    [("Ann", 1)],
                    [("Ann", Decimal("0.333333")), ("Kim", Decimal("0.333333")), ("Lee", Decimal("0.333334"))],
                    [(None, Decimal("0.25")), ("Kim", Decimal("0.75"))],
                ]
            )
        ],
        "gold.dim_clubs": [
            (customer, club, rng.choice([1, 2, 3, None]))
            for customer in customers[3:]
            for club in rng.sample(["Golf", "Chess", "O'Club"], rng.randrange(4))
        ],
        "gold.dim_periods": PERIOD_ROWS,
        "gold.dim_owners": [("Cash", "North", Decimal("0.40")), ("Cash", "South", Decimal("0.60")), ("Bank", "South", 1)],
    }  # fmt: skip


class TwoEngines:
    """DuckDB and another engine on the same release."""

    def __init__(self, project: Project, other: str) -> None:
        serving = project.config.serving.model_copy(update={"timeout_seconds": PATIENCE})
        project = replace(project, config=project.config.model_copy(update={"serving": serving}))
        self.duckdb = SemanticLayer.open(project, engine="duckdb")
        self.other = SemanticLayer.open(project, engine=other)

    def close(self) -> None:
        """Close both."""
        self.duckdb.close()
        self.other.close()

    def refused(self, query: MetricQuery) -> str | None:
        """Return why DuckDB does not answer; None where it does."""
        found = _answer(self.duckdb, query)
        return found if isinstance(found, str) else None

    def differ(self, query: MetricQuery) -> str | None:
        """Return how the answers differ, to the type and the last digit; None where they are the same."""
        wanted, found = _answer(self.duckdb, query), _answer(self.other, query)
        if isinstance(wanted, str) or isinstance(found, str):
            return None if wanted == found else f"{query}\n duckdb: {wanted}\n other:  {found}"
        if _shown(wanted) == _shown(found) and wanted.evidence.result == found.evidence.result:
            return None
        pairs = zip(_shown(wanted), _shown(found), strict=False)
        rows = [f"  {a}\n  {b}" for a, b in pairs if a != b][:5]
        sizes = f"{len(wanted.rows)} and {len(found.rows)} rows"
        return f"{query}\n{sizes}\n" + "\n".join(rows) + f"\n{found.sql}"


def _answer(layer: SemanticLayer, query: MetricQuery) -> QueryResult | str:
    try:
        return layer.query(query, viewer=EVERYONE)
    except UserError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error} {getattr(error, 'sql', '')}"


def _shown(result: QueryResult) -> list[tuple[str, ...]]:
    rows = [*result.rows, *([result.totals] if result.totals is not None else [])]
    return [tuple(f"{type(value).__name__} {value}" for value in row) for row in rows]
