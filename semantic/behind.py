"""What stands behind a figure: metrics that count the rows, or the different members, that each figure is made of.

For each metric on rows one that counts them, over the same rows and days; for a metric made of others those of all
its parts, so that a quotient is held back where either side is small.
Layer: semantic. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from semantic.expressions import parse_expression
from semantic.model import Catalog, Metric
from semantic.reach import path_to

_PREFIX = "behind"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """A catalog with the counting metrics, and which of them stand for each metric.

    `names` has no entry for a metric whose rows cannot be counted by the members that are asked for.
    """

    catalog: Catalog
    names: Mapping[str, tuple[str, ...]]
    looks_elsewhere: frozenset[str]  # metrics whose figure of one period tells of other periods


def with_counts(catalog: Catalog, of: str | None) -> Counts:
    """Return `catalog` with metrics that count what stands behind each of its own.

    Args:
        of: "model.dimension" whose different members are counted; None counts rows.
    """
    work = _Work(catalog, of)
    names = {name: found for name in catalog.metrics if (found := work.of(name)) is not None}
    metrics = {**catalog.metrics, **work.made}
    whole = catalog.whole
    if whole is not None:
        whole = replace(whole, metrics={**whole.metrics, **work.made})
    return Counts(
        catalog=replace(catalog, metrics=metrics, whole=whole),
        names=names,
        looks_elsewhere=frozenset(name for name in catalog.metrics if _looks_elsewhere(catalog, name)),
    )


def _looks_elsewhere(catalog: Catalog, name: str) -> bool:
    metric = catalog.metrics[name]
    own = metric.kind in ("cumulative", "lifecycle") or metric.balance is not None or metric.take is not None
    moved = any(each.offset or each.to_start for each in metric.own_inputs.values())
    return (
        own
        or moved
        or any(_looks_elsewhere(catalog, each) for each in metric.inputs if each in catalog.metrics)
    )


class _Work:
    def __init__(self, catalog: Catalog, of: str | None) -> None:
        self.catalog = catalog
        self.entity = of
        self.made: dict[str, Metric] = {}
        self._known: dict[str, tuple[str, ...] | None] = {}

    def of(self, name: str) -> tuple[str, ...] | None:
        if name not in self._known:
            self._known[name] = self._find(self.catalog.metrics[name])
        return self._known[name]

    def _find(self, metric: Metric) -> tuple[str, ...] | None:
        if metric.kind == "lifecycle":
            return self._of_lifecycle(metric)
        if metric.is_base:
            counted = self._counting(metric)
            return None if counted is None else (self._add(counted),)
        if metric.kind == "cumulative":
            inner = self.of(metric.inputs[0])
            return (
                None
                if inner is None
                else tuple(
                    self._add(_plain(metric, self._name(f"{metric.name}_{each}"), inputs=(each,), fill=None))
                    for each in inner
                )
            )
        return self._of_formula(metric)

    def _of_lifecycle(self, metric: Metric) -> tuple[str, ...] | None:
        """Its figure is the number of members already."""
        assert metric.lifecycle is not None
        if self.entity is not None and metric.lifecycle.entity not in self._spellings(metric):
            return None
        return (metric.name,)

    def _of_formula(self, metric: Metric) -> tuple[str, ...] | None:
        found: dict[str, None] = {}
        given = {each.metric for each in metric.own_inputs.values()}
        plain = [each for each in metric.inputs if each not in given or self._is_named(metric, each)]
        for name in plain:
            inner = self.of(name)
            if inner is None:
                return None
            found |= dict.fromkeys(inner)
        for own in metric.own_inputs.values():
            inner = self.of(own.metric)
            if inner is None:
                return None
            for each in inner:
                made = Metric(
                    name=self._name(f"{metric.name}_{own.name}_{each}"), kind="derived", formula=own.name, inputs=(each,),
                    own_inputs={own.name: replace(own, metric=each)},
                )  # fmt: skip
                found[self._add(made)] = None
        return tuple(found)

    def _is_named(self, metric: Metric, name: str) -> bool:
        """Whether a formula speaks of a metric by its own name too."""
        if metric.formula is None:
            return True
        return name in parse_expression(metric.formula).columns and name not in metric.own_inputs

    def _counting(self, metric: Metric) -> Metric | None:
        counted = None
        if self.entity is not None:
            counted = self._path(metric)
            if counted is None:
                return None
        conditions = [f"({metric.where})"] if metric.where else []
        if metric.expr and metric.expr.strip() not in ("*", "1"):
            conditions.append(f"({metric.expr}) is not null")
        balance = metric.balance
        if balance is not None and balance.take in ("min", "max"):
            balance = replace(
                balance, take="min"
            )  # the day of the figure may be the one with the fewest rows
        return _plain(
            metric,
            self._name(metric.name),
            balance=balance,
            agg="count" if counted is None else "count_distinct",
            expr=f"coalesce(cast({counted} as text), '')"
            if counted
            else None,  # no member known: one like another
            percentile=None,
            fill=None,
            where=" and ".join(conditions) or None,
        )

    def _path(self, metric: Metric) -> str | None:
        """How a metric's rows reach the members that are counted."""
        model, _, name = (self.entity or "").rpartition(".")
        if model not in self.catalog.models or metric.model is None:
            return None
        path = path_to(self.catalog, metric.model, model)
        return None if path is None else ".".join((*path, name))

    def _spellings(self, metric: Metric) -> tuple[str, ...]:
        """What the members that are counted may be called on a metric's rows: by their own name, or by the join's key."""
        path = self._path(metric)
        if path is None:
            return ()
        *steps, last = path.split(".")
        join = self.catalog.models[metric.model or ""].joins.get(steps[0]) if len(steps) == 1 else None
        same = join.key if join is not None and join.to_key == (last,) else ()
        return (path, *same)

    def _name(self, name: str) -> str:
        return f"{_PREFIX}__{name.removeprefix(f'{_PREFIX}__')}"

    def _add(self, metric: Metric) -> str:
        self.made[metric.name] = metric
        return metric.name


def _plain(metric: Metric, name: str, **changed: object) -> Metric:
    """The same metric without what makes it a figure for people."""
    return replace(
        metric, name=name, label=name, currency=None, currency_from=None, currency_rate=None, currency_column=None, unit="count",
        plan={}, bridge=None, examples=(), every_period=False, decimals=None, **changed,  # type: ignore[arg-type]
    )  # fmt: skip


def counted(counts: Counts, names: Iterable[str]) -> tuple[str, ...] | None:
    """Return the metrics that count what stands behind `names`, each once; None where one cannot be counted."""
    found: dict[str, None] = {}
    for name in names:
        if name not in counts.names:
            return None
        found |= dict.fromkeys(counts.names[name])
    return tuple(found)
