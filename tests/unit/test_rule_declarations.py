"""Rules as contracts declare them: what is right becomes a rule, what is wrong is told by place; the docs agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from datatrust.core.errors import UserError
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.rules import rule_kinds
from pipeline.rules.docs import render_rules
from tests.support.projects import ROOT, write_project

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: journal
version: 1.0.0
team: {name: accounting}
servers: [{server: files, type: local, path: "journal*.csv", format: csv}]
slaProperties:
  - {property: frequency, value: 1, unit: month}
  - {property: latency, value: 36, unit: h, element: journal.posted}
  - {property: retention, value: 10, unit: years}
schema:
  - name: journal
    customProperties: [{property: amountColumn, value: debit}]
    properties:
      - {name: line_id, logicalType: string, primaryKey: true, unique: true}
      - {name: entry, logicalType: string, required: true}
      - {name: posted, logicalType: date}
      - {name: entered, logicalType: timestamp}
      - {name: kind, logicalType: string}
      - {name: debit, logicalType: number, physicalType: "decimal(18,2)"}
      - {name: credit, logicalType: number, physicalType: "decimal(18,2)"}
      - {name: rate, logicalType: number, physicalType: "decimal(18,6)"}
      - {name: currency, logicalType: string, logicalTypeOptions: {format: currency_code}}
      - {name: born, logicalType: date, customProperties: [{property: piiClass, value: birth}]}
      - name: badge
        logicalType: string
        quality: [COLUMN]
    quality: [TABLE]
"""
POLICY = "classes: {birth: {action: redact}}\n"


def load(root: Path, *, column: str = "", table: str = "", text: str = CONTRACT) -> SourceSpec:
    project = write_project(root, {"sources": {"include": "contracts/*.yml"}})
    for folder in ("contracts", "policies"):
        (root / "configs" / folder).mkdir(exist_ok=True)
    (root / "configs" / "policies" / "masking.yml").write_text(POLICY)
    written = text.replace("[COLUMN]", f"[{column}]").replace("[TABLE]", f"[{table}]")
    (root / "configs" / "contracts" / "journal.yml").write_text(written)
    (spec,) = load_contracts(project)
    return spec


def custom(rule: str, **extra: str) -> str:
    more = "".join(f", {name}: {value}" for name, value in extra.items())
    return f"{{type: custom, engine: datatrust, implementation: {{rule: {rule}}}{more}}}"


def test_the_standards_own_fields_become_rules(tmp_path: Path) -> None:
    spec = load(
        tmp_path,
        column="{metric: duplicateValues, mustBe: 0, severity: warning}",
        table="{metric: duplicateValues, arguments: {properties: [entry, kind]}, mustBe: 0}",
    )
    found = {rule.id: rule for rule in spec.rules}
    assert found["unique:badge"].severity == "warn"
    assert found["unique:entry_kind"].columns == ("entry", "kind")
    assert "unique:line_id" not in found, "the key is one by itself"
    assert found["currency_code:currency"].kind == "currency_code"
    (fresh,) = spec.source_rules
    assert (fresh.id, fresh.arguments, fresh.severity) == (
        "freshness:sla",
        {"days": 33, "column": "posted"},
        "warn",
    )


def test_a_rule_has_an_owner_and_a_reason_of_its_own(tmp_path: Path) -> None:
    owner = "[{property: owner, value: treasury}]"
    rule = custom("sum_anomaly, history: 3", customProperties=owner, description="sums leap")
    spec = load(tmp_path, table=f"{rule}, {custom('row_count_anomaly')}")
    by_kind = {rule.kind: rule for rule in spec.source_rules}
    assert (by_kind["sum_anomaly"].owner, by_kind["sum_anomaly"].reason) == ("treasury", "sums leap")
    assert (by_kind["row_count_anomaly"].owner, by_kind["row_count_anomaly"].severity) == (
        "accounting",
        "reject",
    )
    assert not {rule.kind for rule in spec.rules} & set(by_kind)


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("currency_code, also: HRK", "is a list of withdrawn codes"),
        ("currency_code, also: [kuna]", "no code of three capital letters"),
        ("currency_code, also: [EUR]", "EUR is in use"),
        ("curency_code", "did you mean: currency_code"),
        ("period_open, entered: enterd, days: 3", "did you mean entered?"),
        ("period_open, days: 3", "a posting date is needed"),
        ("sign, by: kind, signs: {a: positive}", "a sign needs a number"),
        ("balanced, per: [entry], amount: debit", "belongs to the table"),
        ("unique, properties: [entry]", "belongs to a rule of the table"),
        ("unique, propertys: [entry]", "did you mean: properties"),
        ("freshness, days: 3", "belongs to the table"),
        ("row_count_anomaly", "belongs to the table"),
    ],
)
def test_a_wrong_rule_of_a_column_is_told(tmp_path: Path, column: str, told: str) -> None:
    with pytest.raises(UserError, match=r"journal\.yml:\d+:\d+") as caught:
        load(tmp_path, column=custom(column))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("balanced, debit: debit, credit: credit", "`per` must list"),
        ("balanced, per: [entri], amount: debit", "did you mean entry?"),
        ("balanced, per: [entry], debit: debit", "name `debit` and `credit`, or one signed `amount`"),
        ("balanced, per: [entry], debit: debit, credit: rate", "must have the same type"),
        ("balanced, per: [entry], amount: kind", "not a number"),
        ("unique", "needs `properties`"),
        ("unique, properties: [entri]", "did you mean entry?"),
        ("sign, by: kind, signs: {a: positive}", "belongs to one column"),
        ("freshness, days: soon", "needs `days`"),
        ("freshness, days: 3, column: posted_on", "did you mean posted?"),
        ("freshness, days: 3, column: born", "is no date that may be told"),
        ("row_count_anomaly, history: 1", "at least 2"),
        ("row_count_anomaly, deviation: 4", "did you mean: deviations"),
        ("sum_anomaly, share: much", "must be a number"),
    ],
)
def test_a_wrong_rule_of_a_table_is_told(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(UserError, match=r"journal\.yml:\d+:\d+") as caught:
        load(tmp_path, table=custom(table))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name: debit, logicalType: number, physicalType: "decimal(18,2)"', "SIGN", "`by` must name"),
        ("{name: posted, logicalType: date}", "POSTED", "`closed_on` lies before"),
        ("unit: month", "unit: mont", "did you mean month?"),
        ("value: 36", "value: soon", "is no number of h"),
        ("element: journal", "elment: journal", "did you mean: element"),
        ("[{property: amountColumn, value: debit}]", "[]", "sum_anomaly needs the table's amountColumn"),
    ],
)
def test_a_wrong_agreement_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    sign = custom("sign, by: kynd, signs: {invoice: positiv}")
    closing = custom("period_open, entered: entered, closed_through: 2026-03-31, closed_on: 2026-03-01")
    changed = {"SIGN": f"{old}, quality: [{sign}]", "POSTED": f"{old[:-1]}, quality: [{closing}]}}"}.get(
        new, new
    )
    assert old in CONTRACT
    with pytest.raises(UserError) as caught:
        load(tmp_path, table=custom("sum_anomaly"), text=CONTRACT.replace(old, changed))
    assert told in str(caught.value)
    if new == "SIGN":
        assert "did you mean kind?" in str(caught.value)
        assert "did you mean positive?" in str(caught.value)


def test_the_table_of_kinds_is_what_the_kinds_say() -> None:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert render_rules() in text, "write it anew: python -m pipeline.rules.docs"
    assert set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)) == set(rule_kinds())
