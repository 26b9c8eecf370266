"""The truth file against a judge written apart from it: plain Python rules, read off the meaning of each column.

Every planted row must come out as the truth says, and no other row may be touched.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

import pytest

from datatrust.sample.build import build_sample
from datatrust.sample.closings import CLOSINGS
from datatrust.sample.iban import is_valid
from datatrust.sample.tables import TABLES, Table

pytestmark = pytest.mark.slow  # writes whole companies

TODAY = dt.date(2026, 6, 30)
DEPARTMENTS = ("Sales", "Marketing", "Warehouse", "Logistics", "IT", "Finance", "HR", "Administration")
Place = tuple[str, int]  # file under raw, physical line


class Broken(Exception):
    """A row that breaks a rule."""


def number(text: str, scale: int = 2) -> Decimal:
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise Broken("type")
    if len(text.partition(".")[2]) > scale:
        raise Broken("scale")
    return Decimal(text)


def date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Broken("type") from None


def need(holds: bool) -> None:
    if not holds:
        raise Broken("rule")


def judge(source: str, row: dict[str, str], known: dict[str, set[str]]) -> None:
    optional = {"refund_date", "department", "paid_on", "left_on"}
    need(all(value for name, value in row.items() if name not in optional))
    if source == "sales_transactions":
        amount, discount = number(row["amount"]), number(row["discount_pct"])
        need(amount > 0 and 0 <= discount <= 100)
        gross = number(row["quantity"], 0) * number(row["list_price"])
        need(amount == (gross * (1 - discount / 100)).quantize(Decimal("0.01"), ROUND_HALF_UP))
        need(row["status"] in {"completed", "pending", "failed", "refunded"})
        need(row["currency"] in {"EUR", "USD", "GBP", "CHF", "SEK", "PLN", "CAD", "BRL", "JPY", "SGD", "AUD"})
        day = date(row["order_date"])
        need(day <= TODAY and (row["status"] == "refunded") == bool(row["refund_date"]))
        need(not row["refund_date"] or day <= date(row["refund_date"]) <= TODAY)
        need(row["customer_id"] in known["customers"] and row["product_id"] in known["products"])
    elif source == "customers":
        need(bool(re.fullmatch(r"[^@\s]+@[a-z0-9-]+(\.[a-z0-9-]+)+", row["email"])) and is_valid(row["iban"]))
        need(date(row["birth_date"]) < TODAY and row["region"] in {"EMEA", "Americas", "APAC"})
    elif source == "products":
        need(0 <= number(row["unit_cost"]) <= number(row["list_price"]))
        need(row["category"] in {"Office", "Technology", "Furniture", "Packaging", "Safety"})
    elif source == "budgets":
        need(number(row["budget_revenue"]) >= 0 and date(row["month"]).day == 1)
    elif source == "fx_rates":
        need(number(row["average_rate"], 6) > 0)
    elif source == "operating_expenses":
        need(number(row["amount"]) > 0 and row["department"] in DEPARTMENTS)
    elif source == "accounts":
        need(row["account_class"] in {"asset", "liability", "equity", "revenue", "cost of sales", "expense"})
    elif source == "ledger":
        debit, credit = number(row["debit"]), number(row["credit"])
        need(min(debit, credit) == 0 < max(debit, credit) and row["account_id"] in known["accounts"])
        need(date(row["posting_date"]) <= TODAY and row["department"] in ("", *DEPARTMENTS))
    elif source == "expense_budgets":
        need(number(row["amount"]) >= 0 and date(row["month"]).day == 1)
        need(row["account_id"] in known["accounts"])
    elif source == "receivables":
        need((number(row["amount"]) < 0) == (row["document_type"] == "credit_note"))
        need(date(row["invoice_date"]) <= date(row["due_date"]) and row["customer_id"] in known["customers"])
    elif source == "employees":
        need(bool(re.fullmatch(r"[^@\s]+@[a-z0-9-]+(\.[a-z0-9-]+)+", row["email"])))
        need(row["department"] in DEPARTMENTS)
        need(not row["left_on"] or date(row["hired_on"]) < date(row["left_on"]) <= TODAY)
    else:
        number(row["balance"])
        need(row["account_type"] in {"asset", "liability", "equity"})


def read(file: Path, table: Table) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Each record by its physical line; None where it cannot be read as one."""
    lines = file.read_bytes().split(b"\n")[:-1]
    header = lines[0].decode().split(",")
    for number_, raw in enumerate(lines[1:], start=2):
        if not raw.strip():
            continue
        try:
            text = raw.decode("utf-8")
            fields = next(csv.reader([text], strict=True))
        except (UnicodeDecodeError, csv.Error):
            yield number_, None
            continue
        whole = len(fields) == len(header) == len(table.columns)
        row = dict(zip(header, (field.strip() for field in fields), strict=False))
        yield number_, {name: row[name] for name in table.columns} if whole else None


