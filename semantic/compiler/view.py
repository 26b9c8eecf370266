"""Where aggregated columns can be read: in one pass alone, or in all passes joined on their groups.

Passes are joined only here, as groups, and groups that are both unknown (NULL) are the same group.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from semantic.compiler import sql
from semantic.compiler.binding import typed
from semantic.compiler.measures import Leaf
from semantic.compiler.sources import LeafTable
from semantic.resolved import ResolvedQuery
from semantic.schema import SqlType

KEYS = "groups"  # CTE of all groups that any pass has
JOINED = "joined"  # CTE of the passes side by side


class View:
    """The leaves of every slice as columns of one table."""

    def __init__(self, rq: ResolvedQuery, passes: Sequence[LeafTable]) -> None:
        self.keys = [key.name for key in rq.keys]
        self.ctes: list[tuple[str, exp.Expr]] = []
        self.leaves: dict[str, Leaf] = {}  # column -> leaf
        self.is_ranked = False  # rows of others have been put together; a rank orders them
        self._columns: dict[tuple[str, str], str] = {}  # (slice, leaf) -> column
        alone = len(passes) == 1
        for each in passes:
            for name, leaf in each.leaves.items():
                column = f"{name}__{each.slice}" if each.slice and not alone else name
                self._columns[each.slice, name] = column
                self.leaves[column] = leaf
        self.name = passes[0].name if alone else JOINED
        for each in passes:
            known = {name for name, _ in self.ctes}
            self.ctes += [helper for helper in each.helpers if helper[0] not in known]
            self.ctes.append((each.name, each.select))
        if not alone:
            self.ctes += self._joined(passes)

    def column(self, part: str, leaf: str) -> tuple[exp.Expr, SqlType]:
        """Return a leaf of a slice, and its type."""
        name = self._columns[part, leaf]
        kind = self.leaves[name].type
        return typed(sql.column(name, self.name), kind), kind

    def leaf(self, part: str, leaf: str) -> Leaf:
        """Return what a leaf of a slice is."""
        return self.leaves[self._columns[part, leaf]]

    def _joined(self, passes: Sequence[LeafTable]) -> list[tuple[str, exp.Expr]]:
        made: list[tuple[str, exp.Expr]] = []
        if self.keys:
            made.append((KEYS, self._groups(passes)))
        leaves = [
            sql.aliased(_zero_if_count(leaf, sql.column(name, each.name)), self._columns[each.slice, name])
            for each in passes
            for name, leaf in each.leaves.items()
        ]
        first = KEYS if self.keys else passes[0].name
        select = exp.Select(expressions=[*(sql.column(key, KEYS) for key in self.keys), *leaves])
        select = sql.read_from(select, sql.table(first))
        for each in passes if self.keys else passes[1:]:
            if not each.leaves:
                continue  # groups alone
            on = sql.all_of(
                [sql.same(sql.column(key, KEYS), sql.column(key, each.name)) for key in self.keys]
            )
            select = sql.joined(select, sql.table(each.name), on, side="left")
        made.append((JOINED, select))
        return made

    def _groups(self, passes: Sequence[LeafTable]) -> exp.Expr:
        """Each group once, whichever passes have it."""
        selects = [
            sql.read_from(
                exp.Select(expressions=[sql.column(key) for key in self.keys]), sql.table(each.name)
            )
            for each in passes
        ]
        groups: exp.Expr = selects[0]
        for select in selects[1:]:
            groups = exp.Union(this=groups, expression=select, distinct=True)
        return groups


def _zero_if_count(leaf: Leaf, node: exp.Expr) -> exp.Expr:
    """A count of no rows is 0; any other aggregate of no rows is none."""
    return exp.Coalesce(this=node, expressions=[exp.Literal.number(0)]) if leaf.is_count else node
