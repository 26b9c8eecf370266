"""Put a statement together: passes joined on their groups, metrics computed, compared, filtered, ranked, ordered.

Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from semantic.compiler import comparison, sql, top
from semantic.compiler.balances import compile_balance
from semantic.compiler.dialects import print_sql
from semantic.compiler.filters import condition
from semantic.compiler.formulas import Formulas, Lookup
from semantic.compiler.measures import Leaf
from semantic.compiler.outputs import Output, metric_output
from semantic.compiler.sources import LeafTable, bin_labels, compile_flow, plan_sources
from semantic.reach import find_dimension
from semantic.resolved import Key, Order, ResolvedQuery
from semantic.result import ResultColumn
from semantic.schema import SqlType

KEYS = "groups"  # CTE of all groups that any pass has
JOINED = "joined"  # CTE of the passes side by side
RESULT = "result"  # CTE of the finished columns


@dataclass(frozen=True, kw_only=True)
class CompiledQuery:
    """A statement and what its columns are. `totals_sql` computes the totals from the rows, not from the groups."""

    sql: str
    dialect: str
    columns: tuple[ResultColumn, ...]
    tables: tuple[str, ...]
    totals_sql: str | None = None
    trimmed: frozenset[int] = frozenset()  # columns of quotients, whose trailing zeros say nothing


def compile_query(rq: ResolvedQuery, dialect: str = "duckdb") -> CompiledQuery:
    """Compile a resolved query for a dialect."""
    select, outputs, tables = _statement(rq)
    totals_sql = None
    if rq.query.totals and rq.keys:
        totals, _, _ = _statement(_without_keys(rq))
        totals_sql = print_sql(totals, dialect)
    columns = tuple(_key_column(rq, key) for key in rq.keys)
    count = len(columns)
    return CompiledQuery(
        sql=print_sql(select, dialect),
        dialect=dialect,
        columns=(*columns, *(output.column for output in outputs)),
        tables=tables,
        totals_sql=totals_sql,
        trimmed=frozenset(count + index for index, output in enumerate(outputs) if output.is_divided),
    )


def _without_keys(rq: ResolvedQuery) -> ResolvedQuery:
    """The same question over all groups at once."""
    query = replace(rq.query, top=None, limit=None, running=False, share_of=None, having=())
    return replace(rq, keys=(), having=(), order=(), slices=rq.total_slices, query=query)


def _statement(rq: ResolvedQuery) -> tuple[exp.Select, list[Output], tuple[str, ...]]:
    passes = _passes(rq)
    tables = tuple(dict.fromkeys(table for each in passes for table in each.tables))
    ctes: list[tuple[str, exp.Select]] = []
    for each in passes:
        ctes += [helper for helper in each.helpers if helper[0] not in {name for name, _ in ctes}]
        ctes.append((each.name, each.select))
    view = _View(rq, passes)
    if len(passes) > 1:
        ctes += view.joined()
    others = top.others_table(rq, view.name, view.leaves)
    if others is not None:
        ctes += others
        view.name = others[-1][0]
    outputs = _outputs(rq, view)
    keys = [sql.column(key.name, view.name) for key in rq.keys]
    shown = [sql.aliased(output.expr, output.column.name) for output in outputs]
    select = exp.Select(expressions=[*keys, *shown]).from_(sql.table(view.name), copy=False)
    if rq.is_compared or rq.having or (rq.query.top and rq.query.top.per):
        ctes.append((RESULT, select))
        if rq.is_compared:
            outputs = comparison.compared(rq, outputs, RESULT)
        names = [key.name for key in rq.keys]
        select = exp.Select(
            expressions=[
                *(sql.column(each, RESULT) for each in names),
                *(sql.aliased(output.expr, output.column.name) for output in outputs),
            ]
        ).from_(sql.table(RESULT), copy=False)
        if rq.having or (rq.query.top and rq.query.top.per):
            ctes.append(("compared", select))
            select = exp.Select(
                expressions=[sql.column(each) for each in [*names, *(o.column.name for o in outputs)]]
            ).from_(sql.table("compared"), copy=False)
            select = _having(rq, select)
            select, ctes = top.first_of_each(rq, select, ctes, _orders(rq))
    select = select.order_by(*_orders(rq), copy=False) if rq.keys else select
    limit = _limit(rq)
    if limit is not None:
        select = select.limit(limit, copy=False)
    for name, body in ctes:
        select = select.with_(sql.name(name), as_=body, copy=False)
    return select, outputs, tables


def _passes(rq: ResolvedQuery) -> list[LeafTable]:
    passes: list[LeafTable] = []
    taken: set[str] = {KEYS, JOINED, RESULT, "compared", "ranked"}
    for part in rq.slices:
        asked = [metric.name for metric in rq.metrics]
        if part.name == "plan":
            asked = [rq.scenario[name] for name in asked] if rq.scenario else []
        for source in plan_sources(rq, asked):
            base = f"{source.model}_{part.name}" if part.name else source.model
            name, count = base, 1
            while name in taken:
                count += 1
                name = f"{base}_{count}"
            taken.add(name)
            build = compile_balance if source.balance else compile_flow
            passes.append(build(rq, source, part, name))
    return passes


class _View:
    """Where the leaves of every pass can be read: one pass alone, or all of them joined."""

    def __init__(self, rq: ResolvedQuery, passes: Sequence[LeafTable]) -> None:
        self.rq = rq
        self.passes = passes
        self.name = passes[0].name if len(passes) == 1 else JOINED
        self.leaves: dict[str, Leaf] = {}
        self._columns: dict[tuple[str, str], str] = {}  # (slice, leaf) -> column
        for each in passes:
            for leaf_name, leaf in each.leaves.items():
                column = f"{leaf_name}__{each.slice}" if each.slice and len(passes) > 1 else leaf_name
                self._columns[each.slice, leaf_name] = column
                self.leaves[column] = leaf

    def column(self, part: str, leaf: str) -> tuple[exp.Expr, SqlType]:
        """Return a leaf of a slice, and its type."""
        name = self._columns[part, leaf]
        return sql.column(name, self.name), self.leaves[name].type

    def lookup(self, part: str) -> Lookup:
        """Return how formulas find the leaves of a slice."""
        return lambda _, leaf: self.column(part, leaf)

    def joined(self) -> list[tuple[str, exp.Select]]:
        """The passes side by side: each group once, a group that a pass lacks has nothing there."""
        keys = [key.name for key in self.rq.keys]
        made: list[tuple[str, exp.Select]] = []
        if keys:
            groups: exp.Expr | None = None
            for each in self.passes:
                part = exp.Select(expressions=[sql.column(key) for key in keys]).from_(
                    sql.table(each.name), copy=False
                )
                groups = part if groups is None else exp.Union(this=groups, expression=part, distinct=True)
            made.append((KEYS, groups))  # type: ignore[arg-type]
        leaves = []
        for each in self.passes:
            for name, leaf in each.leaves.items():
                node: exp.Expr = sql.column(name, each.name)
                if leaf.is_count:
                    node = exp.Coalesce(this=node, expressions=[exp.Literal.number(0)])
                leaves.append(sql.aliased(node, self._columns[each.slice, name]))
        first = KEYS if keys else self.passes[0].name
        select = exp.Select(expressions=[*(sql.column(key, KEYS) for key in keys), *leaves])
        select = select.from_(sql.table(first), copy=False)
        for each in self.passes if keys else self.passes[1:]:
            on = sql.all_of([sql.same(sql.column(key, KEYS), sql.column(key, each.name)) for key in keys])
            select = select.join(
                sql.table(each.name),
                on=on,
                join_type="left" if on is not None else "cross",
                copy=False,
            )
        made.append((JOINED, select))
        return made


def _outputs(rq: ResolvedQuery, view: _View) -> list[Output]:
    """The asked metrics, each followed by its base where the query compares, and by share and running total."""
    outputs: list[Output] = []
    asked = Formulas(rq.catalog, view.lookup(""))
    for metric in rq.metrics:
        outputs.append(metric_output(metric, asked.value(metric)))
        if rq.is_compared:
            part = "plan" if rq.scenario else "base"
            base = Formulas(rq.catalog, view.lookup(part))
            other = rq.catalog.metrics[rq.scenario[metric.name]] if rq.scenario else metric
            outputs.append(comparison.base_output(metric, base.value(other)))
    return outputs


def _having(rq: ResolvedQuery, select: exp.Select) -> exp.Select:
    found = sql.all_of([condition(sql.column(wanted.field), wanted) for wanted in rq.having])
    return select.where(found, copy=False) if found is not None else select


def _orders(rq: ResolvedQuery) -> list[exp.Expr]:
    """The order, made complete by the groups so that rows of equal value never change places."""
    asked = [*rq.order]
    named = {order.column for order in asked}
    asked += [Order(column=key.name) for key in rq.keys if key.name not in named]
    return [_ordered(rq, order) for order in asked]


def _ordered(rq: ResolvedQuery, order: Order) -> exp.Expr:
    node: exp.Expr = sql.column(order.column)
    for base in rq.reach.values():
        found = find_dimension(base, order.column)
        if found is not None and found[0].dimension.bins:
            labels = bin_labels(found[0].dimension.bins)
            ifs = [
                exp.If(
                    this=exp.EQ(this=node.copy(), expression=exp.Literal.string(label)),
                    true=sql.number(index),
                )
                for index, label in enumerate(labels)
            ]
            node = exp.Case(ifs=ifs)
            break
    return exp.Ordered(this=node, desc=order.descending, nulls_first=False)


def _limit(rq: ResolvedQuery) -> int | None:
    wanted = [rq.query.limit]
    if rq.query.top and not rq.query.top.per:
        wanted.append(rq.query.top.n + (1 if rq.query.top.others else 0))
    given = [each for each in wanted if each is not None]
    return min(given) if given else None


def _key_column(rq: ResolvedQuery, key: Key) -> ResultColumn:
    return ResultColumn(
        name=key.name,
        label=key.label,
        kind="dimension",
        grain=key.grain,
        calendar=key.calendar.name if key.grain and key.calendar else None,
    )
