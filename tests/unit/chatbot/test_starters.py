"""Questions to begin with: each has a number under the asker's rights, and they are those of the asker's role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.agent import Agent
from chatbot.desk import Desk
from chatbot.export import ExportStore
from chatbot.ui.page import Page
from datatrust.core.errors import UserError
from datatrust.core.settings import Project
from semantic.access import load_viewer
from tests.support.gold_double import make_gold_double

POLICY = """
roles:
  controller: {metrics: all, dimensions: all}
  asia:
    metrics: [revenue, orders, gross_profit, cost_of_sales]
    dimensions: all
    rows: ["customers.region = 'APAC'"]
    starters: [net revenue in EMEA last quarter, orders by country last quarter, headcount by department]
  people:
    metrics: [headcount, hires, leavers]
    dimensions: all
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_gold_double(tmp_path_factory.mktemp("starters") / "company")
    project.access_policy.parent.mkdir(parents=True, exist_ok=True)
    project.access_policy.write_text(POLICY, encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def agent(project: Project) -> Iterator[Agent]:
    opened = Agent.open(project)
    yield opened
    opened.close()


@pytest.mark.parametrize("role", ["controller", "asia", "people"])
def test_each_has_a_number_for_its_asker(project: Project, agent: Agent, role: str) -> None:
    viewer = load_viewer(project, role)
    questions = agent.starters(viewer)
    assert len(questions) >= 3
    for question in questions:
        answer = agent.ask(question, viewer=viewer)
        assert answer.status == "answered", (question, answer.text)
        assert answer.rows


def test_they_are_those_of_the_role(project: Project, agent: Agent) -> None:
    asked = {role: agent.starters(load_viewer(project, role)) for role in ("controller", "asia", "people")}
    assert (
        asked["asia"][0] == "orders by country last quarter"
    )  # declared; its neighbours have no number here
    assert "net revenue in EMEA last quarter" not in asked["asia"]
    assert not any("headcount" in each.lower() for each in asked["asia"])
    assert any("headcount" in each.lower() for each in asked["people"])
    assert not any("revenue" in each.lower() for each in asked["people"])
    assert len(set(asked.values())) == 3


def test_declared_ones_give_no_right_and_change_at_once(project: Project, agent: Agent) -> None:
    desk = Desk(agent, project, viewer=lambda: load_viewer(project, "people"))
    page = Page(desk, ExportStore())
    before = load_viewer(project, "people")
    first = page.starters(before)
    try:
        added = POLICY + "    starters: [leavers last fiscal year by department]\n"
        project.access_policy.write_text(added, encoding="utf-8")
        after = load_viewer(project, "people")
        assert after.policy == before.policy
        assert page.starters(after)[0] == "leavers last fiscal year by department" != first[0]
        project.access_policy.write_text(POLICY + "    starter: [leavers]\n", encoding="utf-8")
        with pytest.raises(UserError, match="starter"):
            load_viewer(project, "people")
    finally:
        project.access_policy.write_text(POLICY, encoding="utf-8")


def test_without_a_policy_they_are_the_catalogs(tmp_path: Path) -> None:
    open_project = make_gold_double(tmp_path / "open")
    opened = Agent.open(open_project)
    try:
        assert len(opened.starters()) == 6
    finally:
        opened.close()
