"""Averages over periods, counts of members, places, alternatives and ties: what each must not quietly become."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from chatbot.agent import Agent
from chatbot.answer import Answer
from datatrust.core.errors import UserError
from semantic.query import Filter, Fold
from tests.support.books import Books, open_books

D = Decimal
TABLES = """
CREATE TABLE sales (sale INT, day DATE, customer VARCHAR, channel VARCHAR, amount DECIMAL(18,2));
INSERT INTO sales VALUES
  (1, '2026-01-05', 'C1', 'shop', 100), (2, '2026-01-20', 'C2', 'web', 50), (3, '2026-03-02', 'C1', 'web', 30),
  (4, '2026-03-09', 'C3', 'shop', 60), (5, '2026-04-11', 'C3', 'web', 60), (6, '2026-04-12', NULL, 'web', 500),
  (7, '2026-04-15', 'C4', 'shop', 60), (8, '2026-04-15', 'C4', 'shop', 60);
CREATE TABLE customers AS SELECT * FROM (VALUES ('C1', 'Ann', 'EU'), ('C2', 'Ben', 'EU'), ('C3', 'Ann', 'US'), ('C4', 'Dora', 'US'),
  ('C5', 'Eve', 'US')) t(customer, name, region);
CREATE TABLE stock AS SELECT * FROM (VALUES (DATE '2026-01-31', 10.00::DECIMAL(18,2)), ('2026-03-31', 40.00), ('2026-04-30', 40.00)) t(month_end, value);
"""
CATALOG = {
    "all": """
calendars: {gregorian: {default: true}}
models:
  - model: sales
    label: Sales
    table: main.sales
    key: [sale]
    time: day
    joins: [{to: customers, key: customer}]
    dimensions: [{name: day, type: time, label: Date}, {name: channel, type: category, label: Channel}]
  - model: customers
    label: Customers
    table: main.customers
    key: [customer]
    dimensions:
      - {name: customer, type: identifier, label: Customer number}
      - {name: name, type: category, label: Customer name}
      - {name: region, type: category, label: Region}
  - {model: stock, label: Stock, table: main.stock, key: [month_end], time: month_end, dimensions: [{name: month_end, type: time}]}
metrics:
  - {name: revenue, label: Revenue, model: sales, agg: sum, expr: amount, unit: currency, currency: EUR, better: higher}
  - {name: orders, label: Orders, synonyms: [number of orders], model: sales, agg: count, unit: count}
  - {name: buyers, label: Buyers, synonyms: [customers], model: sales, agg: count_distinct, expr: customer, unit: count}
  - {name: per_order, label: Revenue per order, ratio: {numerator: revenue, denominator: orders}, on_zero: undefined}
  - {name: per_order_change, label: Change of revenue per order, derived: (per_order - before) / before, on_zero: undefined, unit: percent,
     inputs: [{metric: per_order, as: before, offset: 1 month}]}
  - {name: stock_value, label: Stock value, model: stock, balance: {agg: sum, expr: value, take: last}, unit: currency, currency: EUR}
"""
}
SPAN: dict[str, Any] = {"start": "2026-01-01", "end": "2026-04-30"}
MONTHLY: dict[str, Any] = {"by": ("time.month",), "fold": Fold(how="mean", key="time.month")}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    return open_books(tmp_path_factory.mktemp("many"), TABLES, CATALOG, today="2026-05-20")


@pytest.fixture(scope="module")
def agent(books: Books) -> Agent:
    return Agent(books.layer)


def ask(agent: Agent, question: str) -> Answer:
    return agent.ask(question, today=dt.date(2026, 5, 20))


# ------------------------------------------------------------------------------------------ averages over periods


def test_a_month_without_sales_counts_as_zero(books: Books) -> None:
    """Trap: the mean of the months that have rows leaves February out."""
    result = books.ask("revenue", **MONTHLY, **SPAN)
    assert result.rows == ((D(920) / 4,),)
    assert any("4 months" in note and "counts as zero" in note for note in result.assumptions)


def test_a_mean_of_different_customers_is_no_quotient_of_the_whole(books: Books) -> None:
    """Trap: four buyers over four months are not one a month: a buyer of two months counts in both."""
    assert books.ask("buyers", **MONTHLY, **SPAN).rows == ((D(2 + 0 + 2 + 2) / 4,),)


def test_a_month_without_a_balance_is_not_one_of_zero(books: Books) -> None:
    assert books.ask("stock_value", **MONTHLY, **SPAN).rows == ((D(30),),)


def test_months_that_have_not_come_are_not_averaged_in(books: Books) -> None:
    """Trap: "this year" has twelve months, and four of them are known."""
    result = books.ask("revenue", **MONTHLY, start="2026-01-01", end="2026-12-31")
    assert result.rows == ((D(920) / 4,),)
    assert any("not whole" in note for note in result.assumptions)
    assert "partial_period" in result.flags


@pytest.mark.parametrize("metric", ["per_order"])
def test_a_mean_of_ratios_is_refused(books: Books, metric: str) -> None:
    with pytest.raises(UserError, match="a mean of ratios is none"):
        books.ask(metric, **MONTHLY, **SPAN)


def test_a_quotient_of_quotients_is_computed(books: Books) -> None:
    """Trap: the inner quotient reached the engine as a function that it does not know."""
    result = books.ask("per_order_change", start="2026-04-01", end="2026-04-30")
    assert result.rows == ((D("2.777777777778"),),)


def test_a_mean_has_no_second_grain_beside_it(books: Books) -> None:
    """Trap: each quarter's sum over the months of the whole range."""
    with pytest.raises(UserError, match="no second grain"):
        books.ask(
            "revenue", by=("time.month", "time.quarter"), fold=Fold(how="mean", key="time.month"), **SPAN
        )


