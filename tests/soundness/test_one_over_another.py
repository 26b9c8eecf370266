"""Quotients made for a question, means over things, weekdays, shares of one and ranked changes: what each must not become."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from chatbot.agent import Agent
from chatbot.answer import Answer
from datatrust.core.errors import UserError
from semantic.query import Access, Filter, Fold, Viewer
from tests.support.books import Books, open_books

D = Decimal
TABLES = """
CREATE TABLE sales (sale INT, day DATE, customer VARCHAR, channel VARCHAR, amount DECIMAL(18,2));
INSERT INTO sales VALUES
  (1, '2025-03-03', 'C1', 'shop', 100), (2, '2025-03-05', 'C2', 'web', 50), (3, '2026-03-02', 'C1', 'shop', 130),
  (4, '2026-03-07', 'C2', 'web', 60), (5, '2026-03-08', NULL, 'web', 20), (6, '2026-03-09', 'C1', 'shop', 40);
CREATE TABLE customers AS SELECT * FROM (VALUES ('C1', 'Ann', 'EU'), ('C2', 'Ann', 'US'), ('C3', 'Eve', 'US')) t(customer, name, region);
CREATE TABLE returns AS SELECT * FROM (VALUES (1, 3, DATE '2026-03-10', 13.00::DECIMAL(18,2)), (2, 3, '2026-03-14', 6.00), (3, 4, '2026-03-15', 6.00))
  t(ret, sale, returned, refund);
CREATE TABLE stock AS SELECT * FROM (VALUES (DATE '2026-03-31', 40.00::DECIMAL(18,2))) t(month_end, value);
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
    dimensions: [{name: sale, type: identifier, label: Sale number}, {name: day, type: time, label: Date}, {name: channel, type: category, label: Channel}]
  - model: customers
    label: Customers
    table: main.customers
    key: [customer]
    dimensions:
      - {name: customer, type: identifier, label: Customer number}
      - {name: name, type: category, label: Customer name}
      - {name: region, type: category, label: Region}
  - model: returns
    label: Returns
    table: main.returns
    key: [ret]
    time: returned
    joins: [{to: sales, key: sale}]
    dimensions: [{name: returned, type: time, label: Return date}]
  - {model: stock, label: Stock, table: main.stock, key: [month_end], time: month_end, dimensions: [{name: month_end, type: time, grain: month}]}
metrics:
  - {name: revenue, label: Revenue, model: sales, agg: sum, expr: amount, unit: currency, currency: EUR, better: higher}
  - {name: sales_count, label: Number of sales, model: sales, agg: count, unit: count}
  - {name: buyers, label: Buyers, model: sales, agg: count_distinct, expr: customer, unit: count}
  - {name: shop_sales, label: Shop sales, model: sales, agg: count, where: channel = 'shop', unit: count}
  - {name: refunds, label: Refunds, model: returns, agg: sum, expr: refund, unit: currency, currency: EUR, better: lower}
  - {name: takings, label: Takings, description: What was taken after refunds., model: sales, agg: sum, expr: amount, unit: currency, currency: EUR}
  - {name: kept, label: Kept, derived: revenue - refunds, unit: currency}
  - {name: dollars, label: Dollar value, model: returns, agg: sum, expr: refund, unit: currency, currency: USD}
  - {name: average_sale, label: Average sale, model: sales, agg: average, expr: amount, unit: currency, currency: EUR}
  - {name: stock_value, label: Stock value, model: stock, balance: {agg: sum, expr: value, take: last}, unit: currency, currency: EUR}
