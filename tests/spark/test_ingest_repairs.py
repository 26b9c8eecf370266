"""Repairs on a tiny company: a file delivered again, rows repaired in a spreadsheet, rows judged again."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

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
        entry.path: entry.corrects for entry in load_ledger(payables.project.warehouse) if entry.corrects
    }
    assert set(replaced) == {"1/invoices.csv", "1/rates.csv"}
    same_after_a_rebuild(payables)
    assert payables.ingest(replay=["invoices"]).moved is False


def test_a_row_that_is_taken_back_takes_its_children_with_it(payables: Payables) -> None:
    """A contract that lets a file delivered again take rows back: what referred to them is judged again."""
    contract = payables.project.configs / "contracts" / "vendors.yml"
    own = "{property: sequenceColumn, value: changed_on}"
    contract.write_text(contract.read_text().replace(own, f"{own}, {{property: redelivery, value: replace}}"))
    payables.write("1/vendors.csv", VENDOR_HEAD, vendor(1), vendor(2))
    payables.write("1/invoices.csv", HEAD, "I1,V1,1.00,EUR,,1", "I2,V2,2.00,EUR,,1")
    assert payables.ingest().source("invoices").control.valid == 2
    payables.write("1/vendors.csv", VENDOR_HEAD, vendor(1))
    result = payables.ingest()
    assert (result.source("vendors").corrected, result.source("vendors").keys_lost) == (2, 1)
    assert payables.rows("silver.invoices", "invoice_id") == [("I1",)]
    assert payables.rows("restricted.quarantine", "key", "reasons") == [("I2", ["reference:vendor_id"])]
    fates(payables)
    same_after_a_rebuild(payables)


def test_rows_repaired_in_a_spreadsheet_take_the_place_of_the_quarantined_ones(payables: Payables) -> None:
    """One comes right, one stays wrong, one is discarded, one that conflicts is decided, one refers to nothing."""
    payables.write(
        "1/invoices.csv",
        HEAD,
        "I1,V1,x,EUR,=1+1,1",
        "I2,V1,y,EUR,,1",
        "I3,V1,z,EUR,,1",
        "I4,V1,4.00,EUR,this,1",
        "I4,V1,4.00,EUR,or that,1",
        "I5,V1,5.00,EUR,,1",
    )
    assert payables.ingest().source("invoices").control.quarantined == 5
    payables.write(
        "2/invoices.repaired.csv",
        REPAIRED.replace(",", ";"),
        "row:2:2;;I1;V1;1.50;EUR;'=1+1;1",
        "row:2:3;;I2;V1;still y;EUR;;1",
        "row:2:4;Discard;;;;;;",
        "row:2:5;;I4;V1;4.00;EUR;this;1",
        "row:2:6;discard;I4;V1;4.00;EUR;or that;1",
        "row:99:1;;I6;V1;6.00;EUR;;1",
        "none;;I7;V1;7.00;EUR;;1",
    )
    result = payables.ingest().source("invoices")
    assert (result.valid, result.quarantined, result.discarded, result.settled) == (4, 1, 2, 5)
    control = result.control
    assert (control.read, control.valid, control.quarantined, control.superseded) == (13, 5, 1, 5)
    assert control.discarded == 2
    assert control.amounts["EUR"] == {
        "read": Decimal("35.50"), "valid": Decimal("23.50"), "quarantined": Decimal("0.00"),
        "duplicate": Decimal("0.00"), "superseded": Decimal("8.00"), "discarded": Decimal("4.00"),
    }  # fmt: skip
    assert payables.rows("silver.invoices", "invoice_id", "note") == [
        ("I1", "=1+1"), ("I4", "this"), ("I5", None), ("I6", None), ("I7", None),
    ]  # fmt: skip
    assert [row[2:] for row in payables.rows("restricted.quarantine", "_sequence", "_line", "reasons")] == [
        (["type:net"],)
    ]
    (entry,) = result.files
    assert (entry.repairs, entry.corrects) == (6, None)
    before = fates(payables)

    payables.write(
        "3/invoices.repaired.csv", REPAIRED, "row:3:3,,I2,V1,2.00,EUR,,1", "row:2:2,,I1,V1,1.75,EUR,,1"
    )
    again = payables.ingest().source("invoices")
    assert (again.settled, again.corrected, again.control.quarantined) == (1, 1, 0)
    assert payables.rows("silver.invoices", "invoice_id", "net")[:2] == [
        ("I1", Decimal("1.75")),
        ("I2", Decimal("2.00")),
    ]
    assert set(before) < set(fates(payables))
    same_after_a_rebuild(payables)


@pytest.mark.soak
def test_what_was_exported_comes_back_as_it_went(payables: Payables) -> None:
    """A round trip through the export, with nothing repaired, changes no value and loses no row."""
    import datetime as dt

    from datatrust.core.release import Quality, Release, publish_release
    from pipeline.quarantine_export import UnmaskedRequest, export_quarantine
    from pipeline.tables import find_tables, pin_table

    note = '\'="a",\u00e4;'
    payables.write(
        "1/invoices.csv", HEAD, f'I1,V9,-1.00,EUR,"{note.replace(chr(34), chr(34) * 2)}",1', "I2,V1"
    )
    payables.ingest()
    warehouse = payables.project.warehouse
    tables = {name: pin_table(warehouse, name) for name in find_tables(warehouse)}
    now = dt.datetime(2026, 6, 30, tzinfo=dt.UTC)
    publish_release(
        warehouse, Release(number=1, created_at=now, tables=tables, quality=Quality(status="passed"))
    )
    (payables.project.configs / "policies" / "restricted.yml").write_text("unmasked_export: {roles: [s]}")
    out = payables.project.root / "invoices.repaired.csv"
    asked = UnmaskedRequest(role="s", why="test")
    export_quarantine(
        payables.project, payables.specs, source="invoices", out=out, form="csv", unmasked=asked
    )
    (payables.project.raw / "2").mkdir()
    out.rename(payables.project.raw / "2" / out.name)
    result = payables.ingest().source("invoices")
    assert (result.settled, result.quarantined, result.control.quarantined) == (2, 2, 2)
    waiting = payables.rows("restricted.quarantine", "key", "reasons")
    assert [(key, len(reasons)) for key, reasons in waiting] == [("", 5), ("I1", 1)]
    payables.write("3/vendors.csv", VENDOR_HEAD, vendor(9))
    assert payables.ingest().source("invoices").freed == 1
    assert payables.rows("silver.invoices", "net", "note") == [(Decimal("-1.00"), note)]


def test_rows_are_judged_again_under_the_rules_of_today(payables: Payables) -> None:
    """What a rule kept out may stand without it; a row that is still wrong stays, and nothing moves twice."""
    payables.write("1/invoices.csv", HEAD, "I1,V1,1.00,EUR,,1", "I2,V9,2.00,EUR,,1", "I3,V1,x,EUR,,1")
    payables.ingest()
    contract = payables.project.configs / "contracts" / "invoices.yml"
    contract.write_text(
        contract.read_text().replace("        relationships: [{to: vendors.vendor_id}]\n", "")
    )
    unchanged = payables.ingest().source("invoices")
    assert (unchanged.freed, unchanged.control.quarantined) == (0, 2)
    result = payables.ingest(replay=["invoices"])
    assert (result.source("invoices").freed, result.source("invoices").control.quarantined) == (1, 1)
    assert payables.ingest(replay=["invoices"]).moved is False
    same_after_a_rebuild(payables)
