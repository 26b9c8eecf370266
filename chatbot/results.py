"""What is asked for beside a query, and whether its result says anything.

Layer: chatbot. Pure.
"""

from __future__ import annotations

from dataclasses import replace

from semantic.query import MetricQuery
from semantic.result import QueryResult


def metric_of(column: str) -> str:
    """Return the metric that a column belongs to."""
    return column.split("__")[0]


def with_totals(query: MetricQuery) -> MetricQuery:
    """Ask for the totals of a split that shows all of its rows: under a part of them a total would mislead."""
    parts = query.top is not None or query.limit is not None or query.having or query.bridge
    whole = query.group_by and not parts and query.fold is None and query.place is None
    return replace(query, totals=True) if whole else query


def is_empty(result: QueryResult) -> bool:
    """No row, or one row without a key and without a number."""
    kinds = {"metric", "share", "running"}
    if result.query.contributions:  # what is gone has a base, and its part in the change
        kinds.add("comparison")
    numbers = [i for i, c in enumerate(result.columns) if c.kind in kinds]
    return not result.rows or all(row[i] is None for row in result.rows for i in numbers)
