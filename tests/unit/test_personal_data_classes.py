"""Which columns are personal data, and of which class: made-up tables in several languages, and the real files.

The lists were written from the data, before the classifier saw it: all that is not listed must not be found.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from pipeline.profile.personal import classify, detectors, looks_personal
from tests.support.personal import tables

TODAY = dt.date(2026, 6, 30)
TABLES = tables()
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REAL: dict[str, dict[str, str]] = {
    "adventureworks/AdventureWorks_Customers.csv": {
        "FirstName": "person_name",
        "LastName": "person_name",
        "BirthDate": "birth_date",
        "EmailAddress": "email",
    },
    "adventureworks/AdventureWorks_Products.csv": {},
    "adventureworks/AdventureWorks_Products_unclean.csv": {},
    "adventureworks/AdventureWorks_Sales_2017.csv": {},
    "adventureworks/AdventureWorks_Sales_2018.csv": {},
    "adventureworks/AdventureWorks_Sales_2019.csv": {},
    "adventureworks/DimAccount.csv": {},
    "adventureworks/DimCurrency.csv": {},
    "adventureworks/DimDepartmentGroup.csv": {},
    "adventureworks/DimGeography.csv": {},  # its IP addresses are of the ranges kept for documentation
    "adventureworks/DimOrganization.csv": {},
    "adventureworks/DimReseller.csv": {"column_4": "phone", "column_13": "street", "column_14": "street"},
    "adventureworks/DimSalesTerritory.csv": {},
    "adventureworks/DimScenario.csv": {},
    "adventureworks/FactCurrencyRate.csv": {},
    "adventureworks/FactFinance.csv": {},
    "adventureworks/FactSalesQuota.csv": {},
    "adventureworks/NewFactCurrencyRate.csv": {},
    "adventureworks/ProspectiveBuyer.csv": {
        "column_3": "person_name",
        "column_4": "person_name",
        "column_5": "person_name",
        "column_6": "birth_date",
        "column_9": "email",
        "column_17": "street",
        "column_18": "street",
        "column_22": "phone",
    },
    "online_retail/2010-12-01.csv": {},
    "online_retail/2011-11-04.csv": {},
}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_personal_column_of_a_made_up_table_is_found_and_no_other(name: str) -> None:
    table = TABLES[name]
    found = {column: finding.pii_class for column, finding in classify(table.columns, today=TODAY).items()}
    assert found == table.personal


@pytest.mark.parametrize("name", sorted(REAL))
def test_every_personal_column_of_a_real_file_is_found_and_no_other(name: str) -> None:
    if not (DATA / name).is_file():
        pytest.skip(f"{DATA / name} is not there")
    found = classify(_read(DATA / name), today=TODAY)
    assert {column: finding.pii_class for column, finding in found.items()} == REAL[name]


def test_names_and_births_are_found_where_the_header_is_taken_away() -> None:
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not there")
    table = _read(DATA / "adventureworks/AdventureWorks_Customers.csv")
    bare = {f"column_{i}": values for i, values in enumerate(table.values(), 1)}
    found = {column: finding.pii_class for column, finding in classify(bare, today=TODAY).items()}
    assert found == {
        "column_3": "person_name",
        "column_4": "person_name",
        "column_5": "birth_date",
        "column_8": "email",
    }


@pytest.mark.parametrize("name", sorted(TABLES))
def test_no_reason_tells_a_value(name: str) -> None:
    table = TABLES[name]
    for column, finding in classify(table.columns, today=TODAY).items():
        said = " ".join(finding.reasons)
        assert not [value for value in table.columns[column] if value and len(value) > 3 and value in said]


def test_a_column_without_values_is_judged_by_its_name() -> None:
    assert {name: (found := looks_personal(name, [])) and found.pii_class for name in ("email", "Vorname", "ssn", "total")} == {
        "email": "email",
        "Vorname": "person_name",
        "ssn": "national_id",
        "total": None,
    }  # fmt: skip


def test_a_check_digit_that_is_wrong_in_half_of_the_values_is_no_identifier() -> None:
    right = [value for value in TABLES["anagrafica"].columns["carta_di_credito"] if value]
    wrong = [f"{value[:-1]}{(int(value[-1]) + 1) % 10}" for value in right]
    assert looks_personal("column_1", right) is not None
    assert looks_personal("column_1", [*right[:60], *wrong[60:]]) is None


def test_every_class_says_what_becomes_of_it() -> None:
    assert {detector.action for detector in detectors().values()} <= {"drop", "redact"}


def _read(path: Path) -> dict[str, list[str | None]]:
    """Return some thousand rows of a real file, column by column; those with pipes have no header."""
    csv.field_size_limit(1 << 30)
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    if path.name.startswith(("Adventure", "20")):
        header, *rows = csv.reader(text.splitlines())
    else:
        rows = [line.split("|") for line in text.splitlines()]
        header = [f"column_{i}" for i in range(1, len(rows[0]) + 1)]
    rows = rows[:: max(1, len(rows) // 3000)]
    return {name: [row[i] or None for row in rows] for i, name in enumerate(header)}
