"""The access policy's file: read strictly, every fault at once, and what several roles allow together."""

from __future__ import annotations

from pathlib import Path

import pytest

from datatrust.core.errors import AccessDenied, UserError
from datatrust.core.settings import Project
from semantic.access import load_viewer
from semantic.policy import with_attributes
from semantic.query import EVERYONE, OWNER
from tests.support.books import write_file_project
from tests.support.guarded import CATALOG, write_guarded, write_policy


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return write_guarded(tmp_path_factory.mktemp("policy"), sales=5)


def faults(project: Project, text: str) -> list[str]:
    before = project.access_policy.read_text()
    write_policy(project, text)
    try:
        load_viewer(project, "a")
    except UserError as error:
        return [f"{i.at.line if i.at else 0}:{i.code} {i.message} ? {i.suggestion}" for i in error.issues]
    finally:
        write_policy(project, before)
    return []


def test_without_a_policy_everyone_sees_everything(tmp_path: Path) -> None:
    project = write_file_project(tmp_path, "CREATE TABLE sales (id INT)", {"all": CATALOG})
    assert load_viewer(project, "anybody").access is None
    assert load_viewer(project) == EVERYONE


def test_the_default_role_and_nobody_else(project: Project) -> None:
    assert load_viewer(project).role == "whole"
    assert load_viewer(project).policy == OWNER.policy
    for role, user in (("regoin", None), (None, "stranger"), ("profit", "akira"), (None, "vague")):
        with pytest.raises(AccessDenied):
            load_viewer(project, role, user=user)
    before = project.access_policy.read_text()
    write_policy(project, before.replace("cli_default: whole\n", ""))
    with pytest.raises(AccessDenied, match="no role is given"):
        load_viewer(project)
    write_policy(project, before)


def test_an_attribute_that_is_missing_lets_nobody_in(project: Project) -> None:
    before = project.access_policy.read_text()
    write_policy(project, before.replace("    attributes: {region: EMEA}\n", ""))
    with pytest.raises(AccessDenied, match="which is not known"):
        load_viewer(project, "region")
    assert load_viewer(project, user="akira").access is not None
    write_policy(project, before)


def test_roles_intersect(project: Project) -> None:
    viewer = load_viewer(project, user="both")
    assert viewer.role == "profit,region"
    assert viewer.access is not None
    assert viewer.access.rows == ("countries.region = 'APAC'",)
    assert len(viewer.access.metrics) == 2
    assert viewer.policy == load_viewer(project, "region, profit", user="both").policy
    assert viewer.policy != load_viewer(project, user="akira").policy != load_viewer(project, "region").policy
    assert hash(viewer) == hash(load_viewer(project, user="both"))


def test_an_attribute_is_a_value_and_nothing_else() -> None:
    attributes = {"region": ("O'Neil' or '1' = '1",), "many": ("A", "${region}")}
    assert with_attributes("r = '${region}'", attributes) == "r = 'O''Neil'' or ''1'' = ''1'"
    assert with_attributes("r in ('${many}', 'X')", attributes) == "r IN ('A', '${region}', 'X')"
    with pytest.raises(ValueError, match="many"):
        with_attributes("r = '${many}'", attributes)


def test_every_fault_at_once(project: Project) -> None:
    found = faults(
        project,
        """
cli_default: analist
rolls: {}
roles:
  a:
    metrics: all
    dimensionz: all
    min_group: 1
    rows: ["region = ", "customers.tier = 'x${region}'", "1 = 1"]
    masks: {customers.name: }
  "b c": {metrics: all}
users:
  someone: {roles: [analyst, a]}
  nobody: {}
""",
    )
    assert len(found) == 11, "\n".join(found)
    assert any(
        line.startswith("3:DT210") and 'unknown key "rolls"' in line and "? roles" in line for line in found
    )
    assert any('unknown key "dimensionz"' in line and "? dimensions" in line for line in found)
    assert any('cli_default "analist"' in line for line in found)
    assert any('unknown role "analyst"' in line for line in found)


def test_names_of_the_catalog_are_looked_up(project: Project) -> None:
    found = faults(
        project,
        """
roles:
  a:
    metrics: [revenu, "tag:sale", margin, "x*"]
    dimensions: [customer.name, "customers.*"]
    hide: [customers.teir]
    rows: ["region = 'EMEA'", "customers.regon = 'EMEA'"]
    masks: {sales.day: somewhen, customers.nam: x}
    min_group: {least: 3, of: customers.id}
""",
    )
    assert [line.split(" ", 1)[1] for line in found] == [
        'role "a": unknown metric "revenu" ? revenue',
        'role "a": no metric is meant by "tag:sale" ? tag:sales',
        'role "a": no metric is meant by "x*" ? None',
        'role "a": unknown dimension "customer.name" ? customers.name',
        'role "a": unknown dimension "customers.teir" ? customers.tier',
        'role "a": sales.day is a date; it can be hidden, not shown as a word ? None',
        'role "a": unknown dimension "customers.nam" ? customers.name',
        'role "a": unknown dimension "region" ? countries.region',
        'role "a": unknown dimension "customers.regon" ? customers.name',
        'role "a": unknown dimension "customers.id" ? customers.tier',
        'role "a": margin is made of profit, revenue, cost, which the role may not see ? None',
    ]
    assert all(int(line.split(":")[0]) > 1 for line in found)
