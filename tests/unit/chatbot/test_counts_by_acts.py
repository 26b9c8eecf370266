"""Things that are counted only by what they did: where no act is spoken of, the question is asked back by its reason."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from chatbot.agent import Agent
from semantic.query import EVERYONE
from tests.support.books import open_books

TABLES = """
create table people as select 1 as person, 'clerk' as job;
create table bought as select 1 as person, date '2026-01-02' as day;
"""
CATALOG = {
    "all": """
calendars: {gregorian: {default: true}}
models:
  - model: people
    label: Customers
    table: people
    key: [person]
    dimensions: [{name: person, type: identifier, label: Customer}, {name: job, label: Occupation}]
  - {model: bought, table: bought, time: day, joins: [{to: people, key: person}], dimensions: [{name: day, type: time}]}
metrics:
  - {name: active, label: Active customers, synonyms: [customers who ordered], model: bought, agg: count_distinct, expr: person}
"""
}


def test_a_count_by_acts_needs_an_act(tmp_path: Path) -> None:
    with closing(Agent(open_books(tmp_path, TABLES, CATALOG).layer)) as agent:
        by_act = agent.ask("customers who ordered by occupation", viewer=EVERYONE)
        bare = agent.ask("customers by occupation", viewer=EVERYONE)
    assert by_act.rows == (("clerk", 1),)
    assert (bare.status, bare.rows) == ("refused", ())
    assert bare.text == "No figure is named in this question."
