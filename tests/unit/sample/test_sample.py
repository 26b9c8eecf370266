"""The sample company: repeatable, consistent with itself, and truthful about what is wrong with it."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from datatrust.core.errors import UserError
from datatrust.sample.build import SampleSummary, build_sample
from datatrust.sample.closings import CLOSINGS, months
from datatrust.sample.dirt.spoil import KINDS
from datatrust.sample.iban import is_valid
from datatrust.sample.places import CURRENCIES
from datatrust.sample.tables import TABLES

pytestmark = pytest.mark.slow  # writes whole companies

SMALL = 40
CENT = Decimal("0.01")


def build(folder: Path, *, dirt: float, seed: int = 360, size: int = SMALL) -> SampleSummary:
    return build_sample(
        folder / "raw", truth_file=folder / "truth.jsonl", seed=seed, orders_per_month=size, dirt=dirt
    )


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return build(tmp_path_factory.mktemp("clean"), dirt=0)


@pytest.fixture(scope="module", params=[0.01, 0.2], ids=["1%", "20%"])
def dirty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return build(tmp_path_factory.mktemp("dirty"), dirt=request.param)


def read_lines(file: Path) -> list[str]:
    return [line.decode("utf-8", "replace") for line in file.read_bytes().split(b"\n")[:-1]]


def read_rows(summary: SampleSummary, name: str) -> list[dict[str, str]]:
    """The rows of a clean file over all closings, the last delivered version of each key last."""
    rows = []
    for closing in CLOSINGS:
        for file in sorted((summary.raw_root / closing.name).glob(name)):
            with file.open(encoding="utf-8", newline="") as text:
                rows += list(csv.DictReader(text))
    return rows


def last_versions(summary: SampleSummary, name: str, *key: str) -> list[dict[str, str]]:
    return list({tuple(row[k] for k in key): row for row in read_rows(summary, name)}.values())


def read_truth(summary: SampleSummary) -> list[dict[str, Any]]:
    return [json.loads(line) for line in summary.truth_file.read_text(encoding="utf-8").splitlines()]


def all_bytes(summary: SampleSummary) -> dict[str, bytes]:
    files = [p for p in summary.truth_file.parent.rglob("*") if p.is_file()]
    return {str(p.relative_to(summary.truth_file.parent)): p.read_bytes() for p in files}


def test_same_seed_same_bytes(tmp_path: Path, dirty: SampleSummary) -> None:
    share = 0.2 if sum(dirty.planted.values()) > 500 else 0.01
    again = build(tmp_path, dirt=share)
    assert all_bytes(again) == all_bytes(dirty)


def test_another_seed_is_another_company(tmp_path: Path, clean: SampleSummary) -> None:
    other = build(tmp_path, dirt=0, seed=361)
    assert all_bytes(other)["raw/2026-04/customers.csv"] != all_bytes(clean)["raw/2026-04/customers.csv"]


def test_without_dirt_there_is_no_truth_row(clean: SampleSummary) -> None:
    assert clean.truth_file.read_bytes() == b""
    counts = json.loads(clean.counts_file.read_text(encoding="utf-8"))
    assert all(c["quarantined"] == c["duplicate"] == 0 for by in counts.values() for c in by.values())


def test_amount_is_quantity_times_price_less_discount(clean: SampleSummary) -> None:
    for row in read_rows(clean, "client_sales_raw*.csv"):
        share = 1 - Decimal(row["discount_pct"]) / 100
        amount = (int(row["quantity"]) * Decimal(row["list_price"]) * share).quantize(CENT, ROUND_HALF_UP)
        assert Decimal(row["amount"]) == amount > 0
        assert (row["status"] == "refunded") == bool(row["refund_date"])
        assert not row["refund_date"] or row["refund_date"] >= row["order_date"]


def test_every_reference_has_its_parent(clean: SampleSummary) -> None:
    customers: set[str] = set()
    products: set[str] = set()
    for closing in CLOSINGS:  # a parent comes with its first order line or before
        for name, known in (("customers", customers), ("products", products)):
            with (clean.raw_root / closing.name / f"{name}.csv").open(encoding="utf-8", newline="") as text:
                known |= {row[f"{name[:-1]}_id"] for row in csv.DictReader(text)}
        with (clean.raw_root / closing.name / "client_sales_raw.csv").open(encoding="utf-8") as text:
            for row in csv.DictReader(text):
                assert row["customer_id"] in customers
                assert row["product_id"] in products
                assert row["order_date"] <= row["updated_at"][:10] <= closing.last_day.isoformat()


def test_statuses_are_as_in_a_wholesaler(tmp_path: Path) -> None:
    summary = build(tmp_path, dirt=0, size=200)
    lines = last_versions(summary, "client_sales_raw.csv", "order_line_id")
    share = {status: n / len(lines) for status, n in Counter(row["status"] for row in lines).items()}
    assert share["completed"] == pytest.approx(0.88, abs=0.02)
    assert share["refunded"] == pytest.approx(0.05, abs=0.015)
    assert share["pending"] == pytest.approx(0.04, abs=0.015)
    assert share["failed"] == pytest.approx(0.03, abs=0.015)
    spent: dict[str, Decimal] = defaultdict(Decimal)
    for row in lines:
        spent[row["customer_id"]] += Decimal(row["amount"]) / (150 if row["currency"] == "JPY" else 1)
    largest = sorted(spent.values(), reverse=True)[: len(spent) // 5]
    assert sum(largest) > sum(spent.values()) * Decimal("0.6")  # a few large customers


def test_balances_tie_every_month(clean: SampleSummary) -> None:
    for rows in (read_rows(clean, "account_balances.csv")[: 34 * 9], last_balances(clean)):
        by_month: dict[str, Counter[str]] = defaultdict(Counter)
        for row in rows:
            by_month[row["month_end"]][row["account_type"]] += int(row["balance"].replace(".", ""))
            assert not row["balance"].startswith("-"), row
        assert all(b["asset"] == b["liability"] + b["equity"] for b in by_month.values())
    assert len(last_balances(clean)) == 36 * 9


def last_balances(summary: SampleSummary) -> list[dict[str, str]]:
    return last_versions(summary, "account_balances.csv", "month_end", "account_id")


def test_rates_and_budgets_are_complete(clean: SampleSummary) -> None:
    rates = last_versions(clean, "fx_rates.csv", "month", "currency")
    assert {(r["month"], r["currency"]) for r in rates} == {
        (m.isoformat(), c) for m in months() for c in CURRENCIES
    }
    assert all(Decimal(r["average_rate"]) > 0 for r in rates)
    budgets = last_versions(clean, "budgets.csv", "month", "region", "category")
    assert len(budgets) == 36 * 3 * 5
    used = {row["currency"] for row in read_rows(clean, "client_sales_raw.csv")}
    assert used <= set(CURRENCIES)
    assert len(used) >= 8


def test_later_closings_bring_late_and_corrected_rows(clean: SampleSummary) -> None:
    counts = json.loads(clean.counts_file.read_text(encoding="utf-8"))
    once = {"accounts", "ledger"}  # these never change: the ledger is put right by adjusting journals
    assert {s for s, c in counts["2026-06"].items() if c["superseded"] == 0} == once
    assert counts["2026-04"]["ledger"]["read"] < counts["2026-06"]["ledger"]["read"]
    with (clean.raw_root / "2026-05" / "client_sales_raw.csv").open(encoding="utf-8") as text:
        months_of_may = Counter(row["order_date"][:7] for row in csv.DictReader(text))
    assert months_of_may["2026-05"] > 0
    assert months_of_may["2026-04"] > 0


def test_counts_add_up_and_match_the_files(dirty: SampleSummary) -> None:
    counts = json.loads(dirty.counts_file.read_text(encoding="utf-8"))
    for by_source in counts.values():
        for count in by_source.values():
            assert count["read"] == sum(n for status, n in count.items() if status != "read")
    records: Counter[str] = Counter()
    for path, _ in dirty.files:
        table = next(t for t in TABLES if Path(path).name.startswith(t.file.removesuffix(".csv")))
        records[table.source] += sum(1 for line in read_lines(dirty.raw_root / path)[1:] if line.strip())
    assert records == {source: count["read"] for source, count in counts["2026-06"].items()}


def test_every_kind_is_planted_and_told(dirty: SampleSummary) -> None:
    truth = read_truth(dirty)
    told = {(row["source"], row["kind"]) for row in truth}
    assert told >= {(kind.source, kind.name) for kind in KINDS}
    assert {"late_customer", "late_product", "swapped_columns"} <= {row["kind"] for row in truth}
    assert all((row["reason"] is not None) or row["outcome"] != "quarantined" for row in truth)
    quarantined = Counter(row["source"] for row in truth if row["outcome"] == "quarantined")
    counts = json.loads(dirty.counts_file.read_text(encoding="utf-8"))["2026-06"]
    assert quarantined == {source: count["quarantined"] for source, count in counts.items()}


def test_truth_points_at_the_physical_line(dirty: SampleSummary) -> None:
    for row in read_truth(dirty):
        lines = read_lines(dirty.raw_root / row["file"])
        line = lines[row["line"] - 1]
        assert row["line"] > 1
        if row["kind"] == "blank_line":
            assert line.strip() == ""
        elif row["kind"] == "padded_values":
            assert " ," in line or line.endswith(" ")
        elif row["kind"] == "broken_quoting":
            assert line.count('"') % 2 == 1
        elif row["kind"] in ("too_few_fields", "too_many_fields"):
            assert len(next(csv.reader([line]))) != len(lines[0].split(","))
        elif row["kind"] == "wrong_encoding":
            assert "\ufffd" in line
        elif row["source"] == "sales_transactions" and row["key"]:
            assert row["key"] in line


def test_field_defects_are_what_they_say(dirty: SampleSummary) -> None:
    wrong: dict[str, Any] = {
        "missing_key": lambda r: r["order_line_id"] == "",
        "negative_amount": lambda r: Decimal(r["amount"]) < 0,
        "zero_amount": lambda r: Decimal(r["amount"]) == 0,
        "wrong_scale": lambda r: len(r["amount"].split(".")[1]) == 4,
        "future_date": lambda r: r["order_date"] > "2026-06-30",
        "refund_before_order": lambda r: r["refund_date"] < r["order_date"] and r["status"] == "refunded",
        "wrong_iban": lambda r: not is_valid(r["iban"]),
        "cost_above_price": lambda r: Decimal(r["unit_cost"]) > Decimal(r["list_price"]),
        "month_not_first_day": lambda r: not r["month"].endswith("-01"),
        "negative_budget": lambda r: Decimal(r.get("budget_revenue") or r["amount"]) < 0,
    }
    seen: Counter[str] = Counter()
    for row in read_truth(dirty):
        if row["kind"] in wrong:
            lines = read_lines(dirty.raw_root / row["file"])
            record = next(csv.DictReader([lines[0], lines[row["line"] - 1]]))
            assert wrong[row["kind"]](record), row
            seen[row["kind"]] += 1
    assert set(seen) == set(wrong)


def test_dirt_leaves_the_valid_rows_as_they_are(clean: SampleSummary, dirty: SampleSummary) -> None:
    """What is valid after the last closing is the same company, whatever went wrong on the way."""
    want, got = (
        {s: c["valid"] for s, c in json.loads(x.counts_file.read_text("utf-8"))["2026-06"].items()}
        for x in (clean, dirty)
    )
    assert got == want
    planted = {(row["file"], row["line"]) for row in read_truth(dirty) if row["outcome"] != "valid"}
    rows: set[tuple[tuple[str, str], ...]] = set()
    for closing in CLOSINGS:
        for file in sorted((dirty.raw_root / closing.name).glob("client_sales_raw*.csv")):
            lines = read_lines(file)
            name = f"{closing.name}/{file.name}"
            kept = [t for n, t in enumerate(lines, 1) if n > 1 and (name, n) not in planted]
            for record in csv.DictReader([lines[0], *kept]):
                rows.add(tuple(sorted((k, v.strip()) for k, v in record.items())))
    assert rows == {tuple(sorted(row.items())) for row in read_rows(clean, "client_sales_raw.csv")}


def test_a_late_parent_changes_the_outcome(dirty: SampleSummary) -> None:
    late = [row for row in read_truth(dirty) if row["kind"] in ("late_customer", "late_product")]
    assert {row["kind"] for row in late} == {"late_customer", "late_product"}
    for row in late:
        assert row["outcome_after"] == {"2026-04": "quarantined", "2026-05": "valid", "2026-06": "valid"}


def test_personal_values_are_valid_and_stand_nowhere_else(dirty: SampleSummary) -> None:
    listed = [json.loads(line) for line in dirty.pii_file.read_text(encoding="utf-8").splitlines()]
    assert {row["kind"] for row in listed} == {
        "contact_name", "email", "phone", "iban", "birth_date", "street", "full_name",
    }  # fmt: skip
    wrong = {row["key"] for row in read_truth(dirty) if row["kind"] == "wrong_iban"}
    personal = {"contact_name", "email", "phone", "iban", "birth_date", "street", "full_name"}
    other_text = []
    for path, _ in dirty.files:
        if "customers" not in path and "employees" not in path:
            other_text.append((dirty.raw_root / path).read_bytes().decode("utf-8", "replace"))
    ibans = 0
    for row in read_rows_leniently(dirty, "employees"):
        other_text += [value for name, value in row.items() if name not in personal]
    for row in read_rows_leniently(dirty, "customers"):
        other_text += [value for name, value in row.items() if name not in personal]
        if row["customer_id"] not in wrong:
            assert is_valid(row["iban"])
            ibans += 1
        if not row["birth_date"].startswith("2068"):
            assert dt.date.fromisoformat(row["birth_date"]) < dt.date(1999, 1, 1)
    assert ibans >= 300
    text = "\n".join(other_text)
    assert [row for row in listed if row["value"] in text] == []
    assert all(len(row["value"]) >= 9 for row in listed)


def read_rows_leniently(summary: SampleSummary, source: str) -> list[dict[str, str]]:
    rows = []
    for closing in CLOSINGS:
        lines = read_lines(summary.raw_root / closing.name / f"{source}.csv")
        broken = {
            row["line"] for row in read_truth(summary)
            if row["file"] == f"{closing.name}/{source}.csv" and row["kind"] in ("broken_quoting", "blank_line")
        }  # fmt: skip
        kept = [t for n, t in enumerate(lines, 1) if n not in broken]
        rows += [dict(row) for row in csv.DictReader(kept)]
    return rows


def test_building_again_changes_nothing_and_never_overwrites(tmp_path: Path) -> None:
    first = build(tmp_path, dirt=0.01)
    assert first.written == len(first.files)
    assert build(tmp_path, dirt=0.01).written == 0
    before = all_bytes(first)
    with pytest.raises(UserError, match=r"2026-05/client_sales_raw\.csv.*holds something else"):
        build(tmp_path, dirt=0.2)
    assert all_bytes(first) == before


def test_wrong_wishes_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        build_sample(
            tmp_path / "raw", truth_file=tmp_path / "raw" / "truth.jsonl", orders_per_month=3, dirt=1.5
        )
    assert len(caught.value.issues) == 3
    assert not (tmp_path / "raw").exists()
