"""Freshness and unusual deliveries, judged from tables on disk without Spark; and the audit's pages."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from datatrust.core.errors import OutcomeError
from pipeline.audit import Check, CheckOutcome, judge_outcomes
from pipeline.contracts.model import ColumnSpec, ColumnType, Rule, Severity, SourceSpec
from pipeline.data_docs import write_data_docs
from pipeline.ledger import LedgerEntry
from pipeline.rules.freshness import days_of
from pipeline.source_rules import judge_sources, refuse_findings
from pipeline.usual import usual_range

TODAY = dt.date(2026, 6, 30)


def rule(kind: str, severity: Severity = "warn", **arguments: object) -> Rule:
    column = arguments.get("column")
    return Rule(
        id=f"{kind}:x",
        kind=kind,
        columns=(str(column),) if column else (),
        reason="agreed with the shop",
        severity=severity,
        arguments=arguments,
        owner="controlling",
    )


def source(*rules: Rule) -> SourceSpec:
    columns = (
        ColumnSpec(name="id", header="id", type=ColumnType(kind="string")),
        ColumnSpec(name="day", header="day", type=ColumnType(kind="date")),
        ColumnSpec(name="net", header="net", type=ColumnType(kind="decimal", precision=12, scale=2)),
        ColumnSpec(name="code", header="code", type=ColumnType(kind="string")),
    )
    return SourceSpec(
        name="sales", version="1.0.0", title="Sales", owner="controlling", file="sales.yml", hash="", glob="*.csv",
        reader="csv", reader_options={}, columns=columns, key=("id",), sequence=None, load_mode="upsert",
        duplicates="drop", silver_table="silver.sales", quarantine_table=None, rules=(), foreign_keys=(),
        source_rules=rules, amount_column="net", currency_column="code",
    )  # fmt: skip


def entry(sequence: int, records: int, delivery: str | None, source: str = "sales") -> LedgerEntry:
    return LedgerEntry(
        source=source, sequence=sequence, path=f"{sequence}.csv", delivery=delivery, sha256="", size=1,
        arrived_at=dt.datetime(2026, 6, 1, tzinfo=dt.UTC), status="loaded", physical_lines=1, header_lines=1,
        blank_lines=0, records=records, contract_version="1", contract_hash="",
    )  # fmt: skip


def ledger(*counts: int) -> list[LedgerEntry]:
    """One folder a delivery, of two files each: 5 rows in the second."""
    found = []
    for place, count in enumerate(counts):
        found += [entry(2 * place + 1, count - 5, f"2026-{place}"), entry(2 * place + 2, 5, f"2026-{place}")]
    return found


def test_what_is_usual_withstands_the_first_great_delivery() -> None:
    usual = usual_range([Decimal(n) for n in (90_000, 100, 104, 96, 100)], {})
    assert usual is not None
    assert (usual.median, usual.low, usual.high) == (100, Decimal("70.3480"), Decimal("129.6520"))
    assert usual_range([Decimal(1)] * 3, {}) is None
    assert usual_range([Decimal(1)] * 3, {"history": 3}) is not None
    narrow = usual_range([Decimal(100)] * 5, {"share": 0.05})
    assert narrow is not None
    assert (narrow.low, narrow.high) == (95, 105)


@pytest.mark.parametrize(
    ("value", "unit", "days"), [(1, "month", 31), (36, "h", 2), (3, None, 3), (2, "years", 732)]
)
def test_a_service_level_is_days(value: int, unit: str | None, days: int) -> None:
    assert days_of(value, unit) == days


def test_row_counts_are_judged_by_delivery(tmp_path: Path) -> None:
    spec = source(rule("row_count_anomaly"))
    usual = ledger(50_000, 100, 104, 96, 100, 110)
    assert judge_sources(tmp_path, [spec], usual, today=TODAY, new=[11, 12]) == ()
    few = ledger(50_000, 100, 104, 96, 100, 12)
    (finding,) = judge_sources(tmp_path, [spec], few, today=TODAY, new=[11, 12])
    assert finding.message == "12 rows; usual is 70.35 to 129.65, by the median 100 of 5 deliveries"
    assert finding.check == "sales: row_count_anomaly:x"
    assert judge_sources(tmp_path, [spec], few, today=TODAY, new=[]) == (), "nothing came, nothing is odd"
    assert judge_sources(tmp_path, [spec], ledger(100, 100, 100, 12), today=TODAY, new=[7, 8]) == ()
    single = [entry(n, 100, "raw") for n in range(1, 6)] + [entry(6, 7, "raw"), entry(7, 100, "raw")]
    (of_file,) = judge_sources(tmp_path, [spec], single, today=TODAY, new=[6, 7])
    assert of_file.message.startswith("7 rows")


def test_sums_are_judged_by_currency_and_exactly(tmp_path: Path) -> None:
    rows = [(n, "10.00", "EUR") for n in range(1, 6) for _ in range(3)] + [
        (n, "5", "USD") for n in range(1, 5)
    ]
    rows += [
        (3, "junk", "EUR"),
        (1, "900.00", "GBP"),
        (6, "30.01", "EUR"),
        (6, "0.10", "USD"),
        (6, "9", "CHF"),
    ]
    table = pa.table(
        {
            "_sequence": pa.array([row[0] for row in rows], pa.int64()),
            "net": [row[1] for row in rows],
            "code": [row[2] for row in rows],
        }
    )
    write_deltalake(str(tmp_path / "restricted" / "bronze" / "sales"), table)
    entries = [entry(n, 4, f"d{n}") for n in range(1, 7)]
    (finding,) = judge_sources(tmp_path, [source(rule("sum_anomaly"))], entries, today=TODAY, new=[6])
    assert finding.message == "USD 0.10 in sum; usual is 4 to 6, by the median 5 of 5 deliveries"


def test_freshness_goes_by_the_newest_data_or_the_newest_file(tmp_path: Path) -> None:
    days = pa.array([dt.date(2026, 3, 31), dt.date(2026, 2, 1), None], pa.date32())
    write_deltalake(str(tmp_path / "silver" / "sales"), pa.table({"day": days}))
    entries = [entry(1, 3, "2026-06")]

    def told(*rules: Rule, fresh: bool = True) -> list[str]:
        found = judge_sources(tmp_path, [source(*rules)], entries, today=TODAY, fresh=fresh)
        return [finding.message for finding in found]

    assert told(rule("freshness", days=91, column="day")) == []
    assert told(rule("freshness", days=90, column="day")) == [
        "the newest day is of 2026-03-31, 91 days before 2026-06-30; 90 are agreed"
    ]
    assert told(rule("freshness", days=29)) == []
    assert told(rule("freshness", days=28)) == [
        "the newest file is of 2026-06-01, 29 days before 2026-06-30; 28 are agreed"
    ]
    assert told(rule("freshness", days=1), fresh=False) == [], "others follow: it is not late"
    (nothing,) = judge_sources(tmp_path, [source(rule("freshness", days=9))], [], today=TODAY)
    assert nothing.message == "nothing has come yet; the newest file may be 9 days old"


def test_a_rule_that_rejects_refuses_the_release(tmp_path: Path) -> None:
    entries = [entry(1, 3, "2026-06")]
    warned = judge_sources(tmp_path, [source(rule("freshness", days=1))], entries, today=TODAY)
    refuse_findings(warned)
    rejecting = judge_sources(tmp_path, [source(rule("freshness", "reject", days=1))], entries, today=TODAY)
    with pytest.raises(
        OutcomeError, match=r"29 days before(.|\n)*agreed with the shop \(owner: controlling\)"
    ):
        refuse_findings(rejecting)


def test_data_docs_tell_all_and_need_no_network(tmp_path: Path) -> None:
    spec = replace(source(rule("freshness", days=1)), rules=(replace(rule("pattern"), id="pattern:code"),))
    held = Check(
        table="silver.sales",
        says="pattern:code",
        columns=("code",),
        expectation="ExpectColumnValuesToMatchRegex",
        arguments={"regex": "^<[A-Z]&$"},
    )
    query = Check(
        table="gold.marts", says="unique", query='select * from stored where "a" < 1', severity="warn"
    )
    outcomes = [CheckOutcome(check=held, passed=True), CheckOutcome(check=query, passed=False)]
    findings = judge_sources(tmp_path, [spec], [entry(1, 3, "d")], today=TODAY)
    (tmp_path / "docs" / "quality").mkdir(parents=True)
    (tmp_path / "docs" / "quality" / "silver.gone.html").write_text("old")
    index = write_data_docs(tmp_path, outcomes, findings, [spec], heading="Sales & Co, closing 2026-06")
    pages = {page.name: page.read_text() for page in index.parent.iterdir()}
    assert set(pages) == {"index.html", "silver.sales.html", "gold.marts.html"}
    whole = "".join(pages.values())
    assert not re.search(r"https?:|//|<script|<link|<img|@import|url\(", whole)
    assert "Sales &amp; Co" in pages["index.html"]
    assert "29 days before" in pages["index.html"]
    assert "^&lt;[A-Z]&amp;$" in pages["silver.sales.html"]
    assert "agreed with the shop" in pages["silver.sales.html"]
    assert "warned: does not hold" in pages["gold.marts.html"]
    assert judge_outcomes(outcomes).warnings == 1
    with pytest.raises(OutcomeError, match="1 of 1 checks failed"):
        judge_outcomes([CheckOutcome(check=held, passed=False)])
