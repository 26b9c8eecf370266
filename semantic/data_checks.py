"""What a catalog says of the data, checked against them: keys, joins, and identities between metrics.

A repeated key or a join that would repeat rows is an error; a row whose key leads nowhere is a warning, because
its amounts stay, under no member. Messages count rows and show none of them.
Layer: semantic. Runs statements through an open layer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlglot import exp

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from semantic.compiler import sql
from semantic.compiler.binding import Binder
from semantic.compiler.dialects import print_sql
from semantic.compiler.sources import with_conditions
from semantic.engine import SemanticLayer
from semantic.expressions import parse_expression
from semantic.model import Identity, Join, Metric, Model
from semantic.query import MetricQuery, Scalar, Viewer
from semantic.rules.common import place

_SIDES = ("identity_left", "identity_right")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that the data do not keep."""

    issue: Issue
    is_error: bool = True


def check_data(layer: SemanticLayer, *, viewer: Viewer) -> Iterator[Finding]:
    """Yield everything that the catalog says of its tables and that the tables do not keep."""
    for model in layer.catalog.models.values():
        yield from _check_key(layer, model)
        for join in model.joins.values():
            yield from _check_join(layer, model, join)
    for calendar in layer.catalog.calendars.values():
        for fault in calendar.faults:
            message = f'calendar "{calendar.name}": {fault}'
            hint = "until then what is asked by its periods is refused"
            yield Finding(issue=Issue(code="DT247", message=message, at=calendar.position, hint=hint))
    for identity in layer.catalog.identities.values():
        yield from _check_identity(layer, identity, viewer)


# ------------------------------------------------------------------------------------------------- keys and joins


def _check_key(layer: SemanticLayer, model: Model) -> Iterator[Finding]:
    if not model.key:
        return
    repeated, without = _count_keys(layer, model, model.key)
    if repeated:
        yield _finding(
            "DT242", f'model "{model.name}": {repeated:,} keys are there more than once',
            model, "key", f"a row of {model.table} is not what `key:` says; name all of its columns",
        )  # fmt: skip
    if without:
        yield _finding(
            "DT243", f'model "{model.name}": {without:,} rows have no key',
            model, "key", "their values count, but they cannot be told apart",
        )  # fmt: skip


def _check_join(layer: SemanticLayer, model: Model, join: Join) -> Iterator[Finding]:
    target = layer.catalog.models[join.to]
    owner = f'join "{join.alias}" of model "{model.name}"'
    if join.many:
        yield from _check_weights(layer, join, target, owner)
    elif join.to_key != target.key and join.valid is None:
        repeated, _ = _count_keys(layer, target, join.to_key)
        if repeated:
            yield _finding(
                "DT242", f"{owner}: {repeated:,} keys are there more than once in {target.table}",
                join, "key", "such a join would count rows twice, so queries over it are refused",
            )  # fmt: skip
    lost = _count_lost(layer, model, join)
    if lost:
        yield _finding(
            "DT244", f"{owner}: {lost:,} rows have a key that {target.table} does not have",
            join, "key", "they are shown under no member; load what is missing, or correct the key", error=False,
        )  # fmt: skip


def _check_weights(layer: SemanticLayer, join: Join, target: Model, owner: str) -> Iterator[Finding]:
    """The shares of each key add up to 1."""
    if join.weight is None:
        return
    binder = Binder(layer.catalog, target, layer.schema, layer.today)
    found = binder.share_faults(join)
    counted = exp.Select(expressions=[sql.aliased(exp.Count(this=exp.Star()), "wrong")])
    counted = counted.from_(exp.Subquery(this=found, alias=exp.TableAlias(this=sql.name("keys"))), copy=False)
    (wrong,) = _run(layer, counted, binder.tables)
    if wrong:
        yield _finding(
            "DT246", f"{owner}: of {wrong:,} keys the shares ({join.weight}) in {target.table} do not add up to 1, or "
            "one is missing or below zero",
            join, "weight", "let the last share of each key take what is left of 1; until then what is asked over it is "
            "refused",
        )  # fmt: skip


