"""Questions at constant currency, and in the words of a table's periods, over books that no other test has."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from chatbot.agent import Agent
from semantic.query import Compare
from tests.soundness import test_period_tables as listed
from tests.support.books import write_file_project

TABLES = """
CREATE TABLE tours (id INT, day DATE, fee DECIMAL(18,2), money VARCHAR, guide VARCHAR, guests INT);
INSERT INTO tours VALUES
  (1, '2025-03-10', 100, 'USD', 'Ann', 4), (2, '2025-03-20', 50, 'EUR', 'Bob', 2), (3, '2025-04-02', 80, 'USD', 'Bob', 3),
  (4, '2026-03-05', 120, 'USD', 'Ann', 5), (5, '2026-03-15', 70, 'EUR', 'Bob', 2), (6, '2026-04-09', 60, 'USD', 'Ann', 1);
CREATE TABLE quotes (month DATE, currency VARCHAR, mean DECIMAL(18,6));
INSERT INTO quotes VALUES ('2025-03-01', 'USD', 0.9), ('2025-04-01', 'USD', 0.8), ('2026-03-01', 'USD', 0.5), ('2026-04-01', 'USD', 0.6);
"""
CATALOG = """
currency: {group: EUR, rates: quotes, average: mean}
models: [{model: tours, table: tours, key: [id], time: day, dimensions: [{name: day, type: time}, guide]}]
metrics:
  - {name: takings, label: Takings, model: tours, agg: sum, expr: fee, unit: currency, currency: {from: money, rate: average}, better: higher}
  - {name: guests, label: Guests, model: tours, agg: sum, expr: guests}
  - {name: per_guest, label: Takings per guest, ratio: {numerator: takings, denominator: guests}, on_zero: undefined, unit: currency}
"""
# Takings of March 2026 at the rate of March 2025, and of March 2025; all of 2026 likewise.
AT_OLD_RATES = {
    "takings in March 2026 at constant currency": ("178.00", "140.00"),
    "takings in March 2026 at constant currency compared with last year": ("178.00", "140.00"),
    "constant-currency growth of takings in March 2026": ("178.00", "140.00"),
    "takings in March 2026 vs March 2025 at constant exchange rates": ("178.00", "140.00"),
    "currency-neutral takings in March 2026": ("178.00", "140.00"),
    "how did takings grow in March 2026 excluding currency effects": ("178.00", "140.00"),
    "at constant currency, what were the takings in 2026?": ("226.00", "204.00"),
    "year over year growth of takings in 2026 at constant currency": ("226.00", "204.00"),
    "takings of Ann in 2026 at constant currency": ("156.00", "90.00"),
}
NOT_ANSWERED = {
    "guests in March 2026 at constant currency": 'Guests "at constant currency": no exchange rate has a part in it',
    "takings in April 2026 vs March 2026 at constant currency": "beside the year before",
    "takings at constant currency": "which period",
}


@pytest.fixture(scope="module")
def tours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    project = write_file_project(
        tmp_path_factory.mktemp("tours"), TABLES, {"all": CATALOG}, today="2026-05-15"
    )
    agent = Agent.open(project)
    agent.warm()
    yield agent
    agent.close()


def test_constant_currency_is_the_old_rates_beside_the_old_year(tours: Agent) -> None:
    for question, (now, before) in AT_OLD_RATES.items():
        answer = tours.ask(question)
        assert answer.status == "answered", (question, answer.text)
        assert answer.query is not None
        assert answer.query.compare == Compare(to="constant_currency"), question
        assert answer.rows[0][:2] == (Decimal(now), Decimal(before)), (question, answer.rows)
        assert "at the exchange rates of the year before" in answer.interpretation


def test_rows_of_members_and_ratios_are_at_the_old_rates(tours: Agent) -> None:
    answer = tours.ask("takings by guide in 2026 at constant currency")
    assert {row[0]: row[1:3] for row in answer.rows} == {"Ann": (156, 90), "Bob": (70, 114)}
    ratio = tours.ask("takings per guest in March 2026 at constant currency")
    assert ratio.rows[0][:2] == (Decimal("25.43"), Decimal("23.33"))


def test_what_no_rate_changes_or_no_year_stands_beside_is_not_answered(tours: Agent) -> None:
    for question, words in NOT_ANSWERED.items():
        answer = tours.ask(question)
        assert answer.status != "answered", (question, answer.interpretation)
        assert words in answer.text, (question, answer.text)
    plain = tours.ask("takings in March 2026 vs March 2025")
    assert plain.query is not None
    assert plain.query.compare == Compare(to="previous_year")


def test_a_question_back_keeps_the_constant_rates(tours: Agent) -> None:
    asked = tours.ask("takings at constant currency")
    assert asked.status == "clarify"
    again = tours.ask(asked.options[0].question)
    assert again.status == "answered"
    assert again.query is not None
    assert again.query.compare == Compare(to="constant_currency")


# ------------------------------------------------------------------------------------------------ listed periods


@pytest.fixture(scope="module")
def traders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    root = tmp_path_factory.mktemp("traders")
    project = write_file_project(root, listed.TABLES, {"all": listed.CATALOG}, today=listed.TODAY)
    agent = Agent.open(project)
    agent.warm()
    yield agent
    agent.close()


def test_words_of_fiscal_time_mean_rows_of_the_table(traders: Agent) -> None:
    """Trap: "last fiscal month" was read as the month that everybody knows."""
    quarter = (listed.row(2026, 4)[0], listed.row(2026, 6)[1])
    for question, days in {
        "sold last quarter": quarter,
        "sold in the last 3 fiscal months": quarter,
        "sold last fiscal month": listed.row(2026, 6),
        "sold this fiscal month": listed.row(2026, 7),
        "sold in Q1 FY2025": (listed.row(2025, 1)[0], listed.row(2025, 3)[1]),
    }.items():
        answer = traders.ask(question)
        assert answer.query is not None, (question, answer.text)
        assert answer.query.time is not None, question
        assert (answer.query.time.start, answer.query.time.end) == days, question
    rows = traders.ask("sold by fiscal month in FY2026").rows
    assert [row[0] for row in rows] == [listed.row(2026, number)[0] for number in range(1, 13)]


def test_a_year_that_the_table_does_not_list_is_refused(traders: Agent) -> None:
    answer = traders.ask("sold in FY2031")
    assert (answer.status, answer.reason) == ("refused", "out_of_scope")
    assert "its table goes from 2024-12-30" in answer.text
