"""Say by which columns readers find rows in each table of the catalog: the time of its model, then what metrics filter by.

A column counts once for every metric of the model whose own filter, or a segment in it, names it.
Layer: semantic. Imports the model; pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from semantic.model import Catalog, Metric, Model

_WORD = re.compile(r"'[^']*'|[A-Za-z_][A-Za-z0-9_.]*")


def filtered_columns(catalog: Catalog) -> Mapping[str, tuple[str, ...]]:
    """Return for each table the columns that questions reach it by, most used first; ties in order of name."""
    found: dict[str, tuple[str, ...]] = {}
    for model in catalog.models.values():
        metrics = [metric for metric in catalog.metrics.values() if metric.model == model.name]
        times = Counter(
            column
            for metric in metrics
            if (column := _column(model, metric.time or model.time or "")) is not None
        )
        used = Counter(column for metric in metrics for column in set(_filters(model, metric)))
        ordered = [*_by_use(times), *_by_use(used)]
        found[model.table] = tuple(dict.fromkeys([*found.get(model.table, ()), *ordered]))
    return found


def _filters(model: Model, metric: Metric) -> Iterator[str]:
    """Yield the columns of the model's own table that a metric's filter names."""
    todo = [metric.where or "", model.where or ""]
    seen: set[str] = set()
    while todo:
        for word in _WORD.findall(todo.pop()):
            segment = model.segments.get(word)
            if segment is not None and word not in seen:
                seen.add(word)
                todo.append(segment.expr)
            elif (column := _column(model, word)) is not None:
                yield column


def _column(model: Model, name: str) -> str | None:
    """Return the column behind a dimension; None where it lies elsewhere or is computed."""
    dimension = model.dimensions.get(name)
    if dimension is None:
        return None
    written = dimension.expr or dimension.name
    return written if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", written) else None


def _by_use(counts: Counter[str]) -> list[str]:
    return [name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
