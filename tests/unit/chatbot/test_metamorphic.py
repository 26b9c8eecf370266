"""Laws of questions: other words for the same ask give the same plan; a filter never adds; parts sum to the whole."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal

import pytest

from chatbot.agent import Agent
from chatbot.planner.plan import NoPlan, Plan
from semantic.query import MetricQuery
from tests.support.gold_double import make_gold_double

TODAY = dt.date(2026, 6, 30)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    made = Agent.open(make_gold_double(tmp_path_factory.mktemp("laws") / "project", seed=5))
    made.warm()
    yield made
    made.close()


def planned(agent: Agent, question: str) -> MetricQuery:
    outcome = agent.plan(question, today=TODAY)
    assert isinstance(outcome, Plan), question
    return outcome.query


def total(agent: Agent, question: str) -> Decimal:
    answer = agent.ask(question, today=TODAY)
    if answer.reason == "no_data":
        return Decimal(0)
    assert answer.status == "answered", (question, answer.text)
    assert len(answer.rows) == 1, question
    return Decimal(str(answer.rows[0][-1]))


# A question, and other ways to ask just the same.
SAME = {
    "revenue by region in FY2026": [
        "in FY2026, revenue by region", "by region, revenue in FY2026", "Revenue in FY2026 by region",
        "please show me revenue by region in FY2026", "could you tell me the revenue by region in FY2026, thanks",
        "REVENUE BY REGION IN FY2026", "Revenue By Region In Fy2026", "revenue by regions in FY2026", "net sales by region in FY2026",
        "turnover by territory in fiscal year 2026", "revnue by region in FY2026", "revenue by regoin in FY2026", "revenue per region in FY26",
        "revenue for each region in fiscal 2026", "What was our revenue by region in FY2026?", "hi, give me revenue by region in FY2026 please",
    ],
    "discounts as a percentage of net revenue by region in FY2026": [
        "discounts as % of net revenue by region in FY2026", "by region, discounts as a share of net revenue in FY2026", "DISCOUNTS AS A PERCENTAGE OF REVENUE BY REGION IN FY2026",
        "pls show discounts as a percentage of revenue per region in FY2026, thx", "ratio of discounts to net revenue by region in FY2026",
        "discounts divided by net revenue by region in FY26", "discounts to revenue ratio by region in FY2026", "rebates as a percentage of turnover by region in FY2026",
    ],
    "revenue on Mondays in FY2026": [
        "revenue in FY2026 on mondays", "pls revenue on Mondays in FY2026, thx", "REVENUE ON MONDAYS IN FY2026", "turnover on Mondays in fiscal 2026",
        "revnue on Mondays in FY2026", "what was our revenue on Mondays in FY26?", "revenue on a Monday in FY2026",
    ],
    "revenue excluding EMEA in FY2026": [
        "revenue excl. EMEA in FY2026", "revenue w/o EMEA in FY2026", "revenue ex EMEA in FY2026", "FY2026 revenue except EMEA", "sales other than EMEA in FY2026",
        "quick question: revenue without EMEA in FY2026?",
    ],
    "revenue compared with budget by region in FY2026": [
        "budget vs actual revenue by region in FY2026", "actual vs budget revenue by region FY2026",
        "revenue by region in FY2026, plan vs actuals",
    ],
    "units sold last month": [
        "last month units sold", "how many units were sold last month", "units sold in the previous month", "UNITS SOLD LAST MONTH?",
        "please give me the units sold last month", "units sold in May 2026", "untis sold last month",
        "units sold in 2026-05", "units sold from 1 May 2026 to 31 May 2026", "units sold between 1 and 31 May 2026",
    ],
    "opex by department in Q3 FY2026": [
        "in Q3 FY2026 opex by department", "opex by departments in FY2026 Q3", "operating expenses by department in Q3 FY2026",
        "opex per department in the third quarter of FY2026", "Opex by dept in Q3 FY26", "please list opex by department in Q3 FY2026",
        "opex by departmnet in Q3 FY2026", "OPEX BY DEPARTMENT IN Q3 FY2026", "opex by department from January to March 2026",
    ],
    "gross profit in EMEA year to date": [
        "year to date gross profit in EMEA", "gross profit ytd in EMEA", "EMEA gross profit year to date", "gross profit in emea fytd",
        "what is the gross profit for EMEA this year so far", "gross proft in EMEA year to date", "gross profit in EMEA year-to-date",
        "please tell me the gross profit in EMEA this fiscal year to date",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("question", "other"), [(q, o) for q, others in SAME.items() for o in others])
def test_other_words_for_the_same_ask_give_the_same_plan(agent: Agent, question: str, other: str) -> None:
    wanted, found = planned(agent, question), planned(agent, other)
    assert found == wanted


def typos(question: str, rng: random.Random, count: int) -> Iterator[str]:
    """The question with two neighbouring letters of one long word exchanged, or one letter doubled or left out."""
    words = question.split()
    long = [n for n, word in enumerate(words) if len(word) >= 6 and word.isalpha()]
    for _ in range(count):
        n, word = (chosen := rng.choice(long)), words[chosen]
        at = rng.randrange(1, len(word) - 1)
        changed = rng.choice([
            word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + word[at] + word[at:], word[:at] + word[at + 1 :],
        ])  # fmt: skip
        yield " ".join([*words[:n], changed, *words[n + 1 :]])


@pytest.mark.parametrize("question", [q for q in SAME if q != "units sold last month"])  # its words are short
def test_a_typo_gives_the_same_plan_or_a_question_never_another(agent: Agent, question: str) -> None:
    wanted = planned(agent, question)
    same = 0
    others = list(typos(question, random.Random(20), 40))
    for other in others:
        outcome = agent.plan(other, today=TODAY)
        if isinstance(outcome, Plan):
            assert outcome.query == wanted, other
            same += 1
        elif not isinstance(outcome, NoPlan):
            assert wanted in [each.query for each in outcome.candidates], other
    assert same >= 0.8 * len(others)


WHOLES = ["opex {}", "number of orders {}", "cost of sales {}"]  # nothing in them is below zero
FILTERS = {
    "opex {}": ["for department Sales", "for travel", "excluding travel"],
    "number of orders {}": [
        "in EMEA",
        "excluding EMEA",
        "in EMEA for Technology",
        "in Germany",
        "with status completed",
    ],
    "cost of sales {}": ["in EMEA", "in EMEA and APAC", "excluding Technology"],
}
PERIODS = [
    "in FY2026",
    "last quarter",
    "in May 2026",
    "since January 2026",
    "in the last 30 days",
    "until March 2026",
]


@pytest.mark.parametrize("period", PERIODS)
def test_a_filter_never_raises_an_additive_total(agent: Agent, period: str) -> None:
    for whole, filters in FILTERS.items():
        most = total(agent, whole.format(period))
        for words in filters:
            assert total(agent, f"{whole.format(words)} {period}") <= most, (whole, words)


# A period, and periods that make it up without a gap and without a day twice.
PARTS = {
    "in FY2026": ["in Q1 FY2026", "in Q2 FY2026", "in Q3 FY2026", "in Q4 FY2026"],
    "in the fiscal year 2026": ["in H1 FY2026", "in the second half of FY2026"],
    "in Q3 FY2026": ["in January 2026", "in Feb 2026", "in 2026-03"],
    "in March 2026": ["from 1 to 15 March 2026", "16-31 March 2026"],
    "in calendar year 2025": ["from January to June 2025", "between July and December 2025"],
    "from November to February 2026": ["in November 2025", "in December 2025", "in January and February 2026 combined"],
    "in FY2025 and FY2026 combined": ["in FY2025", "in FY25/26"],
    "since the start of FY2026": ["in H1 FY2026", "since January 2026"],
    "until the end of June 2026": ["before 2026-01-01", "on or after 1 January 2026"],
    "in the week of 3 March 2026": ["from 2 March 2026 to 4 March 2026", "between 4 and 9 March 2026 exclusive"],
    "in the last 6 full months": ["in December 2025", "in the 5 months to May 2026"],
    "in April 2026": ["in the first month of Q4 FY2026"],
}  # fmt: skip


@pytest.mark.parametrize("whole", sorted(PARTS))
@pytest.mark.parametrize("figure", ["revenue", "opex", "units sold", "number of orders"])
def test_periods_asked_one_by_one_sum_to_the_whole(agent: Agent, figure: str, whole: str) -> None:
    assert sum(total(agent, f"{figure} {part}") for part in PARTS[whole]) == total(agent, f"{figure} {whole}")


@pytest.mark.parametrize(("figure", "by"), [("revenue", "region"), ("revenue", "category"), ("opex", "department"), ("units sold", "segment")])  # fmt: skip
def test_members_asked_one_by_one_sum_to_the_whole(agent: Agent, figure: str, by: str) -> None:
    split = agent.ask(f"{figure} by {by} in FY2026", today=TODAY)
    parts = [total(agent, f'{figure} for {by} "{row[0]}" in FY2026') for row in split.rows]
    assert parts == [Decimal(str(row[-1])) for row in split.rows]
    assert sum(parts) == total(agent, f"{figure} in FY2026")


def test_two_named_months_are_each_shown_and_both_are_the_sum(agent: Agent) -> None:
    answer = agent.ask("revenue in April and May 2026", today=TODAY)
    each = [total(agent, f"revenue in {month} 2026") for month in ("April", "May")]
    assert [Decimal(str(row[-1])) for row in answer.rows] == each
    assert total(agent, "combined revenue in April and May 2026") == sum(each)
    assert any("each is shown, by month" in note for note in answer.assumptions)


def test_the_days_of_the_week_add_up_to_the_whole(agent: Agent) -> None:
    whole = total(agent, "revenue in FY2026")
    assert (
        total(agent, "revenue on weekends in FY2026") + total(agent, "revenue on weekdays in FY2026") == whole
    )
    by_day = agent.ask("revenue by weekday in FY2026", today=TODAY)
    assert sum(Decimal(str(row[1])) for row in by_day.rows) == whole


def test_a_follow_up_keeps_what_it_does_not_name(agent: Agent) -> None:
    """ "And gross profit?" lost the region and the year, and told those of all time."""
    history = ("revenue by region in FY2026",)
    beside = agent.ask("and gross profit?", today=TODAY, history=history)
    alone = agent.ask("gross profit by region in FY2026", today=TODAY)
    assert [(row[0], row[2]) for row in beside.rows] == [tuple(row) for row in alone.rows]
    assert (
        agent.ask("per order", today=TODAY, history=("revenue in May 2026",)).rows
        == agent.ask("average order value in May 2026", today=TODAY).rows
    )
    filtered = ("revenue in EMEA in FY2026",)
    assert (
        agent.ask("remove the filter", today=TODAY, history=filtered).rows
        == agent.ask("revenue in FY2026", today=TODAY).rows
    )
    assert agent.ask("remove the filter", today=TODAY, history=history).status != "answered"
