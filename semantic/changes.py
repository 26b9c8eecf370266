"""What a change of the catalog does to the numbers: each metric whose definition differs, before and after, by period.

Both catalogs are asked on the same data, so every difference is one of definition. A metric whose definition hash is
the same is not asked again: it cannot differ. One that only got another name is told as renamed.
Layer: semantic. Asks through `SemanticLayer` like everybody else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from datatrust.core.errors import UserError
from semantic.engine import SemanticLayer
from semantic.model import Metric
from semantic.preview import preview_query
from semantic.query import MetricQuery, Scalar, Viewer


@dataclass(frozen=True, kw_only=True)
class PeriodChange:
    """One metric's value in one period under both definitions; `period` is None of a metric without time."""

    period: Scalar
    before: Scalar
    after: Scalar

    @property
    def difference(self) -> Scalar:
        """after minus before; None where either is no number."""
        if isinstance(self.before, int | Decimal) and isinstance(self.after, int | Decimal):
            return self.after - self.before
        return None


@dataclass(frozen=True, kw_only=True)
class MetricChange:
    """What happened to one metric."""

    name: str
    status: str  # "added", "removed", "renamed", "changed"
    before: str | None = None  # how it was computed, in words
    after: str | None = None
    was: str | None = None  # the old name of a renamed metric
    periods: tuple[PeriodChange, ...] = ()
    problem: str | None = None  # why one side has no values

    @property
    def differs(self) -> bool:
        """Whether a value differs."""
        return any(each.before != each.after for each in self.periods)

    def to_json(self) -> dict[str, Any]:
        """Return it as an object."""
        periods = [
            {"period": each.period, "before": each.before, "after": each.after, "difference": each.difference}
            for each in self.periods
        ]
        return {
            "name": self.name, "status": self.status, "was": self.was, "before": self.before, "after": self.after,
            "differs": self.differs, "periods": periods, "problem": self.problem,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CatalogChange:
    """All that changed, in the catalog's order, and how many metrics did not."""

    metrics: tuple[MetricChange, ...]
    unchanged: int


def compare_layers(before: SemanticLayer, after: SemanticLayer, *, viewer: Viewer) -> CatalogChange:
    """Return what differs between two catalogs over the same data."""
    old, new = before.catalog.metrics, after.catalog.metrics
    gone = {metric.definition_hash: name for name, metric in old.items() if name not in new}
    changes, renamed, unchanged = [], set(), 0
    for name, metric in new.items():
        if name in old and old[name].definition_hash == metric.definition_hash:
            unchanged += 1
        elif name in old:
            changes.append(_changed(before, after, old[name], metric, viewer))
        elif metric.definition_hash in gone:
            was = gone[metric.definition_hash]
            renamed.add(was)
            changes.append(MetricChange(name=name, status="renamed", was=was, after=metric.definition_words))
        else:
            changes.append(_one_sided(after, metric, "added", viewer))
    changes += [
        _one_sided(before, metric, "removed", viewer)
        for name, metric in old.items()
        if name not in new and name not in renamed
    ]
    return CatalogChange(metrics=tuple(changes), unchanged=unchanged)


def _changed(
    before: SemanticLayer, after: SemanticLayer, old: Metric, new: Metric, viewer: Viewer
) -> MetricChange:
    change = MetricChange(
        name=new.name, status="changed", before=old.definition_words, after=new.definition_words
    )
    asked, problem = _asked(after, new.name, viewer)
    if asked is None:
        asked, problem = _asked(before, new.name, viewer)
    values, fault = _values(before, asked, viewer)
    others, later = _values(after, asked, viewer)
    periods = sorted({*values, *others}, key=str)
    return replace(
        change,
        periods=tuple(
            PeriodChange(period=each, before=values.get(each), after=others.get(each)) for each in periods
        ),
        problem=problem or (f"before: {fault}" if fault else f"after: {later}" if later else None),
    )


def _one_sided(layer: SemanticLayer, metric: Metric, status: str, viewer: Viewer) -> MetricChange:
    asked, problem = _asked(layer, metric.name, viewer)
    values, fault = _values(layer, asked, viewer)
    is_new = status == "added"
    return MetricChange(
        name=metric.name,
        status=status,
        before=None if is_new else metric.definition_words,
        after=metric.definition_words if is_new else None,
        periods=tuple(
            PeriodChange(period=each, before=None if is_new else value, after=value if is_new else None)
            for each, value in values.items()
        ),
        problem=problem or fault,
    )


def _asked(layer: SemanticLayer, metric: str, viewer: Viewer) -> tuple[MetricQuery | None, str | None]:
    try:
        return preview_query(layer, metric, viewer=viewer), None
    except UserError as error:
        return None, error.issues[0].message


def _values(
    layer: SemanticLayer, query: MetricQuery | None, viewer: Viewer
) -> tuple[dict[Scalar, Scalar], str | None]:
    """Each period's value, or why there is none."""
    if query is None:
        return {}, None
    try:
        rows = layer.query(query, viewer=viewer).rows
    except UserError as error:
        return {}, error.issues[0].message
    return {(row[0] if query.group_by else None): row[-1] for row in rows}, None
