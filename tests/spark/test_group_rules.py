"""Rules over several rows when files come one by one: many loads end like one load, and orphans free their entries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.payables import Payables, write_payables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

ACCOUNTS = """\
apiVersion: v3.1.0
kind: DataContract
id: accounts
version: 1.0.0
servers: [{server: files, type: local, path: "**/accounts*.csv", format: csv}]
schema:
  - name: accounts
    properties:
      - {name: account, logicalType: string, primaryKey: true}
      - {name: holder, logicalType: string, unique: true, customProperties: [{property: piiClass, value: email}]}
"""
JOURNAL = """\
apiVersion: v3.1.0
kind: DataContract
id: journal
version: 1.0.0
servers: [{server: files, type: local, path: "**/journal*.csv", format: csv}]
schema:
  - name: journal
    customProperties: [{property: sequenceColumn, value: version}]
    properties:
      - {name: line_id, logicalType: string, primaryKey: true}
      - {name: entry, logicalType: string, required: true}
      - {name: account, logicalType: string, relationships: [{to: accounts.account}]}
      - {name: amount, logicalType: number, physicalType: "decimal(12,2)", required: true}
      - {name: voucher, logicalType: string, unique: true}
      - {name: version, logicalType: integer, required: true}
    quality:
      - {type: custom, engine: datatrust, name: entry, implementation: {rule: balanced, per: [entry], amount: amount}}
"""
ACCOUNT_HEAD, HEAD = "account,holder", "line_id,entry,account,amount,voucher,version"
FILES = [
    ("a/accounts.csv", ACCOUNT_HEAD, ["A1,ada@example.com", "A2,bo@example.com", "A3,ADA@example.com"]),
    (
        "a/journal.csv",
        HEAD,
        [
            "L1,E1,A1,10.00,V1,1", "L2,E1,A2,-10.00,V2,1",
            "L3,E2,A1,5.00,,1", "L4,E2,A9,-5.00,,1",  # A9 comes later: the whole entry waits
            "L5,E3,A1,7.00,,1",  # the other half comes in another file: neither is an entry
            "L6,E4,A1,1.00,,1", "L6,E4,A1,1.00,,1", "L7,E4,A2,-1.00,,1",  # a copy counts once
            "L8,E5,A1,2.00,V8,1", "L8,E5,A1,3.00,V8,2", "L9,E5,A2,-3.00,,1",  # of two versions the newest
            "L10,E6,A1,4.00,,1", "L10,E6,A1,5.00,,1", "L11,E6,A2,-4.00,,1",  # two truths are none
        ],
    ),
    (
        "b/journal.csv",
        HEAD,
        [
            "L20,E3,A2,-7.00,,1",
            "L21,E7,A1,1.00,V1,1", "L22,E7,A2,-1.00,,1",  # V1 is L1's: its entry falls with it
            "L1,E1,A1,20.00,V1,2", "L2,E1,A2,-20.00,V2,2",  # a later version keeps its own voucher
            "L23,E8,A1,6.00,V23,1", "L24,E8,A2,-6.00,,1",
        ],
    ),
    ("c/accounts.csv", ACCOUNT_HEAD, ["A9,cy@example.com", "A4,bo@example.com"]),
    ("c/journal.csv", HEAD, ["L30,E9,A4,1.00,,1", "L31,E9,A1,-1.00,,1"]),
]  # fmt: skip
SILVER = [
    ("L1", "20.00"), ("L2", "-20.00"), ("L23", "6.00"), ("L24", "-6.00"), ("L3", "5.00"), ("L4", "-5.00"),
    ("L6", "1.00"), ("L7", "-1.00"), ("L8", "3.00"), ("L9", "-3.00"),
]  # fmt: skip
BALANCED, UNIQUE = "balanced:entry", "unique:voucher"
QUARANTINE = [
    ("accounts", "A3", ["unique:holder"]),
    ("accounts", "A4", ["unique:holder"]),
    ("journal", "L10", [BALANCED]),
    ("journal", "L10", [BALANCED]),
    ("journal", "L11", [BALANCED]),
    ("journal", "L20", [BALANCED]),
    ("journal", "L21", [UNIQUE, BALANCED]),
    ("journal", "L22", [BALANCED]),
    ("journal", "L30", ["reference:account", BALANCED]),
    ("journal", "L31", [BALANCED]),
    ("journal", "L5", [BALANCED]),
]


def company(root: Path, spark: SparkSession) -> Payables:
    project = write_payables(root)
    contracts = project.configs / "contracts"
    for old in contracts.iterdir():
        old.unlink()
    (contracts / "accounts.yml").write_text(ACCOUNTS)
    (contracts / "journal.yml").write_text(JOURNAL)
    return Payables(project=project, spark=spark)


def ending(books: Payables) -> tuple[object, object]:
    silver = [(line, str(amount)) for line, amount in books.rows("silver.journal", "line_id", "amount")]
    rows = books.table("restricted.quarantine").select("source", "key", "reasons").collect()
    return silver, sorted((row["source"], row["key"], list(row["reasons"])) for row in rows)


@pytest.mark.soak
def test_many_loads_end_like_one_and_like_a_rebuild(spark: SparkSession, tmp_path: Path) -> None:
    one = company(tmp_path / "one", spark)
    many = company(tmp_path / "many", spark)
    for path, head, lines in FILES:
        one.write(path, head, *lines)
    one.ingest()
    waiting = None
    for folder in ("a", "b", "c"):
        for path, head, lines in FILES:
            if path.startswith(folder):
                many.write(path, head, *lines)
        result = many.ingest()
        waiting = waiting or result.source("journal").reasons.get("reference:account")
    assert waiting == 1, "the orphan was one before its account came"
    assert ending(one) == (SILVER, QUARANTINE)
    assert ending(many) == (SILVER, QUARANTINE)
    many.ingest(refresh=("accounts", "journal"))
    assert ending(many) == (SILVER, QUARANTINE)
