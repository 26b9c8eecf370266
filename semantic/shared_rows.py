"""What a question over bridge tables may ask, and what its answer has to say of them.

A row that several members share is counted in each of their groups, or in parts that its weights declare; the first
makes groups overlap, so that nothing which adds groups up means anything.
Layer: semantic. Pure; used by the resolver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from datatrust.core.issues import Issue
from semantic.model import Catalog, DimensionRef, Join
from semantic.query import Filter, MetricQuery
from semantic.reach import bridges_on, find_dimension
from semantic.resolved import Key

Names = Mapping[str, DimensionRef]


@dataclass(frozen=True, kw_only=True)
class SharedRows:
    """The bridge tables that a question goes over."""

    grouped: tuple[tuple[str, Join], ...] = ()  # (base metric, join): by a group
    filtered: tuple[tuple[str, Join], ...] = ()  # by conditions alone

    @property
    def overlapping(self) -> tuple[tuple[str, Join], ...]:
        """Those whose groups hold one row several times."""
        return tuple(each for each in self.grouped if not each[1].weight)

    def __bool__(self) -> bool:
        return bool(self.grouped or self.filtered)


def shared_rows(
    catalog: Catalog, reach: Mapping[str, Names], keys: Sequence[Key], filters: Sequence[Filter]
) -> SharedRows:
    """Return the bridge tables that the groups and conditions of a question go over."""

    def over(names: Sequence[str]) -> Iterator[tuple[str, Join]]:
        for base, known in reach.items():
            model = catalog.metrics[base].model
            for name in names:
                found = find_dimension(known, name)
                if found is not None and found[0].path and model is not None:
                    yield from ((base, join) for join in bridges_on(catalog, model, found[0].path))

    grouped = tuple(_once(over([key.name for key in keys])))
    filtered = tuple(_once(over([each.field for each in filters])))
    return SharedRows(grouped=grouped, filtered=tuple(each for each in filtered if each not in grouped))


def _once(found: Iterator[tuple[str, Join]]) -> Iterator[tuple[str, Join]]:
    seen: list[tuple[str, Join]] = []
    for each in found:
        if each not in seen:
            seen.append(each)
            yield each


def check_shared_rows(query: MetricQuery, catalog: Catalog, shared: SharedRows) -> Iterator[Issue]:
    """What adds groups up cannot be asked of groups that overlap."""
    if not shared.overlapping:
        return
    base, join = shared.overlapping[0]
    given = {
        "a share": query.share_of is not None,
        "a contribution": query.contributions,
        "a change by price, volume and mix": query.bridge,
        "a row of others": query.top is not None and query.top.others,
    }
    for what, is_given in given.items():
        if is_given:
            yield Issue(
                code="DT313",
                message=f"{what} says nothing here: a row of {base} counts for each of its {_label(catalog, join)}, "
                "so groups add up to more than the whole",
                at=catalog.metrics[base].position,
                hint=f"ask without it, or give the join to {join.to} a `weight:` that shares each row",
            )


def words_of_shared_rows(catalog: Catalog, shared: SharedRows) -> Iterator[str]:
    """What an answer says of its bridge tables."""
    for found, grouped in ((shared.grouped, True), (shared.filtered, False)):
        joins: list[Join] = []
        for _, join in found:
            if join not in joins:
                joins.append(join)
        for join in joins:
            bases = ", ".join(catalog.metrics[base].label or base for base, each in found if each is join)
            label = _label(catalog, join)
            if join.weight:
                yield f"{bases}: each row is shared between its {label} by {join.weight}"
            elif grouped:
                yield f"{bases}: a row counts whole for each of its {label}, so groups add up to more than the total"
            else:
                yield f"{bases}: a row counts once where any of its {label} meets the condition"


def _label(catalog: Catalog, join: Join) -> str:
    return join.label or catalog.models[join.to].label.lower() or join.alias