"""
}
MARCH = {"start": "2026-03-01", "end": "2026-03-31"}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    return open_books(tmp_path_factory.mktemp("over"), TABLES, CATALOG, today="2026-03-31")


@pytest.fixture(scope="module")
def agent(books: Books) -> Agent:
    return Agent(books.layer)


def ask(agent: Agent, question: str) -> Answer:
    return agent.ask(question, today=dt.date(2026, 3, 31))


# ------------------------------------------------------------------------------------------------ quotients


def test_both_sides_are_added_up_before_one_is_divided(books: Books) -> None:
    """Trap: joining two facts first counts a sale once for each of its returns."""
    assert books.ask("refunds_per_revenue", **MARCH).rows == ((D(25) / D(250),),)
    by_channel = books.ask("refunds_per_revenue", by=("channel",), **MARCH).rows
    assert by_channel == (("shop", round(D(19) / D(170), 12)), ("web", D(6) / D(80)))


def test_nothing_is_divided_by_nothing(books: Books) -> None:
    assert books.ask("revenue_per_refunds", start="2025-03-01", end="2025-03-31").rows == ((None,),)


@pytest.mark.parametrize(
    "name", ["average_sale_per_revenue", "revenue_per_average_sale", "refunds_per_dollars", "revenue_per_revenue", "revenue_per_nothing"]
)  # fmt: skip
def test_some_quotients_are_none(books: Books, name: str) -> None:
    """Trap: a mean over a sum, and euros over dollars, are no figures."""
    with pytest.raises(UserError, match="unknown metric"):
        books.ask(name)


def test_a_quotient_is_listed_nowhere_and_certified_by_nobody(books: Books) -> None:
    metrics = books.layer.catalog.metrics
    made = metrics["refunds_per_revenue"]
    assert made.name not in list(metrics)
    assert made.certified_by is None
    assert made.definition_hash != metrics["revenue_per_refunds"].definition_hash


def test_a_quotient_needs_the_right_to_both_sides(books: Books) -> None:
    """Trap: a role that may not see refunds could work them out from their share."""
    access = Access(metrics=(("revenue", "sales_count"),), dimensions=(("*",),))
    narrowed = books.layer.seen_by(Viewer(role="sales", policy=access.hash, access=access)).catalog.metrics
    assert "revenue_per_sales_count" in narrowed
    assert "refunds_per_revenue" not in narrowed


@pytest.mark.parametrize(
    "question",
    ["refunds in March 2026 as a percentage of revenue in March 2025", "web refunds as a percentage of revenue", "ratio of revenue in March 2026",
     "average sale as a percentage of revenue", "20% of revenue in March 2026"],
)  # fmt: skip
def test_what_is_over_what_must_be_clear(agent: Agent, question: str) -> None:
    """Trap: a sign or a second period that nothing is made of was passed over, and the plain figure was shown."""
    assert ask(agent, question).status != "answered"


def test_a_share_is_told_of_the_one_that_was_asked(agent: Agent) -> None:
    """Trap: "% of revenue from …" lost its sign and gave the amount."""
    for question in (
        "% of revenue from web in March 2026",
        "what percentage of revenue came from web in March 2026",
    ):
        answer = ask(agent, question)
        assert len(answer.rows) == 1
        assert D("0.32") in answer.rows[0]


def test_the_share_of_a_part_by_something_is_asked_back(agent: Agent) -> None:
    """Trap: of each region's sales those of the shop, or of the shop's sales those of each region?"""
    assert ask(agent, "share of shop sales by region").status != "answered"


def test_a_difference_is_the_catalogs_own_where_it_has_one(agent: Agent, books: Books) -> None:
    answer = ask(agent, "revenue less refunds in March 2026")
    assert answer.query is not None
    assert answer.query.metrics == ("kept",)
    assert answer.rows == ((D(250 - 25),),)
    assert ask(agent, "number of sales minus buyers in March 2026").rows == ((D(4 - 2),),)
    assert books.ask("refunds_less_stock_value", **MARCH).rows == ((D(25 - 40),),)


@pytest.mark.parametrize(
    "question",
    ["takings less refunds in March 2026", "revenue less buyers", "revenue minus web refunds", "web revenue minus refunds", "revenue net of refunds",
     "revenue in March 2026 less refunds in March 2025", "refunds less dollar value"],
)  # fmt: skip
def test_what_is_net_already_is_not_made_net_twice(agent: Agent, question: str) -> None:
    """Trap: a figure "after refunds" would lose the refunds once more; a condition would limit both sides."""
    assert ask(agent, question).status != "answered"


# ----------------------------------------------------------------------------------------------------- means


def test_a_mean_over_things_tells_them_apart_by_key(books: Books) -> None:
    """Trap: two customers of one name are two; a sale of nobody is nobody's."""
    result = books.ask(
        "revenue", by=("customers.customer",), fold=Fold(how="mean", key="customers.customer"), **MARCH
    )
    assert result.rows == ((D(230) / 2,),)


