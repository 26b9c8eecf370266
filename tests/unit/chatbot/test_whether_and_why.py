"""Yes-or-no questions get a yes or no that the numbers bear out; "why" gets the parts that add up to the change."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from chatbot.agent import Agent
from tests.support.gold_double import make_gold_double
from tests.support.hospital import make_hospital
from tests.support.logistics import make_logistics

Asked = tuple[Agent, duckdb.DuckDBPyConnection]
NET = "(select sum(net_amount) from gold.fct_sales where status in ('completed', 'refunded') and order_date between {})"
MAY, APRIL = "date '2026-05-01' and date '2026-05-31'", "date '2026-04-01' and date '2026-04-30'"
COST = "(select sum(cost_amount) from gold.fct_sales where status in ('completed', 'refunded') and order_date between {})"
YEAR = "date '2025-07-01' and date '2026-06-30'"


@pytest.fixture(scope="module")
def domains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Asked]]:
    made: dict[str, Asked] = {}
    for name, make, file in (
        ("company", make_gold_double, "company.duckdb"),
        ("hospital", make_hospital, "hospital.duckdb"),
        ("logistics", make_logistics, "freight.duckdb"),
    ):
        root: Path = tmp_path_factory.mktemp(name) / "project"
        root.mkdir() if name != "company" else None
        agent = Agent.open(make(root))
        agent.warm()
        made[name] = agent, duckdb.connect(str(root / file), read_only=True)
    yield made
    for agent, connection in made.values():
        connection.close()
        agent.close()


WHETHER = [
    ("company", "did revenue grow in May 2026 compared with April 2026", f"select {NET.format(MAY)} > {NET.format(APRIL)}"),
    ("company", "Did revenue fall in May 2026 compared with April 2026?", f"select {NET.format(MAY)} < {NET.format(APRIL)}"),
    ("company", "was revenue above 1 million in May 2026", f"select {NET.format(MAY)} > 1000000"),
    ("company", "did revenue exceed 100000 in May 2026", f"select {NET.format(MAY)} > 100000"),
    ("company", "is revenue in FY2026 higher than budget", f"select {NET.format(YEAR)} > (select sum(budget_revenue) from gold.fct_budget where month between {YEAR})"),
    ("company", "was revenue higher in May 2026 than in April 2026", f"select {NET.format(MAY)} > {NET.format(APRIL)}"),
    ("company", "is revenue down in May 2026 compared with April 2026", f"select {NET.format(MAY)} < {NET.format(APRIL)}"),
    ("logistics", "were there fewer shipments in March 2026 than in February 2026", "select count(*) filter (where month(picked_up) = 3) < count(*) filter (where month(picked_up) = 2) from shipments where year(picked_up) = 2026"),
    ("company", "did we miss the revenue budget in FY2026", f"select {NET.format(YEAR)} < (select sum(budget_revenue) from gold.fct_budget where month between {YEAR})"),
    ("company", "did cost of sales beat budget in FY2026", f"select {COST.format(YEAR)} < (select sum(budget_cost) from gold.fct_budget where month between {YEAR})"),
    ("logistics", "did freight revenue increase in March 2026 compared with February 2026", "select sum(freight) filter (where month(picked_up) = 3) > sum(freight) filter (where month(picked_up) = 2) from shipments where year(picked_up) = 2026"),
    ("logistics", "were there more than 50 shipments in 2025", "select count(*) > 50 from shipments where year(picked_up) = 2025"),
    ("logistics", "was the late rate below 40% in 2025", "select avg((delivered > promised)::int) < 0.4 from shipments where year(picked_up) = 2025"),
    ("logistics", "was freight revenue between 1000 and 200000 by sea in 2025", "select sum(freight) between 1000 and 200000 from shipments join carriers using (carrier_id) where mode = 'sea' and year(picked_up) = 2025"),
    ("hospital", "did admissions fall in February 2026 compared with January 2026", "select count(*) filter (where month(admitted_on) = 2) < count(*) filter (where month(admitted_on) = 1) from care.admissions where year(admitted_on) = 2026"),
    ("hospital", "did treatment cost in Cardiology change in 2025 compared with 2024", None),
]  # fmt: skip


@pytest.mark.parametrize(("domain", "question", "sql"), WHETHER)
def test_a_yes_or_no_is_borne_out(
    domains: dict[str, Asked], domain: str, question: str, sql: str | None
) -> None:
    agent, connection = domains[domain]
    answer = agent.ask(question)
    assert answer.status == "answered", answer.text
    said = answer.text.split(".")[0]
    if sql is None:  # nothing to compare with: no yes or no
        assert said not in ("Yes", "No")
        return
    assert said == ("Yes" if connection.execute(sql).fetchone() == (True,) else "No"), answer.text


NO_VERDICT = [
    ("company", "did revenue and orders grow in May 2026 compared with April 2026"),
    ("company", "did EMEA and APAC revenue beat budget in FY2026"),
    ("company", "did any region beat the revenue budget in FY2026"),
    ("company", "how did revenue grow in May 2026 compared with April 2026"),
    ("hospital", "did admissions with more than 10 nights per ward grow in February 2026 compared with January 2026"),
]  # fmt: skip


@pytest.mark.parametrize(("domain", "question"), NO_VERDICT)
def test_what_is_no_single_test_gets_no_yes_or_no(
    domains: dict[str, Asked], domain: str, question: str
) -> None:
    answer = domains[domain][0].ask(question)
    assert answer.status == "answered", answer.text
    assert answer.text.split(".")[0] not in ("Yes", "No", "So far yes", "So far no")


def test_a_condition_on_rows_is_no_test_of_the_figure(domains: dict[str, Asked]) -> None:
    """The "more than" of the condition must not decide whether the admissions fell."""
    agent, connection = domains["hospital"]
    answer = agent.ask(
        "did admissions with more than 10 nights fall in February 2026 compared with January 2026"
    )
    fell = connection.execute(
        "select count(*) filter (where month(admitted_on) = 2) < count(*) filter (where month(admitted_on) = 1) from care.admissions "
        "where year(admitted_on) = 2026 and nights > 10"
    ).fetchone()
    assert answer.status == "answered", answer.text
    assert answer.text.startswith("Yes." if fell == (True,) else "No."), answer.text


NOT_ANSWERED = [
    ("company", "did revenue grow more than orders in May 2026"),
    ("company", "did revenue drop by more than 5% in May 2026 compared with April 2026"),
    ("company", "did revenue not grow in May 2026 compared with April 2026"),
    ("company", "did we beat budget in Q2"),
    ("company", "was revenue above 40% in May 2026"),
    ("company", "why is revenue low"),
    ("company", "why did gross margin fall by region in May 2026 compared with April 2026"),
    ("company", "why did revenue fall for the top 3 regions in May 2026 compared with April 2026"),
    ("company", "rank regions by revenue for each category"),
    ("logistics", "is freight revenue for gold clients between 1000 and 2000 in 2025"),
    ("company", "is revenue higher"),
    ("company", "is revenue up on last year"),
    ("company", "was revenue per customer higher in EMEA than in APAC in FY2026"),
    ("company", "which region had the biggest change in revenue in May 2026 compared with April 2026"),
    ("company", "which customer had the biggest drop in revenue in percent in May 2026 compared with April 2026"),
    ("company", "which customer had the biggest increase in orders in absolute terms in May 2026 compared with April 2026"),
    ("company", "revenue in percent"),
    ("logistics", "why are shipments late"),
    ("logistics", "rank 3 carriers by freight revenue"),
    ("hospital", "why did admissions fall"),
]  # fmt: skip


@pytest.mark.parametrize(("domain", "question"), NOT_ANSWERED)
def test_what_was_not_understood_whole_is_not_answered(
    domains: dict[str, Asked], domain: str, question: str
) -> None:
    answer = domains[domain][0].ask(question)
    assert answer.status != "answered", answer.interpretation


WHY = [
    ("company", "what drove the change in revenue by region in May 2026 versus April 2026",
     "select region, sum(case when order_date >= date '2026-05-01' then net_amount else -net_amount end) from gold.fct_sales join gold.dim_customers using (customer_id) where status in ('completed', 'refunded') and order_date between date '2026-04-01' and date '2026-05-31' group by 1"),
    ("logistics", "why did freight revenue change by transport mode in March 2026 compared with February 2026",
     "select mode, sum(case when month(picked_up) = 3 then freight else -freight end) from shipments join carriers using (carrier_id) where picked_up between date '2026-02-01' and date '2026-03-31' group by 1"),
    ("hospital", "reasons for the drop in treatment cost by building in February 2026 compared with January 2026",
     "select building, sum(case when month(admitted_on) = 2 then cost else -cost end) from care.admissions join care.wards using (ward_id) where admitted_on between date '2026-01-01' and date '2026-02-28' group by 1"),
]  # fmt: skip


@pytest.mark.parametrize(("domain", "question", "sql"), WHY)
def test_the_parts_of_a_change_add_up(
    domains: dict[str, Asked], domain: str, question: str, sql: str
) -> None:
    agent, connection = domains[domain]
    answer = agent.ask(question)
    assert answer.status == "answered", answer.text
    names = [column.name for column in answer.columns]
    place = next(i for i, name in enumerate(names) if name.endswith("__difference"))
    share = next(i for i, name in enumerate(names) if name.endswith("__contribution"))
    assert answer.totals is not None
    parts = {row[0]: Decimal(str(row[place])) for row in answer.rows}
    assert parts == dict(connection.execute(sql).fetchall())
    whole = answer.totals[place]
    assert isinstance(whole, Decimal)
    assert sum(parts.values()) == whole
    assert abs(
        sum(Decimal(str(row[share])) for row in answer.rows) - Decimal(str(answer.totals[share]))
    ) < Decimal("0.000001")
    largest = (max if whole > 0 else min)(parts, key=lambda name: parts[name])
    assert answer.rows[0][0] == largest
    assert f"The largest part of it is {largest}" in answer.text


def test_a_change_without_a_split_asks_for_one(domains: dict[str, Asked]) -> None:
    agent = domains["company"][0]
    answer = agent.ask("why did revenue fall in May 2026 compared with April 2026")
    assert (answer.status, answer.reason) == ("clarify", "ambiguous")
    assert len(answer.options) > 1
    for option in answer.options:
        chosen = agent.ask(option.question)
        assert chosen.status == "answered", option.question
        assert chosen.query is not None
        assert chosen.query.contributions


def test_a_change_that_went_the_other_way_is_told(domains: dict[str, Asked]) -> None:
    agent, connection = domains["logistics"]
    rose = connection.execute(
        "select sum(case when month(picked_up) = 3 then freight else -freight end) > 0 from shipments where picked_up between date '2026-02-01' and date '2026-03-31'"
    ).fetchone()
    fell = agent.ask("why did freight revenue fall by tier in March 2026 compared with February 2026")
    grew = agent.ask("why did freight revenue grow by tier in March 2026 compared with February 2026")
    assert [each.text.startswith("It did not.") for each in (fell, grew)] == [
        rose == (True,),
        rose != (True,),
    ]
    assert fell.rows == grew.rows


def test_members_that_are_new_or_gone_have_their_part(domains: dict[str, Asked]) -> None:
    """Without a base there is no difference, but there is a part in the change: it is ranked and told."""
    agent, connection = domains["company"]
    parts = connection.execute(
        "select company_name, coalesce(sum(case when order_date >= date '2026-05-01' then net_amount else -net_amount end), 0) "
        "from gold.fct_sales join gold.dim_customers using (customer_id) where status in ('completed', 'refunded') "
        "and order_date between date '2026-04-01' and date '2026-05-31' group by 1 order by 2 desc"
    ).fetchall()
    period = "in May 2026 compared with April 2026"
    told = agent.ask(f"why did revenue change by customer {period}")
    assert any(None in row for row in told.rows)
    assert [row[0] for row in told.rows][:3] == [name for name, _ in parts[:3]]
    assert f"The largest part of it is {parts[0][0]}: " in told.text
    assert f"Against it stands {parts[-1][0]}: " in told.text
    rose = agent.ask(f"which customer had the biggest increase in revenue in absolute terms {period}")
    fell = agent.ask(f"which customer had the biggest drop in revenue in absolute terms {period}")
    assert [rose.rows[0][0], fell.rows[0][0]] == [parts[0][0], parts[-1][0]]


def test_an_increase_may_be_in_absolute_terms_or_in_percent(domains: dict[str, Asked]) -> None:
    agent = domains["company"][0]
    answer = agent.ask(
        "which region had the biggest increase in revenue in May 2026 compared with April 2026"
    )
    assert answer.status == "clarify"
    assert len(answer.options) == 2
    assert all(agent.ask(option.question).status == "answered" for option in answer.options)


def test_why_follows_a_comparison(domains: dict[str, Asked]) -> None:
    agent = domains["company"][0]
    first = "revenue for Technology in May 2026 compared with April 2026"
    asked = agent.ask("why by region?", history=[first])
    whole = agent.ask(first)
    assert asked.status == "answered", asked.text
    assert asked.query is not None
    assert asked.query.contributions
    assert asked.totals is not None
    assert asked.totals[1] == whole.rows[0][0]
    for history in ([first], ["revenue in May 2026"]):
        assert agent.ask("why?", history=history).status != "answered"
    assert agent.ask("why by region?", history=["revenue in May 2026"]).status != "answered"
