"""Which dimensions a metric can be grouped and filtered by, and what a query may call them.

Breadth first over joins. Those to one row cannot repeat a row of the metric's own model; one to a bridge table is
there only where it is declared, and what lies behind it comes after all else. A dimension of the metric's own model
comes first; then the shortest path owns the short name; where two paths of equal length lead to one name, only qualified names are left ("ship_to.region"). Qualified names are read from the metric's
model: a join alias, a model's name where one role leads to it, or the whole path of aliases.
Layer: semantic. Imports the catalog's types only.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import get_args

from semantic.model import Catalog, Dimension, DimensionRef, Grain, Join, Metric, Model

MAX_HOPS = 5
GRAINS: tuple[str, ...] = get_args(Grain)
TIME = "time"  # each metric's own time dimension
WEEKDAY = "weekday"  # "order_date.weekday": the day of the week of a time dimension that is kept by day
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_BEHIND_BRIDGE = 100  # is added to the rank of a path over a bridge table
_CHOSEN = 0.5  # the rank of a path that the model's author chose: after its own dimensions, before all others
_ORDER = {"day": 0, "week": 1, "month": 2, "fiscal_month": 2, "quarter": 3, "fiscal_quarter": 3}
_CACHE: dict[int, dict[str, dict[str, DimensionRef]]] = {}


def reachable(catalog: Catalog, metric: str) -> dict[str, DimensionRef]:
    """Return every name that a query on `metric` may group or filter by, with what it means there.

    One dimension can have several names; the ref's own `query_name` is the one to show. ``time`` is the metric's
    own time dimension. A ratio or derived metric has the names that all its inputs have and that mean the same:
    one dimension, or dimensions of one name and type; the ref is then that of the first input.

    Raises:
        KeyError: no such metric.
    """
    by_metric = _CACHE.get(id(catalog))
    if by_metric is None:
        by_metric = _CACHE[id(catalog)] = {}
        weakref.finalize(catalog, _CACHE.pop, id(catalog), None)
    if metric not in by_metric:
        found = catalog.metrics[metric]
        if found.model:
            by_metric[metric] = _reach_at(catalog, found.model, own_time(catalog, found), by_metric)
        else:
            by_metric[metric] = reachable_together(catalog, found.inputs)
    return by_metric[metric]


def reachable_together(catalog: Catalog, metrics: Sequence[str]) -> dict[str, DimensionRef]:
    """Return the names that every one of `metrics` has, and that mean the same in each."""
    if not metrics:
        return {}
    first, *others = (reachable(catalog, name) for name in dict.fromkeys(metrics))
    shared = {
        name: ref
        for name, ref in first.items()
        if all(name in other and _conformed(name, ref, other[name]) for other in others)
    }
    named = {}
    for name, ref in shared.items():
        if ref.query_name not in shared:  # its usual name is not shared: the shortest name that is
            names = [other for other, each in shared.items() if each == ref and other != TIME]
            ref = replace(ref, query_name=min(names, key=lambda each: (each.count("."), each), default=name))
        named[name] = ref
    return named


def own_time(catalog: Catalog, metric: Metric) -> str | None:
    """Return the time dimension of a metric that stands on a model: its own, else the model's."""
    return metric.time or (catalog.models[metric.model].time if metric.model else None)


def base_metrics(catalog: Catalog, metric: str) -> tuple[str, ...]:
    """Return the metrics on models (aggregates, balances, lifecycles) that `metric` is made of, each once, in order."""
    found = catalog.metrics[metric]
    if found.is_base:
        return (metric,)
    return tuple(dict.fromkeys(base for name in found.inputs for base in base_metrics(catalog, name)))


def members_chosen_by(catalog: Catalog, bases: Iterable[str]) -> tuple[str, ...]:
    """Return the metrics that say whose rows base metrics count, each once."""
    found = (catalog.metrics[base] for base in bases)
    return tuple(dict.fromkeys(name for each in found if each.members is not None for name in each.inputs))


def tables_of(catalog: Catalog, metric: str) -> tuple[str, ...]:
    """Return the tables that `metric` is computed from, without those that only dimensions come from."""
    models = (catalog.metrics[name].model for name in base_metrics(catalog, metric))
    return tuple(dict.fromkeys(catalog.models[name].table for name in models if name))


def grains_of(dimension: Dimension) -> tuple[str, ...]:
    """Return the grains that a time dimension can be grouped by: its own and the coarser ones."""
    if dimension.type != "time":
        return ()
    finest = _ORDER.get(dimension.grain, 4)
    if dimension.grain == "week":
        return ("week",)
    coarser = [grain for grain in GRAINS if _ORDER.get(grain, 4) >= finest]
    return tuple(grain for grain in coarser if grain != "week" or finest == 0)