def test_per_thing_is_the_mean_and_no_list(agent: Agent) -> None:
    """Trap: "revenue per sale" was a list of every sale."""
    assert ask(agent, "revenue per sale in March 2026").rows == ((D("62.5"),),)
    assert ask(agent, "average revenue per customer in March 2026").rows == ((D(115),),)


def test_what_is_above_holds_of_the_mean(books: Books) -> None:
    """Trap: a threshold on the mean that chooses periods instead."""
    result = books.ask(
        "revenue", by=("channel", "time.month"), fold=Fold(how="mean", key="time.month"), having="revenue > 20",
        start="2026-01-01", end="2026-03-31",
    )  # fmt: skip
    assert result.rows == (("shop", round(D(170) / 3, 12)), ("web", round(D(80) / 3, 12)))
    only = books.ask(
        "revenue", by=("channel", "time.month"), fold=Fold(how="mean", key="time.month"), having="revenue > 30",
        start="2026-01-01", end="2026-03-31",
    )  # fmt: skip
    assert [row[0] for row in only.rows] == ["shop"]


# -------------------------------------------------------------------------------------------------- weekdays


def test_a_weekday_is_that_of_each_figures_own_time(books: Books) -> None:
    """Trap: refunds fall on the day of their return, not of their sale."""
    rows = books.ask("revenue", "refunds", by=("time.weekday",), **MARCH).rows
    assert rows == (
        ("Monday", D(170), None),
        ("Tuesday", None, D(13)),
        ("Saturday", D(60), D(6)),
        ("Sunday", D(20), D(6)),
    )


def test_days_of_the_week_are_in_their_order_and_by_name_only(books: Books) -> None:
    assert books.ask("revenue", where="day.weekday = 'sunday'").rows == ((D(20),),)
    with pytest.raises(UserError, match="no day of the week"):
        books.ask("revenue", where="day.weekday = 'Mondy'")


def test_a_mean_over_days_does_not_divide_mondays_by_all_days(books: Books, agent: Agent) -> None:
    with pytest.raises(UserError, match="some weekdays"):
        books.layer.query(
            books.ask("revenue", **MARCH).query.__class__(
                metrics=("revenue",), group_by=("time.day",), fold=Fold(how="mean", key="time.day"),
                where=(Filter(field="time.weekday", op="=", values=("Monday",)),),
            ),
            viewer=Viewer(),
        )  # fmt: skip
    assert ask(agent, "average daily revenue on Mondays in March 2026").status != "answered"


def test_figures_kept_by_month_have_no_weekday(books: Books) -> None:
    """Trap: each month-end would be some day of the week."""
    with pytest.raises(UserError):
        books.ask("stock_value", by=("time.weekday",))
    with pytest.raises(UserError):
        books.ask("revenue", "stock_value", by=("time.weekday",))


@pytest.mark.parametrize(
    "question",
    [
        "revenue this weekend",
        "revenue last weekend",
        "revenue every Monday",
        "weekend vs weekday revenue",
        "stock value on Mondays",
    ],
)
def test_one_weekend_is_not_all_of_them(agent: Agent, question: str) -> None:
    assert ask(agent, question).status != "answered"


# --------------------------------------------------------------------------------------------------- changes


@pytest.mark.parametrize(
    "question",
    ["which channel had the biggest drop in revenue in March 2026 compared with March 2025",
     "which channel had the biggest drop in revenue in March 2026 compared with March 2025 in absolute terms"],
)  # fmt: skip
def test_a_rise_is_not_the_biggest_drop(agent: Agent, question: str) -> None:
    """Trap: where all rose, the one that rose least was shown as the largest decrease."""
    answer = ask(agent, question)
    assert answer.status == "refused"
    assert "No decrease" in answer.text


def test_the_largest_increase_is_one(agent: Agent) -> None:
    question = "which channel had the biggest increase in revenue in March 2026 compared with March 2025 in absolute terms"
    assert ask(agent, question).rows[0][0] == "shop"
