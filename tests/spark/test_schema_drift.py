"""Schema drift, end to end: every decision on every kind of change, in one company of five sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.conservation import check_conservation
from pipeline.ledger import load_ledger
from pipeline.results import IngestResult
from tests.support.payables import Payables, make_payables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

_CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: {name}
version: 1.0.0
servers: [{{server: files, type: local, path: "**/{name}*.csv", format: csv}}]
schema:
  - name: {name}
    customProperties:
      - {{property: amountColumn, value: net}}
      - {{property: currencyCode, value: EUR}}
      - {{property: drift, value: {drift}}}
    properties:
      - {{name: id, logicalType: string, primaryKey: true}}
      - {{name: net, logicalType: number, physicalType: "decimal(12,2)", required: true}}
      - {{name: note, logicalType: string}}
"""
DRIFT = {
    "evolving": "{newColumn: evolve}",
    "freezing": "{newColumn: freeze}",
    "discarding": "{missingColumn: discard, typeChange: discard, typeChangeShare: 0.5}",
    "doubting": "{newColumn: quarantine, missingColumn: quarantine}",
    "plain": "{}",
}


def ingest(company: Payables, **options: object) -> IngestResult:
    result = company.ingest(**options)
    controls = [source.control for source in result.sources]
    check_conservation(company.project.warehouse, company.specs, controls, result.ledger)
    return result


def test_each_decision_on_each_change(tmp_path: Path, spark: SparkSession) -> None:
    contracts = {name: _CONTRACT.format(name=name, drift=drift) for name, drift in DRIFT.items()}
    company = make_payables(tmp_path, spark, contracts=contracts)
    for name in DRIFT:
        company.write(f"{name}_1.csv", "id,net,note", "A,1.00,x", "B,2.00,y")
    ingest(company)

    company.write(
        "evolving_2.csv",
        "id,net,note,channel,contact_mail",
        "B,2.00,y,web,ada@example.com",
        "C,3.00,,Ada M.,bo@example.com",
    )
    company.write("freezing_2.csv", "id,net,note,channel", "C,3.00,,web")
    company.write("discarding_2.csv", "id,nett,note", "C,3.00,z", "D,4.00,z")
    company.write("discarding_3.csv", "id,net,note", "E,five,z", "F,6.00,z", "G,seven,z")
    company.write("doubting_2.csv", "id,net,channel", "C,3.00,web")
    company.write("plain_2.csv", "id,net,notes", "C,3.00,web")
    company.write("plain_3.csv", "id,nett,note", "D,3.00,web")
    company.write("plain_4.csv", "id,net,note", *(f"T{n},nothing,z" for n in range(25)))
    result = ingest(company)

    evolving = result.source("evolving")
    assert evolving.refreshed, "rows of before are read again, with the new column"
    assert evolving.control.valid == 3
    assert evolving.control.superseded == 1, "a new value in the new column is a newer version"
    assert company.rows("silver.evolving", "id", "channel") == [
        ("A", None),
        ("B", "web"),
        ("C", "[redacted]"),
    ]
    assert "contact_mail" not in company.table("silver.evolving").columns, "it looks personal"
    assert any("looks like personal data (email), kept in bronze only" in text for text in evolving.drift)

    freezing = result.source("freezing")
    (refused,) = freezing.rejected_files
    assert 'new column "channel": the contract freezes the file' in str(refused.message)
    assert (freezing.rows_read, freezing.control.valid) == (0, 2)

    discarding = result.source("discarding")
    assert (discarding.rows_read, discarding.discarded, discarding.control.valid) == (5, 5, 2)
    assert discarding.control.amounts["EUR"]["discarded"] == 6, "what could be read of it is counted"
    assert 'column "net" is missing; perhaps it is called "nett" now' in discarding.drift[0]
    assert "67% of the values looked at do not" in discarding.drift[2]

    doubting = result.source("doubting")
    assert (doubting.quarantined, doubting.control.valid) == (1, 2)
    assert doubting.control.reasons == {"drift:missing_column:note": 1}

    plain = result.source("plain")
    assert company.rows("silver.plain", "id", "note") == [("A", "x"), ("B", "y"), ("C", None)]
    assert plain.drift == (
        'plain_2.csv: column "note" is missing; perhaps it is called "notes" now: taken as empty',
        'plain_2.csv: new column "notes": kept in bronze only',
    )
    lacking, changed = plain.rejected_files
    assert "its header lacks net (perhaps written 'nett')" in str(lacking.message)
    assert 'column "net" no longer reads as decimal, 100% of the values looked at do not' in str(
        changed.message
    )
    drift = {entry.path: entry.drift for entry in load_ledger(company.project.warehouse)}
    assert drift["plain_1.csv"] is None
    assert '"kind": "new_column", "column": "notes"' in str(drift["plain_2.csv"])

    for name, old, new in (
        ("doubting", "drift, value: {newColumn: quarantine, missingColumn: quarantine}", "drift, value: {}"),
        ("plain", "      - {name: note, logicalType: string}", "      - {name: notes, logicalType: string}"),
        ("discarding", "missingColumn: discard, ", ""),
    ):
        path = company.project.configs / "contracts" / f"{name}.yml"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new).replace("version: 1.0.0", "version: 1.0.1"))
    again = ingest(company, refresh=["doubting", "plain", "discarding"])
    assert again.source("doubting").control.valid == 3, "today's contract takes the file"
    assert company.rows("silver.plain", "id", "notes") == [("A", None), ("B", None), ("C", "web")]
    assert again.source("discarding").control.quarantined == 2, "frozen only now: its rows wait in quarantine"
    assert again.source("discarding").control.discarded == 3