def split_grain(name: str) -> tuple[str, str | None]:
    """Return the dimension's name and the grain that a query name ends in, if it ends in one.

    >>> split_grain("customers.customer_since.month")
    ('customers.customer_since', 'month')
    """
    head, dot, last = name.rpartition(".")
    return (head, last) if dot and last in GRAINS else (name, None)


def find_dimension(names: Mapping[str, DimensionRef], name: str) -> tuple[DimensionRef, str | None] | None:
    """Return what a query name means among `names` of `reachable`: the dimension and the grain asked, or None.

    A dimension whose own name is that of a grain ("month") is found before the grain is. A weekday is no grain: it is
    a dimension of its own, with seven members.
    """
    if name in names:
        return names[name], None
    head, grain = split_grain(name)
    if grain is None and name.endswith(f".{WEEKDAY}"):
        ref = names.get(name.removesuffix(f".{WEEKDAY}"))
        return (_weekday_of(ref, name), None) if ref is not None and _has_days(ref.dimension) else None
    ref = names.get(head)
    if ref is not None and grain is not None and ref.dimension.type == "time":
        return ref, grain
    return None


def is_weekday(ref: DimensionRef) -> bool:
    """Whether a dimension is the day of the week of another."""
    return ref.query_name.endswith(f".{WEEKDAY}") and tuple(ref.dimension.values) == WEEKDAYS


def _has_days(dimension: Dimension) -> bool:
    return dimension.type == "time" and dimension.grain == "day"


def _weekday_of(ref: DimensionRef, name: str) -> DimensionRef:
    dimension = ref.dimension
    cases = " ".join(
        f"when extract(isodow from {dimension.name}) = {number} then '{day}'"
        for number, day in enumerate(WEEKDAYS, 1)
    )
    made = replace(
        dimension, name=f"{dimension.name}_{WEEKDAY}", type="category", expr=f"case {cases} end", label="Weekday",
        values=dict.fromkeys(WEEKDAYS, ()), synonyms=(), parent=None,
    )  # fmt: skip
    label = (
        "Weekday"
        if name == f"{TIME}.{WEEKDAY}"
        else f"Weekday of {ref.label or dimension.label or dimension.name}"
    )
    return DimensionRef(dimension=made, path=ref.path, query_name=name, label=label)


def is_own_time(names: Mapping[str, DimensionRef], name: str) -> bool:
    """Whether `name` is the metric's own time among its `names`, by whatever name and at whatever grain."""
    own, found = names.get(TIME), find_dimension(names, name)
    if own is None or found is None:
        return False
    return (found[0].path, found[0].dimension.name) == (own.path, own.dimension.name)


def qualified_names(names: Mapping[str, DimensionRef], name: str) -> tuple[str, ...]:
    """Return the qualified names that end in `name`, one for each dimension: what an ambiguous name may mean."""
    last = name.rpartition(".")[2]
    found = {ref.query_name for key, ref in names.items() if key.rpartition(".")[2] == last and key != TIME}
    return tuple(sorted(found))


def follow_path(catalog: Catalog, model: str, aliases: Iterable[str]) -> tuple[tuple[str, ...], Model] | None:
    """Return the join aliases and the model that a dotted path leads to from `model`, or None.

    A step is a join's alias, or the name of the model it joins where only one join leads there. The model's own
    name may stand first.
    """
    here = catalog.models[model]
    path: list[str] = []
    for index, step in enumerate(aliases):
        if step in here.joins:
            alias = step
        else:
            roles = [alias for alias, join in here.joins.items() if join.to == step]
            if not roles and index == 0 and step == here.name:
                continue
            if len(roles) != 1:
                return None
            alias = roles[0]
        path.append(alias)
        if here.joins[alias].to not in catalog.models:
            return None
        here = catalog.models[here.joins[alias].to]
    return tuple(path), here


def path_to(catalog: Catalog, model: str, target: str) -> tuple[str, ...] | None:
    """Return the many-to-one path from one model to another that its names would take; None without one, or of several."""
    if model == target:
        return ()
    paths = [
        path
        for path, found in _paths(catalog, catalog.models[model])
        if found.name == target and not bridges_on(catalog, model, path)
    ]
    shortest = [path for path in paths if len(path) == len(paths[0])]
    chosen = catalog.models[model].via.get(target)
    if chosen is not None:
        return next((path for path in paths if ".".join(path) == chosen), None)
    return shortest[0] if len(shortest) == 1 else None


def bridges_on(catalog: Catalog, model: str, path: Iterable[str]) -> tuple[Join, ...]:
    """Return the joins of a path that lead to a bridge table."""
    here, found = catalog.models[model], []
    for alias in path:
        join = here.joins[alias]
        if join.many:
            found.append(join)
        here = catalog.models[join.to]
    return tuple(found)


