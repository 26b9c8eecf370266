"""Small statements about data that are no metric: the days a metric has data of, the members of a dimension.

Layer: semantic.
"""

from __future__ import annotations

import datetime as dt

from sqlglot import exp

from semantic.compiler import sql
from semantic.compiler.binding import Binder
from semantic.compiler.dialects import print_sql
from semantic.compiler.sources import with_conditions
from semantic.model import Catalog, Dimension, DimensionRef, Metric, PeriodTable
from semantic.period_tables import MOST_ROWS
from semantic.projection import ways_to
from semantic.reach import TIME, reachable
from semantic.schema import Schema


def compile_coverage(
    catalog: Catalog, metric: Metric, schema: Schema, today: dt.date, dialect: str
) -> tuple[str, tuple[str, ...]] | None:
    """Return the statement for the first and last day of a base metric's model, and its tables; None without time."""
    ref = reachable(catalog, metric.name).get(TIME)
    if ref is None or metric.model is None:
        return None
    binder = Binder(catalog, catalog.models[metric.model], schema, today)
    day = binder.date(ref)
    kept = binder.row_filter()
    select = exp.Select(
        expressions=[
            sql.aliased(exp.Min(this=day), "first_day"),
            sql.aliased(exp.Max(this=day.copy()), "last_day"),
        ]
    )
    select = with_conditions(binder.attach(select), [kept])
    return print_sql(select, dialect), binder.tables


def compile_period_table(listed: PeriodTable, schema: Schema, dialect: str) -> str:
    """Return the statement for the rows of a table of periods: days and numbers, or none where they are not."""
    kinds = ("DATE", "DATE", "INT", "INT", "INT", "TEXT")
    columns: list[exp.Expr] = []
    for number, (name, kind) in enumerate(zip(listed.columns, kinds, strict=True), start=1):
        node: exp.Expr = exp.Null()
        if name is not None:
            node = sql.column(schema.column(listed.table, name).name, "periods")
        columns.append(sql.aliased(exp.TryCast(this=node, to=sql.data_type(kind)), f"column_{number}"))
    select = exp.Select(expressions=columns).from_(sql.stored_table(listed.table, "periods"), copy=False)
    return print_sql(sql.limited(select, MOST_ROWS), dialect)


def compile_values(
    catalog: Catalog, dimension: Dimension, schema: Schema, today: dt.date, limit: int, dialect: str
) -> tuple[str, tuple[str, ...]]:
    """Return the statement for the members of a dimension in its own table, in order, and its tables.

    Of a viewer whose rows of that table cannot be told, they are the members that the viewer's own rows lead to.
    """
    ways = ways_to(catalog, dimension) if catalog.models[dimension.model].closed else ((dimension.model, ()),)
    selects, tables = [], dict[str, None]()
    for model, path in ways:
        binder = Binder(catalog, catalog.models[model], schema, today)
        ref = DimensionRef(dimension=dimension, path=path, query_name=dimension.name)
        member = binder.date(ref) if dimension.type == "time" else binder.dimension(ref)
        conditions = [binder.row_filter(), exp.Not(this=exp.Is(this=member.copy(), expression=exp.Null()))]
        select = exp.Select(expressions=[sql.aliased(member, dimension.name)]).distinct(copy=False)
        selects.append(with_conditions(binder.attach(select, repeats=True), conditions))
        tables |= dict.fromkeys(binder.tables)
    if not selects:
        binder = Binder(catalog, catalog.models[dimension.model], schema, today)
        binder.row_filter()  # refuses
    found: exp.Select | exp.Union = selects[0]
    for each in selects[1:]:
        found = exp.Union(this=found, expression=each, distinct=True)
    if len(selects) > 1:
        inner = exp.Subquery(this=found, alias=exp.TableAlias(this=sql.name("members")))
        found = exp.Select(expressions=[sql.column(dimension.name, "members")]).from_(inner, copy=False)
    found = found.order_by(exp.Literal.number(1), copy=False).limit(limit, copy=False)
    return print_sql(found, dialect), tuple(tables)
