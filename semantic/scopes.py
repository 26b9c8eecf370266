"""What stands above a base metric and decides which rows and days it is taken over.

A cumulative metric widens the days of what it adds up; a derived metric may take an input of earlier days, or of
some rows only. The same base metric can so be asked several times in one question, each time in a scope of its own.
Layer: semantic. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from semantic.cumulative import rule_name
from semantic.expressions import parse_expression
from semantic.model import Catalog, Metric, MetricInput

Offset = tuple[int, str]  # (1, "year")


@dataclass(frozen=True, kw_only=True)
class Move:
    """Which other days a formula takes instead of those that are asked."""

    back: Offset | None = None
    each_day: bool = False  # each day by itself, where the asked periods are longer than the offset
    to_start: str | None = None  # the start of this period instead

    @property
    def name(self) -> str:
        """A name for the days; moves of one name share a pass."""
        if self.back is None:
            return f"start_of_{self.to_start}"
        count, unit = self.back
        return f"{count}_{unit}_back{'_each_day' if self.each_day else ''}"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The rows and days of a base metric, seen from what was asked; scopes of one name share a pass."""

    moves: tuple[Move, ...] = ()  # to which other days, the outermost first
    cumulative: Metric | None = None
    conditions: tuple[str, ...] = ()  # that the rows must also meet

    @cached_property
    def name(self) -> str:
        """ "" is the asked rows and days themselves."""
        parts = [move.name for move in self.moves]
        if self.cumulative is not None:
            parts.append(rule_name(self.cumulative))
        if self.conditions:
            text = "\0".join(self.conditions).encode()
            parts.append(f"where_{hashlib.blake2b(text, digest_size=5).hexdigest()}")
        return "_".join(parts)

    def over(self, metric: Metric) -> Scope:
        """Return the scope of what the cumulative `metric` adds up."""
        return replace(self, cumulative=metric)

    def within(self, given: MetricInput) -> Scope:
        """Return the scope of an input of a formula."""
        return replace(
            self,
            moves=(*self.moves, move_of(given)) if given.offset or given.to_start else self.moves,
            conditions=tuple(sorted({*self.conditions, given.where})) if given.where else self.conditions,
        )


def move_of(given: MetricInput) -> Move:
    """Return the days that an input is taken of."""
    return Move(back=given.offset, each_day=given.each_day, to_start=given.to_start)


ASKED = Scope()


def bases_by_scope(catalog: Catalog, metrics: Iterable[str]) -> list[tuple[Scope, list[str]]]:
    """Return the base metrics of `metrics` by the scope they are taken in, in order of appearance."""
    found: dict[str, tuple[Scope, list[str]]] = {}

    def visit(name: str, scope: Scope) -> None:
        metric = catalog.metrics[name]
        if metric.is_base:
            bases = found.setdefault(scope.name, (scope, []))[1]
            if name not in bases:
                bases.append(name)
        elif metric.own_inputs:
            for called in parse_expression(metric.formula or "").columns:
                own = metric.own_inputs.get(called)
                visit(metric.behind(called), scope.within(own) if own else scope)
        else:
            scope = scope.over(metric) if metric.kind == "cumulative" else scope
            for each in metric.inputs:
                visit(each, scope)

    for name in metrics:
        visit(name, ASKED)
    return list(found.values())


def slice_name(part: str, scope: Scope) -> str:
    """Return the name of the slice that holds a part's ("", "base", "plan") values in a scope."""
    return "_".join(each for each in (part, scope.name) if each)