def _reach_at(
    catalog: Catalog, model: str, time: str | None, known: dict[str, dict[str, DimensionRef]]
) -> dict[str, DimensionRef]:
    """The names from one model with one time; metrics of the same model and time share them."""
    key = f"{model} at {time}"  # no metric has a name with spaces
    if key not in known:
        known[key] = _reach_of_model(catalog, catalog.models[model], time)
    return known[key]


def _reach_of_model(catalog: Catalog, model: Model, time: str | None) -> dict[str, DimensionRef]:
    paths = _paths(catalog, model)
    claims: dict[str, list[tuple[float, DimensionRef]]] = {}
    for path, target in paths:
        prefixes = {target.name, ".".join(path)} | ({path[-1]} if path else set())
        late = _BEHIND_BRIDGE if bridges_on(catalog, model.name, path) else 0
        for dimension in target.dimensions.values():
            if dimension.hidden:
                continue
            ref = DimensionRef(
                dimension=dimension, path=path, query_name="", label=_label(catalog, model, path, dimension)
            )
            for name in {dimension.name, *(f"{prefix}.{dimension.name}" for prefix in prefixes if prefix)}:
                rank = _CHOSEN if model.via.get(target.name) == ".".join(path) else _rank(name, path) + late
                claims.setdefault(name, []).append((rank, ref))
    found: dict[str, DimensionRef] = {}
    for name, claimed in claims.items():
        best = min(rank for rank, _ in claimed)
        winners = [ref for rank, ref in claimed if rank == best]
        if len(winners) == 1:
            found[name] = winners[0]
    best_names: dict[tuple[tuple[str, ...], str], str] = {}
    for name, ref in found.items():
        key = (ref.path, ref.dimension.name)
        if key not in best_names or _is_better(name, best_names[key], ref):
            best_names[key] = name
    named = {
        name: replace(ref, query_name=best_names[ref.path, ref.dimension.name])
        for name, ref in sorted(found.items(), key=lambda item: (len(item[1].path), item[0]))
    }
    if time is not None and (own := _time_ref(catalog, model, time, named)) is not None:
        named[TIME] = own
    return named


def _rank(name: str, path: tuple[str, ...]) -> int:
    """The whole path is exact and beats a shorter path that happens to end alike."""
    return -1 if path and name.rpartition(".")[0] == ".".join(path) else len(path)


def _is_better(name: str, than: str, ref: DimensionRef) -> bool:
    alias = ref.path[-1] if ref.path else ""
    return _taste(name, alias) < _taste(than, alias)


def _taste(name: str, alias: str) -> tuple[int, bool, str]:
    """Fewest dots; then the role's name before the model's."""
    return name.count("."), name.split(".")[0] != alias, name


def _paths(catalog: Catalog, model: Model) -> list[tuple[tuple[str, ...], Model]]:
    """Every join path from `model`, shortest first. A model is met once on a path, but for one step onto itself."""
    paths: list[tuple[tuple[str, ...], Model]] = [((), model)]
    queue: list[tuple[tuple[str, ...], Model, frozenset[str]]] = [((), model, frozenset({model.name}))]
    while queue:
        path, here, met = queue.pop(0)
        if len(path) >= MAX_HOPS:
            continue
        for alias, join in here.joins.items():
            target = catalog.models.get(join.to)
            if target is None or (join.to in met and join.to != here.name) or alias in path:
                continue
            further = (*path, alias)
            paths.append((further, target))
            if join.to != here.name:
                queue.append((further, target, met | {join.to}))
    return paths


def _time_ref(
    catalog: Catalog, model: Model, time: str, named: Mapping[str, DimensionRef]
) -> DimensionRef | None:
    *steps, last = time.split(".")
    followed = follow_path(catalog, model.name, steps)
    if followed is None or last not in followed[1].dimensions:
        return None
    path, target = followed
    for ref in named.values():
        if ref.path == path and ref.dimension.name == last:
            return ref
    dimension = target.dimensions[last]
    return DimensionRef(dimension=dimension, path=path, query_name=TIME, label=dimension.label)


def _label(catalog: Catalog, model: Model, path: tuple[str, ...], dimension: Dimension) -> str:
    """The dimension's label, with the role before it where the same table is joined in several."""
    here, role = model, ""
    for alias in path:
        join = here.joins[alias]
        same = [each for each in here.joins.values() if each.to == join.to]
        if len(same) > 1 or join.to == here.name:
            role = join.label or alias.replace("_", " ").capitalize()
        here = catalog.models[join.to]
    return f"{role}: {dimension.label}" if role else dimension.label


def _conformed(name: str, one: DimensionRef, other: DimensionRef) -> bool:
    if name == TIME:
        return True
    first, second = one.dimension, other.dimension
    if (first.model, first.name) == (second.model, second.name):
        return True
    return first.name == second.name and first.type == second.type
