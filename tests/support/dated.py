"""A catalog of one dated table in three calendars, to ask what days a phrase of time means; it has no data."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path

from chatbot.planner.lexicon import Lexicon, build_lexicon
from chatbot.planner.plan import Choices, NoPlan, Plan, make_plan
from semantic.loader import load_catalog
from semantic.model import Catalog

CALENDARS = {
    "january": "calendars:\n  gregorian: {default: true}\n",
    "april": "calendars:\n  fiscal: {starts: 04-01, named_by: end, default: true}\n  gregorian: {}\n",
    "july": "calendars:\n  fiscal: {starts: 07-01, named_by: end, default: true}\n  gregorian: {}\n",
}

MODEL = """
model: sales
label: Sales
table: gold.sales
key: [sale_id]
time: sold_on
dimensions:
  - {name: sale_id, type: identifier, label: Sale number}
  - {name: sold_on, type: time, grain: day, label: Date of sale}
  - {name: region, type: category, label: Region, synonyms: [territory]}
  - {name: channel, type: category, label: Channel}
"""

METRICS = """
defaults: {model: sales, owner: controlling}
metrics:
  - {name: revenue, label: Revenue, synonyms: [turnover], agg: sum, expr: amount, unit: currency, currency: EUR, better: higher}
  - {name: costs, label: Costs, synonyms: [spending], agg: sum, expr: cost, unit: currency, currency: EUR, better: lower}
  - {name: stock, label: Stock value, balance: {agg: sum, expr: stock_value, take: last}, unit: currency, currency: EUR}
"""

VALUES = {
    ("sales", "region"): ("North", "South", "East"),
    ("sales", "channel"): ("Online", "Shop"),
}


@lru_cache
def dated(calendar: str) -> tuple[Catalog, Lexicon]:
    """Return the catalog whose years begin in `calendar`, and the words to ask it in."""
    texts = {
        "calendar.yml": CALENDARS[calendar] + "currency: {group: EUR}\n",
        "models/sales.yml": MODEL,
        "metrics/sales.yml": METRICS,
    }
    catalog = load_catalog(Path("catalog"), texts=texts)
    return catalog, build_lexicon(catalog, VALUES)


def plan(question: str, today: dt.date, calendar: str) -> Plan | Choices | NoPlan:
    """Return how a question is read on a day in a calendar."""
    catalog, lexicon = dated(calendar)
    return make_plan(question, catalog, lexicon, today=today)


def days(question: str, today: dt.date, calendar: str) -> str:
    """Return the days that a question asks for: "2026-03-01..2026-03-31", "ask a..b or c..d", or "no".

    A grain that was added is named: "2026-05-01..2026-06-30 by month"; so is a comparison.
    """
    outcome = plan(question, today, calendar)
    if isinstance(outcome, Plan):
        return _said(outcome)
    if isinstance(outcome, Choices):
        return "ask " + " or ".join(sorted(_said(Plan(query=each.query)) for each in outcome.candidates))
    return "no"


def _said(outcome: Plan) -> str:
    query = outcome.query
    parts = [f"{query.time.start or ''}..{query.time.end or ''}" if query.time else ".."]
    parts += [f"by {name.removeprefix('time.')}" for name in query.group_by]
    if query.compare is not None:
        parts.append(f"against {query.compare.to}")
    return " ".join(parts)
