"""Repairs on a tiny company: a file delivered again, rows repaired in a spreadsheet, rows judged again."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.ledger import load_ledger
from tests.support.payables import Payables, make_payables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

VENDOR_HEAD = "vendor_id,clerk,mail,born,postcode,street,changed_on"
HEAD = "invoice_id,vendor_id,net,currency,note,version"
REPAIRED = f"_ref,_action,{HEAD}"


@pytest.fixture
def payables(tmp_path: Path, spark: SparkSession) -> Payables:
    made = make_payables(tmp_path, spark, deliveries="folder")
    made.write("1/vendors.csv", VENDOR_HEAD, vendor(1))
    return made


def vendor(number: int) -> str:
    return f"V{number},Ada Muster,ada{number}@example.com,1980-05-06,10115,Hauptstr. 1,2026-01-01"


def fates(payables: Payables, source: str = "invoices") -> dict[tuple[int, int], str]:
    """Return where each row of bronze stands; each stands in one place."""
    silver = next(spec.silver_table for spec in payables.specs if spec.name == source)
    found = [(*row, "valid") for row in payables.rows(silver, "_sequence", "_line")]
    for sequence, line, of in payables.rows("restricted.quarantine", "_sequence", "_line", "source"):
        found += [(sequence, line, "quarantined")] if of == source else []
    for sequence, line, status, of in payables.rows(
        "restricted.outcomes", "_sequence", "_line", "status", "source"
    ):
        found += [(sequence, line, status)] if of == source else []
    assert sorted(row[:2] for row in found) == payables.rows(f"bronze.{source}", "_sequence", "_line")
    return {(sequence, line): status for sequence, line, status in found}


def same_after_a_rebuild(payables: Payables) -> None:
    before = payables.state()
    payables.ingest(refresh=["vendors", "invoices", "rates"])
    assert payables.state() == before


def test_a_file_delivered_again_replaces_what_it_said(payables: Payables) -> None:
    """Two bad rows come right, one amount is another, a good row is the same; and the later month stays later."""
    payables.write(
        "1/invoices.csv", HEAD, "I1,V1,1.00,EUR,,1", "I2,V1,x,EUR,,1", "I3,V1,3.00,EUR,,1", "I4,V1"
    )
    payables.write("1/rates.csv", "currency,rate", "USD,0.9", "GBP,x")
    payables.ingest()
    payables.write("2/rates.csv", "currency,rate", "USD,0.8")
    payables.ingest()
    payables.write(
        "1/invoices.csv",
        HEAD,
        "I1,V1,1.00,EUR,,1",
        "I2,V1,2.00,EUR,,1",
        "I3,V1,3.50,EUR,,1",
        "I4,V1,4.00,EUR,,1",
    )
    payables.write("1/rates.csv", "currency,rate", "USD,0.7", "GBP,1.1")
    result = payables.ingest()

    invoices = result.source("invoices")
    assert (invoices.valid, invoices.quarantined) == (4, 0)
    assert (invoices.settled, invoices.corrected, invoices.keys_lost) == (2, 2, 0)
    assert payables.rows("silver.invoices", "invoice_id", "net") == [
        ("I1", Decimal("1.00")), ("I2", Decimal("2.00")), ("I3", Decimal("3.50")), ("I4", Decimal("4.00")),
    ]  # fmt: skip
    control = invoices.control
    assert (control.read, control.valid, control.quarantined, control.superseded) == (8, 4, 0, 4)
    assert control.amounts["EUR"]["read"] == Decimal("14.50")
    assert control.amounts["EUR"]["superseded"] == Decimal("4.00")
    assert payables.rows("restricted.quarantine", "source") == []
    assert payables.rows("silver.invoices_quarantine", "invoice_id") == []
    assert payables.rows("silver.rates", "currency", "rate") == [
        ("GBP", Decimal("1.1000")),
        ("USD", Decimal("0.8000")),  # the correction of the first month does not overrule the second
    ]
    replaced = {
        entry.path: entry.replaces for entry in load_ledger(payables.project.warehouse) if entry.replaces
    }
    assert set(replaced) == {"1/invoices.csv", "1/rates.csv"}
    same_after_a_rebuild(payables)
    assert payables.ingest(replay=["invoices"]).moved is False


@pytest.mark.parametrize(
    ("redelivery", "standing", "quarantined"),
    [(None, ["I1", "I2", "I5"], 1), ("replace", ["I2", "I5"], 0), ("add", ["I1", "I2", "I5"], 1)],
)
def test_rows_that_do_not_come_again_are_not_taken_back_unasked(
    payables: Payables, redelivery: str | None, standing: list[str], quarantined: int
) -> None:
    if redelivery:
        contract = payables.project.configs / "contracts" / "invoices.yml"
        own = "- {property: sequenceColumn, value: version}"
        more = f"{own}\n      - {{property: redelivery, value: {redelivery}}}"
        contract.write_text(contract.read_text().replace(own, more))
    payables.write("1/invoices.csv", HEAD, "I1,V1,1.00,EUR,,1", "I2,V1,2.00,EUR,,1", "I3,V1,x,EUR,,1")
    payables.ingest()
    payables.write("1/invoices.csv", HEAD, "I2,V1,2.00,EUR,,1", "I5,V1,5.00,EUR,,1")
    result = payables.ingest().source("invoices")
    assert [key for (key,) in payables.rows("silver.invoices", "invoice_id")] == standing
    assert (result.control.quarantined, result.keys_lost) == (quarantined, int(redelivery == "replace"))
    message = result.files[0].message
    assert (message is not None and "lacks 1 keys" in message) == (redelivery is None)
    fates(payables)
    same_after_a_rebuild(payables)
