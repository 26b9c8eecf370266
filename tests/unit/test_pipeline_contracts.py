"""Contracts: the project's own read well; every wrong one is told by place, and all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from datatrust.core.errors import UserError
from datatrust.core.settings import Project, load_project
from pipeline.contracts import SourceSpec, load_contracts
from tests.support.projects import ROOT, write_project

GOOD = """\
apiVersion: v3.1.0
kind: DataContract
id: invoices
version: 1.0.0
team: {name: payables}
servers: [{server: files, type: local, path: "invoices*.csv", format: csv}]
schema:
  - name: invoices
    customProperties:
      - {property: sequenceColumn, value: changed_on}
      - {property: amountColumn, value: net}
      - {property: currencyCode, value: EUR}
    properties:
      - {name: invoice_id, logicalType: string, primaryKey: true, logicalTypeOptions: {maxLength: 12}}
      - {name: net, logicalType: number, physicalType: "decimal(12,2)", required: true}
      - {name: changed_on, logicalType: date, required: true, logicalTypeOptions: {maximum: today}}
      - name: vendor_mail
        logicalType: string
        customProperties: [{property: piiClass, value: email}]
"""
POLICY = "classes: {email: {action: token}, phone: {action: redact}}\n"


def project_of(tmp_path: Path, **contracts: str) -> Project:
    project = write_project(tmp_path, {"sources": {"include": "contracts/*.yml"}})
    (tmp_path / "configs" / "contracts").mkdir(exist_ok=True)
    (tmp_path / "configs" / "policies").mkdir(exist_ok=True)
    (tmp_path / "configs" / "policies" / "masking.yml").write_text(POLICY)
    for name, text in contracts.items():
        (tmp_path / "configs" / "contracts" / f"{name}.yml").write_text(text)
    return project


def load_one(tmp_path: Path, text: str = GOOD) -> SourceSpec:
    (spec,) = load_contracts(project_of(tmp_path, one=text))
    return spec


def issues_of(tmp_path: Path, *texts: str) -> str:
    contracts = {f"c{index}": text for index, text in enumerate(texts)}
    with pytest.raises(UserError) as caught:
        load_contracts(project_of(tmp_path, **contracts))
    return str(caught.value)


def test_a_contract_becomes_a_source(tmp_path: Path) -> None:
    spec = load_one(tmp_path)
    assert (spec.name, spec.silver_table, spec.key, spec.sequence) == (
        "invoices",
        "silver.invoices",
        ("invoice_id",),
        "changed_on",
    )
    assert spec.owner == "payables"
    assert [rule.id for rule in spec.rules] == [
        "required:invoice_id",
        "required:net",
        "type:net",
        "scale:net",
        "required:changed_on",
        "type:changed_on",
        "length:invoice_id",
        "range:changed_on",
    ]
    assert spec.column("net").type.spark == "decimal(12,2)"
    assert [column.name for column in spec.pii_columns] == ["vendor_mail"]


def test_the_sample_company_loads_parents_first() -> None:
    names = [spec.name for spec in load_contracts(load_project(ROOT))]
    assert len(names) == 12
    assert names.index("ledger") > names.index("accounts")
    assert names.index("sales_transactions") > names.index("customers")
    assert names.index("sales_transactions") > names.index("products")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("kind: DataContract", "kind: Contract", "kind must be DataContract"),
        ("apiVersion: v3.1.0", "apiVersion: v2.2.2", "apiVersion v2.2.2 is not read here"),
        ("version: 1.0.0", "verzion: 1.0.0", "did you mean: version"),
        ("team:", "teem:", "did you mean: team"),
        ("logicalType: number", "logicalType: numbr", "did you mean: number"),
        ('"decimal(12,2)"', "double", "floats lose cents"),
        ('"decimal(12,2)"', '"decimal(40,2)"', "no decimal that Spark has"),
        ("primaryKey: true", "primarykey: true", "did you mean: primaryKey"),
        ("maxLength: 12", "maxLenght: 12", "did you mean: maxLength"),
        ("maxLength: 12", "maxLength: -1", "must be a whole number"),
        ("maximum: today", "maximum: tomorrow", "is no bound for date column"),
        ("value: email", "value: emial", "did you mean: email"),
        ("value: changed_on", "value: changed_at", "did you mean: changed_on"),
        ("value: net}", "value: nett}", "did you mean: net"),
        ("property: amountColumn", "property: amountColum", "did you mean: amountColumn"),
        ("format: csv", "format: cvs", "did you mean: csv"),
        ('"invoices*.csv"', '"/tmp/*.csv"', "a pattern under the raw folder"),
        ("name: invoices\n", "name: Invoices!\n", "lower-case name"),
        ("name: net,", "name: invoice_id,", 'column "invoice_id" stands twice'),
        ("logicalType: date, required: true", "logicalType: date", "must be `required: true`"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    text = issues_of(tmp_path, GOOD.replace(old, new, 1))
    assert told in text
    assert "c0.yml:" in text


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    broken = GOOD.replace("logicalType: number", "logicalType: numbr").replace("value: email", "value: emial")
    text = issues_of(tmp_path, broken, GOOD.replace("team:", "teem:").replace("invoices", "orders"))
    assert "numbr" in text
    assert "emial" in text
    assert "teem" in text
    assert "c1.yml:5:1" in text


@pytest.mark.parametrize(
    ("quality", "told"),
    [
        ("{type: custom, engine: datatrust, implementation: {rule: chek, expression: net > 0}}", "did you mean: check"),
        ("{type: custom, engine: datatrust, implementation: {rule: check, expression: nett > 0}}", "did you mean net?"),
        ("{type: custom, engine: datatrust, implementation: {rule: check, expression: net}}", "not a condition"),
        ("{type: custom, engine: datatrust, implementation: {rule: check, expresion: net > 0}}", "did you mean: expression"),
        ("{type: custom, engine: datatrust, implementation: {rule: checksum, checksum: ibann}}", "did you mean iban?"),
        ("{type: custom, engine: datatrust, implementation: net > 0}", "must be a mapping"),
        ("{metric: invalidVals, mustBe: 0}", "did you mean: invalidValues"),
        ("{metric: invalidValues, arguments: {validValues: []}, mustBe: 0}", "needs `validValues`"),
        ("{metric: invalidValues, arguments: {pattern: '['}, mustBe: 0}", "not a regular expression"),
        ("{metric: invalidValues, arguments: {validValues: [a]}, mustBeLessThan: 5}", "write `mustBe: 0`"),
        ("{type: sql, query: select 1, mustBe: 0}", "quality of type sql is not run here"),
        ("{metric: nullValues, mustBe: 0, severity: eror}", "did you mean: error"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_told(tmp_path: Path, quality: str, told: str) -> None:
    assert told in issues_of(tmp_path, f"{GOOD}        quality:\n          - {quality}\n")


def test_rules_of_other_engines_are_left_to_them(tmp_path: Path) -> None:
    quality = "        quality:\n          - {type: custom, engine: soda, implementation: x}\n          - {type: text, description: y}\n"
    assert len(load_one(tmp_path, GOOD + quality).rules) == len(load_one(tmp_path).rules)


def test_two_rules_of_one_name_are_refused(tmp_path: Path) -> None:
    entry = "          - {metric: invalidValues, arguments: {pattern: a}, mustBe: 0}\n"
    assert 'two rules are called "pattern:vendor_mail"' in issues_of(
        tmp_path, f"{GOOD}        quality:\n{entry}{entry}"
    )


def child(to: str, extra: str = "") -> str:
    return (
        GOOD.replace("invoices", "payments")
        .replace("vendor_mail", "invoice_ref")
        .replace(
            "        customProperties: [{property: piiClass, value: email}]\n",
            f"        relationships: [{{to: {to}}}]\n{extra}",
        )
    )


def test_a_foreign_key_orders_sources(tmp_path: Path) -> None:
    specs = load_contracts(project_of(tmp_path, a=child("invoices.invoice_id"), b=GOOD))
    assert [spec.name for spec in specs] == ["invoices", "payments"]
    assert specs[1].foreign_keys[0].parent_columns == ("invoice_id",)
    assert specs[1].parents == ("invoices",)


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("invoises.invoice_id", "did you mean: invoices"),
        ("invoices.invoice_nr", "did you mean: invoice_id"),
        ("invoices.net", "payments.invoice_ref is string, invoices.net is decimal"),
        ("invoices.vendor_mail", "different PII classes"),
        ("payments.invoice_id", "refers to itself"),
        ("invoices", "needs `to: source.column`"),
    ],
)
def test_a_wrong_foreign_key_is_told(tmp_path: Path, to: str, told: str) -> None:
    assert told in issues_of(tmp_path, GOOD, child(to))


def test_a_foreign_key_over_redacted_values_is_refused(tmp_path: Path) -> None:
    pii = "        customProperties: [{property: piiClass, value: phone}]\n"
    told = issues_of(
        tmp_path, GOOD.replace("value: email", "value: phone"), child("invoices.vendor_mail", pii)
    )
    assert "a foreign key masked by redact" in told


def test_a_masked_key_must_stay_apart(tmp_path: Path) -> None:
    text = GOOD.replace(
        "primaryKey: true,", "primaryKey: true, customProperties: [{property: piiClass, value: phone}],"
    )
    assert "makes keys equal or lost" in issues_of(tmp_path, text)


@pytest.mark.parametrize(
    "few",
    [
        "logicalType: boolean",
        "logicalType: string\n        quality: [{metric: invalidValues, arguments: {validValues: [a, b]}, mustBe: 0}]",
    ],
)
def test_tokens_of_few_values_are_refused(tmp_path: Path, few: str) -> None:
    """Trap: how often each token occurs tells what it stands for."""
    text = GOOD.replace("name: vendor_mail\n        logicalType: string", f"name: vendor_mail\n        {few}")
    assert "can have a few values only" in issues_of(tmp_path, text)
    redacted = text.replace("value: email", "value: phone")
    assert load_one(tmp_path / "redacted", redacted).column("vendor_mail").pii_class == "phone"


def test_a_circle_is_told(tmp_path: Path) -> None:
    other = GOOD + "        relationships: [{to: payments.invoice_ref}]\n"
    other = other.replace("        customProperties: [{property: piiClass, value: email}]\n", "")
    assert "go round in a circle" in issues_of(tmp_path, other, child("invoices.invoice_id"))


def test_one_source_one_contract_one_table(tmp_path: Path) -> None:
    assert 'source "invoices" has a second contract' in issues_of(tmp_path, GOOD, GOOD)
    second = GOOD.replace("name: invoices", "name: bills").replace(
        "    customProperties:\n",
        "    customProperties:\n      - {property: silverTable, value: invoices}\n",
        1,
    )
    assert "silver.invoices is written by" in issues_of(tmp_path, GOOD, second)


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        ({"include": "contract/*.yml"}, "finds no contract"),
        ([{"contract": "contracts/on.yml"}], "did you mean: contracts/one.yml"),
        ([{"contract": "contracts/one.yml", "name": "bills"}], 'called "invoices" in its contract'),
        ([{"contract": "contracts/one.yml", "reader": "csw"}], "did you mean: csv"),
    ],
)
def test_a_wrong_list_of_sources_is_told(tmp_path: Path, sources: object, told: str) -> None:
    project_of(tmp_path, one=GOOD)
    project = write_project(tmp_path, {"sources": sources})
    with pytest.raises(UserError, match=r"pipeline_config\.json") as caught:
        load_contracts(project)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("classes: {email: {action: tokn}}", "did you mean: token"),
        ("classes: {email: {action: token, normalize: lower}}", "did you mean: normalise"),
        ("classes: {email: {action: token, normalise: lowr}}", "must be one of"),
        ("classes: {email: {action: generalise}}", "say what it is generalised `to`"),
        ("classes: {email: {action: generalise, to: prefix}}", "`to: prefix` needs `keep`"),
        (
            "classes: {email: {action: generalise, to: prefix, keep: 0}}",
            "`keep` must be a whole number from 1",
        ),
        ("classes: {email: {action: generalise, to: band}}", "`to: band` needs `width`"),
        (
            "classes: {email: {action: generalise, to: band, width: 5, keep: 2}}",
            "`keep` belongs to `to: prefix`",
        ),
        ("classes: {email: {action: generalise, to: group}}", "`to: group` needs `groups`"),
        (
            "classes: {email: {action: generalise, to: group, groups: {a: b}}}",
            "`groups` must be a mapping of",
        ),
        (
            "classes: {email: {action: generalise, to: year, otherwise: x}}",
            "`otherwise` belongs to `to: group`",
        ),
        (
            "classes: {email: {action: generalise, to: group, groups: {a: [X], b: [x]}}}",
            'one value stands in the groups "a" and "b"',
        ),
        ("classes: {email: {action: generalise, to: region}}", "`to` must be one of"),
        ("clases: {}", "did you mean: classes"),
        ("classes: [email]", "`classes` is missing or no mapping"),
        ("- classes", "must be a mapping"),
    ],
)
def test_a_wrong_masking_policy_is_told(tmp_path: Path, policy: str, told: str) -> None:
    project = project_of(tmp_path, one=GOOD)
    project.masking_policy.write_text(policy)
    with pytest.raises(UserError, match=r"masking\.yml") as caught:
        load_contracts(project)
    assert told in str(caught.value)


def test_the_settings_may_choose_the_load_mode(tmp_path: Path) -> None:
    """It shapes the rows, so it is part of what the source's state stands for."""
    upsert = load_one(tmp_path)
    project = project_of(tmp_path, one=GOOD)
    listed = {"contract": "contracts/one.yml", "load_mode": "scd2"}
    (spec,) = load_contracts(write_project(project.root, {"sources": [listed]}))
    assert (spec.load_mode, spec.silver_key) == ("scd2", ("invoice_id", "valid_from"))
    assert spec.hash != upsert.hash
    with pytest.raises(UserError, match="snapshots are ordered by their files"):
        load_contracts(write_project(project.root, {"sources": [{**listed, "load_mode": "snapshot"}]}))