def _count_keys(layer: SemanticLayer, model: Model, key: tuple[str, ...]) -> tuple[int, int]:
    """How many keys are repeated, and how many rows lack one."""
    binder = Binder(layer.catalog, model, layer.schema, layer.today)
    keys = [binder.expression(each) for each in key]
    missing = sql.any_of([_is_null(each) for each in keys])
    counted = exp.Select(
        expressions=[
            sql.aliased(exp.Count(this=exp.Star()), "rows_of_it"),
            sql.aliased(exp.Max(this=exp.Case(ifs=[exp.If(this=missing, true=sql.number(1))])), "without"),
        ]
    )
    counted = with_conditions(binder.attach(counted), [binder.row_filter()])
    counted = counted.group_by(*[each.copy() for each in keys], copy=False)
    has_key = exp.Is(this=sql.column("without"), expression=exp.Null())
    repeated = exp.And(
        this=exp.GT(this=sql.column("rows_of_it"), expression=sql.number(1)), expression=has_key
    )
    outer = exp.Select(
        expressions=[
            sql.aliased(exp.CountIf(this=repeated), "repeated"),
            sql.aliased(
                exp.Sum(
                    this=exp.Case(
                        ifs=[
                            exp.If(this=exp.Not(this=has_key.copy()), true=sql.column("rows_of_it")),
                        ]
                    )
                ),
                "without",
            ),
        ]
    ).from_(exp.Subquery(this=counted, alias=exp.TableAlias(this=sql.name("keys"))), copy=False)
    repeats, without = _run(layer, outer, binder.tables)
    return repeats, without


def _count_lost(layer: SemanticLayer, model: Model, join: Join) -> int:
    """How many rows have a key that leads nowhere."""
    binder = Binder(layer.catalog, model, layer.schema, layer.today)
    own = [binder.expression(each) for each in join.key]
    there = binder.expression(f"{join.alias}.{join.to_key[0]}")
    conditions: list[exp.Expr | None] = [binder.row_filter(), *(exp.Not(this=_is_null(each)) for each in own)]
    conditions.append(_is_null(there))
    select = exp.Select(expressions=[sql.aliased(exp.Count(this=exp.Star()), "lost")])
    return _run(layer, with_conditions(binder.attach(select, repeats=True), conditions), binder.tables)[0]


def _is_null(node: exp.Expr) -> exp.Expr:
    return exp.Is(this=node.copy(), expression=exp.Null())


def _run(layer: SemanticLayer, select: exp.Select, tables: tuple[str, ...]) -> list[int]:
    """The counts that a statement of one row gives."""
    (row,) = layer.run_statement(print_sql(select, layer.engine.dialect), tables)
    return [int(str(value)) if value is not None else 0 for value in row]


# ------------------------------------------------------------------------------------------------------ identities


def _check_identity(layer: SemanticLayer, identity: Identity, viewer: Viewer) -> Iterator[Finding]:
    """Ask for both sides by the identity's groups: no value on one side alone is no agreement."""
    owner = f'identity "{identity.name}" ({identity.words})'
    try:
        rows = _identity_rows(layer, identity, viewer)
    except UserError as error:
        for issue in error.issues:
            yield Finding(issue=replace(issue, message=f"{owner}: {issue.message}", at=identity.position))
        return
    off = [(row[:-2], row[-2], row[-1]) for row in rows if not _agree(row[-2], row[-1], identity.tolerance)]
    if off:
        group, left, right = off[0]
        where = f" in {', '.join(_shown(each) for each in group)}" if group else ""
        yield Finding(
            issue=Issue(
                code="DT245",
                message=f"{owner} does not hold in {len(off):,} of {len(rows):,} groups; the first{where}: "
                f"{_shown(left)} is not {_shown(right)}",
                at=identity.position,
            )
        )


def _identity_rows(
    layer: SemanticLayer, identity: Identity, viewer: Viewer
) -> tuple[tuple[Scalar, ...], ...]:
    sides = {
        name: Metric(name=name, kind="derived", formula=text, inputs=parse_expression(text).columns)
        for name, text in zip(_SIDES, (identity.left, identity.right), strict=True)
    }
    catalog = replace(layer.catalog, metrics={**layer.catalog.metrics, **sides})
    query = MetricQuery(metrics=_SIDES, group_by=identity.by)
    return layer.with_catalog(catalog).query(query, viewer=viewer).rows


def _agree(left: Scalar, right: Scalar, tolerance: Decimal) -> bool:
    if left is None or right is None:
        return left is right
    return abs(Decimal(str(left)) - Decimal(str(right))) <= tolerance


def _shown(value: Scalar) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    return "no value" if value is None else f"{value}"


def _finding(
    code: str, message: str, at: Model | Join, field: str, hint: str, *, error: bool = True
) -> Finding:
    return Finding(issue=Issue(code=code, message=message, at=place(at, field), hint=hint), is_error=error)
