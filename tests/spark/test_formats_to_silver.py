"""One delivery with a source of every format: the same rows stand in silver, whatever they came as."""

from __future__ import annotations

from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.contracts import load_contracts
from pipeline.extract import extract_new
from pipeline.ingest import ingest_delivery
from pipeline.ledger import find_new_files
from pipeline.tables import query_tables
from tests.support.formats import HEADER, ROWS, SUFFIX, write_rows
from tests.support.postgres import PASSWORD, find_postgres, running_postgres
from tests.support.projects import write_project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: {name}
version: 1.0.0
servers: [{server}]
schema:
  - name: {name}
    customProperties:
      - {{property: amountColumn, value: amount}}
      - {{property: currencyCode, value: EUR}}
    properties:
      - {{name: id, physicalName: Id, logicalType: integer, primaryKey: true}}
      - {{name: name, physicalName: Name, logicalType: string}}
      - {{name: amount, physicalName: Amount, logicalType: number, physicalType: "decimal(18,2)", required: true}}
      - {{name: day, physicalName: Day, logicalType: date}}
      - {{name: at, physicalName: At, logicalType: timestamp}}
      - {{name: paid, physicalName: Paid, logicalType: boolean}}
"""
FILES = "{{server: s, type: local, path: {name}*, format: {format}}}"
GERMAN = """{server: s, type: local, path: german*, format: csv, encoding: cp1252, customProperties: [
    {property: delimiter, value: ";"},
    {property: preambleLines, value: 2},
    {property: footerPattern, value: "^Summe"},
    {property: numberFormat, value: {decimal: ",", thousands: ".", currency: [EUR], negative: [trailing_minus]}},
    {property: dateFormats, value: [dd.MM.yyyy, d.M.yy]},
    {property: timestampFormats, value: ["dd.MM.yyyy HH:mm:ss"]},
    {property: controlTotals, value: {pattern: "^Summe;(?P<rows>[0-9]+);(?P<sum>.*)$", column: amount}}]}"""
GERMAN_BODY = """\
Bericht;\x80 und mehr

Id;Name;Amount;Day;At;Paid;Note
1;Kern, Vogt;EUR 1.234,50;05.04.2026;05.04.2026 06:07:08;true;n1
2;"Panel 24"" black";0,07-;31.12.2026;31.12.2026 00:00:00;no;n2
3;J\xfcrgen Gro\xdf;90.000,00 EUR;;;;
4;;,10;29.2.00;29.02.2000 23:59:59;yes;n4
5;two words;0,305;01.01.2026;01.01.2026 12:00:00;false;n5

Summe;5;%s
"""
DATABASE = """{{server: s, type: postgresql, host: {host}, port: {port}, database: {database}, customProperties: [
    {{property: user, value: reader}}, {{property: passwordVariable, value: TEST_ERP_PASSWORD}},
    {{property: table, value: rows}}]}}"""


def test_every_format_gives_the_same_silver(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_project(tmp_path, {"sources": {"include": "contracts/*.yml"}, "today": "2026-06-30"})
    contracts = project.configs / "contracts"
    contracts.mkdir()
    project.masking_policy.parent.mkdir(parents=True, exist_ok=True)
    project.masking_policy.write_text("classes: {email: {action: token}}\n")
    project.raw.mkdir(parents=True)
    servers = {name: FILES.format(name=name, format=name) for name in SUFFIX} | {"german": GERMAN}
    for name in SUFFIX:
        write_rows(tmp_path, name).rename(project.raw / f"{name}_rows.{SUFFIX[name]}")
        (project.raw / f"{name}_broken").write_bytes(b"PAR1PK\x00 half a file")
    (project.raw / "german.csv").write_bytes((GERMAN_BODY % "91.234,835").encode("latin-1"))
    servers["stopped"] = GERMAN.replace("german*", "stopped*")
    (project.raw / "stopped.csv").write_bytes((GERMAN_BODY % "91.234,83").encode("latin-1"))
    with ExitStack() as stack:
        programs = find_postgres()
        if programs is not None:
            server = stack.enter_context(running_postgres(programs))
            server.run(*database_rows())
            monkeypatch.setenv("TEST_ERP_PASSWORD", PASSWORD)
            servers["database"] = DATABASE.format(
                host=server.host, port=server.port, database=server.database
            )
        for name, text in servers.items():
            (contracts / f"{name}.yml").write_text(CONTRACT.format(name=name, server=text), encoding="utf-8")
        specs = load_contracts(project)
        assert extract_new(project.warehouse, specs) == []
    (delivery,) = find_new_files(project, specs).deliveries
    result = ingest_delivery(spark, project, specs, delivery)

    refused = {e.path: e.message for r in result.sources for e in r.rejected_files}
    assert set(refused) == {"stopped.csv", *(f"{name}_broken" for name in SUFFIX)}
    assert (
        refused["stopped.csv"] == "its control totals say 91,234.83 as the sum of Amount, it has 91,234.835"
    )
    assert result.source("stopped").control.read == 0

    expected = [tuple(row[:3]) for row in ROWS[:4]]
    for name in sorted(set(servers) - {"stopped"}):
        table = {"silver": project.warehouse / "silver" / name}
        rows = query_tables(
            'select id, name, amount, "day"::text, "at"::text, paid from silver order by id', table
        )
        found = [tuple(row.values()) for row in rows]
        assert [row[:3] for row in found] == expected, name
        assert [row[3:] for row in found] == [
            ("2026-04-05", f"2026-04-05 06:07:08{zone(found)}", True),
            ("2026-12-31", f"2026-12-31 00:00:00{zone(found)}", False),
            (None, None, None),
            ("2000-02-29", f"2000-02-29 23:59:59{zone(found)}", True),
        ], name
        one = result.source(name)
        assert (one.rows_read, one.valid, one.quarantined) == (5, 4, 1), name
        assert one.reasons == {"scale:amount": 1}, name
        assert one.control.amounts["EUR"]["read"] == Decimal("91234.835"), name
        assert one.control.amounts["EUR"]["valid"] == Decimal("91234.53"), name
        assert one.control.unparseable_amounts == 0, name
        extra = query_tables(
            "select _extra from bronze where _line is not null order by id",
            {"bronze": project.warehouse / "restricted" / "bronze" / name},
        )
        assert "n1" in extra[0]["_extra"], name
    assert find_new_files(project, specs).deliveries == ()  # nothing is new: each counts once


def zone(found: list[tuple[Any, ...]]) -> str:
    """Return how DuckDB ends a timestamp of Spark, which carries a zone."""
    return "+00" if str(found[0][4]).endswith("+00") else ""


def database_rows() -> list[str]:
    made = 'create table rows ("Id" int, "Name" text, "Amount" numeric, "Day" date, "At" timestamp, "Paid" bool, "Note" text)'
    lines = [made]
    for row in ROWS:
        cells = ["null" if v is None else "'" + str(v).replace("'", "''") + "'" for v in row]
        lines.append(f"insert into rows values ({', '.join(cells)})")
    assert len(HEADER) == 7
    return lines
