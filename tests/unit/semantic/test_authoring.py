"""What authors lean on: the published schema, edits that keep every byte, checks against data, catalogs compared."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from datatrust.core.errors import UserError
from datatrust.core.issues import SourcePosition
from datatrust.core.yaml import load_yaml, parse_yaml
from semantic.changes import compare_layers
from semantic.data_checks import check_data
from semantic.edits import set_field
from semantic.language import catalog_schema
from semantic.loader import load_catalog
from semantic.query import EVERYONE
from tests.support.books import Books, open_books
from tests.unit.semantic._catalogs import FORMS, SAMPLE, catalog_of

SCHEMA = catalog_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


# ------------------------------------------------------------------------------------------------------ the schema


@pytest.mark.parametrize("file", [*SAMPLE.rglob("*.yml"), *FORMS.rglob("*.yml")], ids=lambda file: file.name)
def test_the_schema_accepts_what_the_loader_accepts(file: Path) -> None:
    VALIDATOR.check_schema(SCHEMA)
    assert [error.message for error in VALIDATOR.iter_errors(load_yaml(file).data)] == []


@pytest.mark.parametrize(
    "text",
    [
        "metrics: [{name: a, agg: summ, expr: x}]",
        "metrics: [{name: a, aggg: sum}]",
        "models: [{model: a, table: t, dimensions: [{name: x, type: colour}]}]",
        "closed_through: yesterday",
        "metrics: [{name: a, lifecycle: {of: b, entity: c, state: gone}}]",
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(text: str) -> None:
    assert list(VALIDATOR.iter_errors(parse_yaml(text, file="a.yml").data))
    with pytest.raises(UserError):
        catalog_of(text)


PROBES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "metric": ("metrics: [{name: a, agg: count, model: m, zz: 1}]", ("definitions", "metric")),
    "model": ("models: [{model: a, table: t, zz: 1}]", ("definitions", "model")),
    "dimension": (
        "models: [{model: a, table: t, dimensions: [{name: x, zz: 1}]}]",
        ("definitions", "dimension"),
    ),
    "join": ("models: [{model: a, table: t, joins: [{to: b, key: x, zz: 1}]}]", ("definitions", "join")),
    "segment": (
        "models: [{model: a, table: t, segments: {s: {expr: x = 1, zz: 1}}}]",
        ("definitions", "segment"),
    ),
    "calendar": ("calendars: {c: {zz: 1}}", ("definitions", "calendar")),
    "identity": ("identities: {i: {holds: a = b, zz: 1}}", ("definitions", "identity")),
    "example": (
        "metrics: [{name: a, agg: count, model: m, examples: [{ask: b, zz: 1}]}]",
        ("definitions", "example"),
    ),
    "balance": (
        "metrics: [{name: a, model: m, balance: {agg: sum, expr: x, zz: 1}}]",
        ("definitions", "metric", "properties", "balance", "oneOf", 1),
    ),
    "cumulative": (
        "metrics: [{name: a, cumulative: {of: b, zz: 1}}]",
        ("definitions", "metric", "properties", "cumulative", "oneOf", 1),
    ),
    "ratio": (
        "metrics: [{name: a, ratio: {numerator: b, denominator: c, zz: 1}}]",
        ("definitions", "metric", "properties", "ratio", "oneOf", 2),
    ),
    "members": (
        "metrics: [{name: a, model: m, agg: count, members: {of: b, where: c > 1, zz: 1}}]",
        ("definitions", "metric", "properties", "members"),
    ),
    "bridge": (
        "metrics: [{name: a, model: m, agg: count, bridge: {quantity: b, zz: 1}}]",
        ("definitions", "metric", "properties", "bridge", "oneOf", 1),
    ),
    "derived": (
        "metrics: [{name: a, derived: {formula: b, zz: 1}}]",
        ("definitions", "metric", "properties", "derived", "oneOf", 1),
    ),
    "input": (
        "metrics: [{name: a, derived: b, inputs: [{metric: c, as: b, zz: 1}]}]",
        ("definitions", "input"),
    ),
    "lifecycle": (
        "metrics: [{name: a, lifecycle: {of: b, entity: c, state: new, zz: 1}}]",
        ("definitions", "metric", "properties", "lifecycle"),
    ),
    "currency": (
        "currency: {group: EUR, zz: 1}",
        ("properties", "currency", "oneOf", 1),
    ),
}


@pytest.mark.parametrize("name", PROBES)
def test_each_mapping_of_the_schema_has_the_fields_that_the_loader_reads(name: str) -> None:
    """The loader names the fields it knows when it meets an unknown one; the schema must list the same."""
    text, path = PROBES[name]
    with pytest.raises(UserError) as raised:
        catalog_of(text)
    (said,) = [
        issue.hint for issue in raised.value.issues if issue.code == "DT210" and '"zz"' in issue.message
    ]
    assert said is not None
    found: Any = SCHEMA
    for step in path:
        found = found[step]
    assert sorted(found["properties"]) == said.removeprefix("known here: ").split(", ")


# ------------------------------------------------------------------------------------------------------- edits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics:\n  - name: a # x\n    agg: count\n\n# end\n", "metrics:\n  - name: a # x\n    agg: count\n    F: 1\n\n# end\n"),
        ("metrics: [{name: a, agg: count}] # x", "metrics: [{name: a, agg: count, F: 1}] # x"),
        ("metrics:\n  a: {agg: count}\n", "metrics:\n  a: {agg: count, F: 1}\n"),
        ("metrics:\n  a:\n    F:\n      x: 2 # old\n    agg: count", "metrics:\n  a:\n    F: 1 # old\n    agg: count"),
        ("metrics:\n  - F: [2, 3] # x\n    name: 'a'\n", "metrics:\n  - F: 1 # x\n    name: 'a'\n"),
        ("metrics:\n  - name: a\n    words: >\n      b\n      c\n\n  - name: d\n", "metrics:\n  - name: a\n    words: >\n      b\n      c\n    F: 1\n\n  - name: d\n"),
        ("models:\n  - name: m\n    metrics: [{name: a}]\n", "models:\n  - name: m\n    metrics: [{name: a, F: 1}]\n"),
    ],
)  # fmt: skip
def test_an_edit_changes_one_field_and_nothing_else(text: str, expected: str) -> None:
    found = (
        text.find("name: a") + 6
        if "name: a" in text
        else text.find("'a'") + 1
        if "'a'" in text
        else text.find("a:", 9)
    )
    line = text.count("\n", 0, found) + 1
    at = SourcePosition(file="a.yml", line=line, column=found - text.rfind("\n", 0, found))
    if "F:\n      x" in text:  # a block is replaced by one line; its key keeps its place
        expected = expected.replace("F: 1", "F:\n      1")
    assert set_field(text, at, "F", "1") == expected


# ------------------------------------------------------------------------------------------------------ data checks

TABLES = """
CREATE TABLE ledger (entry INT, unit VARCHAR, day DATE, assets DECIMAL(18,2), debts DECIMAL(18,2), equity DECIMAL(18,2));
INSERT INTO ledger VALUES (1, 'U1', '2026-01-31', 10, 6, 4), (2, 'U1', '2026-02-28', 11, 6, 4.5), (2, 'U9', '2026-02-28', 0, 0, 0.25),
  (NULL, 'U2', '2026-03-31', 5, 3, 2);
