"""Ingest on a tiny company: versions, late parents, re-sent files, dead runs, masks, and what never may happen."""

from __future__ import annotations

import hashlib
import hmac
import random
import shutil
import stat
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datatrust.core.errors import OutcomeError
from pipeline.ingest import _Intake
from pipeline.ledger import load_ledger
from tests.support.payables import Payables, make_payables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

VENDOR_HEAD = "vendor_id,clerk,mail,born,postcode,street,changed_on"
HEAD = "invoice_id,vendor_id,net,currency,note,version"


@pytest.fixture
def payables(tmp_path: Path, spark: SparkSession) -> Payables:
    return make_payables(tmp_path, spark)


def vendor(number: int, mail: str = "") -> str:
    return f"V{number},Ada Muster{number},{mail or f'ada{number}@example.com'},1980-05-06,10115,Hauptstr. {number},2026-01-01"


def test_rows_go_where_they_belong(payables: Payables) -> None:
    payables.write("vendors.csv", VENDOR_HEAD, vendor(1), vendor(2, "ADA1@Example.com"))
    payables.write(
        "invoices.csv",
        HEAD,
        "I1,V1,100.10,EUR,fine,1",
        "I2,V1,20.00,USD,old,1",
        "I2,V1,21.00,USD,new,2",
        "I3,V9,5.00,EUR,orphan,1",
        "I4,V1,1.005,EUR,scale,1",
        "I5,V1,x,EUR,junk,1",
        "",
        "I1,V1,100.10,EUR,fine,1",
        "I6,V1,1.00,EUR,this,1",
        "I6,V1,1.00,EUR,or that,1",
        "I7,V1,1.00",
    )
    result = payables.ingest()

    invoices = result.source("invoices")
    assert (invoices.rows_read, invoices.valid, invoices.quarantined) == (10, 2, 6)
    assert (invoices.duplicate, invoices.superseded) == (1, 1)
    assert invoices.reasons == {
        "conflict:version": 2,
        "format:too_few_fields": 1,
        "reference:vendor_id": 1,
        "scale:net": 1,
        "type:net": 1,
    }
    control = invoices.control
    assert control.read == 10 == control.valid + control.quarantined + control.duplicate + control.superseded
    assert control.unparseable_amounts == 2
    assert control.amounts["USD"] == {
        "read": Decimal("41.00"), "valid": Decimal("21.00"), "quarantined": Decimal("0.00"),
        "duplicate": Decimal("0.00"), "superseded": Decimal("20.00"), "discarded": Decimal("0.00"),
    }  # fmt: skip
    assert control.amounts["EUR"]["read"] == Decimal("208.205")
    assert payables.rows("silver.invoices", "invoice_id", "net") == [
        ("I1", Decimal("100.10")),
        ("I2", Decimal("21.00")),
    ]
    assert payables.rows("restricted.quarantine", "_line", "raw")[-1] == (12, "I7,V1,1.00")
    (entry,) = invoices.files
    assert (entry.physical_lines, entry.header_lines, entry.blank_lines, entry.records) == (12, 1, 1, 10)


