"""Every rule kind, type and mask with right and wrong input, judged in one pass over a handful of rows."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from datatrust.core.masking import MaskAction, MaskingPolicy
from datatrust.core.settings import load_project
from pipeline.contracts.model import ColumnSpec, ColumnType, SourceSpec
from pipeline.contracts.odcs import read_contract
from pipeline.judge import REASONS, WARNINGS, judge
from pipeline.masking import Masker
from pipeline.rules import rule_kinds
from pipeline.values import clean_text, exact_amount, typed_value
from tests.support.projects import ROOT, write_project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: all-rules
version: 1.0.0
servers: [{server: files, type: local, path: "x.csv", format: csv}]
schema:
  - name: all_rules
    properties:
      - {name: code, logicalType: string, primaryKey: true, logicalTypeOptions: {pattern: "^[A-Z][0-9]+$", maxLength: 4}}
      - {name: parent, logicalType: string, relationships: [{to: parents.code}]}
      - {name: net, logicalType: number, physicalType: "decimal(10,2)", logicalTypeOptions: {exclusiveMinimum: 0, maximum: 1000}}
      - {name: gross, logicalType: number, physicalType: "decimal(38,2)"}
      - {name: units, logicalType: integer, logicalTypeOptions: {minimum: 1}}
      - {name: day, logicalType: date, logicalTypeOptions: {minimum: "2020-01-01", maximum: today}}
      - {name: us_day, logicalType: date, logicalTypeOptions: {format: M/d/yyyy}}
      - {name: moment, logicalType: timestamp}
      - {name: flag, logicalType: boolean}
      - name: colour
        logicalType: string
        quality:
          - {metric: invalidValues, arguments: {validValues: [red, blue]}, mustBe: 0}
          - {metric: missingValues, arguments: {missingValues: [n/a]}, mustBe: 0, severity: warning}
      - name: iban
        logicalType: string
        quality: [{type: custom, engine: datatrust, implementation: {rule: checksum, checksum: iban}}]
      - name: card
        logicalType: string
        quality: [{type: custom, engine: datatrust, implementation: {rule: checksum, checksum: luhn}}]
      - name: article
        logicalType: string
        quality: [{type: custom, engine: datatrust, implementation: {rule: checksum, checksum: ean}}]
      - {name: mail, logicalType: string, logicalTypeOptions: {format: email}}
    quality:
      - type: custom
        engine: datatrust
        name: gross_of_net
        implementation: {rule: check, expression: "abs(gross - round(net * 1.19, 2)) <= 0.01"}
      - type: custom
        engine: datatrust
        name: enough
        severity: warning
        implementation: {rule: check, expression: "net / units >= 1"}
      - type: custom
        engine: datatrust
        name: big
        severity: warning
        implementation: {rule: check, expression: "gross * gross * gross >= 0"}
"""

# column, text, the rules that it breaks
CASES: list[tuple[str, str, set[str]]] = [
    ("code", "A1", set()),
    ("code", "  A1\t", set()),
    ("code", "", {"required:code"}),
    ("code", "a1", {"pattern:code"}),
    ("code", "A12345", {"length:code"}),
    ("parent", "P1", set()),
    ("parent", "", set()),
    ("parent", "P9", {"reference:parent"}),
    ("net", "12.50", set()),
    ("net", "12.5000", set()),
    ("net", "+.5", set()),
    ("net", "1000", set()),
    ("net", "1000.01", {"range:net"}),
    ("net", "0", {"range:net"}),
    ("net", "-1", {"range:net"}),
    ("net", "12.345", {"scale:net"}),
    ("net", "12,50", {"type:net"}),
    ("net", "1.234,50", {"type:net"}),
    ("net", "1e3", {"type:net"}),
    ("net", "EUR 12", {"type:net"}),
    ("net", "123456789.00", {"type:net"}),
    ("net", "NaN", {"type:net"}),
    ("units", "3", set()),
    ("units", "0", {"range:units"}),
    ("units", "3.0", {"type:units"}),
    ("units", "99999999999999999999", {"type:units"}),
    ("day", "2026-06-30", set()),
    ("day", "2026-07-01", {"range:day"}),
    ("day", "2019-12-31", {"range:day"}),
    ("day", "2026-02-30", {"type:day"}),
    ("day", "30.06.2026", {"type:day"}),
    ("day", "2026-6-3", {"type:day"}),
    ("us_day", "6/30/2026", set()),
    ("us_day", "30/6/2026", {"type:us_day"}),
    ("us_day", "2/30/2026", {"type:us_day"}),
    ("moment", "2026-06-30 23:59:59", set()),
    ("moment", "2026-06-30T23:59:59.123Z", set()),
    ("moment", "2026-06-30 25:00:00", {"type:moment"}),
    ("moment", "2026-06-30", {"type:moment"}),
    ("flag", "TRUE", set()),
    ("flag", "n", set()),
    ("flag", "maybe", {"type:flag"}),
    ("colour", "red", set()),
    ("colour", "Red", {"value_set:colour"}),
    ("colour", "red?", {"value_set:colour"}),
    ("colour", "n/a", {"required:colour"}),
    ("iban", "DE89370400440532013000", set()),
    ("iban", "de89 3704 0044 0532 0130 00", set()),
    ("iban", "DE88370400440532013000", {"checksum:iban"}),
    ("iban", "DE89", {"checksum:iban"}),
    ("card", "4539 1488 0343 6467", set()),
    ("card", "4539148803436468", {"checksum:card"}),
    ("card", "x", {"checksum:card"}),
    ("article", "4006381333931", set()),
    ("article", "96385074", set()),
    ("article", "4006381333932", {"checksum:article"}),
    ("article", "40063813339", {"checksum:article"}),
    ("mail", "anna.kern+shop@mail.example.com", set()),
    ("mail", "anna.at.example.com", {"pattern:mail"}),
    ("mail", "x@@y.com", {"pattern:mail"}),
    ("mail", "x@y", {"pattern:mail"}),
    ("net gross", "100 119.00", set()),
    ("net gross", "100 119.01", set()),
    ("net gross", "100 119.50", {"check:gross_of_net"}),
    ("net gross", "100 abc", {"type:gross"}),
    ("net gross", "100 ", set()),
    ("net units", "1 2", {"check:enough"}),
    ("gross", "9" * 30, {"check:big"}),
]
WARN = {"check:enough", "check:big", "required:colour"}


