"""A number of more digits than are computed exactly is not given, and the reason is: it is no fault of the data's files."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from chatbot.agent import Agent
from chatbot.faults import fault_of
from datatrust.core.errors import TooLarge
from semantic.query import EVERYONE
from tests.support.books import open_books

TABLES = """
create table paid as select day::date as day, 'EUR' as currency, 1234567.89::decimal(18, 2) as amount, 3::bigint as pieces
  from range(date '2026-01-01', date '2026-03-01', interval 1 day) r(day);
create table rates as select day, currency, '1.12345678901234567890'::decimal(30, 20) as average from paid;
"""
CATALOG = {
    "all": """
calendars:
  gregorian: {default: true}
currency: {group: USD, rates: rates, average: average, period: day, grain: day}
models:
  - {model: paid, table: paid, time: day, dimensions: [{name: day, type: time}, currency]}
metrics:
  - {name: spent, model: paid, agg: sum, expr: amount, unit: currency, currency: {from: currency, rate: average}}
  - {name: pieces, model: paid, agg: sum, expr: pieces, unit: count}
  - {name: cost_each, ratio: {numerator: spent, denominator: pieces}, on_zero: undefined, unit: currency, decimals: 2}
"""
}


def test_a_quotient_of_rates_with_twenty_decimals_is_refused_by_its_reason(tmp_path: Path) -> None:
    books = open_books(tmp_path, TABLES, CATALOG)
    with pytest.raises(TooLarge, match="too large to be computed exactly") as caught:
        books.value("cost_each")
    fault = fault_of(caught.value)
    assert (fault.status, fault.reference) == (422, None)
    assert "too large to be computed exactly" in fault.error
    with closing(Agent(books.layer)) as agent:
        sum_of_it = agent.ask("spent in January 2026", viewer=EVERYONE)
        quotient = agent.ask("cost each in January 2026", viewer=EVERYONE)
    assert sum_of_it.status == "answered"
    assert (quotient.status, quotient.rows) == ("refused", ())
    assert "too large to be computed exactly" in quotient.text