def test_personal_data_is_masked_before_it_lands(payables: Payables) -> None:
    payables.write("vendors.csv", VENDOR_HEAD, vendor(1), vendor(2, " ADA1@Example.com "))
    payables.ingest()

    rows = payables.table("silver.vendors").orderBy("vendor_id").collect()
    key = (payables.project.secrets / "masking.key").read_bytes()
    key_id = hmac.new(key, b"key id", hashlib.sha256).hexdigest()[:8]
    digest = hmac.new(key, b"email\x1fada1@example.com", hashlib.sha256).hexdigest()
    assert [row.mail for row in rows] == [f"tok_{key_id}_{digest}"] * 2
    assert [(row.clerk, row.born, row.postcode) for row in rows] == [("[redacted]", 1980, "10")] * 2
    assert "street" not in rows[0].asDict()

    assert stat.S_IMODE((payables.project.secrets / "masking.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(payables.project.secrets.stat().st_mode) == 0o700
    assert stat.S_IMODE((payables.project.warehouse / "restricted").stat().st_mode) == 0o700
    _assert_absent(payables, "Muster", "ada1@example", "Hauptstr")


def test_a_masked_quarantine_shows_only_what_kept_its_form(payables: Payables) -> None:
    payables.write("vendors.csv", VENDOR_HEAD, vendor(1))
    payables.write(
        "invoices.csv",
        HEAD,
        "I1,V1,x,EUR,Ada Muster1,1",
        "ada1@example.com,V1,2.00,EUR,swapped,1",
        'I3,V1,3.00,EUR,"Ada Muster1,1',
    )
    payables.ingest()

    columns = ("_line", "invoice_id", "vendor_id", "net", "version", "reasons")
    assert payables.rows("silver.invoices_quarantine", *columns) == [
        (2, "I1", "V1", None, 1, ["type:net"]),
        (3, None, "V1", Decimal("2.00"), 1, ["pattern:invoice_id"]),
        (4, None, None, None, None, ["format:unclosed_quote"]),
    ]
    _assert_absent(payables, "Muster", "ada1@example")


def test_an_orphan_is_judged_again_when_its_parent_comes(payables: Payables) -> None:
    payables.write("vendors.csv", VENDOR_HEAD, vendor(1))
    payables.write("invoices.csv", HEAD, "I1,V1,1.00,EUR,,1", "I2,V2,2.00,EUR,,1", "I3,V3,3.00,EUR,,1")
    first = payables.ingest().source("invoices")
    assert (first.valid, first.quarantined) == (1, 2)

    payables.write("vendors_more.csv", VENDOR_HEAD, vendor(2))
    result = payables.ingest()
    second = result.source("invoices")
    assert (second.rows_read, second.valid, second.freed) == (0, 0, 1)
    assert (second.control.valid, second.control.quarantined) == (2, 1)
    assert result.oldest_sequence == first.files[0].sequence
    assert payables.rows("silver.invoices", "invoice_id") == [("I1",), ("I2",)]
    assert payables.rows("silver.invoices_quarantine", "invoice_id") == [("I3",)]


def test_a_late_parent_can_turn_what_stands(payables: Payables) -> None:
    """The freed row came first: it stands, and the one that stood in its place is in conflict."""
    payables.write("vendors.csv", VENDOR_HEAD, vendor(1))
    payables.write("invoices_1.csv", HEAD, "I1,V2,1.00,EUR,first,1")
    payables.ingest()
    payables.write("invoices_2.csv", HEAD, "I1,V1,9.00,EUR,second,1")
    payables.ingest()
    assert payables.rows("silver.invoices", "note") == [("second",)]

    payables.write("vendors_2.csv", VENDOR_HEAD, vendor(2))
    result = payables.ingest().source("invoices")
    assert (result.freed, result.displaced, result.keys_lost) == (1, 1, 0)
    assert payables.rows("silver.invoices", "note") == [("first",)]
    assert payables.rows("restricted.quarantine", "raw", "reasons") == [
        ("I1,V1,9.00,EUR,second,1", ["conflict:version"])
    ]
    before = payables.state()
    payables.ingest(refresh=["vendors"])
    assert payables.state() == before


def test_without_a_sequence_the_later_delivery_wins(payables: Payables) -> None:
    payables.write("rates_1.csv", "currency,rate", "USD,0.9", "GBP,1.1")
    payables.ingest()
    payables.write("rates_2.csv", "currency,rate", "USD,0.8", "GBP,1.10")
    second = payables.ingest().source("rates")
    assert (second.valid, second.duplicate, second.displaced) == (1, 1, 1)
    payables.write("rates_3.csv", "currency,rate", "USD,0.9", "CHF,1", "CHF,2")
    third = payables.ingest().source("rates")
    assert (third.valid, third.quarantined) == (1, 2)
    assert payables.rows("silver.rates", "currency", "rate") == [
        ("GBP", Decimal("1.1000")),
        ("USD", Decimal("0.9000")),
    ]
    before = payables.state()
    payables.ingest(refresh=["rates"])
    assert payables.state() == before


def test_only_new_files_are_read(payables: Payables) -> None:
    payables.write("rates_1.csv", "currency,rate", "USD,0.9", "GBP,1.1")
    payables.ingest()
    assert payables.find().deliveries == ()
    payables.write("rates_2.csv", "currency,rate", "CHF,1.0")
    result = payables.ingest()
    assert {source.source: source.rows_read for source in result.sources} == {
        "vendors": 0,
        "invoices": 0,
        "rates": 1,
    }
    assert result.source("rates").control.read == 3


def test_a_file_counts_once_by_its_content(payables: Payables) -> None:
    payables.write("rates_1.csv", "currency,rate", "USD,0.9")
    payables.write("rates_1_copy.csv", "currency,rate", "USD,0.9")
    statuses = [entry.status for entry in payables.ingest().source("rates").files]
    assert statuses == ["loaded", "resent"]
    shutil.copy(payables.project.raw / "rates_1.csv", payables.project.raw / "rates_renamed.csv")
    again = payables.ingest().source("rates")
    assert [entry.message for entry in again.files] == [
        "has the same content as rates_1.csv; not loaded again"
    ]
    assert (again.rows_read, again.control.read) == (0, 1)
    assert payables.find().deliveries == ()


def test_a_half_written_file_that_completes_later(payables: Payables) -> None:
    payables.write("vendors.csv", VENDOR_HEAD, vendor(1))
    (payables.project.raw / "invoices.csv").write_text(f"{HEAD}\nI1,V1,1.00,EUR,,1\nI2,V1,2.")
    payables.ingest()
    payables.write("invoices.csv", HEAD, "I1,V1,1.00,EUR,,1", "I2,V1,2.00,EUR,,1")
    second = payables.ingest().source("invoices")
    assert (second.valid, second.duplicate, second.corrected, second.settled) == (2, 0, 1, 1)
    assert payables.rows("silver.invoices", "invoice_id") == [("I1",), ("I2",)]


def test_a_file_that_cannot_be_trusted_costs_itself_only(payables: Payables) -> None:
    payables.write("invoices.csv", "invoice_id;vendor_id;net", "I1;V1;2")
    payables.write("rates_empty.csv")
    payables.write("rates.csv", "currency,rate", "USD,0.9")
    result = payables.ingest()
    (told,) = result.source("invoices").rejected_files
    assert "none of the contract's columns" in str(told.message)
    assert [entry.status for entry in result.source("rates").files] == ["loaded", "rejected"]
    assert payables.rows("silver.rates", "currency") == [("USD",)]
    assert payables.find().deliveries == ()

    contract = payables.project.configs / "contracts" / "rates.yml"
    contract.write_text(contract.read_text().replace("version: 1.0.0", "version: 1.0.1"))
    (delivery,) = payables.find().deliveries
    assert [file.path for file in delivery.files] == ["rates_empty.csv"]


def _lose_the_ledger(payables: Payables) -> None:
    shutil.rmtree(payables.project.warehouse / "ops" / "ledger")


def _die_before_anything_was_published(payables: Payables) -> None:
    _lose_the_ledger(payables)
    for name in ("silver", "restricted/quarantine", "restricted/outcomes"):
        shutil.rmtree(payables.project.warehouse / name)


@pytest.mark.parametrize("lose", [_lose_the_ledger, _die_before_anything_was_published])
def test_what_a_dead_run_left_in_bronze_is_adopted(
    payables: Payables, lose: Callable[[Payables], None]
) -> None:
    payables.write("vendors.csv", VENDOR_HEAD, vendor(1))
    payables.write("invoices.csv", HEAD, "I1,V1,1.00,EUR,,1", "I1,V1,1.00,EUR,,1", "I2,V9,1.00,EUR,,1")
    payables.ingest()
    before, bronze = payables.state(), payables.rows("bronze.invoices", "_sequence", "_line")
    numbers = {entry.path: entry.sequence for entry in load_ledger(payables.project.warehouse)}

    lose(payables)
    payables.write("invoices_a.csv", HEAD, "I3,V1,1.00,EUR,,1")
    (delivery,) = payables.find().deliveries
    assert {file.path for file in delivery.files if file.in_bronze} == set(numbers)
    if lose is _lose_the_ledger:
        shutil.rmtree(payables.project.warehouse / "silver")
        for name in ("quarantine", "outcomes"):
            shutil.rmtree(payables.project.warehouse / "restricted" / name)
    payables.ingest()

    found = {entry.path: entry.sequence for entry in load_ledger(payables.project.warehouse)}
    assert found["invoices_a.csv"] > max(numbers.values())
    assert {path: found[path] for path in numbers} == numbers
    assert payables.rows("bronze.invoices", "_sequence", "_line")[: len(bronze)] == bronze
    after = payables.state()
    assert set(before["invoices"]) <= set(after["invoices"])
    assert {key: after[key] for key in ("vendors", "quarantine", "outcomes")} == {
        key: before[key] for key in ("vendors", "quarantine", "outcomes")
    }


def test_bronze_refuses_update_and_delete(payables: Payables) -> None:
    from delta.tables import DeltaTable

    payables.write("rates.csv", "currency,rate", "USD,0.9")
    payables.ingest()
    table = DeltaTable.forPath(
        payables.spark, str(payables.project.warehouse / "restricted" / "bronze" / "rates")
    )
    with pytest.raises(Exception, match=r"DELTA_CANNOT_MODIFY_APPEND_ONLY"):
        table.delete()
    with pytest.raises(Exception, match=r"DELTA_CANNOT_MODIFY_APPEND_ONLY"):
        table.update(set={"rate": "'1'"})


def test_a_lost_line_stops_the_run(payables: Payables, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that drops a record is found out by the count of lines that is made apart from it."""
    payables.write("rates.csv", "currency,rate", "USD,0.9", "GBP,1.1")
    original = _Intake._files

    def one_line_more(self: _Intake, spec: object) -> object:
        from dataclasses import replace

        return [replace(f, physical_lines=f.physical_lines + 1) for f in original(self, spec)]  # type: ignore[arg-type]

    monkeypatch.setattr(_Intake, "_files", one_line_more)
    with pytest.raises(OutcomeError, match=r"rates\.csv: 4 lines, 3 accounted for"):
        payables.ingest()
    assert load_ledger(payables.project.warehouse) == ()


@pytest.mark.soak
def test_many_loads_end_as_one_load_and_as_a_rebuild(tmp_path: Path, spark: SparkSession) -> None:
    """Random versions, copies, conflicts, junk and late vendors; three deliveries, then the same in one."""
    draw = random.Random(7)
    steps = [
        [
            f"I{draw.randint(1, 60)},V{draw.randint(1, 3)},{draw.choice(['1.00', '1.0', '2.00', 'x'])},EUR,,{draw.randint(1, 3)}"
            for _ in range(120)
        ]
        for _ in range(3)
    ]
    many = make_payables(tmp_path / "many", spark, deliveries="folder")
    for number, lines in enumerate(steps):
        if number:
            many.write(f"{number}/vendors.csv", VENDOR_HEAD, vendor(number))
        many.write(f"{number}/invoices.csv", HEAD, *lines)
        many.write(f"{number}/rates.csv", "currency,rate", f"EUR,{draw.randint(1, 2)}", f"USD,{number}")
        many.ingest()
    one = make_payables(tmp_path / "one", spark)
    shutil.copytree(many.project.raw, one.project.raw)
    shutil.copytree(many.project.secrets, one.project.secrets)
    one.ingest()

    in_steps, at_once = many.state(), one.state()
    assert len(in_steps["quarantine"]) > 20
    assert {kind for *_, kind in in_steps["outcomes"]} == {"duplicate", "superseded"}
    for table, rows in in_steps.items():
        assert rows == at_once[table], table
    many.ingest(refresh=["invoices", "vendors", "rates"])
    assert many.state() == in_steps


def _assert_absent(payables: Payables, *words: str) -> None:
    """No file outside of the restricted zone, the raw folder and the settings holds one of the words."""
    root = payables.project.root
    for path in root.rglob("*"):
        inside = path.relative_to(root).parts
        if (
            not path.is_file()
            or inside[:2] == ("warehouse", "restricted")
            or inside[0] in ("data", "configs")
        ):
            continue
        content = path.read_bytes()
        for word in words:
            assert word.encode() not in content, f"{word} in {path}"
    for name in ("silver.vendors", "silver.invoices", "silver.invoices_quarantine", "ops.ledger"):
        if (payables.project.warehouse / name.replace(".", "/")).exists():
            text = str(payables.table(name).collect())
            assert not [word for word in words if word in text]
