"""`source add` on ten real files: valid by the standard, personal columns classed, and no rule that the file breaks.

Values are judged here by the notation that Spark and DuckDB are held to.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from datatrust.core.settings import Project
from pipeline.contracts import SourceSpec
from pipeline.contracts.model import ColumnSpec
from pipeline.notation import BLANKS, plain_number, read_date
from pipeline.profile.draft import Draft
from pipeline.readers import readers
from pipeline.readers.base import Layout
from tests.support.drafted import DATA, FILES, KEYS, PERSONAL, draft_all

Drafted = tuple[Project, dict[str, Draft]]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Drafted:
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not there")
    return draft_all(tmp_path_factory.mktemp("drafted"))


def test_each_draft_is_named_after_its_file(drafted: Drafted) -> None:
    assert list(drafted[1]) == list(FILES.values())


@pytest.mark.parametrize("name", FILES.values())
def test_each_draft_is_valid_by_the_standard(drafted: Drafted, name: str) -> None:
    text = drafted[1][name].path.read_text(encoding="utf-8")
    contract = OpenDataContractStandard.from_string(text)
    assert contract.kind == "DataContract"
    assert contract.schema_ is not None
    assert not set(yaml.safe_load(text)) - {*type(contract).model_fields, "schema"}
    assert not set(yaml.safe_load(text)["schema"][0]) - set(type(contract.schema_[0]).model_fields)


@pytest.mark.parametrize("name", FILES.values())
def test_the_personal_columns_are_classed_and_no_others(drafted: Drafted, name: str) -> None:
    assert drafted[1][name].classes == PERSONAL.get(name, {})


@pytest.mark.parametrize("name", KEYS)
def test_the_key_tells_the_rows_apart(drafted: Drafted, name: str) -> None:
    assert drafted[1][name].key.columns == KEYS[name]


@pytest.mark.parametrize(("file", "name"), FILES.items())
def test_no_rule_rejects_the_file_it_was_drawn_from(drafted: Drafted, file: str, name: str) -> None:
    spec = drafted[1][name].spec
    assert {rule.kind for rule in spec.rules if rule.severity == "reject"} <= {"required", "type", "scale"}
    keys: dict[tuple[Any, ...], tuple[str | None, ...]] = {}
    for row in _rows(spec, file):
        values = {column.name: _typed(column, text) for column, text in zip(spec.columns, row, strict=True)}
        if spec.key:
            assert keys.setdefault(tuple(values[one] for one in spec.key), row) == row
    assert len(keys) == (drafted[1][name].rows if spec.key else 0)


def _rows(spec: SourceSpec, file: str) -> list[tuple[str | None, ...]]:
    reader = readers()[spec.reader]
    layout = reader.layout(DATA / file, spec)
    assert isinstance(layout, Layout)
    rows: list[tuple[str | None, ...]] = []
    for records in reader.read(DATA / file, layout, spec):
        assert not any(records.reason)
        rows += zip(*records.values, strict=True)
    return rows


def _typed(column: ColumnSpec, raw: str | None) -> object:
    """Return a value as the contract types it; fails where it rejects it."""
    text = (raw or "").strip(BLANKS)
    if not text or text in column.missing:
        assert not column.required
        return None
    kind = column.type.kind
    if kind in ("integer", "decimal"):
        plain = plain_number(text, column.number_format)
        assert plain is not None
        number = Decimal(plain)
        assert number == number.quantize(Decimal(1).scaleb(-column.type.scale))
        if kind == "decimal":
            assert abs(number) < 10 ** (column.type.precision - column.type.scale)
        else:
            assert re.fullmatch(r"[+-]?[0-9]{1,18}", plain)
        return number
    if kind == "boolean":
        assert text.lower() in ("true", "t", "yes", "y", "1", "false", "f", "no", "n", "0")
    if kind in ("date", "timestamp"):
        formats = column.date_formats or ("yyyy-MM-dd",) * (kind == "date")
        at = next((day for form in formats if (day := read_date(text, form))), None)
        assert at is not None or (kind == "timestamp" and not formats)
    return text
