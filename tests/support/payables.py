"""A tiny company for tests of ingest: vendors and their invoices, with a key, versions, a parent and personal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datatrust.core.settings import Project
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.ingest import ingest_delivery
from pipeline.ledger import Delivery, Findings, find_new_files
from pipeline.results import IngestResult
from tests.support.projects import write_project

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

POLICY = """\
classes:
  email: {action: token, normalise: lower}
  person: {action: redact}
  birth: {action: generalise, to: year}
  postcode: {action: generalise, to: prefix, keep: 2}
  street: {action: drop}
"""
VENDORS = """\
apiVersion: v3.1.0
kind: DataContract
id: vendors
version: 1.0.0
servers: [{server: files, type: local, path: "**/vendors*.csv", format: csv}]
schema:
  - name: vendors
    customProperties: [{property: sequenceColumn, value: changed_on}]
    properties:
      - {name: vendor_id, logicalType: string, primaryKey: true, logicalTypeOptions: {pattern: "^V[0-9]+$"}}
      - {name: clerk, logicalType: string, required: true, customProperties: [{property: piiClass, value: person}]}
      - {name: mail, logicalType: string, customProperties: [{property: piiClass, value: email}]}
      - {name: born, logicalType: date, customProperties: [{property: piiClass, value: birth}]}
      - {name: postcode, logicalType: string, customProperties: [{property: piiClass, value: postcode}]}
      - {name: street, logicalType: string, customProperties: [{property: piiClass, value: street}]}
      - {name: changed_on, logicalType: date, required: true}
"""
INVOICES = """\
apiVersion: v3.1.0
kind: DataContract
id: invoices
version: 1.0.0
servers: [{server: files, type: local, path: "**/invoices*.csv", format: csv}]
schema:
  - name: invoices
    customProperties:
      - {property: quarantineTable, value: invoices_quarantine}
      - {property: sequenceColumn, value: version}
      - {property: amountColumn, value: net}
      - {property: currencyColumn, value: currency}
    properties:
      - {name: invoice_id, logicalType: string, primaryKey: true, logicalTypeOptions: {pattern: "^I[0-9]+$"}}
      - name: vendor_id
        logicalType: string
        required: true
        logicalTypeOptions: {pattern: "^V[0-9]+$"}
        relationships: [{to: vendors.vendor_id}]
      - {name: net, logicalType: number, physicalType: "decimal(12,2)", required: true}
      - {name: currency, logicalType: string, required: true}
      - {name: note, logicalType: string}
      - {name: version, logicalType: integer, required: true}
"""
RATES = """\
apiVersion: v3.1.0
kind: DataContract
id: rates
version: 1.0.0
servers: [{server: files, type: local, path: "**/rates*.csv", format: csv}]
schema:
  - name: rates
    properties:
      - {name: currency, logicalType: string, primaryKey: true}
      - {name: rate, logicalType: number, physicalType: "decimal(12,4)", required: true}
"""


@dataclass(frozen=True, kw_only=True)
class Payables:
    """The project with the session that works on it."""

    project: Project
    spark: SparkSession

    @property
    def specs(self) -> tuple[SourceSpec, ...]:
        return load_contracts(self.project)

    def write(self, path: str, *lines: str) -> None:
        target = self.project.raw / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def find(self) -> Findings:
        return find_new_files(self.project, self.specs)

    def ingest(self, **options: Any) -> IngestResult:
        """Take in what is new, which must be one delivery or nothing."""
        deliveries = self.find().deliveries or (Delivery(name=None, files=()),)
        (delivery,) = deliveries
        return ingest_delivery(self.spark, self.project, self.specs, delivery, **options)

    def table(self, name: str) -> DataFrame:
        from pipeline.store import read

        return read(self.spark, self.project.warehouse, name)

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        from pipeline.store import exists

        if not exists(self.project.warehouse, name):
            return []
        return sorted(tuple(row) for row in self.table(name).select(*columns).collect())

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return where every row stands, by source, path, line and what it says."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        for spec in self.specs:
            found[spec.name] = self.rows(spec.silver_table, "_file_sha", "_line", *spec.key, "_row_hash")
        found["quarantine"] = self.rows("restricted.quarantine", "source", "_file_sha", "_line", "reasons")
        found["outcomes"] = self.rows("restricted.outcomes", "source", "_file_sha", "_line", "status")
        found["masked"] = self.rows("silver.invoices_quarantine", "invoice_id", "_line", "reasons", "_file")
        return found


def make_payables(root: Path, spark: SparkSession, **config: Any) -> Payables:
    """Write the project into `root`."""
    return Payables(project=write_payables(root, **config), spark=spark)


def write_payables(root: Path, *, contracts: Mapping[str, str] | None = None, **config: Any) -> Project:
    """Write the project into `root`, for what needs no session; with `contracts` (name to text) of another company."""
    settings = {"sources": {"include": "contracts/*.yml"}, "today": "2026-06-30", **config}
    project = write_project(root, settings)
    given = contracts or {"vendors": VENDORS, "invoices": INVOICES, "rates": RATES}
    texts = {f"contracts/{name}": text for name, text in given.items()}
    for name, text in {**texts, "policies/masking": POLICY}.items():
        path = project.configs / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return project
