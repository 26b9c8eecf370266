"""Every rule kind, type and mask with right and wrong input, judged in one pass over a handful of rows."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from datatrust.core.masking import MaskAction, MaskingPolicy
from datatrust.core.settings import load_project
from pipeline.audit import new_source, plan_checks, rule_checks, subject_of, to_expectations
from pipeline.contracts.model import ColumnSpec, ColumnType, SourceSpec
from pipeline.contracts.odcs import read_contract
from pipeline.judge import REASONS, WARNINGS, judge
from pipeline.masking import Masker
from pipeline.rules import rule_kinds
from pipeline.rules.base import RowRule, SourceRule
from pipeline.values import clean_text, exact_amount, typed_value
from tests.support.projects import ROOT, write_project

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

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
      - {name: money, logicalType: string, logicalTypeOptions: {format: currency_code}}
      - name: old_money
        logicalType: string
        quality: [{type: custom, engine: datatrust, implementation: {rule: currency_code, also: [HRK]}}]
      - {name: document, logicalType: string}
      - name: booked
        logicalType: number
        physicalType: decimal(10,2)
        quality:
          - type: custom
            engine: datatrust
            implementation: {rule: sign, by: document, signs: {invoice: positive, credit: negative, correction: any}}
      - name: posted
        logicalType: date
        quality:
          - {type: custom, engine: datatrust, implementation: {rule: period_open, entered: moment, days: 10}}
          - type: custom
            engine: datatrust
            name: closing
            severity: warning
            implementation: {rule: period_open, entered: moment, closed_through: 2026-03-31, closed_on: 2026-04-05}
      - {name: badge, logicalType: string, unique: true}
      - {name: entry, logicalType: string}
      - {name: debit, logicalType: number, physicalType: "decimal(10,2)"}
      - {name: credit, logicalType: number, physicalType: "decimal(10,2)"}
    quality:
      - type: custom
        engine: datatrust
        name: entry
        implementation: {rule: balanced, per: [entry], debit: debit, credit: credit}
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
    ("net gross", "100 119.02", {"check:gross_of_net"}),
    ("net gross", "100 118.98", {"check:gross_of_net"}),
    ("net gross", "100 abc", {"type:gross"}),
    ("net gross", "100 ", set()),
    ("net units", "1 2", {"check:enough"}),
    ("gross", "9" * 30, {"check:big"}),
    ("money", "EUR", set()),
    ("money", "", set()),
    ("money", "EURO", {"currency_code:money"}),
    ("money", "eur", {"currency_code:money"}),
    ("money", "XBT", {"currency_code:money"}),
    ("money", "XXX", {"currency_code:money"}),
    ("money", "HRK", {"currency_code:money"}),
    ("old_money", "HRK", set()),
    ("old_money", "DEM", {"currency_code:old_money"}),
    ("document booked", "invoice 0.01", set()),
    ("document booked", "invoice -0.01", {"sign:booked"}),
    ("document booked", "invoice 0", {"sign:booked"}),
    ("document booked", "credit -5", set()),
    ("document booked", "credit 5", {"sign:booked"}),
    ("document booked", "correction -5", set()),
    ("document booked", "Invoice 5", {"sign:booked"}),
    ("document booked", "receipt 5", {"sign:booked"}),
    ("document booked", "invoice ", set()),
    ("document booked", " -5", set()),
    ("document booked", "invoice x", {"type:booked"}),
    ("posted|moment", "2026-05-03|2026-06-10 23:59:59", set()),
    ("posted|moment", "2026-05-31|2026-06-11 00:00:00", {"period_open:posted"}),
    ("posted|moment", "2026-02-28|2026-03-10 10:00", set()),
    ("posted|moment", "2026-03-31|2026-04-06 00:00", {"period_open:posted.closing"}),
    ("posted|moment", "2026-03-31|2026-04-05 23:59", set()),
    ("posted|moment", "2025-12-31|2026-05-01 08:00", {"period_open:posted", "period_open:posted.closing"}),
    ("posted|moment", "2026-03-31|", set()),
    ("posted|moment", "|2026-03-31 08:00", set()),
    ("posted|moment", "2026-02-30|2026-03-31 08:00", {"type:posted"}),
    ("badge", "B1", set()),
    ("badge", "B1", {"unique:badge"}),
    ("badge", "", set()),
    ("badge", "", set()),
    ("badge", "b1", set()),
    ("badge units", "B2 x", {"type:units"}),  # what is not sound owns nothing
    ("badge", "B2", set()),
    ("badge parent", "B3 P9", {"reference:parent"}),  # an orphan does: it only waits
    ("badge", "B3", {"unique:badge"}),
    ("entry debit credit", "E1 10.00 ", set()),
    ("entry debit credit", "E1  9.99", set()),
    ("entry debit credit", "E1  0.01", set()),
    ("entry debit credit", "E2 10.00 ", {"balanced:entry"}),
    ("entry debit credit", "E2  9.99", {"balanced:entry"}),
    ("entry debit credit", "E3 5.00 ", {"balanced:entry"}),
    ("entry debit credit", "E3  5.00", {"balanced:entry"}),
    ("entry debit credit", "E3 1.0O ", {"type:debit", "balanced:entry"}),
    ("entry debit credit", "E4 5.00 5.00", set()),
    ("entry debit credit", " 5.00 ", set()),
    ("entry debit credit", "E5 -3.00 ", set()),
    ("entry debit credit", "E5  -3.00", set()),
    ("entry debit credit", "E6 99999999.99 ", set()),
    ("entry debit credit", "E6  99999999.99", set()),
    ("entry debit credit", "E7 0.01 ", {"balanced:entry"}),
]
WARN = {"check:enough", "check:big", "required:colour", "period_open:posted.closing"}
POLICY = MaskingPolicy(classes={}, key_variable="X", file="", hash="")
TODAY = dt.date(2026, 6, 30)
OWNERS = {"B1", "B3"}  # values whose first row stands though others share it: the audit names all of them


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> SourceSpec:
    path = tmp_path_factory.mktemp("contract") / "all.yml"
    path.write_text(CONTRACT)
    policy = MaskingPolicy(classes={}, key_variable="X", file="masking.yml", hash="")
    found, issues = read_contract(path, shown="all.yml", policy=policy)
    assert found is not None, issues
    return found


@pytest.fixture(scope="module")
def bronze(spark: SparkSession, spec: SourceSpec) -> DataFrame:
    names = [column.name for column in spec.columns]
    rows: list[tuple[Any, ...]] = []
    for line, (columns, texts, _) in enumerate(CASES):
        apart = "|" if "|" in columns else " " if " " in columns else None
        given = {"code": f"K{line}", "colour": "red"}
        given |= dict(zip(columns.split(apart or "|"), texts.split(apart) if apart else [texts], strict=True))
        rows.append((1, line, "x.csv", "sha", None, None, *[given.get(name) for name in names]))
    meta = "_sequence bigint, _line bigint, _file string, _file_sha string, _rescue_reason string, _rescued string"
    return spark.createDataFrame(rows, f"{meta}, " + ", ".join(f"{name} string" for name in names))


@pytest.fixture(scope="module")
def verdicts(
    spark: SparkSession, spec: SourceSpec, bronze: DataFrame
) -> dict[int, tuple[set[str], set[str]]]:
    """The rules that each row breaks, by line: those that reject and those that warn."""
    parents = spark.createDataFrame([("P1",)], "code string")
    masker = Masker(policy=MaskingPolicy(classes={}, key_variable="X", file="", hash=""), key=b"")
    judged = judge(bronze, spec, masker, today=TODAY, parents={"parents": parents})
    rows = judged.select("_line", REASONS, WARNINGS).collect()
    return {row["_line"]: (set(row[REASONS]), set(row[WARNINGS])) for row in rows}


def test_every_kind_of_rule_judges(verdicts: dict[int, tuple[set[str], set[str]]]) -> None:
    wrong = [
        (columns, texts, expected, verdicts[line])
        for line, (columns, texts, expected) in enumerate(CASES)
        if verdicts[line] != (expected - WARN, expected & WARN)
    ]
    assert wrong == []


def test_every_kind_has_wrong_input_here() -> None:
    kinds = {rule.split(":")[0] for _, _, expected in CASES for rule in expected}
    of_rows = {name for name, kind in rule_kinds().items() if not isinstance(kind, SourceRule)}
    assert kinds == of_rows


def test_great_expectations_finds_the_same_rows(
    spark: SparkSession, spec: SourceSpec, bronze: DataFrame, verdicts: dict[int, tuple[set[str], set[str]]]
) -> None:
    """The suite that audits tables, asked of the same rows before masking, agrees on every kind."""
    ours = {
        rule.id: {line for line, sets in verdicts.items() if rule.id in sets[0] | sets[1]}
        for rule in spec.rules
    }
    theirs = asked_of_great_expectations(spark, spec, bronze)
    first = {
        min(
            line
            for line, (columns, texts, _) in enumerate(CASES)
            if "badge" in columns and texts.split(" ")[0] == badge
        )
        for badge in OWNERS
    }
    assert first <= theirs["unique:badge"]
    theirs["unique:badge"] -= first
    unsound = {line for line, (_, _, expected) in enumerate(CASES) if {"type:units", "type:debit"} & expected}
    ours["balanced:entry"] -= unsound | {
        line for line in ours["balanced:entry"] if CASES[line][1].startswith("E3")
    }
    theirs["unique:badge"] -= {line for line, (_, texts, _) in enumerate(CASES) if texts.startswith("B2")}
    assert theirs == {name: lines for name, lines in ours.items() if name in theirs}
    assert set(ours) - set(theirs) == {"type:us_day"}, "only what has a notation of its own is not asked"


def asked_of_great_expectations(
    spark: SparkSession, spec: SourceSpec, bronze: DataFrame
) -> dict[str, set[int]]:
    """Return the lines that the generated expectations find, by rule."""
    import great_expectations as gx
    import great_expectations.expectations as gxe
    import sqlglot
    from pyspark.sql import functions as F  # noqa: N812

    checks = [
        check
        for rule in spec.rules
        if isinstance(rule_kinds()[rule.kind], RowRule)
        for check in rule_checks(spec, rule, TODAY, stored=False)
    ]
    frame = bronze.select(
        "_line", *[clean_text(F.col(c.name), c.missing).alias(f"t_{c.name}") for c in spec.columns]
    ).withColumns({c.name: typed_value(F.col(f"t_{c.name}"), c) for c in spec.columns})
    columns: list[str | None] = []
    for number, check in enumerate(checks):
        name, computed = subject_of(check, number, spec, TODAY)
        if check.of_text:
            name = f"t_{name}"
        elif computed is not None and name is not None and name not in frame.columns:
            frame = frame.withColumn(name, computed)
        columns.append(name)
    expectations = to_expectations(checks, columns)
    queries = {
        check.says: check.query
        for check in plan_checks([spec, parents_of(spec)], POLICY, (), today=TODAY, key_id="")
        if check.query is not None
    }
    spark.createDataFrame([("P1",)], "code string").createOrReplaceTempView("rule_parents")
    for says, query in queries.items():
        in_spark = sqlglot.transpile(query, read="duckdb", write="spark")[0]
        tables = "with stored as (select * from {batch}), parent as (select * from rule_parents) "
        expectation = gxe.UnexpectedRowsExpectation(unexpected_rows_query=tables + in_spark)
        expectation.meta = {"query": says}
        expectations.append(expectation)
    batch = (
        new_source()
        .add_dataframe_asset("rows")
        .add_batch_definition_whole_dataframe("whole")
        .get_batch(batch_parameters={"dataframe": frame.persist()})
    )
    result_format = {"result_format": "COMPLETE", "unexpected_index_column_names": ["_line"]}
    outcome = batch.validate(
        gx.ExpectationSuite(name="rows", expectations=expectations), result_format=result_format
    )
    found: dict[str, set[int]] = {}
    for result in outcome.results:
        meta = result.expectation_config.meta
        assert not result.exception_info.get("raised_exception"), result.exception_info
        if "query" in meta:
            says, rows = meta["query"], result.result["details"]["unexpected_rows"]
        else:
            says, rows = checks[meta["check"]].says, result.result.get("unexpected_index_list") or []
        found.setdefault(says, set()).update(row["_line"] for row in rows)
    return found


def parents_of(spec: SourceSpec) -> SourceSpec:
    return replace(spec, name="parents", silver_table="silver.parents", rules=(), foreign_keys=(), key=())


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
