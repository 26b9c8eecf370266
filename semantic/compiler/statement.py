"""Put a statement together: passes joined on their groups, metrics computed, compared, filtered, ranked, ordered.

Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from semantic.calendar import LISTED
from semantic.compiler import bridge, comparison, folding, shares, sql, top
from semantic.compiler.dialects import print_sql
from semantic.compiler.filters import condition
from semantic.compiler.formulas import Formulas
from semantic.compiler.outputs import Output, metric_output
from semantic.compiler.passes import compile_passes
from semantic.compiler.sources import LeafTable, bin_labels
from semantic.compiler.view import View
from semantic.reach import WEEKDAYS, find_dimension, is_weekday
from semantic.resolved import Key, Order, ResolvedQuery
from semantic.result import ResultColumn

RESULT = "result"  # CTE of the metrics and their bases
COMPARED = "compared"  # CTE of all columns, where rows are still to be chosen


@dataclass(frozen=True, kw_only=True)
class DataProof:
    """A statement that gives a row where a number would be wrong; the data must give none."""

    code: str
    model: str
    tables: tuple[str, ...]
    sql: str
    message: str  # {0}, {1} stand for the values of the row
    hint: str


@dataclass(frozen=True, kw_only=True)
class CompiledQuery:
    """A statement and what its columns are. `totals_sql` computes the totals from the rows, not from the groups."""

    sql: str
    dialect: str
    columns: tuple[ResultColumn, ...]
    tables: tuple[str, ...]
    totals_sql: str | None = None
    proofs: tuple[DataProof, ...] = ()
    trimmed: frozenset[int] = frozenset()  # columns of quotients, whose trailing zeros say nothing


def compile_query(rq: ResolvedQuery, dialect: str = "duckdb") -> CompiledQuery:
    """Compile a resolved query for a dialect."""
    select, outputs, passes = _statement(rq)
    totals_sql = None
    if rq.query.totals and rq.keys:
        totals, _, _ = _statement(_over_all_groups(rq))
        totals_sql = print_sql(totals, dialect)
    gone = rq.query.fold.key if rq.query.fold is not None else None
    keys = tuple(_key_column(key) for key in rq.keys if key.name != gone)
    return CompiledQuery(
        sql=print_sql(select, dialect),
        dialect=dialect,
        columns=(*keys, *(output.column for output in outputs)),
        tables=tuple(
            dict.fromkeys([*(table for each in passes for table in each.tables), *_period_tables(rq)])
        ),
        proofs=_proofs(passes, dialect),
        totals_sql=totals_sql,
        trimmed=frozenset(len(keys) + index for index, each in enumerate(outputs) if each.is_divided),
    )


def _period_tables(rq: ResolvedQuery) -> list[str]:
    """The tables that list the periods of the question: what they said decides its rows."""
    read = [key.calendar for key in rq.keys if key.grain in LISTED] + (
        [rq.calendar] if rq.is_compared else []
    )
    return [each.periods.table for each in read if each is not None and each.periods is not None]


def _over_all_groups(rq: ResolvedQuery) -> ResolvedQuery:
    """The same question without groups; shares and running totals of the whole are those of one row."""
    query = replace(rq.query, top=None, limit=None)
    return replace(rq, keys=(), having=(), order=(), slices=rq.total_slices, share_within=(), query=query)


def _statement(rq: ResolvedQuery) -> tuple[exp.Select, list[Output], list[LeafTable]]:
    passes = compile_passes(rq)
    view = View(rq, passes)
    ctes = [*view.ctes]
    if rq.query.top is not None and rq.query.top.others:
        ctes += top.with_others(rq, view)
    outputs = _outputs(rq, view)
    keys = [key.name for key in rq.keys]
    hidden = [sql.column(top.RANK, view.name)] if view.is_ranked else []
    select = _select(keys, outputs, view.name, hidden)
    chosen = bool(rq.having) or (rq.query.top is not None and rq.query.top.per is not None)
    fold = rq.query.fold
    if rq.is_compared:
        ctes.append((RESULT, select))
        outputs = comparison.compared(rq, outputs, RESULT)
        select = _select(keys, outputs, RESULT, [sql.column(top.RANK, RESULT)] if view.is_ranked else [])
    if chosen and not view.is_ranked:
        ctes.append((COMPARED, select))
        select = _passed(keys, outputs, COMPARED)
        if fold is None or fold.how == "count":
            select = _having(rq, select)
        if rq.query.top is not None and rq.query.top.per is not None:
            ctes.append((top.RANKED, top.ranked(rq, select, _orders(rq))))
            select = top.first_of_each(rq, _passed(keys, outputs, top.RANKED))
    if view.is_ranked:
        ctes.append((COMPARED, select))
        select = top.ordered(rq, _passed(keys, outputs, COMPARED))
    elif rq.place is not None:
        ctes.append((COMPARED, select))
        ctes.append((folding.PLACED, folding.placed(rq, _passed(keys, outputs, COMPARED))))
        select, outputs = folding.the_one(rq, keys, outputs)
    elif fold is not None:
        ctes.append((folding.FOLDED, select))
        select, outputs = folding.folded(rq, keys, outputs)
        if fold.how == "mean" and rq.having:  # what holds of the mean, not of one period
            ctes.append((folding.MEANS, select))
            outputs = [replace(each, expr=sql.column(each.column.name, folding.MEANS)) for each in outputs]
            kept = [key for key in keys if key != fold.key]
            select = _having(rq, _passed(kept, outputs, folding.MEANS))
    orders = [] if rq.place is not None or view.is_ranked else _orders(rq)
    if rq.keys and orders:
        select = select.order_by(*orders, copy=False)
    limit = _limit(rq)
    if limit is not None:
        select = sql.limited(select, limit)
    for name, body in ctes:
        select = select.with_(sql.name(name), as_=body, copy=False)
    return select, outputs, passes


def _proofs(passes: list[LeafTable], dialect: str) -> tuple[DataProof, ...]:
    found: dict[str, DataProof] = {}
    for part in passes:
        for each in part.proofs:
            if dialect not in each.texts:
                each.texts[dialect] = print_sql(each.statement.copy(), dialect)
            text = each.texts[dialect]
            found.setdefault(
                text,
                DataProof(
                    code=each.code,
                    model=each.model,
                    tables=tuple(dict.fromkeys([each.table, *part.tables])),
                    sql=text,
                    message=each.message,
                    hint=each.hint,
                ),
            )
    return tuple(found.values())


def _outputs(rq: ResolvedQuery, view: View) -> list[Output]:
    """The asked metrics, each followed by its base where the query compares, by its share and its running total."""
    outputs: list[Output] = []
    asked = Formulas(rq.catalog, view.column)
    for metric in rq.metrics:
        value = asked.value(metric)
        outputs.append(metric_output(metric, value))
        if rq.is_compared:
            base = Formulas(rq.catalog, view.column, "plan" if rq.scenario else "base")
            other = rq.catalog.metrics[rq.scenario[metric.name]] if rq.scenario else metric
            outputs.append(comparison.base_output(metric, base.value(other)))
            if rq.query.bridge and metric.bridge is not None:
                quantity = rq.catalog.metrics[metric.bridge.quantity]
                outputs.append(bridge.quantity_output(metric, asked.value(quantity), base=False))
                outputs.append(bridge.quantity_output(metric, base.value(quantity), base=True))
        if rq.query.share_of is not None:
            outputs.append(shares.share_output(rq, view, metric, value))
        if rq.query.running:
            outputs.append(shares.running_output(rq, view, metric))
    return outputs


def _select(keys: list[str], outputs: list[Output], table: str, hidden: list[exp.Column]) -> exp.Select:
    shown = [sql.aliased(output.expr, output.column.name) for output in outputs]
    columns = [sql.column(key, table) for key in keys]
    return sql.read_from(exp.Select(expressions=[*columns, *shown, *hidden]), sql.table(table))


def _passed(keys: list[str], outputs: list[Output], table: str) -> exp.Select:
    names = [*keys, *(output.column.name for output in outputs)]
    return sql.read_from(exp.Select(expressions=[sql.column(name) for name in names]), sql.table(table))


def _having(rq: ResolvedQuery, select: exp.Select) -> exp.Select:
    found = sql.all_of([condition(sql.column(wanted.field), wanted) for wanted in rq.having])
    return select.where(found, copy=False) if found is not None else select


def _orders(rq: ResolvedQuery) -> list[exp.Expr]:
    """The order, made complete by the groups so that rows of equal value never change places."""
    named = {order.column for order in rq.order}
    rest = [Order(column=key.name) for key in rq.keys if key.name not in named]
    gone = rq.query.fold.key if rq.query.fold is not None else None
    return [_ordered(rq, order) for order in [*rq.order, *rest] if order.column != gone]


def _ordered(rq: ResolvedQuery, order: Order) -> exp.Expr:
    node: exp.Expr = sql.column(order.column)
    for names in rq.reach.values():
        found = find_dimension(names, order.column)
        if found is not None and found[0].dimension.bins:
            node = _bin_number(node, bin_labels(found[0].dimension.bins))
            break
        if found is not None and is_weekday(found[0]):
            node = _bin_number(node, WEEKDAYS)
            break
    return exp.Ordered(this=node, desc=order.descending, nulls_first=False)


def _bin_number(node: exp.Expr, labels: Sequence[str]) -> exp.Expr:
    ifs = [
        exp.If(this=exp.EQ(this=node.copy(), expression=exp.Literal.string(label)), true=sql.number(index))
        for index, label in enumerate(labels)
    ]
    return exp.Case(ifs=ifs)


def _limit(rq: ResolvedQuery) -> int | None:
    top_rows = rq.query.top
    given = [rq.query.limit] if rq.query.limit is not None else []
    if top_rows is not None and top_rows.per is None and not top_rows.others:
        given.append(top_rows.n)
    return min(given) if given else None


def _key_column(key: Key) -> ResultColumn:
    return ResultColumn(
        name=key.name,
        label=key.label,
        kind="dimension",
        grain=key.grain,
        calendar=key.calendar.name if key.grain and key.calendar else None,
    )
