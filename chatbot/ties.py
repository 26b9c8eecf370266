"""Find out whether a ranking holds what it says: not cut in the middle of a tie, no rise among the largest decreases.

Layer: chatbot. Imports the semantic layer's door.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from semantic.engine import SemanticLayer
from semantic.query import MetricQuery, Scalar, Viewer
from semantic.result import QueryResult, ResultColumn

_CHANGES = ("difference", "percent", "contribution")


@dataclass(frozen=True, kw_only=True)
class Tie:
    """Rows of one value that a limit cuts through; `before` and `through` are limits that cut none."""

    before: int
    through: int
    value: Scalar
    column: ResultColumn
    is_inside: bool = False  # of the members of a group, where no one limit fits all groups


def find_tie(layer: SemanticLayer, query: MetricQuery, result: QueryResult, *, viewer: Viewer) -> Tie | None:
    """Return the tie that the limit of a ranking cuts through, if it does."""
    top = query.top
    if top is None or top.others or not result.query.order_by:
        return None
    by = next((each for each in result.query.order_by if each.lstrip("+-") != top.per), "").lstrip("+-")
    index = next((i for i, c in enumerate(result.columns) if c.name == by and c.kind != "dimension"), None)
    if index is None or len(result.rows) < top.n:
        return None
    plain = replace(query, totals=False)
    more = layer.query(replace(plain, top=replace(top, n=top.n + 1)), viewer=viewer)
    column = result.columns[index]
    if top.per is not None:
        groups: dict[Scalar, list[Scalar]] = defaultdict(list)
        place = next(i for i, c in enumerate(more.columns) if c.name == top.per)
        for row in more.rows:
            groups[row[place]].append(row[index])
        for values in groups.values():
            if len(values) > top.n and _is_cut(values, top.n):
                return Tie(before=0, through=0, value=values[top.n], column=column, is_inside=True)
        return None
    if len(more.rows) <= top.n or not _is_cut([row[index] for row in more.rows], top.n):
        return None
    values = [row[index] for row in layer.query(replace(plain, top=None), viewer=viewer).rows]
    value = more.rows[top.n][index]
    before = values.index(value)
    return Tie(before=before, through=before + values.count(value), value=value, column=column)


@dataclass(frozen=True, kw_only=True)
class Against:
    """A ranking of decreases with a rise among them, or the other way round: only the first `holding` rows hold."""

    holding: int
    is_decrease: bool
    column: ResultColumn


def find_against(result: QueryResult) -> Against | None:
    """Return where the rows of a ranking by change go the other way, or did not change."""
    query = result.query
    by = next((each for each in query.order_by if each.lstrip("+-").partition("__")[2] in _CHANGES), "")
    index = next((i for i, c in enumerate(result.columns) if c.name == by.lstrip("+-")), None)
    if query.top is None or index is None:
        return None
    descending = by.startswith("-")
    changes = [row[index] for row in result.rows]
    holds = [
        isinstance(change, int | Decimal) and (change > 0 if descending else change < 0) for change in changes
    ]
    if all(holds):
        return None
    return Against(holding=holds.count(True), is_decrease=not descending, column=result.columns[index])


def _is_cut(values: Sequence[Scalar], limit: int) -> bool:
    return values[limit] is not None and values[limit] == values[limit - 1]
