"""Answer "why did it change": which splits can tell it, and the parts in the order of their weight.

Tells the parts that add up to a change, never a cause.
Layer: chatbot. Imports the planner and the semantic layer's door.
"""

from __future__ import annotations

from dataclasses import replace

from chatbot.planner.draft import Draft, GroupSlot
from chatbot.planner.lexicon import Meaning
from chatbot.planner.problems import Problem
from chatbot.planner.resolve import Candidate, resolve_draft
from chatbot.suggest import splits
from semantic.engine import SemanticLayer
from semantic.model import Catalog
from semantic.query import MetricQuery, Viewer
from semantic.reach import reachable
from semantic.result import QueryResult

_MOST = 5


def split_choices(draft: Draft, catalog: Catalog) -> list[Candidate]:
    """Return one reading for each split that may tell the change; for the first alone where the base is open too."""
    names = {m.metric for slot in draft.metrics for m in slot.choices if m.metric}
    if len(names) != 1:
        return []
    found: list[Candidate] = []
    for ref in splits(reachable(catalog, names.pop())):
        if any(m.name == ref.dimension.name for slot in draft.filters for each in slot.choices for m in each):
            continue
        role = ref.path[-1] if ref.path and ref.path[-1] != ref.dimension.model else None
        meaning = Meaning(kind="dimension", model=ref.dimension.model, name=ref.dimension.name, role=role)
        tried = resolve_draft(
            replace(draft, groups=[GroupSlot(text=ref.query_name, choices=(meaning,))]), catalog
        )
        if isinstance(tried, Problem):
            continue
        if len(tried) > 1:
            return tried
        found += tried
        if len(found) >= _MOST:
            break
    return found


def ask_by_weight(layer: SemanticLayer, query: MetricQuery, *, viewer: Viewer) -> QueryResult:
    """Run a query; one of contributions with the largest part of the change first, whichever way the whole went."""
    result = layer.query(query, viewer=viewer)
    by_weight = f"{query.metrics[0]}__contribution"
    if query.order_by != (f"-{by_weight}",) or result.totals is None:
        return result
    whole = dict(zip((c.name for c in result.columns), result.totals, strict=True)).get(by_weight)
    if isinstance(whole, bool | str) or whole is None or not whole < 0:  # type: ignore[operator]
        return result
    return layer.query(replace(query, order_by=(by_weight,)), viewer=viewer)