def judge_all(raw: Path) -> dict[str, dict[Place, str]]:
    """The outcome of every record after the last closing, by source."""
    rows: dict[str, dict[Place, dict[str, str] | None]] = defaultdict(dict)
    delivered: dict[Place, int] = {}
    for index, closing in enumerate(CLOSINGS):
        for table in TABLES:
            for file in sorted((raw / closing.name).glob(f"{table.file.removesuffix('.csv')}*.csv")):
                for line, row in read(file, table):
                    place = (f"{closing.name}/{file.name}", line)
                    rows[table.source][place] = row
                    delivered[place] = index
    known = {"customers": set[str](), "products": set[str](), "accounts": set[str]()}
    outcomes: dict[str, dict[Place, str]] = {}
    order = sorted(TABLES, key=lambda table: table.source not in known)  # parents first
    for table in order:
        outcomes[table.source] = judge_source(table, rows[table.source], delivered, known)
    return outcomes


def judge_source(
    table: Table,
    rows: dict[Place, dict[str, str] | None],
    delivered: dict[Place, int],
    known: dict[str, set[str]],
) -> dict[Place, str]:
    outcomes: dict[Place, str] = {}
    versions: dict[str, list[tuple[tuple[str, ...], Place]]] = defaultdict(list)
    seen: set[tuple[str, ...]] = set()
    journals: dict[tuple[str, str], list[tuple[Decimal, Place]]] = defaultdict(list)  # of one file
    for place, row in rows.items():
        try:
            need(row is not None)
            assert row is not None
            judge(table.source, row, known)
        except (Broken, InvalidOperation):
            outcomes[place] = "quarantined"
            continue
        values = tuple(row.values())
        if values in seen:
            outcomes[place] = "duplicate"
            continue
        seen.add(values)
        if table.source == "ledger":
            journals[place[0], row["journal_id"]].append(
                (number(row["debit"]) - number(row["credit"]), place)
            )
        versions[table.key_of(values)].append((values, place))
    for found in versions.values():
        sequence = [
            values[-1] if table.columns[-1] == "updated_at" else str(delivered[place])
            for values, place in found
        ]
        newest = max(sequence)
        for (_, place), at in zip(found, sequence, strict=True):
            if sequence.count(at) > 1:
                outcomes[place] = "quarantined"  # a conflict
            else:
                outcomes[place] = "valid" if at == newest else "superseded"
    for entry in journals.values():
        if sum(amount for amount, _ in entry):
            outcomes |= {place: "quarantined" for _, place in entry}
    if table.source in known:
        known[table.source] |= {
            row[table.key[0]] for place, row in rows.items() if outcomes[place] == "valid" and row is not None
        }
    return outcomes


@pytest.mark.parametrize("dirt", [0.0, 0.01, 0.2])
@pytest.mark.parametrize("seed", [360, 7])
def test_truth_is_what_a_judge_finds(tmp_path: Path, dirt: float, seed: int) -> None:
    summary = build_sample(
        tmp_path / "raw", truth_file=tmp_path / "truth.jsonl", seed=seed, orders_per_month=40, dirt=dirt
    )
    truth = [json.loads(line) for line in summary.truth_file.read_text(encoding="utf-8").splitlines()]
    told = {(row["file"], row["line"]): row for row in truth if row["outcome"] != "not_a_record"}
    found: dict[Place, str] = {}
    counts = json.loads(summary.counts_file.read_text(encoding="utf-8"))["2026-06"]
    for source, outcomes in judge_all(summary.raw_root).items():
        found |= outcomes
        got = {status: list(outcomes.values()).count(status) for status in counts[source] if status != "read"}
        assert got == {status: n for status, n in counts[source].items() if status != "read"}, source
    assert {place: found[place] for place in told} == {place: row["outcome"] for place, row in told.items()}
    clean = {status for place, status in found.items() if place not in told}
    assert clean == {"valid", "superseded"}