@pytest.mark.parametrize(
    "question",
    ["average monthly revenue from January 2026 to April 2026", "monthly average revenue from January 2026 to April 2026",
     "average revenue per month from January 2026 to April 2026"],
)  # fmt: skip
def test_the_mean_is_read(agent: Agent, question: str) -> None:
    assert ask(agent, question).rows == ((D(230),),)


@pytest.mark.parametrize("question", ["average revenue by month in 2026", "average monthly revenue per order in 2026",
                                      "average monthly revenue by quarter in 2026", "highest average monthly revenue in 2026"])  # fmt: skip
def test_no_other_average_passes_for_it(agent: Agent, question: str) -> None:
    assert ask(agent, question).status != "answered"


# ------------------------------------------------------------------------------------------------ counts of members


def test_members_of_one_name_are_two(agent: Agent) -> None:
    """Trap: counted by the name that is shown, both Anns are one."""
    answer = ask(agent, "how many customers have revenue above 100")
    assert answer.rows == ((3,),)  # C1, C3 and C4; what no customer bought is nobody's
    assert answer.text == "Number of customers: 3."


def test_members_without_rows_are_not_left_out_quietly(agent: Agent) -> None:
    """Trap: Eve has fewer than 2 orders, and no row of sales says so."""
    assert ask(agent, "how many customers have fewer than 2 orders").status == "refused"


def test_a_count_stands_under_its_period(agent: Agent) -> None:
    assert ask(agent, "how many customers had revenue above 50 in March 2026").rows == ((1,),)


def test_orders_are_not_limited_by_a_number_of_other_things(agent: Agent) -> None:
    """Trap: "orders with more than 1 customer" listed the customers with more than one order."""
    assert ask(agent, "orders with more than 1 channels").status == "refused"


# ---------------------------------------------------------------------------------------------- places and ties


def test_the_place_of_one_is_among_all(books: Books, agent: Agent) -> None:
    """Trap: the word "rank" was passed over, and the member's own figure answered."""
    answer = ask(agent, "where does US rank by revenue in April 2026")
    assert answer.rows == (("US", D(180), 2, 2),)  # behind what no customer bought
    place = Filter(field="channel", op="=", values=("shop",))
    result = books.ask("orders", by=("channel",), place=place, order_by=("-orders",))
    assert result.rows == (("shop", 4, 1, 2),)  # equals share a place


@pytest.mark.parametrize("question", ["where does US rank by revenue for web", "rank revenue"])
def test_a_rank_of_nothing_is_not_dropped(agent: Agent, question: str) -> None:
    assert ask(agent, question).status != "answered"


def test_which_one_has_the_highest_is_not_how_high_it_is(agent: Agent) -> None:
    """Trap: "the region with the highest …" gave the number, of all regions."""
    assert ask(agent, "the region with the highest revenue in March 2026").rows == (("US", D(60)),)


def test_a_ranking_is_not_cut_between_equals(agent: Agent) -> None:
    """Trap: which of two equals came first was decided by the alphabet."""
    answer = ask(agent, "top 1 channel by number of orders")
    assert (answer.status, answer.rows) == ("clarify", ())
    assert [ask(agent, option.question).status for option in answer.options] == ["answered"]
    assert len(ask(agent, answer.options[0].question).rows) == 2


# ------------------------------------------------------------------------------------------------------ either, or


@pytest.mark.parametrize(
    "question", ["revenue in EU or from web", "revenue for EU customers or for channel web"]
)
def test_or_is_not_and(agent: Agent, question: str) -> None:
    """Trap: a word between the two hid the "or", and both had to hold."""
    answer = ask(agent, question)
    assert answer.rows == ((D(100 + 50 + 30 + 60 + 500),),)
    assert answer.query is not None
    assert len(answer.query.either[0]) == 2


@pytest.mark.parametrize("question", ["revenue in EU or in March 2026", "revenue in EU or web for Ann",
                                      "customers with more than 1 orders or revenue above 100", "revenue by region or channel"])  # fmt: skip
def test_an_or_that_nobody_can_place_is_asked(agent: Agent, question: str) -> None:
    assert ask(agent, question).status != "answered"


# ------------------------------------------------------------------------------------------------------- the future


def test_the_last_balance_is_not_that_of_a_day_to_come(agent: Agent) -> None:
    """Trap: the stock of December was answered with that of April."""
    assert ask(agent, "stock value at the end of December 2026").reason == "no_data"
    assert ask(agent, "stock value at the end of April 2026").rows == ((D(40),),)