@pytest.fixture
def spec(tmp_path: Path) -> SourceSpec:
    path = tmp_path / "all.yml"
    path.write_text(CONTRACT)
    policy = MaskingPolicy(classes={}, key_variable="X", file="masking.yml", hash="")
    found, issues = read_contract(path, shown="all.yml", policy=policy)
    assert found is not None, issues
    return found


def test_every_kind_of_rule_judges(spark: SparkSession, spec: SourceSpec) -> None:
    names = [column.name for column in spec.columns]
    rows: list[tuple[Any, ...]] = []
    for line, (columns, texts, _) in enumerate(CASES):
        given = {"code": "A1", "colour": "red"}
        if " " in columns:
            given |= dict(zip(columns.split(" "), texts.split(" "), strict=True))
        else:
            given |= {columns: texts}
        rows.append((1, line, "x.csv", "sha", None, None, *[given.get(name) for name in names]))
    meta = "_sequence bigint, _line bigint, _file string, _file_sha string, _rescue_reason string, _rescued string"
    bronze = spark.createDataFrame(rows, f"{meta}, " + ", ".join(f"{name} string" for name in names))
    parents = spark.createDataFrame([("P1",)], "code string")
    policy = MaskingPolicy(classes={}, key_variable="X", file="", hash="")
    judged = judge(
        bronze,
        spec,
        Masker(policy=policy, key=b""),
        today=dt.date(2026, 6, 30),
        parents={"parents": parents},
    )
    found = {row["_line"]: (set(row[REASONS]), set(row[WARNINGS])) for row in judged.collect()}
    wrong = [
        (columns, texts, expected, found[line])
        for line, (columns, texts, expected) in enumerate(CASES)
        if found[line] != (expected - WARN, expected & WARN)
    ]
    assert wrong == []
    kinds = {rule.split(":")[0] for _, _, expected in CASES for rule in expected}
    assert kinds == set(rule_kinds()), "a rule kind has no wrong input here"


def test_values_are_exact_or_nothing(spark: SparkSession) -> None:
    from pyspark.sql import functions as F  # noqa: N812

    money = ColumnSpec(name="a", header="a", type=ColumnType(kind="decimal", precision=18, scale=2))
    texts = ["1.10", "\u00a01.10 ", "", "1.105", "-0.01", "1.1234567", "9" * 30]
    frame = spark.createDataFrame([(i, text) for i, text in enumerate(texts)], "i int, raw string")
    text = clean_text(F.col("raw"))
    rows = frame.select("i", typed_value(text, money).alias("v"), exact_amount(text).alias("x")).collect()
    found = {row.i: (row.v, row.x) for row in rows}
    assert found == {
        0: (Decimal("1.10"), Decimal("1.100000")),
        1: (Decimal("1.10"), Decimal("1.100000")),
        2: (None, None),
        3: (None, Decimal("1.105000")),
        4: (Decimal("-0.01"), Decimal("-0.010000")),
        5: (None, None),
        6: (None, None),
    }


@pytest.mark.parametrize("key", [b"k" * 32, b"long" * 40])
def test_a_token_is_the_hmac_of_python(spark: SparkSession, key: bytes) -> None:
    from pyspark.sql import functions as F  # noqa: N812

    policy = MaskingPolicy(classes={"name": MaskAction(action="token")}, key_variable="X", file="", hash="")
    masker = Masker(policy=policy, key=key)
    column = ColumnSpec(name="n", header="n", type=ColumnType(kind="string"), pii_class="name")
    texts = ["Ada", "Jürgen Groß", "", "a" * 200, None]
    frame = spark.createDataFrame([(i, text) for i, text in enumerate(texts)], "i int, n string")
    masked = masker.masked(column, F.col("n"))
    assert masked is not None
    found = {row.i: row.t for row in frame.select("i", masked.alias("t")).collect()}
    for place, text in enumerate(texts):
        if text is None:
            assert found[place] is None
            continue
        digest = hmac.new(key, f"name\x1f{text}".encode(), hashlib.sha256).hexdigest()
        assert found[place] == f"tok_{masker.key_id}_{digest}"
    assert key.decode() not in repr(masker)


def test_a_key_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datatrust.core.errors import UserError
    from pipeline.contracts import load_contracts
    from pipeline.masking import open_masker

    specs = load_contracts(load_project(ROOT))
    project = write_project(tmp_path, {"name": "x"})
    (tmp_path / "configs" / "policies").mkdir()
    project.masking_policy.write_bytes((ROOT / "configs" / "policies" / "masking.yml").read_bytes())
    monkeypatch.setenv("DATATRUST_MASKING_KEY", "short")
    with pytest.raises(UserError, match="fewer than 32 characters"):
        open_masker(project, specs)
    monkeypatch.setenv("DATATRUST_MASKING_KEY", "s" * 40)
    assert open_masker(project, specs).key == b"s" * 40
    monkeypatch.delenv("DATATRUST_MASKING_KEY")
    project.secrets.mkdir()
    (project.secrets / "masking.key").write_text("cut")
    with pytest.raises(UserError, match=r"masking\.key is no key"):
        open_masker(project, specs)