CREATE TABLE units (unit VARCHAR, boss VARCHAR); INSERT INTO units VALUES ('U1', 'x'), ('U2', 'y'), ('U2', 'z');
"""
CATALOG = """
model: ledger
table: ledger
key: [entry]
time: day
joins: [{to: units, key: unit}]
dimensions: [{name: day, type: time}]
metrics:
  - {name: assets, agg: sum, expr: assets}
  - {name: debts, agg: sum, expr: debts}
  - {name: equity, agg: sum, expr: equity}
models: [{model: units, table: units, key: [unit], dimensions: [boss]}]
identities:
  balance_sheet: {holds: assets = debts + equity, by: time.month}
  nearly: {holds: assets = debts + equity, by: [time.month], tolerance: 0.25}
  whole: assets - equity = debts
"""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    books = open_books(tmp_path_factory.mktemp("ledger"), TABLES, {"all": CATALOG})
    yield books
    books.layer.close()


def test_what_the_data_do_not_keep_is_found_and_counted(books: Books) -> None:
    found = list(check_data(books.layer, viewer=EVERYONE))
    said = {(each.issue.code, each.issue.message, each.is_error) for each in found}
    assert said == {
        ("DT242", 'model "ledger": 1 keys are there more than once', True),
        ("DT243", 'model "ledger": 1 rows have no key', True),
        ("DT242", 'model "units": 1 keys are there more than once', True),
        ("DT244", 'join "units" of model "ledger": 1 rows have a key that units does not have', False),
        (
            "DT245",
            'identity "balance_sheet" (assets = debts + equity) does not hold in 1 of 3 groups; the first in '
            "2026-02-01: 11.00 is not 10.75",
            True,
        ),
        (
            "DT245",
            'identity "whole" (assets - equity = debts) does not hold in 1 of 1 groups; the first: 15.25 is not 15.00',
            True,
        ),
    }
    assert all(each.issue.at for each in found)


def test_an_identity_over_what_is_unknown_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError) as raised:
        catalog_of(CATALOG.replace("debts + equity, by: time", "debst + equity, by: time"))
    assert [(issue.code, issue.suggestion) for issue in raised.value.issues] == [("DT211", "debts")]
    with pytest.raises(UserError, match="two formulas"):
        catalog_of("identities: {i: assets + debts}")


# --------------------------------------------------------------------------------------------------- two catalogs


def test_catalogs_are_compared_metric_by_metric(books: Books) -> None:
    other = CATALOG.replace("{name: debts, agg: sum, expr: debts}", "{name: owed, agg: sum, expr: debts}")
    other = other.replace("expr: equity}", "expr: equity, where: unit = 'U1'}").replace(
        "debts + equity", "owed + equity"
    )
    other = other.replace("- equity = debts", "- equity = owed")
    changed = load_catalog(Path("none"), texts={"all.yml": other})
    change = compare_layers(books.layer, books.layer.with_catalog(changed), viewer=EVERYONE)
    assert change.unchanged == 1
    assert [(each.name, each.status, each.was) for each in change.metrics] == [
        ("owed", "renamed", "debts"),
        ("equity", "changed", None),
    ]
    equity = change.metrics[1]
    assert equity.differs
    assert [(str(p.period), str(p.difference)) for p in equity.periods] == [
        ("2026-01-01", "0.00"),
        ("2026-02-01", "-0.25"),
        ("2026-03-01", "None"),
    ]


# ------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x\n", "anchors and aliases are not read here"),
        ("a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(40)), "anchors and aliases"),
        ("metrics: []\nmetrics: []\n", 'duplicate key "metrics"'),
        ("metrics:\n\t- name: a\n", "not valid YAML"),
        ("metrics: " + "[" * 5_000 + "]" * 5_000, "nested too deeply"),
        ("metrics: [" + "{name: a}, " * 950_000 + "]", "characters; at most"),
    ],
    ids=["anchor", "bomb", "duplicate", "tab", "deep", "ten_megabytes"],
)
def test_hostile_yaml_is_an_error_in_under_a_second(text: str, said: str) -> None:
    started = time.process_time()  # what others do on the machine does not count
    with pytest.raises(UserError, match=said):
        load_catalog(Path("none"), texts={"a.yml": text})
    assert time.process_time() - started < 1


def test_a_file_of_ten_megabytes_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("metrics: [" + "{name: a}, " * 950_000 + "]")
    started = time.perf_counter()
    with pytest.raises(UserError, match="at most"):
        load_catalog(tmp_path)
    assert time.perf_counter() - started < 1
