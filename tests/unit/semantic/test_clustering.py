"""By which columns readers find rows: what maintenance clusters a table by where nobody declared it."""

from __future__ import annotations

from semantic.clustering import filtered_columns
from semantic.loader import load_catalog
from tests.unit.semantic._catalogs import SAMPLE, catalog_of

TEXT = """
model: orders
table: gold.orders
key: [id]
time: ordered
segments:
  paid: {expr: state = 'ordered', label: Paid}
  dear: {expr: paid and amount > 10, label: Dear}
dimensions:
  - {name: ordered, type: time, grain: day, expr: order_day}
  - {name: shipped, type: time, grain: day}
  - {name: state, type: category}
  - {name: amount, type: number}
  - {name: size, type: category, expr: "case when amount > 5 then 'big' else 'small' end"}
"""

METRICS = """
metrics:
  - {name: a, label: A, model: orders, agg: count, where: dear}
  - {name: b, label: B, model: orders, agg: count, where: "paid and size = 'big'"}
  - {name: c, label: C, model: orders, agg: count, time: shipped}
"""


def test_times_first_then_what_most_metrics_filter_by() -> None:
    """A segment counts by what is in it; a text in quotes is no column, and neither is an expression."""
    found = filtered_columns(catalog_of(TEXT, METRICS))
    assert found == {"gold.orders": ("order_day", "shipped", "state", "amount")}


def test_the_sample_companys_sales() -> None:
    found = filtered_columns(load_catalog(SAMPLE))
    assert found["gold.fct_sales"][:3] == ("order_date", "status", "line_type")
    assert set(found) == {model.table for model in load_catalog(SAMPLE).models.values()}
