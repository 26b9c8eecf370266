"""Choose the passes of a question: one for each source of each slice, each with a name of its own.

A source may count the rows of some members only: those for which a condition over metrics holds in the period. They
are a table of their own, at the grain of the member (and of the period), and rows are kept where it has theirs: such
a semi-join repeats no row. The members' own pass sees none of the question's filters and groups.
Layer: semantic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from semantic.compiler import sql
from semantic.compiler.balances import compile_balance
from semantic.compiler.binding import Binder
from semantic.compiler.formulas import Formulas
from semantic.compiler.lifecycle import compile_lifecycle
from semantic.compiler.periods import compile_periods
from semantic.compiler.sources import (
    MEMBER_BUCKET,
    LeafTable,
    Members,
    Source,
    compile_flow,
    plan_sources,
)
from semantic.compiler.stocks import compile_stock
from semantic.compiler.taken import compile_taken
from semantic.compiler.view import View
from semantic.model import Dimension, DimensionRef, Metric, Model
from semantic.query import MetricQuery
from semantic.reach import base_metrics, path_to
from semantic.resolved import Key, ResolvedQuery, Slice


def compile_passes(rq: ResolvedQuery) -> list[LeafTable]:
    """Compile every pass of a question."""
    passes: list[LeafTable] = []
    taken: set[str] = set()
    for part in rq.slices:
        for source in plan_sources(rq, part.bases):
            base = f"{source.model}_{part.name}" if part.name else source.model
            name, count = base, 1
            while name in taken:
                count += 1
                name = f"{base}_{count}"
            taken.add(name)
            if source.rule is not None:
                source = replace(source, members=_members(rq, source, part, f"{name}_members"))
            passes.append(_builder(source, part)(rq, source, part, name))
    periods = compile_periods(rq)
    return [*passes, periods] if periods is not None else passes


def _builder(source: Source, part: Slice) -> Callable[[ResolvedQuery, Source, Slice, str], LeafTable]:
    """How the measures of a source are taken."""
    if source.lifecycle is not None:
        return compile_lifecycle
    if source.balance is None:
        return compile_taken if part.take else compile_flow
    return compile_stock if source.balance.valid else compile_balance


def _members(rq: ResolvedQuery, source: Source, part: Slice, name: str) -> Members:
    """The members whose rows `source` counts in `part`: a question of its own, over the same days."""
    rule, metric = source.rule, source.metrics[0]
    assert rule is not None
    of = rq.catalog.models[rule.of]
    bases = tuple(dict.fromkeys(base for each in metric.inputs for base in base_metrics(rq.catalog, each)))
    keys = tuple(Key(name=_column(index), label="", calendar=rq.calendar) for index in range(len(of.key)))
    by_period = rule.over == "period"
    finest = rq.finest_time if by_period else None
    days = part if by_period else Slice()
    asked = replace(
        rq,
        query=MetricQuery(metrics=metric.inputs),
        metrics=(),
        keys=(*keys, finest) if finest is not None else keys,
        filters=(),
        either=(),
        having=(),
        place=None,
        slices=(replace(days, name="", bases=bases, conditions=(), rates_back=0),),
        conversions=rq.member_conversions,
        reach={
            base: {**rq.member_reach[base], **_key_names(rq, rq.catalog.metrics[base], of)} for base in bases
        },
    )
    passes = compile_passes(asked)
    view = View(asked, passes)
    shown: list[exp.Expr] = [sql.column(key.name, view.name) for key in keys]
    if finest is not None:
        shown.append(sql.aliased(sql.column(finest.name, view.name), MEMBER_BUCKET))
    select = exp.Select(expressions=shown).from_(sql.table(view.name), copy=False)
    select = select.where(Formulas(rq.catalog, view.column).condition(metric, rule.where), copy=False)
    for each, body in view.ctes:
        select = select.with_(sql.name(each), as_=body, copy=False)
    return Members(
        name=name,
        select=select,
        keys=_key_names(rq, metric, of),
        by_period=by_period,
        tables=tuple(table for each in passes for table in each.tables),
        proofs=(
            Binder(rq.catalog, of, rq.schema, rq.today).key_proof(),
            *(proof for each in passes for proof in each.proofs),
        ),
    )


def _column(index: int) -> str:
    return f"member_{index + 1}"


def _key_names(rq: ResolvedQuery, metric: Metric, of: Model) -> dict[str, DimensionRef]:
    """The key of a member as `metric` reaches it, by the names of its columns in the table of members."""
    path = path_to(rq.catalog, metric.model or "", of.name)
    assert path is not None
    found = {}
    for index, name in enumerate(of.key):
        declared = of.dimensions.get(name)
        expr = declared.expr if declared is not None else None
        column = Dimension(name=name, model=of.name, type="identifier", expr=expr)
        found[_column(index)] = DimensionRef(dimension=column, path=path, query_name=name)
    return found
