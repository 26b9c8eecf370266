"""`source add` on ten real files: the drafts run unedited, in one run, and lose nothing."""

from __future__ import annotations

import pytest

from datatrust.core.release import Release, load_release
from datatrust.core.settings import Project
from pipeline.profile.draft import Draft
from pipeline.run import run_pipeline
from pipeline.tables import query_tables
from tests.support.drafted import DATA, draft_all

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, Draft]]:
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not there")
    return draft_all(tmp_path_factory.mktemp("drafted"))


@pytest.fixture(scope="module")
def release(drafted: tuple[Project, dict[str, Draft]]) -> Release:
    """The release of all ten files."""
    run_pipeline(drafted[0])
    return load_release(drafted[0].warehouse)


def test_all_run_unedited_and_every_row_is_valid_but_for_copies(
    drafted: tuple[Project, dict[str, Draft]], release: Release
) -> None:
    for name, draft in drafted[1].items():
        control = release.control(name)
        assert control is not None
        assert control.read == draft.rows + sum(draft.unreadable.values())
        assert control.read == control.valid + control.quarantined + control.duplicate
        assert (control.quarantined, control.reasons) == (0, {}), name
        assert control.duplicate == (44 if name == "retailer" else 0)


def test_types_and_notations_are_read_as_they_were_told(
    drafted: tuple[Project, dict[str, Draft]], release: Release
) -> None:
    warehouse = drafted[0].warehouse
    [customers] = query_tables(
        "select sum(annual_income) as income, count(*) filter (where home_owner) as owners from t",
        {"t": warehouse / "silver/adventure_works_customers"},
    )
    [sales] = query_tables(
        "select min(order_date) as first, max(order_date) as last from t",
        {"t": warehouse / "silver/adventure_works_sales"},
    )
    raw = (
        (DATA / "adventureworks/AdventureWorks_Customers.csv")
        .read_text(encoding="utf-8-sig")
        .splitlines()[1:]
    )
    incomes = sum(int(line.split('"$')[1].split('"')[0].replace(",", "")) for line in raw)
    assert (customers["income"], customers["owners"]) == (incomes, sum(line.endswith(",Y") for line in raw))
    assert (str(sales["first"]), str(sales["last"])) == ("2017-01-01", "2017-12-31")


def test_no_personal_value_stands_in_a_contract_or_leaves_the_restricted_zone(
    drafted: tuple[Project, dict[str, Draft]], release: Release
) -> None:
    rows = [
        line.split("|") for line in (DATA / "adventureworks/ProspectiveBuyer.csv").read_text().splitlines()
    ]
    planted = {row[place].encode() for row in rows[:300] for place in (8, 16) if len(row[place]) > 8}
    project = drafted[0]
    outside = [
        file
        for file in project.root.rglob("*")
        if file.is_file()
        and project.raw not in file.parents
        and (project.warehouse / "restricted") not in file.parents
    ]
    assert any(project.configs in file.parents for file in outside)
    for file in outside:
        content = file.read_bytes()
        assert not [value for value in planted if value in content], file
